"""What a scripted teacher is told beside the request: the trace and where in the method it stands.

Only an endpoint that identified itself as scripted ever receives it (`llm.client`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from fastsynth.env.environment import Thread
from fastsynth.languages import ENGLISH
from fastsynth.method.plan import Turn

Purpose = Literal[
    "advanced", "query", "step", "hint", "rewrite", "judge", "scenario", "student", "texts"
]


class Style(msgspec.Struct, frozen=True, kw_only=True):
    """The noise of a query: how this user happens to write."""

    register: Literal["plain", "casual", "formal", "terse"] = "plain"
    length: Literal["short", "medium", "long"] = "medium"
    detail: Literal["upfront", "trailing"] = "upfront"
    """Whether particulars come before or after the wish."""
    mentions_occasion: bool = False
    dates: Literal["iso", "long", "short"] = "long"
    words: int = 0
    """About so many words in the present message; 0: as `length` says."""
    language: str = ENGLISH
    """ISO 639-1 code."""


class BriefTool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool that a state can be made with."""

    name: str
    parameters: dict[str, Any]
    mutates: bool


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """What purpose `scenario` asks for: states of the tools, in the form of an example; or, where
    there are `tools`, one state as calls of them."""

    example: str = ""
    """JSON of one state."""
    named: tuple[tuple[str, ...], ...] = ()
    """Sets of values that the tools' schemas name: to be taken as they are."""
    count: int = 1
    tools: tuple[BriefTool, ...] = ()
    folder: str = ""
    """The path under which such tools keep files, if they do."""


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """JSON object under the request's `fastsynth` field."""

    purpose: Purpose
    seed: int
    """Of (run, job, turn, attempt): the teacher's variety and mistakes are drawn from it."""
    level: int = 0
    """Hint level of the attempt: 0 blind, 1 composite tool described, 2 and up critic's hints."""
    attempt: int = 0
    turns: tuple[Turn, ...]
    """Turns so far, the present one last."""
    thread: Thread
    now: str
    style: Style
    about: Mapping[str, str] = {}
    """Tool -> description, for every tool named in the present turn."""
    brief: Brief | None = None
    """For purpose `scenario`, which belongs to no turn."""
    texts: tuple[str, ...] = ()
    """For purpose `texts`, which belongs to all turns: the drawn ones."""


class Cue(msgspec.Struct, frozen=True, kw_only=True):
    """A `Script` as it is sent: its turns encoded already, once for all requests that tell them."""

    purpose: Purpose
    seed: int
    level: int = 0
    attempt: int = 0
    turns: tuple[msgspec.Raw, ...]
    thread: Thread
    now: str
    style: Style
    about: Mapping[str, str] = {}
    brief: Brief | None = None
    texts: tuple[str, ...] = ()


UNSCRIPTED = Cue(
    purpose="student",
    seed=0,
    turns=(),
    thread=Thread(persona="", occasion=""),
    now="",
    style=Style(),
)
"""Where no scripted model will be asked."""


class AdvancedDraft(msgspec.Struct, frozen=True, kw_only=True):
    """The writer's structured reply to purpose `advanced`: the composite tool, or its rejection."""

    purpose: str
    """What the user wants, in one sentence, without naming a step."""
    name: str
    description: str
    purposeful: bool
    """Written last: whether it makes sense is clearer once it has been said."""


class QueryDraft(msgspec.Struct, frozen=True, kw_only=True):
    """The writer's structured reply to purpose `query`."""

    asks: tuple[str, ...]
    """For each goal, in order, the words of `query` that ask for it. Written first, so that the
    message is made of them."""
    query: str


class TextsDraft(msgspec.Struct, frozen=True, kw_only=True):
    """The writer's structured reply to purpose `texts`."""

    texts: tuple[str, ...]
    """One for each that was drawn, in order."""


class HintDraft(msgspec.Struct, frozen=True, kw_only=True):
    """The critic's structured reply to purpose `hint`."""

    step: int
    """1-based number of the first wrong call of the attempt; 0 where a call is missing."""
    problem: str
    hint: str


class VoteDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A judge's structured reply to purpose `judge`."""

    accept: bool
    reason: str
