"""How an answer speaks: to the person, in plain words, of what was done; never of its own insides.

Models that fall out of their role write calls and results as text, talk about the user instead of
to them, or explain which function one could call. None of that may be taught.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from fastsynth.method.agents import Dropped, refused
from fastsynth.method.query.guards import named_tool

_MARKUP = re.compile(r"</?tool|<\||\|>|```|^\s*[{\[].*[}\]]\s*$", re.DOTALL)
_ABSENT = re.compile(
    r"\b(the (?:current |logged-in )?user(?:'s)?|the (?:question|query|request) (?:asks|is asking)"
    r"|the assistant|as an ai)\b",
    re.I,
)
_INSIDES = re.compile(
    r"\b(was called with|the (?:function|tool)s? \W?\w+\W? (?:was|were|has been|did)"
    r"|the (?:function|tool) (?:call|output|result|response|provided|returned|was|gave|shows)"
    r"|function call|tool call)\b",
    re.I,
)
_DOUBTED = re.compile(
    r"\b(may vary depending|actual (?:search )?results?|actual (?:tool )?output|based on the"
    r" (?:provided|given) (?:data|output|information|tools?)|hypothetical|for demonstration)\b",
    re.I,
)
_SPOKEN = re.compile(
    r"\b(?:you (?:can|could|may|need|should|will|would)|you'll|your|here(?:'s| is| are)"
    r"|this (?:command|code|function|call|will)|please|as follows)\b",
    re.I,
)
"""Of text beside a call: said to somebody, not thought."""


def manner_fault(answer: str, tool_names: Collection[str]) -> Dropped | None:
    """Why an answer is none that a person should be given, or None."""
    if found := _MARKUP.search(answer):
        return refused("answer_is_markup", found.group()[:60])
    if found := _ABSENT.search(answer):
        return refused("speaks_about_the_user", found.group())
    if doubted := _DOUBTED.search(answer):
        return refused("doubts_its_results", doubted.group())
    if inside := _INSIDES.search(answer):
        return refused("tells_of_its_tools", inside.group())
    if named := named_tool(answer, tool_names):
        return refused("answer_names_tool", named)
    return None


def thought(prose: str) -> str:
    """What of the text around a written call may stand as reasoning: all of it, or nothing where
    it speaks to somebody or announces a block of code that was the call."""
    bare = prose.replace("```", "").strip()
    return "" if _SPOKEN.search(bare) or bare.endswith(":") else bare
