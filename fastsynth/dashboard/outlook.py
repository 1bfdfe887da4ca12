"""What a run is heading for by what it took so far: its cost at the end, the budget in its way."""

from __future__ import annotations

from fastsynth.events import Bounds, RunStarted


def projected(run: RunStarted, accepted: int, cost: float) -> float | None:
    """Dollars of this sitting when all are accepted, at the price of one so far; None before."""
    made = accepted - run.already_accepted
    if made <= 0:
        return None
    return cost * max(made, run.wanted - run.already_accepted) / made


def bound(
    left: Bounds, spent: Bounds, rates: tuple[float, ...], eta: float | None
) -> tuple[str, float] | None:
    """The budget that is spent first, where that comes before `eta`, and in how many seconds.

    `rates`: dollars and tokens a second, as they were lately.
    """
    usd, tokens = rates
    ends = list[tuple[float, str]]()
    if left.seconds is not None and spent.seconds is not None:
        ends.append((left.seconds - spent.seconds, "max_time"))
    if left.usd is not None and spent.usd is not None and usd > 0:
        ends.append(((left.usd - spent.usd) / usd, "max_cost"))
    if left.tokens is not None and spent.tokens is not None and tokens > 0:
        ends.append(((left.tokens - spent.tokens) / tokens, "max_tokens_total"))
    seconds, name = min(ends, default=(0.0, ""))
    if not name or (eta is not None and seconds >= eta):
        return None
    return name, max(0.0, seconds)
