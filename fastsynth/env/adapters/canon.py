"""A digest of live Python state: equal state gives an equal hash, in any process.

Covers nested objects, cycles, generators and slots. Mapping and set order does not count; integers
and floats, lists and tuples are kept apart. Every item is length-prefixed or closed, so that no
two states write the same bytes.
"""

from __future__ import annotations

import pickle
import sqlite3
import types
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from hashlib import blake2b
from pathlib import PurePath
from random import Random
from typing import Any

from fastsynth.env.adapters.attributes import attributes, is_plain, reduced
from fastsynth.env.adapters.dice import Dice, text_of
from fastsynth.env.adapters.tables import tables_of

Write = Callable[[str], None]
Memo = dict[bytes, str]
"""Pickle of a dict or list that holds nothing above it -> its text. Pickled in C, it is found in a
tenth of the time that writing it takes."""
_TEXT = {str}
_SMALL = 256
"""Bytes of a pickle below which what it holds is not looked for one by one."""
_SCALARS = frozenset([str, int, float, bool, type(None)])
_FEW = 16
"""Fields of a record at most: one of scalars is written as fast as it is found."""
_NAMES: dict[tuple[str, ...], list[tuple[str, str]]] = {}
"""Names of a record's fields -> each as it is written, in order."""
_MOST_NAMES = 4096


def digest_of(state: Any, ignored: frozenset[str] = frozenset(), memo: Memo | None = None) -> str:
    """32 hex digits over `state`, without object attributes named in `ignored`. `memo` as in
    `text_inside`, for a state that can be pickled."""
    out: list[str] = []
    _Writer(out, ignored, memo).write(state)
    return _digest("".join(out))


def text_inside(
    state: Mapping[str, Any], name: str, ignored: frozenset[str], memo: Memo | None = None
) -> str:
    """What `digest_of` writes for `state[name]` within `state`, which can be pickled. `memo` holds
    texts of earlier states with the same `ignored`, and is added to."""
    out: list[str] = []
    writer = _Writer(out, ignored, memo)
    writer.enter(state)
    writer.write(state[name])
    return "".join(out)


