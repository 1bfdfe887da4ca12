"""A domain of a user's tools whose scenarios start from states that an agent drafted: values of a
module's or object's own, or calls of an MCP server's tools.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from random import Random
from typing import Any, Literal

import msgspec

from fastsynth.env import paths
from fastsynth.env.adapters.facts import facts_of
from fastsynth.env.adapters.mcp.stock import Stock, scenario_of
from fastsynth.env.environment import Domain, Scenario, Tool
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
            state={**drawn.state, self._part: state},
            facts={**drawn.facts, **facts_of(self._domain.tools, state)},
            thread=msgspec.structs.replace(drawn.thread, entities=about),
        )


class Stocked:
    """Each job draws one of `stocks`; all else is the domain's, an MCP server's. Tools whose whole
    result varies, as tries with the drafted calls showed, are left out."""

    def __init__(self, domain: Domain, stocks: Sequence[Stock]) -> None:
        self._domain = domain
        self._stocks = tuple(stocks)
        self._moving = any(stock.found.moving for stock in stocks)
        lost = {name for stock in stocks for name in stock.found.left_out}
        self.tools: Mapping[str, Tool] = {n: t for n, t in domain.tools.items() if n not in lost}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._domain, name)

    @property
    def mark(self) -> str:
        """Hash of the stocks: what is found out about the tools depends on them."""
        text = canonical(msgspec.to_builtins(self._stocks))
        return blake2b(text.encode(), digest_size=16).hexdigest()

    @property
    def state_check(self) -> Literal["full", "observed"]:
        return "observed" if self._moving else self._domain.state_check

    def draw(self, parts: Sequence[str], rng: Random) -> Scenario:
        drawn = self._domain.draw(parts, rng)
        stock, seen = rng.choice(self._stocks), self.state_check == "full"
        return scenario_of(drawn, self.tools, stock, rng, seen=seen)
