"""One conversation as a readable chat: who says what, which tools run, what came of it."""

from __future__ import annotations

from typing import Any

import msgspec
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from fastsynth.dashboard import figures
from fastsynth.dashboard.canvas import clean, clean_lines
from fastsynth.records import Conversation, Message, ToolCall

SHORTENED = 320
"""Characters of a result or a system message that are shown unless `full`."""
ARGUMENT_SHORTENED = 80

_COLOURS = {"system": "bright_black", "user": "bold green", "assistant": "bold cyan"}


def render_conversation(row: Conversation, console: Console, *, full: bool = False) -> None:
    """Prints the row; `full` leaves results and arguments whole."""
    console.print(_meta(row))
    turn = -1
    for message in row.messages:
        if message.role == "user":
            turn += 1
            console.print()
            console.print(_turn_rule(row, turn))
        if message.role == "tool":
            failed = message.tool_call_id in row.errors_recovered
            _say(console, "", "", _result(message, failed, full), "←")
        else:
            _speak(console, message, full)


def call_text(call: ToolCall, *, full: bool = False) -> Text:
    """`name(arg=value, ...)`; the raw text where the arguments are no JSON object."""
    text = Text(clean(call.name), style="bold yellow")
    return Text.assemble(text, (f"({_arguments(call.arguments, full)})", "yellow"))


def _meta(row: Conversation) -> Text:
    teacher = "scripted teacher (no model)" if row.teacher == "scripted" else row.teacher
    parts = (
        f"{row.num_turns} turns, {row.num_calls} calls",
        f"{_tool_count(row.tools)} tools visible",
        clean(teacher),
    )
    return Text.assemble(
        (clean(row.id), "bold"),
        (f"  {clean(row.environment)}\n", "cyan"),
        (" · ".join(parts), "bright_black"),
    )


def _turn_rule(row: Conversation, turn: int) -> Rule:
    kind = row.kinds[turn] if turn < len(row.kinds) else "?"
    parts = [f"turn {turn + 1}", kind]
    if turn < len(row.targets) and row.targets[turn]:
        parts.append(f"target {row.targets[turn]}")
    if turn < len(row.hint_levels):
        parts.append(figures.level_name(row.hint_levels[turn]))
    parts += [
        f"{figures.count(_tool_count(added.tools), 'tool')} added"
        for added in row.tools_added
        if added.turn == turn
    ]
    return Rule(Text(clean(" · ".join(parts)), style="dim"), align="left", style="bright_black")


def _speak(console: Console, message: Message, full: bool) -> None:
    who, colour = message.role, _COLOURS[message.role]
    said: list[tuple[str, Text]] = []
    if message.reasoning:
        said.append(("", Text(clean_lines(message.reasoning.strip()), "italic bright_black")))
    if message.content:
        content = clean_lines(message.content.strip())
        system = message.role == "system"
        content = _short(content) if system and not full else content
        said.append(("", Text(content, "bright_black" if system else "")))
    said += [("→", call_text(call, full=full)) for call in message.tool_calls]
    for number, (mark, text) in enumerate(said or [("", Text("(empty)", "bright_black"))]):
        _say(console, who if number == 0 else "", colour, text, mark)


def _say(console: Console, who: str, colour: str, text: Text, mark: str = "") -> None:
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(width=9, justify="right", style=colour)
    if mark:
        grid.add_column(width=1, style="bright_black")
    grid.add_column(ratio=1, overflow="fold")
    grid.add_row(*((who, mark, text) if mark else (who, text)))
    console.print(grid)


def _result(message: Message, failed: bool, full: bool) -> Text:
    content = clean(message.content or "")
    text = Text(content if full else _short(content), "red" if failed else "bright_black")
    if failed:
        text.append("  (failed, recovered)", style="red")
    return text


def _arguments(arguments: str, full: bool) -> str:
    try:
        value: Any = msgspec.json.decode(arguments)
    except msgspec.DecodeError:
        return clean(arguments)
    if not isinstance(value, dict):
        return clean(arguments)
    limit = None if full else ARGUMENT_SHORTENED
    shown = ((name, msgspec.json.encode(item).decode()) for name, item in value.items())
    return clean(", ".join(f"{name}={_short(item, limit)}" for name, item in shown))


def _short(text: str, limit: int | None = SHORTENED) -> str:
    if limit is None or len(text) <= limit:
        return text
    return f"{text[:limit]}… ({len(text) - limit:,} more characters)"


def _tool_count(tools: str) -> int:
    return len(msgspec.json.decode(tools, type=list[msgspec.Raw]))
