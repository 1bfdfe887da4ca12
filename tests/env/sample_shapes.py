"""A user's module of functions of every shape, as `python:sample_shapes`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


@logged
def cut(length: Decimal, /, size: Size, *, on: date) -> list[Any]:
    """Cut a piece."""
    return [type(one).__name__ for one in (length, size, on)] + [length]


@functools.lru_cache
def list_sizes() -> tuple[Size, ...]:
    """List the sizes."""
    return tuple(Size)


def prüfe_größe() -> Size:
    """Look at the size."""
    return Size.SMALL


def with_rest(word: str, *more: str, **options: int) -> str:
    """Some named, others not."""
    return word


def anything(*args: Any, **kwargs: Any) -> None:
    """Takes all."""
