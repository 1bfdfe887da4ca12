"""Tools as a model is shown them: the OpenAI tool list, encoded once per tool."""

from __future__ import annotations

from collections.abc import Iterable

from fastsynth.env.environment import Tool
from fastsynth.llm.wire import array
from fastsynth.records import encode

_ENCODED: dict[int, tuple[Tool, bytes]] = {}


def tool_list(tools: Iterable[Tool]) -> tuple[bytes, ...]:
    """The tools in their order, as JSON each: the same objects in all conversations."""
    return tuple(map(_encoded, tools))


def tool_text(tools: Iterable[Tool]) -> str:
    """JSON array of the tools in their order, as `tools` of a row."""
    return array(tool_list(tools)).decode()


def _encoded(tool: Tool) -> bytes:
    """Cached by object: a domain's tools live as long as the run."""
    found = _ENCODED.get(id(tool))
    if found is None or found[0] is not tool:
        function = {
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
        }
        found = tool, encode({"type": "function", "function": function})
        _ENCODED[id(tool)] = found
    return found[1]
