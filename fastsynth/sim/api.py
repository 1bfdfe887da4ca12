"""The OpenAI chat API as this server speaks it: requests decoded, replies and chunks encoded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from fastsynth.method.script import Script

MODEL = "scripted"
Finish = Literal["stop", "tool_calls", "length", "content_filter"]


class Function(msgspec.Struct, frozen=True):
    name: str = ""
    arguments: str = "{}"


class FunctionCall(msgspec.Struct, frozen=True):
    id: str = ""
    function: Function = Function()
    type: str = "function"


class ChatMessage(msgspec.Struct, frozen=True):
    role: str
    content: Any = None
    tool_calls: list[FunctionCall] | None = None
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        """The content as one string; parts of a list joined."""
        if isinstance(self.content, list):
            return "".join(p.get("text", "") for p in self.content if isinstance(p, dict))
        return self.content if isinstance(self.content, str) else ""


class ToolFunction(msgspec.Struct, frozen=True):
    name: str = ""
    description: str = ""
    parameters: dict[str, Any] = {}


class ToolEntry(msgspec.Struct, frozen=True):
    function: ToolFunction = ToolFunction()


class ChatRequest(msgspec.Struct, frozen=True):
    """What is read of a request; whatever else it says is ignored."""

    messages: list[msgspec.Raw]
    model: str = MODEL
    tools: msgspec.Raw = msgspec.Raw(b"null")
    stream: bool | None = False
    fastsynth: Script | None = None


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """What the teacher says in one reply."""

    content: str | None = None
    reasoning: str = ""
    calls: tuple[Function, ...] = ()

    @property
    def finish(self) -> Finish:
        return "tool_calls" if self.calls else "stop"

    @property
    def size(self) -> int:
        """Bytes of text, for the token estimate."""
        calls = sum(len(call.name) + len(call.arguments) + 8 for call in self.calls)
        return len(self.content or "") + len(self.reasoning) + calls


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    prompt: int
    completion: int
    cached: int

    def usage(self) -> dict[str, Any]:
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
            "prompt_tokens_details": {"cached_tokens": self.cached},
        }


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """One reply, ready to be sent; `number` makes its ids."""

    number: int
    spoken: Spoken
    tokens: Tokens


_decode_messages = msgspec.json.Decoder(list[ChatMessage]).decode
_decode_tools = msgspec.json.Decoder(list[ToolEntry] | None).decode
decode_request = msgspec.json.Decoder(ChatRequest).decode
encode = msgspec.json.Encoder().encode


def messages_of(request: ChatRequest) -> list[ChatMessage]:
    return _decode_messages(b"[" + b",".join(map(bytes, request.messages)) + b"]")


def tools_of(request: ChatRequest) -> list[ToolFunction]:
    return [entry.function for entry in _decode_tools(request.tools) or ()]


def completion(
    number: int, spoken: Spoken, tokens: Tokens, finish: str | None = None
) -> dict[str, Any]:
    """The body of a plain reply; `number` makes its ids."""
    message: dict[str, Any] = {"role": "assistant", "content": spoken.content}
    if spoken.reasoning:
        message["reasoning_content"] = spoken.reasoning
    if spoken.calls:
        message["tool_calls"] = _calls(number, spoken)
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": finish or spoken.finish,
    }
    return _envelope(number, "chat.completion", [choice]) | {"usage": tokens.usage()}


def chunks(
    number: int, spoken: Spoken, tokens: Tokens, finish: str | None = None
) -> Iterator[dict[str, Any]]:
    """The same reply as server-sent chunks: role, reasoning, text, calls, end, usage."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning_content": piece} for piece in _pieces(spoken.reasoning)]
    deltas += [{"content": piece} for piece in _pieces(spoken.content or "")]
    for index, call in enumerate(_calls(number, spoken)):
        head = {"name": call["function"]["name"], "arguments": ""}
        deltas.append({"tool_calls": [{"index": index, **call, "function": head}]})
        for piece in _pieces(call["function"]["arguments"]):
            deltas.append({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    kind = "chat.completion.chunk"
    for delta in deltas:
        yield _envelope(number, kind, [{"index": 0, "delta": delta, "finish_reason": None}])
    last = {"index": 0, "delta": {}, "finish_reason": finish or spoken.finish}
    yield _envelope(number, kind, [last])
    yield _envelope(number, kind, []) | {"usage": tokens.usage()}


def error_body(message: str, kind: str, code: str | int | None = None) -> bytes:
    return encode({"error": {"message": message, "type": kind, "param": None, "code": code}})


def _envelope(number: int, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{number:012d}",
        "object": kind,
        "created": 0,
        "model": MODEL,
        "choices": choices,
    }


def _calls(number: int, spoken: Spoken) -> list[dict[str, Any]]:
    return [
        {
            "id": f"call_{number:012d}{index}",
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for index, call in enumerate(spoken.calls)
    ]


def _pieces(text: str, size: int = 24) -> Iterator[str]:
    for start in range(0, len(text), size):
        yield text[start : start + size]
