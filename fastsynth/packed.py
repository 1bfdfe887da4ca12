"""What thousands of conversations hold for later: values of plain data in one piece of bytes.

A scenario of 30 KB of small objects becomes 12 KB, and 3 KB compressed, as all are that come once
`FREELY` bytes are held. What is opened is an equal copy.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import cache
from typing import Any, Generic, TypeVar, cast

import msgspec

from fastsynth.errors import boundary

T = TypeVar("T")
WORTH = 1024
"""Bytes from which compression is worth its time (16 us per KB)."""
FREELY = 1 << 20
"""Bytes that a process holds uncompressed: those of 60 conversations or so. Compressing
what a few hold took 3% of a run's CPU and saved nothing that counts."""
_ZLIB = 0x78
"""First byte of what zlib wrote; in MessagePack it is a number, and whole."""
_encode = msgspec.msgpack.Encoder().encode


@cache
def _decode_as(kind: type[Any]) -> Callable[[bytes], Any]:
    return msgspec.msgpack.Decoder(kind).decode


class Packed(Generic[T]):
    """One value, put away until `open`: a Struct of plain data, or JSON. What is no such thing (a
    function, an integer over 64 bits) is held as it is."""

    __slots__ = ("_bytes", "_free", "_kind", "_value")
    freely = 0
    """Bytes held uncompressed, by all there are."""

    def __init__(self, value: T) -> None:
        self._bytes = b""
        self._free = 0
        self._kind: Any = type(value)
        self._value: T | None = value
        with boundary():
            plain = _encode(value)
            self._value = None
            if len(plain) < WORTH:
                self._bytes = plain
            elif Packed.freely + len(plain) <= FREELY:
                self._bytes, self._free = plain, len(plain)
                Packed.freely += len(plain)
            else:
                self._bytes = zlib.compress(plain, 1)

    def __del__(self) -> None:
        Packed.freely -= self._free

    def open(self) -> T:
        """The value; a copy of its own each time."""
        packed = self._bytes
        if not packed:
            return cast(T, self._value)
        small = packed[0] != _ZLIB or len(packed) == 1
        plain = packed if small else zlib.decompress(packed)
        return cast(T, _decode_as(self._kind)(plain))
