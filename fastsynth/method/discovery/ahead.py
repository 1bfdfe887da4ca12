"""Calls made before they are asked for, several at once, where an environment has sessions for it.

Each begins in its point's own state and is made once: how many sessions there are decides how long
it takes, never what is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import anyio
import msgspec

from fastsynth.engine.unwrap import unwrapped
from fastsynth.env.environment import Environment, Observation
from fastsynth.method.discovery.inquiry import Inquiry
from fastsynth.method.discovery.points import Point
from fastsynth.records import canonical

Arguments = dict[str, Any]
Key = tuple[int, str, str]


class Shown(msgspec.Struct, kw_only=True):
    """What a call gave, and the state after it."""

    observation: Observation
    snapshot: Any
    digest: str = ""
    """"" where it was not looked at so far: it may cost a battery of reads."""


Watched = Callable[[str, bool, Arguments], bool]
"""(tool, whether it ran, arguments) -> whether the digest after such a call will be asked for."""


class Ahead:
    """The calls of one scenario. Its sessions are its own: they stand in any state."""

    def __init__(self, sessions: Sequence[Environment], watched: Watched, inquiry: Inquiry) -> None:
        self._sessions = sessions
        self._watched = watched
        self._inquiry = inquiry
        self._made: dict[Key, Shown] = {}
        self._points: dict[int, Point] = {}
        self._about: tuple[int, str] = (0, "")
        self._wide = 1

    async def shown(
        self,
        point: Point,
        name: str,
        arguments: Arguments,
        upcoming: Iterable[Arguments],
        sure: bool,
        digested: bool,
    ) -> Shown:
        """What `name` gives from `point`. `upcoming`: what may be asked for next; where that is not
        `sure`, few of it are made at first, and more the longer the search takes."""
        self._points[id(point)] = point
        key = _key(point, name, arguments)
        if self._about != key[:2]:
            self._about, self._wide = key[:2], 1
        if key not in self._made:
            width = len(self._sessions) if sure else min(self._wide, len(self._sessions))
            self._wide *= 2
            batch = {key: arguments}
            for other in upcoming if width > 1 else ():
                mark = _key(point, name, other)
                if mark not in self._made:
                    batch.setdefault(mark, other)
                if len(batch) == width:
                    break
            await self._make(point, name, batch, digested)
        return self._made[key]

    async def again(self, point: Point, name: str, arguments: Arguments, times: int) -> list[Shown]:
        """The same call anew, `times` times, digests included."""
        found: list[Shown] = []

        async def one(session: Environment) -> None:
            found.append(await self._call(session, point, name, arguments, True))

        for start in range(0, times, len(self._sessions)):
            with unwrapped():
                async with anyio.create_task_group() as group:
                    for session in self._sessions[: times - start]:
                        group.start_soon(one, session)
        return found

    async def digest(self, shown: Shown) -> str:
        """Of the state after a call."""
        if not shown.digest:
            session = self._sessions[0]
            await session.restore(shown.snapshot)
            shown.digest = await session.digest()
        return shown.digest

    async def _make(
        self, point: Point, name: str, batch: dict[Key, Arguments], digested: bool
    ) -> None:
        async def one(session: Environment, key: Key, arguments: Arguments) -> None:
            self._made[key] = await self._call(session, point, name, arguments, digested)

        with unwrapped():
            async with anyio.create_task_group() as group:
                for session, (key, arguments) in zip(self._sessions, batch.items(), strict=False):
                    group.start_soon(one, session, key, arguments)

    async def _call(
        self,
        session: Environment,
        point: Point,
        name: str,
        arguments: Arguments,
        digested: bool,
    ) -> Shown:
        await session.restore(point.snapshot)
        observation = await session.call(name, arguments)
        self._inquiry.calls += 1
        shown = Shown(observation=observation, snapshot=await session.snapshot())
        if digested or self._watched(name, observation.ok, arguments):
            shown.digest = await session.digest()
        return shown


def _key(point: Point, name: str, arguments: Arguments) -> Key:
    return id(point), name, canonical(arguments)
