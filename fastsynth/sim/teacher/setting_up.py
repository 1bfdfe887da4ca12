"""The writer's drafts for MCP servers: a small made-up world, told by calls of the server's tools.

Which value belongs to which parameter is guessed from names and types; what was set up is read,
changed and removed under the name it was set up with, and what is new was not set up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from fastsynth import seeds
from fastsynth.env.adapters.mcp.facts import creates, setup_of, values_of
from fastsynth.env.adapters.mcp.stock import Planned
from fastsynth.env.adapters.mcp.story import Story, Thing, tell
from fastsynth.env.environment import Tool
from fastsynth.method.scenarios.setup_trial import Reply
from fastsynth.method.script import Brief, BriefTool

EACH = 3
"""Wishes for a tool, and records of a kind that has a tool to itself."""
_PATH, _FOLDER = re.compile(r"path|file|directory|folder"), re.compile(r"director|folder")
_PROSE = re.compile(r"text|content|note|body|message|description|memo|comment|summary|details")
_KIND = re.compile(r"type|kind|category|label|tag|status|group")
_DAY, _HOUR = re.compile(r"date|day|due|deadline"), re.compile(r"time|hour")


def draft_setup(brief: Brief, seed: int) -> Reply:
    rng = seeds.derive(seed, "setup")
    story = tell(rng)
    tools = {tool.name: _tool(tool) for tool in brief.tools}
    setup = [Planned(**call) for call in setup_of(tools, story)]
    told = {call.name for call in setup}
    for name, tool in tools.items():
        if creates(tool) and name not in told and not _takes_records(tool):
            setup += _calls(tool, story.old[: EACH + 2], brief.folder)
    wishes: list[Planned] = []
    for tool in tools.values():
        wishes += _wishes(tool, story, brief.folder, rng)
    return Reply(setup=tuple(setup), wishes=tuple(wishes))


def _takes_records(tool: Tool) -> bool:
    """Whether it says more of what is there, as lists of records do that name nothing new."""
    fields = tool.parameters.get("properties", {}).values()
    return any(field.get("items", {}).get("type") == "object" for field in fields)


def _tool(tool: BriefTool) -> Tool:
    return Tool(
        name=tool.name,
        description="",
        parameters=tool.parameters,
        part="",
        mutates=tool.mutates,
    )


def _wishes(tool: Tool, story: Story, folder: str, rng: Random) -> Iterator[Planned]:
    """Records and names as the story has them, where the schema tells; else by guess."""
    things = story.new if creates(tool) else story.old
    if not tool.parameters.get("required"):
        yield Planned(name=tool.name)
    records = {
        name: list(values_of(tool, name, schema, story, rng))
        for name, schema in tool.parameters.get("properties", {}).items()
        if schema.get("type") == "array"
    }
    for number, call in enumerate(_calls(tool, things[:EACH], folder)):
        given = {
            name: [records[name][number % len(records[name])]]
            for name in call.arguments
            if records.get(name)
        }
        if call.arguments:
            yield Planned(name=tool.name, arguments={**call.arguments, **given})


def _calls(tool: Tool, things: tuple[Thing, ...], folder: str) -> Iterator[Planned]:
    properties = tool.parameters.get("properties", {})
    required = tool.parameters.get("required", list(properties))
    for thing in things:
        arguments = {
            name: _value(tool, name, properties.get(name, {}), thing, folder) for name in required
        }
        if all(value is not None for value in arguments.values()):
            yield Planned(name=tool.name, arguments=arguments)


def _value(tool: Tool, name: str, schema: Mapping[str, Any], thing: Thing, folder: str) -> Any:
    """Alike for one thing and one name, whichever tool asks."""
    rng = seeds.derive(0, thing.name, name)
    if schema.get("enum"):
        return rng.choice(schema["enum"])
    match schema.get("type", "string"):
        case "boolean":
            return rng.random() < 0.5
        case "integer" | "number":
            low = int(schema.get("minimum", 1))
            return rng.randint(low, int(schema.get("maximum", low + 40)))
        case "array":
            inner = schema.get("items", {})
            if inner.get("type", "string") == "string" and not inner.get("enum"):
                return list(thing.texts)
            one = _value(tool, name, inner, thing, folder)
            return None if one is None else [one]
        case "object":
            fields = schema.get("properties", {})
            made = {n: _value(tool, n, fields[n], thing, folder) for n in fields}
            return None if None in made.values() else made
        case "string":
            return _text(tool, name.lower(), thing, folder, rng)
    return None


def _text(tool: Tool, name: str, thing: Thing, folder: str, rng: Random) -> str:
    if folder and (_PATH.search(name) or name in ("source", "destination")):
        stem = re.sub(r"\W+", "-", thing.name).strip("-").lower()
        if name == "destination":
            return f"{folder}/moved-{stem}.txt"
        return f"{folder}/{stem}" + ("" if _FOLDER.search(tool.name) else ".txt")
    if _DAY.search(name):
        return f"2026-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    if _HOUR.search(name):
        return f"{rng.randint(8, 18):02}:{rng.choice(('00', '15', '30', '45'))}"
    if _PROSE.search(name):
        told = thing.texts if creates(tool) else thing.news
        return f"{thing.name} {'; '.join(told)}."
    return thing.kind if _KIND.search(name) else thing.name
