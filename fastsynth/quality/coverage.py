"""Which tools a data set reaches: as the target of a turn, in a ground truth, on the tool list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from fastsynth.quality.figure import Figure, ratio
from fastsynth.quality.scene import RowScene


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to one tool."""

    tool: str
    part: str
    targets: int
    """Turns walked to it."""
    calls: int
    """Ground-truth calls."""
    offered: int
    """Conversations that show it."""


class Coverage:
    def __init__(self, tools: Mapping[str, str] | None = None) -> None:
        """`tools`: name -> part, of all tools there are; None takes those that rows show."""
        self._parts = dict(tools or {})
        self._known = tools is not None
        self._targets: Counter[str] = Counter()
        self._calls: Counter[str] = Counter()
        self._offered: Counter[str] = Counter()

    def add(self, scene: RowScene) -> None:
        self._offered.update(list(scene.tools))
        for turn in scene.turns:
            self._targets[turn.target] += bool(turn.target)
            self._calls.update(call.tool for call in turn.calls)

    def table(self) -> list[Reach]:
        """By part, then name."""
        names = self._parts if self._known else dict.fromkeys(self._offered, "")
        return sorted(
            (
                Reach(
                    tool=name,
                    part=part,
                    targets=self._targets[name],
                    calls=self._calls[name],
                    offered=self._offered[name],
                )
                for name, part in names.items()
            ),
            key=lambda reach: (reach.part, reach.tool),
        )

    def missed(self) -> list[str]:
        return [reach.tool for reach in self.table() if not reach.targets]

    def figures(self) -> Iterator[Figure]:
        table, missed = self.table(), self.missed()
        yield Figure(
            name="tools that are a target",
            value=ratio(len(table) - len(missed), len(table)),
            low=0.95,
            meaning="tools that at least one kept turn was walked to",
            detail=f"never: {', '.join(missed[:12])}" if missed else "",
            base=len(table),
        )
