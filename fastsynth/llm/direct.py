"""POSTs over plain HTTP/1.1 on the loop's own connections: less CPU than a general client takes.

For `http://` addresses without a proxy, as fleets of one's own have; whatever else there is (TLS,
proxies, credentials in an address, GETs) is aiohttp's. Nothing is sent twice here, and a connection
whose request was given up is closed.
"""

from __future__ import annotations

import asyncio
import socket
import zlib
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import anyio
from multidict import CIMultiDict
from yarl import URL

from fastsynth.config import Endpoint
from fastsynth.llm.faults import Fault
from fastsynth.llm.http1 import Response
from fastsynth.llm.streaming import Merging
from fastsynth.llm.transport import (
    AT_ONCE,
    CONNECT_SECONDS,
    KEEP_ALIVE,
    AiohttpTransport,
    Answer,
    Transport,
    headers_of,
    open_aiohttp,
    refusal,
)
from fastsynth.llm.wire import Body

RESOLVED_SECONDS = 300.0
_OURS = frozenset(("connection", "content-length", "expect", "transfer-encoding", "upgrade"))
"""Headers that say how a request is sent: where a config sets one, aiohttp sends it."""
Place = tuple[str, int]


class DirectTransport:
    """What `transport: direct` of an endpoint is."""

    def __init__(self, general: AiohttpTransport, direct: Direct) -> None:
        self._general = general
        self._direct = direct

    async def get(self, url: str) -> Answer:
        return await self._general.get(url)

    async def post(self, url: str, body: Body, merging: Merging | None = None) -> Answer:
        if self._general.proxy(url) is not None or not self._direct.takes(url):
            return await self._general.post(url, body, merging)
        response = Response(merging)
        await self._direct.post(url, body, response)
        return Answer(status=response.status, headers=response.headers, body=response.body)


@asynccontextmanager
async def open_direct(endpoint: Endpoint) -> AsyncIterator[Transport]:
    async with open_aiohttp(endpoint) as general:
        direct = Direct(headers_of(endpoint))
        try:
            yield DirectTransport(general, direct)
        finally:
            direct.close()


class Direct:
    def __init__(self, headers: Mapping[str, str]) -> None:
        """`headers` of every request."""
        self._headers = CIMultiDict(headers)
        self._heads: dict[str, tuple[bytes, Place] | None] = {}
        self._idle: dict[Place, deque[_Line]] = {}
        self._addresses: dict[Place, tuple[float, list[str]]] = {}

    def takes(self, url: str) -> bool:
        """Whether an address is as simple as it has to be."""
        if url not in self._heads:
            self._heads[url] = self._head(url)
        return self._heads[url] is not None

    async def post(self, url: str, body: Body, response: Response) -> None:
        """Returns when `response` is complete. Raises Fault."""
        found = self._heads[url]
        assert found is not None
        head, place = found
        line = self._waiting(place) or await self._connect(place)
        await line.exchange(head, body, response)
        if response.reusable and not line.lost:
            self._idle.setdefault(place, deque()).append(line)
        else:
            line.close()

    def close(self) -> None:
        for lines in self._idle.values():
            for line in lines:
                line.close()
        self._idle = {}

    def _head(self, url: str) -> tuple[bytes, Place] | None:
        parsed = URL(url)
        host, port = parsed.raw_host, parsed.port
        values = [text for pair in self._headers.items() for text in pair]
        odd = any(c in text for text in values for c in "\r\n\0")
        if parsed.scheme != "http" or parsed.user or not host or port is None or odd:
            return None
        if any(name.lower() in _OURS for name in self._headers):
            return None
        headers = CIMultiDict(
            {
                "Host": parsed.host_port_subcomponent or host,
                "Accept": "*/*",
                "User-Agent": "fastsynth",
            }
        )
        for name in set(self._headers):
            headers.popall(name, None)
        headers.extend(self._headers)
        lines = [f"POST {parsed.raw_path_qs} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
        return "\r\n".join([*lines, "Content-Length: "]).encode(), (host, port)

    def _waiting(self, place: Place) -> _Line | None:
        """The connection used last, if one is still good."""
        lines = self._idle.get(place)
        if not lines:
            return None
        oldest = asyncio.get_running_loop().time() - KEEP_ALIVE
        while lines and (lines[0].lost or lines[0].since < oldest):
            lines.popleft().close()
        while lines:
            line = lines.pop()
            if not line.lost:
                return line
        return None

    async def _connect(self, place: Place) -> _Line:
        detail = f"no connection within {CONNECT_SECONDS:g} s"
        with anyio.move_on_after(CONNECT_SECONDS):
            try:
                addresses = await self._resolved(place)
            except OSError as error:
                raise Fault("connect", refusal(error)) from error
            for address in addresses:
                try:
                    loop = asyncio.get_running_loop()
                    return (await loop.create_connection(_Line, address, place[1]))[1]
                except OSError as error:
                    detail = refusal(error)
        raise Fault("connect", detail)

    async def _resolved(self, place: Place) -> list[str]:
        loop = asyncio.get_running_loop()
        until, found = self._addresses.get(place, (0.0, []))
        if loop.time() >= until:
            infos = await loop.getaddrinfo(*place, type=socket.SOCK_STREAM)
            found = list(dict.fromkeys(str(info[4][0]) for info in infos))
            self._addresses[place] = loop.time() + RESOLVED_SECONDS, found
        return found


class _Line(asyncio.Protocol):
    """One connection; carries one request at a time."""

    def __init__(self) -> None:
        self.lost = False
        self.since = 0.0
        """When its last answer was complete."""
        self._loop = asyncio.get_running_loop()
        self._response: Response | None = None
        self._whole: asyncio.Future[None] | None = None

    async def exchange(self, head: bytes, body: Body, response: Response) -> None:
        """Closes the connection where it is left before its end. Raises Fault."""
        self._whole, self._response, left = self._loop.create_future(), response, True
        try:
            if len(body) < AT_ONCE:
                self._transport.write(b"%s%d\r\n\r\n%s" % (head, len(body), bytes(body)))
            else:
                await self._write_in_pieces(head, body)
            await self._whole
            left = False
        finally:
            self._response = self._whole = None
            if left:
                self.close()

    async def _write_in_pieces(self, head: bytes, body: Body) -> None:
        self._transport.write(b"%s%d\r\n\r\n" % (head, len(body)))
        for piece in body.pieces:
            self._transport.write(piece)
            while self._transport.get_write_buffer_size() > AT_ONCE and not self.lost:  # noqa: ASYNC110
                await anyio.sleep(0.001)

    def close(self) -> None:
        self.lost = True
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        response = self._response
        if response is None:
            self.close()  # nobody asked
            return
        try:
            response.feed(data)
        except (ValueError, zlib.error) as error:
            self._fail(str(error))
            self.close()
            return
        if response.done:
            self._complete()

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        if self._response is not None and not self._response.done:
            self._response.close()
            if self._response.done:
                self._complete()
            else:
                self._fail(str(error) if error else "the server closed the connection")

    def _complete(self) -> None:
        self.since = self._loop.time()
        if self._whole is not None and not self._whole.done():
            self._whole.set_result(None)

    def _fail(self, detail: str) -> None:
        if self._whole is not None and not self._whole.done():
            self._whole.set_exception(Fault("reset", detail))
