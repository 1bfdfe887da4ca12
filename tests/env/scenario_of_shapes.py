"""A scenario that sets what `sample_shapes` does not have."""

from __future__ import annotations

from random import Random
from typing import Any


def scenario(rng: Random) -> dict[str, Any]:
    return {"sizes": [rng.random()]}
