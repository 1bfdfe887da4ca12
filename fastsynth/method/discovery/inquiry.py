"""How far the search for a graph is: counters, for whoever shows them to read at a pace of his own.
Nothing here reads a clock or makes text."""

from __future__ import annotations

from typing import Literal

import msgspec

Stage = Literal["", "running every tool", "orders", "parameters", "running every tool twice"]


class Inquiry(msgspec.Struct, kw_only=True):
    """Counts since the start of the search; `stage` is "" where nothing is looked for."""

    stage: Stage = ""
    scenario: int = 0
    """The initial state that is worked on, from 1."""
    scenarios: int = 0
    calls: int = 0
    """Made so far, in all scenarios."""
    most: int = 0
    """Calls that may be made in all scenarios together."""
    done: int = 0
    """Of `total` things of the stage: tools that ran, parameters that were tried."""
    total: int = 0
    before: int = 0
    """Calls made until the present scenario began."""

    def begin(self, scenario: int, scenarios: int, most: int) -> None:
        self.scenario, self.scenarios, self.most = scenario, scenarios, most * scenarios
        self.before = self.calls

    def enter(self, stage: Stage, total: int = 0) -> None:
        self.stage, self.done, self.total = stage, 0, total

    def end(self) -> None:
        self.enter("")

    @property
    def expected(self) -> int:
        """Calls that all scenarios will have taken, by those that have ended; `most` before."""
        ended = self.scenario - 1
        if ended < 1:
            return self.most
        return min(self.most, max(self.calls, self.before * self.scenarios // ended))
