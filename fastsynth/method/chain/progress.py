"""How far a failed attempt came: the share of the turn's goals that it reached.

Finer than pass or fail, for rewards and for seeing which half of a request goes wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastsynth.env.world import World
from fastsynth.method.chain.verify import Executed, reached
from fastsynth.method.plan import Goal, Turn
from fastsynth.records import canonical


async def progress(turn: Turn, world: World, executed: Sequence[Executed]) -> float | None:
    """In [0, 1]; None for a turn without goals. The world stands after the attempt.

    An effect counts where the whole state is the trace's, or else where the trace's own call was
    made: effects that other calls reached beside a wrong one are not seen.
    """
    if not turn.goals:
        return None
    good = [call for call in executed if not call.error]
    arrived = await world.digest() == turn.digest
    done = sum(1 for goal in turn.goals if _done(turn, goal, good, arrived))
    return round(done / len(turn.goals), 4)


def _done(turn: Turn, goal: Goal, good: Sequence[Executed], arrived: bool) -> bool:
    if not reached(turn, goal, good):
        return False
    step = turn.steps[goal.step]
    wanted = canonical(step.arguments)
    made = any(call.tool == step.tool and canonical(call.arguments) == wanted for call in good)
    return made or arrived or not goal.effect
