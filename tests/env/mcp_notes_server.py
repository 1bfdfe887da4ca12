"""An MCP server over standard streams in plain Python, which starts in 50 ms; state in memory.

Has what makes servers hard: a clock in results, a call that hangs, a call that ends the process,
text that is a Python literal, and tools without a hint.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from typing import Any

NOTES: dict[str, str] = {}
READS = {"readOnlyHint": True}
CALLS = itertools.count(1)


def add_note(title: str, text: str) -> Any:
    if title in NOTES:
        raise ValueError(f"there is a note {title!r}")
    NOTES[title] = text
    return {"notes": len(NOTES)}


def list_notes() -> Any:
    return {"titles": list(NOTES)}


def read_clock() -> Any:
    return {"now": time.time(), "place": "here"}


def show_literal() -> Any:
    return "[('a', 1), ('b', None)]"


def hang(seconds: float) -> Any:
    time.sleep(seconds)
    return "awake"


def leave(because: str) -> Any:
    os._exit(3)


def count_calls() -> Any:
    """Counts outside of what is told of the state."""
    return {"calls": next(CALLS)}


def empty_notes() -> Any:
    NOTES.clear()
    return "empty"


def schema(**kinds: str) -> dict[str, Any]:
    properties = {name: {"type": kind} for name, kind in kinds.items()}
    return {"type": "object", "properties": properties, "required": list(kinds)}


TOOLS: dict[str, tuple[Any, dict[str, Any], dict[str, bool] | None]] = {
    "add_note": (add_note, schema(title="string", text="string"), None),
    "list_notes": (list_notes, schema(), READS),
    "read_clock": (read_clock, schema(), READS),
    "show_literal": (show_literal, schema(), None),
    "hang": (hang, schema(seconds="number"), READS),
    "leave": (leave, schema(because="string"), READS),
    "count_calls": (count_calls, schema(), READS),
    "empty_notes": (empty_notes, schema(), None),
}


def listed() -> Any:
    return {
        "tools": [
            {
                "name": name,
                "description": name.replace("_", " "),
                "inputSchema": parameters,
                **({"annotations": hints} if hints else {}),
            }
            for name, (_, parameters, hints) in TOOLS.items()
        ]
    }


def called(name: str, arguments: dict[str, Any]) -> Any:
    try:
        value = TOOLS[name][0](**arguments)
    except ValueError as error:
        return {"content": [{"type": "text", "text": str(error)}], "isError": True}
    text = value if isinstance(value, str) else json.dumps(value)
    structured = {} if isinstance(value, str) else {"structuredContent": value}
    return {"content": [{"type": "text", "text": text}], **structured}


def answer(method: str, given: dict[str, Any]) -> dict[str, Any]:
    match method:
        case "initialize":
            return {
                "result": {
                    "protocolVersion": given["protocolVersion"],
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": "notes", "version": "1"},
                }
            }
        case "tools/list":
            return {"result": listed()}
        case "tools/call":
            return {"result": called(given["name"], given.get("arguments") or {})}
    return {"error": {"code": -32601, "message": f"unknown method {method}"}}


for line in sys.stdin:
    request = json.loads(line)
    if "id" in request and "method" in request:
        reply = answer(request["method"], request.get("params") or {})
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": request["id"], **reply}) + "\n")
        sys.stdout.flush()
