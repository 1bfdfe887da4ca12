"""A model's rollout over a row: its messages in, what its calls give and what its user says out.

One turn, or all of a row's, one after another in one world. It ends with an answer that fails, with
a call that nothing can make right any more, or after the last turn.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fastsynth.episode import Course, Episode, Said, TurnReward
from fastsynth.errors import FastsynthError
from fastsynth.store.exports.formats import chat_messages, with_text_arguments

NOT_REACHED = TurnReward(passed=False, progress=0.0, reason="not_reached")


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


class Step(msgspec.Struct, frozen=True, kw_only=True):
    messages: list[dict[str, Any]]
    """What came back, in OpenAI's form: a `tool` message for each call, or the user's next one."""
    reward: float
    """Share of the rollout's turns that this step brought to pass: all steps' add up to `share`."""
    done: bool


class AsyncRollout:
    """Made by `Scorer.rollout`. Of one task at a time."""

    def __init__(
        self, course: Course, episode: Episode, turns: int, *, strict: bool, answer: bool
    ) -> None:
        self._course = course
        self._episode = episode
        self._strict = strict
        self._answer = answer
        self._turns = turns
        self._passed: list[TurnReward] = []
        self._failed: TurnReward | None = None
        self.messages = episode.messages
        """All that was said so far, in OpenAI's form, arguments as objects as chat templates read
        them; the row's own words first."""
        self.tools = episode.tools
        """OpenAI tool list as the model is to see it now; some conversations give more later."""

    @property
    def request(self) -> dict[str, Any]:
        """`messages` and `tools` as a request for a chat completion has them: arguments as text,
        no `tools` where there are none."""
        messages = with_text_arguments(self.messages)
        return {"messages": messages, "tools": self.tools} if self.tools else {"messages": messages}

    @property
    def done(self) -> bool:
        return self._failed is not None or len(self._passed) == self._turns

    async def step(self, said: Said | str) -> Step:
        """Takes a message of the assistant, native calls or calls written as text, and runs them.
        Raises FastsynthError where it has ended, never for what a model wrote."""
        if self.done:
            raise FastsynthError("rollout: a step after its end, need none where it is `done`")
        episode, known = self._episode, len(self._episode.said)
        await episode.step(
            {"role": "assistant", "content": said} if isinstance(said, str) else said
        )
        heard = chat_messages(episode.said[known:], "field")
        self.messages += heard
        came = heard[1:]
        passed = episode.over and await self._judged()
        if passed and not self.done:
            came = [await self._next()]
            self.messages += came
        return Step(messages=came, reward=passed / self._turns, done=self.done)

    async def reward(self) -> Reward:
        """Of what was said so far; a turn without an answer has failed, one that was not reached
        too."""
        turns = [*self._passed, *([self._failed] if self._failed else [])]
        if not self.done:
            turns.append(await self._episode.reward(answer=self._answer))
        return Reward(turns=(*turns, *[NOT_REACHED] * (self._turns - len(turns))))

    async def _judged(self) -> bool:
        verdict = await self._episode.reward(answer=self._answer)
        if verdict.passed:
            self._passed.append(verdict)
        else:
            self._failed = verdict
        return verdict.passed

    async def _next(self) -> dict[str, Any]:
        """The user's next message, after an answer that passed."""
        await self._course.take(self._episode)
        self._episode = await self._course.episode(self._strict)
        self.tools = self._episode.tools
        return self._episode.messages[-1]
