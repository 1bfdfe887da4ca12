"""What is wrong with a config, in one line: place, value, and what is allowed there."""

from __future__ import annotations

import difflib
import re
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from fastsynth.config import Config
from fastsynth.records import canonical

_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>\$[^`]*)`)?$", re.DOTALL)
_KEY = re.compile(r"^Invalid enum value (?P<key>'.*') - at `key` in `(?P<path>\$[^`]*)`$")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>[^`]*)`")
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+|\.\.\.)\]")


def explain(message: str, raw: Any, place: str) -> str:
    """msgspec's complaint as one line: `place: $.path: value, need ...`."""
    return " ".join(f"{place}: {_explained(message, raw)}".split())


def _explained(message: str, raw: Any) -> str:
    found = _AT.match(message)
    what, path = (found["what"], found["path"] or "$") if found else (message, "$")
    key = _KEY.match(message)
    if key:
        allowed = ", ".join(_choices(get_args(_kind_at(key["path"], dict))[0]))
        return f"{key['path']}: {key['key']}: unknown key, need one of: {allowed}"
    unknown = _UNKNOWN.match(what)
    if unknown:
        known = _known_keys(path)
        near = difflib.get_close_matches(unknown["name"], known, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return f"{path}.{unknown['name']}: unknown key, known: {', '.join(known)}{hint}"
    missing = _MISSING.match(what)
    if missing:
        return f"{path}.{missing['name']}: missing, need this key"
    need = re.sub(r"^Expected ", "need ", what).replace("`", "")
    if what.startswith("Invalid enum value"):
        need = f"need one of: {', '.join(_choices(_type_at(path)))}"
    value = _value_at(raw, path)
    shown = repr(value) if isinstance(value, str | int | float | bool | None) else canonical(value)
    return f"{path}: {shown[:80]}, {need[0].lower()}{need[1:]}"


def _known_keys(path: str) -> list[str]:
    section = _kind_at(path, msgspec.Struct)
    return [field.name for field in msgspec.structs.fields(section)] if section else []


def _type_at(path: str) -> Any:
    """The annotation of what stands at `$.endpoints[...].kind`."""
    kind: Any = Config
    for name, _ in _STEP.findall(path):
        if name:
            section = _option(kind, msgspec.Struct)
            kind = {f.name: f.type for f in msgspec.structs.fields(section)}[name]
        else:
            several = _option(kind, dict) or _option(kind, tuple)
            kind = get_args(several)[1 if get_origin(several) is dict else 0]
    return kind


def _kind_at(path: str, family: type) -> Any:
    return _option(_type_at(path), family)


def _option(kind: Any, family: type) -> Any:
    """The Struct, dict or tuple inside an annotation such as `Price | None`; None if none is."""
    own = get_origin(kind) or kind
    if isinstance(own, type) and issubclass(own, family):
        return kind
    inside = get_args(kind) if get_origin(kind) in (Union, UnionType, Annotated) else ()
    return next((found for each in inside if (found := _option(each, family))), None)


def _choices(kind: Any) -> list[str]:
    """The values that a Literal inside an annotation allows."""
    if get_origin(kind) is Literal:
        return [str(value) for value in get_args(kind)]
    return [choice for each in get_args(kind) for choice in _choices(each)]


def _value_at(raw: Any, path: str) -> Any:
    for name, index in _STEP.findall(path):
        try:
            if name:
                raw = raw[name]
            elif index == "...":
                raw = next(iter(raw.values())) if isinstance(raw, dict) else raw[0]
            else:
                raw = raw[int(index)]
        except (KeyError, IndexError, TypeError, StopIteration, AttributeError):
            return None
    return raw