def digest_of_texts(texts: Mapping[str, str]) -> str:
    """`digest_of` a state with text keys, from what `text_inside` gives for each of them."""
    inside = "".join(f"s{len(name)}:{name}{texts[name]}" for name in sorted(texts))
    return _digest(f"{{{inside}}}")


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class _Writer:
    def __init__(self, out: list[str], ignored: frozenset[str], memo: Memo | None = None) -> None:
        self._out = out
        self._put: Write = out.append
        self._ignored = ignored
        self._memo = memo
        self._upward = 0
        """References to a container above, written so far."""
        self._above: dict[int, int] = {}
        """id of each container on the way down -> its depth; a cycle points up by depth."""

    def enter(self, value: Any) -> None:
        """Counts a container as being above what is written next."""
        self._above[id(value)] = len(self._above)

    def write(self, value: Any) -> None:
        kind = type(value)
        if kind is str:
            self._put(f"s{len(value)}:{value}")
        elif kind is int:
            self._put(f"i{value};")
        elif kind is float:
            self._put(f"f{value + 0.0!r};")
        elif kind is bool or value is None:
            self._put(f"{value};")
        elif self._memo is None:
            self._nested(value, kind)
        elif kind is dict or kind is list:
            self._recall(value, kind, self._memo)
        else:
            held = self._memo
            self._memo = held if len(self._above) < 2 else None  # often tied to what is above
            self._nested(value, kind)
            self._memo = held

    def _recall(self, value: Any, kind: type, memo: Memo) -> None:
        """Writes what was written for an equal value before, where it is a tree."""
        if kind is dict and len(value) <= _FEW and _SCALARS.issuperset(map(type, value.values())):
            self._mapping(value)
            return
        key = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        text = memo.get(key)
        if text is not None:
            self._put(text)
            return
        start, upward = len(self._out), self._upward
        self._memo = memo if len(key) >= _SMALL else None
        self._nested(value, kind)
        self._memo = memo
        if self._upward == upward:
            memo[key] = text = "".join(self._out[start:])
            self._out[start:] = (text,)

    def _nested(self, value: Any, kind: type) -> None:
        here = id(value)
        depth = self._above.get(here)
        if depth is not None:
            self._upward += 1
            self._put(f"^{depth};")
            return
        self.enter(value)
        if kind is dict:
            self._mapping(value)
        elif kind is list:
            self._many("[", value)
        elif kind is tuple:
            self._many("(", value)
        elif kind in _PLAIN:
            self._put(_PLAIN[kind])
            held = vars(value)
            if not self._ignored.isdisjoint(held):
                held = {k: v for k, v in held.items() if k not in self._ignored}
            self._mapping(held)
        else:
            self._object(value, kind)
        del self._above[here]

    def _many(self, mark: str, values: Any) -> None:
        self._put(mark)
        for value in values:
            self.write(value)
        self._put("]")

    def _mapping(self, value: dict[Any, Any]) -> None:
        self._put("{")
        if {*map(type, value)} <= _TEXT:
            put = self._put
            for name, said in _names_of(value):
                item = value[name]
                kind = type(item)
                if kind is str:  # scalars are most of a state: not worth a call
                    put(f"{said}s{len(item)}:{item}")
                elif kind is int:
                    put(f"{said}i{item};")
                elif kind is float:
                    put(f"{said}f{item + 0.0!r};")
                else:
                    put(said)
                    self.write(item)
        else:
            apart = {self._apart(name): item for name, item in value.items()}
            for text in sorted(apart):
                self._put(text)
                self.write(apart[text])
        self._put("}")

    def _apart(self, value: Any) -> str:
        out: list[str] = []
        _Writer(out, self._ignored).write(value)
        return "".join(out)

    def _object(self, value: Any, kind: type) -> None:
        name = f"{kind.__module__}.{kind.__qualname__}"
        if isinstance(value, Enum):
            self._put(f"e{name}.{value.name};")
        elif isinstance(value, (Random, Dice)):
            self._put(text_of(value))
        elif isinstance(value, (set, frozenset)):
            self._put(f"<{name}:")
            self._out.extend(sorted(self._apart(item) for item in value))
            self._put(">")
        elif isinstance(value, (bytes, bytearray, Decimal, date, datetime, time, timedelta)):
            self._put(f"v{name}:{value!r};")
        elif isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType)):
            self._put(f"t{value.__module__}.{value.__qualname__};")
        elif isinstance(value, sqlite3.Connection):
            self._put("q")
            self._mapping({n: frozenset(Counter(r).items()) for n, r in tables_of(value).items()})
        elif isinstance(value, (types.ModuleType, PurePath)):
            self._put(f"n{value};")
        elif is_annotation(value):
            self._put(f"t{value!r};")
        else:
            self._record(value, name)

    def _record(self, value: Any, name: str) -> None:
        self._put(f"o{name}:")
        if is_plain(value):
            _PLAIN[type(value)] = f"o{name}:"
        if isinstance(value, dict):
            self._mapping(value)
        elif isinstance(value, (list, tuple)):
            self._many("[", value)
        held = attributes(value)
        if held is None:
            held = reduced(value, name)
        self._mapping({k: v for k, v in held.items() if k not in self._ignored})


def is_annotation(value: Any) -> bool:
    """Whether `value` is one of `typing`'s (`Literal["a"]`, `Optional`, a type variable): the same
    on every Python only in what it is written as."""
    return type(value).__module__ in ("typing", "typing_extensions")


def _names_of(record: dict[str, Any]) -> list[tuple[str, str]]:
    if len(record) > _FEW:
        return [(name, f"s{len(name)}:{name}") for name in sorted(record)]
    names = tuple(record)
    found = _NAMES.get(names)
    if found is None:
        if len(_NAMES) >= _MOST_NAMES:
            _NAMES.clear()
        found = _NAMES[names] = [(name, f"s{len(name)}:{name}") for name in sorted(names)]
    return found


_PLAIN: dict[type, str] = {}
"""Types whose instances are their `__dict__` and nothing else, which most of a state is -> how
such an object begins: found once, since asking costs more than writing."""
