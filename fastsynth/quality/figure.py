"""One measured figure of a data set: its value, what it means, and when to worry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Protocol

import msgspec

from fastsynth.quality.scene import RowScene

Unit = Literal["share", "number"]
Verdict = Literal["good", "warning", "not measured"]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    value: float | None
    """None where the data cannot say; `meaning` or `detail` then tells what would be needed."""
    unit: Unit = "share"
    """`share`: in [0, 1]."""
    low: float | None = None
    """Below it, be warned."""
    high: float | None = None
    """Above it, be warned."""
    meaning: str
    detail: str = ""
    base: int = 0
    """How many turns, calls or values the figure is over."""
    section: str = ""
    """Heading it stands under; "" at the top of the card."""

    @property
    def verdict(self) -> Verdict:
        if self.value is None:
            return "not measured"
        under = self.low is not None and self.value < self.low
        over = self.high is not None and self.value > self.high
        return "warning" if under or over else "good"

    @property
    def shown(self) -> str:
        if self.value is None:
            return "-"
        return f"{100 * self.value:.1f}%" if self.unit == "share" else f"{self.value:,.2f}"

    @property
    def wanted(self) -> str:
        bounds = [("at least", self.low), ("at most", self.high)]
        return ", ".join(
            f"{word} {100 * bound:g}%" if self.unit == "share" else f"{word} {bound:g}"
            for word, bound in bounds
            if bound is not None
        )


class Measure(Protocol):
    """Sees every row once, in order, then says its figures. Memory is bounded by its counters."""

    def add(self, scene: RowScene) -> None: ...

    def figures(self) -> Iterable[Figure]: ...


def ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
