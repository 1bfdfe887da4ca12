"""Value edges by experiment: a value from a result goes into a call that ran, and the call runs
again, where values nobody gave make it fail.

A parameter for which strangers do as well is *free*: no experiment can tell its sources apart, so
only names propose edges for it. A result that repeats an argument (an echo) is no source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

import msgspec
from anyio.lowlevel import checkpoint

from fastsynth.method.discovery.consumer import Consumer
from fastsynth.method.discovery.explore import Explorer
from fastsynth.method.discovery.harvest import STATE
from fastsynth.method.discovery.pool import fits
from fastsynth.method.discovery.probes import Prober
from fastsynth.method.discovery.proposals import Place
from fastsynth.method.discovery.sources import PER_PATH, Source, Sources, share
from fastsynth.method.discovery.strangers import strangers
from fastsynth.records import canonical

PER_EDGE = 1.5
"""Calls that trying a value takes: more where a call has to give it first."""
PER_CONTROL = 2
"""The same of a stranger at most."""
LEAST = 24
"""Calls for one parameter, where they are scarce: fewer say nothing."""


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
    """(group of facts, live values or places of the state, parameter) -> trial."""
    controls: dict[Place, Trial] = {}
    working: set[Place] = set()
    """Parameters in which a value of a result worked."""
    refused: dict[Place, dict[str, Any]] = {}
    """Parameter -> a control that failed, with its complaint."""


async def measure(explorer: Explorer, prober: Prober, flows: Flows, rng: Random) -> None:
    """Adds one scenario's experiments to `flows`. Where the calls do not suffice for all of them,
    each parameter gets its share; what was not tried says nothing."""
    sources = Sources([*explorer.runs.values(), *explorer.more], prober.tools)
    trials = list(_trials(explorer, prober))
    told = [(one.path, one.value) for one in explorer.pool.values if one.source in ("fact", "live")]
    held = [(STATE + one.path, one.value) for one in explorer.pool.values if one.source == "state"]
    needs = [len(sources.fitting(schema)) + len(told) for _, _, schema in trials]
    most = share(needs, int(prober.left / PER_EDGE))
    scarce = most < max(needs, default=0)
    sayable = PER_PATH if scarce else len(told)
    prober.inquiry.enter("parameters", len(trials))
    for number, (trial, place, schema) in enumerate(trials):
        await checkpoint()
        prober.inquiry.done = number
        own = max(LEAST, prober.left // (len(trials) - number))
        trial.allow(own if scarce else prober.left)
        if await _controls(trial, place, schema, flows, rng):
            await _edges(trial, place, sources.nearest(place, trial.known, schema, most), flows)
            await _said(trial, place, schema, told, sayable, flows)
            if place not in flows.working:
                # What no tool tells, the user has to know.
                await _said(trial, place, schema, held, PER_PATH, flows)


def _trials(
    explorer: Explorer, prober: Prober
) -> Iterator[tuple[Consumer, Place, Mapping[str, Any]]]:
    """Every parameter into which a value could flow, its place, and the schema of the value."""
    for run in list(explorer.runs.values()):
        tool = prober.tools[run.tool]
        for parameter, schema in tool.parameters.get("properties", {}).items():
            inner, many = _element(schema)
            if "enum" in inner or "const" in inner or inner.get("type") in ("boolean", "object"):
                continue
            place = (run.tool, f"{parameter}[]" if many else parameter)
            yield Consumer(explorer, prober, run, parameter, many), place, inner


async def _controls(
    trial: Consumer, place: Place, schema: Mapping[str, Any], flows: Flows, rng: Random
) -> bool:
    """Whether a stranger makes the call fail: only then can an experiment tell anything."""
    example = trial.known if trial.known is not None else _example(schema)
    made = strangers(example, schema, rng)
    if trial.left < PER_CONTROL * len(made):
        return False
    counted = flows.controls.setdefault(place, Trial())
    failed = False
    for number, value in enumerate(made, 1):
        ok = await trial.runs(trial.run.point, value, made[number:])
        counted.add(ok)
        if not ok:
            failed = True
            flows.refused.setdefault(
                place, {"arguments": trial.arguments(value), "message": trial.message[:300]}
            )
    return failed


async def _edges(trial: Consumer, place: Place, sources: Sequence[Source], flows: Flows) -> None:
    tried: dict[tuple[Place, str], bool] = {}
    # Those of producers that change nothing are all tried from the consumer's own point.
    others = [s for s in sources if s.place[0] != place[0] and not s.run.moved]
    steady = [source.value for source in others]
    for source in sources:
        mark = (source.place, canonical(source.value))
        if source.place[0] == place[0] or mark in tried:
            continue
        point = await trial.point_of(source)
        if point is None:
            continue
        further = steady if point is trial.run.point else ()
        ok = tried[mark] = await trial.runs(point, source.value, further)
        if ok and source.run.moved:
            ok = tried[mark] = await _is_fresh(trial, source)
        if trial.left <= 0:
            return
        counted = flows.edges.setdefault((source.place, place), Trial())
        counted.add(ok, _pair(source, trial) if ok and counted.example is None else None)
        if ok:
            flows.working.add(place)


async def _is_fresh(trial: Consumer, source: Source) -> bool:
    """Whether the value works only once its producer ran: made by it, not merely named."""
    if (source.run.tool, source.run.arguments) in trial.run.point.calls:
        return True
    return not await trial.runs(trial.run.point, source.value)


async def _said(
    trial: Consumer,
    place: Place,
    schema: Mapping[str, Any],
    values: Iterable[tuple[str, Any]],
    most: int,
    flows: Flows,
) -> None:
    """Which groups of `values`, of each at most `most`, work here."""
    count: dict[str, int] = {}
    tried: list[tuple[str, Any]] = []
    for group, value in values:
        if fits(value, schema):
            count[group] = count.get(group, 0) + 1
            tried += [(group, value)] if count[group] <= most else []
    every = [value for _, value in tried]
    for group, value in tried:
        ok = await trial.runs(trial.run.point, value, every)
        if trial.left <= 0:
            return
        flows.said.setdefault((group, place), Trial()).add(ok)


def _pair(source: Source, trial: Consumer) -> dict[str, Any]:
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
