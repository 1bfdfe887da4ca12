"""A set of content hashes that remembers who came first, at about 13 bytes an entry.

Sorted machine-word buckets that split one at a time as the set grows (linear hashing: Litwin,
VLDB 1980), so that no insertion ever takes long. A Python dict takes over ten times the memory.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from hashlib import blake2b

_FIRST = 16
_FILL = 256
"""Entries a bucket holds on average: two array headers then cost 0.6 bytes an entry."""


class Seen:
    """64 bits of each hash are kept: among a million, two collide with a chance of 3e-8."""

    def __init__(self) -> None:
        self._hashes: list[array[int]] = [array("Q") for _ in range(_FIRST)]
        self._jobs: list[array[int]] = [array("I") for _ in range(_FIRST)]
        self._count = 0
        self._round = _FIRST
        """Buckets at the beginning of this round of splits; those below `_split` have split."""
        self._split = 0

    def first(self, word: int, job: int) -> int | None:
        """The job that brought `word` before, or None: then `job` is remembered for it."""
        bucket = word % self._round
        if bucket < self._split:
            bucket = word % (2 * self._round)
        hashes = self._hashes[bucket]
        at = bisect_left(hashes, word)
        if at < len(hashes) and hashes[at] == word:
            return self._jobs[bucket][at]
        hashes.insert(at, word)
        self._jobs[bucket].insert(at, job)
        self._count += 1
        if self._count > _FILL * len(self._hashes):
            self._split_one()
        return None

    def _split_one(self) -> None:
        bucket, modulus = self._split, 2 * self._round
        old = list(zip(self._hashes[bucket], self._jobs[bucket], strict=True))
        for place in (bucket, bucket + self._round):
            here = [(word, job) for word, job in old if word % modulus == place]
            hashes, jobs = array("Q", [w for w, _ in here]), array("I", [j for _, j in here])
            if place == bucket:
                self._hashes[bucket], self._jobs[bucket] = hashes, jobs
            else:
                self._hashes.append(hashes)
                self._jobs.append(jobs)
        self._split += 1
        if self._split == self._round:
            self._round, self._split = modulus, 0


def word(content_hash: str) -> int:
    """64 bits of a content hash of any form."""
    return int.from_bytes(blake2b(content_hash.encode(), digest_size=8).digest(), "big")
