"""A scripted teacher whose users and assistant speak German: its calls are kept, its words are not.

Figures and dates are as Germans write them, so that the checks meet what a real model would say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from fastsynth.env import paths
from fastsynth.languages import LANGUAGES
from fastsynth.llm.chat import Ask, NoReply, Reply
from fastsynth.llm.fake import FakeChat
from fastsynth.method.plan import Turn
from fastsynth.method.script import QueryDraft, Script
from fastsynth.method.walk.goals import goal_values
from fastsynth.method.wording import user_values
from fastsynth.records import encode
from fastsynth.sim.inprocess import teacher_chat


def german_chat(answers_in_english: bool = False, asks_in_english: bool = False) -> FakeChat:
    teacher = teacher_chat()

    def answer(ask: Ask) -> Reply | NoReply:
        reply = teacher._answer(ask)
        script = msgspec.json.decode(encode(ask.script), type=Script)
        if not isinstance(reply, Reply):
            return reply
        if ask.purpose == "query" and not asks_in_english:
            draft = msgspec.json.encode(german_query(script.turns[-1])).decode()
            return msgspec.structs.replace(reply, content=draft)
        if ask.purpose == "step" and not reply.tool_calls and not answers_in_english:
            return msgspec.structs.replace(reply, content=german_answer(script.turns))
        return reply

    return FakeChat(answer)


def german_query(turn: Turn) -> QueryDraft:
    asks = tuple(f"erledige bitte Punkt {n} von meinen Wünschen" for n in range(len(turn.goals)))
    if turn.kind in ("no_tool", "missing_function_resolved", "missing_parameter_resolved"):
        asks = ()
    said = [f"{name}: {german(value)}" for name, value in user_values(turn)]
    said += [german(s.choice.value) for s in choices(turn) if s.choice.by == "named"]
    if turn.wish:
        said += map(german, turn.wish.arguments.values())
    if turn.kind == "missing_parameter_resolved" and turn.slot:
        said.append(german(turn.slot.value))
    words = ", und ".join(asks) or "Danke, dann mach das doch bitte noch für mich"
    return QueryDraft(asks=asks, query=f"{words}. Das ist dazu zu sagen: {'; '.join(said)}.")


def choices(turn: Turn) -> Iterable[Any]:
    sources = (s for step in turn.steps for s in step.sources.values())
    return (s for s in sources if getattr(s, "choice", None) is not None)


def german_answer(turns: tuple[Turn, ...]) -> str:
    turn = turns[-1]
    match turn.kind, turn.variant:
        case "missing_parameter", _:
            return "Das mache ich gern für Sie. Welchen Wert soll ich dafür nehmen?"
        case "refusal", _:
            return "Das darf ich leider nicht tun, denn die Regel dafür lässt es nicht zu."
        case ("missing_function", _) | (_, "unavailable"):
            return "Das kann ich mit dem, was mir zur Verfügung steht, leider nicht tun."
        case _, "chat":
            return "Gern, dafür bin ich ja da, und das ist auch schon alles."
    told = [
        german(value) for goal in turn.goals for value in goal_values(turn.steps[goal.step], goal)
    ]
    if turn.recall is not None:
        told.append(german(recalled(turns)))
    return f"Das ist jetzt für Sie so, wie Sie es wollten: {'; '.join(told)}."


def recalled(turns: tuple[Turn, ...]) -> Any:
    place = turns[-1].recall
    assert place is not None
    return paths.get(place.path, turns[place.turn].steps[place.step].value)


def german(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(map(german, value.values()))
    if isinstance(value, list):
        return ", ".join(map(german, value))
    if isinstance(value, float):
        return f"{value:,.10g}".translate(str.maketrans(",.", ".,"))
    found = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", str(value))
    if not found:
        return str(value)
    return f"{int(found[3])}. {LANGUAGES['de'].months[int(found[2]) - 1].title()} {found[1]}"
