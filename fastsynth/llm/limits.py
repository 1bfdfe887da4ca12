"""What one address may be sent now: in flight, a minute's requests and tokens, pauses, breaker.

All state changes are synchronous and take the time as an argument; `router` does the waiting.
Owns 429, 503 and 529: a refusal pauses the address, then a ramp lets requests back in one by one.
How many may be in flight is bounded by config, by `Ceiling` and, where it is `auto`, by `Knee`.
"""

from __future__ import annotations

import math
from collections import deque

import anyio
import msgspec

from fastsynth import seeds
from fastsynth.llm.ceiling import Ceiling
from fastsynth.llm.estimates import NOTHING, Load
from fastsynth.llm.knee import Knee
from fastsynth.llm.slots import Slots
from fastsynth.llm.windows import Entry, Window

NEVER = math.inf
LONGEST_PAUSE = 60.0
LONGEST_BREAK = 15.0
STRIKES = 5
"""Failed connections in a row that open the breaker; a refused connection counts for three."""
TOKENS_USED = {"all": 0.995, "in": 0.995, "out": 0.985}
"""Share of a token limit that is used: replies grow after they are let through, so that admission
which stops at the limit stops where the estimates were low. Most so where output alone counts."""
FIRST_PAUSE = 0.25
"""Seconds at most after a refusal that comes alone and names no wait: the server was just full."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """An address's limits by config. A minute is 60 s from any moment on."""

    in_flight: int
    """At most; with `auto`, a bound for what is found."""
    auto: bool = False
    rpm: int | None = None
    tpm: int | None = None
    """Tokens in and out together."""
    input_tpm: int | None = None
    output_tpm: int | None = None


class Permit:
    """The right to send one request to `gate`; given back with `Pool.release`."""

    __slots__ = ("at", "first", "gate", "held", "tokens", "work")

    def __init__(self, gate: Gate, at: float, tokens: tuple[Entry, ...]) -> None:
        self.gate = gate
        self.at = at
        self.tokens = tokens
        """One entry for each of the gate's token limits."""
        self.held = True
        self.work: float | None = 0.0
        """What its reply was worth; None where the server refused it."""
        self.first: float | None = None
        """Seconds to the first token, where the reply was streamed."""


class Waiter:
    """A request in the queue of its gate. `deadline`: when it wakes by itself to look again."""

    __slots__ = ("deadline", "event", "home", "job", "load", "permit", "ticket")

    def __init__(self, job: int, load: Load, ticket: int, home: Gate) -> None:
        self.job = job
        self.load = load
        self.ticket = ticket
        self.home = home
        self.event = anyio.Event()
        self.deadline = NEVER
        self.permit: Permit | None = None


