"""Whole runs as a user starts them: subprocesses of the command line, and a server that records."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import anyio
import msgspec
from aiohttp import web

from fastsynth.cli import main
from fastsynth.records import Conversation
from fastsynth.sim.faults import Faults
from fastsynth.sim.server import Options, Server
from fastsynth.store.compact import read_rows

COMMAND = (sys.executable, "-m", "fastsynth.cli")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Twist = Callable[[web.Request, int], web.Response | None]
"""(request, its number among the POSTs) -> an answer of its own, or None for the server's."""


def environ(**extra: str) -> dict[str, str]:
    """This process's variables without those that the program reads."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "FASTSYNTH_"))}
    return kept | {"PYTHONWARNINGS": "ignore"} | extra


def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    with start(*arguments, **options) as process:
        try:
            out, err = process.communicate(timeout=90)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def here(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The same program inside this process: a second sooner, where nothing has to kill it."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(list(map(str, arguments)))
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def start(
    *arguments: object, env: dict[str, str] | None = None, **options: Any
) -> subprocess.Popen[str]:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.Popen(
        command,
        env=environ(**(env or {})),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def summary(ended: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The object that `--json` prints: all of stdout, one line."""
    (line,) = ended.stdout.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def manifest(run_dir: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run_dir / "manifest.json").read_text())
    return found


def rows(run_dir: Path) -> list[Conversation]:
    """The data set without the one figure that depends on what a server had cached."""
    return [
        msgspec.structs.replace(row, usage=msgspec.structs.replace(row.usage, cached_tokens=0))
        for row in read_rows(run_dir)
    ]


def wait_until(met: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.005)


class Endpoint:
    """The scripted server of the package, in a thread. Records what it was asked."""

    def __init__(self, options: Options, twist: Twist | None, identified: bool) -> None:
        self.url = ""
        self.posts: list[bytes] = []
        self.answered = 0
        """POSTs whose answer was handed to the network."""
        self.seen: list[str] = []
        """Method and path of everything that came."""
        self._options = options
        self._twist = twist
        self._identified = identified

    async def serve(self, ready: threading.Event, over: anyio.Event) -> None:
        app = Server(self._options).app()
        app.middlewares.append(self._record)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
            ready.set()
            await over.wait()
        finally:
            await runner.cleanup()

    @property
    def _record(self) -> Any:
        @web.middleware
        async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._answer(request, handler)

        return record

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.seen.append(f"{request.method} {request.path}")
        number = len(self.posts)
        if request.method == "POST":
            self.posts.append(await request.read())
        own = self._twist(request, number) if self._twist else None
        if own is None and request.method == "GET" and not self._identified:
            own = web.json_response({"object": "list", "data": [{"id": "some-model"}]})
        response = own or await handler(request)
        self.answered += request.method == "POST"
        return response


@contextmanager
def endpoint(
    latency_ms: float = 0.0,
    twist: Twist | None = None,
    *,
    identified: bool = True,
    student: dict[str, float] | None = None,
    faults: Faults | None = None,
) -> Iterator[Endpoint]:
    options = Options(latency_ms=latency_ms, student=student or {}, faults=faults or Faults())
    server = Endpoint(options, twist, identified)
    ready = threading.Event()
    over: list[Callable[[], None]] = []

    async def main() -> None:
        end = anyio.Event()
        token = anyio.lowlevel.current_token()
        over.append(lambda: anyio.from_thread.run_sync(end.set, token=token))
        await server.serve(ready, end)

    thread = threading.Thread(target=anyio.run, args=(main,), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        over[0]()
        thread.join(10)
