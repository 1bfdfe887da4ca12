"""How much of a request's time at a server is waiting in its queue, as first tokens tell.

What the first token takes beyond the least it took lately is waiting, or else the prompts have
become longer. Sending less tells which: a queue then shortens, and what does not was none.
"""

from __future__ import annotations

import math

DRIFT = 1.02
"""By so much a look the least is forgotten: servers and prompts change."""
SURE = 0.25
"""Share of a reply's time above which it is a queue: prefill beside others takes some, too."""
LEFT = 0.1
"""Waiting over running that is left: enough that no slot waits for a request."""
FEWER = 0.5
"""Share of what was in flight at which a queue must have shortened."""
SHORTER = 0.8
"""And the share of the time to the first token that may be left then, at most."""


class Backlog:
    def __init__(self) -> None:
        self._least = math.inf
        self._cut: tuple[float, float] | None = None
        """Seconds to the first token, and in flight, when less began to be sent."""

    def level(self, first: float, seconds: float, in_flight: float) -> float | None:
        """How many should be in flight: fewer where a queue stands, as many as once where sending
        fewer has shortened none; None where first tokens ask for no change.

        `first` and `seconds` are means over some replies, to the first token and to the last.
        """
        self._least = min(self._least, first)
        waiting = (first - self._least) / seconds
        if waiting <= SURE:
            self._cut = None
            return None
        before, had = self._cut = self._cut or (first, in_flight)
        if in_flight <= FEWER * had and first > SHORTER * before:
            self._least, self._cut = first, None
            return had
        return in_flight * (1.0 - waiting + LEFT)

    def age(self) -> None:
        """A look has passed."""
        self._least *= DRIFT
