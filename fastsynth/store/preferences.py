"""Preference pairs: a failed and the passed attempt at one prefix, and why the one failed.

A pair needs the very same words before it: attempts at a message that was dropped and written
anew make none. Guidance of an attempt is in no message of either side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from fastsynth.records import Attempt, Message, Source

NOT_THE_MODELS = frozenset({"context_length", "refused", "malformed", "tool_stopped"})
"""Reasons that are a server's doing (`llm.chat.Cause`) or a tool's: they say nothing of what was
written."""


class Preference(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `preferences.parquet`."""

    id: str
    """Of the accepted conversation; one may give many pairs."""
    turn: int
    prefix: tuple[Message, ...]
    """The conversation up to and with the turn's user message."""
    rejected: tuple[Message, ...]
    chosen: tuple[Message, ...]
    reason: str
    detail: str
    level: int
    """Help the rejected attempt had (0 none): above 0 its words may come from a hint."""
    progress: float | None = None
    source: Source = "teacher"
    """Who wrote the rejected one; the chosen one is always the row's."""


def pairs(
    row: str, messages: Sequence[Message], attempts: Sequence[Attempt]
) -> Iterator[Preference]:
    """Of one accepted conversation, in the order in which the attempts were made."""
    asked = [place for place, message in enumerate(messages) if message.role == "user"]
    ends = [*asked[1:], len(messages)]
    for attempt in attempts:
        if not attempt.solved or not attempt.messages or attempt.reason in NOT_THE_MODELS:
            continue
        if attempt.turn >= len(asked):
            continue
        start, end = asked[attempt.turn], ends[attempt.turn]
        chosen = tuple(messages[start + 1 : end])
        if messages[start].content == attempt.query and chosen != attempt.messages:
            yield Preference(
                id=row,
                turn=attempt.turn,
                prefix=tuple(messages[: start + 1]),
                rejected=attempt.messages,
                chosen=chosen,
                reason=attempt.reason,
                detail=attempt.detail,
                level=attempt.level,
                progress=attempt.progress,
                source=attempt.source,
            )
