"""Users' own Python tools as a domain: `python:my_tools:make`, run in worker processes.

A session is its scenario and its calls: whatever happens to the process that hosts it, it is
built again elsewhere by reset and replay. A call that overruns its time, ends its process, raises
or returns what its schema forbids is a tool error with a message that says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Literal

import anyio
import jsonschema_rs
import msgspec

from fastsynth.env.adapters.facts import OPAQUE, drawn_by
from fastsynth.env.adapters.found import Found, chosen, find, imported, initial_of, notes_of
from fastsynth.env.adapters.masks import MASKS, masked
from fastsynth.env.adapters.pool import Pool, Stopped, Worker
from fastsynth.env.environment import Environment, Observation, Scenario, Tool
from fastsynth.env.machine import AGAIN
from fastsynth.env.worker import Request, Response
from fastsynth.errors import ConfigError, EnvironmentBroken, config_error

LOST = -1
"""Generation of a session that is to be built again wherever it is asked for next."""
Entry = tuple[str, dict[str, Any]]


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot: the calls that lead there, and the pickled object where it has one."""

    log: tuple[Entry, ...]
    blob: bytes | None


class PythonEnvironment:
    """One session in a worker of the pool."""

    def __init__(self, domain: PythonDomain, worker: Worker) -> None:
        self._domain = domain
        self._worker = worker
        self._number = worker.number()
        self._generation = -1
        self._state: Any = None
        self._log: list[Entry] = []
        self._masks: Mapping[str, Sequence[str]] = {}

    async def reset(self, state: Mapping[str, Any]) -> None:
        self._state, self._log = state.get(self._domain.part, {}), []
        self._masks = state.get(MASKS, {})
        await self._rebuild()

    async def call(self, name: str, arguments: dict[str, Any]) -> Observation:
        if name not in self._domain.tools:
            return Observation(error="unknown_tool", message=f"unknown tool {name!r}")
        response = await self._called(name, arguments)
        if response.stopped:
            return Observation(error="tool", message=f"{name} {response.stopped}", stopped=True)
        if response.machine:
            return Observation(error="environment", message=f"{name}: {response.machine}")
        if response.observation is None:
            raise EnvironmentBroken(f"{self._domain.name}: {name}: {response.broken}")
        self._log.append((name, arguments))
        observation = self._domain.checked(name, response.observation)
        fields = self._masks.get(name)
        if fields is None or not observation.ok:
            return observation
        return Observation(value=masked(observation.value, dict.fromkeys(fields, ())))

    async def _called(self, name: str, arguments: dict[str, Any]) -> Response:
        """What came of a call; once more in a new process where nothing did."""
        response = Response()
        for patience in (1.0, AGAIN):
            try:
                response = await self._ask("call", name, arguments, patience)
            except Stopped as error:
                response = Response(stopped=str(error))
            if not response.stopped and not response.machine:
                break
            self._generation = LOST
            if response.machine:
                await self._worker.close()  # what it leaked goes with it
        return response

    async def broken(
        self, target: str, name: str, arguments: Mapping[str, Any], before: Sequence[Entry]
    ) -> int | None:
        """Number of the first rule of `target` that the call breaks: asked where the state is."""
        response = await self._sure("judge", target, [name, arguments, list(before)])
        return None if response.value is None else int(response.value)

    async def snapshot(self) -> Saved:
        response = await self._sure("snapshot")
        return Saved(log=tuple(self._log), blob=response.value)

    async def restore(self, snapshot: Saved) -> None:
        self._log = list(snapshot.log)
        if snapshot.blob is None or self._generation != self._worker.generation:
            await self._rebuild()
        else:
            await self._sure("restore", value=snapshot.blob)

    def rest(self) -> None:
        """The state lives in a worker process."""

    async def digest(self) -> str:
        return str((await self._sure("digest")).value)

    async def known(self) -> Mapping[str, Sequence[Any]]:
        return {}

    async def close(self) -> None:
        self._worker.sessions -= 1
        if self._generation == self._worker.generation:
            try:
                await self._ask("forget")
            except Stopped:
                return

    async def _rebuild(self) -> None:
        """Reset and replay. Raises `EnvironmentBroken` where a call that once ran stops now."""
        calls = [Request(op="call", session=self._number, name=n, value=v) for n, v in self._log]
        reset = Request(op="reset", session=self._number, value=self._state)
        self._generation = 0
        for request in (reset, *calls):
            try:
                response = await self._worker.ask(request, self._generation)
            except Stopped as error:
                what = request.name or "its initial state"
                raise EnvironmentBroken(f"{self._domain.name}: {what} {error}") from error
            if response is None:
                return await self._rebuild()
            what = response.broken or response.stopped or response.machine
            if what:
                raise EnvironmentBroken(f"{self._domain.name}: {request.name or 'reset'}: {what}")
            self._generation = self._worker.generation
        return None

    async def _ask(
        self, op: str, name: str = "", value: Any = None, patience: float = 1.0
    ) -> Response:
        request = Request(op=op, session=self._number, name=name, value=value)
        while True:
            response = await self._worker.ask(request, self._generation, patience)
            if response is not None:
                return response
            await self._rebuild()

    async def _sure(self, op: str, name: str = "", value: Any = None) -> Response:
        try:
            response = await self._ask(op, name, value)
        except Stopped as error:
            raise EnvironmentBroken(f"{self._domain.name}: {op} {error}") from error
        if response.unlawful:
            raise ConfigError(response.unlawful)
        if response.broken:
            raise EnvironmentBroken(f"{self._domain.name}: {response.broken}")
        return response


