"""A sliding window: never more than `limit` units in any `span` seconds, by the caller's clock.

What it lets through is spread over the span: a burst that the network delays by more than the
half second of `SPAN` would meet the next one within a minute of the server's clock.
"""

from __future__ import annotations

import math
from collections import deque

SPAN = 60.5
"""A minute and half a second: what leaves here a minute apart may arrive closer together."""

BURST = 0.05
"""Share of the limit that may go at once after a rest, and is not lost by it."""

EVEN = 0.85
"""Share of the span over which its limit is spread: the window stays what binds."""


class Entry:
    """Units taken at one time; settled later, when the true amount is known."""

    __slots__ = ("amount", "at")

    def __init__(self, at: float, amount: float) -> None:
        self.at = at
        self.amount = amount


class Window:
    """State changes are synchronous; times must not decrease."""

    def __init__(self, limit: float, span: float = SPAN) -> None:
        self.limit = limit
        self._span = span
        self._entries: deque[Entry] = deque()
        self.total = 0.0
        self._paid = -math.inf
        """Until when the even rate has been used."""

    def delay(self, now: float, amount: float) -> float:
        """Seconds until `amount` fits; 0 when it does. More than the limit fits an empty window."""
        self._expire(now)
        early = max(0.0, self._paid - now)
        excess = self.total + min(amount, self.limit) - self.limit
        if excess <= 0 or not self._entries:
            return early
        for entry in self._entries:
            excess -= entry.amount
            if excess <= 1e-9:
                break
        return max(entry.at + self._span - now, early, 1e-6)

    def take(self, now: float, amount: float) -> Entry:
        entry = Entry(now, amount)
        self._entries.append(entry)
        self.total += amount
        self._paid = max(self._paid, now - BURST * self._span) + self._even(amount)
        return entry

    def settle(self, now: float, entry: Entry, amount: float) -> None:
        """Puts the true amount in place of the estimate, unless the entry has left the window."""
        self._expire(now)
        if entry.at + self._span > now:
            self.total += amount - entry.amount
            self._paid += self._even(amount) - self._even(entry.amount)
            entry.amount = amount

    def _even(self, amount: float) -> float:
        """Seconds that `amount` takes at the even rate."""
        return EVEN * min(amount, self.limit) * self._span / self.limit

    def _expire(self, now: float) -> None:
        entries = self._entries
        while entries and entries[0].at + self._span <= now:
            self.total -= entries.popleft().amount
        if not entries:
            self.total = 0.0
