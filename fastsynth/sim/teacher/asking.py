"""The user's side: a turn's goals as one natural message, every particular said, nothing hidden.

Each goal is one ask-clause; particulars that no clause took are said in sentences of their own.
"""

from __future__ import annotations

import re
from functools import partial
from random import Random

from msgspec.structs import replace

from fastsynth.env import paths
from fastsynth.method.deeds import deed
from fastsynth.method.kinds import RESOLVED
from fastsynth.method.plan import Goal, Output, Step
from fastsynth.method.script import QueryDraft, Script
from fastsynth.sim.framing import (
    ALSO,
    FRAMES,
    NEXT,
    TELL,
    THEN,
    closing,
    framed,
    marked,
    opening,
    sentence,
    spans,
    stands_alone,
    unmarked,
    whole,
)
from fastsynth.sim.teacher.bank import Bank, Template
from fastsynth.sim.teacher.deriving import wish
from fastsynth.sim.teacher.refer import Speaker, hidden_values, user_names
from fastsynth.sim.teacher.smalltalk import chat, recall_question, resolved
from fastsynth.sim.teacher.words import is_plural, join, label, shared, words

_DULL = frozenset(
    "id status success result message ok state type name value to from at on by due left out now "
    "until marked sent done members in with of as".split()
)
_ABOUT_ME = ("I ", "I'", "My ", "We ", "We'", "You can ")
_BREVITY = 2.5
"""Exponent by which brief people shun a phrase for its words."""


def write_query(
    script: Script, bank: Bank, rng: Random, mistake: str = "", brief: bool = False
) -> QueryDraft:
    """The message and, for each goal, its words that ask for it; `brief`: in as few as can be."""
    turn = script.turns[-1]
    speaker = Speaker(script, bank, rng, brief)
    if turn.kind in RESOLVED:
        return QueryDraft(query=resolved(speaker), asks=())
    if turn.kind == "no_tool" or not turn.goals:
        return QueryDraft(query=_no_tool(speaker), asks=())
    if turn.kind == "missing_parameter" and turn.slot is not None:
        speaker.forgotten = (turn.number, turn.slot.step, turn.slot.parameter)
    if mistake == "forgotten_value":
        _forget(speaker)
    clauses: list[str] = []
    for goal in turn.goals:
        clause = _ask(speaker, goal)
        if marked(clause) in clauses:
            clause = f"{clause} as well" if not stands_alone(clause) else f"Again: {clause}"
        clauses.append(marked(clause))
    body = _join(speaker, clauses)
    particulars = _particulars(speaker, unmarked(" ".join(body)))
    upfront = script.style.detail == "upfront" and script.style.register != "terse"
    before = [text for text in particulars if upfront and text.startswith(_ABOUT_ME)]
    after = [text for text in particulars if text not in before]
    text = " ".join([*opening(speaker), *before, *body, *after, *closing(speaker)])
    if mistake == "leaked_query":
        text += " " + _leak(speaker)
    return QueryDraft(query=unmarked(text), asks=spans(text))


def ask_clause(speaker: Speaker, number: int, step: Step, alone: bool = False) -> str:
    """A wish for this call: `book the cheapest flight in economy`; with `alone` also a sentence
    of its own: `What would the cheapest flight cost?`."""
    turn = speaker.turn.number
    phrases = speaker.phrases(step)
    manual = f"{words(step.tool)} {speaker.script.about.get(step.tool, '')}"
    known = phrases.ask + phrases.say if alone else phrases.ask
    told = {name for name in step.arguments if speaker.has(turn, number, name)}
    template = _best(speaker, number, known, told, manual)
    if template is not None:
        text = template.fill(partial(speaker.slot, turn, number))
        if text:
            return whole(text) if template.whole else text.strip().rstrip(".")
    return _plain_ask(speaker, number, step)


def _ask(speaker: Speaker, goal: Goal) -> str:
    step = speaker.turn.steps[goal.step]
    clause = ask_clause(speaker, goal.step, step, alone=True)
    speaker.asked.add(goal.step)
    labels = list(dict.fromkeys(label(path) for path in goal.paths if _figure(step, path)))
    wanted = [name for name in labels if name.rpartition(" ")[2].lower() not in _DULL]
    if stands_alone(clause) or speaker.brief:
        return clause
    if goal.effect and 0 < len(wanted) < 3 and speaker.rng.random() < 0.35:
        comma = "," if "," in clause else ""
        are = "are" if len(wanted) > 1 or is_plural(wanted[0]) else "is"
        clause += f"{comma} {speaker.rng.choice(TELL).format(join(wanted), are)}"
    return clause


def _figure(step: Step, path: str) -> bool:
    """Whether a value of a result is one that people ask for by its name: a number or a code."""
    value = paths.get(path, step.value)
    return not isinstance(value, bool) and any(map(str.isdigit, str(value)))


