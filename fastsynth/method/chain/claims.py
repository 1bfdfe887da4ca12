"""What an answer may claim: no deed that no call has done, nothing unheard of.

After calls, an effect of one's own has to be this turn's or an earlier one's, and numbers and ids
those of results and words. Where no call is right every effect has to be of earlier turns, and
counts and addresses need a source too. Words are weak evidence: a claim passes as soon as a call
that came back well, or an earlier answer, is of its family of verbs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from fastsynth.languages import ENGLISH
from fastsynth.method.agents import Dropped, refused
from fastsynth.method.forms import numbers, scalars
from fastsynth.method.tongue import both_ways
from fastsynth.method.wording import words
from fastsynth.records import Message

COUNTS = 20
"""Whole numbers up to here may count things of a result and need no source after calls."""
_DECIMALS = (0, 1, 2, 3, 4, 5, 6, 8, 9, 10)
_FAMILIES = {
    "sent|e?mailed|posted|forwarded|shared|texted|messaged|replied|notified|tweeted|informed":
    "sen[dt]|e?mail|post|forward|shar|text|messag|repl|notif|tweet|inform|comment|invit",
    "re-?booked|booked|reserved|ordered|purchased|bought|scheduled|arranged":
    "book|reserv|order|purchas|buy|bought|schedul|arrang|plac|hold",
    "cancell?ed|deleted|removed|cleared|discarded|erased|closed|resolved|revoked|undone":
    "cancel|delet|remov|clear|discard|eras|clos|resolv|revok|undo|reset|drop|leav",
    "created|added|placed|made|saved|filed|submitted|registered|uploaded|written|wrote|issued":
    "creat|add|plac|ma[kd]e|sav|fil|submit|regist|upload|writ|wrot|issu|book|draft|touch|mkdir|note",
    "updated|changed|moved|re-?scheduled|renamed|adjusted|edited|modified|switched|raised|lowered":
    "updat|chang|mov|schedul|renam|adjust|edit|modif|switch|rais|lower|set|fill",
    "paid|transferred|deposited|refunded|withdrawn|withdrew|sold|charged|topped up":
    "pa[yi]|transfer|deposit|refund|withdr|s[eo]l|charg|top|fund|settle|sen[dt]",
    "opened|activated|enabled|started|unlocked|turned on|turned off|unfrozen|unfroze":
    "open|activ|enabl|start|unlock|turn|unfr|switch|log|engine",
    "stopped|disabled|locked|blocked|frozen|froze|paused":
    "stop|disabl|lock|block|fr[eo]+z|paus|engine",
    "done|completed|finished|processed|handled|sorted out|taken care of": ".",
}  # fmt: skip
"""What is claimed -> how a word of a call or an answer begins that may have done it."""
_DEEDS = "|".join(_FAMILIES)
_ADVERBS = r"(?:\s+(?:now|just|already|also|all|successfully|gone ahead and|went ahead and))*"
_OWN = rf"\b(?:i|we)(?:'ve|\s+have)?{_ADVERBS}\s+(?P<one>{_DEEDS})\b"
_CLAIMS = (
    _OWN + rf"|\b(?:has|have|'ve|'s)\s+(?:(?:now|just|already|also|successfully)\s+)*been"
    rf"(?:\s+successfully)?\s+(?P<two>{_DEEDS})\b"
    rf"|\b(?:is|are|'s)\s+(?:now|already|all)\s+(?P<three>{_DEEDS})\b"
    rf"|\b(?:was|were)(?:\s+successfully)?\s+(?P<four>{_DEEDS})\b"
)
_SUCCESSES = rf"|\bsuccessfully\s+(?P<five>{_DEEDS})\b|\b(?P<six>{_DEEDS})\s+successfully\b"
_REPORTS = (
    rf"|^(?:(?:ok|okay|sure|great|all|it's|that's|alright)\W+)?(?P<seven>{_DEEDS})"
    rf"(?=[.!,]|\s+(?:it|that|the|your|for)\b|$)"
)
_CLAIM = re.compile(_CLAIMS + _REPORTS, re.IGNORECASE)
_CLAIM_OF_SUCCESS = re.compile(_CLAIMS + _SUCCESSES + _REPORTS, re.IGNORECASE)
"""Of a sentence with that word: to look for a deed at each word takes ten times as long."""
_OWN_CLAIM = re.compile(_OWN, re.IGNORECASE)
_MOVING = re.compile(
    r"sent|e?mailed|posted|forwarded|(?:re-?)?booked|reserved|ordered|purchased|bought"
    r"|(?:re-?)?scheduled|cancell?ed|deleted|removed|closed|resolved|created|added|placed|updated"
    r"|moved|renamed|paid|transferred|deposited|refunded",
    re.IGNORECASE,
)
"""Deeds that no read does: of others ("opened", "made a list") an answer may speak after a read."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_HEDGE = re.compile(
    r"\b(no|not|nothing|none|never|nor|without|if|once|when|whenever|until|unless|before|after"
    r"|cannot|would|should|could|might|may|can|glad|whether|which|wish)\b|n't\b",
    re.IGNORECASE,
)
_NAMED = re.compile(r"[^\s,;!?()\"'`*]*(?:\d|@\w|://)[^\s,;!?()\"'`*]*")
_IDIOM = re.compile(r"24/7|100\s?%|^\s*\d+[.)]\s", re.MULTILINE)
_RUN = re.compile(r"\d+")
_DIGIT = re.compile(r"\d")
_MEASURE = re.compile(r"\d+(st|nd|rd|th|am|pm|k|km|s|h|min|usd)")
_PUNCTUATION = re.compile(r"\W")
_IDENTIFIER = re.compile(r"\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9][\w-]{3,}\b")
_ERROR = '{"error":'


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer can stand on."""

    before: Sequence[Message]
    """The conversation up to the user's message, which is its last."""
    seen: Sequence[Any] = ()
    """Arguments and results, of earlier turns and of the attempt."""
    called: Sequence[str] = ()
    """Tools of the attempt whose calls came back without an error; () where no call is right."""
    language: str = ENGLISH
    rule: str = ""
    """Text of the rule that a refusal may quote."""
    effect: bool = False
    """Whether the turn has an effect: its claims are then the verdict's to judge."""

    @property
    def told(self) -> str:
        """All text before the answer."""
        before = (both_ways(message.content or "", self.language) for message in self.before)
        return " ".join([*before, self.rule])


