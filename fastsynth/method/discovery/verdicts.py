"""From experiments to a graph: which edges stand, on what evidence, and what was refuted.

An edge by flow needs values that work clearly more often than strangers do. Names alone carry an
edge only into a parameter that no experiment can tell anything about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from fastsynth.env import paths
from fastsynth.env.environment import Domain, Tool
from fastsynth.method.discovery.flows import Flows, Trial
from fastsynth.method.discovery.harvest import STATE
from fastsynth.method.discovery.orders import OrderSeen
from fastsynth.method.discovery.points import Success
from fastsynth.method.discovery.proposals import Place, alike, by_schema
from fastsynth.method.graph.graph import Edge, Order

RATE, SURE_RATE = 0.5, 0.15
"""Least share of a path's values that work; and where no stranger's text ever did."""
TELLING = 5
"""Characters of a text from which on a single time it worked is no chance."""
MARGIN = 0.4
"""By how much it must beat strangers."""
MEASURE = 0.34
"""Share of strangers from which on a parameter is free: a limit, not a reference."""
LEAST_ALIKE = 0.3
"""Least likeness of names for numbers that cross from part to part."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything seen; counts are over all scenarios."""

    flows: Flows
    orders: tuple[OrderSeen, ...]
    ran: Mapping[str, int]
    mutators: frozenset[str]
    volatile: Mapping[str, tuple[str, ...]]
    restless: tuple[str, ...]
    shapeless: frozenset[str]
    hung: Mapping[str, str]
    runs: Mapping[str, Success]
    calls: int
    scenarios: int


class Discovery(msgspec.Struct, frozen=True, kw_only=True):
    """A found graph, as JSON. `method.discovery.equip` makes a domain of it."""

    fingerprint: str = ""
    """Hash of the tools it was found for."""
    edges: tuple[Edge, ...]
    orders: tuple[Order, ...]
    mutates: tuple[str, ...]
    free: tuple[str, ...]
    """`tool.parameter` whose value no experiment tells from a stranger's."""
    said: Mapping[str, tuple[str, ...]]
    """`tool.parameter` -> groups of facts and live values that work there."""
    opaque: tuple[str, ...]
    """`tool.parameter` that took values of results only, never one a user could say."""
    volatile: Mapping[str, tuple[str, ...]]
    masked: Mapping[str, tuple[str, ...]] = {}
    """Tool -> of its volatile paths those that are blanked: the rest of the result is stable."""
    banned: tuple[str, ...]
    """Tools whose results or effects cannot be repeated, or that hang: no check could hold."""
    hung: tuple[str, ...] = ()
    """Of those, the ones that did not come back."""
    stopped: Mapping[str, str] = {}
    """How each of these ended: it overran its time, or ended its process."""
    silent: tuple[str, ...]
    """Tools that never ran."""
    refuted: int
    """Edges that names proposed and execution disposed of."""
    calls: int
    scenarios: int


def judge(domain: Domain, seen: Evidence) -> Discovery:
    flows = seen.flows
    edges = list(_by_flow(domain, seen))
    found = {_mark(edge) for edge in edges}
    proposed = [e for e in by_schema(domain.tools, seen.runs) if _mark(e) not in found]
    checked = {place for place, trial in flows.controls.items() if trial.rate < MEASURE}
    standing = [e for e in proposed if (e.consumer, e.parameter) not in checked]
    fed = {(e.consumer, e.parameter) for e in edges}
    said = _said(flows, fed)
    opaque = [
        place for place in sorted(fed) if place not in said and flows.controls[place].rate == 0.0
    ]
    blanked = _masked(domain, seen)
    unsteady = set(seen.restless) | (set(seen.volatile) - set(blanked)) | set(seen.hung)
    return Discovery(
        edges=tuple(sorted(edges + standing, key=_order_of_edge)),
        orders=tuple(_orders(seen)),
        mutates=tuple(sorted(seen.mutators)),
        free=tuple(sorted(map(_dotted, flows.controls.keys() - checked))),
        said={_dotted(place): groups for place, groups in sorted(said.items())},
        opaque=tuple(map(_dotted, opaque)),
        volatile=dict(seen.volatile),
        masked=blanked,
        banned=tuple(sorted(unsteady)),
        hung=tuple(seen.hung),
        stopped=dict(seen.hung),
        silent=tuple(name for name in sorted(domain.tools) if name not in seen.ran),
        refuted=len(proposed) - len(standing),
        calls=seen.calls,
        scenarios=seen.scenarios,
    )


