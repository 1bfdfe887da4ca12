"""What the conversations of a run are doing now, counted and added up over time.

Says why an endpoint stands idle: `with doing("environment")` around what may take time. The
outermost label counts, and whoever is under none computes. Costs two context variables a label.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar, Token
from typing import Literal

from fastsynth.events import Event, JobFinished, JobStarted

Label = Literal["asking", "environment", "verifier"]
Doing = Literal["asking", "environment", "verifier", "computing", "none"]


class Activity:
    """The conversations of one run. `width`: how many there could be at once."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._alive = 0
        self._now: dict[Label, int] = {"asking": 0, "environment": 0, "verifier": 0}
        self._sums: dict[Doing, float] = {
            "asking": 0.0,
            "environment": 0.0,
            "verifier": 0.0,
            "computing": 0.0,
            "none": 0.0,
        }
        # anyio.current_time asks for the backend each time: half of what a label cost.
        self._clock = asyncio.get_running_loop().time
        self._since = self._clock()

    def open(self) -> None:
        """From here on, in this task and in those it starts, `doing` tells this one."""
        _ACTIVITY.set(self)

    def listen(self, event: Event) -> None:
        """Conversations that begin and end."""
        kind = type(event)
        if kind is JobStarted:
            self._pass()
            self._alive += 1
        elif kind is JobFinished:
            self._pass()
            self._alive = max(0, self._alive - 1)

    def totals(self) -> dict[Doing, float]:
        """Conversation-seconds since the start; `none`: places without a conversation."""
        self._pass()
        return dict(self._sums)

    def shift(self, label: Label, by: int) -> None:
        self._pass()
        self._now[label] += by

    def _pass(self) -> None:
        now = self._clock()
        seconds, self._since = now - self._since, now
        if seconds <= 0.0:
            return
        sums, busy, alive = self._sums, 0, self._alive
        for label, count in self._now.items():
            if count:
                sums[label] += seconds * count
                busy += count
        if alive > busy:
            sums["computing"] += seconds * (alive - busy)
        if self.width > alive and self.width > busy:
            sums["none"] += seconds * (self.width - max(alive, busy))


class doing:
    """Labels what happens inside; does nothing under another label, or where nobody counts."""

    __slots__ = ("_activity", "_label", "_token")

    def __init__(self, label: Label) -> None:
        self._label: Label = label
        self._activity: Activity | None = None

    def __enter__(self) -> None:
        activity = _ACTIVITY.get()
        if activity is not None and not _LABELLED.get():
            self._activity = activity
            self._token: Token[bool] = _LABELLED.set(True)
            activity.shift(self._label, 1)

    def __exit__(self, *_: object) -> None:
        if self._activity is not None:
            self._activity.shift(self._label, -1)
            _LABELLED.reset(self._token)


_ACTIVITY: ContextVar[Activity | None] = ContextVar("activity", default=None)
_LABELLED: ContextVar[bool] = ContextVar("labelled", default=False)
