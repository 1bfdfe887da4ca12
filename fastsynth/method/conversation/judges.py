"""Judges: votes on a complete conversation. They may only reject; execution alone accepts.

What they say is stored with the row. A reply without form is no vote, and speaks for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fastsynth.method.agents import Agents, Dropped, Place
from fastsynth.method.script import Cue, VoteDraft
from fastsynth.method.wording import transcript_text
from fastsynth.records import Message, Vote


async def vote(
    agents: Agents, messages: Sequence[Message], turn: int, script: Cue, judges: int
) -> tuple[Vote, ...]:
    """One vote of each of `judges`, in order. One after another: the width is the run's."""
    variables = {"transcript": transcript_text(messages)}
    votes: list[Vote] = []
    for number in range(judges):
        draft = await agents.draft(
            VoteDraft,
            "judge",
            "judge",
            variables,
            Place(turn=turn, attempt=number),
            script_of(script, agents, turn, number),
        )
        if not isinstance(draft, Dropped):
            votes.append(Vote(accept=draft.accept, reason=draft.reason.strip()))
    return tuple(votes)


def script_of(script: Cue, agents: Agents, turn: int, number: int) -> Cue:
    """What a scripted judge draws its vote from."""
    seed = agents.script_seed("judge", turn, number)
    return msgspec.structs.replace(script, purpose="judge", seed=seed, attempt=number)


def outvoted(votes: Sequence[Vote], judges: int) -> Dropped | None:
    """The conversation's rejection, where more than half of all `judges` reject it."""
    against = [one.reason for one in votes if not one.accept]
    if 2 * len(against) <= judges:
        return None
    return Dropped(stage="judge", reason="majority", detail=" | ".join(against)[:600])
