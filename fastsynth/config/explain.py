"""What is wrong with a config, in one line: place, value, and what is allowed there."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
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
    entries = _entries(raw, path)
    place = _placed(path, entries)
    unknown = _UNKNOWN.match(what)
    if unknown:
        name, known = unknown["name"], _known_keys(path)
        return f"{place}.{name}: unknown key, known: {', '.join(known)}{_meant(name, known)}"
    missing = _MISSING.match(what)
    if missing:
        return f"{place}.{missing['name']}: missing, need this key"
    need = re.sub(r"^Expected ", "need ", what).replace("`", "")
    if what.startswith("Invalid enum value"):
        need = f"need one of: {', '.join(_choices(_type_at(path)))}"
    value = _value_at(raw, path, entries)
    shown = repr(value) if isinstance(value, str | int | float | bool | None) else canonical(value)
    return f"{place}: {shown[:80]}, {need[0].lower()}{need[1:]}"


def _meant(name: str, known: Sequence[str]) -> str:
    """`; did you mean engine.width?`: a key nearly so called, or one of that name in a section."""
    near = difflib.get_close_matches(name.lower(), known, 1)
    sections = {f.name: _option(f.type, msgspec.Struct) for f in msgspec.structs.fields(Config)}
    near += [
        f"$.{section}.{name}"
        for section, kind in sections.items()
        if kind and name in (f.name for f in msgspec.structs.fields(kind))
    ]
    return f"; did you mean {near[0]}?" if near else ""


def _entries(raw: Any, path: str) -> tuple[str | int | None, ...]:
    """Which entry of its mapping or list each `[...]` of a path is: the first that fits ill."""
    names: tuple[str | int | None, ...] = ()
    for step in _STEP.finditer(path):
        if step[2] == "...":
            inside = _value_at(raw, path[: step.start()], names)
            entries = inside.items() if isinstance(inside, dict) else enumerate(inside or ())
            kind = _type_at(path[: step.end()])
            names += (next((name for name, entry in entries if not _fits(entry, kind)), None),)
    return names


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _placed(path: str, entries: tuple[str | int | None, ...]) -> str:
    """The path with its entries by their names: `$.endpoints.fleet.rpm`, `$.tools.hide[2]`."""
    names = iter(entries)

    def named(step: re.Match[str]) -> str:
        name = next(names, None) if step[2] == "..." else None
        if name is None:
            return step[0]
        return f"[{name}]" if isinstance(name, int) else f".{name}"

    return _STEP.sub(named, path)


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


def _value_at(raw: Any, path: str, entries: tuple[str | int | None, ...]) -> Any:
    names = iter(entries)
    for name, index in _STEP.findall(path):
        try:
            raw = raw[name or (next(names) if index == "..." else int(index))]
        except (KeyError, IndexError, TypeError, StopIteration):
            return None
    return raw
