"""One session of users' Python tools, in a worker process.

A session is its scenario and its calls: whatever happens to the process that hosts it, it is
built again elsewhere by reset and replay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import anyio
import msgspec

from fastsynth.config.environments import RESULT_LIMIT
from fastsynth.env.adapters.masks import LIMIT, MASKS, masked
from fastsynth.env.adapters.pool import Stopped, Worker
from fastsynth.env.environment import Observation, Tool
from fastsynth.env.machine import AGAIN
from fastsynth.env.worker import Request, Response
from fastsynth.errors import ConfigError, EnvironmentBroken, StateRefused

LOST = -1
"""Generation of a session that is to be built again wherever it is asked for next."""
Entry = tuple[str, dict[str, Any]]


class Home(Protocol):
    """What a session asks its domain."""

    name: str
    part: str
    tools: Mapping[str, Tool]

    def checked(self, name: str, observation: Observation) -> Observation:
        """The observation, or a tool error where the tool's schema forbids its value."""


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot: the calls that lead there, and the pickled object where it has one."""

    log: tuple[Entry, ...]
    blob: bytes | None


class PythonEnvironment:
    """One session in a worker of the pool."""

    def __init__(self, domain: Home, worker: Worker) -> None:
        self._domain = domain
        self._worker = worker
        self._number = worker.number()
        self._generation = -1
        self._state: Any = None
        self._log: list[Entry] = []
        self._masks: Mapping[str, Sequence[str]] = {}
        self._most = RESULT_LIMIT

    async def reset(self, state: Mapping[str, Any]) -> None:
        self._state, self._log = state.get(self._domain.part, {}), []
        self._masks, self._most = state.get(MASKS, {}), state.get(LIMIT, RESULT_LIMIT)
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
            if response.refused:
                raise StateRefused(f"{self._domain.name}: {response.refused}")
            what = response.broken or response.stopped or response.machine
            if what:
                raise EnvironmentBroken(f"{self._domain.name}: {request.name or 'reset'}: {what}")
            self._generation = self._worker.generation
        return None

    async def _ask(
        self, op: str, name: str = "", value: Any = None, patience: float = 1.0
    ) -> Response:
        request = Request(op=op, session=self._number, name=name, value=value, most=self._most)
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
        if response.refused:
            raise StateRefused(f"{self._domain.name}: {response.refused}")
        if response.broken:
            raise EnvironmentBroken(f"{self._domain.name}: {response.broken}")
        return response


class FreshEnvironment(PythonEnvironment):
    """A session in a process where nothing ran before, which ends with it."""

    def __init__(self, domain: Home, worker: Worker, hand_back: Callable[[Worker], None]) -> None:
        super().__init__(domain, worker)
        self._hand_back = hand_back

    async def close(self) -> None:
        try:
            with anyio.CancelScope(shield=True):
                if self._generation != self._worker.generation or await self._ends_with_it():
                    await self._worker.close()
        finally:
            self._hand_back(self._worker)

    async def _ends_with_it(self) -> bool:
        """Whether the worker is of no use to the next session."""
        try:
            return bool((await self._ask("forget")).value)
        except Stopped:
            return False
