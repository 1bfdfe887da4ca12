"""Probing: single calls from one snapshot, and what they move."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Any

from fastsynth.env.environment import Environment, Observation, Tool
from fastsynth.env.world import check_arguments, coerce
from fastsynth.method.discovery.ahead import Ahead, Shown
from fastsynth.method.discovery.harvest import harvest
from fastsynth.method.discovery.inquiry import Inquiry
from fastsynth.method.discovery.points import Called, Point, Success
from fastsynth.method.pace import breathe

HANGS = 2
"""Times a tool may fail to come back before it is left alone: each costs its time limit."""
SURE = 3
"""Calls after which a kind of outcome that never moved the state is taken to be harmless, at
first; never where the domain says that the tool changes the state."""
Upcoming = Callable[[], Iterable[dict[str, Any]]]
"""Arguments that may be asked for next of the same tool and point, the next ones first."""
Outcome = tuple[str, bool, frozenset[str]]
"""Tool, whether it ran, and which parameters were given."""


def none_known() -> Iterable[dict[str, Any]]:
    return ()


class Prober:
    """Runs single calls from snapshots of one environment, restoring only where it must; of one
    that has sessions to spare several at once."""

    def __init__(
        self,
        environment: Environment,
        tools: Mapping[str, Tool],
        rng: Random,
        most: int = 10**9,
        inquiry: Inquiry | None = None,
    ) -> None:
        """After `most` calls every further one is answered by an error without being made."""
        self.most = most
        self._sure = SURE
        self._environment = environment
        self.rng = rng
        self.inquiry = inquiry or Inquiry()
        self._at: Point | None = None
        twins: Callable[[], Sequence[Environment]] = getattr(environment, "twins", tuple)
        sessions = twins()
        self._ahead = Ahead(sessions, self._watched, self.inquiry) if sessions else None
        self._last: Shown | None = None
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

    async def run(
        self,
        point: Point,
        name: str,
        arguments: dict[str, Any],
        upcoming: Upcoming = none_known,
        *,
        sure: bool = False,
        digested: bool = False,
    ) -> Observation:
        """One call from `point`; arguments that break the schema are an error without a call.
        `sure`: all that is upcoming will be asked for; `digested`: and the digests after it."""
        complaint = check_arguments(self.tools[name], arguments)
        if complaint:
            return Observation(error="arguments", message=complaint)
        if self.left <= 0:
            return Observation(error="environment", message="no calls left")
        if self.hangs.get(name, 0) >= HANGS:
            return Observation(error="environment", message="it does not come back")
        await breathe()
        given = coerce(self.tools[name].parameters, arguments)
        self.calls += 1
        if self._ahead is None:
            await self.go(point)
            self.inquiry.calls += 1
            observation = await self._environment.call(name, given)
        else:
            further = (self._fitting(name, other) for other in upcoming())
            whole = (other for other in further if other is not None)
            self._last = await self._ahead.shown(point, name, given, whole, sure, digested)
            observation = self._last.observation
        self._count_stop(name, observation)
        outcome = (name, observation.ok, frozenset(given))
        if self.tools[name].mutates or self._still.get(outcome, 0) < self._sure:
            await self._watch(point, outcome, given)
        return observation

    def _fitting(self, name: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
        tool = self.tools[name]
        return None if check_arguments(tool, arguments) else coerce(tool.parameters, arguments)

    def _watched(self, name: str, ok: bool, given: dict[str, Any]) -> bool:
        """Whether the state's digest is looked at after such a call."""
        known = self._still.get((name, ok, frozenset(given)), 0)
        return known >= 0 and (self.tools[name].mutates or known < self._sure)

    async def _watch(self, point: Point, outcome: Outcome, given: dict[str, Any]) -> None:
        """Learns whether this kind of outcome moves the state."""
        self._at = None
        if self._still.get(outcome, 0) < 0:
            return
        if await self.digest() == point.digest:
            self._still[outcome] = self._still.get(outcome, 0) + 1
            return
        await self._environment.restore(point.snapshot)
        self.calls += 1
        self.inquiry.calls += 1
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
        """Of the state after the last call."""
        if self._ahead is None:
            return await self._environment.digest()
        assert self._last is not None
        return await self._ahead.digest(self._last)

    async def twice(
        self, point: Point, name: str, arguments: dict[str, Any]
    ) -> list[tuple[Observation, str]]:
        """The same call from the same point, made two times anew, and the digests after it."""
        if self._ahead is None or self.hangs.get(name, 0) >= HANGS:
            return [(await self.run(point, name, arguments), await self.digest()) for _ in range(2)]
        given = coerce(self.tools[name].parameters, arguments)
        self.calls += 2
        made = await self._ahead.again(point, name, given, 2)
        for shown in made:
            self._count_stop(name, shown.observation)
        return [(shown.observation, shown.digest) for shown in made]

    async def after(
        self,
        point: Point,
        name: str,
        arguments: dict[str, Any],
        upcoming: Upcoming = none_known,
    ) -> Point | None:
        """The point one successful call further; None where the call fails."""
        observation = await self.run(point, name, arguments, upcoming, sure=True, digested=True)
        if not observation.ok:
            return None
        calls = (*point.calls, (name, arguments))
        if self._ahead is None:
            return await self._point(calls)
        assert self._last is not None
        return Point(calls=calls, snapshot=self._last.snapshot, digest=await self.digest())

    def _count_stop(self, name: str, observation: Observation) -> None:
        if observation.stopped:
            self.hangs[name] = self.hangs.get(name, 0) + 1
            self.stopped[name] = observation.message

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
