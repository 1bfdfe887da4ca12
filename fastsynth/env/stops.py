"""Tools that never come back: a run over them would wait for its time limits, job after job.

Counts over all worlds of a domain. A tool that never gave a result and was stopped often enough is
not called again: the answer is the one it would get.
"""

from __future__ import annotations

from collections import Counter

from fastsynth.env.environment import Domain, Observation

MOST = 3
"""Calls without an answer, of a tool that never gave one; each was made twice."""


class Stops:
    def __init__(self, name: str = "") -> None:
        """`name`: the domain's."""
        self._name = name
        self._came: set[str] = set()
        self._stopped = Counter[str]()
        self.lost: dict[str, Observation] = {}
        """Tool that is not called again -> how its last call ended."""

    def note(self, tool: str, observation: Observation) -> None:
        if not observation.stopped:
            self._came.add(tool)
            return
        self._stopped[tool] += 1
        if tool not in self._came and self._stopped[tool] >= MOST:
            self.lost[tool] = observation

    def warning(self, tool: str) -> str:
        """What a person should know of a lost tool, and do about it."""
        said = f"{self.lost[tool].message}, each of {MOST} times, and never gave a result: it is"
        if self._name.startswith("mcp:"):
            remedy = "raise environment.mcp.time_limit, or name it in environment.mcp.hide"
        else:
            remedy = "raise tools.time_limit, or name it in tools.hide"
        return f"{said} not called again; mend it, {remedy}"


_OF: dict[int, tuple[Domain, Stops]] = {}


def stops_of(domain: Domain) -> Stops:
    """Those of all worlds of this very domain."""
    found = _OF.get(id(domain))
    if found is None:
        found = _OF[id(domain)] = domain, Stops(domain.name)
    return found[1]
