"""What binding a call asks of each tool, compiled once for a graph: its parameters in the order in
which they are bound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from fastsynth.env.environment import Tool
from fastsynth.method.concepts import Profile


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


def parameters_of(tool: Tool, known: Profile, opaque: frozenset[str]) -> tuple[Parameter, ...]:
    """The required ones first."""
    required = frozenset(tool.parameters.get("required", ()))
    properties: Mapping[str, Any] = tool.parameters.get("properties", {})
    found = []
    for name in sorted(properties, key=lambda name: name not in required):
        elements = known.takes.get(f"{name}[]", "")
        concept = elements or known.takes.get(name, "")
        found.append(
            Parameter(
                tool=tool.name,
                name=name,
                required=name in required,
                schema=properties[name],
                concept=concept,
                many=bool(elements),
                opaque=concept in opaque,
            )
        )
    return tuple(found)
