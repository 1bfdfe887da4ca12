"""Errors out of task groups as themselves: what stopped a run has one message and one exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastsynth.errors import FastsynthError


@contextmanager
def unwrapped() -> Iterator[None]:
    """Raises the first error of a group instead of the group: one of ours before any other."""
    try:
        yield
    except BaseExceptionGroup as several:
        raise _first(several) from several


def _first(several: BaseExceptionGroup[BaseException]) -> BaseException:
    flat: list[BaseException] = []
    pending: list[BaseException] = [several]
    while pending:
        error = pending.pop(0)
        if isinstance(error, BaseExceptionGroup):
            pending.extend(error.exceptions)
        else:
            flat.append(error)
    return next((e for e in flat if isinstance(e, FastsynthError)), flat[0])
