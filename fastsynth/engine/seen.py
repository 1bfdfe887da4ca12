"""A set of content hashes that remembers who came first, at about 13 bytes an entry.

Sorted machine-word buckets: a Python dict of a million hashes takes over ten times as much.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from hashlib import blake2b

_BUCKETS = 4096


class Seen:
    """64 bits of each hash are kept: among a million, two collide with a chance of 3e-8."""

    def __init__(self) -> None:
        self._hashes: list[array[int] | None] = [None] * _BUCKETS
        self._jobs: list[array[int]] = [_EMPTY] * _BUCKETS

    def first(self, word: int, job: int) -> int | None:
        """The job that brought `word` before, or None: then `job` is remembered for it."""
        bucket = word % _BUCKETS
        hashes = self._hashes[bucket]
        if hashes is None:
            self._hashes[bucket] = array("Q", (word,))
            self._jobs[bucket] = array("I", (job,))
            return None
        at = bisect_left(hashes, word)
        if at < len(hashes) and hashes[at] == word:
            return self._jobs[bucket][at]
        hashes.insert(at, word)
        self._jobs[bucket].insert(at, job)
        return None


_EMPTY: array[int] = array("I")


def word(content_hash: str) -> int:
    """64 bits of a content hash of any form."""
    return int.from_bytes(blake2b(content_hash.encode(), digest_size=8).digest(), "big")
