"""A pool of addresses that answer for one model: who waits where, and who goes next.

A conversation begins where it is expected to be served first and sticks to that address, so that
its prefix stays cached there; it spills when that one is full and another stands idle, and moves
when it dies, by rendezvous hash (Thaler and Ravishankar, IEEE/ACM ToN 6(1), 1998). First come,
first served at each address.
"""

from __future__ import annotations

from collections.abc import Sequence

import anyio

from fastsynth import seeds
from fastsynth.llm.estimates import NOTHING, Load
from fastsynth.llm.limits import NEVER, Gate, Permit, Waiter

_REMEMBERED = 1 << 16
"""Conversations whose address is kept, should nobody say that they have ended."""
MUCH_FASTER = 2.5
WORTH_SECONDS = 0.2
"""A reply has to come that much earlier for a conversation to move for good."""
_PACE_WEIGHT = 0.05
"""Of the newest reply in an address's mean seconds: half of it comes from the last 14."""


class Pool:
    def __init__(self, name: str, gates: Sequence[Gate]) -> None:
        self.name = name
        self.gates = tuple(gates)
        self._ranks: dict[int, tuple[Gate, ...]] = {}
        """Conversation -> its address, then the others in the order in which it would move."""
        self._pace: dict[str, float] = {}
        """Mean seconds of a reply, by address."""
        self._tickets = 0
        self._waiting = 0

    @property
    def counts_tokens(self) -> bool:
        return any(gate.counts_tokens for gate in self.gates)

    async def admit(self, job: int, load: Load = NOTHING) -> Permit:
        """Waits until some address may be sent a request of about that many tokens."""
        now = anyio.current_time()
        gate = self._free(job, now, load)
        if gate is not None:
            return gate.take(now, load)
        waiter = self._enqueue(job, now, load)
        try:
            while waiter.permit is None:
                await self._doze(waiter)
        except anyio.get_cancelled_exc_class():
            self._withdraw(waiter)
            raise
        return waiter.permit

    def spare(self, slow: Gate, load: Load = NOTHING) -> Permit | None:
        """The right to send at once what `slow` holds already: at the address expected to be the
        fastest, if it is at most half used. At `slow` itself only where there is no other, and at
        most a quarter of it is used. None where anybody waits, or limits would have to be waited
        for."""
        now = anyio.current_time()
        alone = len(self.gates) == 1
        free = [
            gate
            for gate in self.gates
            if (alone or gate is not slow)
            and not (self._waiting or gate.down)
            and (4 if alone else 2) * gate.in_flight <= gate.limit
            and gate.delay(now, load) == 0
        ]
        return min(free, key=self._expected).take(now, load) if free else None

    def release(self, permit: Permit) -> None:
        permit.gate.release(permit, anyio.current_time())
        self.pump()

    def lost(self, permit: Permit, *, refused: bool) -> bool:
        """A connection failed: after enough of them the address's queue moves elsewhere.

        Returns whether the breaker opened just now.
        """
        now = anyio.current_time()
        opened = permit.gate.lost(now, permit, refused=refused)
        if opened:
            self._scatter(permit.gate, now)
        return opened

    def dead_for(self, now: float) -> float:
        """Seconds for which every address of the pool has brought failed connections alone."""
        since = [gate.failing_since for gate in self.gates if gate.down]
        times = [at for at in since if at is not None]
        return now - max(times) if len(times) == len(self.gates) else 0.0

    def replied(self, gate: Gate, seconds: float) -> None:
        """A reply took that long from its sending: slow addresses get fewer conversations."""
        before = self._pace.get(gate.label, seconds)
        self._pace[gate.label] = before + _PACE_WEIGHT * (seconds - before)

    def forget(self, job: int) -> None:
        """The conversation has ended."""
        self._ranks.pop(job, None)

    def join(self, gate: Gate) -> None:
        """One more address: for new conversations, and for those that have to move."""
        self.gates = (*self.gates, gate)
        for job, rank in self._ranks.items():
            self._ranks[job] = (rank[0], *self._hashed(job, rank[0]))
        self.pump()

    def leave(self, gate: Gate) -> None:
        """No longer sent to; what is in flight there may end, what waits goes elsewhere."""
        self.gates = tuple(other for other in self.gates if other is not gate)
        self._pace.pop(gate.label, None)
        for job, rank in self._ranks.items():
            self._ranks[job] = tuple(other for other in rank if other is not gate)
        self._scatter(gate, anyio.current_time())

    def _rank(self, job: int) -> tuple[Gate, ...]:
        if len(self.gates) == 1:
            return self.gates
        found = self._ranks.get(job)
        if found is None:
            if len(self._ranks) >= _REMEMBERED:
                del self._ranks[next(iter(self._ranks))]
            home = min(self._hashed(job), key=self._expected)
            found = self._ranks[job] = (home, *self._hashed(job, home))
        faster = self._much_faster(found)
        if faster is not None:
            found = self._ranks[job] = (faster, *self._hashed(job, faster))
        return found

    def _much_faster(self, rank: tuple[Gate, ...]) -> Gate | None:
        """Another address with room, so much faster than the conversation's own that a prefix
        computed anew is a small price: else the last conversations of a run wait for a slow one.
        """
        pace = self._pace.get(rank[0].label, 0.0)
        own = min(pace / MUCH_FASTER, pace - WORTH_SECONDS)
        if all(self._pace.get(gate.label, own) >= own for gate in rank):
            return None
        down, expected = self._expected(rank[0])
        for gate in rank:
            if self._pace.get(gate.label, own) < own and not gate.queue:
                other = self._expected(gate)
                if not other[0] and (down or other[1] * MUCH_FASTER < expected):
                    return gate
        return None

    def _hashed(self, job: int, but: Gate | None = None) -> list[Gate]:
        others = [gate for gate in self.gates if gate is not but]
        return sorted(others, key=lambda gate: seeds.number(job, gate.label))

    def _expected(self, gate: Gate) -> tuple[bool, float]:
        """Seconds until one more would be served, up to a factor; addresses that are down last.

        One that has not answered yet is taken for as fast as the fastest.
        """
        pace = self._pace.get(gate.label) or min(self._pace.values(), default=1.0)
        return gate.down, pace * (1 + gate.in_flight + len(gate.queue)) / gate.limit

    def _home(self, job: int, now: float) -> Gate:
        """The first address that is up, or that is down and due for a try."""
        rank = self._rank(job)
        for gate in rank:
            if not gate.down or (gate.delay(now) == 0 and not gate.queue):
                return gate
        return rank[0]

    def _free(self, job: int, now: float, load: Load) -> Gate | None:
        home = self._home(job, now)
        for gate in (home, *self._rank(job)):
            idle = not gate.queue and (gate is home or not gate.down)
            if idle and gate.delay(now, load) == 0:
                return gate
        return None

    def _enqueue(self, job: int, now: float, load: Load) -> Waiter:
        home = self._home(job, now)
        self._tickets += 1
        waiter = Waiter(job, load, self._tickets, home)
        home.account(now)
        home.queue.append(waiter)
        self._waiting += 1
        return waiter

    async def _doze(self, waiter: Waiter) -> None:
        """Sleeps until granted, nudged, or until its own time to look again has come."""
        waiter.event = anyio.Event()
        wait = self._patience(waiter, anyio.current_time())
        waiter.deadline = anyio.current_time() + wait
        if wait == NEVER:
            await waiter.event.wait()
        else:
            with anyio.move_on_after(wait):
                await waiter.event.wait()
        if waiter.permit is None:
            self.pump()

    def _patience(self, waiter: Waiter, now: float) -> float:
        """Seconds after which time alone may let the head of a queue through; NEVER for others."""
        if waiter.home.queue[0] is not waiter:
            return NEVER
        own = waiter.home.delay(now, waiter.load)
        others = [
            gate.delay(now, waiter.load) for gate in self.gates if not gate.queue and not gate.down
        ]
        return max(1e-4, min([own, *others]))

    def pump(self) -> None:
        """Lets through whoever may go: own queues first, then idle addresses help the longest."""
        if not self._waiting:
            return
        now = anyio.current_time()
        for gate in self.gates:
            self._serve(gate, gate, now)
        for gate in self.gates:
            if not gate.queue and not gate.down:
                while self._help(gate, now):
                    pass
        for gate in self.gates:
            if gate.queue:
                head = gate.queue[0]
                if now + self._patience(head, now) < head.deadline - 1e-3:
                    head.event.set()

    def _help(self, gate: Gate, now: float) -> bool:
        """Grants idle `gate` once, to the longest queue whose head it can take."""
        queued = sorted(self.gates, key=lambda other: -len(other.queue))
        return any(self._serve(gate, source, now, 1) for source in queued)

    def _serve(self, gate: Gate, source: Gate, now: float, most: float = NEVER) -> int:
        """Grants `gate` to the first in `source`'s queue, `most` times; returns how often."""
        granted = 0
        while source.queue and granted < most:
            head = source.queue[0]
            if gate.delay(now, head.load):
                break
            source.account(now)
            source.queue.popleft()
            self._waiting -= 1
            head.permit = gate.take(now, head.load)
            head.event.set()
            granted += 1
        return granted

    def _withdraw(self, waiter: Waiter) -> None:
        if waiter.permit is not None:
            self.release(waiter.permit)
            return
        waiter.home.account(anyio.current_time())
        waiter.home.queue.remove(waiter)
        self._waiting -= 1
        self.pump()

    def _scatter(self, gate: Gate, now: float) -> None:
        """Moves the queue of a dead address to the others, each in order of arrival."""
        gate.account(now)
        moved = list(gate.queue)
        gate.queue.clear()
        for waiter in moved:
            waiter.home = self._home(waiter.job, now)
            waiter.home.queue.append(waiter)
        for other in {waiter.home.label: waiter.home for waiter in moved}.values():
            other.queue = type(other.queue)(sorted(other.queue, key=lambda w: w.ticket))
        self.pump()
