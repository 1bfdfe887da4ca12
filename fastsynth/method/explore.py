"""Gets every tool of one scenario to run: what works from the start, then what a call unlocks.

The unlocking calls that carry no value (a log-in, an engine start) make up the *chain*, which
leads to the state from which most tools run. Leaving one of them out again is what measures an
order edge: `B` ran, and without `A` it fails whatever its arguments are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from anyio.lowlevel import checkpoint

from fastsynth.env import paths
from fastsynth.env.environment import Tool
from fastsynth.method.pool import Found, Pool, harvest
from fastsynth.method.probes import (
    Called,
    Point,
    Prober,
    Search,
    Success,
    complaint_of,
    is_hollow,
    leaves_of,
)
from fastsynth.method.similarity import likeness
from fastsynth.records import canonical

FIRST, AGAIN, UNLOCKED = 700, 150, 250
"""Most calls of a search: the first one, one after new values, one after a call that helped."""
ROUNDS = 5
MORE_RUNS, MORE_TRIED, VARIANTS = 6, 48, 8
KEPT = 4
"""Complaints of a blocked tool that are tried again elsewhere."""


class OrderSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement: `after` ran with `before` and failed without, or ran all the same."""

    before: Called
    after: Called
    needed: bool
    complaint: str = ""


class Explorer:
    """One scenario. After `explore`, `runs` holds a success of every tool that could be run."""

    def __init__(self, prober: Prober, pool: Pool, start: Point) -> None:
        self._prober = prober
        self._tools: Mapping[str, Tool] = prober.tools
        self._start = start
        self._failed: dict[str, Search] = {}
        self._given: dict[str, set[str]] = {}
        self._points: dict[str, Point | None] = {}
        self.pool = pool
        self.here = start
        """The state at the end of the chain."""
        self.chain: list[Called] = []
        self.runs: dict[str, Success] = {}
        self.more: list[Success] = []
        """Further runs of reads, with other arguments: more values to try elsewhere."""

    async def explore(self) -> None:
        for round_number in range(ROUNDS):
            await self._sweep(FIRST if round_number == 0 else AGAIN)
            blocked = len(self._blocked())
            if not await self._lengthen_chain() and len(self._blocked()) == blocked:
                break
        await self._sweep(AGAIN)

    def keep(self, success: Success) -> None:
        """Notes a call that ran, and the values it gave."""
        self.runs.setdefault(success.tool, success)
        self._failed.pop(success.tool, None)
        for parameter, value in success.arguments.items():
            self.pool.add(Found(value=value, source="used", path=parameter))
        for path, value in leaves_of(success, self._tools[success.tool]):
            if not isinstance(value, bool):
                place = paths.pattern(path)
                found = Found(value=value, source="result", tool=success.tool, path=place)
                self.pool.add(found)

    async def _sweep(self, tries: int) -> None:
        """Searches for every tool that has not run, until no new one does."""
        fresh = True
        while fresh:
            fresh = False
            for name in self._blocked():
                await checkpoint()
                known = len(self.pool.values)
                found = await self._prober.search(self.here, self._tools[name], self.pool, tries)
                self._failed[name] = _merged(self._failed.get(name), found)
                if found.success is not None:
                    self.keep(found.success)
                    await self._run_more(found.success)
                    fresh = fresh or len(self.pool.values) > known
            tries = AGAIN

    async def _run_more(self, run: Success) -> None:
        """A read again with other arguments, one varied at a time."""
        if run.tool in self._prober.mutators:
            return
        tool, left = self._tools[run.tool], MORE_RUNS
        for parameter in tool.parameters.get("properties", {}):
            if parameter not in run.arguments:
                await self._add_optional(run, parameter)
        for parameter in run.arguments:
            near = self.pool.siblings(run.arguments[parameter])[: MORE_TRIED // 2]
            for value in [*near, *self.pool.candidates(tool, parameter)][:MORE_TRIED]:
                arguments = {**run.arguments, parameter: value}
                if left == 0 or arguments == run.arguments:
                    continue
                observation = await self._prober.run(run.point, run.tool, arguments)
                if observation.ok and not is_hollow(observation.value):
                    left -= 1
                    other = await self._prober.success(run.point, run.tool, arguments, observation)
                    self.keep(other)
                    self.more.append(other)

    async def _add_optional(self, run: Success, parameter: str) -> None:
        """What a tool does with a further parameter can be something else altogether."""
        for value in self.pool.candidates(self._tools[run.tool], parameter)[:2]:
            await self._prober.run(run.point, run.tool, {**run.arguments, parameter: value})

    def _blocked(self) -> list[str]:
        return [name for name in sorted(self._tools) if name not in self.runs]

    async def _lengthen_chain(self) -> bool:
        """Adds the calls that unlock the most tools without giving them a value."""
        unlocks: dict[str, set[str]] = {}
        helped: dict[str, float] = {}
        calls: dict[str, Called] = {}
        for mutator in self._mutators():
            await checkpoint()
            for call in self._variants(mutator):
                point = await self.point_after(self.here, call)
                if point is None or (call in self.chain):
                    continue
                mark = canonical(call)
                calls[mark] = call
                for name in self._blocked():
                    change = await self._retry(point, name, call)
                    if change == 1.0:
                        unlocks.setdefault(mark, set()).add(name)
                    elif change > 0.0:
                        helped[mark] = max(change, helped.get(mark, 0.0))
        best = sorted(helped, key=lambda mark: -helped[mark])[:1]
        chosen = _cover(unlocks) or best
        for mark in chosen:
            await self._extend(calls[mark])
        return bool(chosen)

    def _mutators(self) -> list[str]:
        """Calls that change the state of a part in which something is still blocked."""
        parts = {self._tools[name].part for name in self._blocked()}
        changing = [name for name in sorted(self.runs) if name in self._prober.mutators]
        return [name for name in changing if self._tools[name].part in parts]

    def _variants(self, mutator: str) -> list[Called]:
        """The call that ran, and it with one argument changed."""
        first = self.runs[mutator].arguments
        found = [(mutator, first)]
        for parameter in first:
            for value in self.pool.candidates(self._tools[mutator], parameter)[:VARIANTS]:
                if value != first[parameter]:
                    found.append((mutator, {**first, parameter: value}))
        return found

    async def _values_given(self, call: Called) -> set[str]:
        """The values in the result of a call of the chain, or of one that may join it."""
        mark = canonical(call)
        if mark not in self._given:
            observation = await self._prober.run(self._before(call), *call)
            found = harvest(observation.value, self._tools[call[0]].result)
            self._given[mark] = {
                canonical(value) for _, value in found if not isinstance(value, bool)
            }
        return self._given[mark]

    def _before(self, call: Called) -> Point:
        return self.runs[call[0]].point if call not in self.chain else self._start

    async def _retry(self, point: Point, name: str, call: Called) -> float:
        """How much a call changes for a tool that failed before: 1 where it runs now, 0 where
        its complaints are as they were, between where they are others."""
        before = self._failed.get(name)
        if before is None or self._tools[name].part != self._tools[call[0]].part:
            return 0.0
        given = await self._values_given(call)
        change = 0.0
        for arguments in list(before.complaints.values())[:KEPT]:
            observation = await self._prober.run(point, name, arguments)
            if observation.ok:
                found = await self._prober.success(point, name, arguments, observation)
                return self._sort_out(found, given)
            said = complaint_of(observation.message, arguments)
            near = max((likeness(said, heard) for heard in before.complaints), default=0.0)
            if said not in before.complaints:
                change = max(change, 0.9 - 0.8 * near)
        if not change and call != (call[0], self.runs[call[0]].arguments):
            return 0.0
        tries = UNLOCKED if change else KEPT * 6
        search = await self._prober.search(point, self._tools[name], self.pool, tries)
        if search.success is None:
            return change
        return self._sort_out(search.success, given)

    def _sort_out(self, success: Success, given: set[str]) -> float:
        """A value of the unlocking call makes it a value edge, and the chain can do without."""
        used = {canonical(value) for _, value in paths.leaves(success.arguments)}
        if used & given:
            self.keep(success)
            return 0.0
        return 1.0

    async def point_after(self, point: Point, call: Called) -> Point | None:
        """`point` one call further, made once."""
        mark = canonical([*point.calls, call])
        if mark not in self._points:
            self._points[mark] = await self._prober.after(point, *call)
        return self._points[mark]

    async def _extend(self, call: Called) -> None:
        point = await self.point_after(self.here, call)
        if point is not None:
            self.here = point
            self.chain.append(call)

    async def orders(self) -> list[OrderSeen]:
        """With and without each call of the chain, from one snapshot."""
        seen: list[OrderSeen] = []
        for left_out in self.chain:
            await checkpoint()
            without = await self._chain_without(left_out)
            with_all = {name: run for name, run in self.runs.items() if name != left_out[0]}
            for name, success in with_all.items():
                if self._tools[name].part == self._tools[left_out[0]].part:
                    seen += await self._measure(left_out, success, without)
        return _direct(seen)

    async def _chain_without(self, left_out: Called) -> Point:
        point = self._start
        for call in self.chain:
            if call is not left_out:
                point = await self.point_after(point, call) or point
        return point

    async def _measure(
        self, left_out: Called, success: Success, without: Point
    ) -> Iterable[OrderSeen]:
        """Nothing where the call takes a value from the one left out, or fails with it too."""
        given = await self._values_given(left_out)
        if given & {canonical(value) for value in success.arguments.values()}:
            return []
        call = (success.tool, success.arguments)
        if not (await self._prober.run(self.here, *call)).ok:
            return []
        observation = await self._prober.run(without, *call)
        needed = not observation.ok
        if needed:
            tool = self._tools[success.tool]
            found = await self._prober.search(without, tool, self.pool, AGAIN)
            needed = found.success is None
        return [
            OrderSeen(
                before=left_out, after=call, needed=needed, complaint=observation.message[:200]
            )
        ]


def _merged(before: Search | None, now: Search) -> Search:
    heard = {**(before.complaints if before else {}), **now.complaints}
    return Search(success=now.success, complaints=heard)


def _cover(reached: Mapping[str, set[str]]) -> list[str]:
    """Few keys that reach everything reached: the widest first."""
    left = set[str]().union(*reached.values())
    chosen: list[str] = []
    while left:
        best = max(sorted(reached), key=lambda name: len(reached[name] & left))
        chosen.append(best)
        left -= reached[best]
    return chosen


def _direct(seen: list[OrderSeen]) -> list[OrderSeen]:
    """Without those that follow from two others (engine needs doors, cruise needs engine)."""
    pairs = {(s.before[0], s.after[0]) for s in seen if s.needed}
    return [
        s
        for s in seen
        if not any((s.before[0], m) in pairs and (m, s.after[0]) in pairs for m, _ in pairs)
    ]
