"""Probing: single calls from one snapshot, and the search for arguments that make a tool run.

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
from fastsynth.env.environment import Environment, Observation, Tool
from fastsynth.env.world import check_arguments, coerce
from fastsynth.method.pace import breathe
from fastsynth.method.pool import Pool, harvest
from fastsynth.records import canonical

CHANCES = 100
"""Combinations of several arguments drawn at the end, where nothing else helped."""
HANGS = 2
"""Times a tool may fail to come back before it is left alone: each costs its time limit."""
SURE = 3
"""Calls after which a kind of outcome that never moved the state is taken to be harmless, at
first; never where the domain says that the tool changes the state."""
_NUMBER = re.compile(r"\d+")
Called = tuple[str, dict[str, Any]]
Outcome = tuple[str, bool, frozenset[str]]
"""Tool, whether it ran, and which parameters were given."""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A state to probe from: what was called since the scenario's start, and the snapshot."""

    calls: tuple[Called, ...]
    snapshot: Any
    digest: str


class Success(msgspec.Struct, frozen=True, kw_only=True):
    """A call that ran, from `point`."""

    tool: str
    arguments: dict[str, Any]
    value: Any
    point: Point
    moved: bool
    """Whether the state's digest changed."""


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What a search for working arguments came to."""

    success: Success | None
    complaints: Mapping[str, dict[str, Any]] = {}
    """Complaint, values masked -> the first arguments that drew it."""

    def since(self, earlier: Search | None) -> Search:
        """This search, with the complaints of an earlier one as well."""
        heard = {**(earlier.complaints if earlier else {}), **self.complaints}
        return Search(success=self.success, complaints=heard)


class Prober:
    """Runs single calls from snapshots of one environment, restoring only where it must."""

    def __init__(
        self,
        environment: Environment,
        tools: Mapping[str, Tool],
        rng: Random,
        most: int = 10**9,
    ) -> None:
        """After `most` calls every further one is answered by an error without being made."""
        self._most = most
        self._sure = SURE
        self._environment = environment
        self._rng = rng
        self._at: Point | None = None
        self._still: dict[Outcome, int] = {}
        self.tools = tools
        self.calls = 0
        self.mutators: set[str] = set()
        self.hangs: dict[str, int] = {}
        """Tool -> calls that never came back."""

    async def begin(self) -> Point:
        """The present state as a point without calls."""
        return await self._point(())

    async def _point(self, calls: tuple[Called, ...]) -> Point:
        snapshot = await self._environment.snapshot()
        point = Point(calls=calls, snapshot=snapshot, digest=await self._environment.digest())
        self._at = point
        return point

    async def run(self, point: Point, name: str, arguments: dict[str, Any]) -> Observation:
        """One call from `point`; arguments that break the schema are an error without a call."""
        complaint = check_arguments(self.tools[name], arguments)
        if complaint:
            return Observation(error="arguments", message=complaint)
        if self.calls >= self._most:
            return Observation(error="environment", message="no calls left")
        if self.hangs.get(name, 0) >= HANGS:
            return Observation(error="environment", message="it does not come back")
        await breathe()
        await self.go(point)
        given = coerce(self.tools[name].parameters, arguments)
        self.calls += 1
        observation = await self._environment.call(name, given)
        if observation.stopped:
            self.hangs[name] = self.hangs.get(name, 0) + 1
        outcome = (name, observation.ok, frozenset(given))
        if self.tools[name].mutates or self._still.get(outcome, 0) < self._sure:
            await self._watch(point, outcome, given)
        return observation

    async def _watch(self, point: Point, outcome: Outcome, given: dict[str, Any]) -> None:
        """Learns whether this kind of outcome moves the state."""
        self._at = None
        if self._still.get(outcome, 0) < 0:
            return
        if await self._environment.digest() == point.digest:
            self._still[outcome] = self._still.get(outcome, 0) + 1
            return
        await self._environment.restore(point.snapshot)
        self.calls += 1
        await self._environment.call(outcome[0], given)
        if await self._environment.digest() == point.digest:
            self._doubt()
            return
        self._still[outcome] = -1
        if outcome[1]:
            self.mutators.add(outcome[0])

    def _doubt(self) -> None:
        """Some call before moved the state and was taken to be harmless: all are watched again,
        and for longer."""
        self._sure *= 2
        self._still = {outcome: n for outcome, n in self._still.items() if n < 0}

    async def go(self, point: Point) -> None:
        if self._at is not point:
            await self._environment.restore(point.snapshot)
            self._at = point

    async def digest(self) -> str:
        return await self._environment.digest()

    async def after(self, point: Point, name: str, arguments: dict[str, Any]) -> Point | None:
        """The point one successful call further; None where the call fails."""
        observation = await self.run(point, name, arguments)
        if not observation.ok:
            return None
        return await self._point((*point.calls, (name, arguments)))

    async def success(
        self, point: Point, name: str, arguments: dict[str, Any], observation: Observation
    ) -> Success:
        return Success(
            tool=name,
            arguments=arguments,
            value=observation.value,
            point=point,
            moved=name in self.mutators,
        )

    async def search(self, point: Point, tool: Tool, pool: Pool, tries: int) -> Search:
        """Looks for arguments with which `tool` runs from `point`, in at most `tries` calls."""
        required = [p for p in tool.parameters.get("properties", {}) if p in _required(tool)]
        choices = {parameter: pool.candidates(tool, parameter) for parameter in required}
        if not all(choices.values()):
            return Search(success=None)
        tried: set[str] = set()
        complaints: dict[str, dict[str, Any]] = {}
        hollow: Success | None = None
        for arguments in self._draws(choices, complaints):
            mark = canonical(arguments)
            if len(tried) >= tries:
                break
            if mark in tried:
                continue
            tried.add(mark)
            observation = await self.run(point, tool.name, arguments)
            if observation.ok:
                found = await self.success(point, tool.name, arguments, observation)
                if not is_hollow(observation.value):
                    return Search(success=found, complaints=complaints)
                hollow = hollow or found
            else:
                said = complaint_of(observation.message, arguments)
                complaints.setdefault(said, arguments)
        return Search(success=hollow, complaints=complaints)

    def _draws(
        self, choices: Mapping[str, list[Any]], complaints: Mapping[str, dict[str, Any]]
    ) -> Iterator[dict[str, Any]]:
        """One argument varied at a time; where there are several, combinations in between."""
        several = len(choices) > 1
        for number, arguments in enumerate(self._varied(choices, complaints)):
            yield arguments
            if several and number % 2:
                yield {name: self._lean(values) for name, values in choices.items()}
        for _ in range(CHANCES if several else 0):
            yield {name: self._lean(values) for name, values in choices.items()}

    def _varied(
        self, choices: Mapping[str, list[Any]], complaints: Mapping[str, dict[str, Any]]
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

    def _lean(self, values: list[Any]) -> Any:
        """Mostly one of the first."""
        return values[min(int(self._rng.expovariate(0.25)), len(values) - 1)]


def _required(tool: Tool) -> frozenset[str]:
    return frozenset(tool.parameters.get("required", ()))


def is_hollow(value: Any) -> bool:
    """Whether a result holds nothing: no list, or only empty ones and nulls."""
    if isinstance(value, dict):
        return all(isinstance(v, (dict, list)) or v is None for v in value.values()) and all(
            is_hollow(item) for item in value.values()
        )
    if isinstance(value, list):
        return all(is_hollow(item) for item in value)
    return value is None


def complaint_of(message: str, arguments: Mapping[str, Any]) -> str:
    """An error with the call's own values and all numbers masked."""
    texts = {str(v) for _, v in paths.leaves(dict(arguments)) if v not in (None, "")}
    for text in sorted(texts, key=len, reverse=True):
        message = message.replace(text, "*")
    return _NUMBER.sub("#", message)[:200]


def leaves_of(success: Success, tool: Tool) -> list[tuple[str, Any]]:
    return list(harvest(success.value, tool.result))
