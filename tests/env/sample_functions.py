"""A user's module of plain functions, and factories of every kind."""

from __future__ import annotations

from typing import Any

from sample_tools import Shelf


def add_up(numbers: list[float]) -> float:
    """Add numbers."""
    return sum(numbers)


def from_state(state: dict[str, Any]) -> Any:
    shelf = Shelf()
    shelf.load(state)
    return shelf


def typed(state: dict[str, Any]) -> Shelf:
    assert state["titles"], "called only with a real state, never to look"
    return Shelf()
