"""A tool's contract read from a typed function: schemas, descriptions, concepts, declarations.

Works with no annotations at all; every annotation makes the contract tighter. Concepts are
declared with `Annotated[str, Means("flight_id")]` on parameters and on fields of result types.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from fastsynth.env.adapters.annotations import hints_of, is_enum
from fastsynth.env.adapters.docs import Doc, read_doc
from fastsynth.env.adapters.results import plain
from fastsynth.env.adapters.schema import Means, Shape, shape_of, without_none
from fastsynth.env.environment import Tool
from fastsynth.errors import config_error

__all__ = ["Declared", "Means", "declared", "tool", "tool_of"]

F = TypeVar("F", bound=Callable[..., Any])
_MARK = "__fastsynth_tool__"
_READS = (
    "get", "list", "search", "find", "read", "show", "check", "lookup", "look", "count", "view",
    "describe", "fetch", "is", "has", "compute", "calculate", "estimate", "compare",
)  # fmt: skip


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """What `@tool` says of a function; fields as in `environment.Tool`."""

    mutates: bool | None = None
    """None: nobody said; then only a name that says it reads (`get_`, `list_`) is taken to."""
    needs: tuple[str, ...] = ()
    undoes: tuple[str, ...] = ()
    ranks: Mapping[str, tuple[str, str]] = {}
    told: tuple[str, ...] = ()
    askable: bool = True


def tool(
    *,
    mutates: bool | None = None,
    needs: tuple[str, ...] = (),
    undoes: tuple[str, ...] = (),
    ranks: Mapping[str, tuple[str, str]] | None = None,
    told: tuple[str, ...] = (),
    askable: bool = True,
) -> Callable[[F], F]:
    """Declares what types cannot say; the function itself is left as it is."""
    said = Declared(
        mutates=mutates,
        needs=needs,
        undoes=undoes,
        ranks=ranks or {},
        told=told,
        askable=askable,
    )

    def mark(function: F) -> F:
        setattr(function, _MARK, said)
        return function

    return mark


def declared(function: Any) -> Declared | None:
    """What `@tool` said of `function`; None where it was not used."""
    found = getattr(function, _MARK, None)
    return found if isinstance(found, Declared) else None


def tool_of(function: Callable[..., Any], part: str, name: str = "") -> Tool:
    """The tool that calls `function`. Raises ConfigError where it has variable parameters only,
    which no JSON object can fill; beside others they are left empty."""
    name = name or function.__name__
    said = declared(function) or Declared()
    doc = read_doc(inspect.getdoc(function) or "")
    hints = hints_of(function)
    parameters, takes = _parameters(function, name, hints, doc)
    result = shape_of(hints["return"]) if "return" in hints else Shape(schema={}, concepts={})
    return Tool(
        name=name,
        description=doc.summary or getattr(function, "__name__", name).replace("_", " "),
        parameters=parameters,
        result=result.schema,
        part=part,
        mutates=_mutates(name) if said.mutates is None else said.mutates,
        takes=takes,
        gives=result.concepts,
        needs=said.needs,
        undoes=said.undoes,
        ranks=said.ranks,
        told=said.told,
        askable=said.askable,
    )


def _mutates(name: str) -> bool:
    """`check_status` reads, `check_out` does not."""
    verb, *rest = name.strip("_").lower().split("_")
    return verb not in _READS or (verb == "check" and rest[:1] in (["in"], ["out"], ["off"]))


def _parameters(
    function: Callable[..., Any], name: str, hints: Mapping[str, Any], doc: Doc
) -> tuple[dict[str, Any], dict[str, str]]:
    properties: dict[str, Any] = {}
    required: list[str] = []
    takes: dict[str, str] = {}
    for parameter in _fillable(function, name):
        kind = hints.get(parameter.name, Any)
        if parameter.default is None:
            kind = without_none(kind)
        shape = shape_of(kind, parameter.name)
        schema = shape.schema
        about = doc.parameters.get(parameter.name)
        if about and "description" not in schema:
            schema = {**schema, "description": about}
        elif about and is_enum(kind):
            schema = {**schema, "description": f"{about} ({schema['description']})"}
        if parameter.default is parameter.empty:
            required.append(parameter.name)
        else:
            schema = {**schema, **_default(parameter.default)}
        properties[parameter.name] = schema
        takes.update(shape.concepts)
    schema = {"type": "object", "properties": properties, "required": required}
    return {**schema, "additionalProperties": False}, takes


def _fillable(function: Callable[..., Any], name: str) -> list[inspect.Parameter]:
    """The parameters that an argument can be given for."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError) as error:
        raise config_error(f"tool {name}", str(error), "need a Python function") from error
    every = [p for p in signature.parameters.values() if p.name not in ("self", "cls")]
    variable = [p for p in every if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if variable and len(variable) == len(every):
        raise config_error(
            f"tool {name}: parameter {variable[0].name}",
            str(variable[0]),
            "need parameters that can be passed by name",
        )
    return [parameter for parameter in every if parameter not in variable]


def _default(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    try:
        return {"default": plain(value)}
    except (TypeError, ValueError):
        return {}
