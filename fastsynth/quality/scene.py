"""A row as the measures see it: per turn the query, the true calls with their results, the context.

Decoded once for all measures. Results are those of the recorded calls; a ground-truth call that
the recording does not hold (never in a verified row) has None.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from fastsynth.env import paths
from fastsynth.env.world import coerce
from fastsynth.method.conversation.rows import turns_of
from fastsynth.method.plan import Provenance
from fastsynth.records import Call, Conversation, Message, canonical

FEWEST_DIGITS = 3
"""Numbers of fewer digits coincide by chance and say nothing of where they came from."""


class Argument(msgspec.Struct, frozen=True, kw_only=True):
    """One scalar of a call's arguments."""

    place: str
    value: Any
    source: Provenance | None
    """Where the plan took it from; None where the row does not say (alternative chains)."""
    telling: bool
    """Not a boolean, an enum, null, "" or a number of fewer than three digits."""


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """One true call."""

    tool: str
    arguments: tuple[Argument, ...]
    result: Any


class TurnScene(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    kind: str
    target: str
    query: str
    told: tuple[str, ...]
    """What system, user and assistant have said before this turn's query, oldest first."""
    calls: tuple[Called, ...]


class RowScene(msgspec.Struct, frozen=True, kw_only=True):
    row: Conversation
    tools: Mapping[str, Mapping[str, Any]]
    """Name -> the OpenAI function object, tools added later included."""
    turns: tuple[TurnScene, ...]


def scene_of(row: Conversation) -> RowScene:
    tools = tools_of(row)
    sources = _sources(row)
    told: list[str] = []
    turns: list[TurnScene] = []
    for message in row.messages:
        if message.role == "system":
            told.append(message.content or "")
    for number, messages in enumerate(turns_of(row.messages)):
        turns.append(
            TurnScene(
                number=number,
                kind=row.kinds[number],
                target=row.targets[number],
                query=messages[0].content or "",
                told=tuple(told),
                calls=tuple(
                    _called(call, tools.get(call.name, {}), given, result)
                    for (call, result), given in zip(
                        _with_results(row.ground_truth[number], messages, tools),
                        sources[number],
                        strict=True,
                    )
                ),
            )
        )
        told += [m.content for m in messages if m.content and m.role in ("user", "assistant")]
    return RowScene(row=row, tools=tools, turns=tuple(turns))


def tools_of(row: Conversation) -> dict[str, Mapping[str, Any]]:
    """Every tool the model saw in the row: name -> the OpenAI function object."""
    lists = [row.tools, *(added.tools for added in row.tools_added)]
    return {
        tool["function"]["name"]: tool["function"]
        for text in lists
        for tool in msgspec.json.decode(text)
    }


def scalars(value: Any) -> Iterator[Any]:
    """The scalars of a JSON value, keys of mappings included."""
    if isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from scalars(item)
    elif isinstance(value, list):
        for item in value:
            yield from scalars(item)
    else:
        yield value


def telling(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether finding `value` elsewhere says that it came from there."""
    if value is None or value == "" or isinstance(value, bool) or "enum" in schema:
        return False
    return isinstance(value, str) or _digits(value) >= FEWEST_DIGITS


def _digits(value: float) -> int:
    text = repr(abs(value)).removesuffix(".0")
    return sum(character.isdigit() for character in text.partition("e")[0].lstrip("0."))


def same(value: Any) -> Any:
    """A form that equal values share, whatever their type: `100`, `100.0` and `"100"`."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).lower()


def _sources(row: Conversation) -> list[list[dict[str, Provenance]]]:
    given = _decode_sources(row.provenance)
    return [
        given[turn] if turn < len(given) and len(given[turn]) == len(calls) else [{}] * len(calls)
        for turn, calls in enumerate(row.ground_truth)
    ]


def _with_results(
    calls: Sequence[Call], messages: Sequence[Message], tools: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[Call, Any]]:
    """Each true call with the result of the first recorded call that is the same."""
    results = {m.tool_call_id: m.content for m in messages if m.role == "tool"}
    recorded = [
        (call.name, _same_arguments(call.arguments, tools.get(call.name, {})), results.get(call.id))
        for message in messages
        for call in message.tool_calls
    ]
    for call in calls:
        key = (call.name, _same_arguments(call.arguments, tools.get(call.name, {})))
        same_calls = [entry for entry in recorded if entry[:2] == key]
        found = next((entry for entry in same_calls if not _failed(entry[2])), None)
        if found is not None:
            recorded.remove(found)
        yield call, _decoded(found[2]) if found else None


def _same_arguments(text: str, tool: Mapping[str, Any]) -> str:
    try:
        given = msgspec.json.decode(text or "{}")
    except msgspec.DecodeError:
        return text
    return canonical(coerce(tool.get("parameters", {}), given))


def _failed(content: str | None) -> bool:
    return content is None or content.startswith('{"error":')


def _decoded(content: str | None) -> Any:
    try:
        return msgspec.json.decode(content or "null")
    except msgspec.DecodeError:
        return content


def _called(
    call: Call, tool: Mapping[str, Any], sources: Mapping[str, Provenance], result: Any
) -> Called:
    given = msgspec.json.decode(call.arguments)
    schema = tool.get("parameters", {})
    return Called(
        tool=call.name,
        arguments=tuple(
            Argument(
                place=place,
                value=value,
                source=sources.get(place),
                telling=telling(value, _schema_at(schema, place)),
            )
            for place, value in paths.leaves(given)
        ),
        result=result,
    )


def _schema_at(schema: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    for kind, name in paths.parse(place):
        inner = schema.get("properties", {}).get(name) if kind == "field" else schema.get("items")
        if not isinstance(inner, dict):
            return {}
        schema = inner
    return schema


_decode_sources = msgspec.json.Decoder(list[list[dict[str, Provenance]]]).decode
