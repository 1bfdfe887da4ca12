"""The data that crosses layers: messages, calls, rows and outcomes. No behaviour but their own.

Arguments and schemas are JSON strings wherever they are stored: Arrow structs would merge the
parameters of different tools.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

SCHEMA_VERSION = 1

Role = Literal["system", "user", "assistant", "tool"]
encode_canonical = msgspec.json.Encoder(order="sorted").encode
encode = msgspec.json.Encoder().encode


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return encode_canonical(value).decode()


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    """Nine letters and digits, derived from the request key: a resend gives the same one."""
    name: str
    arguments: str
    """JSON text exactly as it is stored and sent; an object when the call was well formed."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message, as stored in a row. `reasoning` is never part of `content`."""

    role: Role
    content: str | None = None
    reasoning: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call that belongs to a ground truth; `arguments` is canonical JSON of an object."""

    name: str
    arguments: str


class ToolsAdded(msgspec.Struct, frozen=True, kw_only=True):
    turn: int
    tools: str


class Difficulty(msgspec.Struct, frozen=True, kw_only=True):
    distance: int = 0
    """Longest chain of value dependencies in one turn, in calls."""
    share_user: float = 0.0
    share_output: float = 0.0
    """Share of scalar arguments that come only from an earlier output (in [0, 1])."""
    share_default: float = 0.0
    extra_calls: int = 0
    recovered_calls: int = 0
    alternative: bool = False
    student_pass_rate: float | None = None
    """r: share of a student's runs in which every turn passed, in [0, 1]; None: not probed."""
    priority: float | None = None
    """4 r (1 - r), in [0, 1]: how much reinforcement has to learn from here (RODS)."""


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of one conversation, accepted attempts and failed ones together."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float | None = None

    def __add__(self, other: Usage) -> Usage:
        cost, more = self.cost_usd, other.cost_usd
        return Usage(
            requests=self.requests + other.requests,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cost_usd=cost if more is None else more if cost is None else cost + more,
        )


class Vote(msgspec.Struct, frozen=True, kw_only=True):
    """One judge's word on a complete conversation."""

    accept: bool
    reason: str


class ToolRuns(msgspec.Struct, frozen=True, kw_only=True):
    """How a student did with one tool: of `runs` turns that came to it, `passes` got it right."""

    tool: str
    runs: int
    passes: int


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """One accepted row of `data/*.parquet`. A turn is one user message; turns are 0-based."""

    id: str
    schema_version: int = SCHEMA_VERSION
    environment: str
    """`world:travel+wallet`, `bfcl:TradingBot+MessageAPI`, `python:my_tools:make`, `mcp:memory`."""
    scenario: str
    """JSON of the initial state: with `environment`, enough to replay the row."""
    tools: str
    """OpenAI tool list as the model saw it at the start, distractors included."""
    tools_added: tuple[ToolsAdded, ...] = ()
    messages: tuple[Message, ...]
    ground_truth: tuple[tuple[Call, ...], ...]
    """Per turn, flat, in execution order; empty where no call is right."""
    ground_truth_steps: tuple[tuple[int, ...], ...]
    """Calls per assistant step, per turn; sums to the turn's calls."""
    kinds: tuple[str, ...]
    targets: tuple[str, ...]
    """The tool a turn was walked to; "" where no call is right."""
    purposes: tuple[str, ...]
    hint_levels: tuple[int, ...]
    """0 blind, 1 with the composite tool described, 2 and up with a critic's hints."""
    blind_passes: tuple[int, ...]
    blind_tries: tuple[int, ...]
    num_turns: int
    num_calls: int
    difficulty: Difficulty
    teacher: str
    usage: Usage
    # Columns beyond the contract.
    goals: str = "[]"
    """JSON, per turn: the effects and result paths that the user asked for."""
    provenance: str = "[]"
    """JSON, per turn, per ground-truth call: parameter -> where its value came from."""
    digests: tuple[str, ...] = ()
    """State digest after each turn."""
    state_check: Literal["full", "observed"] = "full"
    hinted_reasoning: tuple[int, ...] = ()
    """Per turn: steps whose reasoning was written under a hint and not rewritten without it."""
    interrupted_calls: tuple[str, ...] = ()
    """Of these, the ids of calls that were made to fail before they reached the tool."""
    twin: str = ""
    """Rows with one name are twins: alike but for what is missing or forbidden in one of them."""
    errors_recovered: tuple[str, ...] = ()
    """Ids of recorded tool calls that failed and left the state as it was."""
    votes: tuple[Vote, ...] = ()
    """Of the judges, in order; those whose reply had no form have none. () where none was asked."""
    student: str = ""
    """The student's model; "" where none answered, and the columns below are empty."""
    student_runs: int = 0
    """Answers of the student to the whole conversation."""
    student_passes: tuple[int, ...] = ()
    """Per turn: of these, those in which it passed. After a failure the row's own turn stood in."""
    student_tools: tuple[ToolRuns, ...] = ()
    language: str = "en"
    """ISO 639-1 code of what the user writes in."""
    checks: str = "[]"
    """JSON, per turn: what an attempt at it is judged by beside goals, ground truth and digest
    (`method.conversation.due`); an empty list in rows that are older than this column."""


Source = Literal["teacher", "student"]
"""Whose attempt it was."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One failed attempt at a turn: data for preference pairs, and for seeing what goes wrong."""

    turn: int
    level: int
    reason: str
    detail: str = ""
    messages: tuple[Message, ...] = ()
    """What came after the user's message."""
    query: str = ""
    """The user's message that was to be served."""
    solved: bool = False
    """Whether another attempt at this very message passed: then the two are a pair."""
    progress: float | None = None
    """Share of the turn's goals that were reached, in [0, 1]; None unless the run measures it."""
    source: Source = "teacher"


class Accepted(msgspec.Struct, frozen=True, kw_only=True, tag="accepted"):
    job: int
    stratum: str
    plan_hash: str
    content_hash: str
    """Over messages without ids: two rows with equal hashes are duplicates."""
    near: str = ""
    """Hashes of the queries in which near-duplicates meet (`method.conversation.dedup`)."""
    conversation: Conversation
    attempts: tuple[Attempt, ...] = ()


class Rejected(msgspec.Struct, frozen=True, kw_only=True, tag="rejected"):
    """A job that ended without a conversation, for a reason that will not change on a retry."""

    job: int
    stratum: str
    plan_hash: str = ""
    stage: str
    """walk | advanced | query | chain | filter | judge | student | environment: what said no."""
    reason: str
    """A closed, short name that is counted: `too_few_turns`, `value_missing`, `wrong_state`."""
    detail: str = ""
    attempts: tuple[Attempt, ...] = ()
    usage: Usage = Usage()
    student_pass_rate: float | None = None
    """r, of conversations that stage `student` says no to."""


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """A job without an outcome (endpoint gone, environment broken): tried again on resume."""

    job: int
    stratum: str
    cause: str
    detail: str = ""


Outcome = Accepted | Rejected | Failed
