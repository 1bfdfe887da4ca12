"""What a planned turn costs, by the number of tools, and how fast calls run through a walk.

All CPU, one core, no model. Subjects: the bundled worlds, BFCL's 128 tools, and made-up domains of
16, 128 and 1,000 tools. `executed_calls_per_s` counts calls that ran while walking, their check
against the schema, provenance, snapshots and digests included. `setup_ms` is the drawing of a
conversation's scenario and the building of its world: part of `ms_per_turn`, not of the former.
Usage: `fastsynth bench planning [--json FILE] [-- --conversations N]`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import anyio

from fastsynth.engine.collector import seldom_collected
from fastsynth.engine.quota import Job
from fastsynth.env.adapters.objects import ObjectDomain, raised, returned
from fastsynth.env.environment import Domain, Observation, Scenario, Thread, Tool
from fastsynth.env.registry import open_domain
from fastsynth.env.world import World, living
from fastsynth.method.graph.graph import build_graph
from fastsynth.method.turns.planner import Planner, Shape

SIZES = (16, 128, 1000)
KINDS_OF_THING = 40


class Shelf:
    """Things of many kinds; a tool of kind k finds, reads or changes those of its kind."""

    def __init__(self, things: dict[str, list[dict[str, Any]]]) -> None:
        self.things = things

    def __getattr__(self, name: str) -> Any:
        verb, _, rest = name.partition("_")
        if verb not in ("find", "read", "mark") or "things" not in self.__dict__:
            raise AttributeError(name)
        kind = rest.split("_")[0]
        return lambda **given: getattr(self, f"do_{verb}")(kind, **given)

    def do_find(self, kind: str, **given: Any) -> Any:
        (name,) = given.values()
        found = [t for t in self.things[kind] if t["name"].startswith(name[:4])]
        return {"found": [{"id": t["id"], "title": t["name"], "price": t["price"]} for t in found]}

    def do_read(self, kind: str, **given: Any) -> Any:
        (wanted,) = given.values()
        return next(dict(thing) for thing in self.things[kind] if thing["id"] == wanted)

    def do_mark(self, kind: str, **given: Any) -> Any:
        thing = next(t for t in self.things[kind] if t["id"] in given.values())
        thing["marks"] += 1
        return {"marks": thing["marks"] + len(kind) / 8}


class ShelfPart:
    name = "shelf"
    ignored: frozenset[str] = frozenset()

    def __init__(self, size: int) -> None:
        self.tools: Mapping[str, Tool] = {t.name: t for t in map(_tool, range(size))}

    def build(self, config: Any, objects: Mapping[str, object]) -> object:
        return Shelf({kind: [dict(t) for t in things] for kind, things in config.items()})

    def observe(self, value: Any) -> Observation:
        return returned(value)

    def fault(self, error: Exception) -> Observation:
        return raised(error)

    def known(self, live: Any) -> Mapping[str, Sequence[Any]]:
        return {}


def _tool(number: int) -> Tool:
    """Every third tool finds things of a kind, reads one, or marks one."""
    verb = ("find", "read", "mark")[number % 3]
    kind = f"k{number // 3 % KINDS_OF_THING}"
    parameter = f"{kind}_name" if verb == "find" else f"{kind}_id"
    gives = {
        "find": {"found[].id": f"{kind}_id", "found[].price": "price"},
        "read": {"name": f"{kind}_name", "price": "price"},
        "mark": {"marks": f"{kind}_marks"},
    }[verb]
    return Tool(
        name=f"{verb}_{kind}_{number}",
        description=f"{verb.title()} things of kind {kind}.",
        parameters={
            "type": "object",
            "properties": {parameter: {"type": "string"}},
            "required": [parameter],
        },
        part="shelf",
        mutates=verb == "mark",
        takes={parameter: parameter},
        gives=gives,
        ranks={"found[].price": ("cheapest", "dearest")} if verb == "find" else {},
    )


def made_up(size: int) -> Domain:
    """A domain of `size` tools over forty kinds of things."""

    def draw(parts: Sequence[str], rng: Random) -> Scenario:
        kinds = [f"k{n}" for n in range(min(KINDS_OF_THING, size // 3 + 1))]
        things = {
            kind: [
                {"id": f"{kind}-{n}", "name": f"Item {kind} {n}", "price": rng.random(), "marks": 0}
                for n in range(5)
            ]
            for kind in kinds
        }
        facts = {f"{kind}_name": [thing["name"] for thing in things[kind]] for kind in kinds}
        thread = Thread(persona="a shopkeeper", occasion="taking stock")
        state = {"shelf": things}
        return Scenario(state=state, facts=facts, thread=thread, now="2026-03-02T09:00+01:00")

    opaque = frozenset(f"k{n}_id" for n in range(KINDS_OF_THING))
    return ObjectDomain("made-up", [ShelfPart(size)], draw, opaque=opaque)


class Counted(World):
    """A world that counts the calls it ran."""

    ran = 0

    async def attempt(self, name: str, arguments: Any) -> Observation:
        Counted.ran += 1
        return await super().attempt(name, arguments)


async def measure(subject: str, domain: Domain, conversations: int) -> dict[str, Any]:
    began = time.process_time()
    planner = Planner(domain, build_graph(domain), Shape(), 1)
    built = time.process_time() - began
    await _plan(planner, range(conversations, conversations + 5))
    Counted.ran = 0
    async with seldom_collected():  # as in a run
        cpu = time.process_time()
        turns, steps, walking = await _plan(planner, range(conversations))
        cpu = time.process_time() - cpu
    return {
        "benchmark": "planning",
        "subject": subject,
        "in_flight": 1,
        "cpu_ms_per_request": None,
        "requests_per_s": None,
        "errors": 0,
        "tools": len(domain.tools),
        "graph_ms": round(1000 * built, 1),
        "ms_per_turn": round(1000 * cpu / max(turns, 1), 3),
        "calls_per_turn": round(steps / max(turns, 1), 2),
        "executed_calls_per_s": round(Counted.ran / walking),
        "setup_ms": round(1000 * (cpu - walking) / conversations, 3),
        "turns": turns,
    }


async def _plan(planner: Planner, numbers: range) -> tuple[int, int, float]:
    """Turns, their calls, and the CPU seconds of planning alone."""
    turns, steps, walking = 0, 0, 0.0
    for number in numbers:
        job = Job(number, "base", number)
        setting = planner.setting(job)
        async with living(planner.domain, setting.parts, setting.scenario.state) as world:
            counted = Counted(world._environment, world.tools)
            walking -= time.process_time()
            plan = await planner.plan(job, setting, counted)
            walking += time.process_time()
        turns += len(plan.turns)
        steps += sum(len(turn.steps) for turn in plan.turns)
    return turns, steps, walking


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=100)
    parser.add_argument("--json", type=Path, help="write the rows there as well")
    given = parser.parse_args()
    subjects = [("world", open_domain("world")), ("bfcl", open_domain("bfcl"))]
    subjects += [(f"made up, {size} tools", made_up(size)) for size in SIZES]
    lines = []
    for subject, domain in subjects:
        row = anyio.run(measure, subject, domain, given.conversations)
        lines.append(json.dumps(row) + "\n")
        sys.stdout.write(lines[-1])
        sys.stdout.flush()
    if given.json:
        given.json.write_text("".join(lines))


if __name__ == "__main__":
    main()
