"""The search for arguments that make a tool run.

A new complaint is progress: it means that an argument got past the check before. So the search
varies one argument at a time and goes on from whatever drew an error never seen before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import msgspec

from fastsynth.env import paths
from fastsynth.env.environment import Tool
from fastsynth.method.discovery.pool import Pool
from fastsynth.method.discovery.probes import Point, Prober, Success, is_hollow
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
    for arguments in _draws(choices, complaints, prober.rng):
        mark = canonical(arguments)
        if len(tried) >= tries or not prober.left:
            break
        if mark in tried:
            continue
        tried.add(mark)
        observation = await prober.run(point, tool.name, arguments)
        if observation.ok:
            found = prober.success(point, tool.name, arguments, observation)
            if not is_hollow(observation.value):
                return Search(success=found, complaints=complaints)
            hollow = hollow or found
        else:
            said = complaint_of(observation.message, arguments)
            complaints.setdefault(said, arguments)
    return Search(success=hollow, complaints=complaints)


def _draws(
    choices: Mapping[str, list[Any]], complaints: Mapping[str, dict[str, Any]], rng: Random
) -> Iterator[dict[str, Any]]:
    """One argument varied at a time; where there are several, combinations in between."""
    several = len(choices) > 1
    for number, arguments in enumerate(_varied(choices, complaints)):
        yield arguments
        if several and number % 2:
            yield {name: _lean(values, rng) for name, values in choices.items()}
    for _ in range(CHANCES if several else 0):
        yield {name: _lean(values, rng) for name, values in choices.items()}


def _varied(
    choices: Mapping[str, list[Any]], complaints: Mapping[str, dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """The likeliest first, then one argument at a time, again from each new complaint on."""
    first = {parameter: values[0] for parameter, values in choices.items()}
    yield first
    bases = [first]
    while bases:
        base, seen = bases.pop(), len(complaints)
        for parameter, values in choices.items():
            for value in values:
                yield {**base, parameter: value}
                if len(complaints) > seen:
                    seen = len(complaints)
                    bases.append(list(complaints.values())[-1])


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
