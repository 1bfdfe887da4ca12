"""Server-sent chunks of a chat completion, merged into the completion they stand for.

The merged body is decoded like one that came whole, so a row cannot tell the two apart. What is
wrong with a stream (cut short, no `[DONE]`, a chunk twice) is `broken`, in one line.
"""

from __future__ import annotations

from typing import Any

import anyio
import msgspec

from fastsynth.llm.wire import Body
from fastsynth.records import encode

TELLING = 8
"""Characters from which a piece that comes twice running is taken for a chunk sent twice: shorter
ones do repeat (`0`, `0`), and so do rulers and blanks, which hold no letter."""
_NULL = msgspec.Raw(b"null")


class _Function(msgspec.Struct, frozen=True):
    name: str | None = None
    arguments: str | None = None


class _CallDelta(msgspec.Struct, frozen=True):
    index: int | None = None
    id: str | None = None
    function: _Function = _Function()


class _Delta(msgspec.Struct, frozen=True):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: tuple[_CallDelta, ...] | None = None


class _Choice(msgspec.Struct, frozen=True):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct, frozen=True):
    choices: tuple[_Choice, ...] | None = None
    model: str | None = None
    usage: msgspec.Raw = _NULL
    error: msgspec.Raw = _NULL


_decode = msgspec.json.Decoder(_Chunk).decode
_TEXTS = ("content", "reasoning_content", "reasoning", "refusal")


class Merging:
    """One stream. `feed` bytes as they come, then `end`; `body` is the completion."""

    def __init__(self) -> None:
        self.broken = ""
        """What is wrong with it; "" for a sound stream."""
        self.first: float | None = None
        """When the first text or call came, by the loop's clock."""
        self._rest = b""
        self._last = b""
        self._done = self._any = False
        self._texts: dict[str, list[str]] = {}
        self._calls: list[_Call] = []
        self._places: dict[int, _Call] = {}
        self._finish: str | None = None
        self._model: str | None = None
        self._usage = self._error = _NULL

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"data:") and not self.broken:
                self._event(line[5:].strip())

    def end(self) -> None:
        """No more bytes will come."""
        if not (self.broken or self._done or self._failed):
            self.broken = "the stream ended without [DONE]"

    def body(self) -> bytes:
        """A completion as it would have come whole."""
        if self._failed:
            return encode({"error": self._error})
        message: dict[str, Any] = {name: "".join(parts) for name, parts in self._texts.items()}
        if self._calls:
            message["tool_calls"] = [call.whole() for call in self._calls]
        choice = {"message": message, "finish_reason": self._finish}
        choices = [choice] if self._any else []
        return encode({"model": self._model, "choices": choices, "usage": self._usage})

    @property
    def _failed(self) -> bool:
        return bytes(self._error) != b"null"

    def _event(self, data: bytes) -> None:
        if data == b"[DONE]":
            self._done = True
            return
        try:
            chunk = _decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self.broken = f"chunk of {len(data)} bytes: {error}"
            return
        if bytes(chunk.error) != b"null":
            self._error = chunk.error
        self._model = chunk.model or self._model
        if bytes(chunk.usage) != b"null":
            self._usage = chunk.usage.copy()
        twice = data == self._last
        self._last = data
        for choice in chunk.choices or ():
            if choice.index == 0:
                self._any = True
                self._add(choice, twice)

    def _add(self, choice: _Choice, twice: bool) -> None:
        if choice.finish_reason and twice:
            self.broken = "the stream ended twice"
        self._finish = choice.finish_reason or self._finish
        delta = choice.delta
        if delta is None:
            return
        for name in _TEXTS:
            text = getattr(delta, name)
            if text:
                self._began()
                self._check(text, twice)
                self._texts.setdefault(name, []).append(text)
        for call in delta.tool_calls or ():
            self._began()
            if twice and call.function.name:
                self.broken = "the stream opened one tool call twice"
            self._check(call.function.arguments or "", twice)
            self._call(call).add(call)

    def _began(self) -> None:
        if self.first is None:
            self.first = anyio.current_time()

    def _check(self, text: str, twice: bool) -> None:
        if twice and len(text) >= TELLING and any(map(str.isalpha, text)):
            self.broken = f"the stream held one chunk twice: {text[:40]!r}"

    def _call(self, delta: _CallDelta) -> _Call:
        """Servers without an index open a call by its id."""
        if delta.index is None and not delta.id and self._calls:
            return self._calls[-1]
        place = len(self._calls) if delta.index is None else delta.index
        found = self._places.get(place)
        if found is None:
            found = self._places[place] = _Call()
            self._calls.append(found)
        return found


class _Call:
    """A tool call while it comes in."""

    def __init__(self) -> None:
        self._name = ""
        self._arguments: list[str] = []

    def add(self, delta: _CallDelta) -> None:
        self._name = self._name or delta.function.name or ""
        if delta.function.arguments:
            self._arguments.append(delta.function.arguments)

    def whole(self) -> dict[str, Any]:
        return {"function": {"name": self._name, "arguments": "".join(self._arguments)}}


def with_stream(body: Body) -> Body:
    """`body`, asking for chunks and for the usage at their end."""
    fields = b',"stream":true,"stream_options":{"include_usage":true}}'
    return Body((*body.pieces[:-1], fields))