def _best(
    speaker: Speaker,
    number: int,
    templates: tuple[Template, ...],
    wanted: set[str],
    manual: str = "",
) -> Template | None:
    """One of the fillable templates that say most of `wanted`, seldom in words of the manual:
    who asks for an effect has not read what the tool for it is called."""
    turn = speaker.turn.number
    fillable = [
        template
        for template in templates
        if all(speaker.has(turn, number, name) for name in template.required)
    ]
    if not fillable:
        return None
    most = max(len(template.slots & wanted) for template in fillable)
    best = [template for template in fillable if len(template.slots & wanted) == most]
    weights = [1 / (1 + shared(each.plain, manual)) for each in best]
    if speaker.brief:
        weights = [1 / (1 + len(each.plain.split())) ** _BREVITY for each in best]
    return speaker.rng.choices(best, weights)[0].one(speaker.rng)


def _plain_ask(speaker: Speaker, number: int, step: Step) -> str:
    """For tools without phrases: the description as a wish, and the particulars by name."""
    clause = deed(speaker.script.about.get(step.tool, ""), step.tool) or words(step.tool)
    texts = {name: speaker.slot(speaker.turn.number, number, name) for name in step.arguments}
    return wish(clause, step.arguments, {n: text for n, text in texts.items() if text is not None})


def _particulars(speaker: Speaker, text: str) -> list[str]:
    """Sentences for what the user has to say and no ask-clause has said."""
    sentences: list[str] = []
    for number, step in enumerate(speaker.turn.steps):
        missing = _missing(speaker, number, step, text)
        given = speaker.phrases(step).given
        while missing and given:
            template = _best(speaker, number, given, missing)
            if template is None or not template.slots & missing:
                break
            clause = template.fill(partial(speaker.slot, speaker.turn.number, number))
            sentences.append(sentence(clause or ""))
            text += " " + sentences[-1]
            missing = _missing(speaker, number, step, text)
        for name in [n for n in step.arguments if n in missing]:
            value = speaker.slot(speaker.turn.number, number, name)
            sentences.append(sentence(f"the {words(name)} is {value}"))
            text += " " + sentences[-1]
    sentences += [sentence(text) for text in speaker.unsaid_choices()]
    return sentences


def _missing(speaker: Speaker, number: int, step: Step, text: str) -> set[str]:
    turn, missing = speaker.turn.number, set()
    for name in user_names(step):
        if (turn, number, name) in speaker.covered or not speaker.has(turn, number, name):
            continue
        said = speaker.words(step.arguments[name])
        if len(said) > 2 and not isinstance(step.arguments[name], bool) and _stands(said, text):
            speaker.covered.add((turn, number, name))
        else:
            missing.add(name)
    return missing


def _stands(said: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(said)}(?!\w)", text) is not None


def _join(speaker: Speaker, clauses: list[str]) -> list[str]:
    """The ask-clauses as one sentence, or as several when they are long."""
    rng, style = speaker.rng, speaker.script.style
    later = speaker.turn.number > 0 and style.register != "terse" and rng.random() < 0.5
    frame = rng.choice(NEXT if later else FRAMES[style.register])
    if speaker.brief:
        frame = "{}."
    if len(clauses) == 1:
        return [framed(frame, clauses[0])]
    if not any(map(stands_alone, clauses)) and sum(map(len, clauses)) < 130 and rng.random() < 0.6:
        middle = "".join(f", then {clause}" for clause in clauses[1:-1])
        last = rng.choice((", and then ", " and ", ", then ")) if not middle else ", and finally "
        return [framed(frame, clauses[0] + middle + last + clauses[-1])]
    sentences = [framed(frame, clauses[0])]
    then, also = rng.sample(THEN, len(THEN)), rng.sample(ALSO, len(ALSO))
    for at, goal in enumerate(speaker.turn.goals[1:], 1):
        links = then if _depends(speaker.turn.steps[goal.step], speaker) else also
        sentences.append(framed(links[at % len(links)], clauses[at]))
    return sentences


def _depends(step: Step, speaker: Speaker) -> bool:
    now = speaker.turn.number
    return any(isinstance(s, Output) and s.turn == now for s in step.sources.values())


def _no_tool(speaker: Speaker) -> str:
    turn = speaker.turn
    if turn.variant == "history" and turn.recall is not None:
        return recall_question(speaker, turn.recall)
    if turn.variant == "unavailable" and turn.wish is not None:
        clause = wish_clause(speaker, turn.wish)
        return framed(speaker.rng.choice(FRAMES[speaker.script.style.register]), clause)
    return chat(speaker)


def wish_clause(speaker: Speaker, wish: Step) -> str:
    """What an `unavailable` turn wishes for, said like any other wish."""
    turn = replace(speaker.turn, steps=(wish,))
    script = replace(speaker.script, turns=(*speaker.script.turns[:-1], turn))
    return ask_clause(Speaker(script, speaker.bank, speaker.rng), 0, wish)


def _forget(speaker: Speaker) -> None:
    occasion = speaker.script.thread.occasion
    places = [
        (speaker.turn.number, number, name)
        for number, step in enumerate(speaker.turn.steps)
        for name in user_names(step)
        if not isinstance(step.arguments[name], bool)
        and speaker.words(step.arguments[name]) not in occasion
    ]
    if places:
        speaker.forgotten = speaker.rng.choice(places)


def _leak(speaker: Speaker) -> str:
    hidden = hidden_values(speaker.turn)
    if hidden and speaker.rng.random() < 0.7:
        path, value = speaker.rng.choice(hidden)
        return f"The {label(path)} is {value}."
    return f"You can use {speaker.rng.choice(speaker.turn.steps).tool} for that."
