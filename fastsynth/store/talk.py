"""One conversation as HTML: what was said, which calls ran, what came back."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

import msgspec

from fastsynth.records import Conversation, Message, ToolCall

_RESULT_SHOWN = 600


def talk(row: Conversation) -> str:
    """Everything escaped; long results are folded away."""
    return f'<p><code>{escape(row.id)}</code></p><div class="talk">{"".join(_messages(row))}</div>'


def _messages(row: Conversation) -> Iterator[str]:
    turn = -1
    for message in row.messages:
        if message.role == "user":
            turn += 1
            yield _heading(row, turn)
        yield _message(message)


def _heading(row: Conversation, turn: int) -> str:
    parts = [f"turn {turn + 1}"]
    if turn < row.num_turns:
        level = row.hint_levels[turn]
        target = f" to {row.targets[turn]}" if row.targets[turn] else ""
        parts += [row.kinds[turn] + target, "blind" if level == 0 else f"hint level {level}"]
    return f"<h3>{escape(' · '.join(parts))}</h3>"


def _message(message: Message) -> str:
    said = []
    if message.reasoning:
        said.append(f'<p class="think">{escape(message.reasoning)}</p>')
    if message.content:
        said.append(_content(message))
    said += [f'<p class="call"><code>{_call(call)}</code></p>' for call in message.tool_calls]
    who = "result" if message.role == "tool" else message.role
    return f'<div class="{message.role}"><b>{who}</b>{"".join(said)}</div>'


def _content(message: Message) -> str:
    text = message.content or ""
    if message.role == "tool":
        if len(text) > _RESULT_SHOWN:
            start = f"<summary><code>{escape(text[:80])}…</code></summary>"
            return f"<details>{start}<pre>{escape(text)}</pre></details>"
        return f"<pre>{escape(text)}</pre>"
    return f"<p>{escape(text)}</p>"


def _call(call: ToolCall) -> str:
    try:
        value: Any = msgspec.json.decode(call.arguments)
    except msgspec.DecodeError:
        value = None
    if not isinstance(value, dict):
        return escape(f"{call.name}({call.arguments})")
    shown = (f"{name}={msgspec.json.encode(item).decode()}" for name, item in value.items())
    return escape(f"{call.name}({', '.join(shown)})")
