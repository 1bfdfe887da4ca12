"""One attempt at a turn: call, see, reason again, until a plain answer; then all checks.

Runs in the living world and leaves it where the attempt ended; taking it back is the chain's.
"""

from __future__ import annotations

import msgspec

from fastsynth.env.world import Mark, World
from fastsynth.llm.wire import Transcript
from fastsynth.method.agents import Agents, Dropped, Place
from fastsynth.method.chain.calling import run_call
from fastsynth.method.chain.checks import foretold, stuck, unfinished, unusable, verdict_of
from fastsynth.method.chain.manner import thought
from fastsynth.method.chain.progress import progress
from fastsynth.method.chain.scene import Scene
from fastsynth.method.chain.verify import Executed, Verdict
from fastsynth.method.kinds import NO_CALLS
from fastsynth.method.pace import breathe
from fastsynth.method.parse import Spoken, spoken
from fastsynth.method.plan import Turn
from fastsynth.records import Message, ToolCall, canonical


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt as it went: its messages after the user's, and the calls that ran."""

    level: int
    number: int
    messages: tuple[Message, ...]
    executed: tuple[Executed, ...]
    fault: Dropped | None
    verdict: Verdict | None = None
    signature: str = ""
    """End state and calls: two failing trials with one signature agree with each other."""
    progress: float | None = None


async def attempt(
    agents: Agents,
    world: World,
    scene: Scene,
    start: Mark,
    number: int,
    level: int,
    hints: list[str],
) -> Trial:
    """One attempt from the turn's start: call, see, reason again, until a plain answer comes."""
    course = _Course(guided(agents, scene, level, hints), scene.turn)
    fault = await _converse(agents, world, scene, course, number, level)
    messages, executed = course.messages, course.executed
    await breathe()  # the checks read the whole conversation
    verdict = fault or await verdict_of(scene, world, start, messages, executed)
    return Trial(
        level=level,
        number=number,
        messages=tuple(messages),
        executed=tuple(executed),
        fault=verdict if isinstance(verdict, Dropped) else None,
        verdict=verdict if isinstance(verdict, Verdict) else None,
        signature=await _signature(world, executed),
        progress=await _progress(scene, world, executed) if isinstance(verdict, Dropped) else None,
    )


class _Course:
    """What an attempt has said, called and seen so far."""

    def __init__(self, transcript: Transcript, turn: Turn) -> None:
        self.transcript = transcript
        self.messages: list[Message] = []
        self.executed: list[Executed] = []
        self._troubles = {trouble.tool: trouble.message for trouble in turn.interruptions}

    def add(self, message: Message) -> None:
        self.transcript.append(message)
        self.messages.append(message)

    async def run(self, world: World, message: Message, step: int) -> None:
        """Its calls, one after the other; none after one that never came back."""
        for call in message.tool_calls:
            result, ran = await run_call(world, call, self._troubles)
            self.executed.append(msgspec.structs.replace(ran, message=step))
            if ran.stopped:
                return
            self.add(result)


async def _converse(
    agents: Agents, world: World, scene: Scene, course: _Course, number: int, level: int
) -> Dropped | None:
    """Steps until a plain answer; what ends the attempt before it, or None."""
    turn = scene.turn
    seed = agents.script_seed(scene.script.purpose, turn.number, number)
    script = msgspec.structs.replace(scene.script, level=level, attempt=number, seed=seed)
    for step in range(most_steps(turn)):
        await world.rest()
        must_call = scene.must_call and level > 0 and await unfinished(turn, world, course.executed)
        place = Place(turn=turn.number, attempt=number, step=step)
        reply = await agents.reason(course.transcript, scene.tools, place, script, must_call)
        if isinstance(reply, Dropped):
            return reply
        said = spoken(reply, scene.tool_names)
        message = as_message(said, reply.reasoning.strip(), course.messages)
        course.add(message)
        if not message.tool_calls:
            return None
        fault = unusable(scene, message) or foretold(scene, said.content, course.executed)
        if fault is not None:
            return fault
        await course.run(world, message, step)
        if (fault := stuck(course.executed)) is not None:
            return fault
    detail = f"{len(course.executed)} calls"
    return Dropped(stage="chain", reason="too_many_steps", detail=detail)


def most_steps(turn: Turn) -> int:
    """Messages of the assistant that an attempt may have, its answer included."""
    return 2 * len(turn.steps) + 4


def guided(agents: Agents, scene: Scene, level: int, hints: list[str]) -> Transcript:
    """The transcript of an attempt: from level 1 on, guidance follows the user's own words."""
    if level == 0:
        return scene.transcript.fork()
    _, guidance = agents.prompts["guidance"].render(
        name=scene.advanced.name,
        description=scene.advanced.description,
        tools=list(dict.fromkeys(step.tool for step in scene.turn.steps)),
        missing=scene.turn.kind in NO_CALLS,
        hints=hints,
    )
    *earlier, question = scene.transcript.messages
    words = f"{question.content}\n\n{guidance}"
    transcript = Transcript(tuple(earlier))
    transcript.append(Message(role="user", content=words))
    return transcript


def as_message(said: Spoken, reasoning: str, before: list[Message]) -> Message:
    """What stands around a call that was written as text is thought, not said to anyone."""
    inner = thought(said.content) if said.from_text and not reasoning else reasoning
    return Message(
        role="assistant",
        content=None if said.from_text else said.content or None,
        reasoning=inner or None,
        tool_calls=_unique_ids(said.calls, before),
    )


async def _progress(scene: Scene, world: World, executed: list[Executed]) -> float | None:
    return await progress(scene.turn, world, executed) if scene.mode == "progress" else None


async def _signature(world: World, executed: list[Executed]) -> str:
    calls = sorted(f"{call.tool}{canonical(call.arguments)}" for call in executed)
    return f"{await world.digest()} {calls}" if executed else ""


def _unique_ids(calls: tuple[ToolCall, ...], before: list[Message]) -> tuple[ToolCall, ...]:
    """Ids once only in a turn: a text-form call made twice would repeat its id."""
    taken = {call.id for message in before for call in message.tool_calls}
    unique: list[ToolCall] = []
    for call in calls:
        number, fresh = 0, call.id
        while fresh in taken:
            number += 1
            fresh = f"{call.id[:7]}{number:02d}"
        taken.add(fresh)
        unique.append(msgspec.structs.replace(call, id=fresh))
    return tuple(unique)
