"""How a clause becomes a sentence: frames by register, greetings, asides, marks on what asks."""

from __future__ import annotations

import re

from fastsynth.sim.teacher.refer import Speaker
from fastsynth.sim.teacher.words import capital, own

_OPEN, _SHUT, _WHOLE = (
    "\ufdd0",
    "\ufdd1",
    "\ufdd2",
)  # Unicode noncharacters: meant for internal use, in no text
_ENDED = re.compile(r"[.!?][\"']?$")
_SPAN = re.compile(f"{_OPEN}(.*?){_SHUT}", re.DOTALL)

FRAMES = {
    "plain": ("{}.", "Please {}.", "Can you {}?", "Could you {}?", "I'd like you to {}.",
              "I need you to {}.", "Would you {}?", "I want you to {}.", "Go ahead and {}.",
              "Time to {}.", "Next on my list: {}.", "Will you {}?", "You could {}.",
              "What I need: {}.", "If you can, {}.", "I was hoping you'd {}.",
              "Here's what I'm after: {}.", "First of all, {}.", "Is it possible to {}?",
              "My request is to {}.", "{} now, please.", "It would be good if you could {}."),
    "casual": ("Can you {}?", "Could you {} for me?", "Please {}, thanks!", "{}, please.",
               "Any chance you could {}?", "Would you {} for me?", "Quick one: {}.",
               "Just {}, ok?", "How about you {}?", "So, {}.", "Can I get you to {}?",
               "Mind if I ask you to {}?", "Be so kind and {}.", "Tiny favour: {}.",
               "{}, would you?", "{} when you get a second.", "{}, cheers.", "Fancy a job? {}.",
               "Help me out here: {}.", "Right then, {}.", "Got a moment to {}?",
               "{}, if you like.", "Alright, {}, thanks."),
    "formal": ("Could you please {}?", "I would like you to {}.", "Would you kindly {}?",
               "Please {}.", "Kindly {}.", "May I ask you to {}?", "I should like you to {}.",
               "Would it be possible to {}?", "I ask that you {}.", "It is my wish that you {}.",
               "I would be grateful if you could {}.", "Be so good as to {}.",
               "Might I trouble you to {}?", "I hereby ask you to {}.", "If I may, {}.",
               "I trust you can {}."),
    "terse": ("{}.", "{}, thanks.", "To do: {}.", "Needed: {}.", "{}. Thanks.", "{}, please.",
              "Now: {}.", "Wanted: {}.", "{} asap.", "{}!"),
}  # fmt: skip
TELL = ("and tell me the {}", "and give me the {}", "and let me know the {}",
        "and report the {}", "and mention the {} when you answer", "and say what the {} {}",
        "and come back with the {}", "and I'd like to hear the {}",
        "and I need the {} as well")  # fmt: skip
NEXT = ("Now {}.", "Great. {}.", "Thanks! {}.", "Next, {}.", "OK, {}.", "Good. Now {}.",
        "Thanks. Could you also {}?", "And could you {}?", "One more thing: {}.",
        "Perfect. {}, please.", "Fine, then {}.", "While we're here, {}.", "Right, {}.",
        "Something else: {}.", "Lovely. Can you {}?", "Moving on, {}.", "All good. {}.",
        "That helps. Please {}.", "Understood. {} now, please.", "Could I also have you {}?",
        "And {}.", "Before I forget, {}.", "Good to know. {}, would you?", "Splendid. Do {}.",
        "There's more: {}.", "Then would you {}?", "Noted. {} as the next step.",
        "{} next.", "I see. {}.", "What's left is to {}.", "Since you're at it, {}.",
        "Well, {}.", "That settles it: {}.", "Makes sense. {}.", "And please {}.")  # fmt: skip
THEN = ("Once that's done, {}.", "After that, {}.", "Then {}.", "Afterwards, {}.",
        "Next up, {}.", "With that settled, {}.", "From there, {}.", "Following that, {}.",
        "That done, {}.", "Finally, {}.", "Subsequently {}.", "With this out of the way, {}.",
        "Then please {}.", "When you have it, {}.", "As a next step, {}.", "Having done so, {}.",
        "And then {}.", "Straight after, {}.", "Second, {}.", "Later on {}.")  # fmt: skip
