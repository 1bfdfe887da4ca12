from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import pytest

from fastsynth.env import breath


@asynccontextmanager
async def turns() -> AsyncIterator[list[int]]:
    """Turns of the loop so far, as its one element."""
    loop, seen, over = asyncio.get_running_loop(), [0], asyncio.Event()

    def count() -> None:
        seen[0] += 1
        if not over.is_set():
            loop.call_soon(count)

    loop.call_soon(count)
    yield seen
    over.set()


@pytest.mark.anyio
async def test_of_all_who_wait_one_goes_on_per_turn_of_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(breath, "SLICE", 0.0)
    went_on: list[int] = []

    async def work(seen: list[int]) -> None:
        await breath.breathe()
        went_on.append(seen[0])

    async with turns() as seen, anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(work, seen)

    assert len(set(went_on)) == 5


@pytest.mark.anyio
async def test_who_gives_up_waiting_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breath, "SLICE", 0.0)
    went_on: list[str] = []

    async def work(name: str) -> None:
        await breath.breathe()
        went_on.append(name)

    async with anyio.create_task_group() as group:
        group.start_soon(work, "first")
        async with anyio.create_task_group() as given_up:
            given_up.start_soon(work, "never")
            group.start_soon(work, "last")
            await anyio.lowlevel.checkpoint()
            given_up.cancel_scope.cancel()

    assert went_on == ["first", "last"]


@pytest.mark.anyio
async def test_within_a_slice_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breath, "SLICE", 60.0)
    async with turns() as seen:
        before = seen[0]
        for _ in range(10):
            await breath.breathe()

        assert seen[0] == before
