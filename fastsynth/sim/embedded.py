"""The scripted endpoint as a child process of a run: started, waited for, and gone with it."""

from __future__ import annotations

import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import PIPE

import anyio
import msgspec
from anyio.abc import Process

from fastsynth.errors import FastsynthError
from fastsynth.sim.server import HOST, Options

_READY = 30.0
_GONE = 5.0


class Ready(msgspec.Struct, frozen=True):
    port: int
    pid: int


@asynccontextmanager
async def start_embedded(options: Options | None = None) -> AsyncIterator[str]:
    """Gives the base address, `http://127.0.0.1:PORT/v1`. The child leads its own session, so a
    Ctrl-C reaches the run first; it ends with the block, or with this process however that dies.
    Raises `FastsynthError` where it does not come up.
    """
    text = msgspec.json.encode(options or Options(), enc_hook=_plain).decode()
    command = [sys.executable, "-m", "fastsynth.sim.server", "--port", "0", "--options", text]
    process = await anyio.open_process(
        command, stdin=PIPE, stdout=PIPE, stderr=None, start_new_session=True
    )
    try:
        ready = await _ready(process)
        yield f"http://{HOST}:{ready.port}/v1"
    finally:
        with anyio.CancelScope(shield=True):
            await _stop(process)


async def _ready(process: Process) -> Ready:
    assert process.stdout is not None
    line = b""
    with anyio.move_on_after(_READY):
        try:
            while b"\n" not in line:
                line += await process.stdout.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            pass
    try:
        return msgspec.json.decode(line, type=Ready)
    except msgspec.DecodeError as error:
        raise FastsynthError("the scripted endpoint did not start; see the lines above") from error


async def _stop(process: Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        with anyio.move_on_after(_GONE):
            await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()
    await process.aclose()


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(type(value))
