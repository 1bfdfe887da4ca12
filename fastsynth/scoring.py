"""Rewards: a model's own conversation, or its attempt at one turn, executed and judged by a row.

Each is replayed in a fresh environment: what the messages say that tools gave is passed over. The
verdict is the one that a run's own attempts and its student meet: by state, results and words.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import ExitStack, asynccontextmanager
from threading import Lock
from types import TracebackType
from typing import Any

import msgspec
from anyio.from_thread import BlockingPortal, start_blocking_portal

from fastsynth.env.environment import Domain
from fastsynth.env.law import Governed, load_law
from fastsynth.env.registry import domain_of_row
from fastsynth.env.world import living
from fastsynth.episode import Course, Episode, Said, TurnReward
from fastsynth.errors import FastsynthError
from fastsynth.method.conversation.due import Due
from fastsynth.records import Message, canonical
from fastsynth.store.task import Row, Task, task_of

__all__ = ["Reward", "Row", "Said", "Scorer", "TurnReward", "reward"]


class Reward(msgspec.Struct, frozen=True, kw_only=True):
    turns: tuple[TurnReward, ...]
    """One for each turn that was judged, in order."""

    @property
    def score(self) -> float:
        """1.0 where every turn passed, else 0.0."""
        return float(all(turn.passed for turn in self.turns))

    @property
    def share(self) -> float:
        """Share of turns that passed, in [0, 1]."""
        return sum(turn.passed for turn in self.turns) / len(self.turns)

    @property
    def progress(self) -> float:
        """Share of goals that were reached, mean over turns, in [0, 1]."""
        return sum(turn.progress for turn in self.turns) / len(self.turns)

    def __float__(self) -> float:
        return self.score


class Scorer:
    """Opens what rows act in, each environment once. Of one event loop; any number of attempts may
    be scored at a time."""

    def __init__(self) -> None:
        self._domains: dict[tuple[str, ...], tuple[Domain, tuple[str, ...]]] = {}

    async def __aenter__(self) -> Scorer:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for domain, _ in self._domains.values():
            await domain.close()

    async def reward(
        self,
        row: Row,
        messages: str | Iterable[Said],
        turn: int | None = None,
        *,
        strict: bool = False,
        answer: bool = True,
    ) -> Reward:
        """What the function `reward` does, in this loop."""
        task = task_of(row)
        said = _said(messages)
        number = _about(task, turn, said)
        if number is None:
            return await self._conversation(task, said, strict, answer)
        async with self.episode(row, number, strict=strict) as episode:
            return Reward(turns=(await _judged(episode, _own(said), answer),))

    @asynccontextmanager
    async def episode(
        self, row: Row, turn: int | None = None, *, strict: bool = False
    ) -> AsyncIterator[Episode]:
        """A world at the start of a turn, what was said before as the row has it; to be taken step
        by step. Raises FastsynthError for a row that cannot be judged."""
        task = task_of(row)
        number = _number(task, turn)
        async with self._course(task) as course:
            while course.number < number:
                await course.recorded()
            yield await course.episode(strict)

    async def _conversation(
        self, task: Task, said: list[dict[str, Any]], strict: bool, answer: bool
    ) -> Reward:
        """Turn by turn; after a failure the row's own turn stands in."""
        own = _by_turn(said)
        if len(own) > len(task.kinds):
            raise FastsynthError(
                f"row {task.id}: {len(own)} messages of the user, need at most {len(task.kinds)}"
            )
        turns: list[TurnReward] = []
        async with self._course(task) as course:
            for messages in own:
                episode = await course.episode(strict)
                turns.append(await _judged(episode, messages, answer))
                await (course.take(episode) if turns[-1].passed else course.leave(episode))
        absent = TurnReward(passed=False, progress=0.0, reason="not_reached")
        return Reward(turns=(*turns, *[absent] * (len(task.kinds) - len(own))))

    @asynccontextmanager
    async def _course(self, task: Task) -> AsyncIterator[Course]:
        state: dict[str, Any] = msgspec.json.decode(task.scenario)
        domain, parts = self._domain(task, state)
        async with living(domain, parts, state) as world:
            yield Course(task, world)

    def _domain(self, task: Task, state: dict[str, Any]) -> tuple[Domain, tuple[str, ...]]:
        rules = msgspec.json.decode(task.checks, type=list[Due])[0].rules
        key = task.environment, canonical([state.get("mcp"), state.get("found")]), rules
        if key not in self._domains:
            domain, parts = domain_of_row(task.environment, state=state)
            if rules:
                domain = Governed(domain, load_law(rules), "")
            self._domains[key] = domain, parts
        return self._domains[key]


