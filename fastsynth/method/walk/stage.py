"""Where a turn is planned: the graph and the living world, what went before, and the job's chance.

The place and the brief: the planning is `plain`'s, and of special turns `special`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

import msgspec

from fastsynth.env.law import Law
from fastsynth.env.world import World
from fastsynth.method.graph.graph import ApiGraph
from fastsynth.method.plan import Turn
from fastsynth.method.walk.aims import TurnAim
from fastsynth.method.walk.memory import Memory
from fastsynth.method.walk.targets import Focus


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """What a plain turn is planned for, by itself or to be made a special one."""

    target: str
    """The conversation's own, tried first where no turn has had it."""
    kind: str
    """Of the special turn that is to be made of it; `base` where it stays plain."""
    calls: tuple[int, int]
    """Least and most a turn."""
    focus: Focus
    aim: TurnAim | None
    tries: Iterator[int]
    """Numbers of the times it is planned: each begins with another target."""


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """Where a turn is planned. Memory and world are living: planning leaves them after the turn."""

    graph: ApiGraph
    memory: Memory
    world: World
    before: Sequence[Turn]
    allowed: frozenset[str]
    plain_twin: bool
    rng: Random
    brief: Brief
    law: Law | None = None
