"""An HTTP/1.1 answer while it comes in: its head, and a body by length, in chunks or to the end.

RFC 9112, as far as a client needs it that sends one POST after the other over a connection. What
follows no such form is a ValueError; who sends again, and when, is not decided here.
"""

from __future__ import annotations

import zlib

from multidict import CIMultiDict

from fastsynth.llm.streaming import Merging

EVENTS = "text/event-stream"
MOST_HEAD = 1 << 16
"""Bytes of a head, or of a line between chunks."""
_END = b"\r\n"


class Response:
    """`merging` is fed where the body is a stream of events; else the body is kept whole."""

    def __init__(self, merging: Merging | None = None) -> None:
        self.status = 0
        self.headers: CIMultiDict[str] = CIMultiDict()
        self.done = False
        self.reusable = False
        """Whether the connection can carry another request, once it is done."""
        self._merging = merging
        self._streamed = False
        self._unread = b""
        self._pieces: list[bytes] = []
        self._left = 0
        self._keeps = False
        self._to_the_end = False
        self._inflate: zlib._Decompress | None = None
        self._read = self._head

    @property
    def body(self) -> bytes:
        if self._streamed and self._merging is not None:
            self._merging.end()
            return self._merging.body()
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    def feed(self, data: bytes) -> None:
        """Raises ValueError or zlib.error."""
        self._unread = self._unread + data if self._unread else data
        while not self.done and self._read():
            pass

    def close(self) -> None:
        """No more will come: some bodies end so."""
        if self._to_the_end:
            self._finish()

    def _head(self) -> bool:
        """Like all that read on: False where more has to come first."""
        head, found, rest = self._unread.partition(_END + _END)
        if not found:
            return self._short(self._unread)
        self._unread = rest
        first, *lines = head.split(_END)
        version, _, status = first.partition(b" ")
        if version not in (b"HTTP/1.1", b"HTTP/1.0"):
            raise ValueError(f"no HTTP/1 answer: {first[:40]!r}")
        self.status = int(status[:3])
        if self.status < 200:  # one that goes before the true one
            return True
        for line in lines:
            name, colon, value = line.partition(b":")
            if not colon:
                raise ValueError(f"no header: {line[:40]!r}")
            self.headers.add(name.decode("latin-1"), value.strip().decode("latin-1"))
        self._begin(version == b"HTTP/1.1")
        return True

    def _begin(self, newer: bool) -> None:
        get = self.headers.get
        connection = get("Connection", "").lower()
        self._keeps = "close" not in connection and (newer or "keep-alive" in connection)
        kind = get("Content-Type", "").partition(";")[0].strip().lower()
        self._streamed = self._merging is not None and kind == EVENTS
        if get("Content-Encoding", "").lower() in ("gzip", "deflate"):
            self._inflate = zlib.decompressobj(32 + zlib.MAX_WBITS)
        length = get("Content-Length")
        if "chunked" in get("Transfer-Encoding", "").lower():
            self._read = self._chunk
        elif length is not None:
            self._left = _number(length, 10)
            self._read = self._sized
        elif self.status in (204, 304):
            self._read = self._sized
        else:
            self._to_the_end, self._keeps, self._read = True, False, self._rest

    def _sized(self) -> bool:
        more = self._take()
        if not self._left:
            self._finish()
        return more

    def _rest(self) -> bool:
        self._left = len(self._unread)
        return self._take()

    def _chunk(self) -> bool:
        line, found, rest = self._unread.partition(_END)
        if not found:
            return self._short(line)
        self._unread = rest
        self._left = _number(line.partition(b";")[0].strip().decode("latin-1"), 16)
        self._read = self._inside if self._left else self._trailers
        return True

    def _inside(self) -> bool:
        if self._left:
            return self._take()
        if len(self._unread) < len(_END):
            return False
        if not self._unread.startswith(_END):
            raise ValueError("a chunk is longer than it was said to be")
        self._unread = self._unread[len(_END) :]
        self._read = self._chunk
        return True

    def _trailers(self) -> bool:
        line, found, rest = self._unread.partition(_END)
        if not found:
            return self._short(line)
        self._unread = rest
        if not line:
            self._finish()
        return True

    def _short(self, line: bytes) -> bool:
        if len(line) > MOST_HEAD:
            raise ValueError(f"a line or head of more than {MOST_HEAD} bytes")
        return False

    def _take(self) -> bool:
        """Of the body, what is there and still due."""
        piece, self._unread = self._unread[: self._left], self._unread[self._left :]
        self._left -= len(piece)
        if piece:
            plain = piece if self._inflate is None else self._inflate.decompress(piece)
            if self._streamed and self._merging is not None:
                self._merging.feed(plain)
            else:
                self._pieces.append(plain)
        return bool(piece)

    def _finish(self) -> None:
        self.done = True
        self.reusable = self._keeps and not self._unread


def _number(text: str, base: int) -> int:
    if not text.isalnum():
        raise ValueError(f"no length: {text[:40]!r}")
    return int(text, base)
