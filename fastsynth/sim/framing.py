"""How a clause becomes a sentence: frames by register, greetings, asides, marks on what asks."""

from __future__ import annotations

import re

from fastsynth.sim.refer import Speaker
from fastsynth.sim.words import capital, own

_OPEN, _SHUT = "\ufdd0", "\ufdd1"  # Unicode noncharacters: meant for internal use, in no text
_ENDED = re.compile(r"[.!?][\"']?$")
_SPAN = re.compile(f"{_OPEN}(.*?){_SHUT}", re.DOTALL)

FRAMES = {
    "plain": ("{}.", "Please {}.", "Can you {}?", "Could you {}?", "I'd like you to {}.",
              "I need you to {}.", "Would you {}?", "I want you to {}.", "Go ahead and {}.",
              "Time to {}.", "Next on my list: {}.", "Will you {}?", "You could {}."),
    "casual": ("Can you {}?", "Could you {} for me?", "Please {}, thanks!", "{}, please.",
               "Any chance you could {}?", "Would you {} for me?", "Quick one: {}.",
               "Just {}, ok?", "How about you {}?", "So, {}.", "Can I get you to {}?",
               "Mind if I ask you to {}?", "Be so kind and {}."),
    "formal": ("Could you please {}?", "I would like you to {}.", "Would you kindly {}?",
               "Please {}.", "Kindly {}.", "May I ask you to {}?", "I should like you to {}.",
               "Would it be possible to {}?", "I ask that you {}."),
    "terse": ("{}.", "{}, thanks.", "To do: {}.", "Needed: {}."),
}  # fmt: skip
_GREETINGS = ("Hi!", "Hey,", "Hello!", "Hi there!", "Morning!", "Good day!", "Hey there!")
_LONG = (
    "No rush, but I'd like to have this sorted today.", "Let me know how it goes.",
    "That would be a weight off my mind.", "I'd be glad to have that out of the way.",
    "Take the time you need.", "It has been on my list for days.", "I keep forgetting about it.",
    "Somebody is waiting for it.", "You'd save me an evening.", "Nothing else is urgent.",
    "It shouldn't be complicated.", "I can't do it from here myself.", "Thanks in advance.",
    "My head is full of other things.", "Ask me if anything is odd.",
)  # fmt: skip
_OCCASIONS = ("I'm {}.", "Right now I'm {}.", "I'm just {}.", "Currently I'm {}.")
_OWN = re.compile(r"\b(?:me|I|my|mine)\b")


def framed(frame: str, clause: str) -> str:
    """A clause in a frame such as `Could you {}?`, capitals and stops in order."""
    before, _, after = frame.partition("{}")
    if before == "" or before.endswith((". ", "! ")):
        clause = _OPEN + capital(clause[1:]) if clause.startswith(_OPEN) else capital(clause)
    if after[:1] == "." and _ENDED.search(clause.removesuffix(_SHUT)):
        after = ""
    if after.startswith(" for me") and _OWN.search(clause):
        after = after.removeprefix(" for me")
    return before + clause + after


def sentence(clause: str) -> str:
    """A clause as a sentence of its own."""
    clause = capital(clause.strip())
    return clause if _ENDED.search(clause) else clause + "."


def marked(clause: str) -> str:
    """The clause between marks that are no text, so that it is found again however it is framed."""
    return f"{_OPEN}{clause}{_SHUT}"


def opening(speaker: Speaker) -> list[str]:
    """A greeting and the occasion, mostly in the first turn."""
    style, first = speaker.script.style, speaker.turn.number == 0
    greet = first and style.register == "casual" and speaker.rng.random() < 0.6
    parts = [speaker.rng.choice(_GREETINGS).replace(",", "!")] if greet else []
    occasion = own(speaker.script.thread.occasion.strip().rstrip("."))
    mentions = style.mentions_occasion and (first or speaker.rng.random() < 0.1)
    if mentions and occasion.split(" ")[0].endswith("ing"):
        parts.append(speaker.rng.choice(_OCCASIONS).format(occasion))
    return parts


def closing(speaker: Speaker) -> list[str]:
    """An aside that asks for nothing, from people who write at length."""
    style = speaker.script.style
    if style.length == "long" and style.register != "terse" and speaker.rng.random() < 0.4:
        return [speaker.rng.choice(_LONG)]
    return []


def spans(text: str) -> tuple[str, ...]:
    """The marked clauses as they stand in a text."""
    return tuple(found[1] for found in _SPAN.finditer(text))


def unmarked(text: str) -> str:
    return text.replace(_OPEN, "").replace(_SHUT, "")
