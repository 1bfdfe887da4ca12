"""The picture of a run at one moment: what every way of showing it is drawn from."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from fastsynth.dashboard import figures
from fastsynth.dashboard.rates import EndpointView
from fastsynth.events import Note, RunFinished, RunStarted

SCRIPTED = "scripted teacher: no model wrote this data"
WIDE = 120
"""Columns from which hint levels have a box of their own."""

Funnel = Mapping[str, Mapping[str, int]]
"""Stage -> reason -> jobs that ended there."""


class Stratum(msgspec.Struct):
    """Jobs of one stratum, by what became of them."""

    started: int = 0
    accepted: int = 0
    rejected: int = 0
    """Duplicates included."""
    failed: int = 0
    target: int = 0
    """Conversations wanted of it; 0 where nobody has told."""
    had: int = 0
    """Accepted by earlier sittings."""

    @property
    def counted(self) -> int:
        """Accepted as far as they are wanted, where that is known."""
        accepted = self.had + self.accepted
        return min(accepted, self.target) if self.target else accepted


class NoteLine(msgspec.Struct):
    note: Note
    at: float
    """Seconds since the start, to the last look at the run."""
    times: int = 1
    """The same text several times in a row is one line."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A run at one moment. Rates are per second; seconds count from the start."""

    run: RunStarted
    finished: RunFinished | None
    seconds: float
    accepted: int
    """Accepted by earlier sittings of the run included; of each stratum what is wanted of it."""
    wanted: int
    rejected: int
    """Duplicates included, so that `accepted + rejected + failed` are all jobs that ended."""
    duplicates: int
    failed: int
    jobs: int
    """Jobs that ended in this session."""
    conversations: int
    """Alive now."""
    in_flight: int
    """Requests on the wire now."""
    requests: int
    """Complete replies received."""
    reused: int
    requests_per_s: float
    tokens_per_s: float
    """Completion tokens."""
    accepted_per_s: float
    eta: float | None
    """Seconds to go at the acceptance rate of the last minute; None where there is none."""
    bound: tuple[str, float] | None = None
    """The budget that ends the run before its quota is full (`max_cost`), and in how many seconds,
    at the rates of the last minute."""
    draining: str = ""
    """Why no conversation is begun any more; "" while they are."""
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cost_usd: float | None
    """Sum over the requests whose price is known; None where no price is."""
    unpriced: int
    """Requests without a known price."""
    projected_usd: float | None = None
    """What this sitting will have cost when all are accepted, at the price of one so far."""
    retries: Mapping[str, int]
    given_up: Mapping[str, int]
    """Cause -> sends that were not tried again."""
    throttles: Mapping[str, int]
    throttled_s: float
    funnel: Funnel
    failures: Mapping[str, int]
    levels: Mapping[int, int]
    """Hint level -> turns that passed at it; -1: given up."""
    strata: Mapping[str, Stratum]
    endpoints: tuple[EndpointView, ...]
    unknown: int = 0
    """Sends that were cut off: the server may have served them."""
    unknown_tokens: int = 0
    """What they can have cost at most."""
    hedged: int = 0
    """Sends wasted because another one of the same request was quicker."""
    hedged_tokens: int = 0
    """What those can have cost at most."""
    sparks: tuple[float, ...]
    """Replies per second, one value a second, oldest first."""
    notes: tuple[NoteLine, ...]
    warnings: int
    preparing: str = ""
    """What is done before the run starts."""


def asks_no_model(run: RunStarted) -> bool:
    """Nothing costs money: teacher and student are scripted, or not known yet."""
    return {run.teacher, run.student} <= {"", "scripted"}


def spending(view: Snapshot) -> str:
    """`cost $1.20 of about $12.00`; "" before it is known who writes."""
    if view.cost_usd is None and asks_no_model(view.run):
        return "no model asked" if view.run.teacher else ""
    allowed, projected = view.run.left.usd, view.projected_usd
    if view.cost_usd is not None and allowed is not None and (projected or allowed) >= allowed:
        spent = figures.money(view.cost_usd, view.unpriced)
        return f"cost {spent} of {figures.money(allowed)} allowed"
    return figures.spending(view.cost_usd, view.unpriced, None if view.draining else projected)


def ending(view: Snapshot) -> str:
    """`ETA 04:31`; `max_cost in 04:31` where that is sooner. Once there are enough, or the run was
    told to end, how many conversations are still under way: earlier ones where there are enough,
    since which of them count is decided in the order of their numbers."""
    alive = view.conversations
    if view.wanted and view.accepted >= view.wanted:
        return f"{alive:,} earlier to end" if alive else "ETA 00:00"
    if view.draining:
        return f"{view.draining}: {alive:,} to end"
    if view.bound is not None:
        return f"{view.bound[0]} in {figures.clock(view.bound[1])}"
    return f"ETA {figures.clock(view.eta)}"
