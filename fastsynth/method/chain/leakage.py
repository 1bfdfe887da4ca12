"""Keeps guidance out of the record: what only the making of the data knew must not show in it."""

from __future__ import annotations

import re

from fastsynth.method.forms import normal

_TELLTALE = re.compile(
    r"\b(hint(s|ed)?|composite tool|advanced tool|ground[ -]truth|critic|earlier (try|attempt)"
    r"|previous attempt|expected (call|answer|output)|reference (trace|answer|solution)"
    r"|format (the|that the|of the) prompt|the guidance|i was told|as instructed"
    r"|for you only)\b",
    re.IGNORECASE,
)


def leak(text: str, composite: str, query: str) -> str:
    """The words that give the making away, or "". Words the user wrote are the user's."""
    for found in _TELLTALE.finditer(text):
        if normal(found.group()) not in normal(query):
            return found.group()
    if composite and "_" in composite and composite in text:
        return composite
    return ""
