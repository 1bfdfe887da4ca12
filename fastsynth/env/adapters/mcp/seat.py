"""One MCP server of a pool, and the state it stands in: brought to a session, called, read out.

A session's state is a value (`Held`): the files of the server's folder, or, where state is in
memory, the writes that lead there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import msgspec
from anyio.abc import TaskGroup, TaskStatus

from fastsynth.config import Mcp
from fastsynth.config.environments import uses_folder
from fastsynth.env.adapters.mcp.files import Alias, Files, digest_of_files, read_files, write_files
from fastsynth.env.adapters.mcp.server import START, Connection, connected
from fastsynth.env.environment import Observation
from fastsynth.errors import EnvironmentBroken, boundary

Entry = tuple[str, dict[str, Any]]


class Held(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A session's state: the files of its folder, or the writes that lead there."""

    files: Files = {}
    log: tuple[Entry, ...] = ()
    mark: str = ""
    """Hash of the files."""


class Seat:
    """One server and the state it is in. Its session is opened and closed by one task."""

    def __init__(self, server: Mcp, folder: Path, group: TaskGroup) -> None:
        self._server = server
        self._folder = folder
        self._group = group
        self._alias = Alias(folder, server.shown_as) if uses_folder(server) else None
        self._connection: Connection | None = None
        self._leave = anyio.Event()
        self._gone = anyio.Event()
        self.holds: Held | None = None
        """The state it stands in; None where that is unknown."""

    async def bring(self, held: Held) -> None:
        """Puts the server into a session's state. Raises EnvironmentBroken, Gone."""
        if self._alias is not None:
            await self._bring_files(held, self._alias)
        else:
            await self._replay(held)
        self.holds = held

    async def call(
        self, name: str, arguments: dict[str, Any], writes: bool, patience: float = 1.0
    ) -> Observation:
        """Runs one call and takes the new state out into `holds`."""
        before, self.holds = self.holds, None
        assert before is not None
        observation = await self._ask(name, arguments, patience)
        if self._alias is None:
            log = (*before.log, (name, arguments)) if writes else before.log
            self.holds = msgspec.structs.replace(before, log=log) if writes else before
        else:
            files = read_files(self._folder, self._server.state_file, self._alias)
            mark = digest_of_files(files)
            self.holds = before if mark == before.mark else Held(files=files, mark=mark)
        return observation

    async def offered(self) -> list[Any]:
        connection = await self._open()
        return await connection.tools()

    async def stop(self) -> None:
        """Ends the server's process; the next step starts another."""
        self.holds = None
        if self._connection is not None:
            self._leave.set()
            with anyio.CancelScope(shield=True):
                await self._gone.wait()

    async def _bring_files(self, held: Held, alias: Alias) -> None:
        if self.holds is not None and self.holds.mark == held.mark:
            await self._open()
            return
        if self._server.reset.restart:
            await self.stop()
        present, self.holds = self.holds, None
        known = None if present is None else present.files
        try:
            write_files(self._folder, held.files, known, alias)
        except OSError as error:
            raise EnvironmentBroken(f"mcp: {error}") from error
        await self._open()

    async def _replay(self, held: Held) -> None:
        """The writes that are missing; from the start where others were made."""
        stands, self.holds = self.holds, None
        done = -1 if stands is None else len(stands.log)
        if done < 0 or (stands is not None and stands.log != held.log[:done]):
            done = 0
            await self._empty()
        for name, arguments in held.log[done:]:
            await self._ask(name, arguments)

    async def _empty(self) -> None:
        reset = self._server.reset
        if reset.tool is None and reset.restart:
            await self.stop()
        await self._open()
        if reset.tool is not None:
            observation = await self._ask(reset.tool, {})
            if not observation.ok:
                raise EnvironmentBroken(f"mcp: {reset.tool}: {observation.message}")

    async def _ask(
        self, name: str, arguments: dict[str, Any], patience: float = 1.0
    ) -> Observation:
        connection = await self._open()
        if self._alias is None:
            return await connection.call(name, arguments, patience)
        observation = await connection.call(name, self._alias.inward(arguments), patience)
        return msgspec.structs.replace(
            observation,
            value=self._alias.outward(observation.value),
            message=self._alias.outward(observation.message),
        )

    async def _open(self) -> Connection:
        if self._connection is None:
            self._leave, self._gone = anyio.Event(), anyio.Event()
            try:
                with anyio.fail_after(START):
                    await self._group.start(self._live)
            except TimeoutError as error:
                raise EnvironmentBroken(f"mcp: no answer within {START:g} s") from error
        assert self._connection is not None
        return self._connection

    async def _live(self, *, task_status: TaskStatus[None]) -> None:
        """The server's life: whatever ends it, the pool's other servers go on."""
        started = False
        try:
            with boundary() as caught:
                async with connected(self._server, self._folder) as connection:
                    self._connection = connection
                    started = True
                    task_status.started()
                    await self._leave.wait()
            if caught.error is not None and not started:
                raise EnvironmentBroken(f"mcp: {caught.error!r}") from caught.error
        finally:
            self._connection, self.holds = None, None
            self._gone.set()


def files_of(files: Files) -> Held:
    return Held(files=files, mark=digest_of_files(files))
