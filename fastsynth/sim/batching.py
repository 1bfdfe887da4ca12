"""A simple model of continuous batching: slots, queue, prefill, decoding, KV limit, prefix cache.

Each step of the model prefills what was admitted (at `prefill_rate` tokens a second, while nothing
decodes) and then gives every running sequence some tokens out of `decode_rate` a second shared by
all. Off by default: then replies come at once, after `latency_ms`.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated

import anyio
import msgspec
from msgspec import Meta

STRIDE = 8
"""Tokens a sequence gets in one step of the model: bounds wake-ups per reply."""


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The server that is modelled; rates in tokens a second, over all sequences."""

    slots: Annotated[int, Meta(ge=1)] = 64
    prefill_rate: Annotated[float, Meta(gt=0)] = 20_000.0
    decode_rate: Annotated[float, Meta(gt=0)] = 2_000.0
    sequence_rate: Annotated[float, Meta(gt=0)] = 80.0
    """What one sequence gets at most, however few there are."""
    kv_tokens: Annotated[int, Meta(ge=1)] = 500_000
    refuse: bool = False
    """Whether a request that finds all slots taken is refused (429) instead of queued."""


class PrefixCache:
    """Message prefixes seen lately, by hash, least recently used dropped first."""

    def __init__(self, entries: int = 100_000) -> None:
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._entries = entries
        self.queried = 0
        self.hit = 0

    def look(self, parts: Iterable[tuple[int, int]]) -> tuple[int, int]:
        """(all tokens, cached tokens) of a prompt given as (hash, tokens) of its parts in order."""
        chain = total = cached = 0
        unbroken = True
        for own, tokens in parts:
            chain = hash((chain, own))
            unbroken = unbroken and chain in self._seen
            total += tokens
            cached += tokens if unbroken else 0
            self._seen[chain] = None
            self._seen.move_to_end(chain)
        while len(self._seen) > self._entries:
            self._seen.popitem(last=False)
        self.queried += total
        self.hit += cached
        return total, cached


class Sequence:
    """One reply being made: tokens still to prefill and to decode."""

    def __init__(self, prefill: int, decode: int, held: int) -> None:
        self.prefill = prefill
        self.decode = max(1, decode)
        self.held = held
        self.first = anyio.Event()
        self.finished = anyio.Event()


class Batcher:
    """Runs sequences in the task that called `run`; `reply` waits for one to be done."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.waiting: deque[Sequence] = deque()
        self.running: list[Sequence] = []
        self._held = 0
        self._work = anyio.Event()

    @property
    def kv_usage(self) -> float:
        return min(1.0, self._held / self.shape.kv_tokens)

    @property
    def refuses(self) -> bool:
        """Whether one more would be refused: what runs and what runs next takes all slots."""
        taken = len(self.running) + len(self.waiting)
        return self.shape.refuse and taken >= self.shape.slots

    async def reply(self, prompt: int, cached: int, completion: int) -> None:
        """Returns when a reply of that many tokens would be complete; free to cancel."""
        with self.sequence(prompt, cached, completion) as sequence:
            await sequence.finished.wait()

    @contextmanager
    def sequence(self, prompt: int, cached: int, completion: int) -> Iterator[Sequence]:
        """A reply of that many tokens in the making: tells its first token and its last."""
        sequence = Sequence(prompt - cached, completion, prompt + completion)
        self.waiting.append(sequence)
        self._work.set()
        try:
            yield sequence
        finally:
            self._drop(sequence)

    async def run(self) -> None:
        while True:
            if not self.running and not self.waiting:
                self._work = anyio.Event()
                await self._work.wait()
            prefill = self._admit()
            await anyio.sleep(prefill / self.shape.prefill_rate + self._step_seconds())
            self._advance()

    def _admit(self) -> int:
        """Moves from the queue to the slots what fits; returns the tokens to prefill."""
        prefill = 0
        while self.waiting and len(self.running) < self.shape.slots:
            head = self.waiting[0]
            if self.running and self._held + head.held > self.shape.kv_tokens:
                break
            self.waiting.popleft()
            self.running.append(head)
            self._held += head.held
            prefill += head.prefill
        return prefill

    def _step_seconds(self) -> float:
        tokens = sum(min(STRIDE, sequence.decode) for sequence in self.running)
        longest = max((min(STRIDE, s.decode) for s in self.running), default=0)
        return max(tokens / self.shape.decode_rate, longest / self.shape.sequence_rate)

    def _advance(self) -> None:
        for sequence in tuple(self.running):
            sequence.first.set()
            sequence.decode -= STRIDE
            if sequence.decode <= 0:
                self._drop(sequence)
                sequence.finished.set()

    def _drop(self, sequence: Sequence) -> None:
        if sequence in self.running:
            self.running.remove(sequence)
            self._held -= sequence.held
        elif sequence in self.waiting:
            self.waiting.remove(sequence)
