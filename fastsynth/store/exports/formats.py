"""Lessons as lines of JSON for trainers, each in the form its documentation gives.

OpenAI: API reference, fine-tuning, chat input. TRL: docs/source/dataset_formats. ms-swift: Agent
support and Custom dataset. LLaMA-Factory: data/README, `sharegpt`. What Arrow could merge across
rows is a JSON string where the form allows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, TypeAlias

import msgspec

from fastsynth.records import Message, ToolCall, encode
from fastsynth.store.exports.lesson import By, Lesson, runs

Format = Literal["openai", "trl", "swift", "sharegpt", "dpo", "swift-dpo", "rl"]
Reasoning = Literal["field", "think", "none"]
"""`field`: `reasoning_content` beside the content. `think`: `<think>` before it."""
Line: TypeAlias = dict[str, Any]
Writer: TypeAlias = Callable[[Lesson, Reasoning, By], Iterator[Line]]

REASONING: dict[Format, tuple[Reasoning, ...]] = {
    "openai": ("none", "think", "field"),
    "trl": ("field", "think", "none"),
    "swift": ("think", "none"),
    "sharegpt": ("think", "none"),
    "dpo": ("field", "think", "none"),
    "swift-dpo": ("think", "none"),
    "rl": ("none", "field", "think"),
}
"""What each form can hold, its default first: OpenAI's own service takes no reasoning."""


def lines_by(form: Format) -> tuple[By, ...]:
    """What a line of the form may be about, its default first."""
    return ("turn", "conversation") if form == "rl" else ("conversation", "step")


def openai(lesson: Lesson, reasoning: Reasoning, by: By) -> Iterator[Line]:
    """`weight: 0` on what is not learned."""
    messages = []
    for message, learned in zip(lesson.messages, lesson.learned, strict=True):
        line = _chat_message(message, reasoning, _text_arguments)
        if message.role == "assistant" and not learned:
            line["weight"] = 0
        messages.append(line)
    yield {"messages": messages, "tools": lesson.tools}


def trl(lesson: Lesson, reasoning: Reasoning, by: By) -> Iterator[Line]:
    """Prompt and completion: what is not learned is prompt."""
    for run in runs(lesson):
        said = chat_messages(run.messages, reasoning)
        tools = as_text(run.tools)
        yield {"prompt": said[: run.first], "completion": said[run.first :], "tools": tools}


def swift(lesson: Lesson, reasoning: Reasoning, by: By) -> Iterator[Line]:
    """A message for each call; `loss: false` on what is not learned."""
    messages = swift_messages(lesson.messages, lesson.learned, reasoning)
    yield {"tools": as_text(lesson.tools), "messages": messages}


def sharegpt(lesson: Lesson, reasoning: Reasoning, by: By) -> Iterator[Line]:
    """Nothing for a lesson with context among its answers: the form cannot mark it, but where only
    the last is learned (`mask_history: true`). Words beside a call have no place in it."""
    if not lesson.whole and by != "step":
        return
    said: list[Line] = []
    results: list[str] = []
    for message in lesson.messages:
        if message.role == "tool":
            results.append(message.content or "")
            continue
        if results:
            said.append({"from": "observation", "value": _together(results)})
            results = []
        if message.role != "system":
            said.append(_sharegpt_message(message, reasoning))
    system = [message.content or "" for message in lesson.messages if message.role == "system"]
    flat = [tool["function"] for tool in lesson.tools]
    yield {"conversations": said, "system": "\n\n".join(system), "tools": as_text(flat)}


LESSONS: dict[Format, Writer] = {
    "openai": openai,
    "trl": trl,
    "swift": swift,
    "sharegpt": sharegpt,
}
"""Forms whose lines are lessons; the others are written by `pairs` and `tasks`."""


def _chat_message(
    message: Message, reasoning: Reasoning, arguments: Callable[[ToolCall], Any]
) -> Line:
    line: Line = {"role": message.role, "content": _content(message, reasoning)}
    if reasoning == "field" and message.reasoning:
        line["reasoning_content"] = message.reasoning
    if message.tool_calls:
        line["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": arguments(call)},
            }
            for call in message.tool_calls
        ]
    if message.role == "tool":
        line["tool_call_id"] = message.tool_call_id
    return line


def chat_messages(messages: Iterable[Message], reasoning: Reasoning) -> list[Line]:
    """With arguments as objects, and the tool's name beside its result: templates read both."""
    lines = []
    for message in messages:
        line = _chat_message(message, reasoning, object_arguments)
        lines.append({**line, "name": message.name} if message.role == "tool" else line)
    return lines


def with_text_arguments(messages: Iterable[Line]) -> list[Line]:
    """What `chat_messages` gives, as servers and OpenAI's files have it."""
    return [
        {**line, "tool_calls": [_with_text(call) for call in line["tool_calls"]]}
        if "tool_calls" in line
        else line
        for line in messages
    ]


def _with_text(call: Line) -> Line:
    function = call["function"]
    given = function["arguments"]
    text = given if isinstance(given, str) else as_text(given)
    return {**call, "function": {**function, "arguments": text}}


def _content(message: Message, reasoning: Reasoning) -> str:
    """Never null: templates join it to other text."""
    text = message.content or ""
    if reasoning == "think" and message.role == "assistant" and message.reasoning:
        return f"{_thought(message)}{text}"
    return text


def swift_messages(
    messages: Iterable[Message], learned: Iterable[bool], reasoning: Reasoning
) -> list[Line]:
    """A message for each call; `loss: false` on those of the assistant that are not learned."""
    lines: list[Line] = []
    for message, learn in zip(messages, learned, strict=True):
        masked = {"loss": False} if message.role == "assistant" and not learn else {}
        for role, content in _swift_message(message, reasoning):
            lines.append({"role": role, "content": content, **masked})
    return lines


def _swift_message(message: Message, reasoning: Reasoning) -> Iterator[tuple[str, str]]:
    if message.role == "tool":
        yield "tool_response", message.content or ""
        return
    content = _content(message, reasoning)
    if content or not message.tool_calls:
        yield message.role, content
    for call in message.tool_calls:
        yield "tool_call", as_text(_named(call))


def _sharegpt_message(message: Message, reasoning: Reasoning) -> Line:
    if message.role == "user":
        return {"from": "human", "value": message.content or ""}
    if not message.tool_calls:
        return {"from": "gpt", "value": _content(message, reasoning)}
    named = [_named(call) for call in message.tool_calls]
    thought = _thought(message) if reasoning == "think" and message.reasoning else ""
    value = thought + as_text(named[0] if len(named) == 1 else named)
    return {"from": "function_call", "value": value}


def _together(results: list[str]) -> str:
    """One result as it is; several, of parallel calls, as a JSON list in the order of the calls."""
    return results[0] if len(results) == 1 else as_text([_value(result) for result in results])


def _thought(message: Message) -> str:
    return f"<think>\n{message.reasoning}\n</think>\n\n"


def _named(call: ToolCall) -> Line:
    return {"name": call.name, "arguments": object_arguments(call)}


def _text_arguments(call: ToolCall) -> str:
    return call.arguments


def object_arguments(call: ToolCall) -> Any:
    """The text itself where the call was malformed."""
    return _value(call.arguments)


def _value(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def as_text(value: Any) -> str:
    return encode(value).decode()
