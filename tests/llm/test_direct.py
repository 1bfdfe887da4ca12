"""Plain connections against real sockets: kept, dropped, cut off and given up."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio
import pytest
from loopback_server import Loopback, hang, json_reply, loopback

from fastsynth.config import Endpoint
from fastsynth.errors import ConfigError
from fastsynth.llm import direct as module
from fastsynth.llm.client import _open_transport
from fastsynth.llm.direct import Direct, open_direct
from fastsynth.llm.faults import Fault
from fastsynth.llm.http1 import Response
from fastsynth.llm.transport import Answer, Transport, open_aiohttp
from fastsynth.llm.wire import Body

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(talk: Talk) -> AsyncIterator[tuple[str, list[int]]]:
    """A server, and how many connections it has had."""
    had = [0]

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        had[0] += 1
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(met, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/chat", had


async def read(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return await reader.readexactly(length)


async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await read(reader)
        writer.write(OK)


async def post(client: Direct, url: str, body: bytes = b"{}") -> bytes:
    assert client.takes(url)
    response = Response()
    await client.post(url, Body((body,)), response)
    return response.body


@pytest.mark.anyio
async def test_a_connection_serves_one_request_after_the_other() -> None:
    client = Direct({})
    async with serving(answering) as (url, had):
        bodies = [await post(client, url) for _ in range(3)]
        client.close()

    assert bodies == [b"ok"] * 3
    assert had == [1]


@pytest.mark.anyio
async def test_a_connection_that_the_server_closed_is_not_used_again() -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read(reader)
        writer.write(OK)

    client = Direct({})
    async with serving(once) as (url, had):
        await post(client, url)
        await anyio.sleep(0.05)
        await post(client, url)

    assert had == [2]


@pytest.mark.anyio
async def test_a_connection_that_stood_idle_for_long_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "KEEP_ALIVE", 0.01)
    client = Direct({})
    async with serving(answering) as (url, had):
        await post(client, url)
        await anyio.sleep(0.05)
        await post(client, url)
        client.close()

    assert had == [2]


@pytest.mark.anyio
async def test_a_request_that_is_given_up_closes_its_connection() -> None:
    ended = anyio.Event()

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await read(reader)
        try:
            await reader.read()
        finally:
            ended.set()

    client = Direct({})
    async with serving(silent) as (url, _):
        with anyio.move_on_after(0.05):
            await post(client, url)
        with anyio.fail_after(2):
            await ended.wait()

    assert client._idle == {}


@pytest.mark.anyio
@pytest.mark.parametrize("said", [b"", OK[:-1], b"nonsense\r\n\r\n"])
async def test_an_answer_that_is_cut_off_or_none_is_a_fault(said: bytes) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read(reader)
        writer.write(said)

    client = Direct({})
    async with serving(cut) as (url, _):
        with pytest.raises(Fault) as caught:
            await post(client, url)

    assert caught.value.kind == "reset"


@pytest.mark.anyio
async def test_a_long_body_arrives_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 1000)
    got: list[bytes] = []

    async def keeping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await read(reader))
        writer.write(OK)

    client, body = Direct({}), b"x" * 3_000_000
    async with serving(keeping) as (url, _):
        await post(client, url, body)
        client.close()

    assert got == [body]


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("https://a/v1", {}),
        ("http://user:word@a/v1", {}),
        ("http://a/v1", {"Transfer-Encoding": "chunked"}),
        ("http://a/v1", {"X-Odd": "a\r\nHost: b"}),
    ],
)
def test_whatever_is_not_plain_is_left_to_aiohttp(url: str, headers: dict[str, str]) -> None:
    assert Direct({}).takes("http://a/v1")
    assert not Direct(headers).takes(url)


@pytest.mark.anyio
async def test_a_server_is_told_and_tells_the_same_either_way() -> None:
    sent, told = [], []
    async with loopback() as server:
        for opened in (open_direct, open_aiohttp):
            answer = await _posted(server, opened)
            told.append((answer.status, answer.body, answer.headers["x-one"]))
            sent.append({k: v for k, v in server.headers[-1].items() if k in KEPT})

    assert told[0] == told[1]
    assert sent[0] == sent[1]
    assert sent[0]["X-Team"] == "a"


KEPT = ("Host", "X-Team", "Content-Type", "Content-Length", "Accept", "Accept-Encoding")


Opened = Callable[[Endpoint], AbstractAsyncContextManager[Transport]]


async def _posted(server: Loopback, opened: Opened) -> Answer:
    server.default = json_reply({"a": 1}, 418, {"X-One": "1"})
    async with opened(Endpoint(url=server.url, headers={"X-Team": "a"})) as transport:
        return await transport.post(server.url + "/chat/completions", Body((b'{"m":1}',)))


@pytest.mark.anyio
async def test_all_waiting_requests_end_with_their_transport() -> None:
    async with loopback() as server:
        server.default = hang
        async with open_direct(Endpoint(url=server.url)) as transport:
            with anyio.move_on_after(0.3):
                async with anyio.create_task_group() as group:
                    for _ in range(50):
                        url = server.url + "/chat/completions"
                        group.start_soon(transport.post, url, Body((b"{}",)))
            await anyio.sleep(0.05)

            assert server.most_at_once > 1
            assert server.at_once == 0


@pytest.mark.anyio
async def test_the_config_decides_how_an_endpoint_is_sent_to() -> None:
    agents: list[str] = []
    async with loopback() as server:
        server.default = json_reply({})
        for name in ("direct", "aiohttp"):
            endpoint = Endpoint(url=server.url, transport=name)  # type: ignore[arg-type]
            async with _open_transport(endpoint, (server.url,)) as transport:
                await transport.post(server.url + "/chat/completions", Body((b"{}",)))
            agents.append(server.headers[-1]["User-Agent"])

    assert agents[0] == "fastsynth"
    assert "aiohttp" in agents[1]


def test_without_its_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastsynth.llm.direct", None)

    with pytest.raises(ConfigError, match=r"pip install 'fastsynth\[direct\]'"):
        _open_transport(Endpoint(url="http://a/v1", transport="direct"), ("http://a/v1",))
