"""What discovery speaks of: a state to probe from, and a call that ran there."""

from __future__ import annotations

from typing import Any

import msgspec

Called = tuple[str, dict[str, Any]]


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A state to probe from: what was called since the scenario's start, and the snapshot."""

    calls: tuple[Called, ...]
    snapshot: Any
    digest: str


class Success(msgspec.Struct, frozen=True, kw_only=True):
    """A call that ran, from `point`."""

    tool: str
    arguments: dict[str, Any]
    value: Any
    point: Point
    moved: bool
    """Whether the state's digest changed."""
