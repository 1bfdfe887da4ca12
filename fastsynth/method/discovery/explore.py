"""Gets every tool of one scenario to run: what works from the start, then what a call unlocks.

The unlocking calls that carry no value (a log-in, an engine start) make up the *chain*, which
leads to the state from which most tools run.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import islice
from typing import Any

from anyio.lowlevel import checkpoint

from fastsynth.env import paths
from fastsynth.env.environment import Tool
from fastsynth.method.discovery.cover import cover
from fastsynth.method.discovery.harvest import harvest
from fastsynth.method.discovery.points import Called, Point, Success
from fastsynth.method.discovery.pool import Found, Pool
from fastsynth.method.discovery.probes import Prober, Upcoming, is_hollow, leaves_of, none_known
from fastsynth.method.discovery.search import Search, complaint_of, search
from fastsynth.method.discovery.similarity import likeness
from fastsynth.records import canonical

FIRST, AGAIN, UNLOCKED, REFILLED = 700, 150, 250, 24
"""Most calls of a search: first, after new values, after a call that helped, of what came empty."""
ROUNDS = 5
MORE_RUNS, MORE_TRIED, VARIANTS = 6, 48, 8
OTHERS = 12
"""Values tried in place of one that the call before gave."""
MOST_POINTS = 1000
"""Points held at a time: each has a copy of the whole state."""
KEPT = 4
"""Complaints of a blocked tool that are tried again elsewhere."""


class Explorer:
    """One scenario. After `explore`, `runs` holds a success of every tool that could be run."""

    def __init__(self, prober: Prober, pool: Pool, start: Point) -> None:
        self._prober = prober
        self._tools: Mapping[str, Tool] = prober.tools
        self.start = start
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
        self._prober.inquiry.enter("running every tool", len(self._tools))
        for round_number in range(ROUNDS):
            await self._sweep(FIRST if round_number == 0 else AGAIN)
            blocked = len(self._blocked())
            if not await self._lengthen_chain() and len(self._blocked()) == blocked:
                break
        await self._sweep(AGAIN)
        await self._refill()

    def keep(self, success: Success) -> None:
        """Notes a call that ran, and the values it gave."""
        self.runs.setdefault(success.tool, success)
        self._prober.inquiry.done = len(self.runs)
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
                found = await search(self._prober, self.here, self._tools[name], self.pool, tries)
                self._failed[name] = found.since(self._failed.get(name))
                if found.success is not None:
                    self.keep(found.success)
                    await self._run_more(found.success)
                    fresh = fresh or len(self.pool.values) > known
            tries = AGAIN

    async def _refill(self) -> None:
        """Reads that found nothing, once more: with values that were seen since, they may."""
        reads = [name for name in sorted(self.runs) if name not in self._prober.mutators]
        for name in [name for name in reads if is_hollow(self.runs[name].value)]:
            found = await search(self._prober, self.here, self._tools[name], self.pool, REFILLED)
            if found.success is not None and not is_hollow(found.success.value):
                del self.runs[name]
                self.keep(found.success)
                await self._run_more(found.success)

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
            tried = [*near, *self.pool.candidates(tool, parameter)][:MORE_TRIED]
            every = [{**run.arguments, parameter: value} for value in tried]
            for number, arguments in enumerate(every, 1):
                if left == 0 or arguments == run.arguments:
                    continue
                after = partial(islice, every, number, None)
                observation = await self._prober.run(run.point, run.tool, arguments, after)
                if observation.ok and not is_hollow(observation.value):
                    left -= 1
                    other = self._prober.success(run.point, run.tool, arguments, observation)
                    self.keep(other)
                    self.more.append(other)

    async def _add_optional(self, run: Success, parameter: str) -> None:
        """With a further parameter a tool may do something else altogether."""
        values = self.pool.candidates(self._tools[run.tool], parameter)[:OTHERS]
        every = [{**run.arguments, parameter: value} for value in values]
        for number, arguments in enumerate(every, 1):
            after = partial(islice, every, number, None)
            await self._prober.run(run.point, run.tool, arguments, after, sure=True)

    def _blocked(self) -> list[str]:
        return [name for name in sorted(self._tools) if name not in self.runs]

    async def _lengthen_chain(self) -> bool:
        """Adds the calls that unlock the most tools without giving them a value."""
        unlocks: dict[str, set[str]] = {}
        helped: dict[str, float] = {}
        calls: dict[str, Called] = {}
        for mutator in self._mutators():
            await checkpoint()
            variants = self._variants(mutator)
            for number, call in enumerate(variants, 1):
                others = [arguments for _, arguments in variants[number:]]
                point = await self.point_after(self.here, call, partial(iter, others))
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
        chosen = cover(unlocks) or sorted(helped, key=lambda mark: -helped[mark])[:1]
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

    async def values_given(self, call: Called) -> set[str]:
        """The values in the result of a call of the chain, or of one that may join it."""
        mark = canonical(call)
        if mark not in self._given:
            observation = await self._prober.run(self._before(call), *call)
            found = harvest(observation.value, self._tools[call[0]].result)
            self._given[mark] = {canonical(v) for _, v in found if not isinstance(v, bool)}
        return self._given[mark]

    def _before(self, call: Called) -> Point:
        return self.runs[call[0]].point if call not in self.chain else self.start

    async def _retry(self, point: Point, name: str, call: Called) -> float:
        """How much a call changes for a tool that failed before: 1 where it runs now, 0 where
        its complaints are as they were, between where they are others."""
        before = self._failed.get(name)
        if before is None or self._tools[name].part != self._tools[call[0]].part:
            return 0.0
        given = await self.values_given(call)
        change = 0.0
        heard = list(before.complaints.values())[:KEPT]
        for number, arguments in enumerate(heard, 1):
            after = partial(islice, heard, number, None)
            observation = await self._prober.run(point, name, arguments, after, sure=True)
            if observation.ok:
                found = self._prober.success(point, name, arguments, observation)
                return await self._sort_out(found, given)
            said = complaint_of(observation.message, arguments)
            near = max((likeness(said, heard) for heard in before.complaints), default=0.0)
            if said not in before.complaints:
                change = max(change, 0.9 - 0.8 * near)
        if not change and call != (call[0], self.runs[call[0]].arguments):
            return 0.0
        tries = UNLOCKED if change else KEPT * 6
        searched = await search(self._prober, point, self._tools[name], self.pool, tries)
        if searched.success is None:
            return change
        return await self._sort_out(searched.success, given)

    async def _sort_out(self, success: Success, given: set[str]) -> float:
        """A value of the unlocking call makes it a value edge, and the chain can do without."""
        if await self.on_its_own(success, given) is not None:
            return 1.0
        self.keep(success)
        return 0.0

    async def on_its_own(self, success: Success, given: set[str]) -> Called | None:
        """The call with arguments that are none of the values `given`; None where it needs one."""
        arguments = dict(success.arguments)
        for parameter, value in success.arguments.items():
            if not _holds(value, given):
                continue
            candidates = self.pool.candidates(self._tools[success.tool], parameter)
            others = [item for item in candidates if not _holds(item, given)][:OTHERS]
            every = [{**arguments, parameter: other} for other in others]
            for number, changed in enumerate(every, 1):
                after = partial(islice, every, number, None)
                if (await self._prober.run(success.point, success.tool, changed, after)).ok:
                    arguments = changed
                    break
            else:
                return None
        return success.tool, arguments

    async def point_after(
        self, point: Point, call: Called, upcoming: Upcoming = none_known
    ) -> Point | None:
        """`point` one call further, as a rule made once."""
        mark = canonical([*point.calls, call])
        if mark not in self._points:
            if len(self._points) >= MOST_POINTS:
                del self._points[next(iter(self._points))]
            self._points[mark] = await self._prober.after(point, *call, upcoming)
        return self._points[mark]

    async def _extend(self, call: Called) -> None:
        if (point := await self.point_after(self.here, call)) is not None:
            self.here = point
            self.chain.append(call)


def _holds(value: Any, given: set[str]) -> bool:
    return any(canonical(leaf) in given for _, leaf in paths.leaves(value))
