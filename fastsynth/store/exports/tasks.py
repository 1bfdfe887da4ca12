"""Turns or whole conversations as lines for reinforcement, with the task a reward judges by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fastsynth.records import Conversation, Message
from fastsynth.store.exports.formats import Line, Reasoning, as_text, chat_messages
from fastsynth.store.exports.lesson import By, tools_at
from fastsynth.store.task import Task, sealed, task_of, upto


def tasks(row: Conversation, reasoning: Reasoning, by: By) -> Iterator[Line]:
    """A line for each turn, which follows what the row says up to there; or one for all turns, from
    the user's first message on, whose `turn` is null. `task` is JSON text, which holds the right
    calls: for `fastsynth.reward`, not for a model. Raises ConfigError for rows of before the
    column `checks`."""
    task = task_of(row)
    asked = [place for place, message in enumerate(row.messages) if message.role == "user"]
    if by == "conversation":
        special = [kind for kind in row.kinds if kind != "base"]
        first = row.messages[: asked[0] + 1]
        yield _line(row, first, task, special[0] if special else "base", reasoning)
        return
    for turn, place in enumerate(asked):
        prompt = row.messages[: place + 1]
        yield _line(row, prompt, upto(row, turn, prompt), row.kinds[turn], reasoning)


def _line(
    row: Conversation, prompt: Sequence[Message], task: Task, kind: str, reasoning: Reasoning
) -> Line:
    return {
        "prompt": chat_messages(prompt, reasoning),
        "tools": as_text(tools_at(row, task.turn or 0)),
        "task": sealed(task),
        "id": row.id,
        "turn": task.turn,
        "kind": kind,
    }
