"""A small random walker over BFCL worlds: facts, live values and outputs, needed tools first."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from fastsynth import seeds
from fastsynth.env import paths
from fastsynth.env.adapters.bfcl.domain import BfclDomain
from fastsynth.env.environment import Observation, Scenario, Tool
from fastsynth.env.world import World

TRIES = 6


class Explorer:
    """Calls every tool it can in one world and remembers what it saw."""

    def __init__(self, domain: BfclDomain, world: World, scenario: Scenario, rng: Random) -> None:
        self.domain = domain
        self.world = world
        self.rng = rng
        self.facts = scenario.facts
        self.made: dict[str, list[Any]] = {}
        self.reached: set[str] = set()
        self.moved: dict[str, set[bool]] = {}
        self.errors: dict[str, str] = {}
        self.from_outputs = 0
        self.scalars = 0
        self.log: list[tuple[str, dict[str, Any], Observation]] = []

    async def attempt(self, name: str, depth: int = 0) -> bool:
        tool = self.world.tools[name]
        for turn in range(TRIES):
            for need in tool.needs if turn else ():
                if depth < 3:
                    await self.attempt(need, depth + 1)
            arguments = await self._arguments(tool, depth)
            if arguments is None:
                self.errors[name] = "no arguments"
                return False
            if await self._call(tool, arguments):
                return True
        return False

    async def _call(self, tool: Tool, arguments: dict[str, Any]) -> bool:
        before = await self.world.digest()
        seen = await self.world.call(tool.name, arguments)
        after = await self.world.digest()
        if not seen.ok:
            self.errors[tool.name] = f"{seen.error}: {seen.message} {json.dumps(arguments)}"
            assert before == after, f"{tool.name} failed and changed the state: {seen.message}"
            return False
        self.moved.setdefault(tool.name, set()).add(before != after)
        self.reached.add(tool.name)
        self.log.append((tool.name, arguments, seen))
        for path, concept in tool.gives.items():
            for _, value in paths.find(path, seen.value):
                for meaning in (concept, *self.domain.broader.get(concept, ())):
                    if value not in (None, ""):
                        self.made.setdefault(meaning, []).append(value)
        return True

    async def _arguments(self, tool: Tool, depth: int) -> dict[str, Any] | None:
        properties = tool.parameters["properties"]
        chosen: dict[str, Any] = {}
        for name, schema in properties.items():
            required = name in tool.parameters["required"]
            if not required and self.rng.random() < 0.4:
                continue
            value = await self._value(tool, name, schema, depth)
            if value is None:
                if required:
                    return None
                continue
            chosen[name] = value
        return chosen

    async def _value(self, tool: Tool, name: str, schema: dict[str, Any], depth: int) -> Any:
        if schema["type"] == "array":
            concept = tool.takes[f"{name}[]"]
            pool = await self._pool(concept, depth)
            if not pool:
                return None
            unique = [v for i, v in enumerate(pool) if v not in pool[:i]]
            return self.rng.sample(unique, self.rng.randint(1, min(4, len(unique)))) or None
        if schema["type"] == "object":
            return self.rng.choice(await self._pool(tool.takes[name], depth))
        if name in tool.takes:
            pool = await self._pool(tool.takes[name], depth)
            return self.rng.choice(pool) if pool else None
        if schema["type"] == "boolean":
            return self.rng.random() < 0.5
        raise AssertionError(f"{tool.name}.{name} has no concept")

    async def _pool(self, concept: str, depth: int) -> list[Any]:
        known = await self.world.known()
        said = [] if concept in self.domain.opaque else list(self.facts.get(concept, ()))
        pool = [*said, *known.get(concept, ()), *self.made.get(concept, ())]
        if concept in ("access_token",):
            pool = pool[-1:]
        self.scalars += 1
        if self.made.get(concept):
            self.from_outputs += 1
        if not pool and depth < 3:
            await self._produce(concept, depth)
            pool = list(self.made.get(concept, ()))
        return pool

    async def _produce(self, concept: str, depth: int) -> None:
        makers = [
            tool.name
            for tool in self.world.tools.values()
            if any(concept in (c, *self.domain.broader.get(c, ())) for c in tool.gives.values())
        ]
        for maker in makers:
            if await self.attempt(maker, depth + 1) and self.made.get(concept):
                return


async def explore(domain: BfclDomain, parts: tuple[str, ...], seed: int, rounds: int) -> Explorer:
    """A walk of `rounds` passes over all tools of the parts, in shuffled order."""
    scenario = domain.draw(parts, seeds.derive(seed, "scenario"))
    environment = await domain.open(parts)
    await environment.reset(scenario.state)
    tools = {name: tool for name, tool in domain.tools.items() if tool.part in parts}
    explorer = Explorer(domain, World(environment, tools), scenario, seeds.derive(seed, "walk"))
    for _ in range(rounds):
        names = sorted(tools)
        explorer.rng.shuffle(names)
        for name in names:
            await explorer.attempt(name)
    await environment.close()
    return explorer
