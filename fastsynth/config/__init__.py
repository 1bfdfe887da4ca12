"""What a run is told, decoded strictly: unknown keys, wrong types and bad ranges are one line each.

Split in two: *identity* decides what the data is and is hashed; *operation* decides how fast and
where it is made, and may change between a run and its resume.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fastsynth.config.endpoints import DEFAULT_SAMPLING, Endpoint, Price, RoleName, Sampling
from fastsynth.config.environments import (
    GraphOptions,
    Mcp,
    Reset,
    Scenarios,
    Served,
    System,
    Tools,
    server_name,
)
from fastsynth.config.section import AtLeastOne, NotNegative, Section, Share, Span
from fastsynth.errors import config_error
from fastsynth.languages import ENGLISH

__all__ = [
    "DEFAULT_SAMPLING",
    "Budget",
    "Chain",
    "Config",
    "ConversationShape",
    "Endpoint",
    "Engine",
    "GraphOptions",
    "KindName",
    "Match",
    "Mcp",
    "Output",
    "Price",
    "Reset",
    "RoleName",
    "Sampling",
    "Scenarios",
    "Section",
    "Served",
    "Student",
    "System",
    "Targets",
    "Teacher",
    "Tools",
    "server_name",
]


class ConversationShape(Section, frozen=True, kw_only=True):
    """Sizes, both ends included."""

    turns: Span = (2, 5)
    calls: Span = (1, 8)
    """Calls a turn. An upper bound: a turn ends where no further call fits its thread."""
    tools_visible: Span = (8, 40)


class Match(Section, frozen=True, kw_only=True):
    """Chats of a user's own, which conversations are drawn alike."""

    logs: str
    """File of JSON lines, `{"messages": [...], "tools": [...]}`: read for its counts alone."""


class Chain(Section, frozen=True, kw_only=True):
    blind: AtLeastOne = 1
    """Attempts without any help, all made, so that their pass rate is known."""
    attempts: NotNegative = 3
    """Further attempts: the first with the composite tool described, then with hints."""
    verdict: Literal["default", "strict", "progress"] = "default"
    """`strict`: exactly the trace's calls, in order. `progress`: failed attempts also record the
    share of goals they reached."""
    must_call: bool = False
    """Guided attempts send `tool_choice: required` until they are where the trace ends, or as many
    calls came back as it has: for small models that tell of calls instead of making them, on
    servers that know it."""


class Output(Section, frozen=True, kw_only=True):
    accepted: AtLeastOne = 200
    """Accepted, unique conversations wanted."""


class Engine(Section, frozen=True, kw_only=True):
    width: AtLeastOne = 64
    """Conversations alive at once."""


class Budget(Section, frozen=True, kw_only=True):
    """What a run may spend before it drains. None: no bound."""

    usd: Annotated[float, Meta(gt=0)] | None = None
    tokens: AtLeastOne | None = None
    seconds: Annotated[float, Meta(gt=0)] | None = None


class Teacher(Section, frozen=True, kw_only=True):
    """The embedded scripted server: what share of its attempts holds an honest mistake."""

    mistakes: dict[str, Share] = {}
    student: dict[str, Share] = {}
    """The scripted student: tool -> share of its runs that go wrong where a turn needs the tool;
    `default` for all others."""
    latency_ms: Annotated[float, Meta(ge=0)] = 0.0


class Student(Section, frozen=True, kw_only=True):
    """Every accepted conversation is answered by the role `student` too, without any help."""

    runs: AtLeastOne = 4
    """Answers to a whole conversation; r is the share of them in which every turn passes."""
    band: tuple[Share, Share] | None = None
    """Only conversations with r in it, both ends included, count to the quota: [0.20, 0.85]."""


class Targets(Section, frozen=True, kw_only=True):
    """Which tools turns are walked to."""

    by: Literal["coverage", "failure"] = "coverage"
    """`failure`: mostly those that the student fails at, as a probing phase before found out."""
    probe: str = "auto"
    """`auto`: the phase runs first, in RUN/probe. Else a run whose rows the student answered."""
    conversations: AtLeastOne = 200
    """Of the probing phase; so are the runs."""
    runs: AtLeastOne = 4
    coverage: Share = 0.3
    """With `failure`: share of targets that go round all tools all the same."""


