"""Deterministic guards on what the user is made to say. No model overrides them."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from fastsynth.env import paths
from fastsynth.languages import ENGLISH
from fastsynth.method.agents import Dropped
from fastsynth.method.forms import normal, numbers, stands_in
from fastsynth.method.plan import Choice, Output, Turn
from fastsynth.method.script import QueryDraft
from fastsynth.method.tongue import both_ways, in_english_forms, other_language
from fastsynth.method.wording import hidden_values, spoken, user_values

LONGEST_QUERY = 2000
LENGTH_LEEWAY = 4
"""Words by which a message may miss the number wanted, however short it is."""
MOST = 0.75
"""Share of an ask's longer words that have to stand in the query where it is not quoted whole."""
_GREETING = re.compile(r"^ (?:hello|hi|hey|dear|good (?:morning|afternoon|evening))(?: there)? ")
_CODE = re.compile(r"[A-Za-z]*\d(?:[\w.,:/-]*\w)?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_WORD = re.compile(r"[^\W_]+")
_ASSISTANT = re.compile(
    r"\b(how (?:can|may) i (?:help|assist)|you would like (?:me )?to|would you like me to"
    r"|please provide (?:me with )?(?:the|your)\b[^.?!]*\byou\b|as an ai|i(?:'ll| will) need your"
    r"|used the tool|using the tool|the function)\b",
    re.I,
)
"""What only the other side of the conversation would say."""
_ABSENT = re.compile(
    r"\bthe (?:(?:authenticated|current|logged-in|signed-in) )?"
    r"(?:user|owner|customer|account holder)(?:'s)?\b(?! [A-Z0-9])"
)
"""The person as tools speak of them; people say `my`."""
_PLACEHOLDER = re.compile(r"\{\{?\w+\}?\}|\[\[|\]\]|<[a-z_]+>|\bNone\b|\[insert")
_USED = (
    r"\b(?i:use|using|call|calling|run)\s+(?:the\s+)?[`'\"]?{}\b"
    r"(?=[`'\"]?(?:\W*$|\s(?:for|to|on|tool)\b))"
)
_META = re.compile(
    r"\b(tool call|function call|api call|composite tool|advanced tool|json object)\b"
    r"|\bto be told\b|\bto be done\W*$",
    re.I,
)


def is_artificial(text: str) -> bool:
    """Whether it holds a placeholder, or speaks of calls and composite tools."""
    return bool(_PLACEHOLDER.search(text) or _META.search(text))


def query_fault(
    turn: Turn,
    draft: QueryDraft,
    history: str,
    tool_names: Collection[str],
    language: str = ENGLISH,
) -> Dropped | None:
    """Why a query cannot stand, or None. `history` is all earlier text of the conversation. In
    another language than English, that it says which of several is meant is left to the attempts.
    """
    query = draft.query.strip()
    if not 2 <= len(query) <= LONGEST_QUERY:
        return _no("length", f"{len(query)} characters")
    if is_artificial(query):
        return _no("placeholder_or_meta", query[:120])
    if astray := _ASSISTANT.search(query):
        return _no("assistants_words", astray.group())
    if absent := _ABSENT.search(query):
        return _no("speaks_of_self", absent.group())
    named = named_tool(query, tool_names)
    if named:
        return _no("names_tool", named)
    if language != ENGLISH and (other := other_language(query, language)):
        return _no("wrong_language", other)
    text = normal(both_ways(query, language))
    history = both_ways(history, language)
    if turn.kind == "no_tool":
        return _no_tool_fault(turn, text)
    if turn.kind == "missing_function_resolved":
        return None
    missing = turn.slot if turn.kind == "missing_parameter" else None
    if missing is not None and stands_in(missing.value, text):
        return _no("missing_value_said", str(missing.value))
    if greeted := _greeted(turn, text):
        return _no("greets_a_value", greeted)
    for name, value in user_values(turn):
        if not (stands_in(value, text) or stands_in(value, text + normal(history))):
            return _no("value_missing", f"{name}: {value}")
    for value in hidden_values(turn):
        if distinctive(value) and stands_in(value, text) and not stands_in(value, normal(history)):
            return _no("hidden_value", str(value))
    if strange := _invented(in_english_forms(query, language), turn, history):
        return _no("invented_value", strange)
    for choice, older in _choices(turn):
        said = language == ENGLISH or choice.by == "named"
        if said and not _expressed(choice, text + normal(history) if older else text):
            return _no("choice_not_said", choice.words)
    return _asks_fault(turn, draft)


def _greeted(turn: Turn, text: str) -> str:
    """A value that the message greets as if the assistant bore that name, or ""."""
    greeting = _GREETING.match(text)
    rest = text[greeting.end() - 1 :] if greeting else ""
    told = (
        value for _, value in user_values(turn) if isinstance(value, str) and distinctive(value)
    )
    return next((value for value in told if rest.startswith(normal(value))), "") if rest else ""


def length_fault(turn: Turn, query: str, wanted: int) -> Dropped | None:
    """Why a query is worth writing once more: of half the words wanted, or half as many again
    where its values leave room for fewer. None where no number is wanted (0)."""
    found = len(query.split())
    if not wanted or abs(found - wanted) <= LENGTH_LEEWAY:
        return None
    about = f"{found} words, about {wanted} are wanted"
    if found > wanted + wanted // 2 and found > 2 * spoken(turn):
        return _no("far_too_long", about)
    return _no("far_too_short", about) if 2 * found < wanted else None


def nearer(one: str, other: str, wanted: int) -> str:
    """Of two texts the one whose number of words is nearer to `wanted`; the first of equals."""
    return min(one, other, key=lambda text: abs(len(text.split()) - wanted))


def _invented(query: str, turn: Turn, history: str) -> str:
    """A number or code of the query that nothing it may know holds, or "". Short numbers pass:
    they count things, and people round."""
    codes = [found.group() for found in _CODE.finditer(query)]
    codes = [code for code in codes if sum(map(str.isdigit, code)) >= 4]
    if not codes:
        return ""
    told = [value for _, value in user_values(turn)]
    words = [choice.words for choice, _ in _choices(turn)]
    wished = list(turn.wish.arguments.values()) if turn.wish else []
    scalars = [str(value) for _, value in paths.leaves([told, words, wished])]
    known = " ".join([*scalars, history])
    runs, amounts = _runs(known), numbers(known)
    return next((code for code in codes if not _held(code, runs, amounts)), "")


def _held(code: str, runs: Collection[str], amounts: Collection[float]) -> bool:
    if numbers(code) and numbers(code) <= set(amounts):
        return True
    return all(run in runs or _YEAR.fullmatch(run) for run in _runs(code))


def _runs(text: str) -> list[str]:
    """Runs of digits, thousands separators removed."""
    return re.findall(r"\d+", re.sub(r"(?<=\d),(?=\d{3})", "", text))


def asks_wanted(turn: Turn) -> int:
    """How many asks a query has to hold: one a goal, none where nothing new is asked for."""
    silent = turn.kind in ("no_tool", "missing_parameter_resolved", "missing_function_resolved")
    return 0 if silent else len(turn.goals)


def _asks_fault(turn: Turn, draft: QueryDraft) -> Dropped | None:
    """Every goal is asked for, by words of its own that stand in the query. One alone needs none:
    it is what the message is for, and attempts that agree on something else accuse the query."""
    if turn.kind == "missing_parameter_resolved":
        return None
    if len(draft.asks) != len(turn.goals):
        return _no("goal_not_asked", f"{len(draft.asks)} asks for {len(turn.goals)} goals")
    if len(draft.asks) == 1:
        return None
    text = normal(draft.query)
    for ask in draft.asks:
        if not _stands_roughly(ask, text):
            return _no("goal_not_asked", ask[:120])
    if len({normal(ask) for ask in draft.asks}) < len(draft.asks):
        return _no("goal_not_asked", "two goals, one ask")
    return None


def _stands_roughly(ask: str, text: str) -> bool:
    """Whether the ask stands in the text, or most of its words do, in any form of theirs: models
    bend what they quote ("unlock my wallet", "could you unlock the wallet")."""
    if len(ask.strip()) < 2:
        return False
    if normal(ask).strip() in text:
        return True
    stems = [word[:5] for word in _WORD.findall(normal(ask)) if len(word) > 3]
    found = sum(1 for stem in stems if f" {stem}" in text)
    return len(stems) >= 2 and found >= MOST * len(stems)


def _no_tool_fault(turn: Turn, text: str) -> Dropped | None:
    if turn.wish is None:
        return None
    for value in turn.wish.arguments.values():
        if distinctive(value) and not stands_in(value, text):
            return _no("value_missing", str(value))
    return None


def _choices(turn: Turn) -> list[tuple[Choice, bool]]:
    """The choices that the query has to make clear, and whether they are among things of earlier
    turns: of those the conversation may have said it already."""
    return [
        (source.choice, source.turn != turn.number)
        for step in turn.steps
        for source in step.sources.values()
        if isinstance(source, Output) and source.choice is not None
        if source.turn == turn.number or source.choice.by not in ("only", "latest")
    ]


def _expressed(choice: Choice, text: str) -> bool:
    if choice.by == "only" or not choice.words:
        return True
    if choice.by == "latest":
        return any(f" {word}" in text for word in ("recent", "last", "latest", "newest"))
    if choice.by == "named":
        return stands_in(choice.value, text)
    stems = [word[:5] for word in normal(choice.words).split() if len(word) > 2]
    return any(f" {stem}" in text for stem in stems)


def named_tool(text: str, tool_names: Collection[str]) -> str:
    """A tool's name that no person writes by chance (`get_flight_cost`, `lockDoors`), or ""."""
    for name in tool_names:
        if name not in text:
            continue
        if "_" in name or re.search(r"[a-z][A-Z]", name) or re.search(_USED.format(name), text):
            return name
    return ""


def distinctive(value: Any) -> bool:
    """Whether finding the value in a text means something: ids and names do, `2` does not."""
    kind = type(value)
    if kind is str:
        return len(value) >= 4
    if kind is int:
        return bool(abs(value) >= 100)
    return kind is float and (abs(value) >= 100 or not value.is_integer())


def _no(reason: str, detail: str) -> Dropped:
    return Dropped(stage="query", reason=reason, detail=detail)
