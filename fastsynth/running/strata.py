"""The strata of a run: how they are counted in its manifest, and which of them bring nothing.

A stratum that no job can fill is given up by the quota. That is told before it comes to pass, while
there is something to be done about it, and when it has.
"""

from __future__ import annotations

from collections import Counter

from fastsynth.engine.quota import Quota, Standing
from fastsynth.engine.stratum import DRY
from fastsynth.events import Bus, Event, JobFinished, Note
from fastsynth.store.manifest import StratumCount

EARLY = DRY // 4


def kind_of(standing: Standing) -> str:
    """The stratum as jobs and events name it: without the turns that have quotas of their own."""
    return standing.stratum.partition("/")[0]


def sums(quota: Quota) -> tuple[dict[str, int], dict[str, int]]:
    """Stratum -> wanted, and accepted so far as far as it is wanted."""
    targets, had = Counter[str](), Counter[str]()
    for each in quota.standings():
        targets[kind_of(each)] += each.target
        had[kind_of(each)] += min(each.accepted, each.target)
    return dict(targets), dict(had)


def strata_counts(quota: Quota) -> tuple[StratumCount, ...]:
    return tuple(
        StratumCount(
            stratum=s.stratum,
            target=s.target,
            chosen=s.chosen,
            finished=s.finished,
            accepted=s.accepted,
            closed=s.closed,
        )
        for s in quota.standings()
    )


class Drought:
    """Listens to jobs; `look`, called now and then, emits a note on each stratum that is dry."""

    def __init__(self, quota: Quota, bus: Bus) -> None:
        self._quota, self._bus = quota, bus
        self._reasons: dict[str, Counter[str]] = {}
        self._said = {s.stratum for s in quota.standings() if s.closed}
        self._warned = set[str]()

    def listen(self, event: Event) -> None:
        if isinstance(event, JobFinished) and event.outcome in ("rejected", "duplicate"):
            why = f"{event.stage or 'filter'}: {event.reason or 'duplicate'}"
            self._reasons.setdefault(event.stratum, Counter())[why] += 1

    def look(self) -> None:
        for each in self._quota.standings():
            if each.closed not in ("", "full") and each.stratum not in self._said:
                self._said.add(each.stratum)
                self._tell(each, f"given up, {each.closed.removeprefix('hopeless: ')}")
            elif not each.closed and each.dry >= EARLY and each.stratum not in self._warned:
                self._warned.add(each.stratum)
                text = f"nothing new in {each.dry} jobs in a row, given up after {DRY}"
                self._tell(each, text)

    def _tell(self, standing: Standing, what: str) -> None:
        reasons = self._reasons.get(kind_of(standing), Counter[str]()).most_common(2)
        why = "; mostly " + ", ".join(f"{why} {count:,}" for why, count in reasons)
        have = f"{standing.chosen:,} of {standing.target:,}"
        text = f"{standing.stratum} ({have}): {what}{why if reasons else ''}"
        self._bus.emit(Note(text=text, level="warning"))
