"""A sliding window: never more than `limit` units in any `span` seconds, by the caller's clock."""

from __future__ import annotations

from collections import deque

SPAN = 60.5
"""A minute and half a second: what leaves here a minute apart may arrive closer together."""


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

    def delay(self, now: float, amount: float) -> float:
        """Seconds until `amount` fits; 0 when it does. More than the limit fits an empty window."""
        self._expire(now)
        excess = self.total + min(amount, self.limit) - self.limit
        if excess <= 0 or not self._entries:
            return 0.0
        for entry in self._entries:
            excess -= entry.amount
            if excess <= 1e-9:
                break
        return max(entry.at + self._span - now, 1e-6)

    def take(self, now: float, amount: float) -> Entry:
        entry = Entry(now, amount)
        self._entries.append(entry)
        self.total += amount
        return entry

    def settle(self, now: float, entry: Entry, amount: float) -> None:
        """Puts the true amount in place of the estimate, unless the entry has left the window."""
        self._expire(now)
        if entry.at + self._span > now:
            self.total += amount - entry.amount
            entry.amount = amount

    def _expire(self, now: float) -> None:
        entries = self._entries
        while entries and entries[0].at + self._span <= now:
            self.total -= entries.popleft().amount
        if not entries:
            self.total = 0.0
