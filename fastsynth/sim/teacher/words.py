"""How values and names are written by people. Everything said here can be read back: numbers keep
their digits, a date stays one date, names and ids are verbatim.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from fastsynth.method.forms import exact, told_as
from fastsynth.sim.teacher.days import Dates, day

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LINK = re.compile(
    r" (?:from|for|of|in|on|to|that|with|between|by|at|about|I|which|under"
    r"|filed|saved|stored|called|named)\b"
)
_MANY = {"person": "people", "child": "children", "man": "men", "woman": "women"}
_MOMENTS = {"at": "time", "on": "date"}
"""`starts_at` is the start time."""
_TAILS = frozenset(("id", "ids", "ref", "key", "token", "uuid"))
_OWN = {
    "her": "my", "his": "my", "their": "my", "she": "I", "he": "I", "they": "I",
    "herself": "myself", "himself": "myself", "themselves": "myself", "hers": "mine",
}  # fmt: skip
_THEIRS = {
    "my": "their", "me": "them", "i": "they", "i'm": "they're", "i'd": "they'd",
    "mine": "theirs", "i've": "they've", "i'll": "they'll", "myself": "themselves",
}  # fmt: skip
_PARTICIPLES = {
    "get": "got", "send": "sent", "find": "found", "make": "made", "put": "put", "set": "set",
    "buy": "bought", "sell": "sold", "pay": "paid", "write": "written", "give": "given",
    "take": "taken", "show": "shown", "read": "read", "run": "run", "hold": "held", "tell": "told",
    "withdraw": "withdrawn", "cut": "cut", "split": "split", "begin": "begun", "choose": "chosen",
    "lend": "lent", "leave": "left", "undo": "undone", "reset": "reset", "log": "logged",
    "plan": "planned", "stop": "stopped", "submit": "submitted", "tag": "tagged", "pin": "pinned",
    "transfer": "transferred", "cancel": "cancelled", "refer": "referred", "drop": "dropped",
    "freeze": "frozen", "unfreeze": "unfrozen", "throw": "thrown", "spend": "spent",
    "hear": "heard", "see": "seen", "do": "done", "bring": "brought", "keep": "kept",
}  # fmt: skip


def say(value: Any, dates: Dates = "iso", year: int = 0, zone: str = "") -> str:
    """`value` as a person writes it; `year` and `zone` are those that go without saying."""
    if isinstance(value, str):
        return day(value, dates, year, zone)
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, list):
        return join([say(item, dates, year, zone) for item in value]) or "none"
    if isinstance(value, dict):
        pairs = [f"{words(name)} {say(item, dates, year, zone)}" for name, item in value.items()]
        return join(pairs) or "none"
    return str(value)


def number(value: int | float) -> str:
    """Digits as they are: `250.0` is 250. Thousands are not parted: the number may be an id."""
    if isinstance(value, float):
        value = exact(value)
        if not value.is_integer():
            return repr(value)
        value = int(value)
    return str(value)


def tell(value: Any, dates: Dates = "long", zone: str = "") -> str:
    """`value` as it is told: fractions that nobody reads out rounded, all else as `say` has it."""
    if isinstance(value, list):
        return join([tell(item, dates, zone) for item in value]) or "none"
    return say(told_as(value) if isinstance(value, float) else value, dates, zone=zone)


def join(parts: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


@lru_cache(maxsize=4096)
def words(name: str) -> str:
    """An identifier as words: `departureDate`, `departure_date` -> `departure date`."""
    parts = _CAMEL.sub(" ", name).replace("_", " ").replace("-", " ").split()
    return " ".join("ID" if part.lower() == "id" else part.lower() for part in parts)


@lru_cache(maxsize=4096)
def thing(path: str) -> str:
    """What a result path is about: `flights[].flight_id` -> `flight`, `bookings[].id` ->
    `booking`, `total` -> `total`."""
    fields = re.findall(r"[^.\[\]{}*\d][^.\[\]{}*]*", path)
    for at in range(len(fields) - 1, -1, -1):
        kept = [word for word in words(fields[at]).split() if word.lower() not in _TAILS]
        if len(kept) == 2 and kept[1] in _MOMENTS:
            return f"{singular(kept[0])} {_MOMENTS[kept[1]]}"
        if kept:
            return singular(" ".join(kept)) if at < len(fields) - 1 else " ".join(kept)
    return "result"


def label(path: str) -> str:
    """The last field of a result path as words."""
    field = re.sub(r"[\[{][^\]}]*[\]}]$", "", path).rpartition(".")[2]
    return words(re.sub(r"[\[{].*", "", field)) or "result"


def is_plural(noun: str) -> bool:
    """Whether a noun phrase looks like a plural: `nights`, `free rooms`, not `status`."""
    return noun.endswith("s") and not noun.endswith(("ss", "us", "is"))


def singular(noun: str) -> str:
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    if noun.endswith(("sses", "xes", "ches", "shes")):
        return noun[:-2]
    if is_plural(noun):
        return noun[:-1]
    return noun


def plural(noun: str) -> str:
    """The plural of a noun phrase: `stock in that sector` -> `stocks in that sector`."""
    head, link, rest = noun, "", ""
    found = _LINK.search(noun)
    if found:
        head, link, rest = noun[: found.start()], found[0], noun[found.end() :]
    first, space, last = head.rpartition(" ")
    if last in _MANY:
        many = first + space + _MANY[last]
    elif head.endswith("s"):
        many = head
    elif head.endswith("y") and head[-2:-1] not in "aeiou":
        many = head[:-1] + "ies"
    else:
        many = head + ("es" if head.endswith(("x", "ch", "sh")) else "s")
    return many + link + rest


def capital(text: str) -> str:
    """With a capital, unless it begins with an address or a code."""
    first = text.partition(" ")[0]
    return text if "@" in first or "_" in first else text[:1].upper() + text[1:]


def own(text: str) -> str:
    """A clause about a third person in the mouth of that person."""
    return _swap(text, _OWN)


def theirs(text: str) -> str:
    """A user's clause as said about the user."""
    return _swap(text, _THEIRS)


@lru_cache(maxsize=8192)
def shared(text: str, other: str) -> int:
    """Words of more than three letters that both have, singular or plural."""
    return len(_contents(text) & _contents(other))


@lru_cache(maxsize=4096)
def _contents(text: str) -> frozenset[str]:
    found = re.findall(r"[a-z]{4,}", text.lower())
    return frozenset(word.removesuffix("s") for word in found)


def done(clause: str) -> str:
    """An imperative clause as something that has happened: `book a seat` -> `booked a seat`."""
    verb, space, rest = clause.partition(" ")
    return participle(verb.lower()) + space + rest


@lru_cache(maxsize=1024)
def participle(verb: str) -> str:
    if verb in _PARTICIPLES:
        return _PARTICIPLES[verb]
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return verb[:-1] + "ied"
    return verb + "ed"


def _swap(text: str, table: dict[str, str]) -> str:
    def other(match: re.Match[str]) -> str:
        return table.get(match[0].lower(), match[0])

    return re.sub(r"[A-Za-z]+(?:'[a-z]+)?", other, text)
