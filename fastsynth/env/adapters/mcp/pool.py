"""A pool of MCP servers on a thread of its own: each is leased for one step of one session.

A session is a value (`Held`): files, or the writes made so far. A step brings a free server to
it, calls, and takes the new value out, so a snapshot costs nothing and any server serves anyone.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple

import anyio
from anyio.abc import TaskGroup, TaskStatus
from anyio.from_thread import BlockingPortal, start_blocking_portal

from fastsynth.config import Mcp
from fastsynth.env.adapters.mcp.seat import Held, Seat
from fastsynth.env.adapters.mcp.server import Gone, Overran
from fastsynth.env.environment import Observation
from fastsynth.env.machine import AGAIN
from fastsynth.errors import EnvironmentBroken

Given = TypeVarTuple("Given")
T = TypeVar("T")


class Pool:
    """Servers, started when first leased. `close` ends them and the thread they live on."""

    def __init__(self, server: Mcp) -> None:
        self._server = server
        self._size = 1 if server.reset.tool is not None else server.pool
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None
        self._group: TaskGroup | None = None
        self._stop: anyio.Event | None = None
        self._free: list[Seat] = []
        self._slots: anyio.Semaphore | None = None

    async def step(
        self, held: Held, name: str, arguments: dict[str, Any], writes: bool
    ) -> tuple[Observation, Held]:
        """One call from `held`, and the state after it. A call that ends its server twice is the
        tool's error and leaves the state as it was. Raises EnvironmentBroken."""
        return await self._there(self._step, held, name, arguments, writes)

    async def offered(self) -> list[Any]:
        return await self._there(self._offered)

    async def end_servers(self) -> None:
        """The next steps start others. To be called where no step is on its way."""
        if self._portal is not None:
            await self._there(self._end_servers)

    async def _end_servers(self) -> None:
        for seat in self._free:
            await seat.stop()

    async def close(self) -> None:
        if self._portal is None:
            return
        portal, stop = self._portal, self._stop
        self._portal = None
        assert stop is not None

        def end() -> None:
            portal.call(stop.set)
            self._stack.close()

        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(end)

    async def _there(self, work: Callable[[*Given], Awaitable[T]], *given: *Given) -> T:
        """Runs `work` on the servers' own loop; cancelling here cancels it there."""
        if self._portal is None:
            self._portal = self._stack.enter_context(start_blocking_portal())
            self._stop = self._portal.call(anyio.Event)
            self._slots = self._portal.call(anyio.Semaphore, self._size)
            self._stack.callback(self._portal.start_task(self._host)[0].result)
        future = self._portal.start_task_soon(work, *given)
        return await asyncio.wrap_future(future)

    async def _host(self, *, task_status: TaskStatus[None]) -> None:
        """Holds the servers' tasks and folders until the pool closes."""
        assert self._stop is not None
        folder = _scratch()
        try:
            async with anyio.create_task_group() as group:
                self._group = group
                for number in range(self._size):
                    own = folder / str(number)
                    own.mkdir()
                    self._free.append(Seat(self._server, own, group))
                seats = list(self._free)
                task_status.started()
                await self._stop.wait()
                for seat in seats:
                    group.start_soon(seat.stop)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def _step(
        self, held: Held, name: str, arguments: dict[str, Any], writes: bool
    ) -> tuple[Observation, Held]:
        async def work(seat: Seat, patience: float) -> tuple[Observation, Held]:
            await seat.bring(held)
            observation = await seat.call(name, arguments, writes, patience)
            assert seat.holds is not None
            return observation, seat.holds

        try:
            return await self._leased(held, work)
        except Gone as error:
            if self._server.url and not isinstance(error, Overran):
                return Observation(error="environment", message=f"{name} {error}"), held
            return Observation(error="tool", message=f"{name} {error}", stopped=True), held

    async def _offered(self) -> list[Any]:
        async def work(seat: Seat, _: float) -> list[Any]:
            return await seat.offered()

        try:
            return await self._leased(Held(), work)
        except Gone as error:
            raise EnvironmentBroken(f"mcp: the server {error}") from error

    async def _leased(self, held: Held, work: Callable[[Seat, float], Awaitable[T]]) -> T:
        """Does `work` with a free server, the one nearest to `held`; one that breaks is ended, and
        the work begun again once, with more patience."""
        assert self._slots is not None
        async with self._slots:
            seat = min(self._free, key=lambda one: _distance(one, held))
            self._free.remove(seat)
            whole = False
            try:
                try:
                    done = await work(seat, 1.0)
                except Gone:
                    await seat.stop()
                    done = await work(seat, AGAIN)
                whole = True
                return done
            finally:
                if not whole:
                    await seat.stop()
                self._free.append(seat)


def _distance(seat: Seat, held: Held) -> int:
    """0: stands where it is needed; a server that never started is asked last."""
    if seat.holds is None:
        return 3
    if seat.holds is held or (held.mark and seat.holds.mark == held.mark):
        return 0
    same = not held.mark and seat.holds.log == held.log[: len(seat.holds.log)]
    return 1 if same else 2


def _scratch() -> Path:
    """A new folder, without links in its path: servers compare paths by their letters."""
    return Path(tempfile.mkdtemp(prefix="fastsynth-mcp-")).resolve()
