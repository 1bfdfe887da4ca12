"""Paths into JSON results: patterns name many places, concrete paths exactly one.

Grammar: `a.b` field, `a[]` each element, `a{}` each key of a mapping, `a{*}` each value of it.
Concrete: the number of the element, key or value in order stands inside: `a[2].id`, `a{0}`,
`a{*1}.price`. The empty path is the whole value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

_TOKEN = re.compile(r"\[(\d*)\]|\{(\*?)(\d*)\}|\.?([^.\[\]{}]+)")
_NUMBER = re.compile(r"(?<=[\[{*])\d+(?=[\]}])")

Step = tuple[str, Any]


@lru_cache(maxsize=8192)
def parse(path: str) -> tuple[Step, ...]:
    """Tokens of a path: ("field", name) or ("element" | "key" | "value", index or None)."""
    steps: list[Step] = []
    position = 0
    while position < len(path):
        found = _TOKEN.match(path, position)
        if found is None:
            raise ValueError(f"result path {path!r}: cannot read from {path[position:]!r}")
        index, star, number, field = found.groups()
        if field is not None:
            steps.append(("field", field))
        elif index is not None:
            steps.append(("element", int(index) if index else None))
        else:
            steps.append(("value" if star else "key", int(number) if number else None))
        position = found.end()
    return tuple(steps)


@lru_cache(maxsize=8192)
def pattern(path: str) -> str:
    """The pattern of a concrete path: `flights[2].id` -> `flights[].id`."""
    return _NUMBER.sub("", path)


def join(prefix: str, field: str) -> str:
    return f"{prefix}.{field}" if prefix else field


def find(path: str, value: Any) -> list[tuple[str, Any]]:
    """(concrete path, value) of every place in `value` that `path` matches, in order."""
    found = [("", value)]
    for kind, which in parse(path):
        if kind == "field":
            found = [
                (f"{at}.{which}" if at else which, item[which])
                for at, item in found
                if isinstance(item, dict) and which in item
            ]
        elif kind == "element" and which is None:
            found = [
                (f"{at}[{number}]", item)
                for at, whole in found
                if isinstance(whole, list)
                for number, item in enumerate(whole)
            ]
        else:
            found = [
                (at + mark, item)
                for at, whole in found
                for number, mark, item in _items(kind, whole)
                if which is None or which == number
            ]
    return found


def get(path: str, value: Any) -> Any:
    """The value at a concrete path. Raises KeyError where there is none."""
    here = value
    for kind, which in parse(path):
        if which is None or (kind != "field" and kind != "element"):
            return _first(path, value)
        if not isinstance(here, dict if kind == "field" else list):
            raise KeyError(path)
        try:
            here = here[which]
        except LookupError:
            raise KeyError(path) from None
    return here


def _first(path: str, value: Any) -> Any:
    for _, found in find(path, value):
        return found
    raise KeyError(path)


def put(path: str, value: Any, leaf: Any) -> Any:
    """A copy of `value` with `leaf` at a concrete place, which has to be there."""
    return _put(value, parse(path), leaf)


def _put(value: Any, steps: tuple[Step, ...], leaf: Any) -> Any:
    if not steps:
        return leaf
    (kind, which), rest = steps[0], steps[1:]
    if kind == "element":
        return [_put(item, rest, leaf) if n == which else item for n, item in enumerate(value)]
    if kind == "value":
        return {
            name: _put(item, rest, leaf) if n == which else item
            for n, (name, item) in enumerate(value.items())
        }
    return {**value, which: _put(value[which], rest, leaf)}


def leaves(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(concrete path, scalar) of every scalar in `value`."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, join(prefix, str(name)))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from leaves(item, f"{prefix}[{number}]")
    else:
        yield prefix, value


def _items(kind: str, value: Any) -> Iterator[tuple[int, str, Any]]:
    if kind == "element" and isinstance(value, list):
        yield from ((n, f"[{n}]", item) for n, item in enumerate(value))
    elif kind == "key" and isinstance(value, dict):
        yield from ((n, f"{{{n}}}", key) for n, key in enumerate(value))
    elif kind == "value" and isinstance(value, dict):
        yield from ((n, f"{{*{n}}}", item) for n, item in enumerate(value.values()))
