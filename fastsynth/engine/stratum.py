"""One stratum of a quota: a numbered stream of jobs with a state each, one byte a job.

Knows what is finished, in flight and owed, and how many more jobs its target is worth; leaves to
the quota which of the accepted ones are in the data set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

OPEN, REJECTED, ACCEPTED, REPEAT, FLIGHT, HOLE, CHOSEN = range(7)
"""OPEN: never run, or to be run again. REPEAT: accepted, its content seen before. HOLE: given up
in this run after transient failures. CHOSEN: in the data set."""

DRY = 600
"""So many jobs in a row without a new conversation close a stratum: with none in 600 the upper
95% bound of its acceptance is 3 / 600 = 0.5%."""
TRIES = 4
PRIOR = 4.0
"""Jobs that the run's overall acceptance weighs against the stratum's own."""


class Stratum:
    def __init__(self, name: str, target: int) -> None:
        self.name = name
        self.target = target
        self.states = bytearray()
        self.closed = "full" if target == 0 else ""
        """Why nothing more is needed: `full`, `hopeless`, or "" while open."""
        self.last = -1
        """Index of the job that closed it."""
        self.chosen = self.good = self.finished = self.flight = 0
        """`good`: accepted and new by order of arrival; `chosen`: by order of the job numbers."""
        self.dry = 0
        """Settled jobs since the last chosen one."""
        self.settled = 0
        """Indices below it are decided."""
        self._cursor = 0
        self._ahead = self._ahead_dry = 0
        self._tries: dict[int, int] = {}

    def state(self, index: int) -> int:
        return self.states[index] if index < len(self.states) else OPEN

    def put(self, index: int, state: int) -> None:
        if index >= len(self.states):
            self.states.extend(bytes(index + 1 - len(self.states)))
        self.states[index] = state

    def find(self, states: tuple[int, ...]) -> Iterator[int]:
        """The indices in one of `states`, ascending; a million jobs are searched in about 1 ms."""
        pattern = b"[" + b"".join(b"\\x%02x" % state for state in states) + b"]"
        return (found.start() for found in re.finditer(pattern, bytes(self.states)))

    def deficit(self, overall: float) -> float:
        """Conversations still missing when those in flight end as expected."""
        rate = (self.good + PRIOR * overall) / (self.finished + PRIOR)
        return self.target - self.good - self.flight * rate

    def paused(self) -> bool:
        """Whether it has run dry ahead of what is settled: others have to catch up first.

        Else a hopeless stratum, always the furthest from its target, would starve the rest.
        """
        return self.barren() >= DRY and self.settled < self._ahead

    def barren(self) -> int:
        """Jobs that brought nothing, in a row, at the end of those that ended without a gap."""
        while self._ahead < len(self.states):
            state = self.states[self._ahead]
            if state in (OPEN, FLIGHT):
                break
            self._ahead_dry = 0 if state in (ACCEPTED, CHOSEN) else self._ahead_dry + 1
            self._ahead += 1
        return self._ahead_dry

    def owed(self) -> bool:
        """Whether a job that was passed over (failed, or cut off by a kill) is needed for order."""
        index = self._find()
        if index == len(self.states):
            return False
        below = self.states.count(ACCEPTED, 0, index) + self.states.count(CHOSEN, 0, index)
        return below < self.target

    def take(self) -> int:
        """The index of the lowest job that is not finished, now in flight."""
        index = self._find()
        self.put(index, FLIGHT)
        self.flight += 1
        return index

    def fail(self, index: int) -> None:
        """A transient failure: the same job again, at most TRIES times in one run."""
        tries = self._tries[index] = self._tries.get(index, 0) + 1
        self.put(index, HOLE if tries >= TRIES else OPEN)
        self._cursor = min(self._cursor, index)

    def _find(self) -> int:
        found = self.states.find(OPEN, self._cursor)
        self._cursor = len(self.states) if found < 0 else found
        return self._cursor
