"""A turn that asks for what a rule forbids, so that the right answer is to refuse and say why.

The rule is the user's own where there are some; else one is made around a planned call. The plain
twin asks the same under a rule that allows it.
"""

from __future__ import annotations

import msgspec

from fastsynth.method.plan import Turn
from fastsynth.method.turns.plain import plain_turn
from fastsynth.method.turns.rules import rule_against
from fastsynth.method.walk.stage import Stage


async def refusal(stage: Stage, number: int) -> list[Turn]:
    """The turn to refuse, rolled back; the plain twin's stays. [] where no rule fits a call."""
    digest = await stage.world.digest()
    start = await stage.world.mark()
    held = stage.memory.copy()
    own = stage.law is not None
    turn = await plain_turn(stage, number, breaking=own and not stage.plain_twin)
    if turn is None or len(turn.goals) > 1:
        return []
    tools = stage.graph.tools
    if own and stage.plain_twin:
        return [turn]
    made = None if own else rule_against(tools, turn, stage.before, stage.plain_twin, stage.rng)
    rule = made or turn.rule
    if rule is None:
        return []
    if stage.plain_twin:
        return [msgspec.structs.replace(turn, rule=rule)]
    await stage.world.rewind(start)
    stage.memory.become(held)
    stage.memory.begin_turn()
    return [
        Turn(
            number=number,
            kind="refusal",
            target="",
            steps=(),
            goals=(),
            digest=digest,
            draft=turn.steps,
            draft_goals=turn.goals,
            rule=rule,
        )
    ]
