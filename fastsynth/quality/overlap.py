"""How much of a data set's user turns stands in benchmarks, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from fastsynth.method.conversation.decontaminate import Benchmarks
from fastsynth.quality.figure import Figure, ratio
from fastsynth.quality.scene import RowScene

SHOWN = 100


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    row: str
    turn: int
    benchmark: str
    words: str
    share: float


class Contamination:
    def __init__(self, benchmarks: Benchmarks) -> None:
        self._benchmarks = benchmarks
        self._turns = self._shared = 0
        self._by: Counter[str] = Counter()
        self.hits: list[Hit] = []
        """The first of them, for the report."""

    def add(self, scene: RowScene) -> None:
        for turn in scene.turns if self._benchmarks else ():
            self._turns += 1
            found = self._benchmarks.overlap(turn.query)
            if found is None:
                continue
            self._shared += 1
            self._by[found.benchmark] += 1
            if len(self.hits) < SHOWN:
                self.hits.append(
                    Hit(
                        row=scene.row.id,
                        turn=turn.number,
                        benchmark=found.benchmark,
                        words=found.words,
                        share=round(found.share, 3),
                    )
                )

    def figures(self) -> Iterator[Figure]:
        names = ", ".join(f"{Path(name).name} {n}" for name, n in self._by.most_common())
        yield Figure(
            name="contaminated user turns",
            value=ratio(self._shared, self._turns),
            high=0.0,
            meaning="user turns that share a run of eight words with a benchmark",
            detail=names if self._benchmarks else "needs benchmarks: --against bfcl",
            base=self._turns,
        )
