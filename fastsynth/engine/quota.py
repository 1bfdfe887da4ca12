"""Which job next, when it is enough, and which accepted conversations are the data set.

The data set is, in order of the job numbers, the first new conversations of each stratum up to its
target, every job below the last one needed having ended: the same at any width and in any order
of completion. Synchronous; knows nothing of what a job does.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from fastsynth.engine.apportion import apportion
from fastsynth.engine.novelty import Novelty
from fastsynth.engine.seen import Seen, word
from fastsynth.engine.stratum import (
    ACCEPTED,
    CHOSEN,
    DRY,
    FLIGHT,
    HOLE,
    OPEN,
    REJECTED,
    REPEAT,
    Stratum,
)

Tag = Literal["accepted", "rejected", "failed"]
Verdict = Literal["accepted", "rejected", "failed", "duplicate"]
LEAST_MISSING = 0.5
"""Conversations a stratum must expect to miss before another job of it is begun."""
PATIENCE = 200
"""A run without one accepted conversation ends after max(this, wanted) settled jobs."""


class Job(msgspec.Struct, frozen=True):
    number: int
    """index * (number of strata) + the stratum's position in config order."""
    stratum: str
    index: int
    turns: int = 0
    """Turns its conversation must have; 0 where the run leaves that to the job."""

    @property
    def stream(self) -> str:
        """The numbered stream that `index` counts in."""
        return f"{self.stratum}/{self.turns}" if self.turns else self.stratum


