"""What binding a call asks of each tool, compiled once for a graph: its parameters in the order in
which they are bound."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import jsonschema_rs
import msgspec

from fastsynth.env.adapters.samples import samples
from fastsynth.env.environment import Tool
from fastsynth.env.schemas import simple, unrolled, validator
from fastsynth.method.graph.concepts import Profile
from fastsynth.method.graph.leaves import Leaf, leaves_of
from fastsynth.records import canonical

_TYPES: Mapping[str, frozenset[type]] = {
    "string": frozenset([str]),
    "integer": frozenset([int]),
    "number": frozenset([int, float]),
    "boolean": frozenset([bool]),
    "array": frozenset([list]),
    "object": frozenset([dict]),
}
_ALL: frozenset[type] = frozenset([str, int, float, bool, list, dict, type(None)])
_OTHER: frozenset[type] = _ALL - frozenset([bool])

_BOUNDING = frozenset(
    "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern "
    "format minItems maxItems uniqueItems properties items prefixItems anyOf oneOf allOf".split()
)


class Parameter(msgspec.Struct, frozen=True, eq=False):
    """Equal to itself only: a key at the cost of its address."""

    tool: str
    name: str
    required: bool
    schema: Mapping[str, Any]
    drawn: Mapping[str, Any]
    """`schema` to draw by: a reference to itself is followed to a bounded depth."""
    concept: str
    """"" where no value is known to mean the same."""
    many: bool
    """Whether it takes a list, and `concept` is that of the elements."""
    opaque: bool
    """Whether no user could know its values."""
    types: frozenset[type]
    """Python types of the JSON values that its schema allows at the top."""
    enum: Sequence[Any] | None
    bounds: jsonschema_rs.Draft202012Validator | None
    """Of a schema that says more than type and enum; formats count."""
    leaves: tuple[Leaf, ...] = ()
    """Of a record: the fields that results could fill."""

    def fits(self, value: Any) -> bool:
        """Pre-check, cheap where type and enum are all there is; the world's validator has the last
        word."""
        if type(value) not in self.types or (self.enum is not None and value not in self.enum):
            return False
        return self.bounds is None or self.bounds.is_valid(value)

    def invented(self) -> list[Any]:
        """A few values that the schema allows, where it says what they are."""
        return samples(self.drawn)


def parameters_of(
    tool: Tool,
    known: Profile,
    opaque: frozenset[str],
    *,
    bounded: bool = False,
    given: Collection[str] = (),
) -> tuple[Parameter, ...]:
    """The required ones first. `bounded`: values must fit all that their schemas say.
    `given`: names of result fields that may fill those of records."""
    required = frozenset(tool.parameters.get("required", ()))
    properties: Mapping[str, Any] = tool.parameters.get("properties", {})
    drawn, found = unrolled(tool.parameters), []
    for name in sorted(properties, key=lambda name: name not in required):
        elements = known.takes.get(f"{name}[]", "")
        concept, schema = elements or known.takes.get(name, ""), simple(properties[name])
        found.append(
            Parameter(
                tool=tool.name,
                name=name,
                required=name in required,
                schema=schema,
                drawn=simple(drawn[name]),
                concept=concept,
                many=bool(elements),
                opaque=concept in opaque,
                types=_types(schema.get("type")),
                enum=schema.get("enum"),
                bounds=_bounds(schema) if bounded else None,
                leaves=tuple(leaves_of(schema, given)),
            )
        )
    return tuple(found)


def _bounds(schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator | None:
    if schema.keys().isdisjoint(_BOUNDING) or "$ref" in canonical(schema):
        return None
    return validator(schema, formats=True)


def _types(kind: Any) -> frozenset[type]:
    return _TYPES.get(kind, _OTHER) if isinstance(kind, str) else _ALL
