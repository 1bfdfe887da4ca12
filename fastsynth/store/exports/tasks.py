"""Turns as lines for reinforcement: a prompt, its tools, and the task that a reward judges by."""

from __future__ import annotations

from collections.abc import Iterator

from fastsynth.records import Conversation
from fastsynth.store.exports.formats import Line, Reasoning, as_text, chat_messages
from fastsynth.store.exports.lesson import tools_at
from fastsynth.store.task import sealed, task_of, upto


def tasks(row: Conversation, reasoning: Reasoning) -> Iterator[Line]:
    """A line for each turn, which follows what the row says up to there. `task` is JSON text, which
    holds the right calls: for `fastsynth.reward`, not for a model. Raises ConfigError for rows
    of before the column `checks`."""
    task_of(row)
    asked = [place for place, message in enumerate(row.messages) if message.role == "user"]
    for turn, place in enumerate(asked):
        prompt = row.messages[: place + 1]
        yield {
            "prompt": chat_messages(prompt, reasoning),
            "tools": as_text(tools_at(row, turn)),
            "task": sealed(upto(row, turn, prompt)),
            "id": row.id,
            "turn": turn,
            "kind": row.kinds[turn],
        }
