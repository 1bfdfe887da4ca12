"""A set of 64-bit words in a file of its own, gone when it is closed: memory stays the same.

Open hashing over blocks of eight words. A full table is never rebuilt, which would stop the loop:
another of twice its size is laid beside it, and a look-up asks all of them.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from fastsynth.errors import reraise_disk

_SLOTS = 8
_BLOCK = struct.Struct(f"<{_SLOTS}Q")
_WORD = struct.Struct("<Q")
_FIRST_BLOCKS = 1 << 13
_FILL = 0.6


class WordSet:
    def __init__(self, folder: Path | None = None, first_blocks: int = _FIRST_BLOCKS) -> None:
        """`folder` holds the unnamed file; None takes the system's temporary one."""
        self._folder = folder
        self._tables: list[_Table] = []
        self._blocks = first_blocks

    def __contains__(self, word: int) -> bool:
        return any(table.has(word) for table in self._tables)

    def add(self, word: int) -> None:
        """Raises DiskFull."""
        try:
            if not self._tables or self._tables[-1].full:
                self._tables.append(_Table(self._folder, self._blocks))
                self._blocks *= 2
            if word not in self:
                self._tables[-1].add(word)
        except OSError as error:
            reraise_disk(error, str(self._folder or "temporary folder"))

    def close(self) -> None:
        for table in self._tables:
            table.close()


class _Table:
    """0 marks an empty slot; the word 0 is kept as 1."""

    def __init__(self, folder: Path | None, blocks: int) -> None:
        self._file: IO[bytes] = TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        self._blocks = blocks
        self._count = 0
        os.truncate(self._file.fileno(), blocks * _BLOCK.size)

    @property
    def full(self) -> bool:
        return self._count >= _FILL * _SLOTS * self._blocks

    def has(self, word: int) -> bool:
        return self._find(word or 1)[1]

    def add(self, word: int) -> None:
        place, _ = self._find(word or 1)
        os.pwrite(self._file.fileno(), _WORD.pack(word or 1), place)
        self._count += 1

    def close(self) -> None:
        self._file.close()

    def _find(self, word: int) -> tuple[int, bool]:
        """(byte offset of the word or of the slot it belongs in, whether it is there)."""
        block = word % self._blocks
        while True:
            at = block * _BLOCK.size
            slots = _BLOCK.unpack(os.pread(self._file.fileno(), _BLOCK.size, at))
            if word in slots:
                return at, True
            if 0 in slots:
                return at + slots.index(0) * _WORD.size, False
            block = (block + 1) % self._blocks
