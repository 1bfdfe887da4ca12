"""What the bundled worlds share: a world class as a part, refusals, ids and copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from fastsynth.env.adapters.contract import declared, tool_of
from fastsynth.env.adapters.objects import raised, returned
from fastsynth.env.environment import Observation, Tool

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class Refused(Exception):
    """A tool says no; the message names the broken rule and the values that break it."""


class WorldPart:
    """A world class: its tools are the methods marked with `@tool`."""

    steady = True
    beside = frozenset(("catalogue", "others"))
    ignored = frozenset(("shown",))

    def __init__(self, name: str, kind: type) -> None:
        self.name = name
        self._kind = kind
        self.tools: Mapping[str, Tool] = {
            member: tool_of(function, name)
            for member, function in vars(kind).items()
            if declared(function) is not None
        }

    def build(self, config: Any, objects: Mapping[str, object]) -> object:
        return self._kind(copied(config), objects)

    def observe(self, value: Any) -> Observation:
        return returned(value)

    def fault(self, error: Exception) -> Observation:
        return raised(error)

    def known(self, live: Any) -> Mapping[str, Sequence[Any]]:
        found: Mapping[str, Sequence[Any]] = live.known()
        return found


def copied(config: Any) -> Any:
    """A JSON copy that shares nothing; {} where a scenario says nothing of a part."""
    return msgspec.json.decode(msgspec.json.encode(config)) if config else {}


def code(length: int, *of: Any) -> str:
    """A random-looking code that is a pure function of `of`: the same deed gives the same code
    whatever was done before it."""
    text = "\x1f".join(map(str, of)).encode()
    number = int.from_bytes(blake2b(text, digest_size=16).digest(), "big")
    letters = []
    for _ in range(length):
        number, at = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[at])
    return "".join(letters)


def mint(taken: Mapping[str, Any], prefix: str, *of: Any) -> str:
    """A code that is free in `taken`, made from `of`."""
    for again in range(len(taken) + 1):
        found = prefix + code(6, *of, again)
        if found not in taken:
            return found
    raise AssertionError("one of n + 1 codes is free among n taken")


def money(amount: float) -> float:
    return round(amount + 0.0, 2)


def fingerprint(config: Any) -> str:
    """A hash that stands for a catalogue in the digest: it never changes after reset."""
    return blake2b(msgspec.json.encode(config, order="sorted"), digest_size=8).hexdigest()
