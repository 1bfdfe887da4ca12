"""How late the event loop wakes a sleeper: what shows that the harness starves its own loop."""

from __future__ import annotations

import math

import anyio
import msgspec

INTERVAL = 0.05
_STEPS = 10
"""Histogram buckets per factor of ten: a percentile is read to within 26%."""
_LEAST = 1e-5


class Lag(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds."""

    p50: float = 0.0
    p99: float = 0.0
    max: float = 0.0
    samples: int = 0


class LagGauge:
    def __init__(self) -> None:
        self._counts = [0] * (8 * _STEPS)
        self._max = 0.0
        self._samples = 0

    async def run(self) -> None:
        """Measures until cancelled."""
        while True:
            due = anyio.current_time() + INTERVAL
            await anyio.sleep(INTERVAL)
            self.add(anyio.current_time() - due)

    def add(self, late: float) -> None:
        late = max(late, 0.0)
        bucket = math.ceil(_STEPS * math.log10(late / _LEAST)) if late > _LEAST else 0
        self._counts[min(bucket, len(self._counts) - 1)] += 1
        self._max = max(self._max, late)
        self._samples += 1

    def read(self) -> Lag:
        return Lag(
            p50=self._percentile(0.5),
            p99=self._percentile(0.99),
            max=self._max,
            samples=self._samples,
        )

    def _percentile(self, share: float) -> float:
        left = share * self._samples
        for bucket, count in enumerate(self._counts):
            left -= count
            if left <= 0 and count:
                return min(self._max, _LEAST * 10 ** (bucket / _STEPS))
        return self._max
