"""What an agent drafted for an MCP server, and a scenario of it.

A stock is calls of the server's own tools that make its initial state, and calls its user could
ask for then: they tell what a person could say, and the reads among them stand for a state that
nobody can see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from fastsynth.env import paths
from fastsynth.env.adapters.facts import concept_of
from fastsynth.env.adapters.mcp.facts import creates
from fastsynth.env.adapters.mcp.probe import Found
from fastsynth.env.environment import Scenario, Tool

FOUND = "found"
"""Reserved key of a scenario: what was found out about the server."""


class Planned(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call in a draft."""

    name: str
    arguments: dict[str, Any] = {}


class Stock(msgspec.Struct, frozen=True, kw_only=True):
    """One initial state, as calls."""

    setup: tuple[Planned, ...]
    wishes: tuple[Planned, ...]
    """Calls that work right after `setup`, each for itself."""
    found: Found = Found()
    """What varies by itself, as tries of such calls showed."""


def scenario_of(
    drawn: Scenario, tools: Mapping[str, Tool], stock: Stock, rng: Random, *, seen: bool
) -> Scenario:
    """`drawn` with the stock's state. `seen`: whether the state can be seen, as files."""
    setup, wishes = (
        [msgspec.to_builtins(call) for call in calls if call.name in tools]
        for calls in (stock.setup, stock.wishes)
    )
    reads = [call for call in wishes if not tools[call["name"]].mutates]
    state = {**drawn.state, "setup": setup, FOUND: msgspec.to_builtins(stock.found)}
    state.pop("battery", None)
    if not seen:
        state["battery"] = [*_plain_reads(tools), *(c for c in reads if c["arguments"])]
    facts = _facts(tools, wishes, rng)
    held = {value for _, value in paths.leaves(setup) if isinstance(value, str)}
    known = sorted(_texts(facts) & held)
    thread = msgspec.structs.replace(
        drawn.thread, entities=tuple(rng.sample(known, min(2, len(known))))
    )
    return msgspec.structs.replace(drawn, state=state, facts=facts, thread=thread)


def found_in(state: Mapping[str, Any]) -> Found:
    """What a scenario says of the server. Raises msgspec.ValidationError."""
    return msgspec.convert(state.get(FOUND, {}), Found)


def _plain_reads(tools: Mapping[str, Tool]) -> list[dict[str, Any]]:
    return [
        {"name": name, "arguments": {}}
        for name, tool in sorted(tools.items())
        if not tool.mutates and not tool.parameters.get("required")
    ]


def _facts(
    tools: Mapping[str, Tool], wishes: Sequence[Mapping[str, Any]], rng: Random
) -> dict[str, list[Any]]:
    """Concept -> values. Where a concept is both created and used, one of the two is meant."""
    pools: dict[str, dict[bool, list[Any]]] = {}
    for call in wishes:
        tool = tools[call["name"]]
        for name, value in call["arguments"].items():
            schema = tool.parameters["properties"].get(name, {})
            many = schema.get("type") == "array" and isinstance(value, list)
            pool = pools.setdefault(concept_of(name, schema), {}).setdefault(creates(tool), [])
            pool += [item for item in (value if many else [value]) if item not in pool]
    return {concept: both[rng.choice(sorted(both))] for concept, both in sorted(pools.items())}


def _texts(facts: Mapping[str, Sequence[Any]]) -> set[str]:
    return {v for values in facts.values() for v in values if isinstance(v, str) and len(v) > 2}
