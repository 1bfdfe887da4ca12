"""When an attempt ends early: what fails as it failed before will go on failing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from method_stage import job, planned

from fastsynth.method.chain.checks import repeated, stuck, unfinished
from fastsynth.method.chain.verify import Executed
from fastsynth.store.preferences import NOT_THE_MODELS


def ran(tool: str, error: str = "", interrupted: bool = False, **arguments: Any) -> Executed:
    return Executed(id="c", tool=tool, arguments=arguments, error=error, interrupted=interrupted)


def test_the_same_call_failing_again_ends_an_attempt() -> None:
    listed = ran("list_cards", "no argument 'user'", user="me")

    fault = stuck([ran("unlock"), listed, listed])

    assert fault is not None
    assert fault.reason == "repeats_failed_call"
    assert "no argument 'user'" in fault.detail


def test_a_call_that_never_came_back_ends_an_attempt_as_no_fault_of_the_model() -> None:
    fault = stuck([ran("find"), msgspec.structs.replace(ran("pay", "took long"), stopped=True)])

    assert fault is not None
    assert (fault.stage, fault.reason, fault.detail) == ("environment", "tool_stopped", "took long")
    assert fault.reason in NOT_THE_MODELS


def test_another_call_or_other_arguments_are_a_new_try() -> None:
    assert stuck([ran("pay", "locked", amount=5), ran("pay", "locked", amount=6)]) is None
    assert stuck([ran("pay", "locked"), ran("unlock", "locked")]) is None
    assert stuck([ran("pay", "locked")]) is None
    assert stuck([]) is None


def test_after_something_came_back_a_failed_call_may_be_tried_again() -> None:
    assert stuck([ran("pay", "locked"), ran("unlock"), ran("pay", "no funds")]) is None


def test_a_planned_failure_is_no_failure_of_the_call() -> None:
    assert stuck([ran("pay", "timed out", interrupted=True), ran("pay", "locked")]) is None


@pytest.mark.anyio
async def test_calls_are_wanted_until_the_end_of_the_turn_is_reached() -> None:
    shorter = 0
    for number in range(12):
        async with planned(job(number)) as (plan, world):
            turn = plan.turns[0]
            start = await world.mark()
            made: list[Executed] = []
            assert await unfinished(turn, world, [ran("list_cards", "locked")])
            for step in turn.steps:
                assert await unfinished(turn, world, made)
                await world.call(step.tool, dict(step.arguments))
                call = ran(step.tool, **step.arguments)
                made.append(msgspec.structs.replace(call, value=step.value))
            assert not await unfinished(turn, world, made)

            await world.rewind(start)
            last = turn.steps[-1]
            done = await world.call(last.tool, dict(last.arguments))
            if done.ok and len(turn.steps) > 1 and len(turn.goals) == 1:
                alone = msgspec.structs.replace(made[-1], value=done.value)
                if await world.digest() == turn.digest and done.value == last.value:
                    shorter += 1
                    assert not await unfinished(turn, world, [alone])

    assert shorter, "no look-up was there that could be left out"


@pytest.mark.anyio
async def test_a_read_made_twice_is_needless_unless_something_moved() -> None:
    async with planned(job(0)) as (_, world):
        read = next(name for name, tool in world.tools.items() if not tool.mutates)
        write = next(name for name, tool in world.tools.items() if tool.mutates)

        assert repeated(world, [ran(read, n=1), ran(read, n=1)]).startswith(read)
        assert repeated(world, [ran(read, n=1), ran(read, n=2)]) == ""
        assert repeated(world, [ran(read, n=1), ran(write), ran(read, n=1)]) == ""
        assert repeated(world, [ran(read, "busy", n=1), ran(read, n=1)]) == ""
