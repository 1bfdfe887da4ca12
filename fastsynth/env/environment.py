"""The seam to the worlds tools act on: Tool, Observation, Scenario, Environment, Domain.

A *domain* is what a config's `environment:` names: parts (worlds, classes, servers) with their
tools, and scenarios drawn for each job. An *environment* is one executable instance of some of
its parts. Nothing here knows of models or of the method.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Literal, Protocol

import msgspec

ErrorKind = Literal["unknown_tool", "arguments", "tool", "environment"]


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool, its contract, and what is known of the values that flow through it.

    A *concept* is the meaning of a value (`city`, `flight_id`), the same wherever the value
    appears. Undeclared concepts are found by schema matching (`method.graph.graph`). Result paths
    follow `env.paths`: `flights[].price` is the price of each element of `flights`.
    """

    name: str
    description: str
    parameters: dict[str, Any]
    """JSON Schema of an object: what the model is shown and arguments are checked against."""
    result: dict[str, Any] = {}
    """JSON Schema of the value a call returns; {} where unknown."""
    part: str
    mutates: bool = False
    takes: Mapping[str, str] = {}
    """Parameter -> concept. `numbers[]`: the elements of a list parameter."""
    gives: Mapping[str, str] = {}
    """Result path -> concept."""
    needs: tuple[str, ...] = ()
    """Tools that must have run before, without a value flowing (a log-in)."""
    undoes: tuple[str, ...] = ()
    """Tools this one is the inverse of; never in one turn with them."""
    ranks: Mapping[str, tuple[str, str]] = {}
    """Comparable field of list elements -> words for its lowest and highest:
    `flights[].price` -> (`cheapest`, `most expensive`)."""
    told: tuple[str, ...] = ()
    """Result paths a person would want to hear; () lets the planner choose."""
    askable: bool = True
    """Whether a user would ask for this itself; False where it only serves (a log-in)."""


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What a call gave: a JSON value, or an error of one kind with the text the model sees."""

    value: Any = None
    error: ErrorKind | None = None
    message: str = ""
    stopped: bool = False
    """Whether the call never came back, twice: it overran its time, or ended its process. Such a
    result says as much of the machine as of the tool; no row may hold it."""

    @property
    def ok(self) -> bool:
        return self.error is None


class Thread(msgspec.Struct, frozen=True, kw_only=True):
    """What makes one conversation about one thing."""

    persona: str
    """Who is speaking, as a noun phrase: `a nurse who works nights`."""
    occasion: str
    """Why now, as a clause: `planning her sister's wedding weekend in Porto`."""
    entities: tuple[Any, ...] = ()
    """The values the conversation is about; the sampler prefers them."""


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """Everything drawn for one job before anything runs. Only `state` is needed to replay."""

    state: dict[str, Any]
    """Initial state, JSON; part -> configuration."""
    facts: Mapping[str, Sequence[Any]] = {}
    """Concept -> values this user knows and could say; first the most fitting."""
    thread: Thread
    now: str
    """The frozen clock, ISO 8601 with offset: `2026-03-02T09:00+01:00`."""
    place: str = ""


Enlarge = Callable[[Sequence[str], Scenario, Random], Scenario]
"""(parts, a drawn scenario of them, chance) -> the same with a state as large as long use makes
it. A domain that can has it as `enlarge`; others lack it, or have None. Tools that make no sense
over such a state are its `unfit_large`."""


class Environment(Protocol):
    """One executable instance of some parts of a domain. In-process ones never suspend.

    `call` never raises for what a tool did; it may raise `EnvironmentBroken` when the environment
    itself is gone. What the machine did to a tool (no memory, no network) is an error of kind
    `environment`. Arguments were checked against the schema by the caller (`env.world.World`).
    One that knows of tools that never leave another state, errors included, has a method
    `moves(name) -> bool` that is False for them: nothing is copied or hashed anew after such calls.
    One that is slow, and there several times, has a method `twins()`: further environments in the
    same state that can be called at the same time, and restore one another's snapshots.
    """

    async def reset(self, state: Mapping[str, Any]) -> None:
        """Puts the instance into `Scenario.state`, whatever happened before."""

    async def call(self, name: str, arguments: dict[str, Any]) -> Observation: ...

    async def snapshot(self) -> Any:
        """An opaque value that `restore` of the same instance accepts, any number of times."""

    async def restore(self, snapshot: Any) -> None: ...

    def rest(self) -> None:
        """Nothing will be called for a while: what the snapshot taken of the present state brings
        back need not be held alive. The next call may take longer by that."""

    async def digest(self) -> str:
        """Hash of the whole state, hidden state (cwd, generators) included, clocks excluded."""

    async def known(self) -> Mapping[str, Sequence[Any]]:
        """Concept -> values that the user could name in the present state (file names, cities).
        Opaque concepts never appear. May be empty."""

    async def close(self) -> None: ...


class Domain(Protocol):
    """What `environment:` names. Immutable; safe to share by all jobs.

    One whose tools are code of others has a method `open_fresh(parts)`: like `open`, but where no
    tool ran before. Rows of it are accepted only if they replay there; with a true attribute
    `quickly_fresh` plans are held to it too.
    """

    @property
    def name(self) -> str:
        """`world`, `bfcl`, `python:my_tools:make`, `mcp:memory`: the row's prefix before parts."""

    @property
    def tools(self) -> Mapping[str, Tool]:
        """All tools by name, over all parts. Names are unique in a domain."""

    @property
    def parts(self) -> tuple[str, ...]: ...

    @property
    def companions(self) -> Mapping[str, tuple[str, ...]]:
        """Part -> parts that fit into one conversation with it, best first; may be empty."""

    @property
    def opaque(self) -> frozenset[str]:
        """Concepts no user can know: their values come only from outputs (`flight_id`)."""

    @property
    def policy(self) -> Mapping[str, str]:
        """Part -> the sentences of the system message that this part needs; "" for none."""

    @property
    def state_check(self) -> Literal["full", "observed"]: ...

    def draw(self, parts: Sequence[str], rng: Random) -> Scenario:
        """A scenario of its own for a job. Equal `rng` states give equal scenarios."""

    async def open(self, parts: Sequence[str]) -> Environment:
        """A fresh instance with these parts, not yet reset."""

    async def close(self) -> None:
        """Ends what the instances shared (worker processes, servers)."""
