"""Where the seconds of an address's slots went: every second of every slot has one label.

A slot is one of the requests that the address could have been sent at the time. It works (server),
stands still though a request waits (own limit, rate limit, down), or nobody wants it. Then a
conversation that was not here could have filled it: it goes to what those did meanwhile, and what
is left when each has filled one, to the width.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastsynth.activity import Activity, Doing
from fastsynth.events import SlotLabel

_HELD: Mapping[str, SlotLabel] = {
    "rpm": "rate_limit",
    "tpm": "rate_limit",
    "paused": "rate_limit",
    "down": "down",
}
_AWAY: Mapping[Doing, SlotLabel] = {
    "asking": "elsewhere",
    "environment": "environment",
    "verifier": "verifier",
    "computing": "client_cpu",
    "none": "no_work",
}
SHARED_EVERY = 0.25
"""Seconds over which unwanted slots are gathered before they are shared out."""


class Slots:
    """Slot-seconds by label and, where a request waited, by what held it back."""

    def __init__(self, activity: Activity | None = None) -> None:
        self.seconds: dict[SlotLabel, float] = {}
        self.limits: dict[str, float] = {}
        """`rpm`, `tpm`, `paused`, `in_flight`, `ramp`, `down` -> slot-seconds."""
        self._activity = activity
        self._gathered = self._unwanted = self._wanted = 0.0
        self._marks: Mapping[Doing, float] = activity.totals() if activity else {}

    def spent(self, seconds: float, working: int, held: int, why: str, idle: int) -> None:
        """`seconds` passed with so many slots working and idle, `held` of those while a request
        waited for reason `why`.
        """
        self._add("server", seconds * working)
        if held:
            self._add(_HELD.get(why, "own_limit"), seconds * held)
            self.limits[why] = self.limits.get(why, 0.0) + seconds * held
        self._wanted += seconds * (working + held)
        self._unwanted += seconds * (idle - held)
        self._gathered += seconds
        if self._gathered >= SHARED_EVERY:
            self.share_out()

    def share_out(self) -> None:
        """Slot-seconds that nobody wanted, by what conversations did since the last time."""
        unwanted, wanted = self._unwanted, self._wanted
        self._gathered = self._unwanted = self._wanted = 0.0
        if self._activity is None:
            self._add("no_work", unwanted)
            return
        totals = self._activity.totals()
        away = {label: totals[doing] - self._marks[doing] for doing, label in _AWAY.items()}
        self._marks = totals
        away["elsewhere"] = max(0.0, away["elsewhere"] - wanted)
        whole = sum(away.values())
        self._add("width", unwanted - whole)
        if whole > 0.0:
            for label, part in away.items():
                self._add(label, min(unwanted, whole) * part / whole)

    def _add(self, label: SlotLabel, seconds: float) -> None:
        if seconds > 0:
            self.seconds[label] = self.seconds.get(label, 0.0) + seconds
