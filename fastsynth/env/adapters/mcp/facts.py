"""What a user of an MCP server could say, drawn from its schemas: names, texts, links, paths.

Field names say what belongs where: `name`, `entityType`, `from` and `to`, `observations`, `path`.
A tool whose parameters nothing fits gets no facts, and is reached through other tools' results.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any

from fastsynth.env.adapters.facts import concept_of, looks_opaque
from fastsynth.env.adapters.mcp.files import Files
from fastsynth.env.adapters.mcp.story import Link, Story, Thing
from fastsynth.env.adapters.samples import samples
from fastsynth.env.environment import Tool
from fastsynth.env.schemas import simple, unrolled

_CREATES = re.compile(r"(create|add|insert|store|save|register|put|write|new)(_|[A-Z]|$)")
_FROM, _TO = ("from", "source", "subject", "head"), ("to", "target", "object", "tail")
_LINKED = ("relationtype", "relation", "predicate", "type", "label")
_IDENTITY = ("name", "title", "entity", "key")
_KINDS = ("entitytype", "type", "kind", "category")


def creates(tool: Tool) -> bool:
    return tool.mutates and _CREATES.match(tool.name) is not None


def facts_of(
    tools: Mapping[str, Tool], story: Story, files: Files, shown: str, rng: Random
) -> dict[str, list[Any]]:
    """Concept -> values. Where a concept is both created and removed, one of the two is meant."""
    pools: dict[str, dict[bool, list[Any]]] = {}
    for tool in tools.values():
        drawn = unrolled(tool.parameters)
        for name, said in tool.parameters.get("properties", {}).items():
            schema = simple(said)
            values = list(_values(tool, name, schema, story, files, shown, rng))
            if not values and name in tool.parameters.get("required", ()):
                values = _allowed(name, simple(drawn[name]))
            pool = pools.setdefault(concept_of(name, schema), {}).setdefault(creates(tool), [])
            pool += [value for value in values if value not in pool]
    facts: dict[str, list[Any]] = {}
    for concept, both in sorted(pools.items()):
        chosen = both[rng.choice(sorted(both))]
        if chosen:
            facts[concept] = chosen
    return facts


def _allowed(name: str, schema: Mapping[str, Any]) -> list[Any]:
    """What a schema alone says; never an id."""
    items = schema.get("items", {}) if schema.get("type") == "array" else schema
    return [] if looks_opaque(name) else samples(simple(items))


def setup_of(tools: Mapping[str, Tool], story: Story) -> list[dict[str, Any]]:
    """Calls that tell an empty server the old half of a story: things first, then links."""
    calls: list[tuple[int, dict[str, Any]]] = []
    for name, tool in sorted(tools.items()):
        properties = tool.parameters.get("properties", {})
        if not creates(tool) or len(properties) != 1:
            continue
        (parameter, schema), *_ = properties.items()
        fields = _fields(schema)
        if _is_link(fields):
            made = [_link(fields, link) for link in story.old_links]
        elif fields and any(_word(field) in _IDENTITY for field in fields):
            made = [_thing(fields, thing, thing.texts) for thing in story.old]
        else:
            continue
        whole = [value for value in made if value is not None]
        if whole:
            call = {"name": name, "arguments": {parameter: whole}}
            calls.append((1 if _is_link(fields) else 0, call))
    return [call for _, call in sorted(calls, key=lambda one: one[0])]


def values_of(
    tool: Tool, name: str, schema: Mapping[str, Any], story: Story, rng: Random
) -> Iterable[Any]:
    """What a story has for the elements of a list parameter."""
    return _values(tool, name, schema, story, {}, "", rng)


def _values(
    tool: Tool,
    name: str,
    schema: Mapping[str, Any],
    story: Story,
    files: Files,
    shown: str,
    rng: Random,
) -> Iterable[Any]:
    fields = _fields(schema)
    if fields:
        return _objects(creates(tool), fields, story, rng)
    items = schema.get("items", {}) if schema.get("type") == "array" else schema
    if items.get("type", "string") != "string" or "enum" in items:
        return ()
    return _strings(_word(name), story, files, shown)


def _objects(
    fresh: bool, fields: Mapping[str, Any], story: Story, rng: Random
) -> Iterable[dict[str, Any]]:
    if _is_link(fields):
        found = [_link(fields, link) for link in (story.new_links if fresh else story.old_links)]
    elif fresh and any(_word(field) in _IDENTITY for field in fields):
        found = [_thing(fields, thing, thing.texts) for thing in story.new]
    elif fresh:
        found = [_thing(fields, thing, thing.news[:1]) for thing in story.old]
    else:
        found = [_thing(fields, thing, thing.texts[:1]) for thing in story.old]
    whole = [value for value in found if value is not None]
    rng.shuffle(whole)
    return whole


def _strings(word: str, story: Story, files: Files, shown: str) -> Iterable[str]:
    names = [thing.name for thing in story.old]
    if "path" in word or word in ("source", "file", "filename", "directory"):
        return _paths(files, shown)
    if word == "destination":
        return [f"{shown}/{stem}" for stem in ("archive", "backup", "notes-copy.txt")]
    if word in ("query", "search", "q", "term", "keyword"):
        kinds = list(dict.fromkeys(thing.kind for thing in story.old))
        return [*names[:4], *kinds]
    if word in _KINDS:
        return list(dict.fromkeys(thing.kind for thing in story.old))
    if word.endswith("name") or word.endswith("names") or word in (*_IDENTITY, *_FROM, *_TO):
        return names
    if word in ("text", "content", "note", "observation", "message", "description", "body", "memo"):
        return [f"{thing.name} {text}" for thing in story.old for text in thing.news[:1]]
    return ()


def _paths(files: Files, shown: str) -> list[str]:
    folders = {
        "/".join(name.split("/")[:n]) for name in files for n in range(1, name.count("/") + 1)
    }
    paths = [name.rstrip("/") for name in files]
    return [f"{shown}/{path}" for path in (*sorted(paths), *sorted(folders))] + (
        [shown] * bool(files)
    )


def _fields(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a list's records; {} where a parameter is no list of records."""
    items = schema.get("items", {}) if schema.get("type") == "array" else {}
    return dict(items.get("properties", {})) if items.get("type") == "object" else {}


