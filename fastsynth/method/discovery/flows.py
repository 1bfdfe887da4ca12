"""Value edges by experiment: a value from a result goes into a call that ran, and the call runs
again, where values nobody gave make it fail.

A parameter for which strangers do as well is *free*: no experiment can tell its sources apart, so
only names propose edges for it. A result that repeats an argument (an echo) is no source.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import msgspec
from anyio.lowlevel import checkpoint

from fastsynth.env import paths
from fastsynth.env.environment import Tool
from fastsynth.method.discovery.explore import Explorer
from fastsynth.method.discovery.pool import STATE, fits
from fastsynth.method.discovery.probes import Point, Prober, Success, is_hollow, leaves_of
from fastsynth.method.discovery.strangers import strangers
from fastsynth.records import canonical

PER_PATH = 4
"""Values tried of one result path, in one scenario."""
Place = tuple[str, str]
"""(tool, result path), or (tool, parameter)."""


class Trial(msgspec.Struct, kw_only=True):
    """How often a call ran with values of one origin."""

    ok: int = 0
    tried: int = 0
    example: dict[str, Any] | None = None

    def add(self, ok: bool, example: dict[str, Any] | None = None) -> None:
        self.ok += ok
        self.tried += 1
        if ok and self.example is None:
            self.example = example

    @property
    def rate(self) -> float:
        return self.ok / self.tried if self.tried else 0.0


class Flows(msgspec.Struct, kw_only=True):
    """Counts over all scenarios."""

    edges: dict[tuple[Place, Place], Trial] = {}
    said: dict[tuple[str, Place], Trial] = {}
    """(group of facts or live values, parameter) -> trial."""
    controls: dict[Place, Trial] = {}
    refused: dict[Place, dict[str, Any]] = {}
    """Parameter -> a control that failed, with its complaint."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A value a call gave, and the call; `mutates` means that the call is part of the state."""

    place: Place
    value: Any
    run: Success


async def measure(explorer: Explorer, prober: Prober, flows: Flows, rng: Random) -> None:
    """Adds one scenario's experiments to `flows`."""
    ran = [*explorer.runs.values(), *explorer.more]
    sources = [source for run in ran for source in sources_of(run, prober.tools)]
    for run in list(explorer.runs.values()):
        await checkpoint()
        tool = prober.tools[run.tool]
        for parameter, schema in tool.parameters.get("properties", {}).items():
            inner, many = _element(schema)
            if "enum" in inner or "const" in inner or inner.get("type") in ("boolean", "object"):
                continue
            place = (run.tool, f"{parameter}[]" if many else parameter)
            trial = _Consumer(explorer, prober, run, parameter, many)
            if await _controls(trial, place, inner, flows, rng):
                await _edges(trial, place, inner, sources, flows)
                await _said(trial, place, inner, explorer, flows)
                if not any(t.ok for (_, to), t in flows.edges.items() if to == place):
                    await _in_state(trial, place, inner, explorer, flows)


def sources_of(run: Success, tools: Mapping[str, Tool]) -> list[Source]:
    """The values of a result that its call did not hold already."""
    held = {canonical(value) for _, value in paths.leaves(run.arguments)}
    count: dict[str, int] = {}
    found: list[Source] = []
    for path, value in leaves_of(run, tools[run.tool]):
        pattern = paths.pattern(path)
        if isinstance(value, bool) or value in (None, "") or canonical(value) in held:
            continue
        count[pattern] = count.get(pattern, 0) + 1
        if count[pattern] <= PER_PATH:
            found.append(Source(place=(run.tool, pattern), value=value, run=run))
    return found


