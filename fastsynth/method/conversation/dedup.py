"""Near-duplicate queries by MinHash (Broder, 1997) and banding, as a pure function of the words.

64 minima over runs of three words, in 8 bands of 8: two queries whose runs overlap by half meet in
a band with a chance of 3%, by 0.7 of 38%, by 0.8 of 77%, by 0.9 of 99%. Written here, 30 lines,
rather than taken from a library, because a new version of one would make another data set.
"""

from __future__ import annotations

import re
import struct
from base64 import b64encode
from collections.abc import Iterable
from hashlib import blake2b, shake_128

ROWS = 8
BANDS = 8
BAND_BYTES = 6
RUN = 3
FEWEST = 6
"""Queries of fewer words ("Thanks, that will be all.") repeat in any data set."""
_MINIMA = struct.Struct(f"<{BANDS * ROWS}I")
_WORD = re.compile(r"\w+")


def near_bands(queries: Iterable[str]) -> str:
    """Base64 of `BANDS` hashes of `BAND_BYTES` for each query that is long enough, in order."""
    return b64encode(b"".join(map(_bands, queries))).decode()


def _bands(query: str) -> bytes:
    words = _WORD.findall(query.lower())
    if len(words) < FEWEST:
        return b""
    runs = {" ".join(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}
    hashed = [_MINIMA.unpack(shake_128(run.encode()).digest(_MINIMA.size)) for run in runs]
    minima = list(map(min, hashed[0], *hashed))
    return b"".join(
        blake2b(repr(minima[at : at + ROWS]).encode(), digest_size=BAND_BYTES).digest()
        for at in range(0, len(minima), ROWS)
    )
