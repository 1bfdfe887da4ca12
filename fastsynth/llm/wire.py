"""What goes over the wire: messages encoded once, requests put together by joining bytes.

With `completion`, the only module that knows the shape of `/v1/chat/completions`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

from fastsynth.config import Endpoint, Sampling
from fastsynth.records import Message, encode


class Body:
    """A request's body in the pieces it is made of, most of them shared with other requests.

    Joined while it is written and not before: thousands of requests wait for their turn or for
    their reply, and each would hold messages and tools once more.
    """

    __slots__ = ("_size", "pieces")

    def __init__(self, pieces: tuple[bytes, ...]) -> None:
        self.pieces = pieces
        self._size = sum(map(len, pieces))

    def __len__(self) -> int:
        """Bytes."""
        return self._size

    def __bytes__(self) -> bytes:
        return b"".join(self.pieces)


def array(encoded: Sequence[bytes]) -> bytes:
    """A JSON array of values that are JSON already."""
    return b"[" + b",".join(encoded) + b"]"


class Transcript:
    """Messages, each encoded when it is appended and never again.

    `fork` shares what is there; appending to either side afterwards leaves the other alone.
    Reasoning is not sent back to the server.
    """

    def __init__(self, messages: tuple[Message, ...] = ()) -> None:
        self._messages: list[Message] = []
        self._encoded: list[bytes] = []
        for message in messages:
            self.append(message)

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(self._messages)

    def __len__(self) -> int:
        return len(self._messages)

    def append(self, message: Message) -> None:
        self._messages.append(message)
        self._encoded.append(encode_message(message))

    def fork(self) -> Transcript:
        twin = Transcript()
        twin._messages = self._messages.copy()
        twin._encoded = self._encoded.copy()
        return twin

    def pieces(self) -> tuple[bytes, ...]:
        """The messages, encoded each."""
        return tuple(self._encoded)

    def encoded(self) -> bytes:
        """JSON array of the messages."""
        return array(self._encoded)


class _Function(msgspec.Struct, frozen=True):
    name: str
    arguments: str


class _Call(msgspec.Struct, frozen=True):
    id: str
    function: _Function
    type: Literal["function"] = "function"


class _Message(msgspec.Struct, frozen=True, omit_defaults=True):
    role: str
    content: str | None = None
    tool_calls: tuple[_Call, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None


def encode_message(message: Message) -> bytes:
    """One message as the API takes it: no null fields, tool calls in `function` form.

    `content` is left out only where tool calls stand in its place.
    """
    calls = tuple(
        _Call(id=call.id, function=_Function(name=call.name, arguments=call.arguments))
        for call in message.tool_calls
    )
    content = message.content
    if content is None and not calls:
        content = ""
    return encode(
        _Message(
            role=message.role,
            content=content,
            tool_calls=calls,
            tool_call_id=message.tool_call_id,
            name=message.name,
        )
    )


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same in every request of one role to one endpoint, encoded once."""

    identity: bytes
    """Canonical JSON of model and sampling: part of the request key."""
    head: bytes
    """The request's first fields, `{"model":"m","max_tokens":2048`, not closed."""
    tool_fields: bytes
    """Fields that only make sense beside tools, with a leading comma."""
    structured: Literal["json_schema", "json_object", "text"]
    send_seed: bool


def frame(model: str, sampling: Sampling, endpoint: Endpoint) -> Frame:
    """`sampling.extra_body` overrides what is sent otherwise; null in it leaves a field out."""
    fields: dict[str, Any] = {
        "model": model,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        endpoint.max_tokens_field: sampling.max_tokens,
        **sampling.extra_body,
    }
    with_tools = {
        "tool_choice": "auto",
        "parallel_tool_calls": endpoint.parallel_tool_calls,
    }
    beside = {
        name: value
        for name, value in with_tools.items()
        if value is not None and name not in sampling.extra_body
    }
    sent = {name: value for name, value in fields.items() if value is not None}
    return Frame(
        identity=msgspec.json.encode([model, sampling], order="sorted"),
        head=encode(sent)[:-1],
        tool_fields=b"".join(b"," + encode({k: v})[1:-1] for k, v in beside.items()),
        structured=endpoint.structured,
        send_seed=endpoint.send_seed,
    )


def encode_request(
    form: Frame,
    messages: Sequence[bytes],
    tools: Sequence[bytes] = (),
    schema: bytes = b"",
    seed: int | None = None,
    must_call: bool = False,
) -> Body:
    """The request body, from JSON: each message and each tool, `schema` a response_format."""
    parts = [form.head, b',"messages":[', *_listed(messages)]
    if tools:
        fields = form.tool_fields
        if must_call:
            fields = fields.replace(b'"tool_choice":"auto"', b'"tool_choice":"required"')
        parts += (b',"tools":[', *_listed(tools), fields)
    if schema and form.structured == "json_schema":
        parts += (b',"response_format":', schema)
    elif schema and form.structured == "json_object":
        parts.append(b',"response_format":{"type":"json_object"}')
    if seed is not None and form.send_seed:
        parts.append(b',"seed":%d' % seed)
    parts.append(b"}")
    return Body(tuple(parts))


def _listed(encoded: Sequence[bytes]) -> Iterator[bytes]:
    """The values with what separates and closes them."""
    last = len(encoded) - 1
    for number, value in enumerate(encoded):
        yield value
        yield b"," if number < last else b"]"
    if last < 0:
        yield b"]"


def with_script(body: Body, script: bytes) -> Body:
    """`body` with a script. Only for servers that identified themselves as scripted teachers."""
    return Body((*body.pieces[:-1], b',"fastsynth":', script, b"}"))
