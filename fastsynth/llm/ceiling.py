"""At most how many may be in flight, as far as refusals tell (429, 503, 529).

After a refusal the ceiling stands just under what the server held then, comes back to that, stays
near it, and only then feels its way above: the window of CUBIC (RFC 9438, section 4.2), in time
spent at the ceiling. A refusal soon after another cuts deeper: the server has become smaller.
"""

from __future__ import annotations

GENTLE = 0.05
"""Share cut by a refusal that comes alone: the price of having looked for more."""
DEEP = 0.3
"""Share cut by one that follows another before the ceiling had come back."""
BACK = 5.0
"""Seconds at the ceiling until it is where it was; after twice that it is `GENTLE` above, after
three times 1.4 times it, after four 2.4 times."""


class Ceiling:
    def __init__(self, most: int) -> None:
        self.most = most
        self._peak = float(most)
        self._cut = 0.0
        self._full = 0.0

    @property
    def value(self) -> int:
        """In flight at most, from 1 to `most`."""
        if not self._cut:
            return self.most
        grown = self._peak * (1.0 + self._cut * (self._full / BACK - 1.0) ** 3)
        return max(1, min(self.most, round(grown)))

    @property
    def free(self) -> bool:
        """Whether refusals bound nothing: there were none, or it has grown back to `most`."""
        return self.value >= self.most

    def refused(self, held: int) -> None:
        """The first refusal of a burst, while the server held `held` others of ours."""
        deep = self._cut > 0.0 and self._full < BACK / 2
        self._peak = float(max(1, min(held, self.value)))
        self._cut = DEEP if deep else GENTLE
        self._full = 0.0

    def refused_too(self, held: int) -> None:
        """One more of the same burst: what is left now is nearer to what the server takes."""
        self._peak = max(1.0, min(self._peak, float(held)))

    def stood(self, seconds: float) -> None:
        """So long as many were in flight as it lets, and the server refused none."""
        if self._cut:
            self._full += seconds
            if self.value >= self.most:
                self._cut = 0.0
