"""A baseline without a model: tools picked by BM25, arguments copied literally from the words.

What it solves needs neither planning nor looking things up. It is told how many calls are right,
so the share it solves is an upper bound.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from fastsynth.method.forms import normal, stands_in
from fastsynth.quality.figure import Figure, ratio
from fastsynth.quality.scene import RowScene, TurnScene

K1, B = 1.2, 0.75
"""Robertson and Zaragoza, The Probabilistic Relevance Framework (2009), section 3.2."""
_WORD = re.compile(r"[a-z]+|\d+")


class Shortcut:
    def __init__(self) -> None:
        self.turns = self.solved = self.chosen = self.rows = self.whole = 0

    def add(self, scene: RowScene) -> None:
        ranking = Bm25(scene.tools)
        asked = [turn for turn in scene.turns if turn.calls]
        chosen = [_chooses(ranking, turn) for turn in asked]
        solved = [c and _copies(t, scene.tools) for t, c in zip(asked, chosen, strict=True)]
        self.turns += len(asked)
        self.chosen += sum(chosen)
        self.solved += sum(solved)
        self.rows += bool(asked)
        self.whole += bool(asked) and all(solved)

    def figures(self) -> Iterator[Figure]:
        shares = (
            ("right tools", self.chosen, self.turns),
            ("conversations", self.whole, self.rows),
        )
        yield Figure(
            name="shortcut baseline",
            value=ratio(self.solved, self.turns),
            high=0.15,
            meaning="turns with calls solved by BM25 over the tool list and literal copying, told "
            "how many calls are right; BFCL's own base tasks: 17.8%",
            detail=", ".join(f"{name} {100 * n / of:.1f}%" for name, n, of in shares if of),
            base=self.turns,
        )


class Bm25:
    """Ranks tools for a query by name, description and parameters."""

    def __init__(self, tools: Mapping[str, Mapping[str, Any]]) -> None:
        self._names = list(tools)
        self._counts = [Counter(_words_of(tool)) for tool in tools.values()]
        self._lengths = [sum(counts.values()) for counts in self._counts]
        self._mean = sum(self._lengths) / (len(self._lengths) or 1)
        seen = Counter(word for counts in self._counts for word in counts)
        total = len(self._names)
        self._weights = {w: math.log(1 + (total - n + 0.5) / (n + 0.5)) for w, n in seen.items()}

    def best(self, query: str, count: int) -> list[str]:
        wanted = [word for word in set(words(query)) if word in self._weights]
        scores = [
            (-sum(self._score(word, number) for word in wanted), name)
            for number, name in enumerate(self._names)
        ]
        return [name for _, name in sorted(scores)[:count]]

    def _score(self, word: str, number: int) -> float:
        times = self._counts[number][word]
        norm = K1 * (1 - B + B * self._lengths[number] / self._mean)
        return self._weights[word] * times * (K1 + 1) / (times + norm)


def words(text: str) -> list[str]:
    """Lower-case words, camel case and plural undone, so that `bookings` meets `book_booking`."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower()
    return [word[:-1] if len(word) > 3 and word.endswith("s") else word for word in _split(spaced)]


def _split(text: str) -> list[str]:
    return _WORD.findall(text)


def _words_of(tool: Mapping[str, Any]) -> tuple[str, ...]:
    inside = tool.get("parameters", {}).get("properties", {})
    told = [str(inner.get("description", "")) for inner in inside.values()]
    return _cached_words(" ".join((tool["name"], tool.get("description", ""), *inside, *told)))


@lru_cache(maxsize=2048)
def _cached_words(text: str) -> tuple[str, ...]:
    return tuple(words(text))


def _chooses(ranking: Bm25, turn: TurnScene) -> bool:
    right = sorted(call.tool for call in turn.calls)
    return sorted(ranking.best(turn.query, len(right))) == right


def _copies(turn: TurnScene, tools: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether every argument stands in what was said, or is a default or a lone enum value."""
    text = normal(" ".join((*turn.told, turn.query)))
    return all(
        argument.value in _given(tools, call.tool, argument.place)
        or (not isinstance(argument.value, bool) and stands_in(argument.value, text))
        for call in turn.calls
        for argument in call.arguments
    )


def _given(tools: Mapping[str, Mapping[str, Any]], tool: str, place: str) -> Sequence[Any]:
    properties = tools.get(tool, {}).get("parameters", {}).get("properties", {})
    schema = properties.get(place, {})
    lone = schema.get("enum", []) if len(schema.get("enum", [])) == 1 else []
    return [*lone, schema["default"]] if "default" in schema else lone
