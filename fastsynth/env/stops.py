"""Tools that never come back: a run over them would wait for its time limits, job after job.

Counts over all worlds of a domain. It only ever ends a run; no conversation depends on it.
"""

from __future__ import annotations

from collections import Counter

from fastsynth.env.environment import Domain, Observation
from fastsynth.errors import ConfigError

MOST = 3
"""Calls without an answer, of a tool that never gave one; each was made twice."""


class Stops:
    def __init__(self, name: str = "") -> None:
        """`name`: the domain's."""
        self._name = name
        self._came: set[str] = set()
        self._stopped = Counter[str]()

    def note(self, tool: str, observation: Observation) -> None:
        """Raises ConfigError at the third call of a tool that has never come back."""
        if not observation.stopped:
            self._came.add(tool)
            return
        self._stopped[tool] += 1
        if tool not in self._came and self._stopped[tool] >= MOST:
            raise ConfigError(
                f"{self._name}: {observation.message}, each of {MOST} times, and never gave a "
                f"result: {_remedy(self._name)}"
            )


def _remedy(name: str) -> str:
    if name.startswith("mcp:"):
        return "mend it, raise environment.mcp.time_limit, or name it in environment.mcp.hide"
    return "mend it, raise tools.time_limit, or begin its name with _ to leave it out"


_OF: dict[int, tuple[Domain, Stops]] = {}


def stops_of(domain: Domain) -> Stops:
    """Those of all worlds of this very domain."""
    found = _OF.get(id(domain))
    if found is None:
        found = _OF[id(domain)] = domain, Stops(domain.name)
    return found[1]
