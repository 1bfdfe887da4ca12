"""What a turn is judged by beside what its row shows: kept in the row, made a turn again from it.

With it somebody else's attempt at a turn can be judged from the row alone, as the chain judged it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from fastsynth.env import paths
from fastsynth.languages import ENGLISH
from fastsynth.method.chain.verify import Mode
from fastsynth.method.conversation.talk import Kept
from fastsynth.method.plan import Goal, Interruption, Output, Rule, Slot, Step, Turn
from fastsynth.records import Call, canonical


class Due(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of one turn. The column `checks` is a JSON list of them."""

    trace: tuple[Call, ...] = ()
    """The planned calls, which goals are numbered by; () where they are the ground truth's."""
    variant: Literal["", "chat", "history", "unavailable"] = ""
    recalled: Any = None
    """For variant `history`: the value that is asked for again."""
    slot: Slot | None = None
    """For `missing_parameter`: what is to be asked for."""
    rule: Rule | None = None
    """For `refusal`: the rule that is to be named."""
    interruptions: tuple[Interruption, ...] = ()
    strict: bool = False
    """Whether the run wanted exactly the planned calls."""
    language: str = ENGLISH
    """ISO 639-1 code of what the answer has to be in."""
    rules: str = ""
    """`module:attribute` of the user's rules, which no call may break."""


def dues(kept: Sequence[Kept], mode: Mode, language: str, rules: str) -> tuple[Due, ...]:
    """Of the turns of a finished conversation."""
    return tuple(_due(turn, kept, mode, language, rules) for turn in kept)


def turn_due(
    number: int, kind: str, steps: tuple[Step, ...], goals: tuple[Goal, ...], digest: str, due: Due
) -> Turn:
    """The turn as it is judged; `steps` are its planned calls with what they gave."""
    return Turn(
        number=number,
        kind=kind,
        target="",
        steps=steps,
        goals=goals,
        digest=digest,
        variant=due.variant,
        recall=Output(turn=0, step=0, path="") if due.variant == "history" else None,
        slot=due.slot,
        rule=due.rule,
        interruptions=due.interruptions,
    )


def _due(kept: Kept, before: Sequence[Kept], mode: Mode, language: str, rules: str) -> Due:
    turn = kept.turn
    trace = tuple(Call(name=s.tool, arguments=canonical(s.arguments)) for s in turn.steps)
    truth = tuple(
        Call(name=call.tool, arguments=canonical(call.arguments))
        for call in kept.solved.verdict.truth
    )
    recalled = None
    if turn.recall is not None:
        source = before[turn.recall.turn].turn.steps[turn.recall.step]
        recalled = paths.get(turn.recall.path, source.value)
    return Due(
        trace=trace if trace != truth else (),
        variant=turn.variant,
        recalled=recalled,
        slot=turn.slot if turn.kind == "missing_parameter" else None,
        rule=turn.rule,
        interruptions=turn.interruptions,
        strict=mode == "strict",
        language=language,
        rules=rules,
    )
