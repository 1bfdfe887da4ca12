"""Where a turn is planned: the graph and the living world, what went before, and the job's chance.

Only the place: what is planned there is `special`'s, `missing`'s, `refusal`'s and `idle`'s.
"""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Sequence
from random import Random
from typing import Protocol

import msgspec

from fastsynth.env.law import Law
from fastsynth.env.world import World
from fastsynth.method.graph import ApiGraph
from fastsynth.method.memory import Memory
from fastsynth.method.plan import Turn


class PlanPlain(Protocol):
    def __call__(self, number: int, breaking: bool = False) -> Awaitable[Turn | None]:
        """Plans and executes a plain turn under a number, memory and world standing after it; with
        `breaking`, one whose last call a user's rule forbids."""


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """Where a special turn is planned."""

    graph: ApiGraph
    memory: Memory
    world: World
    before: Sequence[Turn]
    allowed: Collection[str]
    plain_twin: bool
    rng: Random
    plan: PlanPlain
    law: Law | None = None
