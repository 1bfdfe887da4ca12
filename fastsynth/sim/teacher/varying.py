"""The writer's further jobs: states with other names, ids, days and amounts than the example's,
and texts in other words.

Every text is swapped for the same other text wherever it stands, so that what referred still does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

import msgspec

from fastsynth import seeds
from fastsynth.method.scenarios.shapes import shape_of
from fastsynth.method.script import Brief, TextsDraft

_FIRST = (
    "Aino Bruno Carla Dario Edith Farid Greta Henk Ines Jonas Katya Lars Maren Nils Odile Pavel "
    "Quinn Ravi Selma Tomas Ursula Viktor Wanda Xenia Yusuf Zora"
).split()
_LAST = (
    "Abel Brandt Cardoso Dubois Eriksen Ferrari Gruber Hansen Ivanov Jansen Kaplan Lombardi Moreno "
    "Nowak Olsen Petrov Quist Rossi Svensson Tanaka Ueda Vargas Weber Yilmaz Zeman"
).split()
_WORDS = (
    "Amber Birch Cedar Delta Ember Fjord Granite Harbour Iris Juniper Kestrel Lantern Meadow "
    "Northern Orchard Pebble Quartz River Saffron Timber Umber Violet Willow Yarrow Zephyr"
).split()
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"\d\d:\d\d(:\d\d)?")
SMALL = 5
"""Whole numbers up to here are counts and flags, and stay."""


class States(msgspec.Struct, frozen=True, kw_only=True):
    """The reply to purpose `scenario`."""

    states: tuple[Any, ...]


def draft_states(brief: Brief, seed: int) -> States:
    example = msgspec.json.decode(brief.example)
    made = [_Swap(brief, seeds.derive(seed, "state", n)) for n in range(brief.count)]
    return States(states=tuple(swap.all_of(example) for swap in made))


def word_texts(drawn: Sequence[str], seed: int) -> TextsDraft:
    """The same texts in other words, each in one of a few."""
    rng = seeds.derive(seed, "texts")
    return TextsDraft(texts=tuple(_worded(text, rng) for text in drawn))


def _worded(text: str, rng: Random) -> str:
    bare = text.rstrip(".!")
    if len(text) > 120 or not bare[-1:].isalnum():
        return text
    if len(bare.split()) < 4:
        return rng.choice(("{}, as agreed", "{} (please check)", "Again: {}")).format(bare)
    lower = bare if bare[1:2].isupper() or bare.startswith("I ") else bare[0].lower() + bare[1:]
    said = ("Just so you know: {}.", "Quick word: {}.", "One more thing, {}.")
    return rng.choice((*(form.format(lower) for form in said), f"{bare}. Thanks!"))


class _Swap:
    """One state's swaps, made up as they are met; no two texts get the same."""

    def __init__(self, brief: Brief, rng: Random) -> None:
        self._rng = rng
        self._named = brief.named
        self._kept = {word for words in brief.named for word in words}
        self._taken: set[Any] = set()
        self._texts: dict[str, str] = {}
        self._numbers: dict[int | float, int | float] = {}
        self._days = timedelta(7 * rng.randint(1, 8))

    def all_of(self, example: Any) -> Any:
        return self._other(shape_of([example], self._named).schema, example)

    def _other(self, schema: Mapping[str, Any], value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int | float):
            return self._number(value)
        if isinstance(value, list):
            return [self._other(schema.get("items", {}), item) for item in value]
        fields = schema.get("properties")
        if fields is not None:
            return {key: self._other(fields.get(key, {}), item) for key, item in value.items()}
        inner = schema.get("additionalProperties") or {}
        return {self._text(key): self._other(inner, item) for key, item in value.items()}

    def _text(self, text: str) -> str:
        if text in self._kept:
            return text
        if text not in self._texts:
            drawn = (self._drawn(text) for _ in range(60))
            self._texts[text] = next((new for new in drawn if new not in self._taken), text)
            self._taken.add(self._texts[text])
        return self._texts[text]

    def _drawn(self, text: str) -> str:
        rng, words = self._rng, text.split()
        if _TIME.fullmatch(text):
            return text
        if _DATE.match(text):
            return (date.fromisoformat(text[:10]) + self._days).isoformat() + text[10:]
        if "@" in text:
            return f"{rng.choice(_FIRST)}.{rng.choice(_LAST)}@{text.partition('@')[2]}".lower()
        if len(text) <= 32 and len(words) == 1 and re.search(r"\d", text):
            return re.sub(r"\d", lambda found: str(rng.randint(found[0] != "0", 9)), text)
        if not all(word[:1].isupper() for word in words) or len(words) > 4 or not words:
            return text
        if len(words) == 2 and all(word.isalpha() for word in words):
            return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"
        return " ".join(rng.sample(_WORDS, len(words)))

    def _number(self, value: int | float) -> int | float:
        """The same one for the same one: a number may be an id that others refer to."""
        if abs(value) <= SMALL and isinstance(value, int):
            return value
        if value not in self._numbers:
            scaled = value * self._rng.uniform(0.6, 1.7)
            new: int | float = round(scaled) if isinstance(value, int) else round(scaled * 2) / 2
            while isinstance(new, int) and new in self._taken:
                new += 1
            self._taken.add(new)
            self._numbers[value] = new
        return self._numbers[value]
