"""Replies on the wire, whole or with one fault in them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
from aiohttp import web
from msgspec.structs import replace

from fastsynth.sim import api
from fastsynth.sim.faults import STATUS, Fault, Faults

_HTML = (
    b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
)
_PIECES = 20


End = Callable[[], Awaitable[None]]


async def _now() -> None:
    return


async def respond(
    http: web.Request,
    made: api.Made,
    fault: Fault | None,
    faults: Faults,
    stream: bool,
    end: End = _now,
) -> web.StreamResponse:
    """Sends the reply, or what `fault` makes of it. All of a stream but its first token comes
    after `end`."""
    number, spoken, tokens = made.number, made.spoken, made.tokens
    if fault in STATUS:
        assert fault is not None
        body = api.error_body(fault.replace("_", " "), fault, STATUS[fault])
        return web.Response(
            status=STATUS[fault],
            body=body,
            content_type="application/json",
            headers=faults.headers(fault),
        )
    match fault:
        case "reset_before":
            return _cut(http)
        case "hang":
            await anyio.sleep(faults.hang_seconds)
            return _cut(http)
        case "html":
            return web.Response(body=_HTML, content_type="text/html")
        case _:
            pass
    finish = None
    if fault == "wrong_finish":
        finish = "stop" if spoken.calls else "tool_calls"
    spoken = _mangled(spoken, fault)
    if stream:
        chunks = list(api.chunks(number, spoken, tokens, finish))
        return await _stream(http, chunks, fault, faults, end)
    content = api.completion(number, spoken, tokens, finish)
    if fault == "no_choices":
        content["choices"] = []
    body = api.encode(content)
    if fault == "truncated":
        body = body[: len(body) // 2]
    if fault in ("reset_inside", "drip"):
        return await _slowly(http, body, fault, faults)
    return web.Response(body=body, content_type="application/json")


def _mangled(spoken: api.Spoken, fault: Fault | None) -> api.Spoken:
    if fault == "null_content":
        return api.Spoken()
    if fault == "arguments_not_object":
        calls = tuple(api.Function(call.name, '"celsius"') for call in spoken.calls)
        return replace(spoken, calls=calls)
    return spoken


async def _slowly(
    http: web.Request, body: bytes, fault: Fault, faults: Faults
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(body)
    await response.prepare(http)
    if fault == "reset_inside":
        await response.write(body[: len(body) // 2])
        _cut(http)
        return response
    size = max(1, -(-len(body) // _PIECES))
    for start in range(0, len(body), size):
        await response.write(body[start : start + size])
        await anyio.sleep(faults.drip_seconds / _PIECES)
    await response.write_eof()
    return response


async def _stream(
    http: web.Request,
    chunks: list[dict[str, Any]],
    fault: Fault | None,
    faults: Faults,
    end: End,
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(http)
    middle = len(chunks) // 2
    for at, chunk in enumerate(chunks):
        if at == 2:  # the role and the first piece are out
            await end()
        if fault == "no_choices":
            chunk = chunk | {"choices": []}
        event = b"data: " + api.encode(chunk) + b"\n\n"
        if at == middle and fault in ("reset_inside", "truncated"):
            await response.write(event[: len(event) // 2])
            if fault == "reset_inside":
                _cut(http)
            return response
        await response.write(event * 2 if fault == "duplicate_chunk" and at == middle else event)
        if fault == "drip":
            await anyio.sleep(faults.drip_seconds / len(chunks))
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response


def _cut(http: web.Request) -> web.Response:
    """Closes the connection at once, without an orderly end of the response."""
    if http.transport is not None:
        http.transport.abort()
    return web.Response(status=500)
