"""Turns put together and taken apart: two turns' goals in one query, one goal over two turns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from fastsynth.env.world import Mark, World
from fastsynth.method.graph.graph import ApiGraph
from fastsynth.method.plan import Goal, Output, Provenance, Step, Turn
from fastsynth.method.walk.goals import told_paths
from fastsynth.method.walk.memory import Memory

PlanPlain = Callable[[int], Awaitable[Turn | None]]


def moved(steps: Sequence[Step], old: int, new: int, by: int = 0) -> tuple[Step, ...]:
    """Steps of turn `old` as steps of turn `new`, their numbers raised by `by`."""
    return tuple(_moved(step, old, new, by) for step in steps)


def _moved(step: Step, old: int, new: int, by: int) -> Step:
    sources: dict[str, Provenance] = {
        place: msgspec.structs.replace(source, turn=new, step=source.step + by)
        if isinstance(source, Output) and source.turn == old
        else source
        for place, source in step.sources.items()
    }
    return msgspec.structs.replace(step, sources=sources)


async def merged(memory: Memory, plan: PlanPlain, number: int) -> list[Turn]:
    """Two turns' goals in one: planned one after the other, asked for at once."""
    held = memory.copy()
    first = await plan(number)
    second = await plan(number + 1) if first is not None else None
    if first is None or second is None or len(first.goals) + len(second.goals) > 4:
        return []
    offset = len(first.steps)
    turn = msgspec.structs.replace(
        first,
        kind="merged",
        steps=(*first.steps, *moved(second.steps, number + 1, number, offset)),
        goals=(
            *first.goals,
            *(msgspec.structs.replace(goal, step=goal.step + offset) for goal in second.goals),
        ),
        digest=second.digest,
    )
    memory.become(held)
    memory.begin_turn()
    memory.close_turn(turn)
    return [turn]


async def split(
    graph: ApiGraph, memory: Memory, world: World, plan: PlanPlain, number: int
) -> list[Turn]:
    """One goal over two turns: the user first hears what a read on the way gives, then goes on."""
    start, held = await world.mark(), memory.copy()
    turn = await plan(number)
    cut = _cut(graph, turn) if turn is not None else None
    if turn is None or cut is None:
        return []
    first = await _first_part(graph, world, start, turn, cut)
    if first is None:
        return []
    second = msgspec.structs.replace(
        turn,
        number=number + 1,
        kind="split",
        steps=_after(turn, cut),
        goals=tuple(
            msgspec.structs.replace(goal, step=goal.step - cut - 1)
            for goal in turn.goals
            if goal.step > cut
        ),
    )
    for step in second.steps:
        await world.call(step.tool, step.arguments)
    memory.become(held)
    for half in (first, second):
        memory.begin_turn()
        memory.close_turn(half)
    return [first, second]


def _cut(graph: ApiGraph, turn: Turn) -> int | None:
    """The first read that later calls use, and that a person would want to hear of."""
    goals = {goal.step for goal in turn.goals}
    for number, step in enumerate(turn.steps[:-1]):
        if step.mutates and graph.tools[step.tool].askable:
            return None
        if not step.mutates and number not in goals and told_paths(graph, step):
            return number if graph.tools[step.tool].askable else None
    return None


async def _first_part(
    graph: ApiGraph, world: World, start: Mark, turn: Turn, cut: int
) -> Turn | None:
    await world.rewind(start)
    for step in turn.steps[: cut + 1]:
        observation = await world.call(step.tool, step.arguments)
        if not observation.ok or observation.value != step.value:
            return None
    read = turn.steps[cut]
    return msgspec.structs.replace(
        turn,
        kind="split",
        target=read.tool,
        steps=turn.steps[: cut + 1],
        goals=(Goal(step=cut, effect=False, paths=told_paths(graph, read)),),
        digest=await world.digest(),
    )


def _after(turn: Turn, cut: int) -> tuple[Step, ...]:
    """The steps after `cut` as steps of the next turn; what they took before stays where it is."""
    rest = []
    for step in turn.steps[cut + 1 :]:
        sources: dict[str, Provenance] = {}
        for place, source in step.sources.items():
            if isinstance(source, Output) and source.turn == turn.number and source.step > cut:
                source = msgspec.structs.replace(
                    source, turn=turn.number + 1, step=source.step - cut - 1
                )
            sources[place] = source
        rest.append(msgspec.structs.replace(step, sources=sources))
    return tuple(rest)
