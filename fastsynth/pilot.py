"""What a large run will ask and cost, from a small one that the same models made.

Jobs of the small run are drawn anew, with replacement, a thousand times (the bootstrap); each time
their totals are scaled from the conversations among them to the number wanted. Nine in ten of the
totals lie within the interval that is told: wide where the pilot was small.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from rich.table import Table

from fastsynth.dashboard import figures
from fastsynth.errors import ConfigError
from fastsynth.seeds import derive
from fastsynth.store.journal import Head, heads
from fastsynth.store.manifest import Manifest

DRAWS = 1000
LOW, HIGH = 0.05, 0.95
FEWEST = 8
"""Accepted conversations below which an interval would mean nothing."""
COUNTED = ("requests", "prompt_tokens", "cached_tokens", "completion_tokens", "cost_usd")


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """Of the whole run; `low` to `high` holds nine in ten of the totals drawn."""

    likely: float
    low: float
    high: float


class Projection(msgspec.Struct, frozen=True, kw_only=True):
    conversations: int
    pilot: int
    """Accepted conversations of the small run."""
    jobs: Total
    requests: Total
    prompt_tokens: Total
    cached_tokens: Total
    """Of the prompt tokens."""
    completion_tokens: Total
    cost_usd: Total | None = None
    """None where the small run knew no price."""
    seconds: float | None = None
    """At as many requests a second as the small run sent on the whole."""


def project(run_dir: Path, manifest: Manifest, wanted: int) -> Projection:
    """Raises ConfigError where the run has too few conversations to tell anything."""
    found = list(_jobs(run_dir))
    accepted = sum(accepts for accepts, _ in found)
    if accepted < FEWEST:
        raise ConfigError(f"{run_dir}: {accepted} accepted, need a run with at least {FEWEST}")
    priced = all(head.cost_usd is not None for _, head in found if head.requests)
    totals = {name: _total(found, name, wanted) for name in COUNTED if name != "cost_usd" or priced}
    pace = manifest.usage.requests / manifest.wall_s if manifest.wall_s else 0.0
    return Projection(
        conversations=wanted,
        pilot=accepted,
        jobs=_total(found, "", wanted),
        seconds=totals["requests"].likely / pace if pace else None,
        **totals,
    )


def _jobs(run_dir: Path) -> Iterator[tuple[bool, Head]]:
    """Jobs that ended, each with whether its conversation counts: duplicates cost and do not."""
    seen: set[str] = set()
    for head, _ in heads(run_dir):
        counts = head.tag == "accepted" and head.content_hash not in seen
        seen.add(head.content_hash)
        if head.tag != "failed":
            yield counts, head


def _total(jobs: Sequence[tuple[bool, Head]], name: str, wanted: int) -> Total:
    """Of a count of the heads, or of the jobs themselves."""
    amounts = [(accepts, getattr(head, name) or 0.0 if name else 1.0) for accepts, head in jobs]

    def scaled(drawn: Sequence[tuple[bool, float]]) -> float:
        made = sum(accepts for accepts, _ in drawn)
        return sum(amount for _, amount in drawn) / max(made, 1) * wanted

    rng = derive(0, "pilot", name)
    drawn = sorted(scaled(rng.choices(amounts, k=len(amounts))) for _ in range(DRAWS))
    low, high = drawn[int(LOW * DRAWS)], drawn[int(HIGH * DRAWS) - 1]
    return Total(likely=scaled(amounts), low=low, high=high)


def table_of(found: Projection) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("", "likely", "nine in ten"):
        table.add_column(name, justify="left" if name == "" else "right")
    rows: Mapping[str, Total | None] = {
        "jobs": found.jobs,
        "requests": found.requests,
        "tokens in": found.prompt_tokens,
        "of them cached": found.cached_tokens,
        "tokens out": found.completion_tokens,
        "cost": found.cost_usd,
    }
    for name, total in rows.items():
        form = figures.money if name == "cost" else figures.short
        if total is not None:
            span = f"{form(total.low)} to {form(total.high)}"
            table.add_row(name, form(total.likely), span)
    return table


def told(found: Projection) -> Iterator[str]:
    """What is to be said under the table."""
    yield f"{found.conversations:,} conversations, from {found.pilot:,} of that run"
    if found.cost_usd is None:
        yield "its price is unknown: set the endpoint's `price`, and make the pilot again"
    if found.seconds is not None:
        yield f"{figures.clock(found.seconds)} at its pace; wider runs are faster"
