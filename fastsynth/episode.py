"""A row's turns, taken one after another by somebody else, in a world made from the row alone.

Calls run and verdicts fall by the same code as in the chain: what a run accepts passes here, and
what it fails fails. What is done with a verdict is left to others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from fastsynth.env.world import Mark, World
from fastsynth.errors import FastsynthError
from fastsynth.llm.completion import Malformed, message_reply
from fastsynth.llm.wire import Transcript
from fastsynth.method.agents import Dropped, refused
from fastsynth.method.chain.attempt import as_message, most_steps
from fastsynth.method.chain.calling import canonical_result, run_call
from fastsynth.method.chain.checks import foretold, stuck, unusable, verdict_of
from fastsynth.method.chain.progress import progress
from fastsynth.method.chain.scene import Scene
from fastsynth.method.chain.verify import Executed, judge
from fastsynth.method.conversation.due import Due, turn_due
from fastsynth.method.conversation.rows import turns_of
from fastsynth.method.parse import spoken
from fastsynth.method.plan import Goal, Interruption, Step, Turn
from fastsynth.method.query.advanced import Advanced
from fastsynth.method.script import UNSCRIPTED
from fastsynth.records import Call, Message, ToolCall, encode
from fastsynth.store.exports.formats import chat_messages
from fastsynth.store.exports.lesson import tools_at
from fastsynth.store.task import Task

Said = Message | Mapping[str, Any]
"""A message, or one in OpenAI's form (arguments as text or as an object)."""


class TurnReward(msgspec.Struct, frozen=True, kw_only=True):
    passed: bool
    progress: float
    """Share of the turn's goals that were reached, in [0, 1]; 1 where it passed. 0 where a turn
    without goals (nothing may be called) failed."""
    reason: str = ""
    """Why it failed, one of the names of `rejects.parquet`: `wrong_state`, `missing_result`."""
    detail: str = ""