def reward(
    row: Row,
    messages: str | Iterable[Said],
    turn: int | None = None,
    *,
    strict: bool = False,
    answer: bool = True,
) -> Reward:
    """A conversation, or an attempt at one turn (0-based), executed and judged by a row.

    `messages` with `turn`, or by a `task` that is about a turn: what stands after the last message
    of the user is the attempt, which follows what the row says up to there. Else a conversation,
    cut at its messages of the user, each of which stands for the row's own; one turn's words alone
    will do where the row has one turn. A text is one message of the assistant. `strict`: exactly
    the planned calls, in order; else other ways to the same end are right too. Without `answer`
    calls and state alone are judged.

    Blocks, from any thread; environments stay open in a thread of this process. Raises
    FastsynthError for a row that cannot be judged, never for what a model wrote.
    """
    portal, scorer = _shared()

    async def scored() -> Reward:
        return await scorer.reward(row, messages, turn, strict=strict, answer=answer)

    return portal.call(scored)


async def _judged(episode: Episode, messages: Iterable[dict[str, Any]], answer: bool) -> TurnReward:
    for message in messages:
        await episode.step(message)
    return await episode.reward(answer=answer)


def _said(messages: str | Iterable[Said]) -> list[dict[str, Any]]:
    """Without what nobody but tools and the prompt said; messages of the user as borders."""
    if isinstance(messages, str):
        return [{"role": "assistant", "content": messages}]
    given = [msgspec.to_builtins(m) if isinstance(m, Message) else dict(m) for m in messages]
    return [message for message in given if message.get("role") in ("user", "assistant")]


def _own(said: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """After the last message of the user."""
    borders = [place for place, message in enumerate(said) if message["role"] == "user"]
    return list(said[borders[-1] + 1 :] if borders else said)


def _by_turn(said: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    turns: list[list[dict[str, Any]]] = []
    for message in said:
        if message["role"] == "user":
            turns.append([])
        elif turns:
            turns[-1].append(message)
    return turns


def _about(task: Task, turn: int | None, said: Sequence[dict[str, Any]]) -> int | None:
    """The turn that the messages are an attempt at; None for a whole conversation."""
    if turn is None and task.turn is None and any(m["role"] == "user" for m in said):
        return None
    return _number(task, turn)


def _number(task: Task, turn: int | None) -> int:
    number = task.turn if turn is None else turn
    if number is None and len(task.kinds) == 1:
        return 0
    if number is None or not 0 <= number < len(task.kinds):
        allowed = f"need a turn of row {task.id}, 0 to {len(task.kinds) - 1}"
        raise FastsynthError(f"turn: {number!r}, {allowed}")
    return number


_LOCK = Lock()
_SHARED: dict[int, tuple[BlockingPortal, Scorer]] = {}
"""By process: in a fork the thread of its parent is gone."""


def _shared() -> tuple[BlockingPortal, Scorer]:
    with _LOCK:
        own = os.getpid()
        if own not in _SHARED:
            stack = ExitStack()
            portal = stack.enter_context(start_blocking_portal())
            scorer = stack.enter_context(portal.wrap_async_context_manager(Scorer()))
            atexit.register(_close, own, stack)
            _SHARED[own] = portal, scorer
        return _SHARED[own]


def _close(process: int, stack: ExitStack) -> None:
    if process == os.getpid():
        stack.close()
