"""A set of 64-bit words in mapped files without a name: the kernel may drop them from memory.

Open hashing over blocks of eight words. A full table is never rebuilt, which would stop the loop:
another of twice its size is laid beside it, and a look-up asks all of them.
"""

from __future__ import annotations

import os
import struct
import sys
from mmap import mmap
from pathlib import Path
from tempfile import TemporaryFile

_SLOTS = 8
_BLOCK = struct.Struct(f"<{_SLOTS}Q")
_WORD = struct.Struct("<Q")
_FIRST_BLOCKS = 1 << 13
_FILL = 0.6
_CHUNK = 1 << 18


class WordSet:
    """The words are hashes: their low bits, taken as they are, choose the block."""

    def __init__(self, folder: Path | None = None, first_blocks: int = _FIRST_BLOCKS) -> None:
        """`folder` holds the unnamed file; None takes the system's temporary one."""
        self._folder = folder
        self._tables: list[_Table] = []
        self._blocks = first_blocks

    def __contains__(self, word: int) -> bool:
        return any(table.has(word) for table in self._tables)

    def add(self, word: int) -> None:
        if not self._tables or self._tables[-1].full:
            self._tables.append(_Table(self._folder, self._blocks))
            self._blocks *= 2
        if word not in self:
            self._tables[-1].add(word)

    def close(self) -> None:
        for table in self._tables:
            table.close()


class _Table:
    """0 marks an empty slot; the word 0 is kept as 1."""

    def __init__(self, folder: Path | None, blocks: int) -> None:
        self._blocks = blocks
        self._count = 0
        self._words = _mapped(folder, blocks * _BLOCK.size)

    @property
    def full(self) -> bool:
        return self._count >= _FILL * _SLOTS * self._blocks

    def has(self, word: int) -> bool:
        return self._find(word or 1)[1]

    def add(self, word: int) -> None:
        place, _ = self._find(word or 1)
        _WORD.pack_into(self._words, place, word or 1)
        self._count += 1

    def close(self) -> None:
        self._words.close()

    def _find(self, word: int) -> tuple[int, bool]:
        """(byte offset of the word or of the slot it belongs in, whether it is there)."""
        block = word % self._blocks
        while True:
            at = block * _BLOCK.size
            slots = _BLOCK.unpack_from(self._words, at)
            if word in slots:
                return at, True
            if 0 in slots:
                return at + slots.index(0) * _WORD.size, False
            block = (block + 1) % self._blocks


def _mapped(folder: Path | None, size: int) -> mmap:
    """On disk where there is space; else in memory, so that a full disk stops nothing here."""
    try:
        with TemporaryFile(dir=folder) as file:
            _allocate(file.fileno(), size)
            return mmap(file.fileno(), size)
    except OSError:
        return mmap(-1, size)


def _allocate(fd: int, size: int) -> None:
    """Real blocks: to write into a hole of a mapped file is fatal when the disk is full."""
    if sys.platform == "linux":
        os.posix_fallocate(fd, 0, size)
        return
    for _ in range(0, size, _CHUNK):
        os.write(fd, bytes(min(size, _CHUNK)))
