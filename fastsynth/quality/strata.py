"""Acceptance per stratum, from the manifest: where few survive, those that do are the easy ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fastsynth.quality.figure import Figure
from fastsynth.store.manifest import Manifest

FEWEST = 20
"""Ended jobs that make a rate worth comparing."""


def counted(manifest: Manifest) -> Counter[str]:
    """Conversations of the data set by kind, whatever sizes its strata tell apart."""
    found: Counter[str] = Counter()
    for stratum in manifest.strata:
        found[stratum.stratum.partition("/")[0]] += stratum.chosen
    return found


def acceptance(manifest: Manifest) -> Iterator[Figure]:
    """The lowest stratum's acceptance against that of all that are large enough to have one."""
    ended: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for stratum in manifest.strata:
        kind = stratum.stratum.partition("/")[0]
        ended[kind] += stratum.finished
        accepted[kind] += stratum.accepted
    rates = {kind: accepted[kind] / jobs for kind, jobs in ended.items() if jobs >= FEWEST}
    finished = ended.total()
    known = sum(ended[kind] for kind in rates)
    overall = sum(accepted[kind] for kind in rates) / known if known else 0.0
    lowest = min(rates.values(), default=0.0)
    yield Figure(
        name="survivor bias",
        value=lowest / overall if rates and overall else None,
        low=0.5,
        meaning="acceptance of the stratum with the lowest, relative to that of all told here",
        detail=", ".join(
            f"{name} {100 * rate:.0f}%" for name, rate in sorted(rates.items(), key=lambda r: r[1])
        )
        or f"needs {FEWEST} ended jobs of a stratum",
        base=finished,
    )
