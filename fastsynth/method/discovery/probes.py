"""Probing: single calls from one snapshot, and what they move."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import msgspec

from fastsynth.env.environment import Environment, Observation, Tool
from fastsynth.env.world import check_arguments, coerce
from fastsynth.method.discovery.harvest import harvest
from fastsynth.method.pace import breathe

HANGS = 2
"""Times a tool may fail to come back before it is left alone: each costs its time limit."""
SURE = 3
"""Calls after which a kind of outcome that never moved the state is taken to be harmless, at
first; never where the domain says that the tool changes the state."""
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
        self.most = most
        self._sure = SURE
        self._environment = environment
        self.rng = rng
        self._at: Point | None = None
        self._still: dict[Outcome, int] = {}
        self.tools = tools
        self.calls = 0
        self.mutators: set[str] = set()
        self.hangs: dict[str, int] = {}
        """Tool -> calls that never came back."""
        self.stopped: dict[str, str] = {}
        """Tool -> how the last of these ended."""

    @property
    def left(self) -> int:
        """Calls that may still be made; 0 where an answer says nothing of the tool."""
        return max(0, self.most - self.calls)

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
        if self.left <= 0:
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
            self.stopped[name] = observation.message
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

    def success(
        self, point: Point, name: str, arguments: dict[str, Any], observation: Observation
    ) -> Success:
        return Success(
            tool=name,
            arguments=arguments,
            value=observation.value,
            point=point,
            moved=name in self.mutators,
        )


def is_hollow(value: Any) -> bool:
    """Whether a result holds nothing: no list, or only empty ones and nulls."""
    if isinstance(value, dict):
        return all(isinstance(v, (dict, list)) or v is None for v in value.values()) and all(
            is_hollow(item) for item in value.values()
        )
    if isinstance(value, list):
        return all(is_hollow(item) for item in value)
    return value is None


def leaves_of(success: Success, tool: Tool) -> list[tuple[str, Any]]:
    return list(harvest(success.value, tool.result))
