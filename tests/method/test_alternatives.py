"""Other chains than the trace: accepted where they reach its effect and goals, never otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from alternative_cases import BFCL, BFCL_CASES, WORLD, WORLD_CASES, Call, Case
from method_stage import domain

from fastsynth.env import paths
from fastsynth.env.world import World, living
from fastsynth.method.agents import Dropped
from fastsynth.method.chain.verify import Executed, Verdict, judge
from fastsynth.method.plan import Goal, Step, Turn

CASES = [
    *(pytest.param("world", WORLD, case, id=f"world: {case.name}") for case in WORLD_CASES),
    *(pytest.param("bfcl", BFCL, case, id=f"bfcl: {case.name}") for case in BFCL_CASES),
]
RIGHT = ("same", "alternative")


def filled(value: Any, results: Sequence[Any]) -> Any:
    """A case's argument, with what it takes from an earlier result put in."""
    if not isinstance(value, str) or not value.startswith("@"):
        return value
    number, _, path = value[1:].partition(":")
    return paths.get(path, results[int(number)])


async def perform(world: World, chain: Sequence[Call]) -> list[Executed]:
    executed: list[Executed] = []
    for number, (tool, arguments) in enumerate(chain):
        given = {k: filled(v, [call.value for call in executed]) for k, v in arguments.items()}
        observation = await world.call(tool, given)
        assert observation.ok, f"{tool}: {observation.message}"
        executed.append(
            Executed(
                id=f"c{number}",
                tool=tool,
                arguments=world.log[-1][1],
                value=observation.value,
                message=number,
            )
        )
    return executed


async def turn_of(world: World, case: Case) -> Turn:
    """The case's trace as a planned turn. The world is put back."""
    start = await world.mark()
    trace = await perform(world, case.truth)
    turn = Turn(
        number=0,
        kind="base",
        target=trace[-1].tool,
        steps=tuple(
            Step(tool=c.tool, arguments=c.arguments, sources={}, value=c.value) for c in trace
        ),
        goals=tuple(Goal(step=n, effect=effect, paths=told) for n, effect, told in case.goals),
        digest=await world.digest(),
    )
    await world.rewind(start)
    return turn


@pytest.mark.anyio
@pytest.mark.parametrize(("name", "state", "case"), CASES)
async def test_a_chain_is_judged_by_what_it_reaches(
    name: str, state: dict[str, Any], case: Case
) -> None:
    async with living(domain(name), tuple(state), state) as world:
        turn = await turn_of(world, case)
        start = await world.mark()
        executed = await perform(world, case.other)
        verdict = await judge(turn, world, start, executed)
        strict = await judge(turn, world, start, executed, "strict")

        if case.verdict in RIGHT:
            assert isinstance(verdict, Verdict), verdict
            assert verdict.alternative == (case.verdict == "alternative")
            assert tuple(call.tool for call in verdict.truth) == case.keeps
            assert verdict.extra_calls == case.extra
        else:
            assert isinstance(verdict, Dropped), verdict
            assert verdict.reason == case.verdict
        assert isinstance(strict, Dropped)


@pytest.mark.anyio
@pytest.mark.parametrize(("name", "state", "case"), CASES)
async def test_the_trace_itself_passes_even_strictly(
    name: str, state: dict[str, Any], case: Case
) -> None:
    async with living(domain(name), tuple(state), state) as world:
        turn = await turn_of(world, case)
        start = await world.mark()
        executed = await perform(world, case.truth)
        verdict = await judge(turn, world, start, executed, "strict")

        assert isinstance(verdict, Verdict), verdict
        assert not verdict.alternative
        assert verdict.extra_calls == 0


def test_there_are_enough_of_them() -> None:
    cases = (*WORLD_CASES, *BFCL_CASES)

    assert sum(case.verdict in RIGHT for case in cases) >= 30
    assert sum(case.verdict not in RIGHT for case in cases) >= 15
