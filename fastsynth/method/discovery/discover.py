"""Finds the API graph by execution (METHOD, Phase I): on a black box, from snapshots, without any
declaration. Similarity of names proposes; execution disposes. Deterministic for a seed.

Three kinds of evidence: `schema` (names and types match), `flow` (the value works, a stranger's
fails), `order` (the tool fails unless the other ran). Volatile results are found by running every
tool twice from one snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

import msgspec

from fastsynth.env import paths
from fastsynth.env.adapters.masks import masked
from fastsynth.env.environment import Domain
from fastsynth.env.world import tools_of
from fastsynth.method.discovery.explore import Explorer
from fastsynth.method.discovery.flows import Flows, measure
from fastsynth.method.discovery.inquiry import Inquiry
from fastsynth.method.discovery.orders import OrderSeen, measure_orders
from fastsynth.method.discovery.points import Success
from fastsynth.method.discovery.pool import Pool
from fastsynth.method.discovery.probes import HANGS, Prober
from fastsynth.method.discovery.verdicts import Discovery, Evidence, judge
from fastsynth.seeds import derive

EXPLORING = 0.6
"""Share of a scenario's calls in which tools are brought to run; the others measure."""
TWICE = 4
"""Calls that it takes at most to see whether a tool varies."""
MANY = 200
"""Tools that are many."""


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """How much is tried."""

    scenarios: int = 5
    calls: int = 80_000
    """Most calls in one scenario."""

    @classmethod
    def of(cls, name: str, tools: int = 0) -> Effort:
        """Less where a call costs milliseconds: a server's 5, a worker process's 0.2. Many tools
        need more calls, and show in two scenarios what few show in four."""
        kind = name.partition(":")[0]
        if kind == "mcp":
            return cls(scenarios=2, calls=max(3_000, 20 * tools))
        if kind == "python":
            return cls(scenarios=4 if tools <= MANY else 2, calls=max(20_000, 120 * tools))
        return cls()


class Findings(msgspec.Struct, kw_only=True):
    """What was seen in all scenarios, before it is judged."""

    flows: Flows
    orders: list[OrderSeen] = []
    ran: dict[str, int] = {}
    """Tool -> scenarios in which it ran."""
    mutators: set[str] = set()
    volatile: dict[str, set[str]] = {}
    """Tool -> result paths that differ between equal calls from equal states."""
    restless: set[str] = set()
    """Tools after which equal states differ."""
    shapeless: set[str] = set()
    """Tools whose results differ in more than values under known paths."""
    hangs: dict[str, int] = {}
    """Tool -> calls that never came back."""
    stopped: dict[str, str] = {}
    """Tool -> how the last of these ended."""
    runs: dict[str, Success] = {}
    calls: int = 0
    scenarios: int = 0


async def discover(
    domain: Domain, seed: int = 1, effort: Effort | None = None, inquiry: Inquiry | None = None
) -> Discovery:
    """The graph of `domain`, as its environments show it. Declarations of tools are not read.

    Costs some thirty thousand calls a scenario for a hundred tools. `inquiry` tells how far it
    is.
    """
    return judge(domain, as_evidence(await probe(domain, seed, effort or Effort(), inquiry)))


async def probe(
    domain: Domain, seed: int, effort: Effort, inquiry: Inquiry | None = None
) -> Findings:
    """Everything that execution shows, in scenarios of their own, before any of it is judged."""
    findings, inquiry = Findings(flows=Flows()), inquiry or Inquiry()
    try:
        for number in range(effort.scenarios):
            inquiry.begin(number + 1, effort.scenarios, effort.calls)
            rng = derive(seed, "discover", number)
            await _scenario(domain, rng, findings, effort.calls, inquiry)
    finally:
        inquiry.end()
    findings.scenarios = effort.scenarios
    return findings


async def _scenario(
    domain: Domain, rng: Random, findings: Findings, calls: int, inquiry: Inquiry
) -> None:
    scenario = domain.draw(domain.parts, rng)
    environment = await domain.open(domain.parts)
    try:
        await environment.reset(scenario.state)
        pool = Pool(rng)
        pool.add_groups(scenario.facts, "fact")
        pool.add_groups(await environment.known(), "live")
        pool.add_state(scenario.state)
        own = calls - min(TWICE * len(domain.tools), calls // 2)
        tools, first = tools_of(domain, domain.parts), int(EXPLORING * own)
        prober = Prober(environment, tools, rng, first, inquiry)
        prober.mutators |= findings.mutators
        prober.hangs, prober.stopped = findings.hangs, findings.stopped
        explorer = Explorer(prober, pool, await prober.begin())
        await explorer.explore()
        prober.most = own
        findings.orders += await measure_orders(explorer, prober)
        await measure(explorer, prober, findings.flows, rng)
        prober.most = calls
        await _twice(prober, [*explorer.runs.values(), *explorer.more], findings)
        for name, run in explorer.runs.items():
            findings.ran[name] = findings.ran.get(name, 0) + 1
            findings.runs.setdefault(name, run)
        findings.mutators |= prober.mutators
        findings.calls += prober.calls
    finally:
        await environment.close()


async def _twice(prober: Prober, runs: Iterable[Success], findings: Findings) -> None:
    """Every tool again from its snapshot, well after the first time: what differs is volatile."""
    seen: set[str] = set()
    prober.inquiry.enter("running every tool twice", len(prober.tools))
    for run in runs:
        if run.tool in seen and run.tool not in findings.volatile:
            continue
        if prober.left < TWICE:
            return  # an error for want of calls is no other result
        seen.add(run.tool)
        prober.inquiry.done = len(seen)
        (observation, digest), (again, other) = await prober.twice(
            run.point, run.tool, run.arguments
        )
        if other != digest:
            findings.restless.add(run.tool)
        others = (observation.value, again.value)
        different = {path for value in others for path in differences(run.value, value)}
        if different:
            findings.volatile.setdefault(run.tool, set()).update(different)
            hidden = [_hidden(value, different) for value in (run.value, *others)]
            if hidden[0] is None or hidden != hidden[:1] * 3:
                findings.shapeless.add(run.tool)


def differences(one: Any, other: Any) -> Sequence[str]:
    """Patterns of the paths at which two results differ; "" where their shapes do."""
    left, right = dict(paths.leaves(one)), dict(paths.leaves(other))
    if left.keys() != right.keys():
        return [paths.pattern(p) for p in left.keys() ^ right.keys()] or [""]
    return [paths.pattern(p) for p in left if left[p] != right[p]]


def _hidden(value: Any, patterns: Iterable[str]) -> Any:
    """What stays of a result under the mask; None where its keys cannot be written as paths."""
    try:
        return masked(value, dict.fromkeys(patterns, ()))
    except ValueError:
        return None


def as_evidence(findings: Findings) -> Evidence:
    return Evidence(
        flows=findings.flows,
        orders=tuple(findings.orders),
        ran=findings.ran,
        mutators=frozenset(findings.mutators),
        volatile={name: tuple(sorted(p)) for name, p in sorted(findings.volatile.items())},
        restless=tuple(sorted(findings.restless)),
        shapeless=frozenset(findings.shapeless),
        hung={
            name: findings.stopped.get(name, "")
            for name, times in sorted(findings.hangs.items())
            if times >= HANGS
        },
        runs=findings.runs,
        calls=findings.calls,
        scenarios=findings.scenarios,
    )
