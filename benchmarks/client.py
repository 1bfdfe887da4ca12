"""CPU a request costs the client, beside what a user would pick instead. JSON rows on stdout.

A server in a process of its own answers 6 KB requests with 8 tools by a canned 1.2 KB reply;
`asyncio.Protocol` shows the most it can give. Usage: `python benchmarks/client.py [--quick]`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import aiohttp
import anyio
import msgspec
import openai

from fastsynth.config import Endpoint
from fastsynth.events import Bus, Event, RequestFailed
from fastsynth.llm.chat import Ask, Reply
from fastsynth.llm.client import Settings, open_client
from fastsynth.llm.transport import raise_file_limit
from fastsynth.llm.wire import Transcript
from fastsynth.records import Message, encode

WORDS = "Look at what the account holds, then book the cheapest connection that still fits. "
TOOLS = encode(
    [
        {
            "type": "function",
            "function": {
                "name": f"tool_{n}",
                "description": WORDS * 3,
                "parameters": {
                    "type": "object",
                    "properties": {
                        f"p{k}": {"type": "string", "description": "an id or a name"}
                        for k in range(5)
                    },
                    "required": ["p0"],
                },
            },
        }
        for n in range(8)
    ]
)
CALL = {"id": "call_1", "type": "function", "function": {"name": "tool_1", "arguments": "{}"}}
REPLY = encode(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "teacher",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": None,
                    "reasoning_content": WORDS * 10,
                    "tool_calls": [CALL],
                },
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {"prompt_tokens": 1500, "completion_tokens": 180, "total_tokens": 1680},
    }
)
MESSAGES = (
    Message(role="system", content=WORDS * 8),
    Message(role="user", content=WORDS),
)
Work = Callable[[int], Awaitable[None]]


class Canned(asyncio.Protocol):
    """Answers each complete request with the same bytes; reads nothing but its length."""

    answer = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        % (len(REPLY), REPLY)
    )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            mark = head.find(b"content-length:")
            size = int(head[mark + 15 :].split(b"\r\n", 1)[0]) if mark >= 0 else 0
            if len(self.buffer) < end + 4 + size:
                return
            self.buffer = self.buffer[end + 4 + size :]
            self.transport.write(self.answer)  # type: ignore[attr-defined]


async def serve() -> None:
    raise_file_limit(8192)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Canned, "127.0.0.1", 0, backlog=4096)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


class FileReplies:
    """Written before it is used, as in a run; never found again, so that all are sent."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def get(self, job: int, key: bytes) -> bytes | None:
        return None

    def put(self, job: int, key: bytes, reply: bytes) -> None:
        os.write(self._file.fileno(), key + reply)


async def drive(work: Work, requests: int, in_flight: int) -> None:
    """`in_flight` workers over one shared iterator."""
    numbers = iter(range(requests))

    async def worker() -> None:
        for number in numbers:
            await work(number)

    async with anyio.create_task_group() as group:
        for _ in range(in_flight):
            group.start_soon(worker)


async def measure(
    subject: str, work: Work, requests: int, in_flight: int, callers: int = 1
) -> dict[str, Any]:
    """`callers` for each slot: more than one, and requests queue in the client."""
    await drive(work, 2 * in_flight, in_flight)
    wall, cpu = time.perf_counter(), time.process_time()
    await drive(work, requests, in_flight * callers)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "benchmark": "client",
        "subject": subject,
        "in_flight": in_flight,
        "cpu_ms_per_request": round(1000 * cpu / requests, 4),
        "requests_per_s": round(requests / wall, 1),
        "errors": 0,
        "request_bytes": len(body()),
        "reply_bytes": len(REPLY),
    }


def body() -> bytes:
    messages = Transcript(MESSAGES).encoded()
    return b'{"model":"teacher","max_tokens":2048,"messages":%b,"tools":%b}' % (messages, TOOLS)