def claim_fault(answer: str, ground: Ground) -> Dropped | None:
    """Why an answer that says so cannot stand, or None."""
    if not ground.effect and (claim := _unfounded(answer.replace("’", "'"), ground)):
        return refused("false_claim", claim)
    if name := unentailed(answer, ground.seen, ground.told, idle=not ground.called):
        return refused("answer_not_entailed", name)
    return None


def unentailed(text: str, seen: Iterable[Any], told: str, *, idle: bool = False) -> str:
    """A number or id of `text` that nothing seen or told holds, or "". `idle`: also counts, short
    ids and addresses."""
    text = _IDIOM.sub(" ", text)
    if not (idle or _DIGIT.search(text)):
        return ""
    values = list(scalars(list(seen)))
    return (
        _unknown_number(text, values, told)
        or _unknown_identifier(text, values, told)
        or (_unknown_name(text, values, told) if idle else "")
    )


def _unfounded(answer: str, ground: Ground) -> str:
    """A claim of an effect that no call or earlier answer can have had, or ""."""
    doers: frozenset[str] | None = None
    for claim in _claims(answer, idle=not ground.called):
        deed = next(text for text in claim.groupdict().values() if text).lower()
        doers = _doers(ground) if doers is None else doers
        if deed not in ground.rule.lower() and not _founded(deed, doers):
            return claim.group().strip()
    return ""


def _claims(answer: str, *, idle: bool) -> Iterator[re.Match[str]]:
    """Claims of sentences that neither ask, deny nor suppose."""
    for sentence in _SENTENCE.split(answer):
        for claim in _pattern(sentence, idle).finditer(sentence):
            if sentence.endswith("?") or _HEDGE.search(sentence[: claim.end()]):
                continue
            if idle or _MOVING.fullmatch(claim["one"]):
                yield claim


