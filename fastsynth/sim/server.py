"""An OpenAI-compatible server on loopback to run, test and measure against. No model is behind it.

`python -m fastsynth.sim.server --port 0` prints one JSON line with its port when it is ready.
"""

from __future__ import annotations

import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import msgspec
from aiohttp import web

from fastsynth import seeds
from fastsynth.errors import ConfigError, FastsynthError, boundary
from fastsynth.sim import api, faults
from fastsynth.sim.batching import Batcher, PrefixCache, Shape
from fastsynth.sim.faulty import respond
from fastsynth.sim.teacher import bank, mistakes
from fastsynth.sim.teacher.teacher import NOTHING_TO_SAY, Teacher

HOST = "127.0.0.1"
_MAX_BODY = 64 * 2**20
_GRACE = 0.5
_NO_TOKENS = api.Tokens(prompt=0, completion=0, cached=0)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How the simulated endpoint behaves; the default is at once and without faults."""

    latency_ms: float = 0.0
    latency_spread: float = 0.0
    """0.5: each reply takes between half and one and a half times as long, by its number."""
    faults: faults.Faults = faults.Faults()
    mistakes: mistakes.Mistakes = mistakes.Mistakes()
    student: dict[str, float] = {}
    """Tool -> share of a scripted student's runs that go wrong at it; `default` for the others."""
    batching: Shape | None = None
    phrases: Path = bank.HERE


