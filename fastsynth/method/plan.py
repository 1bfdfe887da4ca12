"""What Phase I hands on: executed turns whose every argument knows where its value came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from fastsynth.env.environment import Thread


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


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A whole conversation before any token is paid for."""

    job: int
    stratum: str
    parts: tuple[str, ...]
    thread: Thread
    now: str
    place: str
    turns: tuple[Turn, ...]
