"""A domain of a user's tools whose scenarios start from states that an agent drafted."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec

from fastsynth.env import paths
from fastsynth.env.adapters.facts import facts_of
from fastsynth.env.environment import Domain, Scenario
from fastsynth.records import canonical


class Drafted:
    """Each job draws one of `states`; all else is the domain's. What its user could say comes
    from the state, and where that names nothing from the domain's own scenario."""

    def __init__(self, domain: Domain, states: Sequence[Any]) -> None:
        self._domain = domain
        self._states = tuple(states)
        (self._part,) = domain.parts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._domain, name)

    def draw(self, parts: Sequence[str], rng: Random) -> Scenario:
        drawn = self._domain.draw(parts, rng)
        state = rng.choice(self._states)
        held = canonical([value for _, value in paths.leaves(state)])
        about = tuple(e for e in drawn.thread.entities if canonical(e) in held)
        return msgspec.structs.replace(
            drawn,
            state={self._part: state},
            facts={**drawn.facts, **facts_of(self._domain.tools, state)},
            thread=msgspec.structs.replace(drawn.thread, entities=about),
        )
