"""A query of about as many words as it is to have: terser or fuller versions, then asides.

What has to be said is said whatever its length; the closest version is taken.
"""

from __future__ import annotations

from random import Random

from msgspec.structs import replace

from fastsynth import seeds
from fastsynth.logs import words_of
from fastsynth.method.script import QueryDraft, Script, Style
from fastsynth.sim.teacher.asking import write_query
from fastsynth.sim.teacher.bank import Bank

VERSIONS, BRIEF = 6, 8
"""Versions by style, then by how few words there can be: the first of those come anyway."""
SHORT = 20
"""Words up to which a brief version may be what is wanted."""
_ASIDES = (
    "Thank you.", "Take your time.", "No need to hurry.", "I'm on the train right now.",
    "I'd rather have this done today than tomorrow.", "Sorry to bother you with this again.",
    "I would do it myself, but I can't find where.",
    "I've been meaning to get around to this for a while now.",
    "If anything about this is unclear, just say so and I'll explain.",
    "It has been a busy week over here and this keeps slipping my mind.",
    "I asked around at home and nobody could tell me how this is done, so here I am.",
)  # fmt: skip


def write_at_length(script: Script, bank: Bank, rng: Random, mistake: str = "") -> QueryDraft:
    """As `write_query`, of about `script.style.words` words; as it comes where that is 0."""
    wanted = script.style.words
    if not wanted:
        return write_query(script, bank, rng, mistake)
    drafts = [
        write_query(
            replace(script, style=_version(script.style, number)),
            bank,
            seeds.derive(script.seed, script.attempt, "length", number),
            mistake,
            brief=number >= VERSIONS,
        )
        for number in range(VERSIONS + (BRIEF if wanted <= SHORT else 0))
    ]
    best = min(drafts, key=lambda draft: abs(words_of(draft.query) - wanted))
    return _padded(best, wanted, rng)


def _version(style: Style, number: int) -> Style:
    match number:
        case 0:
            return style
        case 4:
            return replace(style, register="plain", length="long", mentions_occasion=True)
        case 5:
            return replace(style, register="formal", length="long", mentions_occasion=True)
    return replace(style, register="terse", length="short", mentions_occasion=False)


def _padded(draft: QueryDraft, wanted: int, rng: Random) -> QueryDraft:
    """With asides that ask for nothing, while they bring it nearer."""
    text = draft.query
    for aside in rng.sample(_ASIDES, len(_ASIDES)):
        missing = wanted - words_of(text)
        if missing < 2:
            break
        if words_of(aside) < 2 * missing:
            text = f"{text} {aside}"
    return replace(draft, query=text)
