"""What an answer that follows no call may say: nothing done just now, and nothing unheard of.

Where no call is right, an effect can only be one of earlier turns, and a figure, an id or an
address only one that stands in the conversation. Words are weak evidence, so a claim passes as
soon as an earlier call or answer is of its family of verbs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from fastsynth.method.agents import Dropped, refused
from fastsynth.method.forms import numbers, scalars
from fastsynth.method.wording import words
from fastsynth.records import Message

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
_CLAIM = re.compile(
    rf"\b(?:i|we)(?:'ve|\s+have)?{_ADVERBS}\s+(?P<one>{_DEEDS})\b"
    rf"|\b(?:has|have|'ve|'s)\s+(?:(?:now|just|already|also|successfully)\s+)*been"
    rf"(?:\s+successfully)?\s+(?P<two>{_DEEDS})\b"
    rf"|\b(?:is|are|'s)\s+(?:now|already|all)\s+(?P<three>{_DEEDS})\b"
    rf"|\b(?:was|were)(?:\s+successfully)?\s+(?P<four>{_DEEDS})\b"
    rf"|\bsuccessfully\s+(?P<five>{_DEEDS})\b|\b(?P<six>{_DEEDS})\s+successfully\b"
    rf"|^(?:(?:ok|okay|sure|great|all|it's|that's|alright)\W+)?(?P<seven>{_DEEDS})"
    rf"(?=[.!,]|\s+(?:it|that|the|your|for)\b|$)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_HEDGE = re.compile(
    r"\b(no|not|nothing|none|never|nor|without|if|once|when|whenever|until|unless|before|after"
    r"|cannot|would|should|could|might|may|can|glad|whether|which|wish)\b|n't\b",
    re.IGNORECASE,
)
_NAMED = re.compile(r"[^\s,;!?()\"'`*]*(?:\d|@\w|://)[^\s,;!?()\"'`*]*")
_IDIOM = re.compile(r"24/7|100\s?%|^\s*\d+[.)]\s", re.MULTILINE)
_RUN = re.compile(r"\d+")


def idle_fault(
    answer: str, before: Sequence[Message], seen: Iterable[Any], rule: str = ""
) -> Dropped | None:
    """Why an answer without any call cannot stand, or None.

    `before`: the conversation up to the user's message, which is its last. `seen`: arguments and
    results of earlier turns. `rule`: the text of the rule that the answer may quote.
    """
    if claim := _unfounded(answer.replace("’", "'"), before, rule):
        return refused("false_claim", claim)
    if name := _unheard(answer, before, list(scalars(list(seen))), rule):
        return refused("answer_not_entailed", name)
    return None


def _unfounded(answer: str, before: Sequence[Message], rule: str) -> str:
    """A claim of an effect that no earlier call or answer can have had, or ""."""
    earlier: frozenset[str] | None = None
    for claim in _claims(answer):
        deed = next(text for text in claim.groupdict().values() if text).lower()
        earlier = _earlier(before) if earlier is None else earlier
        if deed not in rule.lower() and not _founded(deed, earlier):
            return claim.group().strip()
    return ""


def _claims(answer: str) -> Iterator[re.Match[str]]:
    """Claims of sentences that neither ask, deny nor suppose."""
    for sentence in _SENTENCE.split(answer):
        for claim in _CLAIM.finditer(sentence):
            if not sentence.endswith("?") and not _HEDGE.search(sentence[: claim.end()]):
                yield claim


def _earlier(before: Sequence[Message]) -> frozenset[str]:
    """Words of the assistant's earlier answers and of the names of the tools it called."""
    names = [words(call.name) for message in before for call in message.tool_calls]
    if not names:
        return frozenset()
    texts = [message.content or "" for message in before if message.role == "assistant"]
    return frozenset(re.findall(r"[a-z]+", " ".join([*texts, *names]).lower()))


def _founded(deed: str, earlier: Collection[str]) -> bool:
    found = next(doing for claimed, doing in _FAMILIES.items() if re.fullmatch(claimed, deed))
    begins = re.compile(found)
    return any(begins.match(word) for word in earlier)


def _unheard(answer: str, before: Sequence[Message], seen: Sequence[Any], rule: str) -> str:
    """A figure, a name with digits or an address that stands nowhere so far, or ""."""
    named = [found.group().strip(".:") for found in _NAMED.finditer(_IDIOM.sub(" ", answer))]
    if not (named := [name for name in named if name]):
        return ""
    told = " ".join([*(message.content or "" for message in before), *map(str, seen), rule]).lower()
    known = {float(run) for run in _RUN.findall(told.replace(",", ""))}
    known |= {run - 12 for run in known if 12 < run < 24}
    amounts = numbers(told)
    known |= {abs(round(amount, digits)) for amount in amounts for digits in (0, 1, 2, 9)}
    known |= {round(amount * 100, 2) for amount in amounts if abs(amount) <= 1}
    return next((name for name in named if not _heard(name, told, known)), "")


def _heard(name: str, told: str, known: Collection[float]) -> bool:
    if len(name) > 3 and name.lower() in told:
        return True
    if written := numbers(name):
        return {abs(amount) for amount in written} <= set(known)
    digits = [float(run) for run in _RUN.findall(name.replace(",", ""))]
    return bool(digits) and all(run in known for run in digits)
