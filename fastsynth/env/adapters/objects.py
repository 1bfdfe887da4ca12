"""Environments over live Python objects in this process: parts are objects, tools their methods.

Promises that calls never suspend, that results share nothing with the state, that a snapshot can
be restored any number of times, that at rest only the pickle is held, and that the digest covers
every attribute. What an object's
errors look like and how it is built is its `Part`'s business, and so are caps on arguments.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from random import Random
from typing import Any, Literal, Protocol

from fastsynth.env.adapters.canon import digest_of
from fastsynth.env.adapters.results import plain
from fastsynth.env.environment import Environment, Observation, Scenario, Tool
from fastsynth.errors import EnvironmentBroken, boundary, config_error

Draw = Callable[[Sequence[str], Random], Scenario]


class Part(Protocol):
    """How one kind of object takes part. Stateless and shared by all environments."""

    @property
    def name(self) -> str: ...

    @property
    def tools(self) -> Mapping[str, Tool]:
        """Tool name -> Tool; the object has a method of the same name, called by keyword."""

    @property
    def ignored(self) -> frozenset[str]:
        """Attribute names left out of the digest: clocks, and links to other parts."""

    def build(self, config: Any, objects: Mapping[str, object]) -> object:
        """A fresh object in the initial state `config` (None where the scenario has none).

        `objects` is the environment's live mapping of part -> object; it is complete once all
        parts are built, and an object may keep it to reach the others (snapshots keep the link).
        """

    def observe(self, value: Any) -> Observation:
        """What a returned value means. `returned` is right where errors are always raised."""

    def fault(self, error: Exception) -> Observation:
        """What a raised exception means. `raised` is right for most."""

    def known(self, live: Any) -> Mapping[str, Sequence[Any]]:
        """Concept -> values that the user could name in the present state."""


def returned(value: Any) -> Observation:
    """The value as JSON, or a tool error where it cannot be JSON."""
    try:
        return Observation(value=plain(value))
    except (ValueError, TypeError) as error:
        return Observation(error="tool", message=f"the result is not JSON: {error}")


def raised(error: Exception) -> Observation:
    """A tool error with the exception's own words, or its type where it has none."""
    return Observation(error="tool", message=str(error) or type(error).__name__)


def error_key(value: Any) -> Observation:
    """`returned`, for objects that report errors as `{"error": text}` (BFCL's classes do)."""
    if isinstance(value, dict) and value.get("error"):
        return Observation(error="tool", message=str(value["error"]))
    return returned(value)


class ObjectEnvironment:
    """One object for each part. Raises `EnvironmentBroken` only where the objects themselves
    cannot be built or copied."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = tuple(parts)
        self._owner = {name: part for part in self._parts for name in part.tools}
        self._ignored = frozenset[str]().union(*(part.ignored for part in self._parts))
        self._objects: dict[str, Any] | None = {}
        """None while the pickle alone holds the state: live it takes ten times the memory."""
        self._copied: bytes | None = None
        """The present state pickled; None once a call may have moved it."""
        self._digests: dict[bytes, str] = {}
        """Hash of a pickled state -> its digest."""

    async def reset(self, state: Mapping[str, Any]) -> None:
        objects: dict[str, Any] = {}
        for part in self._parts:
            with boundary() as caught:
                objects[part.name] = part.build(state.get(part.name), objects)
            if caught.error is not None:
                raise EnvironmentBroken(
                    f"{part.name}: cannot be put into its initial state: {caught.error!r}"
                ) from caught.error
        self._let_go()
        self._objects = objects
        self._copied = None
        self._digests = {}

    async def call(self, name: str, arguments: dict[str, Any]) -> Observation:
        part = self._owner.get(name)
        if part is None:
            return Observation(error="unknown_tool", message=f"unknown tool {name!r}")
        live = self._live().get(part.name)
        if live is None:
            raise EnvironmentBroken(f"{part.name}: called before reset")
        self._copied = None
        with boundary() as caught:
            return part.observe(getattr(live, name)(**arguments))
        assert caught.error is not None
        return part.fault(caught.error)

    async def snapshot(self) -> bytes:
        return self._copy()

    def _copy(self) -> bytes:
        if self._copied is not None:
            return self._copied
        with boundary() as caught:
            self._copied = pickle.dumps(self._objects, pickle.HIGHEST_PROTOCOL)
            return self._copied
        raise EnvironmentBroken(f"state cannot be copied: {caught.error!r}") from caught.error

    async def restore(self, snapshot: bytes) -> None:
        self._let_go()
        self._copied = snapshot

    def rest(self) -> None:
        if self._copied is not None:
            self._let_go()

    def _live(self) -> dict[str, Any]:
        """The objects, made anew where only their pickle is held."""
        if self._objects is None:
            assert self._copied is not None
            self._objects = pickle.loads(self._copied)
        return self._objects

    def _let_go(self) -> None:
        """Parts that keep the mapping make a cycle; emptied, it is gone without the collector."""
        if self._objects is not None:
            self._objects.clear()
        self._objects = None

    async def digest(self) -> str:
        """Equal pickles are equal states: one seen before costs a tenth of a new one."""
        key = blake2b(self._copy(), digest_size=16).digest()
        found = self._digests.get(key)
        if found is None:
            found = self._digests[key] = digest_of(self._live(), self._ignored)
        return found

    async def known(self) -> Mapping[str, Sequence[Any]]:
        merged: dict[str, list[Any]] = {}
        live = self._live()
        for part in self._parts:
            for concept, values in part.known(live[part.name]).items():
                held = merged.setdefault(concept, [])
                held.extend(value for value in values if value not in held)
        return merged

    async def close(self) -> None:
        self._let_go()
        self._objects, self._copied = {}, None


class ObjectDomain:
    """A `Domain` of in-process parts. `draw` makes the scenario of a job.

    `broader`: concept -> concepts it may also stand for (`flight_booking` -> `booking_id`).
    """

    state_check: Literal["full", "observed"] = "full"

    def __init__(
        self,
        name: str,
        parts: Sequence[Part],
        draw: Draw,
        *,
        companions: Mapping[str, tuple[str, ...]] | None = None,
        opaque: frozenset[str] = frozenset(),
        policy: Mapping[str, str] | None = None,
        broader: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.name = name
        self.parts = tuple(part.name for part in parts)
        self.tools: Mapping[str, Tool] = {n: tool for p in parts for n, tool in p.tools.items()}
        self.companions = companions or {}
        self.opaque = opaque
        self.broader = broader or {}
        self.policy = policy or dict.fromkeys(self.parts, "")
        self._by_name = {part.name: part for part in parts}
        self._draw = draw

    def draw(self, parts: Sequence[str], rng: Random) -> Scenario:
        return self._draw(parts, rng)

    async def open(self, parts: Sequence[str]) -> Environment:
        unknown = [part for part in parts if part not in self._by_name]
        if unknown:
            raise config_error(f"parts of {self.name}", unknown, f"need of {list(self.parts)}")
        return ObjectEnvironment([self._by_name[part] for part in parts])

    async def close(self) -> None:
        """Nothing is shared between instances."""
