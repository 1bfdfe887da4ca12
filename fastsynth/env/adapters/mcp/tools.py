"""MCP tools and results as this package's: contracts, observations, and what differs by itself.

Pure translation. Hints decide what only reads; where a server gives none, the name does.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from fastsynth.config import Mcp
from fastsynth.env import paths
from fastsynth.env.adapters.masks import LABEL
from fastsynth.env.adapters.names import picked, shown_names
from fastsynth.env.adapters.results import plain
from fastsynth.env.environment import Observation, Tool
from fastsynth.env.schemas import fault, inlined

_READS = re.compile(
    r"(get|list|read|search|find|show|view|open_nodes|describe|fetch|count|lookup|query|directory|"
    r"check(?!_?(in|out)(_|$)))",
    re.IGNORECASE,
)
_REMOVES = re.compile(r"(?:delete|remove|drop|clear|erase)_?(?P<what>\w+)", re.IGNORECASE)
_CREATES = re.compile(
    r"(?:create|add|insert|store|save|register|write)_?(?P<what>\w+)", re.IGNORECASE
)


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as the server lists it."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = {}
    result: dict[str, Any] = {}
    reads: bool | None = None
    """The server's `readOnlyHint`; None where it gives none."""


Volatile = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Tool -> result path pattern -> labels of a text's lines that vary; () for the whole value."""


def tools_of(
    offered: Iterable[Offered], server: Mcp, part: str, *, live: bool
) -> tuple[dict[str, Tool], dict[str, str]]:
    """Tools to show, and shown name -> the server's own name.

    Of a live backend only what surely reads is shown, unless writes are allowed.
    """
    every = list(offered)
    called = shown_names(one.name for one in every)
    kept = picked(
        {called[one.name]: one.name for one in every}, server.hide, server.only, "environment.mcp"
    )
    shown: dict[str, Tool] = {}
    names: dict[str, str] = {}
    for one in every:
        known = True if one.name in server.reads else one.reads
        reads = bool(_READS.match(one.name)) if known is None else known
        withheld = live and not server.allow_mutations and known is not True
        name = called[one.name]
        if withheld or name not in kept or one.name == server.reset.tool or unfit(one):
            continue
        names[name] = one.name
        shown[name] = Tool(
            name=name,
            description=one.description or name.replace("_", " "),
            parameters=_object(one.parameters),
            result=_without_marks(inlined(one.result)),
            part=part,
            mutates=not reads,
        )
    return {name: _with_inverse(tool, shown) for name, tool in shown.items()}, names


def unfit(one: Offered) -> str:
    """Why a tool's arguments cannot be checked, "" where they can."""
    return fault(_object(one.parameters))


def observed(texts: Iterable[str], structured: Any, failed: bool) -> Observation:
    """What a call's result means: `structuredContent` first, then text as JSON, as a Python
    literal, or as it is."""
    text = "\n".join(texts)
    if failed:
        return Observation(error="tool", message=text or "the tool failed and did not say why")
    if structured is not None:
        return Observation(value=plain(structured))
    return Observation(value=_value(text))


def differences(one: Any, other: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(path pattern, labels) of what differs between two results of the same call."""
    mine, yours = dict(paths.leaves(one)), dict(paths.leaves(other))
    if mine.keys() != yours.keys():
        yield "", ()
        return
    for place, value in mine.items():
        if value != yours[place]:
            yield paths.pattern(place), _labels(value, yours[place])


def _with_inverse(tool: Tool, tools: Mapping[str, Tool]) -> Tool:
    """`delete_notes` undoes `create_notes`: no person asks for both in one breath."""
    found = _REMOVES.match(tool.name)
    if found is None or not tool.mutates:
        return tool
    undone = [
        name
        for name in tools
        if (made := _CREATES.match(name)) is not None and made["what"] == found["what"]
    ]
    return msgspec.structs.replace(tool, undoes=tuple(undone))


def _value(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        pass
    if text[:1] in "[{(":
        try:
            return plain(ast.literal_eval(text))
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return text
    return text


def _object(schema: Mapping[str, Any]) -> dict[str, Any]:
    bare = _without_marks(inlined(schema))
    return {"type": "object", "properties": {}, **bare}


def _without_marks(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: inner for name, inner in schema.items() if name not in ("$schema", "title")}


def _labels(one: Any, other: Any) -> tuple[str, ...]:
    """Labels of the differing lines of two texts, where only labelled lines differ."""
    if not (isinstance(one, str) and isinstance(other, str)):
        return ()
    mine, yours = one.split("\n"), other.split("\n")
    if len(mine) != len(yours) or len(mine) == 1:
        return ()
    found: list[str] = []
    for line, twin in zip(mine, yours, strict=True):
        if line == twin:
            continue
        label, same = LABEL.match(line), LABEL.match(twin)
        if not (label and same and label[1] == same[1]):
            return ()
        found.append(label[1])
    return tuple(dict.fromkeys(found))
