"""Finds what `module:attribute` offers as tools, and builds the object they act on.

A class or factory gives an object whose public methods are tools; a module without `make` gives
its public functions, whose state is the module's variables. Imported
under the same rules in the parent, which reads contracts, and in workers, which run them.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

import msgspec

from fastsynth.env.adapters.contract import tool_of
from fastsynth.env.adapters.module_state import ModuleSession, shown
from fastsynth.env.environment import Tool
from fastsynth.errors import ConfigError, boundary, config_error

RESERVED = frozenset(("load", "scenario", "make", "rules"))


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a target resolved to."""

    module: str
    make: Callable[..., Any] | None
    """None where the module's own functions are the tools."""
    tools: Mapping[str, Tool]
    scenario: Callable[..., Any] | None
    """The module's `scenario(rng)`, if it has one."""
    loads: bool = False
    """Whether the module has a `load(state)` of its own."""


def find(target: str) -> Found:
    """Resolves `module:attribute` or `module`. Raises ConfigError naming what is missing."""
    name, _, attribute = target.partition(":")
    module = imported(name)
    make = _factory(module, attribute, target)
    with boundary() as caught, quiet():
        functions = dict(_module_tools(module) if make is None else _object_tools(make))
    if caught.error is not None:
        raise ConfigError(f"python:{target}: cannot be made: {caught.error!r}") from caught.error
    if not functions:
        raise config_error(f"python:{target}", [], "need at least one public function or method")
    tools = {tool: tool_of(function, name, tool) for tool, function in functions.items()}
    drawn = getattr(module, "scenario", None)
    return Found(
        module=name,
        make=make,
        tools=tools,
        scenario=drawn if callable(drawn) else None,
        loads=callable(getattr(module, "load", None)),
    )


def build(found: Found, state: Any) -> Any:
    """A fresh object in `state`: `make(state)`, or `make()` and then its `load(state)`; for a
    module, values of its own for its variables."""
    if found.make is None:
        return ModuleSession(importlib.import_module(found.module), state or {})
    if _wants_state(found.make):
        return found.make(state)
    made = found.make()
    if state and callable(getattr(made, "load", None)):
        made.load(state)
    return made


def initial_of(found: Found) -> Any:
    """The state that tools start with where a scenario sets none, as JSON as far as it goes."""
    with boundary(), quiet():
        if found.make is None:
            return shown(importlib.import_module(found.module))
        return shown(build(found, {}))
    return {}


def imported(name: str) -> ModuleType:
    """The module, looked for in the working directory too. Prints go to standard error."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    with boundary() as caught, quiet():
        return importlib.import_module(name)
    raise ConfigError(f"python:{name}: cannot be imported: {caught.error!r}") from caught.error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Standard output is for data only: what foreign code prints goes to standard error."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


def _factory(module: ModuleType, attribute: str, target: str) -> Callable[..., Any] | None:
    if not attribute:
        made = getattr(module, "make", None)
        return made if callable(made) else None
    found = getattr(module, attribute, None)
    if not callable(found):
        raise config_error(f"python:{target}", attribute, "need a class or function of the module")
    return found  # type: ignore[no-any-return]


def _wants_state(make: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(make).parameters
    except (TypeError, ValueError):
        return False
    return any(p.default is p.empty for p in parameters.values()) or "state" in parameters


def _object_tools(make: Callable[..., Any]) -> Iterator[tuple[str, Callable[..., Any]]]:
    kind = _made_by(make)
    for name in dir(kind):
        if name.startswith("_") or name in RESERVED:
            continue
        member = inspect.getattr_static(kind, name)
        if inspect.isfunction(member) or isinstance(member, (staticmethod, classmethod)):
            yield name, getattr(kind, name)


def _made_by(make: Callable[..., Any]) -> type:
    """The class of what `make` gives; only a factory that does not say it is called to see."""
    if isinstance(make, type):
        return make
    with boundary():
        said = get_type_hints(make).get("return")
        # Any is a class since Python 3.11; a Protocol or abstract class is not what is made.
        if isinstance(said, type) and not inspect.isabstract(said) and _concrete(said):
            return said
    return type(make({}) if _wants_state(make) else make())


def _concrete(kind: type) -> bool:
    return kind.__module__ not in ("builtins", "typing") and not getattr(
        kind, "_is_protocol", False
    )


def _module_tools(module: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, member in vars(module).items():
        own = inspect.isfunction(member) and member.__module__ == module.__name__
        if own and not name.startswith("_") and name not in RESERVED:
            yield name, member
