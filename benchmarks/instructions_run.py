"""Starts the counted process of `bench instructions` on a clock that goes by the work done.

Under valgrind everything takes some 45 times as long. Were clocks real, timers would fire that
much more often for each call than they do in a run, so time here is CPU time divided by that, and
what was waited for the server.
"""

from __future__ import annotations

import time
from collections.abc import Callable

SLOWER = 45.0
"""Times as long as natively: callgrind 3.19 on CPython 3.11."""
cpu, wall = time.process_time, time.monotonic


class Clock:
    """Seconds as they would have passed natively."""

    waited = 0.0

    def read(self) -> float:
        return cpu() / SLOWER + self.waited

    def install(self) -> None:
        """For whoever imports `time` from here on: to be called before anything else is."""
        time.monotonic = time.perf_counter = self.read  # type: ignore[assignment]
        time.process_time = _scaled(time.process_time)  # type: ignore[assignment]
        time.thread_time = _scaled(time.thread_time)  # type: ignore[assignment]


def _scaled(clock: Callable[[], float]) -> Callable[[], float]:
    return lambda: clock() / SLOWER


if __name__ == "__main__":
    CLOCK = Clock()
    CLOCK.install()
    from instructions_counted import main

    main(CLOCK, wall, cpu)
