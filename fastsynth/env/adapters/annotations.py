"""Annotations taken apart: the hints of a function, aliases resolved, the fields of a record.

Records are TypedDicts, dataclasses, named tuples, msgspec Structs and pydantic models (known by
what they have, so that nothing need be installed). A hint that cannot be resolved is left out.
"""

from __future__ import annotations

import dataclasses
import sys
import types
from collections.abc import Callable, Mapping
from enum import Enum
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    NamedTuple,
    NewType,
    NotRequired,
    Required,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import msgspec

_WRAPPERS = (Required, NotRequired, Final, ClassVar)


class Field(NamedTuple):
    name: str
    """The name in the code."""
    shown: str
    """The name in JSON: another one where the record gives it an alias."""
    kind: Any
    required: bool


def hints_of(thing: Any) -> dict[str, Any]:
    """Resolved annotations of a function or class, each by itself where not all can be."""
    try:
        return get_type_hints(thing, include_extras=True)
    except (NameError, TypeError, AttributeError, SyntaxError):
        raw = getattr(thing, "__annotations__", {})
        return {name: kind for name in raw for kind in _alone(thing, name, raw[name])}


def _alone(thing: Any, name: str, annotation: Any) -> tuple[Any, ...]:
    module = sys.modules.get(getattr(thing, "__module__", ""), None)
    space = getattr(thing, "__globals__", None) or vars(module or types)
    holder = types.SimpleNamespace(__annotations__={name: annotation})
    try:
        return tuple(get_type_hints(holder, space, include_extras=True).values())
    except (NameError, TypeError, AttributeError, SyntaxError):
        return ()


def resolved(kind: Any) -> Any:
    """What stands behind `NewType`, a type alias, a type variable, `Required` and the like."""
    while True:
        if get_origin(kind) in _WRAPPERS:
            kind = get_args(kind)[0]
        elif isinstance(kind, NewType):
            kind = kind.__supertype__
        elif isinstance(kind, TypeVar):
            limits = kind.__constraints__
            kind = Union[limits] if limits else kind.__bound__ or Any  # noqa: UP007 (a tuple)
        elif hasattr(kind, "__value__") and hasattr(kind, "__type_params__"):
            kind = kind.__value__
        else:
            return kind


def is_model(kind: Any) -> bool:
    """Whether it is a pydantic model."""
    return isinstance(kind, type) and hasattr(kind, "model_fields")


def is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def is_named_tuple(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")


def fields_of(kind: Any) -> list[Field] | None:
    """Fields of a record type; None where it is not one."""
    if is_typeddict(kind):
        return [
            Field(name, name, hint, name in kind.__required_keys__ and not _left_out(hint))
            for name, hint in hints_of(kind).items()
        ]
    if not isinstance(kind, type) or is_enum(kind):
        return None
    reader = next((read for is_one, read in _READERS if is_one(kind)), None)
    return None if reader is None else reader(kind, hints_of(kind))


def _left_out(hint: Any) -> bool:
    """Whether a field is `NotRequired`: where annotations are texts, its class does not know."""
    return get_origin(hint) is NotRequired


def _of_model(kind: Any, _: Mapping[str, Any]) -> list[Field]:
    return [
        Field(name, info.alias or name, Annotated[info.annotation, info], info.is_required())
        for name, info in kind.model_fields.items()
    ]


def _of_struct(kind: Any, hints: Mapping[str, Any]) -> list[Field]:
    known = msgspec.structs.fields(kind)
    return [Field(f.name, f.encode_name, hints.get(f.name, Any), f.required) for f in known]


def _of_dataclass(kind: Any, hints: Mapping[str, Any]) -> list[Field]:
    absent = dataclasses.MISSING
    return [
        Field(
            f.name,
            f.name,
            hints.get(f.name, Any),
            f.init and f.default is absent and f.default_factory is absent,
        )
        for f in dataclasses.fields(kind)
    ]


def _of_named_tuple(kind: Any, hints: Mapping[str, Any]) -> list[Field]:
    defaults = kind._field_defaults
    return [Field(n, n, hints.get(n, Any), n not in defaults) for n in kind._fields]


_Reader = Callable[[Any, Mapping[str, Any]], list[Field]]
_READERS: tuple[tuple[Callable[[type], bool], _Reader], ...] = (
    (is_model, _of_model),
    (lambda kind: issubclass(kind, msgspec.Struct), _of_struct),
    (dataclasses.is_dataclass, _of_dataclass),
    (is_named_tuple, _of_named_tuple),
)
