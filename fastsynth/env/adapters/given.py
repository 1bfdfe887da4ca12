"""A call's JSON arguments made into what a function's annotations say it takes.

Enum members, records, dates, decimals, paths, sets: a tool gets what its own code would pass. What
has no annotation is passed as it came; what cannot be made is an `Unfit` that names the place.
"""

from __future__ import annotations

import inspect
import types
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, is_typeddict
from uuid import UUID

import jsonschema_rs
import msgspec

from fastsynth.env.adapters.annotations import fields_of, hints_of, is_model, resolved
from fastsynth.env.adapters.results import member, plain
from fastsynth.env.adapters.schema import shape_of
from fastsynth.env.schemas import validator
from fastsynth.errors import boundary

_MAKERS: Mapping[Any, Callable[[Any], Any]] = {
    float: float,
    Decimal: lambda value: Decimal(str(value)),
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    time: time.fromisoformat,
    timedelta: lambda value: msgspec.convert(value, timedelta),
    UUID: UUID,
    Path: Path,
    PurePath: PurePath,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
}
_AS_IS = frozenset((str, int, bool, type(None), None, list, dict, Any, object))
_COLLECTIONS = (set, frozenset, deque, tuple)


class Unfit(ValueError):
    """An argument that cannot be made: `place: value, what is needed`."""


class Taken(NamedTuple):
    """What a function takes, in order."""

    positional: tuple[str, ...]
    """Names of positional-only parameters."""
    kinds: Mapping[str, Any]


def taken_by(function: Callable[..., Any]) -> Taken:
    """Of a function, or of a method that is bound or not."""
    parameters = inspect.signature(function).parameters.values()
    only = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_ONLY)
    hints = {name: kind for name, kind in hints_of(function).items() if not _passes(kind)}
    return Taken(only, {name: kind for name, kind in hints.items() if name != "return"})


def call(function: Callable[..., Any], taken: Taken, arguments: Mapping[str, Any]) -> Any:
    """Calls `function` by what `arguments` name. Raises Unfit before anything ran."""
    if not taken.kinds and not taken.positional:
        return function(**arguments)
    made = {name: _argument(taken, name, value) for name, value in arguments.items()}
    first = [made.pop(name) for name in taken.positional if name in made]
    return function(*first, **made)


def _argument(taken: Taken, name: str, value: Any) -> Any:
    kind = taken.kinds.get(name)
    if kind is None or value is None:
        return value
    with boundary() as caught:
        return made_of(kind, value, name)
    if isinstance(caught.error, Unfit):
        raise caught.error
    raise Unfit(f"{name}: {_short(value)}: {caught.error}") from caught.error


def made_of(kind: Any, value: Any, place: str = "") -> Any:
    """`value`, JSON, as a value of the type `kind`. Raises Unfit, or what a type's own
    constructor raises."""
    kind = resolved(kind)
    while get_origin(kind) is Annotated:
        kind = resolved(get_args(kind)[0])
    if _passes(kind):
        return value
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return _same(arguments, value, place)
    if origin in (Union, types.UnionType):
        return _one_of(arguments, value, place)
    if isinstance(origin, type):
        return _filled(origin, arguments, value, place)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _same(tuple(kind), value, place)
    maker = _MAKERS.get(kind)
    if maker is not None:
        return _made(maker, value, place)
    return _record(kind, value, place)


def _passes(kind: Any) -> bool:
    """Whether JSON is already what the type says."""
    try:
        return kind in _AS_IS
    except TypeError:
        return False


def _made(maker: Callable[[Any], Any], value: Any, place: str) -> Any:
    try:
        return maker(value)
    except (ValueError, TypeError, InvalidOperation, msgspec.ValidationError) as error:
        raise Unfit(f"{place}: {_short(value)}: {str(error) or type(error).__name__}") from error


def _same(allowed: Iterable[Any], value: Any, place: str) -> Any:
    """The value that `value` stands for in JSON, or by name, of some that are allowed."""
    choices = list(allowed)
    for one in choices:
        shown = member(one) if isinstance(one, Enum) else plain(one)
        if shown == value and isinstance(shown, bool) == isinstance(value, bool):
            return one
    named = ", ".join(_short(plain(one)) for one in choices[:24])
    raise Unfit(f"{place}: {_short(value)}, need one of: {named}")


def _one_of(kinds: Sequence[Any], value: Any, place: str) -> Any:
    """By the first type whose schema the value fits, and which can be made of it."""
    why: Unfit | None = None
    for kind in kinds:
        if not _fits(kind, value):
            continue
        try:
            return made_of(kind, value, place)
        except Unfit as error:
            why = error
    raise why or Unfit(f"{place}: {_short(value)} fits none of its types")


def _fits(kind: Any, value: Any) -> bool:
    return _validator(msgspec.json.encode(shape_of(kind).schema)).is_valid(value)


@lru_cache(maxsize=1024)
def _validator(schema: bytes) -> jsonschema_rs.Draft202012Validator:
    return validator(schema.decode())


def _filled(origin: type, arguments: Sequence[Any], value: Any, place: str) -> Any:
    """A list, tuple, set or mapping of converted items; a generic record by its fields."""
    if issubclass(origin, Mapping):
        return _mapping(origin, arguments, value, place)
    if not issubclass(origin, Iterable) or fields_of(origin) is not None:
        return _record(origin, value, place)
    exact = issubclass(origin, tuple) and arguments[-1] is not Ellipsis
    kinds = arguments if exact else [arguments[0]] * len(value)
    items = [
        made_of(kind, item, f"{place}[{number}]")
        for number, (kind, item) in enumerate(zip(kinds, value, strict=True))
    ]
    maker = next((one for one in _COLLECTIONS if issubclass(origin, one)), None)
    return items if maker is None else maker(items)


def _mapping(origin: type, arguments: Sequence[Any], value: Any, place: str) -> Any:
    if len(arguments) < 2:
        return value
    key, kind = arguments[0], arguments[1]
    items = {
        _key(key, name, place): made_of(kind, item, f"{place}.{name}")
        for name, item in value.items()
    }
    return items if inspect.isabstract(origin) or origin in (dict, defaultdict) else origin(items)


def _key(kind: Any, name: str, place: str) -> Any:
    """JSON has text for keys only."""
    plainly = resolved(kind)
    if plainly in (int, float):
        return _made(plainly, name, f"{place}.{name}")
    return made_of(kind, name, f"{place}.{name}")


def _record(kind: Any, value: Any, place: str) -> Any:
    if is_model(kind):
        return _validated(kind, value, place)
    fields = fields_of(kind)
    if fields is None or not isinstance(value, dict):
        return value
    made = {
        field.name: made_of(field.kind, value[field.shown], f"{place}.{field.shown}")
        for field in fields
        if field.shown in value
    }
    return made if is_typeddict(kind) else _made(lambda given: kind(**given), made, place)


def _validated(model: Any, value: Any, place: str) -> Any:
    """By pydantic; its several lines made one."""
    try:
        return model.model_validate_json(msgspec.json.encode(value))
    except ValueError as error:
        faults = error.errors() if hasattr(error, "errors") else ()
        said = [f"{'.'.join(map(str, (place, *one['loc'])))}: {one['msg']}" for one in faults]
        raise Unfit("; ".join(said) or f"{place}: {error}") from error


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else text[:57] + "..."
