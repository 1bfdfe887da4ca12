"""A domain without anything that was declared about it: what a black box shows.

Names, descriptions and schemas stay; what values mean, what needs a log-in and what changes state
is gone. Facts and live values keep their groups under names that say nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from random import Random
from typing import Any, Literal

import msgspec

from fastsynth.env.environment import Domain, Environment, Observation, Scenario, Tool


def bare(domain: Domain, *, hide: bool = True) -> Domain:
    """`domain` with every declaration stripped; it opens the same environments.

    With `hide=False` groups of facts and live values keep their names.
    """
    return _Bare(domain, hide)


def bare_tool(tool: Tool) -> Tool:
    return Tool(
        name=tool.name,
        description=tool.description,
        parameters=tool.parameters,
        result=tool.result,
        part=tool.part,
    )


def hidden(concept: str) -> str:
    """The same name for the same concept everywhere, and no meaning left in it."""
    return "group_" + blake2b(concept.encode(), digest_size=4).hexdigest()


class _Bare:
    def __init__(self, domain: Domain, hide: bool) -> None:
        self._domain = domain
        self._hide = hide
        self.name = domain.name
        self.tools: Mapping[str, Tool] = {n: bare_tool(t) for n, t in domain.tools.items()}
        self.parts = domain.parts
        self.companions = domain.companions
        self.opaque: frozenset[str] = frozenset()
        self.policy = domain.policy
        self.state_check: Literal["full", "observed"] = domain.state_check
        self.masks = bool(getattr(domain, "masks", False))

    def draw(self, parts: Sequence[str], rng: Random) -> Scenario:
        scenario = self._domain.draw(parts, rng)
        if not self._hide:
            return scenario
        return msgspec.structs.replace(scenario, facts=_hidden_names(scenario.facts))

    async def open(self, parts: Sequence[str]) -> Environment:
        environment = await self._domain.open(parts)
        return _BareEnvironment(environment) if self._hide else environment

    async def close(self) -> None:
        await self._domain.close()


class _BareEnvironment:
    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    async def reset(self, state: Mapping[str, Any]) -> None:
        await self._environment.reset(state)

    async def call(self, name: str, arguments: dict[str, Any]) -> Observation:
        return await self._environment.call(name, arguments)

    async def snapshot(self) -> Any:
        return await self._environment.snapshot()

    async def restore(self, snapshot: Any) -> None:
        await self._environment.restore(snapshot)

    def rest(self) -> None:
        self._environment.rest()

    async def digest(self) -> str:
        return await self._environment.digest()

    async def known(self) -> Mapping[str, Sequence[Any]]:
        return _hidden_names(await self._environment.known())

    async def close(self) -> None:
        await self._environment.close()


def _hidden_names(groups: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
    return {hidden(concept): values for concept, values in groups.items()}