class Gate:
    """The limits of one address, and the queue in front of it."""

    def __init__(self, label: str, limits: Limits, slots: Slots | None = None) -> None:
        self.label = label
        self.in_flight = 0
        self.queue: deque[Waiter] = deque()
        self.down = False
        self.failing_since: float | None = None
        self.ceiling = Ceiling(limits.in_flight)
        self.knee = Knee(limits.in_flight) if limits.auto else None
        self.slots = slots or Slots()
        self._requests = Window(limits.rpm) if limits.rpm else None
        named = {"all": limits.tpm, "in": limits.input_tpm, "out": limits.output_tpm}
        self._tokens = {name: Window(tpm * TOKENS_USED[name]) for name, tpm in named.items() if tpm}
        self._paused_until = -math.inf
        self._paused_at = -math.inf
        self._ramp = 1.0
        self._refusals = 0
        self._strikes = 0
        self._breaks = 0
        self._seen = -math.inf
        self._held_by = "in_flight"
        """What held the last request back that was."""
        self._random = seeds.derive("limits", label)

    @property
    def limit(self) -> int:
        """In flight at most, pauses aside: what config says, or what was found."""
        return self.ceiling.most if self.knee is None else max(1, round(self.knee.level))

    @property
    def counts_tokens(self) -> bool:
        return bool(self._tokens)

    def delay(self, now: float, load: Load = NOTHING) -> float:
        """Seconds until such a request may go: 0 now, NEVER when only a release can help.

        Three deviations of the estimates of all in flight stay free.
        """
        if now < self._paused_until:
            self._held_by = "paused"
            return self._paused_until - now
        if self.in_flight >= self._room(now):
            cap, ramp_end = self._cap, self._paused_until + self._ramp
            ramping = not self.down and now < ramp_end and self.in_flight < cap
            self._held_by = "ramp" if ramping else "in_flight"
            return min(self._ramp / cap, ramp_end - now) + 1e-6 if ramping else NEVER
        wait = self._requests.delay(now, 1) if self._requests else 0.0
        if wait:
            self._held_by = "rpm"
        for name, window in self._tokens.items():
            margin = 3.0 * load.spread * math.sqrt(self.in_flight + 1) if name != "in" else 0.0
            tokens_wait = window.delay(now, load.of(name) + margin)
            if tokens_wait > wait:
                wait, self._held_by = tokens_wait, "tpm"
        return wait

    def why(self, now: float) -> str:
        """What holds the next request back, in one word; `free` if nothing does."""
        if self.down:
            return "down"
        if now < self._paused_until:
            return "paused"
        if self.in_flight >= self._room(now):
            return "in_flight" if self._room(now) >= self._cap else "ramp"
        if self._requests and self._requests.delay(now, 1):
            return "rpm"
        head = self.queue[0] if self.queue else None
        return "tpm" if head and self.delay(now, head.load) else "free"

    def take(self, now: float, load: Load = NOTHING) -> Permit:
        self.account(now)
        self.in_flight += 1
        if self._requests:
            self._requests.take(now, 1)
        spent = tuple(window.take(now, load.of(name)) for name, window in self._tokens.items())
        return Permit(self, now, spent)

    def release(self, permit: Permit, now: float) -> None:
        """Once for each permit; a second time does nothing."""
        if permit.held:
            self.account(now)
            permit.held = False
            self.in_flight -= 1
            if self.knee and permit.work is not None:
                seconds, bound = now - permit.at, self.ceiling.value
                self.knee.ended(now, seconds, permit.work, bound, permit.first)

    def account(self, now: float) -> None:
        """Books the time since the last change; to be called before each one."""
        seconds, since = now - self._seen, self._seen
        self._seen = now
        if not 0.0 < seconds < math.inf:
            return
        full = self.in_flight >= self._cap
        if full and since >= self._paused_until:
            self.ceiling.stood(seconds)
        if self.knee:
            self.knee.filled(now, seconds, self.in_flight, full)
        idle = max(self._cap, self.in_flight) - self.in_flight
        held = min(idle, len(self.queue))
        self.slots.spent(
            seconds, self.in_flight, held, "down" if self.down else self._held_by, idle
        )

    def settle(self, now: float, permit: Permit, tokens_in: int, tokens_out: int) -> None:
        """The tokens it really took; 0 where the server never saw it."""
        true = Load(tokens_in, tokens_out)
        for (name, window), entry in zip(self._tokens.items(), permit.tokens, strict=True):
            window.settle(now, entry, true.of(name))

    def pause(self, now: float, seconds: float) -> None:
        """Nothing is sent for `seconds`, then more and more for as long again (at most 10 s)."""
        if now + seconds <= self._paused_until:
            return
        self.account(now)
        if now >= self._paused_until:
            self._paused_at = now
        self._paused_until = now + seconds
        self._ramp = min(10.0, max(0.1, self._paused_until - self._paused_at))

    def is_paused(self, now: float) -> bool:
        return now < self._paused_until

    def refused(self, now: float, permit: Permit, seconds: float | None) -> float:
        """The server said: too many. Returns how long the address pauses from now, in seconds.

        Refusals of requests that went out before the pause began belong to the same refusal.
        """
        held, permit.work = self.in_flight - 1, None
        if permit.at > self._paused_at:
            self._refusals += 1
            self.ceiling.refused(held)
            if seconds is None and self._refusals == 1:
                seconds = self._random.uniform(0.05, FIRST_PAUSE)
            elif seconds is None:
                bound = min(LONGEST_PAUSE, 2.0 ** min(self._refusals - 1, 10))
                seconds = self._random.uniform(0.05, bound)
        else:
            self.ceiling.refused_too(held)
        if seconds is not None:
            self.pause(now, seconds)
        return max(0.0, self._paused_until - now)

    def served(self, permit: Permit, work: float = 1.0) -> None:
        """A reply came: the address is well. `work`: what a server does for it, in any unit."""
        self.answered()
        permit.work = work
        if permit.at >= self._paused_until:
            self._refusals = 0

    def answered(self) -> None:
        """An HTTP answer of any kind came: there is a server."""
        self._strikes = 0
        self._breaks = 0
        self.down = False
        self.failing_since = None

    def lost(self, now: float, permit: Permit, *, refused: bool) -> bool:
        """A connection failed. Returns whether that opened the breaker just now."""
        if self.failing_since is None:
            self.failing_since = now
        self._strikes += 3 if refused else 1
        if self._strikes < STRIKES or permit.at < self._paused_at:
            return False
        self.down = True
        self._breaks += 1
        self.pause(now, min(LONGEST_BREAK, 0.5 * 2.0 ** min(self._breaks - 1, 10)))
        return True

    @property
    def _cap(self) -> int:
        """How many may be in flight, pauses and ramps aside."""
        return min(self.limit, self.ceiling.value)

    def _room(self, now: float) -> int:
        """How many may be in flight now, pauses aside."""
        if self.down:
            return 1
        cap, since = self._cap, now - self._paused_until
        return min(cap, 1 + int(cap * since / self._ramp)) if since < self._ramp else cap
