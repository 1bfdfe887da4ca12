"""The seam to language models: one Ask, one Reply or NoReply. Knows no tools, graphs or method.

A reply that is not what was asked for is a `NoReply` with a cause, never an exception. The run
itself is stopped (`NoEndpoint`) only by what no retry can mend: a refused key, an unknown model.
"""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from fastsynth.llm.wire import Transcript
from fastsynth.records import ToolCall, Usage

AgentRole = Literal["writer", "reasoning", "critic", "user", "judge", "student"]
Cause = Literal[
    "context_length",  # the prompt does not fit: final for this request
    "refused",  # any other 4xx: final for this request
    "malformed",  # 2xx with a body that is no chat completion, at every send
    "unavailable",  # retries used up: transient, the job fails and is tried again on resume
]


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One request, before an endpoint is chosen."""

    job: int
    turn: int
    role: AgentRole
    purpose: str
    """What is asked in that role: `advanced`, `query`, `step`, `hint`, `rewrite`, `answer`."""
    attempt: int
    step: int
    transcript: Transcript
    tools: tuple[bytes, ...] = ()
    """OpenAI tools, encoded each; the same objects for all conversations."""
    must_call: bool = False
    """Whether the reply has to hold a tool call (`tool_choice: required`)."""
    schema: bytes = b""
    """Encoded `response_format` value, b"" for plain text."""
    script: msgspec.Struct | None = None
    """What a scripted teacher is told; encoded and sent only where a server identified itself as
    one."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A complete reply, decoded strictly. Empty text and no calls is a legal reply."""

    content: str = ""
    reasoning: str = ""
    """From `reasoning_content`, `reasoning` or a leading `<think>` block of the content."""
    tool_calls: tuple[ToolCall, ...] = ()
    """Ids already rewritten; `arguments` as the server sent it, valid JSON or not."""
    finish: str = ""
    model: str = ""
    """`scripted` where the endpoint is a scripted teacher."""
    usage: Usage = Usage()


class NoReply(msgspec.Struct, frozen=True, kw_only=True):
    cause: Cause
    detail: str = ""

    @property
    def transient(self) -> bool:
        return self.cause == "unavailable"


class Chat(Protocol):
    async def ask(self, ask: Ask) -> Reply | NoReply: ...


class ReplyStore(Protocol):
    """Where replies live before they are used. `put` has written when it returns."""

    def get(self, job: int, key: bytes) -> bytes | None: ...

    def put(self, job: int, key: bytes, reply: bytes) -> None: ...
