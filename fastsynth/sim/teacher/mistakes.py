"""What a scripted teacher gets wrong, at which shares: honest mistakes, one at most an attempt.

Drawn from the script's seed; asking for the same thing again brings the same mistake. Hints cure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fastsynth import seeds
from fastsynth.method.script import Script

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
StepMistake = Literal[
    "wrong_argument", "missing_call", "needless_call", "malformed_arguments", "leaked_reasoning",
    "refusal", "text_call", "wrong_answer", "missing_value",
]  # fmt: skip
QueryMistake = Literal["leaked_query", "forgotten_value"]


class Mistakes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shares of attempts, each in [0, 1]; together at most 1 for steps and for queries."""

    wrong_argument: Share = 0.05
    missing_call: Share = 0.04
    needless_call: Share = 0.04
    malformed_arguments: Share = 0.03
    leaked_reasoning: Share = 0.03
    """At level 0 there is nothing to leak, and the mistake does not show."""
    refusal: Share = 0.03
    text_call: Share = 0.04
    wrong_answer: Share = 0.03
    """A number in the answer that no result holds."""
    missing_value: Share = 0.03
    leaked_query: Share = 0.04
    forgotten_value: Share = 0.05
    purposeless: Share = 0.1
    """Share of traces rejected among those whose goals have nothing in common."""
    harsh_vote: Share = 0.05
    """Share of a judge's votes that reject."""


NONE = Mistakes(
    wrong_argument=0, missing_call=0, needless_call=0, malformed_arguments=0, leaked_reasoning=0,
    refusal=0, text_call=0, wrong_answer=0, missing_value=0, leaked_query=0, forgotten_value=0,
    purposeless=0, harsh_vote=0,
)  # fmt: skip

STEP: tuple[StepMistake, ...] = (
    "wrong_argument", "missing_call", "needless_call", "malformed_arguments", "leaked_reasoning",
    "refusal", "text_call", "wrong_answer", "missing_value",
)  # fmt: skip
QUERY: tuple[QueryMistake, ...] = ("leaked_query", "forgotten_value")
_CURED = {0: 1.0, 1: 0.75}
"""What is left of a share at hint levels 0 and 1; a critic's hint (2 and up) leaves a fifth."""


def of_attempt(mistakes: Mistakes, script: Script) -> StepMistake | None:
    """The mistake of this attempt at a turn, if any."""
    left = _CURED.get(script.level, 0.2)
    draw = seeds.derive(script.seed, "mistake").random()
    for name in STEP:
        draw -= getattr(mistakes, name) * left
        if draw < 0:
            return name
    return None


def missed_step(student: Mapping[str, float], script: Script) -> int | None:
    """The first step of the turn whose tool goes wrong in this run of the student, if any.

    `student`: tool -> share of runs; `default` for tools that are not named.
    """
    for number, step in enumerate(script.turns[-1].as_asked().steps):
        share = student.get(step.tool, student.get("default", 0.0))
        if seeds.derive(script.seed, "student", step.tool).random() < share:
            return number
    return None


def of_query(mistakes: Mistakes, script: Script) -> QueryMistake | None:
    """The mistake of this attempt at a query, if any."""
    draw = seeds.derive(script.seed, script.attempt, "query mistake").random()
    for name in QUERY:
        draw -= getattr(mistakes, name)
        if draw < 0:
            return name
    return None