ALSO = ("Also, {}.", "And {}.", "While you're at it, {}.", "On top of that, {}.",
        "Besides, {}.", "Another thing, {}.", "Apart from that, {}.", "Plus, {}.",
        "In addition, {}.", "Separately, {}.", "Oh, and {}.", "Please {} too.",
        "As for the rest, {}.",
        "Additionally, {}.", "The other thing: {}.", "And do {}.", "Further, {}.",
        "I'd also have you {}.", "Not to forget, {}.")  # fmt: skip
_GREETINGS = ("Hi!", "Hey,", "Hello!", "Hi there!", "Morning!", "Good day!", "Hey there!")
_LONG = (
    "No rush, but I'd like to have this sorted today.", "Let me know how it goes.",
    "That would be a weight off my mind.", "I'd be glad to have that out of the way.",
    "Take the time you need.", "It has been on my list for days.", "I keep forgetting about it.",
    "Somebody is waiting for it.", "You'd save me an evening.",
    "I've put it off long enough.", "My evening depends on it.", "I'm curious what comes out.",
    "That's all I can think of.", "There's a cup of tea waiting for me.", "It's been nagging me.",
    "You know this better than I do.", "Everybody at home keeps asking.", "No drama if it's late.",
    "I'd do it on my phone, but the screen is broken.", "I'm off to bed after this.",
    "Nothing else is urgent.",
    "It shouldn't be complicated.", "I can't do it from here myself.", "Thanks in advance.",
    "My head is full of other things.", "Ask me if anything is odd.",
)  # fmt: skip
_OCCASIONS = ("I'm {}.", "Right now I'm {}.", "I'm just {}.", "Currently I'm {}.", "So I'm {}.",
              "As you may know, I'm {}.", "These days I'm {}.", "This is about {}.",
              "You catch me {}.", "Background: I'm {}.", "Just so you know, I'm {}.",
              "All week I've been {}.", "Somehow I ended up {}.", "{} is what it's about.",
              "I'm busy {}.", "I'm in the middle of {}.", "The occasion: I'm {}.")  # fmt: skip
_OWN = re.compile(r"\b(?:me|I|my|mine)\b")


def framed(frame: str, clause: str) -> str:
    """A clause in a frame such as `Could you {}?`, capitals and stops in order."""
    if stands_alone(clause):
        return clause
    before, _, after = frame.partition("{}")
    if before == "" or before.endswith((". ", "! ", "? ")):
        clause = _OPEN + capital(clause[1:]) if clause.startswith(_OPEN) else capital(clause)
    if after[:1] == "." and _ENDED.search(clause.removesuffix(_SHUT)):
        after = ""
    if after.startswith(" for me") and _OWN.search(clause):
        after = after.removeprefix(" for me")
    return before + clause + after


def whole(text: str) -> str:
    """A sentence as a clause around which no frame goes."""
    return _WHOLE + sentence(text)


def stands_alone(clause: str) -> bool:
    """Whether a clause is `whole`."""
    return _WHOLE in clause


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
    if style.mentions_occasion and first and occasion.split(" ")[0].endswith("ing"):
        parts.append(sentence(speaker.rng.choice(_OCCASIONS).format(occasion)))
    return parts


def closing(speaker: Speaker) -> list[str]:
    """An aside that asks for nothing, from people who write at length."""
    style = speaker.script.style
    if style.length == "long" and style.register != "terse" and speaker.rng.random() < 0.4:
        return [speaker.rng.choice(_LONG)]
    return []


def spans(text: str) -> tuple[str, ...]:
    """The marked clauses as they stand in a text."""
    return tuple(found[1].replace(_WHOLE, "") for found in _SPAN.finditer(text))


def unmarked(text: str) -> str:
    return text.replace(_OPEN, "").replace(_SHUT, "").replace(_WHOLE, "")