async def run_fastsynth(
    url: str, requests: int, in_flight: int, callers: int = 1
) -> dict[str, Any]:
    failures: list[Event] = []
    bus = Bus()
    bus.listen(lambda event: failures.append(event) if isinstance(event, RequestFailed) else None)
    endpoint = Endpoint(url=url, model="teacher", in_flight=in_flight)
    settings = Settings(endpoints={"fleet": endpoint}, roles={"default": "fleet"})
    transcript = Transcript(MESSAGES)
    with tempfile.TemporaryFile() as file:
        async with open_client(settings, replies=FileReplies(file), bus=bus) as client:

            async def one(number: int) -> None:
                reply = await client.ask(
                    Ask(
                        job=number,
                        turn=0,
                        role="reasoning",
                        purpose="step",
                        attempt=0,
                        step=0,
                        transcript=transcript,
                        tools=TOOLS,
                    )
                )
                if not isinstance(reply, Reply) or reply.tool_calls[0].name != "tool_1":
                    raise AssertionError(reply)

            name = "fastsynth client" if callers == 1 else f"fastsynth client, {callers} a slot"
            row = await measure(name, one, requests, in_flight, callers)
    return {**row, "errors": len(failures)}


async def run_queueing(url: str, requests: int, in_flight: int) -> dict[str, Any]:
    return await run_fastsynth(url, requests, in_flight, callers=4)


async def run_aiohttp(url: str, requests: int, in_flight: int) -> dict[str, Any]:
    form = {"model": "teacher", "messages": [msgspec.to_builtins(m) for m in MESSAGES]}
    form["tools"] = json.loads(TOOLS)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def one(number: int) -> None:
            headers = {"Content-Type": "application/json"}
            target = f"{url}/chat/completions"
            async with session.post(target, data=encode(form), headers=headers) as response:
                msgspec.json.decode(await response.read())

        return await measure("aiohttp + msgspec, bare", one, requests, in_flight)


async def run_openai(url: str, requests: int, in_flight: int) -> dict[str, Any]:
    messages: Any = [{"role": m.role, "content": m.content} for m in MESSAGES]
    tools: Any = json.loads(TOOLS)
    async with openai.AsyncOpenAI(api_key="none", base_url=url, max_retries=0) as client:

        async def one(number: int) -> None:
            await client.chat.completions.create(model="teacher", messages=messages, tools=tools)

        return await measure("openai SDK", one, requests, in_flight)


class _Asker(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.missing = 0
        self.done = anyio.Event()

    def data_received(self, data: bytes) -> None:
        self.missing -= len(data)
        if self.missing <= 0:
            self.done.set()


async def run_protocol(url: str, requests: int, in_flight: int) -> dict[str, Any]:
    host, _, port = url.removeprefix("http://").removesuffix("/v1").partition(":")
    content = body()
    request = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b"
    request = request % (len(content), content)
    loop = asyncio.get_running_loop()
    free: list[_Asker] = []

    async def one(number: int) -> None:
        asker = free.pop() if free else None
        if asker is None:
            _, asker = await loop.create_connection(_Asker, host, int(port))
        asker.missing, asker.done = len(Canned.answer), anyio.Event()
        asker.transport.write(request)  # type: ignore[attr-defined]
        await asker.done.wait()
        free.append(asker)

    return await measure("asyncio.Protocol (the server's ceiling)", one, requests, in_flight)


@contextmanager
def server() -> Iterator[str]:
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        finally:
            process.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", action="store_true", help="run the canned server alone")
    parser.add_argument("--quick", action="store_true", help="a tenth of the requests")
    parser.add_argument("--in-flight", type=int, nargs="+", default=[64, 1000])
    given = parser.parse_args()
    if given.serve:
        anyio.run(serve)
        return
    raise_file_limit(8192)
    share = 10 if given.quick else 1
    with server() as url:
        for in_flight in given.in_flight:
            for run, requests in (
                (run_protocol, 20_000),
                (run_aiohttp, 20_000),
                (run_fastsynth, 20_000),
                (run_queueing, 20_000),
                (run_openai, 3_000),
            ):
                row = anyio.run(run, url, max(requests // share, 2 * in_flight), in_flight)
                sys.stdout.write(json.dumps(row) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
