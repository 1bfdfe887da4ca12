"""What one address may be sent now: in flight, a minute's requests and tokens, pauses, breaker.

All state changes are synchronous and take the time as an argument; `router` does the waiting.
Owns 429, 503 and 529: a refusal pauses the address, then a ramp lets requests back in one by one.
"""

from __future__ import annotations

import math
from collections import deque

import anyio

from fastsynth import seeds
from fastsynth.llm.windows import Entry, Window

NEVER = math.inf
LONGEST_PAUSE = 60.0
LONGEST_BREAK = 15.0
STRIKES = 5
"""Failed connections in a row that open the breaker; a refused connection counts for three."""
TOKENS_USED = 0.985
"""Share of a token limit that is used: requests grow after they are let through, and admission
that stops at the limit stops where the estimates were low (0.8% too much, in simulation)."""
CUT = 0.7
"""Share of what was in flight when a server refused that may be in flight after the pause."""


class Permit:
    """The right to send one request to `gate`; given back with `Pool.release`."""

    __slots__ = ("at", "gate", "held", "request", "tokens")

    def __init__(self, gate: Gate, at: float, request: Entry | None, tokens: Entry | None) -> None:
        self.gate = gate
        self.at = at
        self.request = request
        self.tokens = tokens
        self.held = True


class Waiter:
    """A request in the queue of its gate. `deadline`: when it wakes by itself to look again."""

    __slots__ = ("deadline", "event", "home", "job", "permit", "spread", "ticket", "tokens")

    def __init__(self, job: int, tokens: float, spread: float, ticket: int, home: Gate) -> None:
        self.job = job
        self.tokens = tokens
        self.spread = spread
        self.ticket = ticket
        self.home = home
        self.event = anyio.Event()
        self.deadline = NEVER
        self.permit: Permit | None = None


class Gate:
    """The limits of one address, and the queue in front of it."""

    def __init__(self, label: str, in_flight: int, rpm: int | None, tpm: int | None) -> None:
        self.label = label
        self.limit = in_flight
        self.in_flight = 0
        self.queue: deque[Waiter] = deque()
        self.down = False
        self.failing_since: float | None = None
        self._requests = Window(rpm) if rpm else None
        self._tokens = Window(tpm * TOKENS_USED) if tpm else None
        self._cap = float(in_flight)
        self._paused_until = -math.inf
        self._paused_at = -math.inf
        self._ramp = 1.0
        self._refusals = 0
        self._strikes = 0
        self._breaks = 0
        self._random = seeds.derive("limits", label)

    @property
    def counts_tokens(self) -> bool:
        return self._tokens is not None

    def delay(self, now: float, tokens: float = 0.0, spread: float = 0.0) -> float:
        """Seconds until such a request may go: 0 now, NEVER when only a release can help.

        `spread` is the deviation of one estimate: three deviations of all in flight stay free.
        """
        if now < self._paused_until:
            return self._paused_until - now
        if self.in_flight >= self._room(now):
            ramp_end = self._paused_until + self._ramp
            ramping = not self.down and now < ramp_end and self.in_flight < int(self._cap)
            return min(self._ramp / self._cap, ramp_end - now) + 1e-6 if ramping else NEVER
        wait = self._requests.delay(now, 1) if self._requests else 0.0
        if self._tokens:
            margin = 3.0 * spread * math.sqrt(self.in_flight + 1)
            wait = max(wait, self._tokens.delay(now, tokens + margin))
        return wait

    def why(self, now: float) -> str:
        """What holds the next request back, in one word; `free` if nothing does."""
        if self.down:
            return "down"
        if now < self._paused_until:
            return "paused"
        if self.in_flight >= self._room(now):
            return "in_flight" if self._room(now) >= self.limit else "ramp"
        if self._requests and self._requests.delay(now, 1):
            return "rpm"
        head = self.queue[0] if self.queue else None
        return "tpm" if head and self.delay(now, head.tokens, head.spread) else "free"

    def take(self, now: float, tokens: float) -> Permit:
        self.in_flight += 1
        request = self._requests.take(now, 1) if self._requests else None
        spent = self._tokens.take(now, tokens) if self._tokens else None
        return Permit(self, now, request, spent)

    def release(self, permit: Permit) -> None:
        """Once for each permit; a second time does nothing."""
        if permit.held:
            permit.held = False
            self.in_flight -= 1

    def settle(self, now: float, permit: Permit, tokens: int) -> None:
        """The tokens it really took; 0 where the server never saw it."""
        if self._tokens and permit.tokens:
            self._tokens.settle(now, permit.tokens, tokens)

    def pause(self, now: float, seconds: float) -> None:
        """Nothing is sent for `seconds`, then more and more for as long again (at most 10 s)."""
        if now + seconds <= self._paused_until:
            return
        if now >= self._paused_until:
            self._paused_at = now
        self._paused_until = now + seconds
        self._ramp = min(10.0, max(1.0, self._paused_until - self._paused_at))

    def is_paused(self, now: float) -> bool:
        return now < self._paused_until

    def refused(self, now: float, permit: Permit, seconds: float | None) -> float:
        """The server said: too many. Returns how long the address pauses from now, in seconds.

        Refusals of requests that went out before the pause began belong to the same refusal.
        """
        if permit.at >= self._paused_at:
            self._refusals += 1
            self._cap = max(1.0, min(self._cap, float(self.in_flight)) * CUT)
            if seconds is None:
                bound = min(LONGEST_PAUSE, 2.0 ** min(self._refusals, 10))
                seconds = self._random.uniform(0.05, bound)
        if seconds is not None:
            self.pause(now, seconds)
        return max(0.0, self._paused_until - now)

    def served(self, permit: Permit) -> None:
        """A reply came: the address is well, and one more may be in flight per round."""
        self.answered()
        if permit.at >= self._paused_until:
            self._refusals = 0
            self._cap = min(float(self.limit), self._cap + 1.0 / self._cap)

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

    def _room(self, now: float) -> int:
        """How many may be in flight now, pauses aside."""
        if self.down:
            return 1
        since = now - self._paused_until
        if since < self._ramp:
            return min(int(self._cap), 1 + int(self._cap * since / self._ramp))
        return int(self._cap)
