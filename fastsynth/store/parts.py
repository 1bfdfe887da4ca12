"""Rows as JSON lines in, numbered Parquet parts out; at most one batch is in memory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from fastsynth.errors import FastsynthError
from fastsynth.store.schema import Type

BATCH_ROWS = 5_000
BATCH_BYTES = 24 << 20
"""Of JSON; a batch takes about four times that while it is written."""


class Parts:
    def __init__(self, folder: Path, schema: Mapping[str, Type]) -> None:
        self._folder = folder
        self._schema = pl.Schema(schema)
        self._lines: list[bytes] = []
        self._bytes = 0
        self._written: list[tuple[str, int]] = []
        folder.mkdir()

    def add(self, line: bytes) -> None:
        """One row: a JSON object with the schema's fields."""
        self._lines.append(line)
        self._bytes += len(line)
        if len(self._lines) >= BATCH_ROWS or self._bytes >= BATCH_BYTES:
            self._flush()

    def close(self) -> list[tuple[str, int]]:
        """(file name, rows) of each part; at least one, so that readers find the columns."""
        if self._lines or not self._written:
            self._flush()
        return self._written

    def close_as_one(self) -> int:
        """Joins the parts into `<folder>.parquet` and returns its rows."""
        parts = [self._folder / name for name, _ in self.close()]
        whole = self._folder.with_suffix(".parquet")
        if len(parts) == 1:
            parts[0].replace(whole)
        else:
            frames = pl.scan_parquet(parts)
            frames.sink_parquet(whole, row_group_size=BATCH_ROWS, maintain_order=True)
            _sync(whole)
        return sum(rows for _, rows in self._written)

    def _flush(self) -> None:
        path = self._folder / f"part-{len(self._written):05}.parquet"
        if self._lines:
            frame = pl.read_ndjson(b"\n".join(self._lines), schema=self._schema)
        else:
            frame = pl.DataFrame(schema=self._schema)
        if len(frame) != len(self._lines):
            raise FastsynthError(f"{path}: {len(frame)} rows of {len(self._lines)} were read")
        self._lines, self._bytes = [], 0
        frame.write_parquet(path, compression="zstd", row_group_size=BATCH_ROWS)
        _sync(path)
        self._written.append((path.name, len(frame)))


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
