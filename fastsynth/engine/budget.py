"""Spending limits of a run: it drains so that what it spends comes to about its budget.

What the conversations under way will still take counts as well, guessed from those that have ended;
before the first has, nobody knows. Time is no such sum: at its end the draining begins.
"""

from __future__ import annotations

import anyio
import msgspec

from fastsynth.engine.shutdown import Stop
from fastsynth.events import Bounds, Event, JobFinished, JobStarted, RequestDone


class Budget(msgspec.Struct, kw_only=True):
    """Listens to jobs and requests; what was spent before counts too."""

    stop: Stop
    max_time: float | None = None
    """Seconds from `watch` on."""
    max_cost: float | None = None
    """US dollars."""
    max_tokens_total: int | None = None
    """Prompt and completion tokens together."""
    cost: float = 0.0
    tokens: int = 0
    _cost_before: float = 0.0
    _tokens_before: int = 0
    _ended: int = 0
    _alive: int = 0
    _began: float | None = None

    def __post_init__(self) -> None:
        self._cost_before, self._tokens_before = self.cost, self.tokens
        self._look()

    def listen(self, event: Event) -> None:
        if isinstance(event, RequestDone):
            self.tokens += event.prompt_tokens + event.completion_tokens
            self.cost += event.cost_usd or 0.0
            self._look()
        elif isinstance(event, JobStarted):
            self._alive += 1
        elif isinstance(event, JobFinished):
            self._alive -= 1
            self._ended += 1

    def left(self) -> Bounds:
        """What may still be spent."""
        usd, tokens, seconds = self.max_cost, self.max_tokens_total, self.max_time
        gone = anyio.current_time() - self._began if self._began is not None else 0.0
        return Bounds(
            usd=None if usd is None else max(0.0, usd - self.cost),
            tokens=None if tokens is None else max(0, tokens - self.tokens),
            seconds=None if seconds is None else max(0.0, seconds - gone),
        )

    async def watch(self) -> None:
        """Keeps the time; to be run beside the drain, and cancelled with it."""
        self._began = anyio.current_time()
        if self.max_time is not None:
            await anyio.sleep(self.max_time)
            self.stop.request("max_time", "the time is up")

    def _look(self) -> None:
        if self.max_cost is not None:
            more = self._to_come(self.cost - self._cost_before)
            if self.cost + more >= self.max_cost:
                told = f"${self.cost:,.2f} of ${self.max_cost:,.2f} spent"
                told += f", about ${more:,.2f} more for what is under way" if more else ""
                self.stop.request("max_cost", told)
        if self.max_tokens_total is not None:
            further = int(self._to_come(self.tokens - self._tokens_before))
            if self.tokens + further >= self.max_tokens_total:
                told = f"{self.tokens:,} of {self.max_tokens_total:,} tokens spent"
                told += f", about {further:,} more for what is under way" if further else ""
                self.stop.request("max_tokens_total", told)

    def _to_come(self, spent: float) -> float:
        """What the jobs under way will still take: they are through with half of it on average."""
        if not self._ended:
            return 0.0
        return spent / (self._ended + self._alive / 2) * self._alive / 2
