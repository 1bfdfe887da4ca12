"""A user's own chats, counted: turns, calls a turn, tools visible, words of a user's message.

Only counts leave this module, never a text. What they are for is decided elsewhere: drawing
conversations alike (`method.walk.aims`), and saying how alike they became (`divergence`).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from fastsynth.errors import ConfigError, config_error
from fastsynth.records import encode

MATCH = "match.json"
"""File of a run directory that holds the counts."""
MARGINALS = ("turns", "calls", "tools", "words")
BINS: Mapping[str, tuple[int, ...]] = {
    "turns": tuple(range(2, 13)),
    "calls": tuple(range(1, 10)),
    "tools": (5, 10, 15, 20, 25, 30, 40, 60, 100),
    "words": (4, 7, 10, 13, 16, 20, 25, 30, 40, 60, 100),
}
"""Where a marginal's next bin begins; the first begins at the least and the last has no end."""
Pair = tuple[int, int]
"""(calls, words) of one turn."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What a set of conversations looks like. Value -> how often."""

    turns: dict[int, int]
    """Of conversations. What a user says in a row, unanswered, is one turn."""
    tools: dict[int, int]
    """Of the conversations that say which tools there were; {} where none does."""
    pairs: list[tuple[int, int, int]]
    """(calls, words, how many turns), ascending: long wishes take more calls, so both as one."""

    def marginal(self, name: str) -> Counter[int]:
        """Value -> count, for one of MARGINALS."""
        if name in ("turns", "tools"):
            return Counter(self.turns if name == "turns" else self.tools)
        found: Counter[int] = Counter()
        for calls, words, count in self.pairs:
            found[calls if name == "calls" else words] += count
        return found

    @property
    def conversations(self) -> int:
        return sum(self.turns.values())

    @property
    def digest(self) -> str:
        return blake2b(encode(self), digest_size=16).hexdigest()


class Counting:
    """Adds up conversations; its memory is that of the different values."""

    def __init__(self) -> None:
        self._turns: Counter[int] = Counter()
        self._tools: Counter[int] = Counter()
        self._pairs: Counter[Pair] = Counter()

    def add(self, turns: Iterable[Pair], tools: int | None) -> None:
        pairs = list(turns)
        self._turns[len(pairs)] += 1
        self._pairs.update(pairs)
        if tools is not None:
            self._tools[tools] += 1

    def counts(self) -> Counts:
        return Counts(
            turns=dict(sorted(self._turns.items())),
            tools=dict(sorted(self._tools.items())),
            pairs=[(*pair, count) for pair, count in sorted(self._pairs.items())],
        )


def words_of(text: str) -> int:
    return len(text.split())


def binned(counts: Mapping[int, int], name: str) -> list[float]:
    """Shares of the marginal's bins; all 0 where nothing was counted."""
    edges, total = BINS[name], sum(counts.values())
    shares = [0.0] * (len(edges) + 1)
    for value, count in counts.items():
        shares[bisect_right(edges, value)] += count / total
    return shares


def divergence(one: Mapping[int, int], other: Mapping[int, int], name: str) -> float | None:
    """Jensen-Shannon divergence to base 2 over the marginal's bins (Lin, 1991): 0 the same, 1
    nothing in common. None where one of the two is empty."""
    if not one or not other:
        return None
    first, second = binned(one, name), binned(other, name)
    middle = [(p + q) / 2 for p, q in zip(first, second, strict=True)]
    return max(0.0, (_relative(first, middle) + _relative(second, middle)) / 2)


def _relative(shares: Iterable[float], to: Iterable[float]) -> float:
    return sum(p * math.log2(p / q) for p, q in zip(shares, to, strict=True) if p)


class _Part(msgspec.Struct):
    text: str = ""


class _Message(msgspec.Struct):
    role: str
    content: str | list[_Part | str] | None = None
    tool_calls: list[Any] | None = None

    def text(self) -> str:
        if isinstance(self.content, list):
            return " ".join(p if isinstance(p, str) else p.text for p in self.content)
        return self.content or ""


class _Chat(msgspec.Struct):
    messages: list[_Message]
    tools: list[Any] | None = None


_decode = msgspec.json.Decoder(_Chat).decode


def read_logs(path: Path) -> Counts:
    """Counts of JSON lines in OpenAI's form, `{"messages": [...], "tools": [...]}`; `tools` may
    be missing, contents may be parts. Raises ConfigError that names file and line."""
    counting, found = Counting(), 0
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    _add(counting, line, f"{path}:{number}")
                    found += 1
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        allowed = f"not readable ({why}), need JSON lines"
        raise config_error("$.match.logs", str(path), allowed) from error
    if not found:
        raise config_error("$.match.logs", str(path), "no conversation in it, need one a line")
    return counting.counts()


def counts_kept(run_dir: Path) -> Counts | None:
    """The counts a run was matched to; None where it was to none."""
    path = run_dir / MATCH
    return msgspec.json.decode(path.read_bytes(), type=Counts) if path.is_file() else None


def _add(counting: Counting, line: str, place: str) -> None:
    try:
        chat = _decode(line)
    except msgspec.DecodeError as error:
        raise ConfigError(f'{place}: {error}, need {{"messages": [...]}} on one line') from error
    turns = list(_turns(chat.messages))
    if not turns:
        raise ConfigError(f"{place}: $.messages: no user message, need one at least")
    counting.add(turns, None if chat.tools is None else len(chat.tools))


def _turns(messages: Iterable[_Message]) -> Iterator[Pair]:
    calls, words, answered = 0, -1, False
    for message in messages:
        if message.role == "user":
            if answered:
                yield calls, words
                calls, words, answered = 0, -1, False
            words = max(words, 0) + words_of(message.text())
        elif message.role == "assistant" and words >= 0:
            calls += len(message.tool_calls or ())
            answered = True
    if words >= 0:
        yield calls, words
