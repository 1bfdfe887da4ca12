"""What people write to each other, plan and store, for histories of hundreds of entries."""

from __future__ import annotations

THINGS = (
    "the garden shed|the spare tent|the cello|the tax folder|the bread machine|the old sofa|"
    "the school trip|the parking permit|the balcony plants|the reading group|the ladder|"
    "the tram card|the winter tyres|the jam jars|the piano lesson|the guest list|the hedge|"
    "the attic boxes|the heating oil|the bike trailer|the board game|the vaccination card|"
    "the summer party|the lost scarf|the cat sitter|the window frames|the swimming course|"
    "the loan contract|the kitchen knives|the door code|the raffle tickets|the choir folder|"
    "the firewood|the moving van|the picnic blanket|the washing machine|the apple harvest|"
    "the birthday candles|the train connection|the camping stove"
).split("|")
QUESTIONS = (
    "Did you ever find out what happened to {thing}?",
    "Could you bring {thing} when you come over, and maybe {other} as well?",
    "Who is looking after {thing} while you are away for {number} days?",
    "Do you still have {thing}, or did you give it to the neighbours?",
    "Is it true that {thing} costs {number} a month now?",
    "Shall we talk about {thing} some evening this week?",
    "Any news about {thing}? I have asked {number} times already.",
)
NOTED = (
    "I have put {thing} next to {other}, you cannot miss it.",
    "Just so you know, {thing} will take another {number} days.",
    "We settled the matter of {thing} after {number} minutes of talking.",
    "Please remember {thing}, otherwise we will have to do without {other}.",
    "It turns out that {thing} was in the cellar all along.",
    "Thanks for taking care of {thing}, you saved us {number} hours.",
    "They moved {thing} by {number} days, so there is no hurry with {other}.",
)
TASKS = (
    "ask about", "pay for", "fetch", "return", "clean", "repair", "sort out", "measure", "renew",
    "write down who has", "take a photo of", "find a place for",
)  # fmt: skip
FILE_WORDS = ("draft", "final", "scan", "signed", "summary", "backup", "notes", "comments")
FILE_ENDS = ("pdf", "docx", "xlsx", "zip")
