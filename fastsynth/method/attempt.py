"""One attempt at a turn: call, see, reason again, until a plain answer; then all checks.

Runs in the living world and leaves it where the attempt ended; taking it back is the chain's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import msgspec

from fastsynth.activity import doing
from fastsynth.env.world import Mark, World
from fastsynth.llm.wire import Transcript
from fastsynth.method.advanced import Advanced
from fastsynth.method.agents import Agents, Dropped, Place
from fastsynth.method.answer import answer_fault, kind_fault, unentailed
from fastsynth.method.claims import idle_fault
from fastsynth.method.forms import normal, stands_in
from fastsynth.method.kinds import NO_CALLS
from fastsynth.method.leakage import leak
from fastsynth.method.manner import manner_fault, thought
from fastsynth.method.outcome import outcome_fault
from fastsynth.method.pace import breathe
from fastsynth.method.parse import Spoken, arguments_of, spoken
from fastsynth.method.plan import Turn
from fastsynth.method.progress import progress
from fastsynth.method.script import Cue
from fastsynth.method.verify import Executed, Mode, Verdict, judge, ungrounded
from fastsynth.records import Message, ToolCall, canonical, encode


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What all attempts at one turn share. `transcript` ends with the user's message."""

    turn: Turn
    advanced: Advanced
    query: str
    transcript: Transcript
    tools: tuple[bytes, ...]
    tool_names: Collection[str]
    seen: Callable[[], list[Any]]
    """Arguments and results of earlier turns."""
    recalled: Any = None
    """For a turn with `recall`: the value that is asked for again."""
    script: Cue
    mode: Mode = "default"
    must_call: bool = False
    """Whether guided attempts have to call until as many calls came back as the trace has."""
    recorded: bool = True
    """Whether the attempt may become a row: then it must not tell how the data was made."""

    @property
    def told(self) -> str:
        """All earlier text of the conversation."""
        return " ".join(message.content or "" for message in self.transcript.messages[:-1])


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
    turn = scene.turn
    script = msgspec.structs.replace(
        scene.script,
        level=level,
        attempt=number,
        seed=agents.script_seed(scene.script.purpose, turn.number, number),
    )
    transcript = guided(agents, scene, level, hints)
    messages: list[Message] = []
    executed: list[Executed] = []
    fault: Dropped | None = None
    troubles = {trouble.tool: trouble.message for trouble in turn.interruptions}
    for step in range(2 * len(turn.steps) + 4):
        place = Place(turn=turn.number, attempt=number, step=step)
        await world.rest()
        must_call = level > 0 and _has_to_call(scene, executed)
        reply = await agents.reason(transcript, scene.tools, place, script, must_call)
        if isinstance(reply, Dropped):
            fault = reply
            break
        said = spoken(reply, scene.tool_names)
        message = _message(said, reply.reasoning.strip(), messages)
        transcript.append(message)
        messages.append(message)
        if not message.tool_calls:
            break
        fault = _unusable(scene, message) or _foretold(scene, said.content, executed)
        if fault is not None:
            break
        for call in message.tool_calls:
            result, ran = await _run(world, call, troubles)
            executed.append(msgspec.structs.replace(ran, message=step))
            messages.append(result)
            transcript.append(result)
        fault = stuck(executed)
        if fault is not None:
            break
    else:
        fault = _no("too_many_steps", f"{len(executed)} calls")
    await breathe()  # the checks read the whole conversation
    verdict = fault or await _verdict(scene, world, start, messages, executed)
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


def _has_to_call(scene: Scene, executed: list[Executed]) -> bool:
    if not scene.must_call or scene.turn.kind in NO_CALLS:
        return False
    return sum(1 for call in executed if not call.error) < len(scene.turn.steps)


def _message(said: Spoken, reasoning: str, before: list[Message]) -> Message:
    """What stands around a call that was written as text is thought, not said to anyone."""
    inner = thought(said.content) if said.from_text and not reasoning else reasoning
    return Message(
        role="assistant",
        content=None if said.from_text else said.content or None,
        reasoning=inner or None,
        tool_calls=_unique_ids(said.calls, before),
    )


def _foretold(scene: Scene, text: str, executed: list[Executed]) -> Dropped | None:
    """Words beside a call that tell a number or an id before any result has shown it."""
    if not text:
        return None
    seen = [*scene.seen(), *([call.arguments, call.value] for call in executed)]
    told = f"{scene.told} {scene.query}"
    unknown = unentailed(text, seen, told)
    return _no("result_foretold", unknown) if unknown else None


