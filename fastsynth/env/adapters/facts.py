"""Scenarios for users' tools: drawn by the user's function, completed from schemas and state."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec

from fastsynth.env import paths
from fastsynth.env.adapters.found import quiet
from fastsynth.env.adapters.results import plain
from fastsynth.env.adapters.samples import samples
from fastsynth.env.environment import Scenario, Thread, Tool
from fastsynth.env.schemas import simple, unrolled
from fastsynth.errors import ConfigError, boundary, config_error

PERSONAS = (
    "someone in a hurry", "a careful planner", "a first-time user", "an experienced colleague",
    "a busy parent", "a curious student", "a small-business owner", "a project assistant",
)  # fmt: skip
OCCASIONS = (
    "getting a few things done before the weekend", "preparing for tomorrow",
    "tidying up loose ends", "checking on things after a few days away",
    "setting things up for a new project", "helping a colleague out",
)  # fmt: skip
_MOST = 24
OPAQUE = frozenset(("id", "ids", "token", "uuid", "key", "ref", "reference", "handle"))


def drawn_by(
    draw: Callable[..., Any] | None,
    part: str,
    tools: Mapping[str, Tool],
    rng: Random,
    initial: Any = None,
) -> Scenario:
    """`draw(rng)` may give a state or a whole Scenario; None draws the empty state.

    Where the state is empty the tools start with their own, `initial`, and facts come from that.

    Raises ConfigError where it raises or gives neither.
    """
    given: Any = {}
    if draw is not None:
        with boundary() as caught, quiet():
            given = draw(rng)
        if caught.error is not None:
            raise ConfigError(f"scenario of {part}: {caught.error!r}") from caught.error
    if isinstance(given, Scenario):
        _check(given, f"scenario of {part}")
        state = given.state if part in given.state else {part: given.state}
        found = facts_of(tools, state if any(state.values()) else initial)
        about = tuple(as_json(given.thread.entities, f"scenario of {part}: entities"))
        return Scenario(
            state=as_json(state, f"scenario of {part}: state"),
            facts=as_json({**found, **given.facts}, f"scenario of {part}: facts"),
            thread=msgspec.structs.replace(given.thread, entities=about),
            now=given.now,
            place=given.place,
        )
    if not isinstance(given, dict):
        raise config_error(f"scenario of {part}", given, "need a dict or a Scenario")
    state = {part: as_json(given, f"scenario of {part}")}
    thread = Thread(persona=rng.choice(PERSONAS), occasion=rng.choice(OCCASIONS))
    moment = datetime(2026, 1, 5, 9, tzinfo=UTC) + timedelta(hours=rng.randrange(8000))
    now = moment.isoformat(timespec="minutes")
    facts = as_json(facts_of(tools, given or initial), f"scenario of {part}")
    return Scenario(state=state, facts=facts, thread=thread, now=now)


def _check(given: Scenario, place: str) -> None:
    """A user's own Scenario, whose fields nothing has held to their types. Raises ConfigError."""
    if not isinstance(given.state, dict):
        raise config_error(f"{place}: state", given.state, "need a dict")
    if not isinstance(given.facts, Mapping):
        raise config_error(f"{place}: facts", given.facts, "need a dict of lists")
    for name, values in given.facts.items():
        if not isinstance(values, list | tuple | set | frozenset | range):
            raise config_error(f"{place}: facts[{name!r}]", values, "need a list of values")
    said = (getattr(given.thread, "persona", None), getattr(given.thread, "occasion", None))
    if not all(isinstance(words, str) for words in said):
        raise config_error(f"{place}: thread", given.thread, "need a Thread of two texts")
    try:
        datetime.fromisoformat(given.now)
    except (TypeError, ValueError) as error:
        allowed = "need ISO 8601, such as 2026-03-02T09:00+01:00"
        raise config_error(f"{place}: now", given.now, allowed) from error


def as_json(given: Any, place: str) -> Any:
    """What a user's function gave for people to say, as JSON: a date is text from here on, a tuple
    a list. Raises ConfigError."""
    try:
        return plain(given)
    except (TypeError, ValueError) as error:
        raise config_error(place, given, f"need JSON values, not {error}") from error


