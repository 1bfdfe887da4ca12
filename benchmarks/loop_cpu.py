"""An event loop that notes its own CPU time: lag without what else a busy machine does in it.

On a shared machine most of a sleeper's lateness is the scheduler's. What the process itself could
mend is the CPU time its loop spends between the moment a sleeper is due and its waking.
"""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic, thread_time

import anyio

from fastsynth.engine.lag import INTERVAL, LagGauge
from fastsynth.engine.loop import FewAtATime


class Loop(asyncio.SelectorEventLoop):
    """Remembers when its latest turns began, by the clock and by its own CPU time."""

    def __init__(self) -> None:
        super().__init__(FewAtATime())
        self.turns: deque[tuple[float, float]] = deque(maxlen=100_000)

    def _run_once(self) -> None:
        self.turns.append((monotonic(), thread_time()))
        super()._run_once()  # type: ignore[misc]


class CpuLag(LagGauge):
    """Lateness in CPU time of the loop's thread, at most: counted from the beginning of the turn
    in which the sleeper was due."""

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Loop)
        while True:
            due = monotonic() + INTERVAL
            loop.turns.clear()
            began = thread_time()
            await anyio.sleep(INTERVAL)
            for at, cpu in reversed(loop.turns):
                began = cpu
                if at <= due:
                    break
            self.add(thread_time() - began)
