"""Prospects: what is said of draws before they are made holds for every draw."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from random import Random
from typing import Any

import pytest
from method_stage import domain, graph, job, planned, planner

from fastsynth.method.plan import Output
from fastsynth.method.walk.arguments import Binder, Missing
from fastsynth.method.walk.memory import Memory

pytestmark = pytest.mark.anyio
DOMAINS = ("world", "bfcl")


async def standings(name: str) -> AsyncIterator[tuple[Memory, Mapping[str, Any], Collection[str]]]:
    """Memories in the middle of a turn, with what the environment can name and its tools."""
    for number in range(12):
        one = job(number)
        async with planned(one, name) as (plan, world):
            memory = Memory(graph(name), planner(name).setting(one).scenario)
            memory.begin_turn()
            for step in plan.turns[0].steps:
                await world.call(step.tool, step.arguments)
                memory.add(step)
            yield memory, await world.known(), sorted(world.tools)


def binder(name: str, memory: Memory, known: Mapping[str, Sequence[Any]]) -> Binder:
    return Binder(graph(name), memory, known, Random(7))


@pytest.mark.parametrize("name", DOMAINS)
async def test_no_draw_binds_a_tool_that_lacks_a_parameter(name: str) -> None:
    lacking = 0
    async for memory, known, tools in standings(name):
        drawing = binder(name, memory, known)
        for tool in (domain(name).tools[each] for each in tools):
            if drawing.prospects.lacks(tool) is not None:
                lacking += 1
                assert all(isinstance(drawing.bind(tool), Missing) for _ in range(8))

    assert lacking > 5


@pytest.mark.parametrize("name", DOMAINS)
async def test_what_lacks_nothing_can_be_drawn(name: str) -> None:
    drawn = whole = 0
    async for memory, known, tools in standings(name):
        drawing = binder(name, memory, known)
        for tool in (domain(name).tools[each] for each in tools):
            if drawing.prospects.lacks(tool) is None:
                whole += 1
                drawn += any(not isinstance(drawing.bind(tool), Missing) for _ in range(8))

    assert drawn >= 0.97 * whole > 50


@pytest.mark.parametrize("name", DOMAINS)
async def test_a_tied_draw_takes_a_result_of_the_turn_or_what_it_is_about(name: str) -> None:
    tied = 0
    async for memory, known, tools in standings(name):
        drawing = binder(name, memory, known)
        about = [value for step in memory.steps for value in step.arguments.values()]
        for tool in (domain(name).tools[each] for each in tools):
            for tie in drawing.prospects.ties(tool, None):
                bound = drawing.bind(tool, tie=tie)
                if isinstance(bound, Missing):
                    continue
                tied += 1
                sources = bound.sources.values()
                consumes = any(isinstance(s, Output) and s.turn == 0 for s in sources)

                assert consumes or bound.arguments[tie.parameter.name] in about

    assert tied > 20


@pytest.mark.parametrize("name", DOMAINS)
async def test_ties_within_some_steps_consume_a_result_of_these(name: str) -> None:
    async for memory, known, tools in standings(name):
        drawing = binder(name, memory, known)
        within = frozenset({len(memory.steps) - 1})
        for tool in (domain(name).tools[each] for each in tools):
            for tie in drawing.prospects.ties(tool, within):
                bound = drawing.bind(tool, tie=tie)
                if not isinstance(bound, Missing):
                    used = {s.step for s in bound.sources.values() if isinstance(s, Output)}

                    assert used & within
