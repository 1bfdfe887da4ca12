"""A living world: one environment, the scenario it started from, and what was called in it.

Promises that every call is checked against its schema first, that integers become floats where
the schema says `number` (for sampler and model alike), and that `rewind` brings back the exact
state of a `mark`. Leaves execution to the environment.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

import jsonschema_rs
import msgspec

from fastsynth.activity import doing
from fastsynth.env.breath import breathe
from fastsynth.env.environment import Domain, Environment, Observation, Tool
from fastsynth.env.law import Call, Law
from fastsynth.env.schemas import validator
from fastsynth.env.stops import Stops, stops_of
from fastsynth.errors import EnvironmentBroken
from fastsynth.records import canonical

Logged = tuple[str, dict[str, Any]]
"""A call that ran: tool, and arguments as the tool took them."""
NAMED = 24
"""Values of an enumeration that a complaint names: all, or a model learns to guess."""


class _State:
    """What is known of the state between two calls: nothing is copied or hashed twice."""

    __slots__ = ("digest", "snapshot")

    def __init__(self) -> None:
        self.snapshot: Any = None
        self.digest = ""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A point in a world's life to come back to."""

    state: _State
    log: tuple[Logged, ...]


class World:
    def __init__(
        self, environment: Environment, tools: Mapping[str, Tool], law: Law | None = None
    ) -> None:
        self._environment = environment
        self._law = law
        self.stops = Stops()
        self.tools = tools
        self.log: list[Logged] = []
        self._moves: Callable[[str], bool] = getattr(environment, "moves", lambda _: True)
        self._state = _State()

    async def call(self, name: str, arguments: Any) -> Observation:
        """Runs one call that is known to come back. Arguments may be anything a model wrote; errors
        come as observations. Raises EnvironmentBroken where nothing came."""
        observation = await self.attempt(name, arguments)
        if observation.stopped:
            raise EnvironmentBroken(observation.message)
        return observation

    async def attempt(self, name: str, arguments: Any) -> Observation:
        """Like `call`, but one that does not come back is an observation, `stopped`."""
        await breathe()
        tool = self.tools.get(name)
        if tool is None:
            near = ", ".join(sorted(self.tools))
            return Observation(
                error="unknown_tool", message=f"unknown tool {name!r}; known: {near}"
            )
        complaint = check_arguments(tool, arguments)
        if complaint:
            return Observation(error="arguments", message=complaint)
        if name in self.stops.lost:
            return self.stops.lost[name]
        given = coerce(tool.parameters, arguments)
        if self._moves(name):
            self._state = _State()
        with doing("environment"):
            observation = await self._environment.call(name, given)
        if observation.error == "environment":
            raise EnvironmentBroken(observation.message)
        self.stops.note(name, observation)
        self.log.append((name, given))
        return observation

    async def forbidden(self, name: str, arguments: Any) -> str:
        """The text of a rule that the call would break just now, "" for none."""
        law = self._law
        if law is None or name not in law.tools or name not in self.tools:
            return ""
        if check_arguments(self.tools[name], arguments):
            return ""
        given = coerce(self.tools[name].parameters, arguments)
        ask = getattr(self._environment, "broken", None)
        if ask is not None:
            number = await ask(law.target, name, given, self.log)
        else:
            number = law.broken(Call(tool=name, arguments=given, before=self.log))
        return "" if number is None else law.rules[number].text

    async def mark(self) -> Mark:
        if self._state.snapshot is None:
            with doing("environment"):
                self._state.snapshot = await self._environment.snapshot()
        return Mark(state=self._state, log=tuple(self.log))

    async def rewind(self, mark: Mark) -> None:
        if self._state is not mark.state:
            with doing("environment"):
                await self._environment.restore(mark.state.snapshot)
            self._state = mark.state
        self.log[:] = mark.log

    async def rest(self) -> None:
        """To be called before waiting for a model: the snapshot stands in for the live state."""
        await self.mark()
        self._environment.rest()

    async def digest(self) -> str:
        if not self._state.digest:
            with doing("environment"):
                self._state.digest = await self._environment.digest()
        return self._state.digest

    async def digest_at(self, mark: Mark) -> str:
        """The digest of another point of this world's life, which stays where it is."""
        if not mark.state.digest:
            here = await self.mark()
            await self.rewind(mark)
            await self.digest()
            await self.rewind(here)
        return mark.state.digest

    async def known(self) -> Mapping[str, Sequence[Any]]:
        return await self._environment.known()


