"""Environments over live Python objects in this process: parts are objects, tools their methods.

Promises that calls never suspend, that results share nothing with the state, that a snapshot can
be restored any number of times, that at rest only pickles are held, and that the digest covers
every attribute. What an object's errors look like and how it is built is its `Part`'s business,
and so are caps on arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from random import Random
from typing import Any, Literal, Protocol

from fastsynth.env.adapters.canon import digest_of_texts
from fastsynth.env.adapters.held import Held
from fastsynth.env.adapters.results import plain
from fastsynth.env.adapters.shelf import Others
from fastsynth.env.environment import Enlarge, Environment, Observation, Scenario, Tool
from fastsynth.errors import EnvironmentBroken, boundary, config_error

Draw = Callable[[Sequence[str], Random], Scenario]


class Part(Protocol):
    """How one kind of object takes part. Stateless and shared by all environments.

    A part with a true attribute `alone` promises that its object reaches no other part's: where
    all parts do, each is copied and hashed on its own. So it is with parts that have `beside`:
    names of attributes that are no state, `Shelf`s and the mapping of the others, by which alone an
    object reaches them, asking anew in each call. One with a true attribute `steady` promises that
    its tools which do not mutate leave all objects exactly as they were, errors included.
    """

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

    def __init__(self, parts: Sequence[Part], common: Sequence[str] = ()) -> None:
        """`common`: keys of a state that are said once, for the configurations of all parts."""
        self._parts = tuple(parts)
        self._common = tuple(common)
        self._owner = _owners(self._parts)
        self._moving = _moving(self._parts)
        self._ignored = _ignored(self._parts)
        self._moved = False
        """Whether the present call may move what it reaches."""
        self._groups: dict[str, Held] = {}
        """Part -> the group it is copied with: its own where no part reaches another."""
        self._digests: dict[bytes, str] = {}
        """Marks of all groups -> the digest."""

    async def reset(self, state: Mapping[str, Any]) -> None:
        apart = all(getattr(p, "alone", False) or _beside(p) for p in self._parts)
        objects: dict[str, Any] = {}
        others = Others(tuple(part.name for part in self._parts), self._reach) if apart else objects
        common = {key: state[key] for key in self._common if key in state}
        for part in self._parts:
            config = state.get(part.name)
            with boundary() as caught:
                objects[part.name] = part.build(
                    {**(config or {}), **common} if common else config, others
                )
            if caught.error is not None:
                raise EnvironmentBroken(
                    f"{part.name}: cannot be put into its initial state: {caught.error!r}"
                ) from caught.error
        self._close_groups()
        if apart:
            self._groups = {
                part.name: Held({part.name: objects[part.name]}, self._ignored, _beside(part))
                for part in self._parts
            }
        else:
            self._groups = dict.fromkeys(objects, Held(objects, self._ignored))
        self._digests = {}

    async def call(self, name: str, arguments: dict[str, Any]) -> Observation:
        part = self._owner.get(name)
        if part is None:
            return Observation(error="unknown_tool", message=f"unknown tool {name!r}")
        if part.name not in self._groups:
            raise EnvironmentBroken(f"{part.name}: called before reset")
        self._moved = name in self._moving
        live = self._reach(part.name)
        with boundary() as caught:
            return part.observe(getattr(live, name)(**arguments))
        assert caught.error is not None
        return part.fault(caught.error)

    def _reach(self, part: str) -> Any:
        """The live object of a part, which the present call may move."""
        group = self._groups[part]
        return (group.to_move() if self._moved else group.live())[part]

    def moves(self, name: str) -> bool:
        return name in self._moving

    async def snapshot(self) -> tuple[bytes, ...]:
        return tuple(group.copy() for group in self._each())

    async def restore(self, snapshot: tuple[bytes, ...]) -> None:
        for group, copied in zip(self._each(), snapshot, strict=True):
            group.put_back(copied)

    def rest(self) -> None:
        for group in self._each():
            group.rest()

    def _each(self) -> list[Held]:
        """The groups, each once."""
        return list(dict.fromkeys(self._groups.values()))

    def _close_groups(self) -> None:
        for group in self._each():
            group.close()

    async def digest(self) -> str:
        """A state seen before costs a tenth of a new one, a part that did not move nothing."""
        key = b"".join(group.mark for group in self._each())
        found = self._digests.get(key)
        if found is None:
            texts = {n: text for group in self._each() for n, text in group.texts().items()}
            found = self._digests[key] = digest_of_texts(texts)
        return found

    async def known(self) -> Mapping[str, Sequence[Any]]:
        merged: dict[str, list[Any]] = {}
        self._moved = False
        for part in self._parts:
            live = self._groups[part.name].live()
            for concept, values in part.known(live[part.name]).items():
                held = merged.setdefault(concept, [])
                held.extend(value for value in values if value not in held)
        return merged

    async def close(self) -> None:
        self._close_groups()
        self._groups = {}


def _beside(part: Part) -> frozenset[str]:
    names: frozenset[str] = getattr(part, "beside", frozenset())
    return names


@lru_cache(maxsize=256)
def _owners(parts: tuple[Part, ...]) -> Mapping[str, Part]:
    return {name: part for part in parts for name in part.tools}


@lru_cache(maxsize=256)
def _moving(parts: tuple[Part, ...]) -> frozenset[str]:
    """Tools whose calls may leave another state."""
    return frozenset(
        name
        for part in parts
        for name, tool in part.tools.items()
        if tool.mutates or not getattr(part, "steady", False)
    )


@lru_cache(maxsize=256)
def _ignored(parts: tuple[Part, ...]) -> frozenset[str]:
    return frozenset[str]().union(*(part.ignored | _beside(part) for part in parts))


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
        enlarge: Enlarge | None = None,
        common: Sequence[str] = (),
    ) -> None:
        self.name = name
        self._common = tuple(common)
        self.enlarge = enlarge
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
        return ObjectEnvironment([self._by_name[part] for part in parts], self._common)

    async def close(self) -> None:
        """Nothing is shared between instances."""
