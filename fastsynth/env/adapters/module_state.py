"""The variables of a module as the state of its functions: taken out, put back, one set a session.

What cannot be copied (a connection, a lock) or hashed stays shared and is no state; so do names
that a function makes global later, and aliases of types, whose insides are each Python's own.
"""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from fastsynth.env.adapters.canon import digest_of, is_annotation
from fastsynth.env.adapters.results import plain
from fastsynth.env.adapters.tables import shown_tables
from fastsynth.errors import EnvironmentBroken, boundary

_CODE = (ModuleType, FunctionType, BuiltinFunctionType, type)


class ModuleSession:
    """One session's own values of the module's variables."""

    def __init__(self, module: ModuleType, state: Mapping[str, Any]) -> None:
        self._module = module
        self.held: dict[str, Any] = pickle.loads(initial(module))
        if not state:
            return
        load = getattr(module, "load", None)
        if callable(load):
            with self.in_place():
                load(state)
            return
        unknown = sorted(state.keys() - self.held.keys())
        if unknown:
            raise EnvironmentBroken(
                f"{module.__name__}: the scenario sets {', '.join(unknown)}, "
                f"need of its variables: {', '.join(sorted(self.held)) or 'none'}, or a load(state)"
            )
        self.held.update(state)

    @contextmanager
    def in_place(self) -> Iterator[ModuleType]:
        """The module with this session's values; what its functions change is kept here."""
        space = vars(self._module)
        space.update(self.held)
        try:
            yield self._module
        finally:
            self.held = {name: space[name] for name in self.held if name in space}


def variables(module: ModuleType) -> frozenset[str]:
    """Names that a scenario may set."""
    return frozenset(pickle.loads(initial(module)))


@lru_cache(maxsize=8)
def initial(module: ModuleType) -> bytes:
    """The variables as the import left them, pickled together so that what they share stays so."""
    kept: dict[str, Any] = {}
    for name, value in vars(module).items():
        if name.startswith("__") or isinstance(value, _CODE) or is_annotation(value):
            continue
        if _is_state(value):
            kept[name] = value
    return pickle.dumps(kept, pickle.HIGHEST_PROTOCOL)


def _is_state(value: Any) -> bool:
    with boundary() as caught:
        try:
            digest_of(pickle.loads(pickle.dumps(value)))
        except EnvironmentBroken:
            return False
    return caught.error is None


def shown(value: Any) -> Any:
    """A state as JSON as far as it goes; {} where it cannot be shown."""
    with boundary():
        held = pickle.loads(initial(value)) if isinstance(value, ModuleType) else vars(value)
        tables = [item for item in held.values() if isinstance(item, sqlite3.Connection)]
        seen = {name: rows for one in tables for name, rows in shown_tables(one).items()}
        return {**seen, **{name: plain(item) for name, item in held.items() if _is_plain(item)}}
    return {}


def _is_plain(value: Any) -> bool:
    try:
        plain(value)
    except (TypeError, ValueError):
        return False
    return True
