"""Worker processes for users' tools: started when first needed, killed when a call overruns.

A worker that was killed is started again under a new generation number; whoever had a session in
it sees the number change and builds the session anew.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import anyio
import msgspec
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from fastsynth.env.adapters.patience import START
from fastsynth.env.worker import HEADER, Request, Response
from fastsynth.errors import ConfigError, EnvironmentBroken

HOST, FRESH = "fastsynth.env.worker", "fastsynth.env.afresh"
SPARE = 30.0
"""Seconds a worker may take to start, beside what it imports and makes."""


_ENDED = (anyio.IncompleteRead, anyio.EndOfStream, anyio.BrokenResourceError)


class Stopped(Exception):
    """A request did not come back: its process overran its time, or ended by itself."""


class Worker:
    """One process. A request is on its way at most once at a time."""

    def __init__(
        self, target: str, time_limit: float, start_limit: float, module: str = HOST
    ) -> None:
        """`module`: the one that is run."""
        self._target, self._module = target, module
        self._start_limit = start_limit
        self._limit = time_limit
        self._lock = anyio.Lock()
        self._process: Process | None = None
        self._replies: BufferedByteReceiveStream | None = None
        self._decode = msgspec.msgpack.Decoder(Response).decode
        self._numbers = 0
        self.generation = 0
        """How many processes have stood here; a session of an earlier one is lost."""
        self.sessions = 0

    def number(self) -> int:
        """A number for a new session."""
        self._numbers += 1
        return self._numbers

    async def ask(
        self, request: Request, generation: int, patience: float = 1.0
    ) -> Response | None:
        """The answer, or None where the process is another than `generation` (0: any). `patience`:
        how many times the time limit it may take.

        Raises `Stopped` when the process had to be killed or ended.
        """
        async with self._lock:
            if self._process is None:
                await self._start()
            if generation not in (0, self.generation):
                return None
            return await self._exchange(request, self._limit * patience)

    async def close(self) -> None:
        async with self._lock:
            await self._kill()

    async def _start(self) -> None:
        self._process = await anyio.open_process(
            [sys.executable, "-m", self._module, self._target, str(self._start_limit)],
            env={**os.environ, "PYTHONHASHSEED": "0"},  # the order of a set is the same in all
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self._replies = BufferedByteReceiveStream(self._process.stdout)
        self.generation += 1
        limit = SPARE + 2 * self._start_limit  # it imports, and may make
        try:
            response = await self._exchange(Request(op="forget", session=0), limit)
        except Stopped as error:
            raise EnvironmentBroken(f"python:{self._target}: no worker starts: {error}") from error
        if response.broken:
            await self._kill()
            raise ConfigError(
                f"{response.broken}; so it is in a worker process, although the first import worked"
            )

    async def _exchange(self, request: Request, limit: float) -> Response:
        """Sends and waits. Whatever cuts it short kills the process: streams are out of step."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._replies is not None
        body = msgspec.msgpack.encode(request)
        whole = False
        try:
            with anyio.fail_after(limit):
                await self._process.stdin.send(HEADER.pack(len(body)) + body)
                header = await self._replies.receive_exactly(HEADER.size)
                reply = await self._replies.receive_exactly(HEADER.unpack(header)[0])
            whole = True
        except TimeoutError as error:
            raise Stopped(f"took longer than {limit:g} s and was stopped") from error
        except _ENDED as error:
            with anyio.move_on_after(limit):  # it may have closed its end and live on
                await self._process.wait()
            raise Stopped(_ending(self._process.returncode)) from error
        finally:
            if not whole:
                with anyio.CancelScope(shield=True):
                    await self._kill()
        return self._decode(reply)

    async def _kill(self) -> None:
        """Ends the process and all it started; waits until it is gone."""
        process, self._process, self._replies = self._process, None, None
        if process is None:
            return
        if process.returncode is None:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                process.kill()
        await process.wait()
        await process.aclose()


def _ending(status: int | None) -> str:
    """How a process ended: by itself, by a signal, or not yet."""
    if status is None:
        return "closed its connection and lived on"
    if status >= 0:
        return f"ended its process (status {status})"
    name = signal.Signals(-status).name if -status in set(signal.Signals) else str(-status)
    hint = ", perhaps for want of memory" if name == "SIGKILL" else ""
    return f"ended its process ({name}{hint})"


class Pool:
    """A fixed number of workers; a new session goes where the fewest are. As many others give each
    session a process of its own in which nothing ran before, to one session at a time."""

    def __init__(
        self, target: str, *, workers: int, time_limit: float, start_limit: float = START
    ) -> None:
        self._workers = [Worker(target, time_limit, start_limit) for _ in range(workers)]
        self._fresh = [Worker(target, time_limit, start_limit, FRESH) for _ in range(workers)]
        self._free = list(self._fresh)
        self._leases = anyio.Semaphore(workers)

    def place(self) -> Worker:
        worker = min(self._workers, key=lambda w: w.sessions)
        worker.sessions += 1
        return worker

    async def lease(self) -> Worker:
        """A worker of fresh sessions, to be handed back."""
        await self._leases.acquire()
        return self._free.pop()

    def hand_back(self, worker: Worker) -> None:
        self._free.append(worker)
        self._leases.release()

    async def close(self) -> None:
        for worker in (*self._workers, *self._fresh):
            await worker.close()
