"""An HTTP/1.1 answer while it comes in: httptools reads it, this keeps what a POST wants of it.

What follows no such form is a ValueError; who sends again, and when, is not decided here.
"""

from __future__ import annotations

import zlib

import httptools
from multidict import CIMultiDict

from fastsynth.llm.streaming import Merging
from fastsynth.llm.transport import EVENTS

MOST_HEAD = 1 << 16
"""Bytes of a head."""


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
        self._pieces: list[bytes] = []
        self._head_bytes = 0
        self._to_the_end = False
        self._inflate: zlib._Decompress | None = None
        self._parser = httptools.HttpResponseParser(self)

    @property
    def body(self) -> bytes:
        if self._streamed and self._merging is not None:
            self._merging.end()
            return self._merging.body()
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    def feed(self, data: bytes) -> None:
        """Raises ValueError or zlib.error."""
        if self.done:
            self.reusable = False  # more than was asked for
            return
        if not self.status:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            if not self.done:
                raise ValueError(f"no HTTP/1 answer: {error}") from error
            self.reusable = False
        if not self.status and self._head_bytes > MOST_HEAD:
            raise ValueError(f"a head of more than {MOST_HEAD} bytes")

    def close(self) -> None:
        """No more will come: some bodies end so."""
        self.done = self.done or self._to_the_end

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.add(name.decode("latin-1"), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # one that goes before the true one
            self.headers.clear()
            return
        self.status = status
        get = self.headers.get
        kind = get("Content-Type", "").partition(";")[0].strip().lower()
        self._streamed = self._merging is not None and kind == EVENTS
        if get("Content-Encoding", "").lower() in ("gzip", "deflate"):
            self._inflate = zlib.decompressobj(32 + zlib.MAX_WBITS)
        sized = "Content-Length" in self.headers or "Transfer-Encoding" in self.headers
        self._to_the_end = not sized and status not in (204, 304)

    def on_body(self, data: bytes) -> None:
        plain = data if self._inflate is None else self._inflate.decompress(data)
        if self._streamed and self._merging is not None:
            self._merging.feed(plain)
        else:
            self._pieces.append(plain)

    def on_message_complete(self) -> None:
        if self.status:
            self.done, self.reusable = True, self._parser.should_keep_alive()
