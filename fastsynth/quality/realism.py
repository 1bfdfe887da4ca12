"""Synthetic against real user turns: can a simple classifier tell them apart?

TF-IDF over words and word pairs, nearest class mean, judged on held-out folds by the area under
the ROC curve: 0.5 is a coin, 1.0 tells every turn.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from fastsynth.quality.figure import Figure
from fastsynth.quality.scene import RowScene
from fastsynth.quality.shortcut import words
from fastsynth.seeds import derive

FOLDS = 5
MOST = 2000
"""Turns of each side that are compared."""
FEWEST = 20
Vector = Mapping[str, float]


class Realism:
    def __init__(self, real: Sequence[str] = ()) -> None:
        self._real = real
        self._made: list[str] = []

    def add(self, scene: RowScene) -> None:
        if self._real:
            self._made += [turn.query for turn in scene.turns]

    def figures(self) -> Iterator[Figure]:
        enough = min(len(self._real), len(self._made)) >= FEWEST
        detail = "needs user turns: --logs FILE" if not self._real else f"needs {FEWEST} a side"
        yield Figure(
            name="told from real user turns",
            value=separability(self._made, self._real) if enough else None,
            unit="number",
            high=0.9,
            meaning="area under the ROC curve of a TF-IDF classifier; 0.5: cannot be told",
            detail="" if enough else detail,
            base=min(len(self._real), MOST) if enough else 0,
        )


def separability(made: Sequence[str], real: Sequence[str]) -> float:
    """The area under the ROC curve, held out: each turn is scored by means it is no part of."""
    texts = [(text, True) for text in _sample(made)] + [(text, False) for text in _sample(real)]
    derive("realism").shuffle(texts)
    counted = [Counter(_features(text)) for text, _ in texts]
    scored: list[tuple[float, bool]] = []
    for fold in range(FOLDS):
        train = [n for n in range(len(texts)) if n % FOLDS != fold]
        weights = _idf([counted[n] for n in train])
        means = [
            _mean([_vector(counted[n], weights) for n in train if texts[n][1] == side])
            for side in (True, False)
        ]
        for n in range(fold, len(texts), FOLDS):
            vector = _vector(counted[n], weights)
            scored.append((_dot(vector, means[0]) - _dot(vector, means[1]), texts[n][1]))
    return area(scored)


def area(scored: Sequence[tuple[float, bool]]) -> float:
    """Share of (positive, negative) pairs in right order, ties half (Mann-Whitney)."""
    ordered = sorted(scored, key=lambda entry: entry[0])
    positives = sum(positive for _, positive in ordered)
    ranks, at = 0.0, 0
    while at < len(ordered):
        end = at
        while end < len(ordered) and ordered[end][0] == ordered[at][0]:
            end += 1
        ranks += sum(positive for _, positive in ordered[at:end]) * (at + 1 + end) / 2
        at = end
    pairs = positives * (len(ordered) - positives)
    return (ranks - positives * (positives + 1) / 2) / pairs if pairs else 0.5


def _sample(texts: Sequence[str]) -> list[str]:
    if len(texts) <= MOST:
        return list(texts)
    return derive("realism", len(texts)).sample(list(texts), MOST)


def _features(text: str) -> list[str]:
    single = words(text)
    return single + [f"{a} {b}" for a, b in pairwise(single)]


def _idf(counted: Sequence[Counter[str]]) -> dict[str, float]:
    seen = Counter(word for counts in counted for word in counts)
    return {word: math.log((1 + len(counted)) / (1 + n)) + 1 for word, n in seen.items() if n > 1}


def _vector(counts: Counter[str], weights: Mapping[str, float]) -> Vector:
    raw = {w: (1 + math.log(n)) * weights[w] for w, n in counts.items() if w in weights}
    length = math.sqrt(sum(value * value for value in raw.values())) or 1.0
    return {word: value / length for word, value in raw.items()}


def _mean(vectors: Sequence[Vector]) -> Vector:
    total: dict[str, float] = {}
    for vector in vectors:
        for word, value in vector.items():
            total[word] = total.get(word, 0.0) + value
    return {word: value / (len(vectors) or 1) for word, value in total.items()}


def _dot(one: Vector, other: Vector) -> float:
    return sum(value * other.get(word, 0.0) for word, value in one.items())
