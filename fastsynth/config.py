"""What a run is told, decoded strictly: unknown keys, wrong types and bad ranges are one line each.

Split in two: *identity* decides what the data is and is hashed; *operation* decides how fast and
where it is made, and may change between a run and its resume.
"""

from __future__ import annotations

import re
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
    urls_file: str | None = None
    """File of further addresses, one a line, looked at every 2 s: they join and leave the run."""
    model: str | None = None
    key_env: str | None = None
    """Name of the variable that holds the key; `OPENAI_API_KEY` where none is named."""
    transport: Literal["aiohttp", "openai"] = "aiohttp"
    in_flight: AtLeastOne | Literal["auto"] = "auto"
    """Requests on the wire at once, for each address; `auto` finds out what the server can use."""
    in_flight_max: AtLeastOne = 4096
    """What `auto` never goes above."""
    rpm: AtLeastOne | None = None
    """Requests in any 60 s, for each address; so are the token limits."""
    tpm: AtLeastOne | None = None
    """Tokens in and out together."""
    input_tpm: AtLeastOne | None = None
    output_tpm: AtLeastOne | None = None
    stream: Literal["auto", "always", "never"] = "never"
    """Whether replies come in chunks, so that the time to the first token is known; rows are the
    same. `auto`: where `in_flight` is `auto`. Costs CPU for each chunk."""
    timeout: Annotated[float, Meta(gt=0)] = 600.0
    """Seconds one send may take, from the first byte sent; waiting in our queue not counted."""
    deadline: Annotated[float, Meta(gt=0)] | None = None
    """Seconds one request may take from its first send on, all its sends and waits together;
    then its job fails, and a resume tries it again. None: no bound but `timeout` and `retries`."""
    retries: NotNegative = 6
    hedge: Literal["auto", "never"] = "auto"
    """`auto`: at the end of a run, a request that takes far longer than most is sent a second time
    where a slot is free; the first complete reply is taken, the other one is wasted."""
    headers: dict[str, str] = {}
    ca_file: str | None = None
    proxy: str | None = None
    structured: Literal["json_schema", "json_object", "text"] = "json_schema"
    price: Price | None = None
    """None: by genai-prices, where that is installed and knows the model and the address."""
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


class Tools(Section, frozen=True, kw_only=True):
    """How users' own tools are run (`python:module:attribute`)."""

    time_limit: Annotated[float, Meta(gt=0)] = 10.0
    """Seconds one call may take before its process is killed."""
    workers: AtLeastOne = 2
    """Processes that host them."""


class Reset(Section, frozen=True, kw_only=True):
    """How an MCP server gets back to a state. Without any of these its writes are withheld."""

    copy: str | None = None
    """File or folder whose content every conversation starts with, copied into `{dir}`."""
    restart: bool = False
    """The server keeps state in memory: started again, and the writes made again."""
    tool: str | None = None
    """Tool of the server that empties it; never shown to a model."""


class Mcp(Section, frozen=True, kw_only=True):
    """One MCP server. `{dir}` in `command` and `env` is a folder that each process has alone."""

    command: tuple[str, ...] = ()
    """Program and arguments of a server that talks over standard input and output."""
    url: str | None = None
    """Address of a server that talks streamable HTTP, instead of `command`."""
    name: str | None = None
    """`mcp:NAME` in rows; None: from the command (`server-memory` gives `memory`)."""
    env: dict[str, str] = {}
    pass_env: tuple[str, ...] = ()
    """Variables handed on by name, such as keys: their values are stored nowhere."""
    headers_env: dict[str, str] = {}
    """HTTP header -> variable that holds its value."""
    pool: AtLeastOne = 4
    """Processes (or HTTP sessions), each leased for one step at a time."""
    reset: Reset = Reset()
    state_file: str | None = None
    """The one file under `{dir}` that is the state; None: every file there."""
    shown_as: str = "/data"
    """The path that stands for `{dir}` in arguments, results and rows."""
    allow_mutations: bool = False
    """Whether a server that nothing brings back may be written to all the same."""
    reads: tuple[str, ...] = ()
    """Tools that change nothing although the server gives no hint of it."""
    hide: tuple[str, ...] = ()
    """Tools left out."""
    volatile: dict[str, tuple[str, ...]] = {}
    """Tool -> result paths that vary by themselves, added to those that are found."""
    scenarios: str | None = None
    """`python:module:function`, called with a `random.Random`: `{files, setup, facts}`."""
    time_limit: Annotated[float, Meta(gt=0)] = 30.0
    """Seconds one call may take before its process is ended."""


class GraphOptions(Section, frozen=True, kw_only=True):
    """Where the graph of tools comes from, and what its user knows better."""

    discover: Literal["auto", "always", "never"] = "auto"
    """`auto`: by probing, where the tools declare nothing. `always`: whatever they declare."""
    add: tuple[str, ...] = ()
    """`producer.path -> consumer.parameter`, or `before => after`."""
    forbid: tuple[str, ...] = ()


class Scenarios(Section, frozen=True, kw_only=True):
    """Where the scenarios of users' own tools come from."""

    source: str = msgspec.field(name="from", default="")
    """`python:module:function`, called with a `random.Random`: a state, or a `Scenario`."""
    draft_with: Literal["writer", "reasoning", "critic"] | None = None
    """Role that drafts initial states in the form of those of `from` (or of the tools' own)."""
    n: AtLeastOne = 20
    """States it drafts."""


class System(Section, frozen=True, kw_only=True):
    """What the system message of every conversation states beside the environment's own."""

    file: str | None = None
    """Text file, stated as it is."""
    clock: str | None = None
    """The date and time stated, ISO 8601 with offset; None: one drawn for each conversation."""
    rules: str | None = None
    """`python:module:attribute`, a list of `fastsynth.env.law.Rule`: stated, and never broken."""


class Served(Section, frozen=True, kw_only=True):
    """An environment that needs more than a name."""

    mcp: Mcp


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
RoleName = Literal["default", "writer", "reasoning", "critic", "user", "judge", "student"]
DEFAULT_SAMPLING: dict[str, Sampling] = {
    "writer": Sampling(temperature=0.9, max_tokens=1024),
    "reasoning": Sampling(temperature=0.7, max_tokens=2048),
    "critic": Sampling(temperature=0.3, max_tokens=512),
    "judge": Sampling(temperature=0.7, max_tokens=512),
}


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


def server_name(server: Mcp) -> str:
    """The server's own name, or the last telling word of its command or address."""
    if server.name:
        return server.name
    words = [word for word in (*server.command, server.url or "") if "{dir}" not in word]
    pieces = [piece for word in words for piece in re.split(r"[/@\\]", word)]
    for piece in reversed(pieces):
        found = re.fullmatch(r"(?:mcp-)?server-([\w-]+)|mcp[-_]([\w-]+)|([\w-]+)[-_]mcp", piece)
        if found:
            return next(group for group in found.groups() if group)
    stems = [re.sub(r"\.\w+$", "", piece) for piece in pieces if re.match(r"\w", piece)]
    return stems[-1] if stems else "server"
