"""Shares into whole numbers."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def apportion(wanted: int, weights: Mapping[K, float]) -> dict[K, int]:
    """Whole targets that sum to `wanted`, by largest remainder; ties go to the earlier one.

    Raises ValueError where no weight is positive or one is negative.
    """
    total = sum(weights.values())
    if total <= 0 or min(weights.values()) < 0:
        raise ValueError(f"weights {dict(weights)}: need none negative and one above 0")
    shares = {name: wanted * weight / total for name, weight in weights.items()}
    targets = {name: int(share) for name, share in shares.items()}
    rest = sorted(shares, key=lambda name: targets[name] - shares[name])
    for name in rest[: wanted - sum(targets.values())]:
        targets[name] += 1
    return targets
