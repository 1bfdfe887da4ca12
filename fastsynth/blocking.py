"""Rewards and rollouts for programs that have no event loop: a thread of this process runs them.

From any thread. Environments stay open until the program ends.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack
from threading import Lock
from types import TracebackType
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal

from fastsynth.rollout import AsyncRollout, Reward, Step
from fastsynth.scoring import Row, Said, Scorer

__all__ = ["Rollout", "reward"]


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


class Rollout:
    """A row as an environment for a model: `step` by `step`, until it is `done`.

    Of one turn, where `turn` or a `task` that is about one says so, else of all turns of the row.
    Use it in a `with`, or `close` it. One thread at a time; any number of them side by side.
    `strict` and `answer` as for `reward`. Raises FastsynthError for a row that cannot be judged.
    """

    def __init__(
        self, row: Row, turn: int | None = None, *, strict: bool = False, answer: bool = True
    ) -> None:
        self._portal, scorer = _shared()
        opened = scorer.rollout(row, turn, strict=strict, answer=answer)
        self._held: AbstractContextManager[AsyncRollout, bool | None]
        self._held = self._portal.wrap_async_context_manager(opened)
        self._rollout = self._held.__enter__()
        _OPEN[id(self._held)] = self._held

    @property
    def messages(self) -> list[dict[str, Any]]:
        """All that was said so far, in OpenAI's form, arguments as objects as chat templates read
        them; the row's own words first."""
        return self._rollout.messages

    @property
    def tools(self) -> list[dict[str, Any]]:
        """OpenAI tool list as the model is to see it now; some conversations give more later."""
        return self._rollout.tools

    @property
    def request(self) -> dict[str, Any]:
        """Both as a request for a chat completion has them: `create(model=..., **request)`."""
        return self._rollout.request

    @property
    def done(self) -> bool:
        return self._rollout.done

    def step(self, said: Said | str) -> Step:
        """Takes a message of the assistant, native calls or calls written as text, and runs them.
        Raises FastsynthError where it has ended, never for what a model wrote."""
        return self._portal.call(self._rollout.step, said)

    @property
    def reward(self) -> Reward:
        """Of what was said so far; turns without an answer have failed."""
        return self._portal.call(self._rollout.reward)

    def close(self) -> None:
        """Frees its world. A second time does nothing."""
        if _OPEN.pop(id(self._held), None) is not None:
            self._held.__exit__(None, None, None)

    def __enter__(self) -> Rollout:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


_LOCK = Lock()
_SHARED: dict[int, tuple[BlockingPortal, Scorer]] = {}
"""By process: in a fork the thread of its parent is gone."""

_OPEN: dict[int, AbstractContextManager[AsyncRollout, bool | None]] = {}
"""By object: what nobody closed would keep the thread, and so the program, from ending."""


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
        while _OPEN:
            _OPEN.popitem()[1].__exit__(None, None, None)
        stack.close()
