"""Tool calls out of a reply: native ones, or text forms that models fall back to.

Text forms: `<tool_call>{...}</tool_call>` (or `<tools>`), fenced JSON, or JSON that the text is or
ends with: one object, a list, or several in a row, each with `name` and `arguments` (or
`parameters`), in single or doubled outer braces. They are normalised to native calls.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec

from fastsynth.llm.chat import Reply
from fastsynth.records import ToolCall, canonical

T = TypeVar("T")
DEEPEST = 64
"""Levels of nesting in what a model writes: small ones repeat a bracket until they are cut off."""
_TAGGED = re.compile(r"<(?:tool_call|tools)>\s*(.*?)\s*(?:</(?:tool_call|tools)>|\Z)", re.DOTALL)
_BARE = re.compile(r"(?:\A|\n)[^\S\n]*([{\[].*)\Z", re.DOTALL)
_GAP = re.compile(r"[\s,;]*")
_DECODER = json.JSONDecoder()
_FENCED = re.compile(r"```(?:json|tool_call)?\s*(\{.*?\}|\[.*?\])\s*```", re.DOTALL)


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply says: its text without call markup, and its calls."""

    content: str
    calls: tuple[ToolCall, ...]
    from_text: bool = False


def spoken(reply: Reply, tool_names: Collection[str]) -> Spoken:
    """The reply with text-form calls made native. Text that only resembles a call stays text."""
    if reply.tool_calls:
        return Spoken(content=reply.content.strip(), calls=reply.tool_calls)
    for form in (_TAGGED, _FENCED):
        texts = form.findall(reply.content)
        calls = [call for text in texts for call in _calls(text, tool_names)]
        if calls:
            rest = form.sub("", reply.content).strip()
            return Spoken(content=rest, calls=tuple(_numbered(calls)), from_text=True)
    text = reply.content.strip()
    bare = _BARE.search(text)
    calls = _calls(bare.group(1), tool_names) if bare else []
    if bare and calls:
        said = text[: bare.start(1)].strip()
        return Spoken(content=said, calls=tuple(_numbered(calls)), from_text=True)
    return Spoken(content=text, calls=())


def arguments_of(call: ToolCall) -> dict[str, Any] | None:
    """The call's arguments, or None where they are no JSON object."""
    try:
        found = decoded(call.arguments or "{}", object)
    except msgspec.DecodeError:
        return None
    return found if isinstance(found, dict) else None


def decoded(text: str, kind: type[T]) -> T:
    """JSON as a model wrote it. Raises DecodeError, also where it is nested deeper than DEEPEST."""
    try:
        found = msgspec.json.decode(text.encode(), type=kind)
    except RecursionError as error:
        raise msgspec.DecodeError(f"nested deeper than {DEEPEST} levels") from error
    if _is_deep(text, found):
        raise msgspec.DecodeError(f"nested deeper than {DEEPEST} levels")
    return found


def _is_deep(text: str, value: Any) -> bool:
    """`text` is what `value` was read from: most has too few brackets to be deep."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    level = [value]
    for _ in range(DEEPEST):
        below = [held for held in level if isinstance(held, dict | list)]
        level = [i for held in below for i in (held.values() if type(held) is dict else held)]
    return any(isinstance(held, dict | list) for held in level)


def _calls(text: str, tool_names: Collection[str]) -> list[tuple[str, dict[str, Any]]]:
    calls: list[tuple[str, dict[str, Any]]] = []
    for item in _objects(text):
        if not isinstance(item, dict) or item.get("name") not in tool_names:
            return []
        arguments = item.get("arguments", item.get("parameters", {}))
        if not isinstance(arguments, dict):
            return []
        calls.append((item["name"], arguments))
    return calls


def _objects(text: str) -> list[Any]:
    """The JSON objects that `text` consists of; [] where anything else is among them."""
    text = text.strip()
    if text.startswith("{{") and text.endswith("}}"):
        text = text[1:-1]
    found: list[Any] = []
    place = 0
    while place < len(text):
        try:
            item, place = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            return []
        if _is_deep(text, item):
            return []
        found += item if isinstance(item, list) else [item]
        place = _GAP.match(text, place).end()  # type: ignore[union-attr]
    return found


def _numbered(calls: list[tuple[str, dict[str, Any]]]) -> list[ToolCall]:
    """Ids as a function of content and place."""
    return [
        ToolCall(id=_id(number, name, arguments), name=name, arguments=canonical(arguments))
        for number, (name, arguments) in enumerate(calls)
    ]


def _id(number: int, name: str, arguments: dict[str, Any]) -> str:
    digest = blake2b(f"{number}{name}{canonical(arguments)}".encode(), digest_size=8).hexdigest()
    return digest[:9]
