from __future__ import annotations

import gc
import weakref

import anyio
import pytest

from fastsynth.engine.collector import YOUNG_EVERY, seldom_collected


class Ring:
    def __init__(self) -> None:
        self.itself = self


@pytest.mark.anyio
async def test_young_cycles_go_by_the_clock_though_the_collector_is_off() -> None:
    async with seldom_collected():
        ring = weakref.ref(Ring())
        automatic = gc.isenabled()
        await anyio.sleep(3 * YOUNG_EVERY)

        assert not automatic
        assert ring() is None


@pytest.mark.anyio
async def test_afterwards_the_collector_is_as_before() -> None:
    before = gc.isenabled(), gc.get_threshold()
    async with seldom_collected():
        frozen = gc.get_freeze_count()

    assert (gc.isenabled(), gc.get_threshold()) == before
    assert frozen > 0
    assert gc.get_freeze_count() == 0
