"""Masks over what varies by itself in a result (a clock, a random number), by path pattern."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fastsynth.env import paths

LABEL = re.compile(r"^([^:\n]{1,40}): ")
VARIES = "(varies)"
MASKS = "varies"
"""Reserved key of a `python:` scenario: tool -> result paths that are masked, so that a row's
replay masks the same."""


def masked(value: Any, fields: Mapping[str, tuple[str, ...]]) -> Any:
    """`value` without what varies by itself: numbers become null, texts empty."""
    for pattern, labels in fields.items():
        for place, found in paths.find(pattern, value):
            value = paths.put(place, value, _hidden(found, labels))
    return value


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
