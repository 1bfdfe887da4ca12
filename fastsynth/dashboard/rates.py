"""Rates out of counters that are read a few times a second; nothing here runs once per event
but `EndpointTally`, which adds numbers."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from statistics import median
from typing import TypeVar

import msgspec

from fastsynth.dashboard.idle import Idle, reasons
from fastsynth.events import RequestDone, SlotLabel, SlotTime

SPARKS_KEPT = 240
LATENCIES_KEPT = 128
SLOT_TIMES_KEPT = 5
K = TypeVar("K", bound=str)


class Window:
    """Counters at the moments of the last `seconds`; their growth is the rate."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._readings: deque[tuple[float, tuple[float, ...]]] = deque()

    def clear(self) -> None:
        self._readings.clear()

    def add(self, now: float, *counters: float) -> None:
        """A reading; the last one before the window stays, as the edge it is measured from."""
        self._readings.append((now, counters))
        while len(self._readings) > 2 and self._readings[1][0] <= now - self._seconds:
            self._readings.popleft()

    def per_second(self, counters: int) -> tuple[float, ...]:
        """Growth of each of the `counters` counters per second; zeros before two readings."""
        if len(self._readings) < 2 or self._readings[0][0] >= self._readings[-1][0]:
            return (0.0,) * counters
        (then, first), (now, last) = self._readings[0], self._readings[-1]
        return tuple((b - a) / (now - then) for a, b in zip(first, last, strict=True))


class Sparks:
    """One rate a second, the last four minutes of them."""

    def __init__(self) -> None:
        self._values: deque[float] = deque(maxlen=SPARKS_KEPT)
        self._since: float | None = None
        self._count = 0

    def add(self, now: float, count: int) -> None:
        if self._since is None:
            self._since, self._count = now, count
        elif now - self._since >= 1.0:
            self._values.append((count - self._count) / (now - self._since))
            self._since, self._count = now, count

    def values(self) -> tuple[float, ...]:
        return tuple(self._values)


class EndpointView(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the endpoint table."""

    name: str
    in_flight: int
    replies: int
    replies_per_s: float
    p50_s: float | None
    """Median seconds of the last 128 replies."""
    first_p50_s: float | None = None
    """Median seconds to the first token of those that were streamed."""
    errors: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    limit: int = 0
    """In flight at most, as far as the address has told; else 0."""
    idle_now: tuple[Idle, ...] = ()
    """Why slots stood idle in the last ten seconds or so, the biggest reason first."""
    idle: tuple[Idle, ...] = ()
    """The same over the whole sitting."""


class EndpointTally:
    """Counters of one endpoint."""

    __slots__ = (
        "_firsts",
        "_lately",
        "_latencies",
        "_limits",
        "_slots",
        "cached_tokens",
        "completion_tokens",
        "errors",
        "in_flight",
        "limit",
        "name",
        "prompt_tokens",
        "replies",
        "window",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.in_flight = self.replies = self.errors = 0
        self.prompt_tokens = self.completion_tokens = self.cached_tokens = 0
        self.window = Window(10.0)
        self._latencies: deque[float] = deque(maxlen=LATENCIES_KEPT)
        self._firsts: deque[float] = deque(maxlen=LATENCIES_KEPT)
        self.limit = 0
        self._slots: dict[SlotLabel, float] = {}
        self._limits: dict[str, float] = {}
        self._lately: deque[SlotTime] = deque(maxlen=SLOT_TIMES_KEPT)

    def done(self, event: RequestDone) -> None:
        self.in_flight = max(0, self.in_flight - 1)
        self.replies += 1
        self.prompt_tokens += event.prompt_tokens
        self.completion_tokens += event.completion_tokens
        self.cached_tokens += event.cached_tokens
        self._latencies.append(event.seconds)
        if event.first_token is not None:
            self._firsts.append(event.first_token)

    def failed(self) -> None:
        self.in_flight = max(0, self.in_flight - 1)
        self.errors += 1

    def hedged(self) -> None:
        self.in_flight = max(0, self.in_flight - 1)

    def slot_time(self, event: SlotTime) -> None:
        self.limit = event.limit
        self._lately.append(event)
        add(self._slots, event.seconds)
        add(self._limits, event.limits)

    def view(self) -> EndpointView:
        (replies_per_s,) = self.window.per_second(1)
        return EndpointView(
            name=self.name,
            in_flight=self.in_flight,
            replies=self.replies,
            replies_per_s=replies_per_s,
            p50_s=median(self._latencies) if self._latencies else None,
            first_p50_s=median(self._firsts) if self._firsts else None,
            errors=self.errors,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            cached_tokens=self.cached_tokens,
            limit=self.limit,
            idle_now=self._idle_now(),
            idle=reasons(self._slots, self._limits),
        )

    def _idle_now(self) -> tuple[Idle, ...]:
        seconds: dict[SlotLabel, float] = {}
        limits: dict[str, float] = {}
        for event in self._lately:
            add(seconds, event.seconds)
            add(limits, event.limits)
        return reasons(seconds, limits)


def add(sums: dict[K, float], more: Mapping[K, float]) -> None:
    for name, value in more.items():
        sums[name] = sums.get(name, 0.0) + value
