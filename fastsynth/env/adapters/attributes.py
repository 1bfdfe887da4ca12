"""What an object keeps: its attributes, also those in slots, or what pickle would keep of it."""

from __future__ import annotations

from typing import Any

import msgspec

from fastsynth.errors import StateRefused


def is_plain(value: Any) -> bool:
    """Whether an object is its `__dict__` and nothing else."""
    if isinstance(value, (dict, list, tuple, msgspec.Struct)) or not hasattr(value, "__dict__"):
        return False
    return not any(_slots(kind) for kind in type(value).__mro__)


def attributes(value: Any) -> dict[str, Any] | None:
    """By name; None where they do not make the object."""
    if isinstance(value, msgspec.Struct):
        return {name: getattr(value, name) for name in value.__struct_fields__}
    held = dict(getattr(value, "__dict__", {}))
    slots = [s for kind in type(value).__mro__ for s in _slots(kind)]
    held.update((name, getattr(value, name)) for name in slots if hasattr(value, name))
    if held or hasattr(value, "__dict__") or slots or isinstance(value, (dict, list, tuple)):
        return held
    return None


def _slots(kind: type) -> tuple[str, ...]:
    slots = kind.__dict__.get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else tuple(slots)
    return tuple(name for name in names if name not in ("__dict__", "__weakref__"))


def reduced(value: Any, name: str) -> dict[str, Any]:
    """What pickle would keep of an object without attributes (a deque, an array)."""
    try:
        parts = value.__reduce_ex__(4)
    except TypeError as error:
        raise StateRefused(f"state: a {name}, need values that can be copied") from error
    if isinstance(parts, str):
        return {"name": parts}
    rest = [list(part) if hasattr(part, "__next__") else part for part in parts[1:]]
    return {"parts": rest}
