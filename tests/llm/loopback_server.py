"""A real HTTP server on loopback that does, per request, what a test scripted, and records all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
from aiohttp import web

Step = Callable[[web.Request], Awaitable[web.StreamResponse]]


def completion(**message: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "model": "served-name",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hello", **message},
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 100,
            "completion_tokens": 20,
            "prompt_tokens_details": {"cached_tokens": 60},
        },
    }


def json_reply(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Step:
    async def reply(_: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status, headers=headers)

    return reply


def text_reply(text: str, status: int = 200, kind: str = "text/html") -> Step:
    async def reply(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text, status=status, content_type=kind)

    return reply


def failing(status: int, headers: dict[str, str] | None = None, **error: Any) -> Step:
    return json_reply({"error": {"message": f"status {status}", **error}}, status, headers)


async def reset(request: web.Request) -> web.StreamResponse:
    """Aborts the connection before any byte of a reply."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def reset_inside(request: web.Request) -> web.StreamResponse:
    """Aborts in the middle of a body whose length was announced."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"choices": [')
    assert request.transport is not None
    request.transport.abort()
    return response


async def hang(_: web.Request) -> web.StreamResponse:
    await anyio.sleep_forever()
    raise AssertionError


class Loopback:
    def __init__(self) -> None:
        self.steps: list[Step] = []
        """Taken one for each chat request; `default` when they are used up."""
        self.default: Step = json_reply(completion())
        self.models: Step = json_reply({"data": [{"id": "teacher"}, {"id": "other"}]})
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.listings = 0
        self.polled = 0
        """Times its gauges were asked for, of which it has none."""
        self.at_once = 0
        self.most_at_once = 0
        self.url = ""

    async def chat(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(json.loads(await request.read()))
        self.headers.append(dict(request.headers))
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        step = self.steps.pop(0) if self.steps else self.default
        try:
            return await step(request)
        finally:
            self.at_once -= 1

    async def show_gauges(self, _: web.Request) -> web.StreamResponse:
        self.polled += 1
        return web.Response(status=404)

    async def list_models(self, request: web.Request) -> web.StreamResponse:
        self.listings += 1
        self.headers.append(dict(request.headers))
        return await self.models(request)


@asynccontextmanager
async def loopback(port: int = 0) -> AsyncIterator[Loopback]:
    server = Loopback()
    app = web.Application(client_max_size=1 << 26)
    app.router.add_post("/v1/chat/completions", server.chat)
    app.router.add_get("/v1/models", server.list_models)
    app.router.add_get("/metrics", server.show_gauges)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.01)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        host, bound = runner.addresses[0][:2]
        server.url = f"http://{host}:{bound}/v1"
        yield server
    finally:
        await runner.cleanup()
