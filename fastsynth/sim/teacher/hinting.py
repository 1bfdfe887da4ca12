"""The critic: what an attempt did wrong, in words. Names no hidden value and gives no full call.

The attempt is read from the messages: tool calls of assistant messages, or calls written in the
prompt after a line that ends in `attempt:`, as `name(argument=JSON, ...)`, `name({...})` or
`{"name": ..., "arguments": {...}}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from fastsynth.method.deeds import deed
from fastsynth.method.plan import Default, Output, Step
from fastsynth.method.script import HintDraft, Script
from fastsynth.records import encode
from fastsynth.sim.api import ChatMessage
from fastsynth.sim.teacher.doing import Made, Standing, made_calls
from fastsynth.sim.teacher.words import thing, words

_CALL = re.compile(r"\b([A-Za-z_][\w.-]*)\(\s*")
_FIELD = re.compile(r"(?:,\s*)?([A-Za-z_]\w*)=")
_SECTION = re.compile(r"^.*\battempt:\s*$", re.MULTILINE | re.IGNORECASE)
_NAMED = re.compile(r"\{\s*\"name\"\s*:\s*\"([\w.-]+)\"\s*,\s*\"arguments\"\s*:\s*")
_DECODER = json.JSONDecoder()


def write_hint(script: Script, messages: Sequence[ChatMessage]) -> HintDraft:
    """The first thing wrong with the attempt."""
    turn = script.turns[-1]
    made = attempted(messages, {*script.about, *(step.tool for step in turn.steps)})
    if not turn.steps:
        return _unneeded(made)
    if not made:
        wish = _deed(script, turn.steps[turn.goals[-1].step if turn.goals else -1])
        return HintDraft(
            step=0,
            problem="No call was made, though the user asked for something the tools can do.",
            hint=f"What was asked is to {wish}; the tools at hand can do that. Make real calls.",
        )
    for number, call in enumerate(made, 1):
        if call.arguments is None:
            return HintDraft(
                step=number,
                problem=f"The arguments of call {number} were no JSON object.",
                hint="Write the arguments of each call as one JSON object with the tool's fields.",
            )
    return _compared(script, made)


def attempted(messages: Sequence[ChatMessage], tools: set[str]) -> list[Made]:
    """Calls of the attempt: native ones, or else those that a prompt shows as text."""
    native = made_calls(messages)
    if native:
        return native
    return [call for message in messages for call in _written(message.text, tools)]


def _written(text: str, tools: set[str]) -> list[Made]:
    section = _SECTION.split(text)[-1]
    found: list[tuple[int, Made]] = []
    for pattern, read in ((_NAMED, _object_at), (_CALL, _arguments_at)):
        for match in pattern.finditer(section):
            if match[1] in tools:
                line = section[match.end() :].partition("\n")[0]
                found.append((match.start(), _made(match[1], read(section, match.end()), line)))
    return [call for _, call in sorted(found, key=lambda item: item[0])]


def _made(name: str, arguments: dict[str, Any] | None, line: str) -> Made:
    """A written call; what follows ` -> error: ` on its line is how it failed."""
    _, failed, error = line.partition(" -> error: ")
    if failed and error.startswith("malformed"):
        arguments = None
    content = encode({"error": error}).decode() if failed else None
    return Made(name=name, arguments=arguments, content=content)


def _object_at(text: str, start: int) -> dict[str, Any] | None:
    try:
        value = _DECODER.raw_decode(text, start)[0]
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _arguments_at(text: str, start: int) -> dict[str, Any] | None:
    """Arguments written as one JSON object or as `name=JSON, name=JSON`, up to the bracket."""
    if text[start : start + 1] == "{":
        return _object_at(text, start)
    arguments: dict[str, Any] = {}
    while field := _FIELD.match(text, start):
        try:
            arguments[field[1]], start = _DECODER.raw_decode(text, field.end())
        except ValueError:
            return None
    return arguments if text[start : start + 1] == ")" else None


def _compared(script: Script, made: list[Made]) -> HintDraft:
    standing = Standing(script.turns[-1], made)
    missing = standing.next()
    if missing is None:
        return _after_all_calls(standing, made)
    step = standing.turn.steps[missing]
    for number, call in enumerate(made, 1):
        if call.name == step.tool and call.arguments is not None:
            wrong = _differing(standing.arguments(missing), call.arguments)
            if wrong and not _is_other_step(standing, call):
                return _wrong_argument(step, number, wrong)
    return HintDraft(
        step=0,
        problem=f"A part of the request was never carried out: to {_deed(script, step)}.",
        hint=f"Do not stop before every part of the request is done; still open is to "
        f"{_deed(script, step)}. {_where(step)}".strip(),
    )


def _wrong_argument(step: Step, number: int, wrong: str) -> HintDraft:
    kind = step.sources.get(wrong)
    field = words(wrong)
    problem = f"Call {number} had the wrong {field}."
    if isinstance(kind, Output):
        choice = kind.choice.words if kind.choice and kind.choice.by != "named" else ""
        which = f"the {choice} {thing(kind.path)}" if choice else f"the {thing(kind.path)} meant"
        hint = f"Take the {field} from an earlier result; it has to be that of {which}."
    elif isinstance(kind, Default):
        hint = f"Nobody asked for another {field}; leave it as the tool has it."
    else:
        hint = f"Read again what the user says about the {field} and use exactly that."
    return HintDraft(step=number, problem=problem, hint=hint)


def _after_all_calls(standing: Standing, made: list[Made]) -> HintDraft:
    truth = [(step.tool, standing.arguments(n)) for n, step in enumerate(standing.turn.steps)]
    for number, call in enumerate(made, 1):
        if (call.name, call.arguments) not in truth:
            return HintDraft(
                step=number,
                problem=f"Call {number} was not needed for what the user asked.",
                hint="Make only calls that the request needs; leave out what nobody asked for.",
            )
    for number, call in enumerate(made, 1):
        if (call.name, call.arguments) in [(one.name, one.arguments) for one in made[: number - 1]]:
            return HintDraft(
                step=number,
                problem=f"Call {number} had been made before, and its result was there.",
                hint="Do not repeat a call whose result is known and cannot have changed.",
            )
    return HintDraft(
        step=0,
        problem="The calls were right, the answer was not.",
        hint="Tell every value the user asked for exactly as the results give it, and no other.",
    )


def _unneeded(made: list[Made]) -> HintDraft:
    return HintDraft(
        step=1 if made else 0,
        problem="The message asks for nothing that a call could do." if made else "Wrong answer.",
        hint="Answer in plain words from what is already known; make no call.",
    )


def _differing(truth: dict[str, Any], given: dict[str, Any]) -> str:
    names = [*truth, *(name for name in given if name not in truth)]
    return next((n for n in names if n not in given or truth.get(n) != given[n]), "")


def _is_other_step(standing: Standing, call: Made) -> bool:
    return any(
        step.tool == call.name and standing.arguments(n) == call.arguments
        for n, step in enumerate(standing.turn.steps)
    )


def _where(step: Step) -> str:
    kinds = [kind for kind in step.sources.values() if isinstance(kind, Output)]
    return f"The {thing(kinds[0].path)} for it is in an earlier result." if kinds else ""


def _deed(script: Script, step: Step) -> str:
    return deed(script.about.get(step.tool, ""), step.tool) or words(step.tool)