def _is_link(fields: Mapping[str, Any]) -> bool:
    words = {_word(field) for field in fields}
    return bool(words & set(_FROM)) and bool(words & set(_TO))


def _link(fields: Mapping[str, Any], link: Link) -> dict[str, Any] | None:
    def of(word: str, _: Mapping[str, Any]) -> Any:
        if word in _FROM:
            return link.source
        if word in _TO:
            return link.target
        return link.relation if word in _LINKED else None

    return _filled(fields, of)


def _thing(
    fields: Mapping[str, Any], thing: Thing, texts: tuple[str, ...]
) -> dict[str, Any] | None:
    def of(word: str, schema: Mapping[str, Any]) -> Any:
        if word in _KINDS:
            return thing.kind
        if word in _IDENTITY or word.endswith("name"):
            return thing.name
        if schema.get("type") == "array":
            return list(texts)
        return "; ".join(texts) if schema.get("type") == "string" else None

    return _filled(fields, of)


def _filled(
    fields: Mapping[str, Any], of: Callable[[str, Mapping[str, Any]], Any]
) -> dict[str, Any] | None:
    made = {name: of(_word(name), schema) for name, schema in fields.items()}
    return None if any(value is None for value in made.values()) else made


def _word(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def drafted(tool: Tool, facts: Mapping[str, list[Any]], rng: Random) -> dict[str, Any] | None:
    """Arguments for `tool` from facts and schemas; None where a required one has no value."""
    made: dict[str, Any] = {}
    for name in tool.parameters.get("required", ()):
        schema = simple(tool.parameters["properties"].get(name, {}))
        known = facts.get(concept_of(name, schema), ())
        if schema.get("enum"):
            made[name] = rng.choice(schema["enum"])
        elif schema.get("type") == "boolean":
            made[name] = False
        elif schema.get("type") in ("integer", "number"):
            small = max(1, int(schema.get("minimum", 1)))
            made[name] = next((v for v in known if v != small), small) if _bound(schema) else small
        elif not known:
            return None
        else:
            made[name] = [rng.choice(known)] if schema.get("type") == "array" else rng.choice(known)
    return made


def _bound(schema: Mapping[str, Any]) -> bool:
    return bool({"maximum", "exclusiveMaximum", "exclusiveMinimum", "multipleOf"} & schema.keys())


def calls_of(
    tools: Mapping[str, Tool], facts: Mapping[str, list[Any]], rng: Random, *, writes: bool
) -> list[dict[str, Any]]:
    """Drafted calls of every tool that facts fill: reads, then writes, then the reads again."""
    reads: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    for name, tool in sorted(tools.items()):
        arguments = drafted(tool, facts, rng)
        if arguments is not None:
            (changes if tool.mutates else reads).append({"name": name, "arguments": arguments})
    return [*reads, *changes, *reads] if writes else reads
