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
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

import msgspec

from fastsynth.env.adapters.contract import tool_of
from fastsynth.env.adapters.module_state import ModuleSession, shown, variables
from fastsynth.env.adapters.names import picked, renamed, shown_names
from fastsynth.env.adapters.patience import START, patience
from fastsynth.env.environment import Tool
from fastsynth.env.schemas import fault
from fastsynth.errors import ConfigError, boundary, config_error

RESERVED = frozenset(("load", "scenario", "make", "rules"))
_NO_CODE = compile("", "", "exec")
_FOREIGN = sys.stdlib_module_names | {"pydantic", "msgspec", "attr", "attrs"}
"""Packages whose methods a class inherits without their being its tools."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a target resolved to."""

    module: str
    make: Callable[..., Any] | None
    """None where the module's own functions are the tools."""
    tools: Mapping[str, Tool]
    names: Mapping[str, str]
    """Tool -> the function's or method's own name."""
    unfit: Mapping[str, str]
    """Own name of a function that cannot be a tool -> why."""
    scenario: Callable[..., Any] | None
    """The module's `scenario(rng)`, if it has one."""
    loads: bool = False
    """Whether the module has a `load(state)` of its own."""


def find(target: str, limit: float = START) -> Found:
    """Resolves `module:attribute` or `module`, importing and making it within `limit` seconds each.
    Raises ConfigError naming what is missing."""
    name, _, attribute = target.partition(":")
    module = imported(name, limit)
    make = _factory(module, attribute, target)
    with patience(f"python:{target}: making it", name, limit), boundary() as caught, quiet():
        functions = dict(_module_tools(module) if make is None else _object_tools(make))
    if caught.error is not None:
        raise ConfigError(f"python:{target}: cannot be made: {caught.error!r}") from caught.error
    if not functions:
        raise config_error(f"python:{target}", [], "need at least one public function or method")
    tools, unfit = _contracts(functions, name)
    drawn = getattr(module, "scenario", None)
    return Found(
        module=name,
        make=make,
        tools={tool.name: tool for tool in tools.values()},
        names={tool.name: own for own, tool in tools.items()},
        unfit=unfit,
        scenario=drawn if callable(drawn) else None,
        loads=callable(getattr(module, "load", None)),
    )


def _contracts(
    functions: Mapping[str, Callable[..., Any]], module: str
) -> tuple[dict[str, Tool], dict[str, str]]:
    """Tools, and why functions are none, by their own names. Raises ConfigError where all are."""
    shown = shown_names(functions)
    tools: dict[str, Tool] = {}
    unfit: dict[str, ConfigError] = {}
    for own, function in functions.items():
        try:
            tools[own] = tool_of(function, module, shown[own])
        except ConfigError as error:
            unfit[own] = error
            continue
        if why := fault(tools[own].parameters):
            del tools[own]
            unfit[own] = config_error(f"tool {own}", why, "need a schema that can be read")
    if not tools:
        raise next(iter(unfit.values()))
    return tools, {own: str(error) for own, error in unfit.items()}


def chosen(found: Found, hide: Sequence[str], only: Sequence[str]) -> dict[str, Tool]:
    """The tools that are offered, named as they are shown or as in the code. Raises ConfigError."""
    kept = picked(found.names, hide, only, "$.tools", known=found.unfit)
    if not kept:
        raise config_error(
            "$.tools", {"hide": list(hide), "only": list(only)}, "need one tool left"
        )
    return {shown: tool for shown, tool in found.tools.items() if shown in kept}


def notes_of(found: Found) -> tuple[str, ...]:
    """What a person should know of the functions that were found."""
    said = [f"left out: {why}" for why in found.unfit.values()]
    names = renamed({own: shown for shown, own in found.names.items()})
    if names:
        said.append(f"shown under names that endpoints take: {', '.join(names)}")
    return tuple(said)


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


def check_settable(found: Found, state: Any) -> None:
    """Whether `build` can put `state` into a module's variables. Raises ConfigError."""
    if found.make is not None or found.loads or not state:
        return
    place, known = f"scenario of {found.module}", variables(importlib.import_module(found.module))
    if not isinstance(state, dict):
        raise config_error(place, state, "need a dict, variable -> value")
    unknown = sorted(state.keys() - known)
    if unknown:
        named = ", ".join(sorted(known)) or "none"
        raise config_error(place, ", ".join(unknown), f"need variables: {named}; or a load(state)")


def initial_of(found: Found, limit: float = START) -> Any:
    """The state that tools start with where a scenario sets none, as JSON as far as it goes."""
    what = f"python:{found.module}: making its initial state"
    with patience(what, found.module, limit), boundary(), quiet():
        if found.make is None:
            return shown(importlib.import_module(found.module))
        return shown(build(found, {}))
    return {}


def imported(name: str, limit: float = START) -> ModuleType:
    """The module, looked for in the working directory too. Prints go to standard error."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    with patience(f"python:{name}: importing it", name, limit), boundary() as caught, quiet():
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
        inner = getattr(member, "__func__", member)
        if _is_function(inner) and inner.__module__.partition(".")[0] not in _FOREIGN:
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


def _is_function(member: Any) -> bool:
    """Of Python, decorated or not: `lru_cache` makes another kind of thing."""
    return inspect.isfunction(member) or (
        hasattr(member, "__wrapped__") and inspect.isfunction(inspect.unwrap(member))
    )


def _module_tools(module: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    own = {
        name: member
        for name, member in vars(module).items()
        if _is_function(member) and member.__module__ == module.__name__
    }
    decorators = frozenset(maker for member in own.values() for maker in _makers(member))
    for name, member in own.items():
        if not name.startswith("_") and name not in RESERVED and name not in decorators:
            yield name, member


def _makers(member: Any) -> Iterator[str]:
    """Functions inside of which `member`, or what it wraps, was defined: decorators mostly."""
    while member is not None:
        outer, inside, _ = getattr(member, "__code__", _NO_CODE).co_qualname.partition(".<locals>.")
        if inside:
            yield outer
        member = getattr(member, "__wrapped__", None)
