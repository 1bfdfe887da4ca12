"""What went wrong with a send, and whose business it is. One verdict for each fault.

Decided by status and fields. Text is read only where servers give nothing else: the context-length
shapes of vLLM and llama.cpp.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from fastsynth.llm.chat import Cause

FaultKind = Literal["connect", "reset", "timeout"]


class Fault(Exception):
    """No HTTP answer came back. `connect`: the request never reached a server."""

    def __init__(self, kind: FaultKind, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


class Throttle(msgspec.Struct, frozen=True, kw_only=True):
    """The endpoint wants fewer requests: `limits` owns it."""

    status: int


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """May go well another time: `retry` owns it; `connect` belongs to the breaker."""

    cause: str
    """`connect`, `reset`, `timeout`, `malformed`, `html` or `http_500`."""
    detail: str
    lost: bool = False
    """Whether it speaks against the address itself (no server there), not the request."""


class Final(msgspec.Struct, frozen=True, kw_only=True):
    """The same request will fail the same way: data for whoever asked."""

    cause: Cause
    detail: str


class Halt(msgspec.Struct, frozen=True, kw_only=True):
    """No request to this endpoint can go well: the run stops."""

    why: Literal["key", "model", "money", "moved", "page"]
    detail: str


Verdict = Throttle | Again | Final | Halt

_THROTTLED = frozenset((429, 503, 529))
_NO_SERVER = frozenset((502, 504))
_REASONS: Mapping[int, Literal["key", "model", "money"]] = {
    401: "key",
    402: "money",
    403: "key",
    404: "model",
}
_TOO_LONG_CODES = frozenset(
    ("context_length_exceeded", "exceed_context_size_error", "string_above_max_length")
)
_TOO_LONG_TEXTS = (
    "maximum context length",
    "longer than the maximum model length",
    "exceeds the available context size",
    "exceed context window",
)


MAYBE_SERVED = frozenset(("reset", "timeout", "malformed", "html", "http_502", "http_504"))
"""Causes after which nobody knows whether a model did the work: 502 and 504 come from gateways."""


def cause_of(verdict: Verdict) -> str:
    """The short name under which a failed send is counted."""
    match verdict:
        case Throttle(status=status):
            return f"http_{status}"
        case Halt(why=why):
            return why
        case Again(cause=cause) | Final(cause=cause):
            return cause


def judge_fault(fault: Fault) -> Again:
    return Again(cause=fault.kind, detail=fault.detail, lost=fault.kind != "timeout")


def judge_status(status: int, body: bytes) -> Verdict:
    """The owner of an HTTP status that is not 2xx."""
    problem = read_problem(body)
    detail = f"HTTP {status}: {problem.message or 'no message'}"
    if "insufficient_quota" in (problem.code, problem.type):
        return Halt(why="money", detail=detail)
    if status in _THROTTLED:
        return Throttle(status=status)
    if status in _REASONS:
        return Halt(why=_REASONS[status], detail=detail)
    if status == 408 or status >= 500:
        return Again(cause=f"http_{status}", detail=detail, lost=status in _NO_SERVER)
    if 300 <= status < 400:
        return Halt(why="moved", detail=detail)
    if _is_too_long(problem):
        return Final(cause="context_length", detail=detail)
    return Final(cause="refused", detail=detail)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    message: str = ""
    code: str = ""
    type: str = ""


def read_problem(body: bytes) -> Problem:
    """The error object of a body, wherever servers put it; else the body itself as message."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Problem(message=_first_line(body.decode("utf-8", "replace")))
    if isinstance(found, dict):
        found = found.get("error", found)
    if not isinstance(found, dict):
        return Problem(message=_first_line(_text(found)))
    message = found.get("message") or found.get("detail") or found.get("msg")
    return Problem(
        message=_first_line(_text(message)),
        code=_text(found.get("code")),
        type=_text(found.get("type")),
    )


def _is_too_long(problem: Problem) -> bool:
    if problem.code in _TOO_LONG_CODES or problem.type in _TOO_LONG_CODES:
        return True
    return any(text in problem.message.lower() for text in _TOO_LONG_TEXTS)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _first_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else line[:297] + "..."
