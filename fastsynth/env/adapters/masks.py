"""Masks over what varies by itself in a result (a clock, a random number), by path pattern."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from fastsynth.config.environments import RESULT_LIMIT
from fastsynth.env import paths
from fastsynth.errors import config_error

LABEL = re.compile(r"^([^:\n]{1,40}): ")
VARIES = "(varies)"
MASKS = "varies"
"""Reserved key of a `python:` scenario: tool -> result paths that are masked, so that a row's
replay masks the same."""

LIMIT = "result_limit"
"""Reserved key of a `python:` scenario: characters of a result that are passed on, where that is
not the default."""
RESERVED = frozenset((MASKS, LIMIT))


def masked(value: Any, fields: Mapping[str, tuple[str, ...]]) -> Any:
    """`value` without what varies by itself: numbers become null, texts empty."""
    for pattern, labels in fields.items():
        for place, found in paths.find(pattern, value):
            value = paths.put(place, value, _hidden(found, labels))
    return value


def said_of(
    tools: Collection[str], most: int, volatile: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """What a `python:` scenario says beside its state, for its replay. Raises ConfigError."""
    for name, patterns in volatile.items():
        place = f"$.tools.volatile.{name}"
        if name not in tools:
            raise config_error(place, list(patterns), f"need one of the tools: {', '.join(tools)}")
        for pattern in patterns:
            try:
                paths.parse(pattern)
            except ValueError as error:
                raise config_error(place, pattern, f"need a result path: {error}") from error
    said: dict[str, Any] = {} if most == RESULT_LIMIT else {LIMIT: most}
    if volatile:
        said[MASKS] = {name: list(patterns) for name, patterns in volatile.items()}
    return said


def _hidden(value: Any, labels: tuple[str, ...]) -> Any:
    if not isinstance(value, str):
        return None
    if not labels:
        return ""
    lines = [LABEL.match(line) for line in value.split("\n")]
    return "\n".join(
        f"{label[1]}: {VARIES}" if label and label[1] in labels else line
        for label, line in zip(lines, value.split("\n"), strict=True)
    )
