"""Bytes to a server and back over aiohttp: one session per endpoint, faults translated once.

No retries, no limits and no time-outs of whole requests here; those have owners of their own.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Protocol
from urllib.request import getproxies, proxy_bypass

import aiohttp
import msgspec
from aiohttp.abc import AbstractStreamWriter
from yarl import URL

from fastsynth.config import Endpoint
from fastsynth.errors import config_error
from fastsynth.llm.faults import Fault
from fastsynth.llm.streaming import Merging
from fastsynth.llm.wire import Body

READ_BUFFER = 1 << 20
"""Bytes: a 50k-token context or listing fits; aiohttp's own 64 KB pauses reading (vllm#39963)."""
AT_ONCE = 1 << 20
"""Bytes of a body that are written in one go; a longer one lets the loop in between."""
EVENTS = "text/event-stream"
CONNECT_SECONDS = 20.0
KEEP_ALIVE = 4.0
"""Seconds: under the 5 of uvicorn (vLLM), or requests meet connections just closed."""
_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP answer of any status. Header names are looked up without regard to case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_page(self) -> bool:
        return self.headers.get("Content-Type", "").startswith("text/html")


class Transport(Protocol):
    """Raises Fault where no complete HTTP answer came back."""

    async def get(self, url: str) -> Answer: ...

    async def post(self, url: str, body: Body, merging: Merging | None = None) -> Answer:
        """`merging` is fed where the server answers in chunks: `body` is what it merged then."""
        ...


class _Fleeting(aiohttp.Payload):
    """A body that is whole only while it is written: not while its reply is awaited."""

    _autoclose = True

    def __init__(self, body: Body) -> None:
        super().__init__(body, content_type="application/json")
        self._size = len(body)

    async def write(self, writer: AbstractStreamWriter) -> None:
        await self.write_with_length(writer, None)

    async def write_with_length(self, writer: AbstractStreamWriter, _: int | None) -> None:
        body: Body = self._value
        if len(body) < AT_ONCE:
            await writer.write(bytes(body))
            return
        for piece in body.pieces:
            await writer.write(piece)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return bytes(self._value).decode(encoding, errors)


class AiohttpTransport:
    def __init__(self, session: aiohttp.ClientSession, endpoint: Endpoint) -> None:
        self._session = session
        self._endpoint = endpoint
        self._proxies: dict[str, str | None] = {}

    async def get(self, url: str) -> Answer:
        return await self._send("GET", url, None)

    async def post(self, url: str, body: Body, merging: Merging | None = None) -> Answer:
        return await self._send("POST", url, _Fleeting(body), merging)

    async def _send(
        self, method: str, url: str, data: aiohttp.Payload | None, merging: Merging | None = None
    ) -> Answer:
        try:
            async with self._session.request(
                method, url, data=data, proxy=self.proxy(url), allow_redirects=False
            ) as response:
                if merging is not None and response.content_type == EVENTS:
                    async for piece in response.content.iter_any():
                        merging.feed(piece)
                    merging.end()
                    body = merging.body()
                else:
                    body = await response.read()
                return Answer(status=response.status, headers=response.headers, body=body)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Fault("connect", connect_detail(error)) from error
        except (aiohttp.ClientError, ConnectionError) as error:
            raise Fault("reset", str(error) or type(error).__name__) from error

    def proxy(self, url: str) -> str | None:
        server = origin(url)
        if server not in self._proxies:
            self._proxies[server] = proxy_for(self._endpoint, url)
        return self._proxies[server]


@asynccontextmanager
async def open_aiohttp(endpoint: Endpoint) -> AsyncIterator[AiohttpTransport]:
    """A transport for any base address. Connections without bound: `limits` counts."""
    connector = aiohttp.TCPConnector(
        limit=0, ttl_dns_cache=300, keepalive_timeout=KEEP_ALIVE, ssl=tls(endpoint)
    )
    async with aiohttp.ClientSession(
        connector=connector,
        headers=headers_of(endpoint),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        read_bufsize=READ_BUFFER,
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        yield AiohttpTransport(session, endpoint)


def headers_of(endpoint: Endpoint) -> dict[str, str]:
    """What every request is sent with."""
    return {
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        **authorization(endpoint),
        **endpoint.headers,
    }


def key_variable(endpoint: Endpoint) -> str:
    return endpoint.key_env or "OPENAI_API_KEY"


def secret(endpoint: Endpoint) -> str:
    """The endpoint's key; "" where its variable is not set, which local servers accept.

    A scripted teacher needs none, so the default variable's key is never sent to one.
    """
    if endpoint.kind == "scripted" and endpoint.key_env is None:
        return ""
    return os.environ.get(key_variable(endpoint), "").strip()


def authorization(endpoint: Endpoint) -> dict[str, str]:
    key = secret(endpoint)
    return {"Authorization": f"Bearer {key}"} if key else {}


def tls(endpoint: Endpoint) -> ssl.SSLContext | bool:
    if endpoint.ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=endpoint.ca_file)
    except OSError as error:
        allowed = f"need a readable PEM file ({error.strerror or error})"
        raise config_error("ca_file", endpoint.ca_file, allowed) from error


def proxy_for(endpoint: Endpoint, url: str) -> str | None:
    """The configured proxy, else that of HTTP(S)_PROXY unless NO_PROXY or loopback says no."""
    if endpoint.proxy is not None:
        return endpoint.proxy
    parsed = URL(url)
    host = parsed.host or ""
    if host in _LOOPBACK or proxy_bypass(host):
        return None
    return getproxies().get(parsed.scheme)


def origin(url: str) -> str:
    """`http://gpu1:8000` of `http://gpu1:8000/v1/models`."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def connect_detail(error: BaseException) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not trusted; name who signed it in `ca_file` ({error})"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return f"no TLS connection, is it http:// instead? ({error})"
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return f"no connection to the proxy {error.host}:{error.port}: {error.strerror or error}"
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error is not None:
        return refusal(error.os_error)
    return f"cannot connect: {str(error) or type(error).__name__}"


def refusal(error: OSError) -> str:
    """Why there is no connection."""
    if isinstance(error, ConnectionRefusedError):
        return "connection refused; is the server running?"
    return f"cannot connect: {error.strerror or error}"


def raise_file_limit(wanted: int) -> int:
    """Raises the soft limit of open files to `wanted` where the hard limit lets it; returns it."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    target = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
