"""How many in flight a server can use that queues instead of refusing: the knee of its throughput.

Two levels take turns, the upper `STEP` times the lower. While the upper one gets more work done a
second both rise; while it gets no more, it only waits longer, and both sink. A server that shows
its queue (`/metrics`, or first tokens that come late: `backlog`) is believed. Where demand does not
fill a level nothing is learned and nothing changes. Work a second is `in flight x work / seconds in
flight`, both over the same replies: a long reply takes long and does much, so this hardly varies
with which ones came in.
"""

from __future__ import annotations

import math

from fastsynth.llm.backlog import Backlog

START = 32.0
STEP = 1.3
RISES = 0.2
"""Elasticity of work in what is in flight (1 under the knee, 0 above it) from which more is let
in; a server that slows down evenly with its load is at 80% of its best there, and 1.3 levels on."""
FLAT = 0.07
SINK = 0.9
STEEP = 0.5
QUICK = 1.6
"""A step up where the elasticity is `STEEP`."""
IMPOSSIBLE = 1.5
"""Elasticity above which the server itself has changed between two looks."""
FULL = 0.8
"""Share of a look in which the level was filled, for the look to count."""
ENOUGH = 8
"""Replies that a look is at, at least."""
SHORTEST = 0.5
"""Seconds of a look, at least: a server that replies at once tells nothing sooner."""
STALE = 20
"""Looks without a comparison (both levels at the bound) after which the lower one is tried."""
QUEUE = 0.1
"""Waiting at the server over running, wanted at most: enough that no slot waits for a request."""
QUEUE_LEAST = 2.0
QUEUE_SURE = 0.25
"""Above it there is a queue for certain; between the two, requests may wait for a step of the
server to end, however few they are, and throughput decides."""
KV_FULL = 0.95
UNTOLD = 3
"""Polls without an answer after which the server's own figures no longer count."""


class Knee:
    """`level` is what it found; times are the caller's, in seconds, and must not decrease."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.level = min(START, float(most))
        self._low = self.level
        self._starting = True
        self._before: tuple[float, float] | None = None
        self._idle_looks = 0
        self._latency = 0.0
        self._told = 0
        self._queue = 0.0
        self._unsure = False
        """Whether the server's own figures leave it to throughput to decide."""
        self._jumped = False
        """Whether the level was set within this look."""
        self._backlog = Backlog()
        self._begin(0.0)

    def filled(self, now: float, seconds: float, in_flight: int, full: bool) -> None:
        """The last `seconds` so many were in flight; `full`: all that were let in."""
        if now - seconds >= self._settled:
            self._seconds += seconds
            self._area += seconds * in_flight
            self._full += seconds if full else 0.0

    def ended(
        self, now: float, seconds: float, work: float, bound: int, first: float | None = None
    ) -> None:
        """A request that was in flight for `seconds` is no longer; its reply, if one came, was
        so much work for the server, in any unit, and its first token took `first` seconds.

        `bound` is what refusals let in: no level above it can be looked at.
        """
        self._latency += 0.1 * (seconds - self._latency) if self._latency else seconds
        if now - seconds < self._began:
            return
        self._ended += 1
        self._work += work
        self._slot_seconds += seconds
        if first is not None:
            self._streamed += 1
            self._first_seconds += first
        if self._streamed >= ENOUGH and self._heard():
            self._begin(now)
        elif now - self._began >= max(SHORTEST, 2.0 * self._latency) and self._ended >= ENOUGH:
            self._look(now, min(bound, self.most))

    def told(self, waiting: float, running: float, kv: float, in_flight: int, full: bool) -> None:
        """What the server itself says of its queue: others' requests count in it too."""
        self._told = UNTOLD
        before, self._queue = self._queue, waiting
        wanted, stands = max(QUEUE_LEAST, QUEUE * running), min(before, waiting)
        self._unsure = stands > wanted / 2 and kv < KV_FULL
        if stands > max(QUEUE_LEAST, QUEUE_SURE * running):
            ours = min(1.0, in_flight / (waiting + running))
            self._starting = False
            self._set(max(1.0, in_flight - (stands - wanted) * ours))
        elif full and waiting <= wanted / 2 and kv < KV_FULL:
            quick = before == waiting == 0.0
            self._set(self.level * (2.0 if self._starting else 1.5 if quick else STEP))

    def untold(self) -> None:
        """The server's own figures did not come."""
        self._told = max(0, self._told - 1)

    def _set(self, level: float) -> None:
        """The queue must stand over a whole poll from now on before it counts."""
        self._low = self.level = min(level, float(self.most))
        self._queue = 0.0
        self._jumped = True

    def _begin(self, now: float) -> None:
        """A new look, at what is sent from now on; the first half latency the level is reached."""
        self._began = now
        self._settled = now + 0.5 * self._latency
        self._seconds = self._area = self._full = 0.0
        self._work = self._slot_seconds = 0.0
        self._first_seconds = 0.0
        self._ended = self._streamed = 0
        self._jumped = False

    def _look(self, now: float, bound: int) -> None:
        filled = self._seconds > 0 and self._full >= FULL * self._seconds
        told = self._jumped or (self._told and not self._unsure)
        if self._jumped:
            self._before = None
        if filled and self._slot_seconds > 0 and self._work > 0 and not told:
            in_flight = self._area / self._seconds
            rate = in_flight * self._work / self._slot_seconds
            self._decide(in_flight, rate, float(bound))
        self._backlog.age()
        self._begin(now)

    def _heard(self) -> bool:
        """Whether first tokens decided on another level."""
        if self._told or self._seconds == 0 or self._full < FULL * self._seconds:
            return False
        in_flight, first = self._area / self._seconds, self._first_seconds / self._streamed
        latency = max(self._latency, self._slot_seconds / self._ended)
        level = self._backlog.level(first, latency, in_flight)
        if level is None:
            return False
        self._starting, self._before = False, None
        self._set(max(1.0, level))
        return True

    def _decide(self, in_flight: float, rate: float, bound: float) -> None:
        before, self._before = self._before, (in_flight, rate)
        apart = math.log(in_flight / before[0]) if before else 0.0
        if before is None or abs(apart) < 0.1:
            self._idle_looks += 1
            if self._idle_looks >= STALE:
                self._idle_looks = 0
                self._starting = False
                self._low = min(self._low, bound) / STEP
        else:
            self._idle_looks = 0
            self._move(math.log(rate / before[1]) / apart, bound)
        upper = min(max(self._low * STEP, self._low + 1.0), float(self.most))
        self.level = upper if self.level <= self._low or self._starting else self._low

    def _move(self, elasticity: float, bound: float) -> None:
        if elasticity > RISES:
            quick = 2.0 if self._starting else QUICK
            by = quick if STEEP < elasticity < IMPOSSIBLE else STEP
            self._low = max(self._low, min(self._low * by, bound))
        else:
            self._starting = False
            if elasticity < FLAT:
                self._low = max(1.0, self._low * SINK)
