"""A call being bound: which values and which list elements it has taken already."""

from __future__ import annotations

from typing import Any

from fastsynth.env import paths
from fastsynth.method.plan import Provenance, User
from fastsynth.method.walk.choice import element
from fastsynth.method.walk.memory import Item

Picked = tuple[Any, dict[str, Provenance]]
"""A value and where each scalar of it comes from."""

USER = User()


class Draft:
    def __init__(self) -> None:
        self.arguments: dict[str, Any] = {}
        self.sources: dict[str, Provenance] = {}
        self.used: dict[str, list[Any]] = {}
        self.rows: set[tuple[int, int, str]] = set()

    def add(self, parameter: str, picked: Picked) -> None:
        self.arguments[parameter] = picked[0]
        self.sources.update(picked[1])

    def is_new(self, concept: str, value: Any) -> bool:
        """No value twice for one concept, and no text twice in one call at all."""
        if isinstance(value, str):
            return all(value not in values for values in self.used.values())
        return value not in self.used.get(concept, ())

    def admits(self, concept: str, item: Item) -> bool:
        """No value twice for one concept, and only one element of each list."""
        if not self.used:
            return True  # nothing taken yet
        if not self.is_new(concept, item.value):
            return False
        row = element(item.path)
        if row is None:
            return True
        group = paths.pattern(row)
        return all(
            row == taken
            for turn, step, taken in self.rows
            if (turn, step) == (item.turn, item.step) and paths.pattern(taken) == group
        )

    def take(self, concept: str, item: Item) -> None:
        self.used.setdefault(concept, []).append(item.value)
        row = element(item.path)
        if row is not None:
            self.rows.add((item.turn, item.step, row))

    def say(self, concept: str, value: Any) -> None:
        self.used.setdefault(concept, []).append(value)

    def shares(self, item: Item) -> bool:
        """Whether the call takes another value of the result that `item` stands in."""
        return any((item.turn, item.step) == place[:2] for place in self.rows)


def all_from_user(parameter: str, value: Any) -> dict[str, Provenance]:
    """`User` for every scalar of an argument."""
    if not isinstance(value, (dict, list)):
        return {parameter: USER}
    places = [place for place, _ in paths.leaves(value, parameter)]
    return dict.fromkeys(places or [parameter], USER)


def is_entity(value: Any) -> bool:
    """Values that can make two calls be about one thing: names and ids, not flags or counts."""
    if isinstance(value, str):
        return len(value) > 2
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) >= 100
