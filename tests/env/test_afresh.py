"""Sessions in a process where no tool ran before: nothing of one reaches the next."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from fastsynth.env.adapters.python import PythonDomain
from fastsynth.env.world import World, living

STATE = {"hidden_tools": {"titles": ["taxes", "milk"]}}
Opened = AsyncIterator[PythonDomain]


@pytest.fixture
async def board(monkeypatch: pytest.MonkeyPatch) -> Opened:
    monkeypatch.chdir(Path(__file__).parent)
    domain = PythonDomain("hidden_tools:Odd", time_limit=5.0, workers=1)
    yield domain
    await domain.close()


@asynccontextmanager
async def fresh(board: PythonDomain) -> AsyncIterator[World]:
    with anyio.fail_after(20):  # the one fresh process was handed back
        async with living(board, board.parts, STATE, fresh=True) as world:
            yield world


@pytest.mark.anyio
async def test_a_fresh_session_starts_where_no_tool_ran(board: PythonDomain) -> None:
    counted = []
    for _ in range(2):
        async with fresh(board) as world:
            counted += [(await world.call("count", {})).value for _ in range(2)]

    assert counted == [1, 2, 1, 2]


@pytest.mark.anyio
async def test_a_session_that_ends_its_process_says_so_and_the_next_one_lives(
    board: PythonDomain,
) -> None:
    async with fresh(board) as world:
        ended = await world.attempt("die", {})
    async with fresh(board) as world:
        counted = await world.call("count", {})

    assert ended.message == "die ended its process (status 5)"
    assert counted.value == 1


@pytest.mark.anyio
async def test_a_cancelled_session_hands_its_process_back(board: PythonDomain) -> None:
    with anyio.move_on_after(0.5):
        async with fresh(board) as world:
            await world.call("count", {})
            await anyio.sleep_forever()
    async with fresh(board) as world:
        counted = await world.call("count", {})

    assert counted.value == 1


@pytest.mark.anyio
async def test_the_day_of_the_machine_is_another_there(board: PythonDomain) -> None:
    async with living(board, board.parts, STATE) as world:
        here = await world.call("what_day", {})
    async with fresh(board) as world:
        there = await world.call("what_day", {})

    assert here.value != there.value


@pytest.mark.anyio
async def test_a_set_has_one_order_in_all_processes(board: PythonDomain) -> None:
    async with living(board, board.parts, STATE) as world:
        here = await world.call("any_order", {})
    async with fresh(board) as world:
        there = await world.call("any_order", {})

    assert here.value == there.value


@pytest.mark.anyio
async def test_what_a_tools_thread_changes_has_come_to_pass_when_the_call_is_over(
    board: PythonDomain,
) -> None:
    async with living(board, board.parts, STATE) as world:
        stars = [(await world.call("star_later", {})).value for _ in range(3)]

    assert stars == [0, 1, 2]