Cell = tuple[str, int]
"""(stratum, turns of its conversations; 0 for any)"""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where one stratum stands."""

    stratum: str
    target: int
    chosen: int
    finished: int
    accepted: int
    in_flight: int
    dry: int
    """Jobs that brought nothing, in a row, at the end of those that ended without a gap."""
    closed: str
    """`full`, `hopeless: ...`, `nothing accepted ...`, or "" while jobs are still wanted."""


class Quota:
    def __init__(
        self,
        wanted: int,
        weights: Mapping[str, float],
        novelty: Novelty | None = None,
        cells: Mapping[Cell, int] | None = None,
    ) -> None:
        """`novelty`: what must be new beside the content; None asks for nothing more. `cells`:
        targets that sum to `wanted`, by stratum and turns, where the turns have quotas as well."""
        if cells is None:
            cells = {(name, 0): target for name, target in apportion(wanted, weights).items()}
        self._cells = tuple(cells)
        self._strata = [
            Stratum(f"{name}/{turns}" if turns else name, target)
            for (name, turns), target in cells.items()
        ]
        self._wanted = wanted
        self._novelty = novelty
        self._seen = Seen()
        self._clash: dict[int, int] = {}
        """Unsettled job -> content word, for contents that more than one job brought."""
        self._taken: set[int] = set()
        """Of those contents, the ones already in the data set."""
        self._next = 0
        """Job numbers below it are settled."""
        self._decided = 0
        self._settle()

    def next(self) -> Job | None:
        """The next job to run; None when those in flight are expected to do, or all is done."""
        overall = self._overall()
        best: tuple[float, int] | None = None
        chosen = 0
        for position, stratum in enumerate(self._strata):
            if stratum.closed:
                continue
            missing = stratum.deficit(overall)
            score = missing / stratum.target if missing >= LEAST_MISSING else 0.0
            if score <= 0 and stratum.owed():
                score = 2.0
            rank = (score, -len(stratum.states))
            if score > 0 and (best is None or rank > best) and not stratum.paused():
                best, chosen = rank, position
        if best is None:
            return None
        stratum = self._strata[chosen]
        index = stratum.take()
        name, turns = self._cells[chosen]
        return Job(index * len(self._strata) + chosen, name, index, turns)

    def record(
        self, job: int, tag: Tag, content_hash: str = "", plan_hash: str = "", near: str = ""
    ) -> Verdict:
        """The end of a job, of this run or (in any order, before the first `next`) of the journal.

        A failed job is no outcome: it is handed out again. Only the first end of a job counts.
        """
        stratum, index = self._at(job)
        state = stratum.state(index)
        if state == FLIGHT:
            stratum.flight -= 1
        elif state != OPEN:
            return "duplicate" if tag == "accepted" else tag
        elif tag == "failed":
            return tag
        verdict = self._mark(stratum, index, job, tag, content_hash)
        if self._novelty and tag != "failed":
            self._novelty.hold(job, stratum.name, plan_hash, near)
        if job == self._next:
            self._settle()
        return verdict

    def finished(self, job: int) -> bool:
        stratum, index = self._at(job)
        return stratum.state(index) in (REJECTED, ACCEPTED, REPEAT, CHOSEN)

    @property
    def complete(self) -> bool:
        """Nothing that may still happen could change the data set."""
        return all(stratum.closed for stratum in self._strata)

    @property
    def selected(self) -> int:
        """Conversations that are in the data set for sure."""
        return sum(stratum.chosen for stratum in self._strata)

    @property
    def accepted(self) -> int:
        """Accepted and new so far, in order of arrival: for showing progress."""
        return sum(stratum.good for stratum in self._strata)

    def chosen(self) -> array[int]:
        """Job numbers of the data set, ascending."""
        return array("Q", sorted(self._jobs_in((CHOSEN,))))

    def pass_over(self) -> int:
        """Decides all that has ended as if jobs without an end had brought nothing, and returns
        how many conversations that adds. The last thing asked of a quota: no job ends after it."""
        before, count = self.selected, len(self._strata)
        self._settle(max((len(stratum.states) for stratum in self._strata), default=0) * count)
        return self.selected - before

    def needed(self, job: int) -> bool:
        """Whether the job lies at or below the last one its stratum needed: not overshoot."""
        stratum, index = self._at(job)
        return not stratum.closed or index <= stratum.last

    def holes(self) -> list[int]:
        """Jobs without an outcome that the data set would have waited for, ascending."""
        return sorted(filter(self.needed, self._jobs_in((OPEN, FLIGHT, HOLE))))

    def standings(self) -> tuple[Standing, ...]:
        return tuple(
            Standing(
                stratum=s.name,
                target=s.target,
                chosen=s.chosen,
                finished=s.finished,
                accepted=s.good,
                in_flight=s.flight,
                dry=s.barren(),
                closed=s.closed,
            )
            for s in self._strata
        )

    def _at(self, job: int) -> tuple[Stratum, int]:
        index, position = divmod(job, len(self._strata))
        return self._strata[position], index

    def _jobs_in(self, states: tuple[int, ...]) -> Iterator[int]:
        count = len(self._strata)
        for position, stratum in enumerate(self._strata):
            yield from (index * count + position for index in stratum.find(states))

    def _overall(self) -> float:
        """Share accepted of all that ended; three in four before anything has. A guess too high
        costs a small run another wave, one too low pays for conversations that it throws away."""
        good = sum(stratum.good for stratum in self._strata)
        return (good + 3.0) / (sum(stratum.finished for stratum in self._strata) + 4.0)

    def _mark(self, stratum: Stratum, index: int, job: int, tag: Tag, content: str) -> Verdict:
        if tag == "failed":
            stratum.fail(index)
            return tag
        stratum.finished += 1
        if tag == "rejected":
            stratum.put(index, REJECTED)
            return tag
        key = word(content)
        first = self._seen.first(key, job)
        if first is None:
            stratum.put(index, ACCEPTED)
            stratum.good += 1
            return "accepted"
        stratum.put(index, REPEAT)
        if key not in self._taken and job >= self._next:
            self._clash[job] = key
            other, at = self._at(first)
            if other.state(at) == CHOSEN:
                self._taken.add(key)
            elif first >= self._next:
                self._clash[first] = key
        return "duplicate"

    def _settle(self, gaps_below: int = 0) -> None:
        """Decides jobs in order of their numbers, as far as there is no gap at or above a job."""
        while not self.complete:
            stratum, index = self._at(self._next)
            if not stratum.closed:
                state = stratum.state(index)
                if state in (OPEN, FLIGHT):
                    if self._next >= gaps_below:
                        return
                    state = HOLE
                self._decide(stratum, index, state)
                stratum.settled = index + 1
            self._next += 1

    def _decide(self, stratum: Stratum, index: int, state: int) -> None:
        if state == HOLE:
            return
        old = self._novelty and self._novelty.settle(self._next, state != REJECTED)
        chosen = state != REJECTED and self._choose(stratum, index, state, not old)
        if self._novelty:
            self._novelty.keep(self._next, chosen)
        self._decided += 1
        stratum.dry = 0 if chosen else stratum.dry + 1
        if stratum.chosen == stratum.target:
            stratum.closed, stratum.last = "full", index
        elif stratum.dry >= DRY:
            stratum.closed = f"hopeless: nothing new in {DRY} jobs in a row"
            stratum.last = index
        if self._decided >= max(PATIENCE, self._wanted) and not self.selected:
            self._give_up()

    def _choose(self, stratum: Stratum, index: int, state: int, new: bool) -> bool:
        key = self._clash.pop(self._next, None)
        if not new or (key is not None and key in self._taken):
            if state == ACCEPTED:
                stratum.put(index, REPEAT)
                stratum.good -= 1
            return False
        if key is not None:
            self._taken.add(key)
        elif state == REPEAT:
            return False
        stratum.put(index, CHOSEN)
        stratum.good += state == REPEAT
        stratum.chosen += 1
        return True

    def _give_up(self) -> None:
        for position, stratum in enumerate(self._strata):
            if not stratum.closed:
                stratum.closed = f"nothing accepted in {self._decided} jobs"
                stratum.last = (self._next - position) // len(self._strata)