@asynccontextmanager
async def living(
    domain: Domain, parts: Sequence[str], state: Mapping[str, Any], *, fresh: bool = False
) -> AsyncIterator[World]:
    """A world of these parts in `state`, closed on the way out. `fresh`: no tool ran before where
    it lives, as far as the domain can tell."""
    opened = getattr(domain, "open_fresh", domain.open) if fresh else domain.open
    environment: Environment = await opened(parts)
    try:
        await environment.reset(state)
        del state  # the environment may be smaller than what it was made from
        tools = _shared_tools(domain, tuple(parts))
        world = World(environment, tools, getattr(domain, "law", None))
        world.stops = stops_of(domain)
        yield world
    finally:
        await environment.close()


def tools_of(domain: Domain, parts: Sequence[str]) -> dict[str, Tool]:
    return {name: tool for name, tool in domain.tools.items() if tool.part in parts}


_SHOWN: dict[tuple[int, tuple[str, ...]], tuple[Domain, Mapping[str, Tool]]] = {}
"""By object and parts: one mapping for all worlds of these parts, of which thousands are alive."""


def _shared_tools(domain: Domain, parts: tuple[str, ...]) -> Mapping[str, Tool]:
    found = _SHOWN.get((id(domain), parts))
    if found is None:
        found = _SHOWN[id(domain), parts] = domain, tools_of(domain, parts)
    return found[1]


def row_environment(domain: Domain, parts: Sequence[str]) -> str:
    """The row's `environment`: `bfcl:TradingBot+MessageAPI`; a name that is whole stays as it is
    (`python:my_tools:make`)."""
    if ":" in domain.name:
        return domain.name
    return f"{domain.name}:{'+'.join(parts)}"


def check_arguments(tool: Tool, arguments: Any) -> str:
    """What is wrong with `arguments`, naming place, value and allowed; "" if nothing is."""
    if not isinstance(arguments, dict):
        return f"arguments of {tool.name}: {_short(arguments)}, need a JSON object"
    validator = _validator_of(tool)
    if validator.is_valid(arguments):
        return ""
    return "; ".join(_complaints(tool, validator, arguments))


def coerce(schema: Mapping[str, Any], value: Any) -> Any:
    """`value` with integers made floats where the schema says `number`; a new object."""
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return {name: coerce(properties.get(name, {}), item) for name, item in value.items()}
    if isinstance(value, list):
        return [coerce(schema.get("items", {}), item) for item in value]
    if type(value) is int and schema.get("type") == "number":
        return float(value)
    return value


_VALIDATORS: dict[int, tuple[Tool, jsonschema_rs.Draft202012Validator]] = {}
"""By object: a domain's tools live as long as the run."""


def _validator_of(tool: Tool) -> jsonschema_rs.Draft202012Validator:
    found = _VALIDATORS.get(id(tool))
    if found is None:
        found = _VALIDATORS[id(tool)] = tool, _validator(canonical(tool.parameters))
    return found[1]


@lru_cache(maxsize=4096)
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    return validator(schema)


def _complaints(
    tool: Tool, validator: jsonschema_rs.Draft202012Validator, arguments: Any
) -> Iterator[str]:
    for number, error in enumerate(validator.iter_errors(arguments)):
        if number == 3:
            return
        place = ".".join(map(str, error.instance_path))
        unknown = getattr(error.kind, "unexpected", None)
        allowed = getattr(error.kind, "options", None)
        what = error.message if place or not unknown else _unknown(tool, unknown)
        if allowed is not None and len(allowed) <= NAMED:
            named = ", ".join(map(canonical, allowed))
            what = f"{canonical(error.instance)} is not one of {named}"
        yield f"{tool.name}{'.' + place if place else ''}: {what}"


def _unknown(tool: Tool, names: Sequence[str]) -> str:
    """Models call tools that take nothing with the schema itself, time and again, until told so."""
    allowed = ", ".join(tool.parameters.get("properties", {})) or "none, call it with {}"
    return f"no argument {', '.join(map(repr, names))}; it takes: {allowed}"


def _short(value: Any) -> str:
    text = canonical(value)
    return text if len(text) <= 60 else text[:57] + "..."