class FreshEnvironment(PythonEnvironment):
    """A session in a process where nothing ran before, which ends with it."""

    async def close(self) -> None:
        try:
            with anyio.CancelScope(shield=True):
                if self._generation != self._worker.generation or await self._ends_with_it():
                    await self._worker.close()
        finally:
            self._domain.hand_back(self._worker)

    async def _ends_with_it(self) -> bool:
        """Whether the worker is of no use to the next session."""
        try:
            return bool((await self._ask("forget")).value)
        except Stopped:
            return False


class PythonDomain:
    """The tools of one class, factory or module; one part, named after the module.

    `scenarios` names a function `module:function` that draws instead of the module's own.
    """

    state_check: Literal["full", "observed"] = "full"
    quickly_fresh = True
    """Whether a fresh session costs milliseconds."""
    masks = True
    """A scenario can say what is masked."""
    bounded = True
    """Arguments are drawn by all that schemas say: nobody made its values for its tools."""

    def __init__(
        self,
        target: str,
        *,
        time_limit: float = 10.0,
        workers: int = 2,
        scenarios: str = "",
        hide: Sequence[str] = (),
        only: Sequence[str] = (),
    ) -> None:
        """`hide` and `only` name tools or functions; where `only` is empty all are meant."""
        self.name = f"python:{target}"
        self._found: Found = find(target)
        self.part = self._found.module
        self.parts = (self.part,)
        self.tools: Mapping[str, Tool] = chosen(self._found, hide, only)
        self.companions: Mapping[str, tuple[str, ...]] = {}
        self.opaque = frozenset(_opaque(self.tools))
        self.policy: Mapping[str, str] = {self.part: ""}
        self._drawn = drawing(scenarios) if scenarios else self._found.scenario
        self._initial = initial_of(self._found)
        own = self._found.make is None and not self._found.loads
        self.example: Any = self._initial if own else None
        """The tools' own initial state, where a scenario may set it as it is."""
        self._validators = {
            name: jsonschema_rs.Draft202012Validator(tool.result)
            for name, tool in self.tools.items()
            if tool.result
        }
        self._pool = Pool(target, workers=workers, time_limit=time_limit)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of these tools before a run."""
        return notes_of(self._found)

    def draw(self, parts: Sequence[str], rng: Random) -> Scenario:
        return drawn_by(self._drawn, self.part, self.tools, rng, self._initial)

    async def open(self, parts: Sequence[str]) -> Environment:
        if tuple(parts) != self.parts:
            raise config_error(f"parts of {self.name}", list(parts), f"need {list(self.parts)}")
        return PythonEnvironment(self, self._pool.place())

    async def open_fresh(self, parts: Sequence[str]) -> Environment:
        """Like `open`, in a process where no tool ran before. Waits for one that is free."""
        return FreshEnvironment(self, await self._pool.lease())

    def hand_back(self, worker: Worker) -> None:
        self._pool.hand_back(worker)

    async def close(self) -> None:
        await self._pool.close()

    def checked(self, name: str, observation: Observation) -> Observation:
        """A result that the tool's own schema forbids is the tool's error."""
        validator = self._validators.get(name)
        if not observation.ok or validator is None or validator.is_valid(observation.value):
            return observation
        error = next(iter(validator.iter_errors(observation.value)))
        place = ".".join(map(str, error.instance_path)) or "the result"
        message = f"{name} returned what its type forbids: {place}: {error.message}"
        return Observation(error="tool", message=message)


def _opaque(tools: Mapping[str, Tool]) -> list[str]:
    """Declared concepts that are given by a tool and look like ids."""
    given = {concept for tool in tools.values() for concept in tool.gives.values()}
    return [concept for concept in given if concept.rsplit("_", 1)[-1] in OPAQUE]


def drawing(target: str) -> Any:
    """The function `module:function` that draws scenarios. Raises ConfigError."""
    module, _, attribute = target.partition(":")
    found = getattr(imported(module), attribute, None)
    if not callable(found):
        raise config_error(f"scenarios: python:{target}", attribute, "need a function(rng)")
    return found
