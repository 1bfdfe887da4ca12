"""Few of many that together reach everything."""

from __future__ import annotations

from collections.abc import Mapping


def cover(reached: Mapping[str, set[str]]) -> list[str]:
    """Few keys that reach everything reached: the widest first."""
    left = set[str]().union(*reached.values())
    chosen: list[str] = []
    while left:
        best = max(sorted(reached), key=lambda name: len(reached[name] & left))
        chosen.append(best)
        left -= reached[best]
    return chosen
