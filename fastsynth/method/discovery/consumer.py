"""One parameter of a call that ran: does the call run with another value there?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from fastsynth.method.discovery.explore import Explorer
from fastsynth.method.discovery.points import Point, Success
from fastsynth.method.discovery.probes import Prober, is_hollow
from fastsynth.method.discovery.sources import Source
from fastsynth.records import canonical


class Consumer:
    """`runs` says whether the call runs with a value; what it gave before need not be asked."""

    def __init__(
        self, explorer: Explorer, prober: Prober, run: Success, parameter: str, many: bool
    ) -> None:
        self._explorer = explorer
        self._prober = prober
        self._parameter = parameter
        self._many = many
        self._hollow = is_hollow(run.value)
        self.run = run
        self.own = run.arguments.get(parameter)
        self.message = ""
        self._seen = {(id(run.point), canonical(self.known)): (run.point, True)}
        """By point and value: many results give the same, and the one that ran."""
        self._last = 0
        """Number of the call that is the last it may make."""

    @property
    def known(self) -> Any:
        """A value that works here; None where there is none."""
        return self.own[0] if isinstance(self.own, list) and self.own else self.own

    def allow(self, calls: int) -> None:
        """From now on, how many it may make."""
        self._last = self._prober.calls + calls

    @property
    def left(self) -> int:
        """Calls that may still be made; 0 where no answer says anything."""
        return min(self._prober.left, self._last - self._prober.calls)

    def arguments(self, value: Any) -> dict[str, Any]:
        if not self._many:
            return {**self.run.arguments, self._parameter: value}
        rest = [item for item in self.own or () if item != value][1:]
        return {**self.run.arguments, self._parameter: [value, *rest]}

    async def runs(self, point: Point, value: Any, further: Sequence[Any] = ()) -> bool:
        """`further`: values that will be tried from this point too."""
        mark = (id(point), canonical(value))
        if mark in self._seen:
            return self._seen[mark][1]
        upcoming = partial(map, self.arguments, further)
        observation = await self._prober.run(
            point, self.run.tool, self.arguments(value), upcoming, sure=True
        )
        self.message = observation.message or canonical(observation.value)
        ok = observation.ok and (self._hollow or not is_hollow(observation.value))
        self._seen[mark] = point, ok
        return ok

    async def point_of(self, source: Source) -> Point | None:
        """The consumer's point, after the source's call where that call changes the state."""
        point = self.run.point
        if not source.run.moved:
            return point
        call = (source.run.tool, source.run.arguments)
        return point if call in point.calls else await self._explorer.point_after(point, call)
