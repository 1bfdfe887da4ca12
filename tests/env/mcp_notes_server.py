"""A real MCP server with its state in memory, for tests: over standard streams, or HTTP on a port.

Has what makes servers hard: a clock in results, a call that hangs, a call that ends the process,
errors of two sorts, text that is a Python literal, and no hint on a tool that writes.
"""

from __future__ import annotations

import os
import sys
import time

import anyio
from mcp.server.mcpserver import MCPServer
from mcp_types import TextContent, ToolAnnotations

server = MCPServer("notes", log_level="ERROR")
NOTES: dict[str, str] = {}
READS = ToolAnnotations(read_only_hint=True)


@server.tool()
def add_note(title: str, text: str) -> dict[str, int]:
    """Write a note down."""
    if title in NOTES:
        raise ValueError(f"there is a note {title!r}")
    NOTES[title] = text
    return {"notes": len(NOTES)}


@server.tool(annotations=READS)
def list_notes() -> dict[str, list[str]]:
    """List the titles of all notes."""
    return {"titles": list(NOTES)}


@server.tool(annotations=READS)
def read_clock() -> dict[str, float | str]:
    """Say what time it is, and where."""
    return {"now": time.time(), "place": "here"}


@server.tool(annotations=READS, structured_output=False)
def show_literal() -> list[TextContent]:
    """Give text that is a Python literal."""
    return [TextContent(type="text", text="[('a', 1), ('b', None)]")]


@server.tool(annotations=READS)
async def hang(seconds: float) -> str:
    """Answer late."""
    await anyio.sleep(seconds)
    return "awake"


@server.tool(annotations=READS)
def leave(because: str) -> str:
    """End the process."""
    os._exit(3)


@server.tool()
def empty_notes() -> str:
    """Throw all notes away."""
    NOTES.clear()
    return "empty"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run()