def stuck(executed: list[Executed]) -> Dropped | None:
    """The last call failed as it did before, and nothing has come back since: it will go on so."""
    for call in reversed(executed[:-1]):
        if not executed[-1].error or not call.error:
            return None
        if not call.interrupted and _same_call(call, executed[-1]):
            return _no("repeats_failed_call", f"{call.tool}: {call.error}"[:300])
    return None


def _same_call(one: Executed, other: Executed) -> bool:
    return one.tool == other.tool and canonical(one.arguments) == canonical(other.arguments)


def _unusable(scene: Scene, message: Message) -> Dropped | None:
    """Calls no row should hold: of tools that are not shown, or with arguments that are none."""
    for call in message.tool_calls:
        if call.name not in scene.tool_names:
            return _no("unknown_tool", call.name)
        if arguments_of(call) is None:
            return _no("malformed_arguments", call.arguments[:200])
    return None


async def _run(world: World, call: ToolCall, troubles: dict[str, str]) -> tuple[Message, Executed]:
    """Runs one call. A failure is an observation; the state must not have moved by it.

    A tool in `troubles` fails once with that text, before it is reached.
    """
    arguments = arguments_of(call) or {}
    trouble = troubles.pop(call.name, "")
    if trouble:
        ran = Executed(
            id=call.id, tool=call.name, arguments=arguments, error=trouble, interrupted=True
        )
        return _tool_message(call, canonical_result({"error": trouble})), ran
    before = await world.mark()
    forbidden = await world.forbidden(call.name, arguments)
    observation = await world.call(call.name, arguments)
    if observation.ok:
        ran = Executed(
            id=call.id,
            tool=call.name,
            arguments=world.log[-1][1],
            value=observation.value,
            forbidden=forbidden,
        )
        return _tool_message(call, canonical_result(observation.value)), ran
    moved = await _moved(world, before)
    ran = Executed(
        id=call.id,
        tool=call.name,
        arguments=arguments,
        error=observation.message,
        moved=moved,
        forbidden=forbidden,
    )
    return _tool_message(call, canonical_result({"error": observation.message})), ran


async def _moved(world: World, before: Mark) -> bool:
    """Whether a failed call changed the state; where it did not, the call is taken back whole."""
    after = await world.mark()
    digest = await world.digest()
    await world.rewind(before)
    if await world.digest() == digest:
        return False
    await world.rewind(after)
    return True


def canonical_result(value: Any) -> str:
    """A result as the model sees it and the row stores it: text as it is, all else as JSON."""
    return value if isinstance(value, str) else encode(value).decode()


def _tool_message(call: ToolCall, content: str) -> Message:
    return Message(role="tool", content=content, tool_call_id=call.id, name=call.name)


async def _verdict(
    scene: Scene,
    world: World,
    start: Mark,
    messages: list[Message],
    executed: list[Executed],
) -> Verdict | Dropped:
    """All checks of a finished attempt, execution first."""
    with doing("verifier"):
        verdict = await judge(scene.turn, world, start, executed, scene.mode)
    if isinstance(verdict, Dropped):
        return verdict
    guessed = ungrounded(scene.turn, executed, normal(f"{scene.told} {scene.query}"))
    if guessed:
        return _no("ungrounded_value", guessed)
    answer = messages[-1].content or ""
    context = [*scene.seen(), *([call.arguments, call.value] for call in executed)]
    told = f"{scene.told} {scene.query}"
    fault = (
        manner_fault(answer, scene.tool_names)
        or kind_fault(scene.turn, answer)
        or _idle_fault(scene, answer, context)
        or answer_fault(scene.turn, answer, context, told)
        or outcome_fault(
            answer, executed, lambda: f"{told} {context} {b' '.join(scene.tools).decode()}"
        )
    )
    if fault is not None:
        return fault
    if scene.turn.recall is not None and not stands_in(scene.recalled, normal(answer)):
        return _no("goal_value_not_told", str(scene.recalled))
    leaked = leaks(scene, messages) if scene.recorded else ""
    return _no("leakage", leaked) if leaked else verdict


def _idle_fault(scene: Scene, answer: str, context: list[Any]) -> Dropped | None:
    if scene.turn.kind not in NO_CALLS:
        return None
    rule = scene.turn.rule.text if scene.turn.rule is not None else ""
    return idle_fault(answer, scene.transcript.messages, context, rule)


def leaks(scene: Scene, messages: list[Message]) -> str:
    """Words of reasoning or answer that give the making of the data away, or ""."""
    for message in messages:
        if message.role == "assistant":
            text = f"{message.reasoning or ''} {message.content or ''}"
            found = leak(text, scene.advanced.name, scene.query)
            if found:
                return found
    return ""


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


def _no(reason: str, detail: str) -> Dropped:
    return Dropped(stage="chain", reason=reason, detail=detail)