class Episode:
    """One attempt at a turn: runs the calls of its messages as they come, and judges it."""

    def __init__(self, world: World, scene: Scene, start: Mark) -> None:
        self._world = world
        self._scene = scene
        self.start = start
        """Where the world stood when it began."""
        self._troubles = _troubles(scene.turn.interruptions)
        self._fault: Dropped | None = None
        self._steps = 0
        self.said: list[Message] = []
        """Its messages so far, results included."""
        self.executed: list[Executed] = []

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What was said before, in OpenAI's form; the user's last."""
        return chat_messages(self._scene.transcript.messages, "none")

    @property
    def tools(self) -> list[dict[str, Any]]:
        """OpenAI tool list as the model is to see it."""
        return [msgspec.json.decode(tool) for tool in self._scene.tools]

    @property
    def over(self) -> bool:
        """Whether nothing that is still said can make it right: it was answered, or has failed."""
        return self._answered or self._fault is not None

    async def step(self, said: Said) -> list[dict[str, Any]]:
        """Runs the calls of a message of the assistant, native or written as text, and gives their
        results as `tool` messages; [] for an answer, which ends the turn."""
        if self._answered:
            self._fault = self._fault or refused("goes_on_after_answer", "")
            return []
        if (message := self._heard(said)) is None:
            return []
        self.said.append(message)
        self._fault = self._fault or self._misstep(message)
        results = [await self._run(call) for call in message.tool_calls]
        if results and self._fault is None:
            self._fault = stuck(self.executed)
        self._steps += 1
        self.said += results
        return chat_messages(results, "none")

    async def reward(self, *, answer: bool = True) -> TurnReward:
        """The verdict on what was said so far. Without `answer` on calls and state alone."""
        fault = self._fault
        if fault is None and answer and not self._answered:
            fault = refused("no_answer", f"{len(self.executed)} calls")
        if fault is None:
            fault = await self._judged(answer)
        if fault is None:
            return TurnReward(passed=True, progress=1.0)
        share = await progress(self._scene.turn, self._world, self.executed) or 0.0
        return TurnReward(passed=False, progress=share, reason=fault.reason, detail=fault.detail)

    @property
    def _answered(self) -> bool:
        last = self.said[-1] if self.said else None
        return last is not None and last.role == "assistant" and not last.tool_calls

    def _heard(self, said: Said) -> Message | None:
        given = msgspec.to_builtins(said) if isinstance(said, Message) else said
        calls = given.get("tool_calls") or ()
        named = [call.get("id") if isinstance(call, Mapping) else None for call in calls]
        first = len(self.executed)
        try:
            reply = message_reply(given, lambda n: named[n] or f"call{first + n:05d}")
        except Malformed as error:
            self._fault = self._fault or refused("malformed_message", str(error)[:200])
            return None
        words = spoken(reply, self._scene.tool_names)
        return as_message(words, reply.reasoning.strip(), self.said)

    def _misstep(self, message: Message) -> Dropped | None:
        """What ends an attempt before its calls run."""
        if self._steps >= most_steps(self._scene.turn):
            return refused("too_many_steps", f"{len(self.executed)} calls")
        if not message.tool_calls:
            return None
        words = message.content or ""
        return unusable(self._scene, message) or foretold(self._scene, words, self.executed)

    async def _run(self, call: ToolCall) -> Message:
        if self._fault is not None:
            text = canonical_result({"error": f"the attempt has failed: {self._fault.reason}"})
            return Message(role="tool", content=text, tool_call_id=call.id, name=call.name)
        result, ran = await run_call(self._world, call, self._troubles)
        self.executed.append(msgspec.structs.replace(ran, message=self._steps))
        self._fault = stuck(self.executed) if ran.stopped else None
        return result

    async def _judged(self, answer: bool) -> Dropped | None:
        scene, world, start = self._scene, self._world, self.start
        if answer:
            found = await verdict_of(scene, world, start, self.said, self.executed)
        else:
            found = await judge(scene.turn, world, start, self.executed, scene.mode)
        return found if isinstance(found, Dropped) else None


class Course:
    """The turns of a row in one world, in order: each is taken by an episode, or as recorded."""

    def __init__(self, task: Task, world: World) -> None:
        self._task = task
        self._world = world
        self._checks = msgspec.json.decode(task.checks, type=tuple[Due, ...])
        self._goals = msgspec.json.decode(task.goals, type=tuple[tuple[Goal, ...], ...])
        self._turns = list(turns_of(task.messages))
        before = len(task.messages) - sum(map(len, self._turns))
        self._transcript = Transcript(task.messages[:before])
        self._seen: list[Any] = []
        """Arguments and results of the turns behind."""
        self.number = 0
        """Of the turn that comes next, 0-based."""

    async def episode(self, strict: bool = False) -> Episode:
        """An attempt at the next turn; `strict`: by exactly the planned calls.

        Raises FastsynthError where these do not reach the recorded state: it judges nothing then.
        """
        start = await self._world.mark()
        turn = await self._turn()
        await self._world.rewind(start)
        transcript = self._transcript.fork()
        transcript.append(self._turns[self.number][0])
        return Episode(self._world, self._scene(turn, transcript, strict), start)

    async def take(self, episode: Episode) -> None:
        """The attempt passed: the conversation goes on from it."""
        self._on(self._turns[self.number][0], episode.said, episode.executed)

    async def leave(self, episode: Episode) -> None:
        """The attempt failed: the row's own turn stands in, as it does for a student."""
        await self._world.rewind(episode.start)
        await self.recorded()

    async def recorded(self) -> None:
        """The next turn as the row has it."""
        question, *said = self._turns[self.number]
        troubles = _troubles(self._checks[self.number].interruptions)
        calls = [call for message in said for call in message.tool_calls]
        ran = [(await run_call(self._world, call, troubles))[1] for call in calls]
        self._on(question, said, ran)

    def _on(self, question: Message, said: Iterable[Message], ran: Iterable[Executed]) -> None:
        for message in (question, *said):
            self._transcript.append(message)
        for call in ran:
            self._seen += [call.arguments, call.value]
        self.number += 1

    async def _turn(self) -> Turn:
        """The next turn as it was planned; the world stands after it."""
        task, number = self._task, self.number
        due = self._checks[number]
        steps = await _steps(task, number, self._world, due.trace or task.ground_truth[number])
        if await self._world.digest() != task.digests[number]:
            raise _unlike(task, number, "its planned calls reach another state than recorded")
        goals, digest = self._goals[number], task.digests[number]
        return turn_due(number, task.kinds[number], steps, goals, digest, due)

    def _scene(self, turn: Turn, transcript: Transcript, strict: bool) -> Scene:
        tools, seen = tools_at(self._task, turn.number), tuple(self._seen)
        due = self._checks[turn.number]
        return Scene(
            turn=turn,
            advanced=Advanced(),
            query=transcript.messages[-1].content or "",
            transcript=transcript,
            tools=tuple(map(encode, tools)),
            tool_names=[tool["function"]["name"] for tool in tools],
            seen=lambda: list(seen),
            recalled=due.recalled,
            script=UNSCRIPTED,
            mode="strict" if strict or due.strict else "default",
            language=due.language,
        )


async def _steps(task: Task, number: int, world: World, calls: Sequence[Call]) -> tuple[Step, ...]:
    steps = []
    for call in calls:
        arguments = msgspec.json.decode(call.arguments)
        seen = await world.call(call.name, arguments)
        if not seen.ok:
            raise _unlike(task, number, f"its planned {call.name} fails: {seen.message}")
        steps.append(Step(tool=call.name, arguments=arguments, sources={}, value=seen.value))
    return tuple(steps)


def _unlike(task: Task, number: int, what: str) -> FastsynthError:
    need = f"need {task.environment} as it was when the row was made"
    return FastsynthError(f"row {task.id}, turn {number}: {what}, {need}")


def _troubles(interruptions: Iterable[Interruption]) -> dict[str, str]:
    return {trouble.tool: trouble.message for trouble in interruptions}
