"""The special turns of a conversation's kind, planned in the living world.

Most are a plain turn with something done to it; a few are tried until one holds what its kind
asks for and refers to nothing unclear. Leaves world and memory after the turns, or as they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import msgspec

from fastsynth.method.plan import Interruption, Output, Turn
from fastsynth.method.turns.halves import merged, split
from fastsynth.method.turns.idle import no_tool_turn
from fastsynth.method.turns.missing import missing_function, missing_parameter
from fastsynth.method.turns.plain import plain_turn
from fastsynth.method.turns.refusal import refusal
from fastsynth.method.walk.reference import ambiguous
from fastsynth.method.walk.stage import Stage
from fastsynth.records import canonical

TRIES = 10
LONG_RESULT = 16_000
"""Characters of canonical JSON, about 4,000 tokens."""
TROUBLES = (
    "the service did not answer in time; nothing was changed, the call can be repeated",
    "connection lost before the request was handled; nothing was changed",
    "the service is busy (503); nothing was done, please repeat the call",
)


async def special_turns(stratum: str, stage: Stage) -> list[Turn]:
    """The special turn or turns of a stratum; [] where the world offers none here."""
    if stratum == "no_tool":
        return [await no_tool_turn(stage)]
    start = await stage.world.mark()
    held = stage.memory.copy()
    for _ in range(TRIES):
        turns = await _one_try(stratum, stage)
        if turns and not any(_unclear(stage, turns)):
            return turns
        await stage.world.rewind(start)
        stage.memory.become(held)
    return []


def _unclear(stage: Stage, turns: Sequence[Turn]) -> Iterator[str]:
    for place, turn in enumerate(turns):
        yield ambiguous(stage.graph, turn.as_asked(), (*stage.before, *turns[:place]))


async def _one_try(stratum: str, stage: Stage) -> list[Turn]:
    number, plan = len(stage.before), partial(plain_turn, stage)
    match stratum:
        case "missing_parameter":
            return await missing_parameter(stage, number)
        case "missing_function":
            return await missing_function(stage, number)
        case "refusal":
            return await refusal(stage, number)
        case "merged":
            return await merged(stage.memory, plan, number)
        case "split":
            return await split(stage.graph, stage.memory, stage.world, plan, number)
    turn = await plan(number)
    if turn is None:
        return []
    if stratum == "parallel" and _independent(turn):
        return [msgspec.structs.replace(turn, kind="parallel", parallel=True)]
    if stratum == "error_recovery" and turn.steps:
        tool = stage.rng.choice(turn.steps).tool
        trouble = Interruption(tool=tool, message=stage.rng.choice(TROUBLES))
        return [msgspec.structs.replace(turn, kind="error_recovery", interruptions=(trouble,))]
    if stratum == "long_context" and _sought(turn):
        return [msgspec.structs.replace(turn, kind="long_context")]
    return []


def _sought(turn: Turn) -> bool:
    """Whether an argument of the turn has to be found in a long result of it."""
    long = {n for n, s in enumerate(turn.steps) if len(canonical(s.value)) >= LONG_RESULT}
    return any(
        isinstance(source, Output) and source.turn == turn.number and source.step in long
        for step in turn.steps
        for source in step.sources.values()
    )


def _independent(turn: Turn) -> bool:
    """Whether two neighbouring calls of the turn need nothing of each other."""
    return any(not _depends(turn, n + 1, n) for n in range(len(turn.steps) - 1))


def _depends(turn: Turn, later: int, earlier: int) -> bool:
    """By value, or because either changes the world the other sees."""
    first, second = turn.steps[earlier], turn.steps[later]
    if first.mutates or second.mutates:
        return True
    return any(
        isinstance(source, Output) and source.turn == turn.number and source.step == earlier
        for source in second.sources.values()
    )
