"""Chat completions as servers really send them, decoded strictly into a Reply.

Unknown fields are ignored, wrong types are `Malformed`. Arguments that are no JSON object are kept
as the text they were: judging them is the chain's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from fastsynth.llm.chat import Reply
from fastsynth.records import ToolCall, Usage, canonical


class Malformed(Exception):
    """A 2xx body that is no chat completion; `str()` says what is wrong with it."""


class ErrorInBody(Exception):
    """A 2xx body that holds an `error` (gateways do this); `status` is 0 if it names none."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _Function(msgspec.Struct, frozen=True):
    name: str
    arguments: Any = None


class _Call(msgspec.Struct, frozen=True):
    function: _Function


class _Part(msgspec.Struct, frozen=True):
    type: str = "text"
    text: str | None = None


class _Message(msgspec.Struct, frozen=True):
    content: str | tuple[_Part, ...] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: tuple[_Call, ...] | None = None


class _Choice(msgspec.Struct, frozen=True):
    message: _Message
    finish_reason: str | None = None


class _Details(msgspec.Struct, frozen=True):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct, frozen=True):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Details | None = None
    prompt_cache_hit_tokens: int | None = None


class _Problem(msgspec.Struct, frozen=True):
    code: int | str | None = None


class _Completion(msgspec.Struct, frozen=True):
    choices: tuple[_Choice, ...] | None = None
    model: str | None = None
    usage: _Usage | None = None
    error: _Problem | str | None = None


_decode = msgspec.json.Decoder(_Completion).decode
encode_reply = msgspec.msgpack.Encoder().encode
"""A stored reply: every field of Reply, so that decoding gives the same Reply back."""
decode_reply = msgspec.msgpack.Decoder(Reply).decode

_BROKEN_OFF = frozenset(("abort", "error"))


def decode_completion(body: bytes, call_id: Callable[[int], str]) -> Reply:
    """The first choice of a completion. Raises Malformed or ErrorInBody.

    `call_id` gives the id of the n-th tool call; servers' own ids differ from resend to resend.
    """
    try:
        found = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"reply of {len(body)} bytes: {error}") from error
    if found.error is not None and not found.choices:
        code = str(found.error.code) if isinstance(found.error, _Problem) else ""
        raise ErrorInBody(int(code) if code.isdecimal() else 0)
    if not found.choices:
        raise Malformed("reply without choices, need one")
    choice = found.choices[0]
    if choice.finish_reason in _BROKEN_OFF:
        raise Malformed(f"reply broken off by the server: finish_reason {choice.finish_reason!r}")
    content, reasoning = _texts(choice.message)
    return Reply(
        content=content,
        reasoning=reasoning,
        tool_calls=_tool_calls(choice.message.tool_calls or (), call_id),
        finish=choice.finish_reason or "",
        model=found.model or "",
        usage=_usage(found.usage),
    )


def message_reply(message: Mapping[str, Any], call_id: Callable[[int], str]) -> Reply:
    """A message of the assistant as a reply; its calls in OpenAI's form or flat, as rows have them.
    Raises Malformed."""
    calls = message.get("tool_calls") or ()
    nested = [{"function": c} if isinstance(c, dict) and "function" not in c else c for c in calls]
    try:
        found = msgspec.convert({**message, "tool_calls": nested}, _Message)
    except (msgspec.ValidationError, RecursionError) as error:
        raise Malformed(f"message of the assistant: {error}") from error
    content, reasoning = _texts(found)
    return Reply(
        content=content,
        reasoning=reasoning,
        tool_calls=_tool_calls(found.tool_calls or (), call_id),
    )


def split_thinking(text: str) -> tuple[str, str]:
    """(content, reasoning) of a text that opens with a `<think>` block.

    Templates that open the block themselves leave only its end; a block cut off has no end.
    """
    start = text.lstrip()
    opened = start.startswith("<think>")
    inside, closed, after = start.removeprefix("<think>").partition("</think>")
    if closed and (opened or "<think>" not in inside):
        return after.strip(), inside.strip()
    return ("", inside.strip()) if opened else (text, "")


def _texts(message: _Message) -> tuple[str, str]:
    given = message.content
    if isinstance(given, tuple):
        given = "".join(part.text or "" for part in given)
    content = given or message.refusal or ""
    reasoning = message.reasoning_content or message.reasoning or ""
    if reasoning or ("</think>" not in content and "<think>" not in content[:64]):
        return content, reasoning
    return split_thinking(content)


def _tool_calls(calls: tuple[_Call, ...], call_id: Callable[[int], str]) -> tuple[ToolCall, ...]:
    return tuple(
        ToolCall(id=call_id(n), name=call.function.name, arguments=_text(call.function.arguments))
        for n, call in enumerate(calls)
    )


def _text(arguments: Any) -> str:
    """Arguments as text: absent means none given; objects are what some servers send unquoted."""
    if isinstance(arguments, str):
        return arguments
    try:
        return "{}" if arguments is None else canonical(arguments)
    except RecursionError as error:
        raise Malformed(f"arguments: {error}") from error


def _usage(usage: _Usage | None) -> Usage:
    if usage is None:
        return Usage(requests=1)
    details = usage.prompt_tokens_details
    cached = (details.cached_tokens if details else None) or usage.prompt_cache_hit_tokens
    return Usage(
        requests=1,
        prompt_tokens=usage.prompt_tokens or 0,
        completion_tokens=usage.completion_tokens or 0,
        cached_tokens=cached or 0,
    )
