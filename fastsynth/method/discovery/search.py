"""The search for arguments that make a tool run.

A new complaint is progress: it means that an argument got past the check before. So the search
varies one argument at a time and goes on from whatever drew an error never seen before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from random import Random
from typing import Any

import msgspec

from fastsynth.env import paths
from fastsynth.env.environment import Tool
from fastsynth.method.discovery.points import Point, Success
from fastsynth.method.discovery.pool import Pool
from fastsynth.method.discovery.probes import Prober, is_hollow
from fastsynth.records import canonical

CHANCES = 100
"""Combinations of several arguments drawn at the end, where nothing else helped."""
_NUMBER = re.compile(r"\d+")


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What a search for working arguments came to."""

    success: Success | None
    complaints: Mapping[str, dict[str, Any]] = {}
    """Complaint, values masked -> the first arguments that drew it."""

    def since(self, earlier: Search | None) -> Search:
        """This search, with the complaints of an earlier one as well."""
        heard = {**(earlier.complaints if earlier else {}), **self.complaints}
        return Search(success=self.success, complaints=heard)


async def search(prober: Prober, point: Point, tool: Tool, pool: Pool, tries: int) -> Search:
    """Looks for arguments with which `tool` runs from `point`, in at most `tries` calls."""
    required = [p for p in tool.parameters.get("properties", {}) if p in _required(tool)]
    choices = {parameter: pool.candidates(tool, parameter) for parameter in required}
    if not all(choices.values()):
        return Search(success=None)
    tried: set[str] = set()
    complaints: dict[str, dict[str, Any]] = {}
    hollow: Success | None = None
    draws = Draws(choices, complaints, prober.rng)

    def upcoming() -> Iterator[dict[str, Any]]:
        return (other for other in draws.foreseen() if canonical(other) not in tried)

    for arguments in draws:
        mark = canonical(arguments)
        if len(tried) >= tries or not prober.left:
            break
        if mark in tried:
            continue
        tried.add(mark)
        observation = await prober.run(point, tool.name, arguments, upcoming)
        if observation.ok:
            found = prober.success(point, tool.name, arguments, observation)
            if not is_hollow(observation.value):
                return Search(success=found, complaints=complaints)
            hollow = hollow or found
        else:
            said = complaint_of(observation.message, arguments)
            complaints.setdefault(said, arguments)
    return Search(success=hollow, complaints=complaints)


class Draws:
    """One argument varied at a time, again from each new complaint on; where there are several,
    combinations in between."""

    def __init__(
        self,
        choices: Mapping[str, list[Any]],
        complaints: Mapping[str, dict[str, Any]],
        rng: Random,
    ) -> None:
        self._choices = choices
        self._complaints = complaints
        self._rng = rng
        self._several = len(choices) > 1
        self._base: dict[str, Any] = {}
        self._place = 0
        """Variations of the present base that were drawn."""
        self._number = 0
        """Variations of all bases; every second one is followed by a combination."""
        self._owed = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for arguments in self._varied():
            self._owed = self._several and self._number % 2 == 1
            self._number += 1
            yield arguments
            if self._owed:
                self._owed = False
                yield self._combined(self._rng)
        for _ in range(CHANCES if self._several else 0):
            yield self._combined(self._rng)

    def foreseen(self) -> Iterator[dict[str, Any]]:
        """What comes next where no new complaint is heard, as far as the present base goes."""
        rng = Random()
        rng.setstate(self._rng.getstate())
        if self._owed:
            yield self._combined(rng)
        following = islice(self._around(self._base), self._place, None)
        for number, arguments in enumerate(following, self._number):
            yield arguments
            if self._several and number % 2:
                yield self._combined(rng)

    def _varied(self) -> Iterator[dict[str, Any]]:
        """The likeliest first, then one argument at a time, again from each new complaint on."""
        self._base = {parameter: values[0] for parameter, values in self._choices.items()}
        yield self._base
        bases = [self._base]
        while bases:
            self._base, seen = bases.pop(), len(self._complaints)
            self._place = 0
            for arguments in self._around(self._base):
                self._place += 1
                yield arguments
                if len(self._complaints) > seen:
                    seen = len(self._complaints)
                    bases.append(list(self._complaints.values())[-1])

    def _around(self, base: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for parameter, values in self._choices.items():
            for value in values:
                yield {**base, parameter: value}

    def _combined(self, rng: Random) -> dict[str, Any]:
        return {name: _lean(values, rng) for name, values in self._choices.items()}


def _lean(values: list[Any], rng: Random) -> Any:
    """Mostly one of the first."""
    return values[min(int(rng.expovariate(0.25)), len(values) - 1)]


def _required(tool: Tool) -> frozenset[str]:
    return frozenset(tool.parameters.get("required", ()))


def complaint_of(message: str, arguments: Mapping[str, Any]) -> str:
    """An error with the call's own values and all numbers masked."""
    texts = {str(v) for _, v in paths.leaves(dict(arguments)) if v not in (None, "")}
    for text in sorted(texts, key=len, reverse=True):
        message = message.replace(text, "*")
    return _NUMBER.sub("#", message)[:200]
