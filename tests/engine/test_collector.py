from __future__ import annotations

import gc
import weakref
from time import process_time

import anyio
import pytest

from fastsynth.engine import collector
from fastsynth.engine.collector import LOOK_EVERY, YOUNG_EVERY, seldom_collected


class Ring:
    def __init__(self) -> None:
        self.itself = self


@pytest.mark.anyio
async def test_young_cycles_go_by_the_work_done_though_the_collector_is_off() -> None:
    async with seldom_collected():
        await anyio.sleep(LOOK_EVERY / 2)
        ring = weakref.ref(Ring())
        automatic = gc.isenabled()
        await anyio.sleep(2 * LOOK_EVERY)
        kept = ring() is not None
        _work(2 * YOUNG_EVERY)
        await anyio.sleep(2 * LOOK_EVERY)

        assert not automatic
        assert kept
        assert ring() is None


@pytest.mark.anyio
async def test_young_cycles_of_an_idle_process_go_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(collector, "LONGEST", 2 * LOOK_EVERY)
    async with seldom_collected():
        ring = weakref.ref(Ring())
        await anyio.sleep(5 * LOOK_EVERY)

        assert ring() is None


def _work(seconds: float) -> None:
    """Takes so much CPU time."""
    due = process_time() + seconds
    while process_time() < due:
        pass


@pytest.mark.anyio
async def test_afterwards_the_collector_is_as_before() -> None:
    before = gc.isenabled(), gc.get_threshold()
    async with seldom_collected():
        frozen = gc.get_freeze_count()

    assert (gc.isenabled(), gc.get_threshold()) == before
    assert frozen > 0
    assert gc.get_freeze_count() == 0