class _Consumer:
    """One parameter of a call that ran; `runs` says whether it runs with another value there."""

    def __init__(
        self, explorer: Explorer, prober: Prober, run: Success, parameter: str, many: bool
    ) -> None:
        self._explorer = explorer
        self._prober = prober
        self._parameter = parameter
        self._many = many
        self._hollow = is_hollow(run.value)
        self.run = run
        self.own = run.arguments.get(parameter)
        self.message = ""

    def arguments(self, value: Any) -> dict[str, Any]:
        if not self._many:
            return {**self.run.arguments, self._parameter: value}
        rest = [item for item in self.own or () if item != value][1:]
        return {**self.run.arguments, self._parameter: [value, *rest]}

    async def runs(self, point: Point, value: Any) -> bool:
        observation = await self._prober.run(point, self.run.tool, self.arguments(value))
        self.message = observation.message or canonical(observation.value)
        return observation.ok and (self._hollow or not is_hollow(observation.value))

    async def point_of(self, source: Source) -> Point | None:
        """The consumer's point, after the source's call where that call changes the state."""
        point = self.run.point
        if not source.run.moved:
            return point
        call = (source.run.tool, source.run.arguments)
        return point if call in point.calls else await self._explorer.point_after(point, call)


async def _controls(
    trial: _Consumer, place: Place, schema: Mapping[str, Any], flows: Flows, rng: Random
) -> bool:
    """Whether a stranger makes the call fail: only then can an experiment tell anything."""
    own = trial.own[0] if isinstance(trial.own, list) and trial.own else trial.own
    example = own if own is not None else _example(schema)
    counted = flows.controls.setdefault(place, Trial())
    failed = False
    for value in strangers(example, schema, rng):
        ok = await trial.runs(trial.run.point, value)
        counted.add(ok)
        if not ok:
            failed = True
            flows.refused.setdefault(
                place, {"arguments": trial.arguments(value), "message": trial.message[:300]}
            )
    return failed


async def _edges(
    trial: _Consumer,
    place: Place,
    schema: Mapping[str, Any],
    sources: list[Source],
    flows: Flows,
) -> None:
    tried: dict[tuple[Place, str], bool] = {}
    for source in sources:
        if source.place[0] == place[0] or not fits(source.value, schema):
            continue
        mark = (source.place, canonical(source.value))
        if mark in tried:
            continue
        point = await trial.point_of(source)
        if point is None:
            continue
        ok = tried[mark] = await trial.runs(point, source.value)
        if ok and source.run.moved:
            ok = tried[mark] = await _is_fresh(trial, source)
        counted = flows.edges.setdefault((source.place, place), Trial())
        counted.add(ok, _pair(source, trial) if ok and counted.example is None else None)


async def _is_fresh(trial: _Consumer, source: Source) -> bool:
    """Whether the value works only once its producer ran: made by it, not merely named."""
    if (source.run.tool, source.run.arguments) in trial.run.point.calls:
        return True
    return not await trial.runs(trial.run.point, source.value)


async def _said(
    trial: _Consumer,
    place: Place,
    schema: Mapping[str, Any],
    explorer: Explorer,
    flows: Flows,
) -> None:
    """Which groups of values that a user could say work here."""
    for found in explorer.pool.values:
        if found.source in ("fact", "live") and fits(found.value, schema):
            ok = await trial.runs(trial.run.point, found.value)
            flows.said.setdefault((found.path, place), Trial()).add(ok)


async def _in_state(
    trial: _Consumer,
    place: Place,
    schema: Mapping[str, Any],
    explorer: Explorer,
    flows: Flows,
) -> None:
    """Which places of the initial state hold values that work, where no result gives any: what no
    tool tells, the user has to know."""
    count: dict[str, int] = {}
    for found in explorer.pool.values:
        if found.source != "state" or not fits(found.value, schema):
            continue
        group = STATE + found.path
        count[group] = count.get(group, 0) + 1
        if count[group] <= PER_PATH:
            ok = await trial.runs(trial.run.point, found.value)
            flows.said.setdefault((group, place), Trial()).add(ok)


def _pair(source: Source, trial: _Consumer) -> dict[str, Any]:
    return {
        "produced_by": {
            "tool": source.run.tool,
            "arguments": source.run.arguments,
            "result": _excerpt(source.run.value),
        },
        "value": source.value,
        "used_in": {"tool": trial.run.tool, "arguments": trial.arguments(source.value)},
    }


def _excerpt(value: Any) -> str:
    text = canonical(value)
    return text if len(text) <= 600 else text[:600] + "…"


def _element(schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    if schema.get("type") == "array":
        return schema.get("items", {}), True
    return schema, False


def _example(schema: Mapping[str, Any]) -> Any:
    return {"string": "ab12cd", "integer": 4711, "number": 47.11}.get(str(schema.get("type")))
