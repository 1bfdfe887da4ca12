"""What Phase I hands on: executed turns whose every argument knows where its value came from."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Literal

import msgspec

from fastsynth.env.environment import Thread
from fastsynth.records import canonical


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """How a value was picked among the elements of a result, in words the user can say."""

    by: Literal["only", "lowest", "highest", "named", "latest"]
    """`named`: the element whose `field` equals a value the user says."""
    field: str = ""
    """Pattern of the deciding field, `flights[].price`; "" for `only` and `latest`."""
    words: str = ""
    """`cheapest`; for `named` the value as text."""
    value: Any = None
    """For `named`: the value the user says."""


class User(msgspec.Struct, frozen=True, kw_only=True, tag="user"):
    """The user says it (or a stated fact or an earlier answer holds it)."""


class Output(msgspec.Struct, frozen=True, kw_only=True, tag="output"):
    """It stands in an earlier result: `path` (concrete) in the result of `step` of `turn`."""

    turn: int
    step: int
    path: str
    choice: Choice | None = None


class Default(msgspec.Struct, frozen=True, kw_only=True, tag="default"):
    """Nobody says it: the schema's default, or a fixed constant that the tool demands."""


Provenance = User | Output | Default


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One executed call of a trace."""

    tool: str
    arguments: dict[str, Any]
    sources: Mapping[str, Provenance]
    """Argument path (`origin`, `numbers[1]`) -> provenance; one for every scalar the call has."""
    value: Any
    """The result."""
    mutates: bool = False


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """What the user wants of a step: its effect, and/or to hear values of its result."""

    step: int
    effect: bool
    paths: tuple[str, ...] = ()
    """Concrete result paths whose values the answer has to give."""


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """A value that the user leaves out at first: an argument of a step of the draft."""

    step: int
    parameter: str
    value: Any
    words: str
    """The argument in words, `departure date`."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A stated policy rule that runs: what it forbids is decided by `method.turns.rules.forbids`,
    for form `own` by the user's predicate (`env.law`)."""

    tool: str
    parameter: str
    form: Literal["at_most", "own"]
    bound: Any
    text: str
    """As the system message states it."""


class Interruption(msgspec.Struct, frozen=True, kw_only=True):
    """The first call of a tool in a turn fails with `message`, before it reaches the tool."""

    tool: str
    message: str


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One planned turn: the executed trace, cut to what its goals need."""

    number: int
    kind: str
    target: str
    steps: tuple[Step, ...]
    goals: tuple[Goal, ...]
    digest: str
    """State digest after the turn."""
    variant: Literal["", "chat", "history", "unavailable"] = ""
    """For `no_tool`: small talk, what the history answers, or a wish no visible tool serves."""
    recall: Output | None = None
    """For `history`: the value of an earlier turn that is asked for."""
    wish: Step | None = None
    """For `unavailable`: the call that would serve it, never executed; `value` is None."""
    draft: tuple[Step, ...] = ()
    """What the user asks for in a turn in which it must not be done (yet); else ()."""
    draft_goals: tuple[Goal, ...] = ()
    slot: Slot | None = None
    """For `missing_parameter`: what the user leaves out; in its other half: what they then say."""
    withheld: str = ""
    """For `missing_function`: the tool that is not there; in its other half: that was added."""
    rule: Rule | None = None
    """For `refusal`: the rule that forbids it."""
    interruptions: tuple[Interruption, ...] = ()
    """For `error_recovery`."""
    parallel: bool = False
    """Whether independent calls belong into one message."""

    def as_asked(self) -> Turn:
        """The turn as the user means it: where it must not be done, what it would be if it were."""
        if not self.draft:
            return self
        return msgspec.structs.replace(self, steps=self.draft, goals=self.draft_goals)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A whole conversation before any token is paid for."""

    job: int
    stratum: str
    parts: tuple[str, ...]
    thread: Thread
    now: str
    place: str
    turns: tuple[Turn, ...]
    rule: Rule | None = None
    """Stated in the system message of the whole conversation."""
    parallel: bool = False


def plan_hash(plan: Plan) -> str:
    """Equal for plans with the same calls in the same world parts, whatever the words."""
    calls = [[(step.tool, step.arguments) for step in turn.steps] for turn in plan.turns]
    text = canonical([plan.parts, calls, [turn.kind for turn in plan.turns]])
    return blake2b(text.encode(), digest_size=16).hexdigest()
