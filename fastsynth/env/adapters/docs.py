"""Docstrings taken apart: the first paragraph, and what is said of each parameter.

Reads the Google, numpy and Sphinx styles and plain `name: text` lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_GOOGLE = re.compile(r"^(Args|Arguments|Parameters|Params|Keyword Args|Inputs?):\s*$")
_SECTION = re.compile(
    r"^(Returns?|Yields?|Raises|Examples?|Notes?|See Also|References|Warnings?|Attributes"
    r"|Todo|Other Parameters):?\s*$"
)
_RULE = re.compile(r"^-{3,}\s*$")
_ENTRY = re.compile(r"^[-*]?\s*\**`{0,2}(\w+)`{0,2}\**\s*(?:\(([^)]*)\))?\s*(?::|--| - )\s*(.*)$")
_NUMPY = re.compile(r"^(\w+(?:\s*,\s*\w+)*)\s*(?::\s*.*)?$")
_SPHINX = re.compile(r"^:param\s+(?:[\w\[\], |.]+\s+)?(\w+)\s*:\s*(.*)$")


class Doc(NamedTuple):
    summary: str
    parameters: dict[str, str]


def read_doc(text: str) -> Doc:
    """Of a docstring as `inspect.getdoc` gives it (indentation cleaned)."""
    lines = text.splitlines()
    said: dict[str, list[str]] = {}
    for name, words in _entries(lines):
        said.setdefault(name, []).extend(words)
    found = {name: " ".join(filter(None, words)).strip() for name, words in said.items()}
    return Doc(_summary(lines), {name: words for name, words in found.items() if words})


def _summary(lines: list[str]) -> str:
    words: list[str] = []
    for line in lines:
        stripped = line.strip()
        if not stripped or stripped.startswith(":") or _GOOGLE.match(stripped):
            break
        words.append(stripped)
    return " ".join(words)


def _entries(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """(parameter, words) in order; a deeper line goes on with the one above."""
    style, name, indent = "", "", 0
    for number, line in enumerate(lines):
        stripped = line.strip()
        depth = len(line) - len(line.lstrip())
        ahead = lines[number + 1].strip() if number + 1 < len(lines) else ""
        if _RULE.match(ahead):
            style, name = ("numpy" if stripped in ("Parameters", "Arguments") else ""), ""
        elif _GOOGLE.match(stripped) and depth == 0:
            style, name = "google", ""
        elif _SECTION.match(stripped) and depth == 0:
            style, name = "over", ""
        elif match := _SPHINX.match(stripped):
            style, name, indent = "sphinx", match[1], depth
            yield name, [match[2]]
        elif stripped.startswith(":") or _RULE.match(stripped) or not stripped:
            name = "" if style != "numpy" else name
        elif name and depth > indent:
            yield name, [stripped]
        elif style == "numpy" and depth == 0 and (match := _NUMPY.match(stripped)):
            name, indent = match[1].split(",")[0].strip(), depth
        elif style in ("google", "") and (match := _ENTRY.match(stripped)) and number:
            name, indent = match[1], depth
            yield name, [match[3]]