class Server:
    """The handlers and what they count."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.teacher = Teacher(bank.load(options.phrases), options.mistakes, options.student)
        self.cache = PrefixCache()
        self.batcher = Batcher(options.batching) if options.batching else None
        self.requests = 0
        self.running = 0

    def app(self) -> web.Application:
        app = web.Application(client_max_size=_MAX_BODY)
        app.router.add_post("/v1/chat/completions", self.chat)
        app.router.add_get("/v1/models", self.models)
        app.router.add_get("/metrics", self.metrics)
        app.router.add_get("/health", self.health)
        return app

    async def health(self, _: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def models(self, _: web.Request) -> web.Response:
        model = {"id": api.MODEL, "object": "model", "created": 0, "owned_by": "fastsynth"}
        body = {"object": "list", "data": [model], "fastsynth": {"teacher": "scripted"}}
        return web.Response(body=api.encode(body), content_type="application/json")

    async def metrics(self, _: web.Request) -> web.Response:
        """The gauges a vLLM server shows, under its names (Prometheus text format)."""
        batcher = self.batcher
        values = {
            "num_requests_running": len(batcher.running) if batcher else self.running,
            "num_requests_waiting": len(batcher.waiting) if batcher else 0,
            "kv_cache_usage_perc": batcher.kv_usage if batcher else 0.0,
            "prefix_cache_queries_total": self.cache.queried,
            "prefix_cache_hits_total": self.cache.hit,
        }
        lines = []
        for name, value in values.items():
            lines.append(f"# TYPE vllm:{name} {'counter' if name.endswith('total') else 'gauge'}")
            lines.append(f'vllm:{name}{{model_name="{api.MODEL}"}} {value}')
        return web.Response(text="\n".join(lines) + "\n")

    async def chat(self, request: web.Request) -> web.StreamResponse:
        number = self.requests
        self.requests += 1
        self.running += 1
        try:
            return await self._answer(request, number)
        finally:
            self.running -= 1

    async def _answer(self, http: web.Request, number: int) -> web.StreamResponse:
        body = await http.read()
        planned = self.options.faults
        fault = planned.draw(number)
        if planned.skips_work(fault):
            nothing = api.Made(number=number, spoken=NOTHING_TO_SAY, tokens=_NO_TOKENS)
            return await respond(http, nothing, fault, planned, stream=False)
        try:
            asked = api.decode_request(body)
            with boundary() as caught:
                spoken = self._speak(asked)
        except msgspec.DecodeError as error:
            return _bad_request(str(error))
        if caught.error is not None:
            return _bad_request(f"fastsynth: this script cannot be played: {caught.error!r}")
        tokens = self._tokens(asked, spoken)
        if self.options.latency_ms:
            await anyio.sleep(self._latency(number) / 1000)
        if self.batcher is not None and self.batcher.refuses:
            return _too_many()
        reply = api.Made(number=number, spoken=spoken, tokens=tokens)
        if self.batcher is None:
            return await respond(http, reply, fault, planned, bool(asked.stream))
        with self.batcher.sequence(tokens.prompt, tokens.cached, tokens.completion) as sequence:
            if not asked.stream:
                await sequence.finished.wait()
            await sequence.first.wait()
            end = sequence.finished.wait
            return await respond(http, reply, fault, planned, bool(asked.stream), end)

    def _latency(self, number: int) -> float:
        spread = self.options.latency_spread
        if not spread:
            return self.options.latency_ms
        draw = seeds.derive("latency", number).uniform(-spread, spread)
        return self.options.latency_ms * (1.0 + draw)

    def _speak(self, asked: api.ChatRequest) -> api.Spoken:
        script = asked.fastsynth
        if script is None or not (script.turns or script.brief or script.texts):
            return NOTHING_TO_SAY
        messages, tools = api.messages_of(asked), api.tools_of(asked)
        return self.teacher.speak(script, messages, tools)

    def _tokens(self, asked: api.ChatRequest, spoken: api.Spoken) -> api.Tokens:
        """A fast estimate, four bytes a token; the tools come first in the prompt."""
        parts = [(hash(bytes(raw)), len(bytes(raw)) // 4 + 1) for raw in asked.messages]
        tools = bytes(asked.tools)
        prompt, cached = self.cache.look([(hash(tools), len(tools) // 4), *parts])
        return api.Tokens(prompt=prompt, cached=cached, completion=spoken.size // 4 + 1)


@asynccontextmanager
async def serving(options: Options, port: int = 0) -> AsyncIterator[int]:
    """Serves until the block ends; gives the port. Raises `FastsynthError` where it is taken."""
    server = Server(options)
    runner = web.AppRunner(
        server.app(), access_log=None, shutdown_timeout=_GRACE, handler_cancellation=True
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port, backlog=4096)
        try:
            await site.start()
        except OSError as error:
            raise ConfigError(f"--port {port}: {error.strerror}, need a free port") from error
        async with anyio.create_task_group() as group:
            if server.batcher is not None:
                group.start_soon(server.batcher.run)
            yield runner.addresses[0][1]
            group.cancel_scope.cancel()
    finally:
        await runner.cleanup()


def serve(
    port: int,
    seed: int = 0,
    latency_ms: float = 0.0,
    faults_file: Path | None = None,
    mistakes_: mistakes.Mistakes | None = None,
    shape: Shape | None = None,
) -> None:
    """Runs until a signal ends it; prints one line when ready. `seed` is that of the faults."""
    planned = faults.load(faults_file) if faults_file else faults.Faults()
    if seed:
        planned = msgspec.structs.replace(planned, seed=seed)
    options = Options(
        latency_ms=latency_ms,
        faults=planned,
        mistakes=mistakes_ or mistakes.Mistakes(),
        batching=shape,
    )
    anyio.run(_serve, options, port, False)


async def _serve(options: Options, port: int, embedded: bool) -> None:
    async with serving(options, port) as bound:
        if embedded:
            line = msgspec.json.encode({"port": bound, "pid": os.getpid()}).decode()
        else:
            line = f"serving a scripted teacher (no model) on http://{HOST}:{bound}/v1"
        if not _told(line):
            return
        async with anyio.create_task_group() as group:
            group.start_soon(_until_signal, group.cancel_scope)
            if embedded:
                group.start_soon(_until_orphaned, group.cancel_scope)


def _told(line: str) -> bool:
    """False where nobody reads it any more: who started this server has gone meanwhile."""
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True


async def _until_signal(scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            scope.cancel()
            return


async def _until_orphaned(scope: anyio.CancelScope) -> None:
    """The parent holds the other end of stdin: when it dies, even by SIGKILL, the pipe closes."""
    while True:
        await anyio.wait_readable(sys.stdin.fileno())
        if not os.read(sys.stdin.fileno(), 4096):
            scope.cancel()
            return


def _too_many() -> web.Response:
    body = api.error_body("all slots are taken", "too_many_requests", 429)
    return web.Response(status=429, body=body, content_type="application/json")


def _bad_request(message: str) -> web.Response:
    body = api.error_body(message, "invalid_request_error")
    return web.Response(status=400, body=body, content_type="application/json")


def main(argv: list[str] | None = None) -> int:
    """The embedded form: one JSON option, so that what the parent has in hand arrives whole."""
    parser = ArgumentParser(prog="python -m fastsynth.sim.server")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--options", default="{}", help="server.Options as JSON")
    arguments = parser.parse_args(argv)
    try:
        options = msgspec.json.decode(arguments.options, type=Options, dec_hook=_path)
        anyio.run(_serve, options, arguments.port, True)
    except (FastsynthError, msgspec.DecodeError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _path(kind: type, value: Any) -> Any:
    return kind(value)


if __name__ == "__main__":
    sys.exit(main())
