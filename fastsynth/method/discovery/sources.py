"""Values that calls gave, and which of them to try in a parameter.

All of them where the calls suffice; over hundreds of tools, those that look like a value that
works there (the same, of the same form) and those whose names speak for it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest
from itertools import accumulate
from typing import Any

import msgspec

from fastsynth.env import paths
from fastsynth.env.environment import Tool
from fastsynth.method.discovery.points import Success
from fastsynth.method.discovery.pool import fits
from fastsynth.method.discovery.probes import leaves_of
from fastsynth.method.discovery.proposals import Place, alike
from fastsynth.method.discovery.similarity import likeness, telling
from fastsynth.records import canonical

PER_PATH = 4
"""Values tried of one result path, in one scenario."""
SAME, FORM, OWNER = 4.0, 1.0, 0.5
"""What it weighs, beside likeness of names up to 1, that a value is one that works, that it is
formed like it, and how alike the tools are called."""
_DIGITS = re.compile(r"\d+")


class Source(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A value a call gave, and the call; `mutates` means that the call is part of the state."""

    place: Place
    value: Any
    run: Success


class Sources:
    """All values of one scenario's results."""

    def __init__(self, runs: Iterable[Success], tools: Mapping[str, Tool]) -> None:
        self._all = [source for run in runs for source in sources_of(run, tools)]
        self._fitting: dict[str, list[Source]] = {}
        self._formed: dict[str, list[Source]] = {}
        self._named: dict[str, list[Source]] = {}
        for source in self._all:
            self._formed.setdefault(form_of(source.value), []).append(source)
            for word in telling(" ".join(source.place)):
                self._named.setdefault(word, []).append(source)

    def fitting(self, schema: Mapping[str, Any]) -> list[Source]:
        """Those whose type and limits a schema allows, in the order in which they were seen."""
        mark = canonical(schema)
        found = self._fitting.get(mark)
        if found is None:
            found = [source for source in self._all if fits(source.value, schema)]
            self._fitting[mark] = found
        return found

    def nearest(
        self, place: Place, own: Any, schema: Mapping[str, Any], most: int
    ) -> Sequence[Source]:
        """At most `most` of those that fit, the likeliest first where they are not all. `own`: a
        value that works there; None where none is known."""
        every = self.fitting(schema)
        if len(every) <= most:
            return every
        form, close = form_of(own), dict[Place, float]()
        near = dict.fromkeys(self._formed.get(form, ()))
        for word in telling(" ".join(place)):
            near.update(dict.fromkeys(self._named.get(word, ())))
        scored = []
        for number, source in enumerate(near):
            if source.place[0] == place[0] or not fits(source.value, schema):
                continue
            if source.place not in close:
                owned = likeness(" ".join(source.place), " ".join(place))
                close[source.place] = alike(source.place, place) + OWNER * owned
            same, formed = source.value == own, form_of(source.value) == form
            score = SAME * same + FORM * formed + close[source.place]
            scored.append((score, -number, source))
        return [source for _, _, source in nlargest(most, scored)]


def sources_of(run: Success, tools: Mapping[str, Tool]) -> list[Source]:
    """The values of a result that its call did not hold already."""
    held = {canonical(value) for _, value in paths.leaves(run.arguments)}
    count: dict[str, int] = {}
    found: list[Source] = []
    for path, value in leaves_of(run, tools[run.tool]):
        pattern = paths.pattern(path)
        if isinstance(value, bool) or value in (None, "") or canonical(value) in held:
            continue
        count[pattern] = count.get(pattern, 0) + 1
        if count[pattern] <= PER_PATH:
            found.append(Source(place=(run.tool, pattern), value=value, run=run))
    return found


def form_of(value: Any) -> str:
    """Alike for values that differ in their digits only: `CUS-1402` and `CUS-77`, 12 and 90.5."""
    return _DIGITS.sub("#", value) if isinstance(value, str) else type(value).__name__


def share(needs: Sequence[int], left: int) -> int:
    """How many each may have at most, so that all together have `left`; those that need fewer
    leave theirs to the others."""
    ordered = sorted(needs)
    sums = [0, *accumulate(ordered)]
    if sums[-1] <= left:
        return ordered[-1] if ordered else 0

    def taken(most: int) -> int:
        full = bisect_right(ordered, most)
        return sums[full] + most * (len(ordered) - full)

    return bisect_right(range(ordered[-1] + 1), left, key=taken) - 1
