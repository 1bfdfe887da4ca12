"""Lets the event loop in between stretches of CPU work, no oftener than it is worth.

A checkpoint costs 25 us, and a step of a walk often less than 100: yielding at each took a tenth of
a run. Only when replies are handled depends on the clock here, never what is made.
"""

from __future__ import annotations

from time import perf_counter

from anyio.lowlevel import checkpoint

LONGEST = 0.0015
"""Seconds of one stretch, about: the work between two questions comes on top."""


class Pace:
    """Shared by all jobs of a process: what counts is when the loop was last let in."""

    def __init__(self, longest: float = LONGEST) -> None:
        self._longest = longest
        self._last = float("-inf")

    async def breathe(self) -> None:
        """Yields where the present stretch has become long."""
        if perf_counter() - self._last >= self._longest:
            await checkpoint()
            self._last = perf_counter()


_PACE = Pace()
breathe = _PACE.breathe
