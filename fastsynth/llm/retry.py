"""How long to wait before the same request is sent again, and how often.

Owns resets, time-outs, 5xx other than 503 and 529, and bodies that are no completion: a server
that sends rubbish now and then costs time, not data. The draws are the request's own: two requests
that fail together do not come back together.
"""

from __future__ import annotations

from random import Random

from fastsynth import seeds

FIRST = 0.5
CAP = 30.0


class Retries:
    """The retries of one request. `allow` counts one failure and says whether to go on."""

    def __init__(self, key: bytes, limit: int) -> None:
        self._key = key
        self._drawn: Random | None = None
        self._limit = limit
        self.failures = 0
        self.only_malformed = True
        """Whether each failure was a body that is no completion: what the request itself calls
        forth, as far as anybody can tell, and no outage."""
        self.only_spoilt = True
        """The same, web pages included."""

    def allow(self, cause: str) -> bool:
        self.failures += 1
        self.only_malformed &= cause == "malformed"
        self.only_spoilt &= cause in ("malformed", "html")
        return self.failures <= self._limit

    def pause(self) -> float:
        """Seconds after a failed connection, which counts for the breaker and not here."""
        return self._random().uniform(0.0, FIRST)

    def delay(self) -> float:
        """Seconds, full jitter: uniform up to an exponential bound."""
        return self._random().uniform(0.0, min(CAP, FIRST * 2.0 ** (self.failures - 1)))

    def _random(self) -> Random:
        """A generator takes 2.5 KB, and most requests never fail."""
        if self._drawn is None:
            self._drawn = seeds.derive("retry", self._key.hex())
        return self._drawn
