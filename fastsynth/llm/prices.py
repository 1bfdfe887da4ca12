"""What a usage costs by an endpoint's price table, in US dollars."""

from __future__ import annotations

from fastsynth.config import Price
from fastsynth.records import Usage

_MILLION = 1_000_000


def cost(price: Price | None, usage: Usage) -> float | None:
    """None where no price is known. Cached prompt tokens cost the input price unless told else."""
    if price is None:
        return None
    cached = min(usage.cached_tokens, usage.prompt_tokens)
    cached_price = price.input if price.cached is None else price.cached
    fresh = (usage.prompt_tokens - cached) * price.input
    return (fresh + cached * cached_price + usage.completion_tokens * price.output) / _MILLION
