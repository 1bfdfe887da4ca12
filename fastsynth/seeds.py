"""Chance that depends on the run's seed and a purpose, never on order or time.

The same (seed, job, purpose) gives the same draw at any width and in any completion order.
"""

from __future__ import annotations

from hashlib import blake2b
from random import Random


def number(*purpose: int | str) -> int:
    """A 64-bit number that is a pure function of `purpose`."""
    text = "\x1f".join(map(str, purpose)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


def derive(*purpose: int | str) -> Random:
    """A generator of its own for `purpose`, such as `(run_seed, job, "scenario")`."""
    return Random(number(*purpose))
