"""Values where they stand: in results and in initial states, each with its path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fastsynth.env import paths
from fastsynth.env.adapters.masks import RESERVED

STATE = "state:"
"""What the name of a group starts with whose values stand in the initial state."""
_MARKS = re.compile(r"[.\[\]{}]")


def last_name(path: str) -> str:
    """The field a value stands in: `flights[].price` -> `price`, `user_map{*}` -> `user_map`."""
    fields = [value for kind, value in paths.parse(path) if kind == "field"]
    return str(fields[-1]) if fields else ""


def harvest(value: Any, schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """(concrete path, scalar) of a result; keys that are data are values too (`cards{0}`)."""
    yield from _harvest(value, schema, "")


def _harvest(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        fields: Mapping[str, Any] = schema.get("properties", {})
        if is_table(value, fields):
            inner = schema.get("additionalProperties")
            for number, (key, item) in enumerate(value.items()):
                yield f"{path}{{{number}}}", key
                below = inner if isinstance(inner, dict) else {}
                yield from _harvest(item, below, f"{path}{{*{number}}}")
        else:
            for key, item in value.items():
                if not _MARKS.search(key):
                    yield from _harvest(item, fields.get(key, {}), paths.join(path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _harvest(item, schema.get("items", {}), f"{path}[{number}]")
    else:
        yield path, value


def is_table(value: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    """Whether an object's keys are data rather than field names."""
    if fields or not value:
        return False
    kinds = {type(item) for item in value.values()}
    if len(kinds) > 1:
        return False
    return kinds <= {dict, list} or any(re.search(r"\d|[A-Z]", key) for key in value)


def state_values(state: Any) -> Iterator[tuple[str, Any]]:
    """(pattern of the path, value) of a scenario's state."""
    return _below(_own(state), "")


def _below(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        table = is_table(value, {})
        for key, item in value.items():
            if table and path:  # at the top are parts, which nobody speaks of
                yield f"{path}{{}}", key
            below = f"{path}{{*}}" if table else paths.join(path, _plain(str(key)))
            yield from _below(item, below)
    elif isinstance(value, list):
        for item in value:
            yield from _below(item, f"{path}[]")
    else:
        yield path, value


def _plain(key: str) -> str:
    return _MARKS.sub("_", key) or "_"


def state_groups(state: Any) -> dict[str, list[Any]]:
    """The values of a state by the pattern of their path, named `state:PATTERN`."""
    groups: dict[str, list[Any]] = {}
    for path, value in state_values(state):
        held = groups.setdefault(STATE + path, [])
        if value not in held:
            held.append(value)
    return groups


def _own(state: Any) -> Any:
    """A scenario's state without what is said of results beside it."""
    if not isinstance(state, dict) or RESERVED.isdisjoint(state):
        return state
    return {name: held for name, held in state.items() if name not in RESERVED}
