"""What went to each address and what came back: replies, prefix-cache hits, and what is unknown.

A send that was cut off (reset, time-out, cancelled) may have been served and billed; nobody tells.
Such sends are counted apart, with the most they can have cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from fastsynth.events import Event, RequestDone, RequestFailed, SlotTime

K = TypeVar("K", bound=str)


class EndpointUse(msgspec.Struct, frozen=True, kw_only=True):
    """One address, over all sittings; a killed sitting's last ten seconds are missing."""

    replies: int = 0
    failed: int = 0
    """Sends that brought no usable reply."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Of them, found in the server's prefix cache by its own word."""
    completion_tokens: int = 0
    seconds: float = 0.0
    """Of all replies together."""
    streamed: int = 0
    first_token_seconds: float = 0.0
    """Seconds to the first token, of the streamed replies together."""
    unknown: int = 0
    """Failed sends that the server may have served all the same."""
    unknown_tokens_at_most: int = 0
    hedged: int = 0
    """Second sends of one request, or first ones, that came too late: not among the failed."""
    hedged_tokens_at_most: int = 0
    slots: dict[str, float] = {}
    """Where the seconds of its slots went: `events.SlotLabel` -> slot-seconds."""
    limits: dict[str, float] = {}
    """Of those in which a request waited, by what held it back (`rpm`, `tpm`, `paused`, ...)."""

    @property
    def hit_rate(self) -> float:
        return self.cached_tokens / self.prompt_tokens if self.prompt_tokens else 0.0


class Traffic:
    """The listener; goes on from what earlier sittings counted."""

    def __init__(self, before: Mapping[str, EndpointUse] | None = None) -> None:
        self._counts: dict[str, _Count] = {
            name: _Count(**msgspec.to_builtins(use)) for name, use in (before or {}).items()
        }

    def __call__(self, event: Event) -> None:
        if isinstance(event, RequestDone):
            count = self._of(event.endpoint)
            count.replies += 1
            count.prompt_tokens += event.prompt_tokens
            count.cached_tokens += event.cached_tokens
            count.completion_tokens += event.completion_tokens
            count.seconds += event.seconds
            if event.first_token is not None:
                count.streamed += 1
                count.first_token_seconds += event.first_token
        elif isinstance(event, RequestFailed) and event.cause == "hedged":
            count = self._of(event.endpoint)
            count.hedged += 1
            count.hedged_tokens_at_most += event.tokens_at_most
        elif isinstance(event, RequestFailed):
            count = self._of(event.endpoint)
            count.failed += 1
            count.unknown += event.tokens_at_most > 0
            count.unknown_tokens_at_most += event.tokens_at_most
        elif isinstance(event, SlotTime):
            count = self._of(event.endpoint)
            _add(count.slots, event.seconds)
            _add(count.limits, event.limits)

    def uses(self) -> dict[str, EndpointUse]:
        return {
            name: EndpointUse(**msgspec.to_builtins(count))
            for name, count in sorted(self._counts.items())
        }

    def _of(self, endpoint: str) -> _Count:
        count = self._counts.get(endpoint)
        if count is None:
            count = self._counts[endpoint] = _Count()
        return count


def _add(sums: dict[str, float], more: Mapping[K, float]) -> None:
    for name, seconds in more.items():
        sums[name] = round(sums.get(name, 0.0) + seconds, 3)


class _Count(msgspec.Struct, kw_only=True):
    """`EndpointUse` while it is being counted."""

    replies: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    streamed: int = 0
    first_token_seconds: float = 0.0
    unknown: int = 0
    unknown_tokens_at_most: int = 0
    hedged: int = 0
    hedged_tokens_at_most: int = 0
    slots: dict[str, float] = {}
    limits: dict[str, float] = {}
