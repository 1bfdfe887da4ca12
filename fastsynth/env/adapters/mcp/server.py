"""One MCP server: started or reached, asked for its tools, called. Speaks through the `mcp` SDK.

The only module that knows the SDK. What it raises is ours: `Gone` where the server went away or
overran its time, `EnvironmentBroken` where it cannot be started.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio

from fastsynth.config import Mcp
from fastsynth.env.adapters.mcp.tools import Offered, observed
from fastsynth.env.environment import Observation
from fastsynth.errors import ConfigError, EnvironmentBroken, boundary

START = 60.0
"""Seconds a server may take to start and shake hands."""
_LOST = (-32000, -32600, -32700)
"""JSON-RPC codes the SDK gives a request whose connection or session ended, or whose answer was
none."""


class Gone(Exception):
    """The server went away or took too long; nothing is known of its state."""


class Overran(Gone):
    """It took too long."""


class Connection:
    """An open session with one server. One request at a time."""

    def __init__(self, client: Any, time_limit: float) -> None:
        self._client = client
        self._limit = time_limit

    async def tools(self) -> list[Offered]:
        """All tools, over all pages."""
        found: list[Offered] = []
        cursor: str | None = None
        while True:
            page = await self._client.list_tools(cursor=cursor)
            found += map(_offered, page.tools)
            cursor = page.next_cursor
            if not cursor:
                return found

    async def call(
        self, name: str, arguments: dict[str, Any], patience: float = 1.0
    ) -> Observation:
        """Raises `Gone` where no answer came. `patience`: how many times the limit it may take."""
        from mcp import MCPError

        limit = self._limit * patience
        with boundary() as caught:
            try:
                with anyio.fail_after(limit):
                    result = await self._client.call_tool(name, arguments)
            except TimeoutError as error:
                raise Overran(f"took longer than {limit:g} s and was stopped") from error
            texts = [block.text for block in result.content if block.type == "text"]
            return observed(texts, result.structured_content, bool(result.is_error))
        if isinstance(caught.error, Gone):
            raise caught.error
        if isinstance(caught.error, MCPError) and caught.error.code not in _LOST:
            return Observation(error="tool", message=str(caught.error))
        if isinstance(caught.error, RuntimeError | ValueError):
            return Observation(error="tool", message=f"{name}: {caught.error}")
        raise Gone(f"ended its server ({caught.error!r})") from caught.error


@asynccontextmanager
async def connected(server: Mcp, folder: Path) -> AsyncIterator[Connection]:
    """A session with the server, its process started for `folder`. Raises EnvironmentBroken."""
    from mcp import Client

    async with AsyncExitStack() as stack:
        log = stack.enter_context((folder.parent / f"{folder.name}.log").open("w+"))
        with boundary() as caught:
            transport = await _transport(server, folder, log, stack)
            client = Client(transport, cache=None)
            await stack.enter_async_context(client)
        if caught.error is not None:
            raise EnvironmentBroken(_why(server, caught.error, log)) from caught.error
        yield Connection(client, server.time_limit)


async def _transport(server: Mcp, folder: Path, log: Any, stack: AsyncExitStack) -> Any:
    if server.url:
        return await _http(server, server.url, stack)
    from mcp import StdioServerParameters
    from mcp.client.stdio import stdio_client

    program, *rest = launch(server, folder)
    env = {name: text.replace("{dir}", str(folder)) for name, text in server.env.items()}
    return stdio_client(
        StdioServerParameters(
            command=program,
            args=rest,
            env={"PYTHONHASHSEED": "0", **_passed(server.pass_env), **env},
            cwd=folder if in_folder(server) else None,
        ),
        errlog=log,
    )


async def _http(server: Mcp, url: str, stack: AsyncExitStack) -> Any:
    from mcp.client.streamable_http import streamable_http_client

    if not server.headers_env:
        return streamable_http_client(url)
    import httpx2

    headers = {
        header: _passed((name,))[name] for header, name in sorted(server.headers_env.items())
    }
    http = await stack.enter_async_context(httpx2.AsyncClient(headers=headers, timeout=START))
    return streamable_http_client(url, http_client=http)


def in_folder(server: Mcp) -> bool:
    """Whether the server runs inside its folder, because nothing tells it where that is."""
    named = any("{dir}" in text for text in (*server.command, *server.env.values()))
    return server.reset.copy is not None and not named


def launch(server: Mcp, folder: Path) -> list[str]:
    """The command with its folder filled in; files named from here stay found from there."""
    words = [word.replace("{dir}", str(folder)) for word in server.command]
    if in_folder(server):
        words = [str(Path(word).resolve()) if Path(word).is_file() else word for word in words]
    if words[0] == "python":
        words[0] = sys.executable
    return words


def _passed(names: Sequence[str]) -> dict[str, str]:
    for name in names:
        if name not in os.environ:
            raise ConfigError(f"environment.mcp: variable {name} is not set, need its value")
    return {name: os.environ[name] for name in names}


def _offered(tool: Any) -> Offered:
    hints = tool.annotations
    return Offered(
        name=tool.name,
        description=tool.description or "",
        parameters=dict(tool.input_schema or {}),
        result=dict(tool.output_schema or {}),
        reads=hints.read_only_hint if hints is not None else None,
    )


def _why(server: Mcp, error: Exception, log: Any) -> str:
    """One line: what was started or reached, and the last thing it said."""
    what = server.url or " ".join(server.command)
    cause: BaseException = error
    while isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[0]
    log.seek(0)
    said = [line.strip() for line in log.read().splitlines() if line.strip()]
    told = next((line for line in said if "Error" in line), said[-1] if said else "")
    return f"mcp: {what}: does not start: {told or repr(cause)}"
