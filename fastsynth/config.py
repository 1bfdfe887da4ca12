"""What a run is told, decoded strictly: unknown keys, wrong types and bad ranges are one line each.

Split in two: *identity* decides what the data is and is hashed; *operation* decides how fast and
where it is made, and may change between a run and its resume.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from fastsynth.errors import config_error

AtLeastOne = Annotated[int, Meta(ge=1)]
NotNegative = Annotated[int, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Span = tuple[AtLeastOne, AtLeastOne]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of config sections."""


class Sampling(Section, frozen=True, kw_only=True):
    """Sampling of one role; None leaves the server's default."""

    temperature: Annotated[float, Meta(ge=0.0, le=2.0)] | None = None
    top_p: Annotated[float, Meta(gt=0.0, le=1.0)] | None = None
    max_tokens: AtLeastOne = 2048
    extra_body: dict[str, Any] = {}
    """Further fields of the request, sent as they are (`chat_template_kwargs`)."""


class Endpoint(Section, frozen=True, kw_only=True):
    """One pool of servers that answer for one model."""

    kind: Literal["openai", "scripted"] = "openai"
    url: str | None = None
    urls: tuple[str, ...] = ()
    """Base addresses up to and with `/v1`. None for kind `scripted`: an own server is started."""
    model: str | None = None
    key_env: str | None = None
    """Name of the variable that holds the key; `OPENAI_API_KEY` where none is named."""
    transport: Literal["aiohttp", "openai"] = "aiohttp"
    in_flight: AtLeastOne = 64
    rpm: AtLeastOne | None = None
    tpm: AtLeastOne | None = None
    timeout: Annotated[float, Meta(gt=0)] = 600.0
    """Seconds one send may take, from the first byte sent; waiting in our queue not counted."""
    retries: NotNegative = 6
    headers: dict[str, str] = {}
    ca_file: str | None = None
    proxy: str | None = None
    structured: Literal["json_schema", "json_object", "text"] = "json_schema"
    price: Price | None = None
    send_seed: bool = True
    """Whether the API's `seed` field is sent; for servers that refuse it."""
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    parallel_tool_calls: bool | None = None
    """Sent with tools where set; None leaves the server's default."""
    give_up: Annotated[float, Meta(gt=0)] = 60.0
    """Seconds of nothing but failed connections, on every address, that end the run (exit 4)."""


class Price(Section, frozen=True, kw_only=True):
    """US dollars per million tokens."""

    input: Annotated[float, Meta(ge=0)]
    output: Annotated[float, Meta(ge=0)]
    cached: Annotated[float, Meta(ge=0)] | None = None


class ConversationShape(Section, frozen=True, kw_only=True):
    """Sizes, both ends included."""

    turns: Span = (2, 5)
    calls: Span = (1, 8)
    """Calls a turn. An upper bound: a turn ends where no further call fits its thread."""
    tools_visible: Span = (8, 40)


class Chain(Section, frozen=True, kw_only=True):
    blind: AtLeastOne = 1
    """Attempts without any help, all made, so that their pass rate is known."""
    attempts: NotNegative = 3
    """Further attempts: the first with the composite tool described, then with hints."""


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
    latency_ms: Annotated[float, Meta(ge=0)] = 0.0


class Tools(Section, frozen=True, kw_only=True):
    """How users' own tools are run (`python:module:attribute`)."""

    time_limit: Annotated[float, Meta(gt=0)] = 10.0
    """Seconds one call may take before its process is killed."""
    workers: AtLeastOne = 2
    """Processes that host them."""


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
]
RoleName = Literal["default", "writer", "reasoning", "critic", "user", "judge", "student"]
DEFAULT_SAMPLING: dict[str, Sampling] = {
    "writer": Sampling(temperature=0.9, max_tokens=1024),
    "reasoning": Sampling(temperature=0.7, max_tokens=2048),
    "critic": Sampling(temperature=0.3, max_tokens=512),
}


class Config(Section, frozen=True, kw_only=True):
    """A whole config file; every key has a default, so that a file says only what differs."""

    environment: str = "world"
    """`world[:travel+wallet]`, `bfcl[:TradingBot+MathAPI]`, `python:my_tools:make`."""
    seed: NotNegative = 1
    endpoints: dict[str, Endpoint] = msgspec.field(
        default_factory=lambda: {"teacher": Endpoint(kind="scripted")}
    )
    roles: dict[RoleName, str] = {}
    """Role -> endpoint name. Where there is one endpoint only, it is the default."""
    sampling: dict[RoleName, Sampling] = {}
    conversation: ConversationShape = ConversationShape()
    kinds: dict[KindName, Annotated[float, Meta(ge=0.0)]] = msgspec.field(
        default_factory=lambda: {"base": 0.9, "no_tool": 0.1}
    )
    """Kind of conversation -> weight at acceptance."""
    chain: Chain = Chain()
    prompts: str | None = None
    """Folder whose prompt files stand in for the packaged ones of their name."""
    output: Output = Output()
    engine: Engine = Engine()
    budget: Budget = Budget()
    teacher: Teacher = Teacher()
    tools: Tools = Tools()

    def endpoint_of(self, role: str) -> str:
        """The endpoint's name that serves `role`. Raises ConfigError."""
        chosen = {str(name): endpoint for name, endpoint in self.roles.items()}
        name = chosen.get(role) or chosen.get("default")
        if name is None and len(self.endpoints) == 1:
            return next(iter(self.endpoints))
        if name is None or name not in self.endpoints:
            known = ", ".join(self.endpoints) or "none"
            raise config_error(f"$.roles.{role}", name, f"need one of the endpoints: {known}")
        return name

    def sampling_of(self) -> dict[str, Sampling]:
        return {**DEFAULT_SAMPLING, **{str(k): v for k, v in self.sampling.items()}}
