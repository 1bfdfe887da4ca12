"""What happens during a run, as small typed events on a synchronous bus.

Whoever acts emits; dashboard, summary and events.jsonl listen. No emitter knows a listener.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec


class Event(msgspec.Struct, frozen=True, omit_defaults=True, tag=True, tag_field="event"):
    """Base of all events. Times are the loop's clock, in seconds, added by the listener."""


class Bounds(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a sitting may still spend. None: no bound."""

    usd: float | None = None
    tokens: int | None = None
    seconds: float | None = None


class RunStarted(Event, frozen=True, omit_defaults=True):
    run_dir: str
    environment: str
    wanted: int
    already_accepted: int
    endpoints: tuple[str, ...]
    teacher: str
    student: str = ""
    """The model whose failures are measured; "" where none is."""
    left: Bounds = Bounds()
    """Of the budget, as the sitting begins."""
    targets: dict[str, int] = {}
    """Stratum -> conversations wanted of it."""
    had: dict[str, int] = {}
    """Stratum -> conversations accepted before."""


class JobStarted(Event, frozen=True, omit_defaults=True):
    job: int
    stratum: str


class JobFinished(Event, frozen=True, omit_defaults=True):
    job: int
    stratum: str
    outcome: Literal["accepted", "rejected", "failed", "duplicate"]
    stage: str = ""
    reason: str = ""
    turns: int = 0
    calls: int = 0


class TurnFinished(Event, frozen=True, omit_defaults=True):
    job: int
    turn: int
    level: int
    """Hint level that passed, or -1 where the turn was given up."""
    reason: str = ""


class RequestSent(Event, frozen=True, omit_defaults=True):
    endpoint: str
    role: str


class RequestDone(Event, frozen=True, omit_defaults=True):
    endpoint: str
    role: str
    seconds: float
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float | None = None
    first_token: float | None = None
    """Seconds to it, where the reply was streamed."""


class RequestFailed(Event, frozen=True, omit_defaults=True):
    """One send that brought no usable reply; `again` says whether it is sent again.

    Cause `hedged`: another send of the same request was quicker, and this one is waste.
    """

    endpoint: str
    role: str
    cause: str
    again: bool
    seconds: float
    tokens_at_most: int = 0
    """Above 0 where the server may have served it all the same: what it can have cost."""


class TailBegan(Event, frozen=True, omit_defaults=True):
    """No job is left to start: what is in flight is the last. `TailEnded` takes it back."""


class TailEnded(Event, frozen=True, omit_defaults=True):
    """There is a job to start after all, which a quota needs for one that brought nothing."""


class Draining(Event, frozen=True, omit_defaults=True):
    """No job is begun any more: the run was told to end, and what is under way is finished."""

    reason: str
    """As `RunFinished.stopped_by` will tell it: `interrupt`, `max_cost`, ..."""


class ReplyReused(Event, frozen=True, omit_defaults=True):
    """A stored reply stood in for a request."""

    role: str


class Throttled(Event, frozen=True, omit_defaults=True):
    endpoint: str
    limit: str
    seconds: float


SlotLabel = Literal[
    "server",  # a request is with the server
    "own_limit",  # a request waits for a slot that is held back after a pause or a fault
    "rate_limit",  # a request waits for a minute's limit, or as the server asked
    "down",  # a request waits for an address that cannot be reached
    "environment",  # no request: conversations are in their environment
    "verifier",  # no request: attempts are being checked
    "client_cpu",  # no request: conversations wait for this process
    "elsewhere",  # no request: conversations wait for other addresses, or to ask again
    "width",  # no request: more slots than conversations there can be
    "no_work",  # no request: fewer conversations than there could be
]


class SlotTime(Event, frozen=True, omit_defaults=True):
    """Where the slots of an address spent their time since the last such event."""

    endpoint: str
    limit: int
    """In flight at most, as it is now."""
    seconds: dict[SlotLabel, float]
    """Label -> slot-seconds."""
    limits: dict[str, float] = {}
    """What held requests back that waited (`rpm`, `tpm`, `paused`, ...) -> slot-seconds."""


class Note(Event, frozen=True, omit_defaults=True):
    """A line for the user: a warning, or a change of state such as `draining`."""

    text: str
    level: Literal["info", "warning"] = "info"


class Preparing(Event, frozen=True, omit_defaults=True):
    """What is done before the first job, and how far it is; "" when that is over."""

    text: str


class RunFinished(Event, frozen=True, omit_defaults=True):
    accepted: int
    rejected: int
    failed: int
    stopped_by: str
    beyond: int = 0
    """Accepted too, by jobs that ran past what was wanted."""
    waiting: int = 0
    """Accepted too, and left out until lower-numbered jobs have ended."""
    written: bool = True
    """Whether what was accepted stands in Parquet; not after an abort."""


Listener = Callable[[Event], None]


class Bus:
    """Delivers each event to every listener at once, in the order they joined."""

    def __init__(self) -> None:
        self._listeners: list[tuple[Listener, tuple[type[Event], ...]]] = []
        self._by_kind: dict[type[Event], tuple[Listener, ...]] = {}

    def listen(self, listener: Listener, *kinds: type[Event]) -> None:
        """From now on, to events of these kinds alone; where none is named, to all."""
        self._listeners.append((listener, kinds))
        self._by_kind = {}

    def emit(self, event: Event) -> None:
        kind = type(event)
        listeners = self._by_kind.get(kind)
        if listeners is None:
            listeners = tuple(to for to, kinds in self._listeners if not kinds or kind in kinds)
            self._by_kind[kind] = listeners
        for listener in listeners:
            listener(event)