def facts_of(tools: Mapping[str, Tool], state: Any) -> dict[str, list[Any]]:
    """Concept -> values a user could say: those schemas name, and those the state holds under
    the parameter's name."""
    named: dict[str, list[Any]] = {}
    for name, value in _named(state):
        named.setdefault(name, []).append(value)
    facts: dict[str, list[Any]] = {}
    for tool in tools.values():
        for parameter, schema in tool.parameters.get("properties", {}).items():
            schema = simple(schema)
            said = tool.takes.get(parameter) or tool.takes.get(f"{parameter}[]")
            values = [*_from_schema(schema), *named.get(_plain_name(parameter), ())]
            held = facts.setdefault(_snake(said) if said else concept_of(parameter, schema), [])
            held.extend(value for value in values[:_MOST] if value not in held)
    for concept, schema in _unsaid(tools):
        if not facts.get(concept):
            facts[concept] = samples(schema, lambda name, _: named.get(_plain_name(name), ()))
    return {concept: values for concept, values in facts.items() if values}


def _unsaid(tools: Mapping[str, Tool]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(concept, schema to draw by) of what a call needs and no result holds by its name, none at
    least that is to be had without it; never an id."""
    held = _held(tools)
    for tool in tools.values():
        required = tool.parameters.get("required", ())
        drawn = unrolled(tool.parameters)
        for name, schema in tool.parameters.get("properties", {}).items():
            said = tool.takes.get(name) or tool.takes.get(f"{name}[]")
            if name in required and name not in held and not said and not looks_opaque(name):
                whole = drawn[name]
                items = whole.get("items", {}) if schema.get("type") == "array" else whole
                yield concept_of(name, schema), simple(items)


def _held(tools: Mapping[str, Tool]) -> frozenset[str]:
    """Names of result fields that are there before anybody has said one of that name."""
    fields = {name: frozenset(_fields(tool.result)) for name, tool in tools.items()}
    needs = {name: frozenset(tool.parameters.get("required", ())) for name, tool in tools.items()}
    every = frozenset().union(*fields.values())
    doubtful = {name for need in needs.values() for name in need & every if not looks_opaque(name)}
    return every - {name for name in doubtful if name not in _reached(fields, needs, name)}


def _reached(
    fields: Mapping[str, frozenset[str]], needs: Mapping[str, frozenset[str]], unsaid: str
) -> set[str]:
    """Result fields of the tools that run where people say all but ids and `unsaid`."""
    found: set[str] = set()
    left = dict(needs)
    while True:
        ready = [
            name
            for name, wanted in left.items()
            if all(one in found for one in wanted if one == unsaid or looks_opaque(one))
        ]
        if not ready:
            return found
        for name in ready:
            found |= fields[name]
            del left[name]


def looks_opaque(name: str) -> bool:
    """Whether a name is one of what nobody makes up: ids, tokens, keys."""
    return _snake(name).rsplit("_", 1)[-1] in OPAQUE


def _fields(schema: Mapping[str, Any]) -> Iterator[str]:
    for name, inner in schema.get("properties", {}).items():
        yield name
        yield from _fields(inner)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from _fields(schema[key])


def keys_of(state: Any) -> dict[str, list[str]]:
    """Words that a mapping of the state holds things under: `CITIES = {"Ghent": ...}`."""
    found: dict[str, list[str]] = {}
    for name, held in state.items() if isinstance(state, dict) else ():
        if isinstance(held, dict):
            words = [key for key in held if re.fullmatch(r"[^\W\d_][^\d_]*", key)]
            found[concept_of(name, {"type": "array"})] = words[:_MOST]
    return {name: words for name, words in found.items() if words}


def concept_of(name: str, schema: Mapping[str, Any]) -> str:
    """The concept that schema matching gives a parameter: elements of a list in the singular."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    word = re.sub(r"[\W_]+", "_", spaced).strip("_").lower()
    if schema.get("type") != "array":
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ses", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _from_schema(schema: Mapping[str, Any]) -> Iterator[Any]:
    for source in (schema, schema.get("items", {})):
        yield from source.get("enum", ())
        yield from source.get("examples", ())
    if schema.get("default") not in (None, "", [], {}):
        yield schema["default"]


def _named(state: Any) -> Iterator[tuple[str, Any]]:
    """(name, scalar) by the field that holds it, or by the list or mapping it is an item of."""
    for place, value in paths.leaves(state):
        if value in (None, ""):
            continue
        fields = re.findall(r"[^.\[\]]+", re.sub(r"\[\d+\]", "", place))
        if not fields:
            continue
        yield _plain_name(fields[-1]), value
        if len(fields) > 1 and fields[-1] in ("name", "title", "id"):
            yield _plain_name(fields[-2]), value
            yield f"{_plain_name(fields[-2])}_{fields[-1]}", value


def _plain_name(name: str) -> str:
    """`Cities` and `city` are one name."""
    word = _snake(name)
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
