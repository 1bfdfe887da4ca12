"""Truth by execution: replays rows in fresh environments built from the row alone.

For every turn, the ground truth must run and reach the recorded state, and the recorded calls
must give the recorded results and reach the same state.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fastsynth.env.environment import Domain
from fastsynth.env.registry import Options, domain_of_row
from fastsynth.env.world import living
from fastsynth.method.conversation.witness import (
    Mismatch,
    replay_recorded,
    replay_truth,
    says_the_truth,
)
from fastsynth.records import Conversation, canonical

__all__ = ["Mismatch", "Verifier"]


class Verifier:
    """Replays rows; opens each domain once."""

    def __init__(self, options: Options | None = None) -> None:
        """`options`: how users' own tools are run."""
        self._options = options
        self._domains: dict[tuple[str, str], tuple[Domain, tuple[str, ...]]] = {}

    async def check(self, row: Conversation) -> list[Mismatch]:
        """Everything in which a row's replay differs from the row; [] where nothing does."""
        state: dict[str, Any] = msgspec.json.decode(row.scenario)
        key = row.environment, canonical([state.get("mcp"), state.get("found")])
        if key not in self._domains:
            opened = domain_of_row(row.environment, options=self._options, state=state)
            self._domains[key] = opened
        domain, parts = self._domains[key]
        async with living(domain, parts, state, fresh=True) as world:
            faults = [fault async for fault in replay_recorded(row, world)]
        if not faults and says_the_truth(row):
            return []
        async with living(domain, parts, state, fresh=True) as world:
            return [fault async for fault in replay_truth(row, world)] + faults

    async def close(self) -> None:
        for domain, _ in self._domains.values():
            await domain.close()
