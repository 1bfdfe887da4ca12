"""What binding a call asks of each tool, compiled once for a graph: its parameters in the order in
which they are bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fastsynth.env.environment import Tool
from fastsynth.method.concepts import Profile

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


class Parameter(msgspec.Struct, frozen=True, eq=False):
    """Equal to itself only: a key at the cost of its address."""

    tool: str
    name: str
    required: bool
    schema: Mapping[str, Any]
    concept: str
    """"" where no value is known to mean the same."""
    many: bool
    """Whether it takes a list, and `concept` is that of the elements."""
    opaque: bool
    """Whether no user could know its values."""
    types: frozenset[type]
    """Python types of the JSON values that its schema allows at the top."""
    enum: Sequence[Any] | None

    def fits(self, value: Any) -> bool:
        """Cheap pre-check of type and enum; the world's validator has the last word."""
        return type(value) in self.types and (self.enum is None or value in self.enum)


def parameters_of(tool: Tool, known: Profile, opaque: frozenset[str]) -> tuple[Parameter, ...]:
    """The required ones first."""
    required = frozenset(tool.parameters.get("required", ()))
    properties: Mapping[str, Any] = tool.parameters.get("properties", {})
    found = []
    for name in sorted(properties, key=lambda name: name not in required):
        elements = known.takes.get(f"{name}[]", "")
        concept, schema = elements or known.takes.get(name, ""), properties[name]
        found.append(
            Parameter(
                tool=tool.name,
                name=name,
                required=name in required,
                schema=schema,
                concept=concept,
                many=bool(elements),
                opaque=concept in opaque,
                types=_types(schema.get("type")),
                enum=schema.get("enum"),
            )
        )
    return tuple(found)


def _types(kind: Any) -> frozenset[type]:
    return _TYPES.get(kind, _OTHER) if isinstance(kind, str) else _ALL
