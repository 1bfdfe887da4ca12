"""How many tokens a request will take, guessed before and learned from what came back."""

from __future__ import annotations

import math
from typing import NamedTuple

from fastsynth.records import Usage


class Load(NamedTuple):
    """Tokens of one request, and the standard deviation of what is guessed of them."""

    tokens_in: float = 0.0
    tokens_out: float = 0.0
    spread: float = 0.0

    def of(self, name: str) -> float:
        """`in`, `out`, or both together."""
        if name == "in":
            return self.tokens_in
        return self.tokens_out if name == "out" else self.tokens_in + self.tokens_out


NOTHING = Load()

_WEIGHT = 0.005
"""Of the newest observation, once 200 are in; before that a plain mean. Faster ones follow the
bursts of a rate limit, whose first replies are the short ones."""


_DOUBT = 32
"""Observations that the upper bound counts for: the first to come back are the short ones."""


class Running:
    """Running mean and spread of a quantity that may drift."""

    __slots__ = ("count", "mean", "variance")

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0.0
        self.variance = 0.0

    def add(self, value: float) -> None:
        self.count += 1
        weight = max(_WEIGHT, 1.0 / self.count)
        gap = value - self.mean
        self.mean += weight * gap
        self.variance = (1.0 - weight) * (self.variance + weight * gap * gap)


class Estimates:
    """Tokens per request body byte, and completion tokens per purpose."""

    def __init__(self) -> None:
        self._per_byte = Running()
        self._output: dict[str, Running] = {}

    def guess(self, purpose: str, size: int, most: int) -> Load:
        """The load of a request of `size` bytes with at most `most` out.

        What is still in flight is longer than the mean, since the short are done: its mean is
        E[x^2] / E[x]. Without this a minute held 5% too much at 64 in flight.
        """
        per_byte = self._per_byte.mean if self._per_byte.count else 0.3
        seen = self._output.get(purpose)
        if seen is None:
            return Load(size * per_byte, most)
        doubt = _DOUBT / (_DOUBT + seen.count)
        output = min(seen.mean + seen.variance / max(seen.mean, 1.0), most)
        expected = doubt * most + (1.0 - doubt) * output
        return Load(size * per_byte, expected, math.sqrt(seen.variance))

    def learn(self, purpose: str, size: int, usage: Usage) -> None:
        if usage.prompt_tokens:
            self._per_byte.add(usage.prompt_tokens / size)
        self._output.setdefault(purpose, Running()).add(usage.completion_tokens)
