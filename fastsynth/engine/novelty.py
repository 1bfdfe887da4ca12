"""What must be new about a conversation beside its content: its plan and its queries.

Judged in order of the job numbers, so that the verdict is the same at any width. A plan is old if
any earlier job of its stratum had it, whatever became of that job; queries are old if most of them
come near a query of the data set.
"""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from typing import Literal

import msgspec

from fastsynth.engine.seen import Seen, word
from fastsynth.engine.wordset import WordSet

BAND_BYTES = 6
"""Of a band's hash: among 30 million bands one is met by chance with 1e-7."""
BANDS = 8
FEWEST_OLD = 2
"""One query alone may well be asked again about something else."""
Old = Literal["repeated_plan", "near_duplicate"]


class _Brought(msgspec.Struct, frozen=True, gc=False):
    plan: int
    """0 where the job came to no plan."""
    near: str


class Novelty:
    """Holds what unsettled jobs brought, and what settled ones used up: 13 bytes a plan in memory,
    about 130 a query in a file."""

    def __init__(self, folder: Path | None = None) -> None:
        self.counts: dict[str, int] = {"repeated_plan": 0, "near_duplicate": 0}
        """Reason -> accepted jobs that are left out for it, although their content is new."""
        self._held: dict[int, _Brought] = {}
        self._plans = Seen()
        self._bands = WordSet(folder)

    def hold(self, job: int, stratum: str, plan_hash: str, near: str) -> None:
        """What a job brought, before it is settled. `near`: base64 of the bands of its queries."""
        if plan_hash or near:
            plan = word(f"{stratum}:{plan_hash}") if plan_hash else 0
            self._held[job] = _Brought(plan, near)

    def settle(self, job: int, accepted: bool) -> Old | None:
        """Why the job cannot be in the data set, or None. To be asked in order of job numbers."""
        brought = self._held.get(job)
        if brought is None:
            return None
        first = self._plans.first(brought.plan, job) if brought.plan else None
        old: Old | None = None
        if first is not None and first != job:
            old = "repeated_plan"
        elif self._is_near(brought.near):
            old = "near_duplicate"
        if accepted and old is not None:
            self.counts[old] += 1
        return old

    def keep(self, job: int, chosen: bool) -> None:
        """Ends a settled job; the queries of a chosen one are used up."""
        brought = self._held.pop(job, None)
        if brought is not None and chosen:
            for query in _queries(brought.near):
                for band in query:
                    self._bands.add(band)

    def close(self) -> None:
        self._bands.close()

    def _is_near(self, near: str) -> bool:
        queries = _queries(near)
        met = sum(any(band in self._bands for band in query) for query in queries)
        return met >= FEWEST_OLD and 2 * met > len(queries)


class Plans:
    """Plans of this run and its journal, known before any token is paid for."""

    def __init__(self) -> None:
        self._seen = Seen()

    def claim(self, job: int, stratum: str, plan_hash: str) -> bool:
        """False where an earlier job of the stratum has this plan. A later one that had it first
        is left to `Novelty`: the earlier job wins at any width."""
        first = self._seen.first(word(f"{stratum}:{plan_hash}"), job)
        return first is None or first >= job


def _queries(near: str) -> list[list[int]]:
    """The bands of each query, a band's number in its word, so that only like bands meet."""
    raw = b64decode(near)
    words = [
        int.from_bytes(raw[at : at + BAND_BYTES], "little") | at // BAND_BYTES % BANDS << 48
        for at in range(0, len(raw), BAND_BYTES)
    ]
    return [words[at : at + BANDS] for at in range(0, len(words), BANDS)]
