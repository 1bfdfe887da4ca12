"""One file of replies: records that check themselves, and the list of jobs they belong to.

Record: length (u32), crc of the payload (u32), key (16 bytes), job (u64), crc of the header (u32),
payload; little endian. A record that runs past the end is torn; any other misfit is damage. The
`.jobs` file beside a full segment only saves reading it: without it the segment is read.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from zlib import crc32

from fastsynth.errors import DamagedFile
from fastsynth.store.appendfile import write_atomically

KEY = 16
_HEADER = Struct("<II16sQ")
_CRC = Struct("<I")
HEADER = _HEADER.size + _CRC.size
_WINDOW = 1 << 16


def record_of(key: bytes, job: int, payload: bytes) -> bytes:
    header = _HEADER.pack(len(payload), crc32(payload), key, job)
    return b"".join((header, _CRC.pack(crc32(header)), payload))


def scan(path: Path, check: bool = True) -> Iterator[tuple[bytes, int, int, int]]:
    """(key, job, offset, total length) of every whole record. Raises DamagedFile.

    Without `check` payloads are skipped unread.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield from _scan(fd, os.fstat(fd).st_size, path, check)
    finally:
        os.close(fd)


def read(fd: int, offset: int, key: bytes, job: int, path: Path) -> bytes | None:
    """The payload at `offset`, checked; None if the record there is another's."""
    header = os.pread(fd, HEADER, offset)
    length, crc, found, owner = _unpack(header, offset, path)
    if (found, owner) != (key, job):
        return None
    payload = os.pread(fd, length, offset + HEADER)
    if crc32(payload) != crc:
        raise DamagedFile(_damage(path, offset))
    return payload


def write_jobs(segment: Path, jobs: set[int]) -> None:
    """Notes which jobs a full segment belongs to."""
    words = array("Q", sorted(jobs)).tobytes()
    write_atomically(segment.with_suffix(".jobs"), _CRC.pack(crc32(words)) + words)


def read_jobs(segment: Path) -> array[int] | None:
    """The jobs of a full segment, or None where that is not known."""
    try:
        content = segment.with_suffix(".jobs").read_bytes()
    except FileNotFoundError:
        return None
    words = content[_CRC.size :]
    if len(content) < _CRC.size or len(words) % 8 or _CRC.unpack_from(content)[0] != crc32(words):
        return None
    jobs = array("Q")
    jobs.frombytes(words)
    return jobs


def _scan(fd: int, size: int, path: Path, check: bool) -> Iterator[tuple[bytes, int, int, int]]:
    offset = start = 0
    window = b""
    while offset + HEADER <= size:
        if offset + HEADER > start + len(window):
            start, window = offset, os.pread(fd, _WINDOW, offset)
        header = window[offset - start : offset - start + HEADER]
        length, crc, key, job = _unpack(header, offset, path)
        end = offset + HEADER + length
        if end > size:
            return
        if check:
            at = offset + HEADER - start
            whole = end - start <= len(window)
            payload = window[at : at + length] if whole else os.pread(fd, length, offset + HEADER)
            if crc32(payload) != crc:
                raise DamagedFile(_damage(path, offset))
        yield key, job, offset, HEADER + length
        offset = end


def _unpack(header: bytes, offset: int, path: Path) -> tuple[int, int, bytes, int]:
    whole = len(header) == HEADER
    if not whole or _CRC.unpack_from(header, _HEADER.size)[0] != crc32(header[: _HEADER.size]):
        raise DamagedFile(_damage(path, offset))
    return _HEADER.unpack_from(header)


def _damage(path: Path, offset: int) -> str:
    return (
        f"{path}: byte {offset}: not a reply as it was written; restore the file from a copy, or "
        f"cut it with `truncate -s {offset}` and run again: the replies after it are asked again"
    )
