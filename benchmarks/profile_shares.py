"""A cProfile as shares of CPU by part of the program, in [0, 1].

A function of a module that has a part counts there with its own time; all else (builtins, the
standard library, msgspec) counts for whoever called it, in proportion.
"""

from __future__ import annotations

import cProfile
import pstats
from collections import Counter
from typing import Any

PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("json", ("msgspec.json", "msgspec._core")),
    ("waiting", ("method 'poll' of 'select.epoll'",)),
    (
        "planning",
        tuple(
            f"fastsynth/method/{name}"
            for name in "walk/ turns/ graph/ discovery/ scenarios/ kinds plan.py pace.py".split()
        ),
    ),
    ("environment", ("fastsynth/env/", "bfcl_eval", "mpmath", "_pickle")),
    ("prompts", ("fastsynth/prompts.py", "jinja2")),
    ("checks and talk", ("fastsynth/method/", "fastsynth/synthesis.py")),
    ("client", ("fastsynth/llm/", "aiohttp", "yarl", "multidict", "asyncio/selector_events")),
    ("store", ("fastsynth/store/", "polars")),
    ("events and dashboard", ("fastsynth/dashboard/", "fastsynth/events.py", "rich/")),
    (
        "engine and loop",
        ("fastsynth/engine/", "fastsynth/running/", "asyncio/", "anyio/", "fastsynth/run.py"),
    ),
    ("opening", ("importlib", "fastsynth/sim/embedded", "compile")),
)
Key = tuple[str, int, str]
DEEPEST = 8


def shares(profile: cProfile.Profile) -> dict[str, float]:
    """Part -> share of the CPU; time spent waiting for the server is left out."""
    stats: dict[Key, Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    spent: Counter[str] = Counter()
    for key, (_, _, own, _, callers) in stats.items():
        _attribute(stats, key, own, callers, spent, DEEPEST)
    spent.pop("waiting", None)
    total = spent.total() or 1.0
    return {part: round(seconds / total, 4) for part, seconds in spent.most_common()}


def _attribute(
    stats: dict[Key, Any], key: Key, seconds: float, callers: Any, to: Counter[str], depth: int
) -> None:
    part = _part(key)
    whole = sum(entry[2] for entry in callers.values())
    if part or depth == 0 or not callers or seconds < 1e-6:
        to[part or "other"] += seconds
        return
    for caller, entry in callers.items():
        share = entry[2] / whole if whole else 1.0 / len(callers)
        _attribute(stats, caller, seconds * share, stats[caller][4], to, depth - 1)


def _part(key: Key) -> str:
    place = f"{key[0]}:{key[2]}"
    return next((part for part, marks in PARTS if any(mark in place for mark in marks)), "")
