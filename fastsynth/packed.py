"""What thousands of conversations hold for later: values of plain data, compressed.

A scenario of 30 KB of small objects becomes 3 KB in one piece; what is opened is an equal copy.
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
_ZLIB = 0x78
"""First byte of what zlib wrote; in MessagePack it is a number, and whole."""
_encode = msgspec.msgpack.Encoder().encode


@cache
def _decode_as(kind: type[Any]) -> Callable[[bytes], Any]:
    return msgspec.msgpack.Decoder(kind).decode


class Packed(Generic[T]):
    """One value, put away until `open`: a Struct of plain data, or JSON. What is no such thing (a
    function, an integer over 64 bits) is held as it is."""

    __slots__ = ("_bytes", "_kind", "_value")

    def __init__(self, value: T) -> None:
        self._bytes = b""
        self._kind: Any = type(value)
        self._value: T | None = value
        with boundary():
            plain = _encode(value)
            self._bytes = plain if len(plain) < WORTH else zlib.compress(plain, 1)
            self._value = None

    def open(self) -> T:
        """The value; a copy of its own each time."""
        packed = self._bytes
        if not packed:
            return cast(T, self._value)
        small = packed[0] != _ZLIB or len(packed) == 1
        plain = packed if small else zlib.decompress(packed)
        return cast(T, _decode_as(self._kind)(plain))