KindName = Literal[
    "base",
    "no_tool",
    "missing_parameter",
    "missing_function",
    "refusal",
    "parallel",
    "error_recovery",
    "merged",
    "split",
    "long_context",
]


class Config(Section, frozen=True, kw_only=True):
    """A whole config file; every key has a default, so that a file says only what differs."""

    environment: str | Served = "world"
    """`world[:travel+wallet]`, `bfcl[:TradingBot+MathAPI]`, `python:my_tools:make`; or `mcp:`."""
    scenarios: Scenarios | None = None
    """None: the module's own `scenario`, or else the tools' own initial state."""
    system: System | None = None
    seed: NotNegative = 1
    endpoints: dict[str, Endpoint] = msgspec.field(
        default_factory=lambda: {"teacher": Endpoint(kind="scripted")}
    )
    roles: dict[RoleName, str] = {}
    """Role -> endpoint name. Where there is one endpoint only, it is the default."""
    sampling: dict[RoleName, Sampling] = {}
    conversation: ConversationShape = ConversationShape()
    match: str | Match | None = None
    """Logs whose turns, calls a turn, tools visible and words a message are drawn, in place of
    `conversation`; the file's name alone will do."""
    kinds: dict[KindName, Annotated[float, Meta(ge=0.0)]] = msgspec.field(
        default_factory=lambda: {"base": 0.9, "no_tool": 0.1}
    )
    """Kind of conversation -> weight at acceptance."""
    languages: dict[str, Annotated[float, Meta(ge=0.0)]] = msgspec.field(
        default_factory=lambda: {ENGLISH: 1.0}
    )
    """ISO 639-1 code -> weight: what the users of a run write in, and are answered in."""
    chain: Chain = Chain()
    texts: Literal["drawn", "agent"] = "drawn"
    """`agent`: the writer words messages, notes and titles, in one request a conversation."""
    judges: NotNegative = 0
    """Votes on every complete conversation by the role `judge`; most of them can reject it."""
    duplicates: Literal["exact", "near"] = "near"
    """`near`: also left out is a conversation most of whose queries come near earlier ones."""
    decontaminate: tuple[str, ...] = ()
    """Benchmarks whose user messages no query may repeat: `bfcl`, and files of JSON or text."""
    prompts: str | None = None
    """Folder whose prompt files stand in for the packaged ones of their name."""
    output: Output = Output()
    engine: Engine = Engine()
    budget: Budget = Budget()
    teacher: Teacher = Teacher()
    student: Student | None = None
    targets: Targets = Targets()
    tools: Tools = Tools()
    graph: GraphOptions = GraphOptions()

    @property
    def environment_name(self) -> str:
        """The environment in one word, as events, manifests and cards show it."""
        if isinstance(self.environment, str):
            return self.environment
        return f"mcp:{server_name(self.environment.mcp)}"

    @property
    def logs(self) -> str | None:
        """The file that `match` names."""
        return self.match.logs if isinstance(self.match, Match) else self.match

    def endpoint_of(self, role: str) -> str:
        """The endpoint's name that serves `role`. Raises ConfigError."""
        chosen = {str(name): endpoint for name, endpoint in self.roles.items()}
        if role == "student" and "student" not in chosen:
            known = ", ".join(self.endpoints)
            need = f"need the endpoint of the model that is to learn: {known}"
            raise config_error("$.roles.student", None, need)
        name = chosen.get(role) or chosen.get("default")
        if name is None and len(self.endpoints) == 1:
            return next(iter(self.endpoints))
        if name is None or name not in self.endpoints:
            known = ", ".join(self.endpoints) or "none"
            raise config_error(f"$.roles.{role}", name, f"need one of the endpoints: {known}")
        return name

    def sampling_of(self) -> dict[str, Sampling]:
        return {**DEFAULT_SAMPLING, **{str(k): v for k, v in self.sampling.items()}}
