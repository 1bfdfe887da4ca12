"""The rows of a run, for programs: strictly decoded, in order, one part in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from fastsynth.errors import ConfigError
from fastsynth.records import Conversation
from fastsynth.store.compact import read_rows


def load(run: str | PathLike[str]) -> Iterator[Conversation]:
    """The conversations of a run's directory, or of a copy of it that has `data/part-*.parquet`.
    Raises ConfigError, at once, where there are none."""
    folder = Path(run)
    if not any((folder / "data").glob("part-*.parquet")):
        raise ConfigError(f"{folder}/data: no part-*.parquet, need the directory of a run")
    return read_rows(folder)
