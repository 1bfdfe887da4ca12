"""Reads a message back out of the text that a chat template made of it.

Calls are looked for in every form that templates write: an object with name and arguments, a name
followed by its arguments as an object, a name followed by each parameter between tags.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

NO_PLACE = "reasoning_lost"
"""All is there but reasoning beside the content, which many templates know nothing of."""
_DECODER = json.JSONDecoder()


def lost(line: Mapping[str, Any], text: str) -> str:
    """What of a message in OpenAI's form its part of the text does not hold: `words_lost`,
    `call_lost`, `arguments_changed`, `arguments_encoded_twice`, NO_PLACE; or ""."""
    if not _stands(line.get("content") or "", text):
        return "words_lost"
    start = 0
    for call in line.get("tool_calls", ()):
        function = call["function"]
        given = function["arguments"]
        wanted = json.loads(given) if isinstance(given, str) else given
        fault, start = _call(text, start, function["name"], wanted)
        if fault:
            return fault
    return "" if _stands(line.get("reasoning_content") or "", text) else NO_PLACE


def _stands(value: Any, text: str) -> bool:
    """As it is, or inside a JSON string."""
    words = value.strip() if isinstance(value, str) else json.dumps(value)
    return any(form in text for form in _forms(words))


def _forms(words: str) -> Iterator[str]:
    yield words
    for ascii_only in (False, True):
        yield json.dumps(words, ensure_ascii=ascii_only)[1:-1]
    yield words.replace("'", "\\'")


def _call(text: str, start: int, name: str, wanted: Mapping[str, Any]) -> tuple[str, int]:
    """What is wrong with the call that stands from `start` on, or "", and where it ends."""
    place = text.find(name, start)
    if place < 0:
        return "call_lost", start
    for begin, end, found in _objects(text, start):
        named = found.get("function", found)
        if isinstance(named, dict) and named.get("name") == name:
            return _difference(named.get("arguments", named.get("parameters", {})), wanted), end
        if begin > place:
            return ("" if found == wanted else "arguments_changed"), end
    return _tagged(text, place + len(name), wanted)


def _difference(found: Any, wanted: Mapping[str, Any]) -> str:
    if found == wanted:
        return ""
    if isinstance(found, str):
        return "arguments_encoded_twice"
    return "arguments_changed"


def _objects(text: str, start: int) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """JSON objects from `start` on, none inside another, each with where it begins and ends."""
    while (begin := text.find("{", start)) >= 0:
        try:
            found, start = _DECODER.raw_decode(text, begin)
        except (ValueError, RecursionError):
            start = begin + 1
            continue
        if isinstance(found, dict):
            yield begin, start, found


def _tagged(text: str, start: int, wanted: Mapping[str, Any]) -> tuple[str, int]:
    """Each parameter's name, in any order, and its value after it."""
    end = start
    for name, value in wanted.items():
        key = text.find(name, start)
        if key < 0:
            return "call_lost", start
        found = _first(text, key + len(name), value)
        if found < 0:
            return "arguments_changed", start
        end = max(end, found)
    return "", end


def _first(text: str, start: int, value: Any) -> int:
    """Where a value ends that is written as words, as JSON, as Python has it, or piece by piece in
    whatever quotes; or -1."""
    said = [value.strip()] if isinstance(value, str) else [json.dumps(value), str(value)]
    said += [form for word in said for form in _forms(word)]
    places = [(text.find(word, start), len(word)) for word in said]
    whole = min((place + size for place, size in places if place >= 0), default=-1)
    if whole >= 0 or not isinstance(value, list | dict) or not value:
        return whole
    if isinstance(value, dict):
        fault, end = _tagged(text, start, value)
        return -1 if fault else end
    for item in value:
        start = _first(text, start, item)
        if start < 0:
            return -1
    return start
