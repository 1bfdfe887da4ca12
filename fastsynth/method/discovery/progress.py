"""Says how far discovery is, now and then: over hundreds of tools it takes minutes."""

from __future__ import annotations

import sys
from collections.abc import Callable

import anyio

EVERY = 10.0
"""Seconds between two lines."""


class Progress:
    """Lines of one discovery; silent without `tell`."""

    def __init__(self, scenarios: int, tell: Callable[[str], None] | None = None) -> None:
        self._scenarios = scenarios
        self._tell = tell
        self._due = anyio.current_time() + EVERY
        self.scenario = 0
        """Of `scenarios`, counted from 1."""

    def at(self, what: str, done: int, of: int) -> None:
        """`done` of so many: tools, or parameters."""
        if self._tell is None or anyio.current_time() < self._due:
            return
        self._due = anyio.current_time() + EVERY
        place = f"scenario {self.scenario} of {self._scenarios}"
        self._tell(f"finding which tool feeds which: {place}: {what} {done:,} of {of:,}")


def aloud(text: str) -> None:
    """For commands without a dashboard: a line on standard error."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
