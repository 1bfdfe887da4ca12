"""A row, cut into pieces that each have one tool list and say which messages are to be learned.

A conversation whose tools grow is cut before the message that saw them grow: beside the later list
its earlier "I have no tool for that" would be wrong, so there it is context only.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, Literal, TypeAlias

import msgspec

from fastsynth.records import Conversation, Message, canonical
from fastsynth.store.task import Task

By = Literal["conversation", "turn", "step"]
"""What a line is about."""
Tools: TypeAlias = tuple[dict[str, Any], ...]


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    tools: Tools
    """OpenAI tool list, the same for all messages."""
    messages: tuple[Message, ...]
    learned: tuple[bool, ...]
    """Per message: whether a loss belongs on it. Only ever the assistant's own."""

    @property
    def first(self) -> int:
        """Index of the first message that is learned."""
        return self.learned.index(True)

    @property
    def whole(self) -> bool:
        """Whether every message of the assistant is learned."""
        said = (message.role == "assistant" for message in self.messages)
        return all(learned for learned, own in zip(self.learned, said, strict=True) if own)


def lessons(row: Conversation, by: By) -> Iterator[Lesson]:
    """`conversation`: as few pieces as its tools allow. `step`: one for each message learned, which
    ends there."""
    for lesson in _pieces(row):
        if by == "conversation":
            yield lesson
        else:
            yield from _steps(lesson)


def runs(lesson: Lesson) -> Iterator[Lesson]:
    """Cut where a message of the assistant is context between learned ones: each piece is learned
    from its `first` to its end."""
    own = [place for place, message in enumerate(lesson.messages) if message.role == "assistant"]
    for learned, places in groupby(own, key=lesson.learned.__getitem__):
        if learned:
            run = list(places)
            yield _upto(lesson, run[-1] + 1, frozenset(run))


def _pieces(row: Conversation) -> Iterator[Lesson]:
    tools = _decode_tools(row.tools)
    added = {more.turn: _decode_tools(more.tools) for more in row.tools_added}
    turns = _turns(row)
    failed = _faults(row)
    starts = sorted({0, *added})
    for start, end in zip(starts, [*starts[1:], turns[-1] + 1 if turns else 0], strict=True):
        tools += added.get(start, ())
        size = sum(turn < end for turn in turns)
        learned = tuple(
            message.role == "assistant"
            and turn >= start
            and not any(call.id in failed for call in message.tool_calls)
            for message, turn in zip(row.messages[:size], turns, strict=False)
        )
        if any(learned):
            yield Lesson(tools=tools, messages=row.messages[:size], learned=learned)


def _faults(row: Conversation) -> set[str]:
    """Ids of calls that failed by the teacher's own doing: not those that were made to fail. But
    one of these that was not made again as it was did not fail by that alone: it was wrong."""
    injected, wrong = set(row.interrupted_calls), set[str]()
    again: set[tuple[str, str]] = set()
    for call in (call for message in reversed(row.messages) for call in message.tool_calls):
        made = call.name, same_arguments(call.arguments)
        if call.id in injected and made not in again:
            wrong.add(call.id)
        again.add(made)
    return set(row.errors_recovered) - injected | wrong


def same_arguments(arguments: str) -> str:
    """A text that is the same for equal arguments; malformed ones stay as they are."""
    try:
        return canonical(msgspec.json.decode(arguments))
    except msgspec.DecodeError:
        return arguments


def tools_at(row: Conversation | Task, turn: int) -> Tools:
    """The tools as the model sees them in a turn."""
    tools = _decode_tools(row.tools)
    for more in row.tools_added:
        if more.turn <= turn:
            tools += _decode_tools(more.tools)
    return tools


def _turns(row: Conversation) -> list[int]:
    """Per message, the turn it belongs to; -1 before the first user message."""
    turns, turn = [], -1
    for message in row.messages:
        turn += message.role == "user"
        turns.append(turn)
    return turns


def _steps(lesson: Lesson) -> Iterator[Lesson]:
    for place, learned in enumerate(lesson.learned):
        if learned:
            yield _upto(lesson, place + 1, frozenset([place]))


def _upto(lesson: Lesson, end: int, learned: frozenset[int]) -> Lesson:
    return Lesson(
        tools=lesson.tools,
        messages=lesson.messages[:end],
        learned=tuple(place in learned for place in range(end)),
    )


_decode_tools = msgspec.json.Decoder(Tools).decode
