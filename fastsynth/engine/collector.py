"""Python's cycle collector, kept from stopping the loop while thousands of conversations are alive.

Left to itself it walks what is young once 700 objects more were made than freed; where as many old
ones die as new ones are made, as in a run, that is seldom and long: 3 to 16 ms of CPU at 1,000
alive, and 300 for a full collection. Here it walks what is young by the clock, soon and briefly.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import process_time, thread_time

import anyio

EVERY = 900.0
"""Seconds between two full collections, for cycles that outlived one of what is young."""
FULL_SHARE = 0.001
"""Of the time, at most, in full collections: with 8,000 alive one takes a second and more, and
finds next to nothing (0 objects after 4,000 replies, 0.4 for each failed request)."""
LOOK_EVERY = 0.05
YOUNG_EVERY = 0.03
"""Seconds of the process's CPU time, in which some 25 replies are worked on. By the clock it was
more often on a machine where others compute; at 0.1 the loop's p99 lag in a storm of 10,000 alive
was 16 ms, and whole runs took no less CPU (0.1, 0.4 and 2 alike)."""
LONGEST = 0.25
"""Seconds between two looks at what is young, at most."""


@asynccontextmanager
async def seldom_collected() -> AsyncIterator[None]:
    """Within it full collections are seldom; what was there before is never looked at."""
    automatic = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(_collect)
            yield
            group.cancel_scope.cancel()
    finally:
        if automatic:
            gc.enable()
        gc.unfreeze()


async def _collect() -> None:
    pause = EVERY
    while True:
        full = anyio.current_time() + pause
        while anyio.current_time() < full:
            await _some_work()
            gc.collect(1)  # the second generation too: else it fills with what has just survived
        began = thread_time()
        gc.collect()
        pause = max(EVERY, (thread_time() - began) / FULL_SHARE)


async def _some_work() -> None:
    """Returns after as much work as is worth a look."""
    due, latest = process_time() + YOUNG_EVERY, anyio.current_time() + LONGEST
    while process_time() < due and anyio.current_time() < latest:  # noqa: ASYNC110
        await anyio.sleep(LOOK_EVERY)
