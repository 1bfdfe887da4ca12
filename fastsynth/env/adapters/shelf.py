"""What stands beside a part's own state: things nothing changes, and the way to other parts.

Neither is copied with the state. A shelf is put away as bytes while a conversation rests.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

_decode = msgspec.msgpack.Decoder(dict[str, Any]).decode


class Shelf(Mapping[str, Any]):
    """JSON values that are read and never written, unpacked when they are next asked for."""

    __slots__ = ("_live", "_packed")

    def __init__(self, values: dict[str, Any]) -> None:
        self._live: dict[str, Any] | None = values
        self._packed = b""

    def __getitem__(self, name: str) -> Any:
        return self._values()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    def __len__(self) -> int:
        return len(self._values())

    def _values(self) -> dict[str, Any]:
        if self._live is None:
            self._live = _decode(zlib.decompress(self._packed))
        return self._live

    def put_away(self) -> None:
        if not self._packed:
            self._packed = zlib.compress(msgspec.msgpack.encode(self._live), 1)
        self._live = None


class Others(Mapping[str, Any]):
    """The parts of one environment, each made live when it is asked for."""

    __slots__ = ("_names", "_reach")

    def __init__(self, names: tuple[str, ...], reach: Callable[[str], Any]) -> None:
        """`reach` is told a part's name."""
        self._names = names
        self._reach = reach

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._reach(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