def _masked(domain: Domain, seen: Evidence) -> dict[str, tuple[str, ...]]:
    """Tools that can be kept without what varies: something else stays, or they change the state.
    None where the environment cannot mask."""
    if not getattr(domain, "masks", False):
        return {}
    unfit = {*seen.restless, *seen.shapeless, *seen.hung}
    kept: dict[str, tuple[str, ...]] = {}
    for name, hidden in seen.volatile.items():
        left = [p for p, _ in paths.leaves(seen.runs[name].value) if paths.pattern(p) not in hidden]
        if name not in unfit and (left or name in seen.mutators):
            kept[name] = hidden
    return kept


def _by_flow(domain: Domain, seen: Evidence) -> Iterator[Edge]:
    flows = seen.flows
    for (source, place), trial in flows.edges.items():
        controls = flows.controls[place]
        close = alike(source, place)
        if not _stands(trial, controls) or source[1] in seen.volatile.get(source[0], ()):
            continue
        if _is_chance(domain.tools, source, place, trial) and close < LEAST_ALIKE:
            continue
        yield Edge(
            producer=source[0],
            path=source[1],
            consumer=place[0],
            parameter=place[1],
            concept="",
            evidence="flow",
            support=trial.ok,
            trials=trial.tried,
            controls=controls.tried,
            controls_ok=controls.ok,
            likeness=round(close, 2),
            example={**(trial.example or {}), "refused": flows.refused.get(place)},
        )


def _stands(trial: Trial, controls: Trial) -> bool:
    if controls.rate >= MEASURE or trial.rate - controls.rate < SURE_RATE:
        return False
    value = trial.example["value"] if trial.example is not None else None
    if isinstance(value, str) and not controls.ok and (trial.ok > 1 or len(value) >= TELLING):
        return True
    return trial.rate >= RATE and trial.rate - controls.rate >= MARGIN


def _is_chance(tools: Mapping[str, Tool], source: Place, place: Place, trial: Trial) -> bool:
    """A number of one part that works in another: chance, unless their names speak for it."""
    named = trial.example is not None and isinstance(trial.example["value"], str)
    return not named and tools[source[0]].part != tools[place[0]].part


def _mark(edge: Edge) -> tuple[str, str, str, str]:
    return edge.producer, edge.path, edge.consumer, edge.parameter


def _said(flows: Flows, fed: set[Place]) -> dict[Place, tuple[str, ...]]:
    """The groups whose values work better than a stranger's, best first. Places of the state
    count where no result feeds the parameter: else they would give hidden ids away."""
    found: dict[Place, list[tuple[float, str]]] = {}
    for (group, place), trial in flows.said.items():
        if group.startswith(STATE) and place in fed:
            continue
        if trial.rate >= RATE and trial.rate - flows.controls[place].rate >= MARGIN:
            found.setdefault(place, []).append((-trial.rate, group))
    return {place: tuple(group for _, group in sorted(groups)) for place, groups in found.items()}


def _orders(seen: Evidence) -> Iterator[Order]:
    counted: dict[tuple[str, str], Trial] = {}
    for one in seen.orders:
        trial = counted.setdefault((one.before[0], one.after[0]), Trial())
        example = {
            "before": {"tool": one.before[0], "arguments": one.before[1]},
            "after": {"tool": one.after[0], "arguments": one.after[1]},
            "without": one.complaint,
        }
        trial.add(one.needed, example)
    for (before, after), trial in sorted(counted.items()):
        if trial.rate > RATE:
            yield Order(
                before=before,
                after=after,
                evidence="order",
                support=trial.ok,
                trials=trial.tried,
                example=trial.example or {},
            )


def _dotted(place: Place) -> str:
    return f"{place[0]}.{place[1]}"


def _order_of_edge(edge: Edge) -> tuple[str, ...]:
    return edge.consumer, edge.parameter, edge.producer, edge.path
