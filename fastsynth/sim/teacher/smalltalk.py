"""Turns where no call is right: chat, a question the history answers, a wish no tool serves."""

from __future__ import annotations

from random import Random

from fastsynth.env import paths
from fastsynth.method.plan import Output, Rule, Slot, Step
from fastsynth.sim.teacher.refer import Speaker, user_names
from fastsynth.sim.teacher.words import is_plural, label, own, tell, thing

_THANKS = (
    "Thanks, that's a real help.", "Perfect, thank you.", "Great, thanks for sorting that out.",
    "That was quick, thank you!", "Lovely, thanks a lot.",
    "Brilliant, that's one less thing to worry about.",
    "Thank you, that's exactly what I needed.",
)  # fmt: skip
_CHAT = (
    "I've had a long day, so this makes it easier.", "I might have more for you later.",
    "That's all for the moment.", "Just let me catch my breath for a second.",
    "I'll grab a coffee and come back to you.", "You're making this easy.",
)  # fmt: skip
_TERSE = ("Thanks.", "Great, thanks.", "Good. Thanks.", "Perfect.")
_REPLIES = (
    "You're welcome!", "Happy to help.", "Glad that worked out.", "Any time.", "My pleasure.",
)  # fmt: skip
_MORE = (
    "Just tell me when you need something else.", "I'm here if anything else comes up.",
    "Let me know if there's more I can do.", "",
)  # fmt: skip
_AGAIN = (
    "What was the {} again?", "Sorry, what was the {} again?", "Can you remind me of the {}?",
    "I forgot to write it down: what was the {}?", "Could you repeat the {}, please?",
    "Remind me, what was the {}?",
)  # fmt: skip
_RECALLED = (
    "The {0} {2} {1}.", "It was {1}: that's the {0}.", "Sure: the {0} {2} {1}.",
    "The {0} {3} {1}.",
)  # fmt: skip
_CANNOT = (
    "I'm sorry, but none of the tools I have here can do that. Is there anything else?",
    "I can't do that from here: I have no tool for it. I'm glad to help with anything else.",
    "That's not something I can do with what I have here, so I've left everything as it is.",
    "Unfortunately I don't have a way to do that here, and nothing has been changed.",
)  # fmt: skip
_ANSWERS = (
    "{0}, please.", "Oh, sorry: {0}.", "{0}.", "Right, I forgot. {0}.", "Make it {0}.",
    "The {1} {2} {0}.", "Sorry, the {1} would be {0}.",
)  # fmt: skip
_TEXT_OPENERS = ("Sorry, here it is:", "It should be:", "This:")
_NOW_THERE = (
    "That should work now, I've just had it enabled for you. Please try again.",
    "OK, I've switched that on for you. Could you do it now?",
    "The tool for that is available to you now. Please go ahead.",
    "I got that unlocked. Give it another try, please.",
    "You should have what you need now. Go ahead, please.",
)  # fmt: skip
_QUESTIONS = (
    "Sure. Which {} should I use?", "I can do that. What is the {}?",
    "Before I go on I need one more thing: what should the {} be?",
    "Happy to. Could you tell me the {}?", "Which {} do you have in mind?",
)  # fmt: skip
_FORBIDDEN = (
    "I'm sorry, I can't do that. My rules say: {}.",
    "I'm not allowed to do this: {}. Nothing has been changed.",
    "That is against a rule I have to follow ({}), so I can't do it.",
)  # fmt: skip
_DULL = frozenset("result value status name".split())


def chat(speaker: Speaker) -> str:
    """Thanks or small talk that fits the thread and asks for nothing."""
    rng, style = speaker.rng, speaker.script.style
    if style.register == "terse":
        return rng.choice(_TERSE)
    text = rng.choice(_THANKS)
    occasion = own(speaker.script.thread.occasion.strip().rstrip("."))
    roll = rng.random()
    if roll < 0.3 and occasion.split(" ")[0].endswith("ing"):
        return f"{text} {occasion[:1].upper()}{occasion[1:]} takes more effort than I thought."
    if roll < 0.75 or style.length == "long":
        text += " " + rng.choice(_CHAT)
    return text


def chat_answer(rng: Random) -> str:
    return f"{rng.choice(_REPLIES)} {rng.choice(_MORE)}".strip()


def recall_question(speaker: Speaker, recall: Output) -> str:
    """Asks once more for a value that an earlier turn brought."""
    return speaker.rng.choice(_AGAIN).format(_recalled(speaker, recall))


def recall_answer(rng: Random, step: Step, recall: Output, zone: str = "") -> str:
    value = tell(paths.get(recall.path, step.value), zone=zone)
    name = label(recall.path)
    are, were = ("are", "were") if is_plural(name) else ("is", "was")
    return rng.choice(_RECALLED).format(name, value, are, were)


def resolved(speaker: Speaker) -> str:
    """The user's answer to a question, or word that the missing tool is there now."""
    turn, rng = speaker.turn, speaker.rng
    if turn.kind == "missing_parameter_resolved" and turn.slot is not None:
        value = speaker.words(turn.slot.value)
        if len(value) > 40 or value.endswith((".", "!", "?")):
            return f"{rng.choice(_TEXT_OPENERS)} {value}"
        name = speaker.label(turn.slot.words)
        return rng.choice(_ANSWERS).format(value, name, "are" if is_plural(name) else "is")
    return rng.choice(_NOW_THERE)


def ask_for(slot: Slot, rng: Random) -> str:
    """The assistant's question for the one thing that is missing."""
    return rng.choice(_QUESTIONS).format(slot.words)


def refuse(rule: Rule, rng: Random) -> str:
    text = rule.text.removeprefix("Rule: ").rstrip(".")
    return rng.choice(_FORBIDDEN).format(text)


def cannot(rng: Random) -> str:
    return rng.choice(_CANNOT)


def _recalled(speaker: Speaker, recall: Output) -> str:
    """`confirmation number`, with what tells it apart where several calls brought one."""
    step = speaker.step(recall.turn, recall.step)
    name = label(recall.path)
    if name in _DULL and thing(recall.path.rpartition(".")[0]) != "result":
        name = f"{thing(recall.path.rpartition('.')[0])} {name}"
    twins = [
        other
        for turn in speaker.script.turns[:-1]
        for other in turn.steps
        if other.tool == step.tool and other.arguments != step.arguments
    ]
    for field in user_names(step) if twins or "[" in recall.path or name in _DULL else ():
        value = step.arguments[field]
        apart = all(other.arguments.get(field) != value for other in twins)
        if apart and isinstance(value, str | int | float) and not isinstance(value, bool):
            return f"{name} for {speaker.words(value)}"
    return name
