"""The querying agent (paper, section 3.2): writes what the user says, seeing T_adv only.

What it writes is held against the deterministic guards; it is told what was wrong and may try
again a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from random import Random

import msgspec

from fastsynth.env.environment import Thread, Tool
from fastsynth.languages import ENGLISH, LANGUAGES
from fastsynth.method.agents import Agents, Dropped, Place
from fastsynth.method.kinds import RESOLVED
from fastsynth.method.plan import Step, Turn
from fastsynth.method.query.advanced import Advanced
from fastsynth.method.query.guards import asks_wanted, length_fault, nearer, query_fault
from fastsynth.method.script import Cue, QueryDraft, Style
from fastsynth.method.wording import (
    first_sentence,
    goal_text,
    history_text,
    references,
    user_values,
    words,
)
from fastsynth.records import Message

TRIES = 3
SAID_APART = ("missing_parameter", *RESOLVED)
"""Kinds of turn for which the prompt says something of its own."""


def draw_style(rng: Random, languages: Mapping[str, float]) -> Style:
    """One user's way of writing, the same through a conversation. `languages`: code -> weight."""
    style = Style(
        register=rng.choices(("plain", "casual", "formal", "terse"), (4, 3, 1.5, 1.5))[0],
        length=rng.choices(("short", "medium", "long"), (3, 5, 2))[0],
        detail=rng.choices(("upfront", "trailing"))[0],
        mentions_occasion=rng.random() < 0.45,
        dates=rng.choices(("iso", "long", "short"), (1, 5, 4))[0],
    )
    (language,) = rng.choices(tuple(languages), tuple(languages.values()))
    return msgspec.structs.replace(style, language=language)


async def write_query(
    agents: Agents,
    turn: Turn,
    advanced: Advanced,
    tools: Mapping[str, Tool],
    recalled: Step | None,
    script: Cue,
    messages: tuple[Message, ...],
    tool_names: Collection[str],
    again: int,
) -> str | Dropped:
    """The user's message for `turn`, or the last guard's objection. One far longer or shorter than
    wanted is asked for once more, and the nearer one taken. `recalled`: the step whose result a
    turn with `recall` asks for again."""
    spoken = " ".join(m.content or "" for m in messages if m.role in ("user", "assistant"))
    variables = _variables(
        turn.as_asked(), advanced, tools, script.thread, script.style, recalled, messages
    )
    asks = asks_wanted(turn.as_asked())
    fault: Dropped | None = None
    first = ""
    for attempt in range(TRIES):
        number = again * TRIES + attempt
        place = Place(turn=turn.number, attempt=number)
        seeded = msgspec.structs.replace(
            script,
            seed=agents.script_seed("query", turn.number, number),
            attempt=attempt,
        )
        variables["complaint"] = complaint(fault) if fault else ""
        draft = await agents.draft(
            QueryDraft, "writer", "query", variables, place, seeded, (("asks", asks),)
        )
        found = draft if isinstance(draft, Dropped) else draft.query.strip()
        if isinstance(draft, QueryDraft):
            variables["previous"] = draft.query.strip()
            language = script.style.language
            found = query_fault(turn.as_asked(), draft, spoken, tool_names, language) or found
        if first:
            return first if isinstance(found, Dropped) else nearer(first, found, script.style.words)
        if isinstance(found, str):
            fault = length_fault(turn.as_asked(), found, script.style.words)
            if fault is None:
                return found
            first = found
        else:
            fault = found
    assert fault is not None
    return first or fault


def _variables(
    turn: Turn,
    advanced: Advanced,
    tools: Mapping[str, Tool],
    thread: Thread,
    style: Style,
    recalled: Step | None,
    messages: tuple[Message, ...],
) -> dict[str, object]:
    return {
        "name": advanced.name,
        "description": advanced.description,
        "purpose": advanced.purpose,
        "inputs": [f"{name}: {value}" for name, value in user_values(turn)],
        "references": references(turn),
        "goals": _goals(turn, tools, recalled),
        "persona": thread.persona,
        "occasion": thread.occasion,
        "style": _style_text(style),
        "history": history_text(messages),
        "variant": turn.variant or (turn.kind if turn.kind in SAID_APART else ""),
        "previous": "",
        "slot": _slot_text(turn),
    }


def _slot_text(turn: Turn) -> str:
    """What is left out, or what was; who has to leave a value out does not see it."""
    if turn.slot is None:
        return ""
    if turn.kind == "missing_parameter":
        return turn.slot.words
    return f"{turn.slot.words}: {turn.slot.value}"


def _goals(turn: Turn, tools: Mapping[str, Tool], recalled: Step | None) -> list[str]:
    if turn.recall is not None and recalled is not None:
        described = first_sentence(tools[recalled.tool].description)
        return [f"{words(turn.recall.path)} ({described})"]
    if turn.wish is not None:
        said = "; ".join(f"{words(k)}: {v}" for k, v in turn.wish.arguments.items())
        return [f"{first_sentence(tools[turn.wish.tool].description)} ({said})"]
    return [goal_text(tools, turn, goal) for goal in turn.goals]


_LENGTHS = {
    "short": "one short sentence",
    "medium": "one or two sentences",
    "long": "a few sentences",
}
_PLAINLY = {
    "value_missing": "it does not tell {}: put exactly that into the message",
    "missing_value_said": "it tells {}, which this person forgets to say",
    "hidden_value": "it tells {}, which this person cannot know",
    "invented_value": "it tells {}, which nobody gave this person",
    "speaks_of_self": "it speaks of {}, who is the person that writes: say it as I, me, my",
    "greets_a_value": "it greets {} as if the assistant bore that name",
    "assistants_words": "{} is what the assistant would say: write as the person",
    "names_tool": "it names the function {}: say it in everyday words",
    "choice_not_said": "it does not make clear which one is meant: {}",
    "goal_not_asked": "it does not ask for every wish, in words of the message: {}",
    "placeholder_or_meta": "it holds a placeholder or talks of tools: {}",
    "far_too_long": "it has {}",
    "far_too_short": "it has {}",
    "wrong_language": "it is in {}, and this person writes in another language",
    "contaminated": "it repeats a known text: {}",
}


def complaint(fault: Dropped) -> str:
    """A guard's objection, in words that a writer can act on."""
    plain = _PLAINLY.get(fault.reason)
    return plain.format(fault.detail) if plain else f"{fault.reason}: {fault.detail}"


def _style_text(style: Style) -> str:
    length = f"about {style.words} words" if style.words else _LENGTHS[style.length]
    order = "particulars first" if style.detail == "upfront" else "the wish first"
    why = "says why" if style.mentions_occasion else "does not say why"
    said = f"{style.register}, in {length}, {order}, {why}"
    if style.language == ENGLISH:
        return said
    name = LANGUAGES[style.language].name
    return (
        f'{said}. The whole message is in {name}, so is "asks"; names, ids and codes stay as given'
    )
