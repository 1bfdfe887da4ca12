"""The scripted teacher: knows the executed trace and plays writer, reasoner and critic from it.

A pure function of request and script; no model is behind it, and it says so. Its variety and its
mistakes are drawn from the script's seed, so the same request brings the same reply.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, assert_never

from fastsynth import seeds
from fastsynth.env import paths
from fastsynth.method.plan import Output, Turn, User
from fastsynth.method.script import Script
from fastsynth.records import encode
from fastsynth.sim.api import ChatMessage, Function, Spoken, ToolFunction
from fastsynth.sim.length import write_at_length
from fastsynth.sim.teacher import mistakes as wrongs
from fastsynth.sim.teacher import smalltalk, telling, thinking
from fastsynth.sim.teacher.bank import Bank
from fastsynth.sim.teacher.days import zone_of
from fastsynth.sim.teacher.doing import Standing, made_calls
from fastsynth.sim.teacher.hinting import write_hint
from fastsynth.sim.teacher.mistakes import Mistakes, StepMistake
from fastsynth.sim.teacher.refer import sources_of
from fastsynth.sim.teacher.setting_up import draft_setup
from fastsynth.sim.teacher.tooling import write_advanced
from fastsynth.sim.teacher.varying import draft_states, word_texts
from fastsynth.sim.teacher.voting import cast_vote

NOTHING_TO_SAY = Spoken(
    content="I am a scripted teacher, not a language model. This request came without a script, "
    "so I have nothing to say to it."
)
_REFUSALS = (
    "I'm sorry, but I can't help with that.",
    "I'm afraid I'm not able to do this for you.",
    "Sorry, that isn't something I can assist with.",
)
_READS = ("get", "list", "show", "view", "check", "find", "search", "display", "lookup", "read")


class Teacher:
    def __init__(
        self, bank: Bank, mistakes: Mistakes, student: Mapping[str, float] | None = None
    ) -> None:
        """`student`: tool -> share of a student's runs that leave its call out; see `mistakes`."""
        self._bank = bank
        self._mistakes = mistakes
        self._student = student or {}

    def speak(
        self, script: Script, messages: Sequence[ChatMessage], tools: Sequence[ToolFunction]
    ) -> Spoken:
        """The reply to one request. A script has turns, or a brief, or texts."""
        match script.purpose:
            case "advanced":
                rng = seeds.derive(script.seed, script.attempt, "advanced")
                share = self._mistakes.purposeless
                return _draft(write_advanced(script, self._bank, rng, share))
            case "query":
                rng = seeds.derive(script.seed, script.attempt, "query")
                mistake = wrongs.of_query(self._mistakes, script)
                return _draft(write_at_length(script, self._bank, rng, mistake or ""))
            case "hint":
                return _draft(write_hint(script, messages))
            case "step":
                return self._step(
                    script, messages, tools, wrongs.of_attempt(self._mistakes, script)
                )
            case "rewrite":
                return self._step(script, messages, tools, None)
            case "student":
                missed = wrongs.missed_step(self._student, script)
                if missed is not None and not script.turns[-1].steps:
                    return self._step(script, messages, tools, "wrong_argument")
                return self._step(script, messages, tools, None, missed)
            case "judge":
                rng = seeds.derive(script.seed, script.attempt, "judge")
                return _draft(cast_vote(rng, self._mistakes.harsh_vote))
            case "scenario":
                assert script.brief is not None
                if script.brief.tools:
                    return _draft(draft_setup(script.brief, script.seed))
                return _draft(draft_states(script.brief, script.seed))
            case "texts":
                return _draft(word_texts(script.texts, script.seed))
        assert_never(script.purpose)

    def _step(
        self,
        script: Script,
        messages: Sequence[ChatMessage],
        tools: Sequence[ToolFunction],
        mistake: StepMistake | None,
        skip: int | None = None,
    ) -> Spoken:
        turn = script.turns[-1]
        made = made_calls(messages)
        rng = seeds.derive(script.seed, script.level, len(made), "step")
        if not turn.steps and mistake == "wrong_argument" and turn.draft and not made:
            return _acts_anyway(turn, tools)
        if not turn.steps:
            return Spoken(content=_no_tool_answer(script, rng), reasoning=_no_tool_thought(turn))
        if mistake == "refusal" and not made:
            return Spoken(content=rng.choice(_REFUSALS), reasoning="I should decline this.")
        wrong = _wrong_arguments(script) if mistake == "wrong_argument" else None
        standing = Standing(turn, made, wrong)
        skip = _skippable(script) if mistake == "missing_call" else skip
        number = standing.next(skip)
        if number is None:
            text = telling.answer(standing, script, self._bank, rng, mistake)
            return Spoken(content=text, reasoning=thinking.closing_thought(rng))
        reasoning = thinking.think(standing, number, script, self._bank, rng)
        if turn.parallel and mistake is None and skip is None:
            together = standing.independent(number)
            if len(together) > 1:
                calls = tuple(
                    Function(turn.steps[n].tool, encode(standing.arguments(n)).decode())
                    for n in together
                )
                return Spoken(reasoning=thinking.think_of_all(reasoning), calls=calls)
        if mistake == "leaked_reasoning" and not made:
            reasoning = thinking.leak(reasoning, script.level, rng)
        call = Function(turn.steps[number].tool, encode(standing.arguments(number)).decode())
        if mistake is not None:
            made_so_far = {c.function.name for m in messages for c in m.tool_calls or ()}
            fresh = [tool for tool in tools if tool.name not in made_so_far]
            return _spoiled(script, standing, number, call, reasoning, mistake, wrong, fresh)
        return Spoken(reasoning=reasoning, calls=(call,))


