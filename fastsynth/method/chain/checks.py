"""What an attempt may not do, and what must be right at its end: execution first, then words."""

from __future__ import annotations

from collections.abc import Sequence

from fastsynth.activity import doing
from fastsynth.env.world import Mark, World
from fastsynth.languages import ENGLISH, LANGUAGES
from fastsynth.method.agents import Dropped, refused
from fastsynth.method.chain.answer import goal_fault, kind_fault
from fastsynth.method.chain.claims import Ground, claim_fault, unentailed
from fastsynth.method.chain.leakage import leak
from fastsynth.method.chain.manner import manner_fault
from fastsynth.method.chain.outcome import outcome_fault
from fastsynth.method.chain.scene import Scene
from fastsynth.method.chain.verify import Executed, Verdict, judge, reached, ungrounded
from fastsynth.method.forms import normal, stands_in
from fastsynth.method.kinds import NO_CALLS
from fastsynth.method.parse import arguments_of
from fastsynth.method.plan import Turn
from fastsynth.method.tongue import both_ways, in_english_forms, other_language
from fastsynth.records import Message, canonical


def unusable(scene: Scene, message: Message) -> Dropped | None:
    """Calls no row should hold: of tools that are not shown, or with arguments that are none."""
    for call in message.tool_calls:
        if call.name not in scene.tool_names:
            return refused("unknown_tool", call.name)
        if arguments_of(call) is None:
            return refused("malformed_arguments", call.arguments[:200])
    return None


def foretold(scene: Scene, text: str, executed: list[Executed]) -> Dropped | None:
    """Words beside a call that tell a number or an id before any result has shown it."""
    if not text:
        return None
    seen = [*scene.seen(), *([call.arguments, call.value] for call in executed)]
    told = f"{scene.told} {both_ways(scene.query, scene.language)}"
    unknown = unentailed(text, seen, told)
    if unknown and (plain := in_english_forms(text, scene.language)) != text:
        unknown = unentailed(plain, seen, told)
    return refused("result_foretold", unknown) if unknown else None


async def unfinished(turn: Turn, world: World, executed: Sequence[Executed]) -> bool:
    """Whether calls are still to be made: fewer came back than the trace has, and the turn's end
    is not reached. Forcing a call on someone who is there already only makes needless ones."""
    if turn.kind in NO_CALLS:
        return False
    good = [call for call in executed if not call.error]
    if not good or len(good) >= len(turn.steps):
        return len(good) < len(turn.steps)
    there = await world.digest() == turn.digest
    return not (there and all(reached(turn, goal, good) for goal in turn.goals))


def stuck(executed: list[Executed]) -> Dropped | None:
    """The last call never came back; or it failed as it did before, and nothing has come back
    since: it will go on so."""
    if executed and executed[-1].stopped:
        return Dropped(stage="environment", reason="tool_stopped", detail=executed[-1].error)
    for call in reversed(executed[:-1]):
        if not executed[-1].error or not call.error:
            return None
        if not call.interrupted and _same_call(call, executed[-1]):
            return refused("repeats_failed_call", f"{call.tool}: {call.error}"[:300])
    return None


def repeated(world: World, executed: Sequence[Executed]) -> str:
    """A call of the attempt that was made before and gave the same, nothing having moved in
    between, or ""."""
    known: dict[str, str] = {}
    for call in executed:
        tool = world.tools.get(call.tool)
        if call.error or tool is None:
            continue
        if tool.mutates:
            known.clear()
            continue
        made, gave = f"{call.tool} {canonical(call.arguments)}", canonical(call.value)
        if known.get(made) == gave:
            return made
        known[made] = gave
    return ""


def _same_call(one: Executed, other: Executed) -> bool:
    return one.tool == other.tool and canonical(one.arguments) == canonical(other.arguments)


async def verdict_of(
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
    if again := repeated(world, executed):
        return refused("repeats_call", f"{again}: known already, and nothing has changed"[:300])
    guessed = ungrounded(scene.turn, executed, scene.heard)
    if guessed:
        return refused("ungrounded_value", guessed)
    fault = answer_fault(scene, messages[-1].content or "", executed)
    if fault is not None:
        return fault
    leaked = leaks(scene, messages) if scene.recorded else ""
    return refused("leakage", leaked) if leaked else verdict


def answer_fault(scene: Scene, answer: str, executed: Sequence[Executed]) -> Dropped | None:
    """Why an answer cannot stand for what it says, or None. Where its language writes figures and
    dates in its own way, they may be read so or as in English."""
    if scene.language != ENGLISH and (other := other_language(answer, scene.language)):
        return refused("wrong_language", f"{other}, not {LANGUAGES[scene.language].name}")
    ground = _ground(scene, executed)
    found = _answer_fault(scene, answer, executed, ground)
    plain = in_english_forms(answer, scene.language)
    return found if plain == answer else found and _answer_fault(scene, plain, executed, ground)


def _answer_fault(
    scene: Scene, answer: str, executed: Sequence[Executed], ground: Ground
) -> Dropped | None:
    turn = scene.turn
    fault = (
        manner_fault(answer, scene.tool_names)
        or kind_fault(turn, answer, scene.language)
        or goal_fault(turn, answer)
        or claim_fault(answer, ground)
        or outcome_fault(
            answer,
            executed,
            lambda: f"{ground.told} {ground.seen} {b' '.join(scene.tools).decode()}",
        )
    )
    recall = turn.recall is not None and fault is None
    if recall and not stands_in(scene.recalled, normal(answer), rounded=True):
        return refused("goal_value_not_told", str(scene.recalled))
    return fault


def _ground(scene: Scene, executed: Sequence[Executed]) -> Ground:
    turn = scene.turn
    return Ground(
        before=scene.transcript.messages,
        seen=[*scene.seen(), *([call.arguments, call.value] for call in executed)],
        called=[call.tool for call in executed if not call.error],
        language=scene.language,
        rule=turn.rule.text if turn.rule is not None else "",
        effect=any(goal.effect for goal in turn.goals),
    )


def leaks(scene: Scene, messages: list[Message]) -> str:
    """Words of reasoning or answer that give the making of the data away, or ""."""
    for message in messages:
        if message.role == "assistant":
            text = f"{message.reasoning or ''} {message.content or ''}"
            found = leak(text, scene.advanced.name, scene.query)
            if found:
                return found
    return ""
