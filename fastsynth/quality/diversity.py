"""How many different things a data set holds: skeletons, wordings, entities.

An effective number is the exponential of the entropy: as many equally frequent kinds would give
the same entropy (Hill, 1973, order 1).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any

from fastsynth.method.plan import User
from fastsynth.quality.figure import Figure, ratio
from fastsynth.quality.scene import Called, RowScene, same
from fastsynth.quality.shortcut import words

BLEU_SAMPLE = 500
"""Self-BLEU grows with the number of references: one size makes runs comparable."""
BLEU_ORDER = 4
ENOUGH = 100
"""Effective turn skeletons; a tenth of the turns where those are few."""


class Skeletons:
    """Turns by tools x provenance, conversations by that x scenario."""

    def __init__(self) -> None:
        self._turns: Counter[bytes] = Counter()
        self._rows: Counter[bytes] = Counter()

    def add(self, scene: RowScene) -> None:
        marks = [_skeleton(turn.calls) for turn in scene.turns]
        self._turns.update(
            _mark(mark) for turn, mark in zip(scene.turns, marks, strict=True) if turn.calls
        )
        scenario = "" if scene.row.twin else scene.row.scenario
        self._rows[_mark((marks, scene.row.twin, scene.row.kinds, scenario))] += 1

    def figures(self) -> Iterator[Figure]:
        turns, rows = self._turns.total(), self._rows.total()
        yield Figure(
            name="distinct conversations",
            value=ratio(len(self._rows), rows),
            low=0.98,
            meaning="distinct tool skeleton x provenance x scenario, of all conversations",
            base=rows,
        )
        effective = math.exp(entropy(self._turns)) if turns else None
        yield Figure(
            name="effective turn skeletons",
            value=effective,
            unit="number",
            low=min(ENOUGH, turns / 10),
            meaning="as many equally frequent kinds of turn (tool sequence x provenance) would be "
            "as diverse",
            detail=f"{len(self._turns):,} different ones" if turns else "",
            base=turns,
        )


def entropy(counts: Counter[Any]) -> float:
    total = counts.total()
    return -sum(n / total * math.log(n / total) for n in counts.values() if n)


def _skeleton(calls: Sequence[Called]) -> list[Any]:
    return [
        (call.tool, sorted((a.place, type(a.source).__name__) for a in call.arguments))
        for call in calls
    ]


def _mark(value: Any) -> bytes:
    return blake2b(repr(value).encode(), digest_size=8).digest()


class SelfBleu:
    """BLEU-4 of each query against all others of the sample (Zhu et al., Texygen, 2018)."""

    def __init__(self, sample: int = BLEU_SAMPLE) -> None:
        self._sample = sample
        self._queries: list[list[str]] = []
        self._chosen: list[tuple[bytes, list[str]]] = []

    def add(self, scene: RowScene) -> None:
        for turn in scene.turns:
            if turn.calls:
                mark = _mark((scene.row.id, turn.number))
                self._chosen.append((mark, words(turn.query)))
        if len(self._chosen) > 4 * self._sample:
            self._chosen = sorted(self._chosen)[: self._sample]

    def figures(self) -> Iterator[Figure]:
        chosen = [text for _, text in sorted(self._chosen)[: self._sample]]
        yield Figure(
            name="self-BLEU",
            value=self_bleu(chosen) if len(chosen) > 1 else None,
            high=0.6,
            meaning=f"mean BLEU-4 of a query against the others of a sample of {self._sample}",
            base=len(chosen),
        )


def self_bleu(texts: Sequence[Sequence[str]]) -> float:
    """Clipped counts need only the two highest counts of each n-gram, so this is linear."""
    logs = [0.0] * len(texts)
    for order in range(1, BLEU_ORDER + 1):
        counted = [Counter(zip(*(text[n:] for n in range(order)), strict=False)) for text in texts]
        highest = _two_highest(counted)
        for number, counts in enumerate(counted):
            shared = 0
            for gram, times in counts.items():
                first, holder, second = highest[gram]
                shared += min(times, second if holder == number else first)
            # Smoothed as NLTK's method 1: nothing shared counts as 0.1 of an n-gram.
            logs[number] += math.log(max(shared, 0.1) / max(counts.total(), 1)) / BLEU_ORDER
    return sum(map(math.exp, logs)) / len(logs)


def _two_highest(counted: Sequence[Counter[Any]]) -> dict[Any, tuple[int, int, int]]:
    """n-gram -> (highest count of a text, that text, second highest of another text)."""
    found: dict[Any, tuple[int, int, int]] = {}
    for number, counts in enumerate(counted):
        for gram, times in counts.items():
            first, holder, second = found.get(gram, (0, -1, 0))
            if times > first:
                found[gram] = (times, number, first)
            elif times > second:
                found[gram] = (first, holder, times)
    return found


class Entities:
    """How much of what users say is the same few names."""

    def __init__(self) -> None:
        self._rows: Counter[str] = Counter()
        self._total = 0

    def add(self, scene: RowScene) -> None:
        said = {
            str(same(argument.value))
            for turn in scene.turns
            for call in turn.calls
            for argument in call.arguments
            if isinstance(argument.source, User)
            and isinstance(argument.value, str)
            and argument.telling
        }
        self._total += len(said)
        self._rows.update(said)

    def figures(self) -> Iterator[Figure]:
        top = sorted(self._rows.items(), key=lambda entry: (-entry[1], entry[0]))[:10]
        yield Figure(
            name="entity concentration",
            value=ratio(sum(n for _, n in top), self._total),
            high=0.2,
            meaning="the ten most frequent of the texts that users give, once a conversation",
            detail=", ".join(f"{value} {n}" for value, n in top[:5]),
            base=self._total,
        )