def _spoiled(
    script: Script,
    standing: Standing,
    number: int,
    call: Function,
    reasoning: str,
    mistake: StepMistake,
    wrong: tuple[int, dict[str, Any]] | None,
    tools: Sequence[ToolFunction],
) -> Spoken:
    """The next call with this attempt's mistake in it, if this is the step for it."""
    rng = seeds.derive(script.seed, "where")
    chosen = rng.randrange(len(standing.turn.steps)) == number
    if wrong is not None and wrong[0] == number and not standing.wrong_spent:
        call = Function(call.name, encode(wrong[1]).decode())
    elif mistake == "malformed_arguments" and chosen and not standing.malformed:
        call = Function(call.name, _malformed(call.arguments, rng))
    elif mistake == "needless_call" and chosen and len(standing.made) == len(standing.done):
        needless = _needless(standing, tools, rng)
        if needless is not None:
            call = needless
            again = any(made.name == call.name for made in standing.made)
            known = script.about.get(call.name, "")
            about = next((t.description for t in tools if t.name == call.name), known)
            reasoning = thinking.think_needless(call.name, about, rng, again)
    elif mistake == "text_call" and chosen:
        return Spoken(content=_as_text(call, rng), reasoning=reasoning)
    return Spoken(reasoning=reasoning, calls=(call,))


def _acts_anyway(turn: Turn, tools: Sequence[ToolFunction]) -> Spoken:
    """Does what it should not: the mistake of turns in which nothing may be done."""
    shown = {tool.name for tool in tools}
    step = next((s for s in turn.draft if s.tool in shown and s.mutates), None)
    if step is None:
        return Spoken(content="That's done.", reasoning="This is a simple request.")
    call = Function(step.tool, encode(step.arguments).decode())
    return Spoken(reasoning="I'll fill in what is missing and do it.", calls=(call,))


def _draft(draft: Any) -> Spoken:
    return Spoken(content=encode(draft).decode())


def _no_tool_answer(script: Script, rng: Random) -> str:
    turn = script.turns[-1]
    if turn.kind == "missing_parameter" and turn.slot is not None:
        return smalltalk.ask_for(turn.slot, rng)
    if turn.kind == "missing_function":
        return smalltalk.cannot(rng)
    if turn.kind == "refusal" and turn.rule is not None:
        return smalltalk.refuse(turn.rule, rng)
    if turn.variant == "unavailable":
        return smalltalk.cannot(rng)
    if turn.variant == "history" and turn.recall is not None:
        source = next(t for t in script.turns if t.number == turn.recall.turn)
        step, zone = source.steps[turn.recall.step], zone_of(script.now)
        return smalltalk.recall_answer(rng, step, turn.recall, zone)
    return smalltalk.chat_answer(rng)


