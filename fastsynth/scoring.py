"""Rewards: a model's own conversation, or its attempt at one turn, executed and judged by a row.

Each is replayed in a fresh environment: what the messages say that tools gave is passed over. The
verdict is the one that a run's own attempts and its student meet: by state, results and words.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any

import msgspec

from fastsynth.env.environment import Domain
from fastsynth.env.law import Governed, load_law
from fastsynth.env.registry import Options, domain_of_row
from fastsynth.env.world import living
from fastsynth.episode import Course, Episode, Said, TurnReward
from fastsynth.errors import FastsynthError
from fastsynth.method.conversation.due import Due
from fastsynth.records import Message, canonical
from fastsynth.rollout import NOT_REACHED, AsyncRollout, Reward
from fastsynth.store.task import Row, Task, task_of

__all__ = ["Reward", "Row", "Said", "Scorer", "TurnReward"]


class Scorer:
    """Opens what rows act in, each environment once. Of one event loop; any number of attempts may
    be scored at a time."""

    def __init__(self, *, time_limit: float = 10.0) -> None:
        """`time_limit`: seconds a call of a `python:` tool may take, as `tools.time_limit` of the
        run."""
        self._options = Options(time_limit=time_limit)
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
        """What the function `fastsynth.reward` does, in this loop."""
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

    @asynccontextmanager
    async def rollout(
        self, row: Row, turn: int | None = None, *, strict: bool = False, answer: bool = True
    ) -> AsyncIterator[AsyncRollout]:
        """What `fastsynth.Rollout` is, in this loop: of a turn, or of all turns of a whole row."""
        task = task_of(row)
        whole = turn is None and task.turn is None
        number = 0 if whole else _number(task, turn)
        turns = len(task.kinds) if whole else 1
        async with self._course(task) as course:
            while course.number < number:
                await course.recorded()
            episode = await course.episode(strict)
            yield AsyncRollout(course, episode, turns, strict=strict, answer=answer)

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
        return Reward(turns=(*turns, *[NOT_REACHED] * (len(task.kinds) - len(own))))

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
            domain, parts = domain_of_row(task.environment, options=self._options, state=state)
            if rules:
                domain = Governed(domain, load_law(rules), "")
            self._domains[key] = domain, parts
        return self._domains[key]


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
