"""CPU a request costs the client, beside what a user would pick instead. JSON rows on stdout.

A server in a process of its own (`client_server`) answers 6 KB requests with 8 tools by a canned
1.2 KB reply; `asyncio.Protocol` shows the most a client in Python can get of it. `--peers` adds
clients in environments of their own, `--requests` the own client alone over ever more requests.
Usage: `fastsynth bench client [--json FILE] [-- --quick --peers litellm h2load]`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal

import aiohttp
import anyio
import msgspec
import openai

from fastsynth.config import Endpoint
from fastsynth.errors import FastsynthError, boundary
from fastsynth.events import Bus, Event, RequestFailed
from fastsynth.llm.chat import Ask, Reply
from fastsynth.llm.client import Settings, open_client
from fastsynth.llm.transport import raise_file_limit
from fastsynth.llm.wire import Transcript
from fastsynth.records import encode

sys.path.insert(0, str(Path(__file__).parent))
from client_peers import NAMES, measured
from client_server import FILES, MESSAGES, REPLY, TOOLS, answer_size, body, server
from peers import Unavailable

Work = Callable[[int], Awaitable[None]]
Row = dict[str, Any]
Stream = Literal["never", "always"]
OWN = 20_000
SDK = 3_000


class FileReplies:
    """Written before it is used, as in a run; never found again, so that all are sent."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def get(self, job: int, key: bytes) -> bytes | None:
        return None

    def put(self, job: int, key: bytes, reply: bytes) -> None:
        os.write(self._file.fileno(), key + reply)


async def drive(work: Work, requests: int, in_flight: int) -> list[str]:
    """`in_flight` workers over one shared iterator; what went wrong, in words."""
    numbers, errors = iter(range(requests)), list[str]()

    async def worker() -> None:
        while True:
            try:
                with boundary() as caught:
                    for number in numbers:
                        await work(number)
                    return
            except FastsynthError as error:
                errors.append(str(error)[:200])
            if caught.error is not None:
                errors.append(f"{type(caught.error).__name__}: {caught.error}"[:200])

    async with anyio.create_task_group() as group:
        for _ in range(in_flight):
            group.start_soon(worker)
    return errors


async def measure(subject: str, work: Work, requests: int, in_flight: int, callers: int = 1) -> Row:
    """`callers` for each slot: more than one, and requests queue in the client."""
    await drive(work, 2 * in_flight, in_flight)
    wall, cpu = time.perf_counter(), time.process_time()
    errors = await drive(work, requests, in_flight * callers)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "subject": subject,
        "cpu_ms_per_request": round(1000 * cpu / requests, 4),
        "requests_per_s": round(requests / wall, 1),
        "errors": len(errors),
        **({"first_error": errors[0]} if errors else {}),
    }


async def run_fastsynth(
    url: str,
    requests: int,
    in_flight: int,
    callers: int = 1,
    stream: Stream = "never",
    transport: Literal["aiohttp", "direct"] = "aiohttp",
) -> Row:
    failures: list[Event] = []
    bus = Bus()
    bus.listen(lambda event: failures.append(event) if isinstance(event, RequestFailed) else None)
    endpoint = Endpoint(
        url=url, model="teacher", in_flight=in_flight, stream=stream, transport=transport
    )
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
                        tools=(TOOLS[1:-1],),
                    )
                )
                if not isinstance(reply, Reply) or reply.tool_calls[0].name != "tool_1":
                    raise AssertionError(reply)

            name = "fastsynth client" if callers == 1 else f"fastsynth client, {callers} a slot"
            name += ", streamed" if stream == "always" else ""
            name += ", direct" if transport == "direct" else ""
            row = await measure(name, one, requests, in_flight, callers)
    return {**row, "errors": max(row["errors"], len(failures))}


async def run_streamed(url: str, requests: int, in_flight: int) -> Row:
    return await run_fastsynth(url, requests, in_flight, stream="always")


async def run_direct(url: str, requests: int, in_flight: int) -> Row:
    return await run_fastsynth(url, requests, in_flight, transport="direct")


async def run_queueing(url: str, requests: int, in_flight: int) -> Row:
    return await run_fastsynth(url, requests, in_flight, callers=4)


async def run_aiohttp(url: str, requests: int, in_flight: int) -> Row:
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


async def run_openai(url: str, requests: int, in_flight: int) -> Row:
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


async def run_protocol(url: str, requests: int, in_flight: int) -> Row:
    host, _, port = url.removeprefix("http://").removesuffix("/v1").partition(":")
    content = body()
    request = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b"
    request = request % (len(content), content)
    size = answer_size(host, int(port), request)
    loop = asyncio.get_running_loop()
    free: list[_Asker] = []

    async def one(number: int) -> None:
        asker = free.pop() if free else None
        if asker is None:
            _, asker = await loop.create_connection(_Asker, host, int(port))
        asker.missing, asker.done = size, anyio.Event()
        asker.transport.write(request)  # type: ignore[attr-defined]
        await asker.done.wait()
        free.append(asker)

    return await measure("asyncio.Protocol, reads nothing", one, requests, in_flight)


SUBJECTS = (
    (run_protocol, OWN),
    (run_aiohttp, OWN),
    (run_fastsynth, OWN),
    (run_direct, OWN),
    (run_queueing, OWN),
    (run_openai, SDK),
)


STREAMS = ((run_fastsynth, OWN), (run_streamed, OWN))


def rows(given: argparse.Namespace, url: str) -> Iterator[Row]:
    """Rows as they come, without what is the same in all."""
    for in_flight in given.in_flight:
        if given.requests:
            for count in given.requests:
                row = anyio.run(run_fastsynth, url, count, in_flight)
                yield {"in_flight": in_flight, "requests": count, **row}
            continue
        share = 10 if given.quick else 1
        for run, usual in STREAMS if given.stream else SUBJECTS:
            count = max(usual // share, 2 * in_flight)
            row = anyio.run(run, url, count, in_flight)
            yield {"in_flight": in_flight, "requests": count, **row}
        for name in given.peers:
            count = max((OWN if name == "h2load" else SDK) // share, 2 * in_flight)
            try:
                row = measured(name, url, count, in_flight, body())
            except Unavailable as error:
                sys.stderr.write(f"left out: {error}\n")
                continue
            yield {"in_flight": in_flight, "requests": count, **row}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the requests")
    parser.add_argument("--in-flight", type=int, nargs="+", default=[64, 1000])
    parser.add_argument("--peers", nargs="+", choices=NAMES, default=[], help="others' clients")
    parser.add_argument(
        "--requests", type=int, nargs="+", metavar="N", help="own client alone, N requests each"
    )
    parser.add_argument(
        "--stream", action="store_true", help="own client alone, replies whole and in 171 chunks"
    )
    parser.add_argument("--server", choices=("nginx", "asyncio"), help="default: the faster")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    given = parser.parse_args()
    raise_file_limit(FILES)
    sizes = {"request_bytes": len(body()), "reply_bytes": len(REPLY)}
    lines = []
    with server("asyncio" if given.stream else given.server) as (url, kind):
        for row in rows(given, url):
            lines.append(json.dumps({"benchmark": "client", **row, **sizes, "server": kind}) + "\n")
            sys.stdout.write(lines[-1])
            sys.stdout.flush()
    if given.json:
        given.json.write_text("".join(lines))


if __name__ == "__main__":
    main()
