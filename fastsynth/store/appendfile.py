"""A file that only grows, by whole records, and is brought to the disk once a second.

A record is written when `append` returns: a killed process loses nothing, a power cut at most the
last second. A record that does not fit on the disk is taken back whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import anyio
import anyio.to_thread

from fastsynth.errors import reraise_disk

EVERY = 1.0
"""Seconds between two syncs."""


class Syncable(Protocol):
    def sync(self) -> None:
        """Brings to the disk what was written before. Blocks; safe to call from a thread."""


class AppendFile:
    def __init__(self, path: Path) -> None:
        """Opens or creates it. Raises DiskFull or FastsynthError."""
        self.path = path
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            reraise_disk(error, str(path))
        self.size = os.fstat(self._fd).st_size
        self._synced = self.size

    def append(self, record: bytes) -> int:
        """Writes it whole and returns where it begins. Raises DiskFull, the file as it was."""
        at = self.size
        left = memoryview(record)
        try:
            while left:
                left = left[os.write(self._fd, left) :]
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._fd, at)
            reraise_disk(error, str(self.path))
        self.size = at + len(record)
        return at

    def truncate(self, size: int) -> None:
        os.ftruncate(self._fd, size)
        self.size = size

    def read(self, at: int, length: int) -> bytes:
        return os.pread(self._fd, length, at)

    def sync(self) -> None:
        if self.size == self._synced:
            return
        size = self.size
        try:
            os.fsync(self._fd)
        except OSError as error:
            reraise_disk(error, str(self.path))
        self._synced = size

    def close(self) -> None:
        """Syncs and closes; a second time does nothing."""
        if self._fd >= 0:
            try:
                self.sync()
            finally:
                os.close(self._fd)
                self._fd = -1


async def sync_regularly(files: Iterable[Syncable]) -> None:
    """Syncs until cancelled, off the loop. To be run in the task group of whoever opened them."""
    while True:
        await anyio.sleep(EVERY)
        for file in files:
            await anyio.to_thread.run_sync(file.sync)


def write_atomically(path: Path, content: bytes) -> None:
    """Replaces the file as a whole: a reader sees the old one or the new one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        reraise_disk(error, str(path))
