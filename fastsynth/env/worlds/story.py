"""The thread that runs through all parts of one scenario."""

from __future__ import annotations

from datetime import date
from random import Random

import msgspec

from fastsynth.env.worlds.cast import City, Occasion

_CHARACTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    relation: str
    city: str

    @property
    def first(self) -> str:
        return self.name.split()[0]


class Story(msgspec.Struct, frozen=True, kw_only=True):
    persona: str
    clause: str
    occasion: Occasion
    me: Person
    people: tuple[Person, ...]
    """First the person the occasion is about."""
    stranger: str
    """A name no part knows yet."""
    home: City
    away: City
    other: City
    now: str
    today: date
    depart: str
    back: str

    @property
    def friend(self) -> Person:
        return self.people[0]

    @property
    def foreign(self) -> str:
        """A currency that is not the home's: the destination's where it differs."""
        if self.away.currency != self.home.currency:
            return self.away.currency
        return "USD" if self.home.currency != "USD" else "EUR"


def opaque(rng: Random, prefix: str, length: int = 6) -> str:
    """A random-looking id."""
    return prefix + "".join(rng.choices(_CHARACTERS, k=length))


def digits(rng: Random, length: int) -> str:
    return "".join(rng.choices("0123456789", k=length))
