"""Notes over streamable HTTP, on the port that is given: a server made with the MCP SDK."""

from __future__ import annotations

import sys

from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations

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


@server.tool()
def empty_notes() -> str:
    """Throw all notes away."""
    NOTES.clear()
    return "empty"


if __name__ == "__main__":
    server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