def _pattern(sentence: str, idle: bool) -> re.Pattern[str]:
    if not idle:
        return _OWN_CLAIM
    return _CLAIM_OF_SUCCESS if "successfully" in sentence.casefold() else _CLAIM


def _doers(ground: Ground) -> frozenset[str]:
    """Words of the assistant's earlier answers and of the names of tools whose calls came back."""
    failed = {m.tool_call_id for m in ground.before if (m.content or "").startswith(_ERROR)}
    made = [c.name for m in ground.before for c in m.tool_calls if c.id not in failed]
    if not (names := [words(name) for name in [*made, *ground.called]]):
        return frozenset()
    texts = [message.content or "" for message in ground.before if message.role == "assistant"]
    return frozenset(re.findall(r"[a-z]+", " ".join([*texts, *names]).lower()))


def _founded(deed: str, doers: Collection[str]) -> bool:
    found = next(doing for claimed, doing in _FAMILIES.items() if re.fullmatch(claimed, deed))
    begins = re.compile(found)
    return any(begins.match(word) for word in doers)


def _unknown_number(answer: str, seen: list[Any], told: str) -> str:
    asserted = [n for n in numbers(answer) if not (n.is_integer() and 0 <= n <= COUNTS)]
    if not asserted:
        return ""
    known: set[float] = set()
    for value in seen:
        kind = type(value)
        if kind is str:
            known |= _numbers_in(value)
        elif kind is int or kind is float:
            known.add(float(value))
    if known.issuperset(asserted):
        return ""  # as most are: the text is long
    known |= numbers(told)
    left = [n for n in asserted if n not in known]
    entailed = _roundings(known) if left else known
    return next((f"{n:g}" for n in left if abs(n) not in entailed), "")


def _roundings(known: Collection[float]) -> set[float]:
    """What may be said for known amounts: without sign, rounded, a share as a percentage."""
    rounded = {abs(round(n, digits)) for n in known for digits in _DECIMALS}
    return (
        rounded | {abs(n) for n in known} | {round(abs(n) * 100, 2) for n in known if abs(n) <= 1}
    )


@lru_cache(maxsize=4096)
def _numbers_in(value: str) -> frozenset[float]:
    if not any(map(str.isdecimal, value)):
        return frozenset()
    return frozenset(numbers(value) | {float(n) for n in _RUN.findall(value)[:12]})


def _unknown_identifier(answer: str, seen: list[Any], told: str) -> str:
    names = [
        found.group()
        for found in _IDENTIFIER.finditer(answer)
        if not _MEASURE.fullmatch(found.group().lower())
    ]
    if not names:
        return ""
    known = (told + " " + " ".join(str(value) for value in seen)).lower()
    left = [name for name in names if name.lower() not in known]
    if not left:
        return ""
    bare = _PUNCTUATION.sub("", known)
    return next((name for name in left if _PUNCTUATION.sub("", name.lower()) not in bare), "")


def _unknown_name(answer: str, seen: Sequence[Any], told: str) -> str:
    """A figure of any size, a name with digits or an address that stands nowhere so far, or ""."""
    named = [found.group().strip(".:") for found in _NAMED.finditer(answer)]
    if not (named := [name for name in named if name]):
        return ""
    told = " ".join([told, *map(str, seen)]).lower()
    runs = {float(run) for run in _RUN.findall(told.replace(",", ""))}
    known = runs | {run - 12 for run in runs if 12 < run < 24} | _roundings(numbers(told))
    return next((name for name in named if not _heard(name, told, known)), "")


def _heard(name: str, told: str, known: Collection[float]) -> bool:
    if len(name) > 3 and name.lower() in told:
        return True
    if written := numbers(name):
        return {abs(amount) for amount in written} <= set(known)
    digits = [float(run) for run in _RUN.findall(name.replace(",", ""))]
    return bool(digits) and all(run in known for run in digits)
