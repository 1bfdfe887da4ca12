"""What conversations are drawn alike: the counts of a user's logs, as targets of every job.

How many turns a conversation has is a quota, so that a rejected job is made up for by one of its
size. Calls, words and tools are drawn for each job: a pure function of seed, job and turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from random import Random

import msgspec

from fastsynth.engine.apportion import apportion
from fastsynth.engine.quota import Cell
from fastsynth.logs import Counts
from fastsynth.method.kinds import NO_CALLS, PAIRS, TWINS, fewest

LONGEST = 12
"""Turns: conversations of more are drawn as of this many."""
MOST_CALLS = 12


class TurnAim(msgspec.Struct, frozen=True, kw_only=True):
    """What one turn should be like."""

    idle: bool
    """Whether it is a turn in which no call is right, where no kind decides that."""
    calls: int
    """In any other turn."""
    words: int
    """Of the user's message; `idle_words` where no call is right."""
    idle_words: int


class Aims:
    """Draws from the counts. `weights`: kind -> weight at acceptance, which decides what turns
    without calls there are anyway."""

    def __init__(self, counts: Counts, weights: Mapping[str, float]) -> None:
        self.counts = counts
        pairs = [(calls, words, n) for calls, words, n in counts.pairs if words]
        self._busy = _Draw({(min(c, MOST_CALLS), w): n for c, w, n in pairs if c})
        self._idle = _Draw({(c, w): n for c, w, n in pairs if not c}) or self._busy
        self._tools = _Draw({(value, 0): n for value, n in counts.tools.items()})
        self.idle = _idle_share(counts, weights)
        """Chance of a turn without calls, of those that no kind decides."""

    def turn(self, rng: Random, first: bool) -> TurnAim:
        """The same draws whatever they are used for. A conversation begins with a wish."""
        idle = rng.random() < self.idle and not first
        calls, words = self._busy.one(rng) if self._busy else (1, 0)
        idle_words = self._idle.one(rng)[1]
        return TurnAim(idle=idle, calls=calls, words=words, idle_words=idle_words)

    def tools(self, rng: Random) -> int:
        """How many tools to show; 0 where the logs do not say."""
        return self._tools.one(rng)[0] if self._tools else 0


class _Draw:
    def __init__(self, counted: Mapping[tuple[int, int], int]) -> None:
        self._values = sorted(counted)
        self._sums = list(accumulate(counted[value] for value in self._values))

    def __bool__(self) -> bool:
        return bool(self._values)

    def one(self, rng: Random) -> tuple[int, int]:
        return rng.choices(self._values, cum_weights=self._sums)[0]


def _idle_share(counts: Counts, weights: Mapping[str, float]) -> float:
    """The logs' share of turns without calls, less what special turns of the kinds bring, over
    the turns that are free: neither the first nor special."""
    calls, total = counts.marginal("calls"), sum(weights.values())
    turns = calls.total() / counts.conversations
    given = special = 0.0
    for kind, weight in weights.items():
        half = 0.5 if kind in TWINS else 1.0
        given += weight / total * half * (kind in NO_CALLS)
        special += weight / total * ((kind != "base") + half * (kind in PAIRS))
    free = turns - 1 - special * (1 - 1 / turns)
    wanted = turns * calls[0] / calls.total() - given
    return min(0.9, max(0.0, wanted / free)) if free > 0 else 0.0


def cells(wanted: int, weights: Mapping[str, float], counts: Counts) -> dict[Cell, int]:
    """Targets by kind and turns whose sums are those of the kinds and, as far as the kinds can be
    that short, those of the logs. Their keys do not depend on `wanted`."""
    sizes: dict[int, float] = {}
    for turns, count in sorted(counts.turns.items()):
        sizes[min(turns, LONGEST)] = sizes.get(min(turns, LONGEST), 0) + count
    kinds = apportion(wanted, weights)
    if any(fewest(kind) > 1 for kind in kinds):
        sizes = {**sizes, 2: sizes.get(2, 0)}
    table: dict[Cell, int] = {}
    single = _of_one_turn(wanted, kinds, sizes)
    rest = {turns: share for turns, share in sorted(sizes.items()) if turns > 1}
    longer = wanted - sum(single.values())
    left = apportion(longer, rest if any(rest.values()) else {2: 1.0})
    for kind, target in kinds.items():
        if 1 in sizes and fewest(kind) == 1:
            table[kind, 1] = single.get(kind, 0)
        still = target - table.get((kind, 1), 0)
        given = apportion(still, left) if still else dict.fromkeys(left, 0)
        for turns, count in given.items():
            table[kind, turns] = count
            left[turns] -= count
    return table


def _of_one_turn(
    wanted: int, kinds: Mapping[str, int], sizes: Mapping[int, float]
) -> dict[str, int]:
    """Kind -> conversations of one turn, of the kinds that can be that short."""
    able = {kind: target for kind, target in kinds.items() if fewest(kind) == 1 and target}
    if not able or not sizes.get(1):
        return {}
    most = apportion(wanted, {str(turns): n for turns, n in sizes.items()})["1"]
    return apportion(min(most, sum(able.values())), able)