def _no_tool_thought(turn: Turn) -> str:
    match turn.variant or turn.kind:
        case "missing_parameter":
            words = turn.slot.words if turn.slot else "detail"
            return f"The {words} is not given, and nothing I have says which; I have to ask."
        case "missing_function":
            return "What this takes is not among the tools I have, so I can only say so."
        case "refusal":
            return "A rule I was given forbids this, so I must not do it and should say why."
        case "unavailable":
            return "None of the tools I have does this, so I should say so and call nothing."
        case "history":
            return "That was in an earlier result, so no call is needed."
        case _:
            return "Nothing is asked for here, so I only reply."


def _wrong_arguments(script: Script) -> tuple[int, dict[str, Any]] | None:
    """A step and its arguments with one value that is plausible and not right."""
    turn, rng = script.turns[-1], seeds.derive(script.seed, "wrong")
    places = [
        (number, name)
        for number, step in enumerate(turn.steps)
        for name in step.arguments
        if any(isinstance(kind, Output | User) for kind in sources_of(step, name).values())
    ]
    rng.shuffle(places)
    for number, name in places:
        step = turn.steps[number]
        other = _other(script, number, name, rng)
        if other is not None and other != step.arguments[name]:
            return number, {**step.arguments, name: other}
    return None


def _other(script: Script, number: int, name: str, rng: Random) -> Any:
    step = script.turns[-1].steps[number]
    kind, value = step.sources.get(name), step.arguments[name]
    if isinstance(kind, Output):
        source = next((t for t in script.turns if t.number == kind.turn), None)
        result = source.steps[kind.step].value if source else None
        found = [v for _, v in paths.find(paths.pattern(kind.path), result) if v != value]
        if found:
            return rng.choice(found)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + rng.choice((1, 2, 10))
    if isinstance(value, str) and len(value) > 1:
        others = [
            v for s in script.turns[-1].steps for v in s.arguments.values()
            if isinstance(v, str) and v != value and v[:1].isdigit() == value[:1].isdigit()
        ]  # fmt: skip
        return rng.choice(others) if others else value[:-1]
    return None


def _skippable(script: Script) -> int | None:
    """A step that no other step of the turn takes a value from."""
    turn = script.turns[-1]
    used = {
        kind.step
        for step in turn.steps
        for kind in step.sources.values()
        if isinstance(kind, Output) and kind.turn == turn.number
    }
    free = [number for number in range(len(turn.steps)) if number not in used]
    return seeds.derive(script.seed, "skip").choice(free) if free else None


def _malformed(arguments: str, rng: Random) -> str:
    return rng.choice((arguments[:-1], arguments[: len(arguments) // 2], json.dumps(arguments)))


def _needless(standing: Standing, tools: Sequence[ToolFunction], rng: Random) -> Function | None:
    """A read nobody asked for: a tool that needs no arguments, or a read that was made before."""
    names = {step.tool for step in standing.turn.steps}
    free = [
        tool.name
        for tool in tools
        if tool.name.split("_")[0] in _READS
        and tool.name not in names
        and not tool.parameters.get("required")
    ]
    if free:
        return Function(rng.choice(free), "{}")
    reads = [n for n in sorted(standing.done) if not standing.turn.steps[n].mutates]
    if not reads:
        return None
    again = rng.choice(reads)
    return Function(standing.turn.steps[again].tool, encode(standing.arguments(again)).decode())


def _as_text(call: Function, rng: Random) -> str:
    body = f'{{"name": {json.dumps(call.name)}, "arguments": {call.arguments}}}'
    return rng.choice((f"<tool_call>\n{body}\n</tool_call>", f"```json\n{body}\n```"))
