"""The mixture of kinds, and which calls share a message: from the rows alone.

A call depends on another of its turn where an argument stands in the other's result and in nothing
earlier (system, user, assistant, results), or where the one must have run first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from fastsynth.method.conversation.rows import turns_of
from fastsynth.method.forms import normal, stands_in
from fastsynth.quality.figure import Figure, ratio
from fastsynth.quality.scene import RowScene, same, scalars, telling
from fastsynth.records import Conversation, Message, ToolCall

WITHIN = 0.02


class Mixture:
    """`weights`: kind -> weight wanted at acceptance; {} where the run does not say. `counted`:
    conversations by kind as the run counted them, for runs whose rows hold further turns without
    calls and so cannot tell."""

    def __init__(
        self, weights: Mapping[str, float], counted: Mapping[str, int] | None = None
    ) -> None:
        self._weights = weights
        self._counted = counted
        self._rows: Counter[str] = Counter()

    def add(self, scene: RowScene) -> None:
        self._rows[kind_of(scene.row)] += 1

    def figures(self) -> Iterator[Figure]:
        rows = Counter(self._counted) if self._counted is not None else self._rows
        total, whole = rows.total(), sum(self._weights.values())
        found = {k: (rows[k] / (total or 1), w / whole) for k, w in self._weights.items()}
        apart = max((abs(share - wanted) for share, wanted in found.values()), default=0.0)
        yield Figure(
            section="Kinds",
            name="kinds off their shares",
            value=apart if total and self._weights else None,
            high=WITHIN,
            meaning="of all conversations, the kind that is furthest from the share it is to have",
            detail=", ".join(
                f"{kind} {100 * share:.1f}% ({100 * wanted:.1f}% wanted)"
                for kind, (share, wanted) in found.items()
            ),
            base=total,
        )


def kind_of(row: Conversation) -> str:
    """The kind a conversation was made as; a plain twin's is its pair's."""
    if row.twin:
        return row.twin.partition(":")[0].partition("/")[0]
    special = [kind.removesuffix("_resolved") for kind in row.kinds if kind != "base"]
    return next((kind for kind in special if kind != "no_tool"), special[0] if special else "base")


class _Made(msgspec.Struct, frozen=True):
    """One recorded call that did not fail."""

    tool: str
    values: tuple[Any, ...]
    """Its telling arguments."""
    held: frozenset[Any]
    """The scalars of its result."""


class Together:
    """`reads`: tools that change nothing; `orders`: (before, after), the second fails without the
    first. A message is held against the one before it: could its first call have been made there?
    """

    def __init__(self, reads: Collection[str], orders: Collection[tuple[str, str]] = ()) -> None:
        self._reads, self._orders = frozenset(reads), frozenset(orders)
        self.joined = self.apart = self.pairs = self.dependent = 0

    def add(self, scene: RowScene) -> None:
        stated = "parallel" in scene.row.kinds
        earlier: set[Any] = set()
        for turn, messages in zip(scene.turns, turns_of(scene.row.messages), strict=True):
            said = normal(" ".join((*turn.told, turn.query)))
            groups = _groups(messages, scene.tools)
            for number, group in enumerate(groups):
                self._inside(group, earlier, said)
                if stated:
                    self._between(groups[number - 1] if number else [], group, earlier, said)
                earlier |= {value for call in group for value in call.held}

    def _inside(self, group: Sequence[_Made], earlier: Collection[Any], said: str) -> None:
        for at, call in enumerate(group):
            others = [other for n, other in enumerate(group) if n != at]
            self.pairs += len(others)
            self.dependent += sum(self._needs(call, other, earlier, said) for other in others)

    def _between(
        self, before: Sequence[_Made], group: Sequence[_Made], earlier: set[Any], said: str
    ) -> None:
        """`earlier` holds the results of `before` too: those are what may bind the two."""
        self.joined += len(group) - 1
        if not before or not group:
            return
        older = earlier - {value for call in before for value in call.held}
        together = (*before, group[0])
        reads = all(call.tool in self._reads for call in together)
        bound = any(self._needs(group[0], other, older, said) for other in before)
        self.apart += reads and not bound

    def _needs(self, call: _Made, other: _Made, earlier: Collection[Any], said: str) -> bool:
        if (other.tool, call.tool) in self._orders:
            return True
        return any(
            same(value) in other.held and same(value) not in earlier and not stands_in(value, said)
            for value in call.values
        )

    def figures(self) -> Iterator[Figure]:
        could = self.joined + self.apart
        yield Figure(
            section="Kinds",
            name="independent calls joined",
            value=ratio(self.joined, could),
            low=0.7,
            meaning="reads that need nothing of the message before them and were made in it, in "
            "conversations that are told to",
            detail="" if could else "needs conversations of the kind parallel",
            base=could,
        )
        yield Figure(
            section="Kinds",
            name="dependent calls joined",
            value=ratio(self.dependent, self.pairs),
            high=0.0,
            meaning="calls of one message of which one needs the other's result, in any "
            "conversation",
            base=self.pairs,
        )


def _groups(
    messages: Sequence[Message], tools: Mapping[str, Mapping[str, Any]]
) -> list[list[_Made]]:
    results = {m.tool_call_id: m.content or "" for m in messages if m.role == "tool"}
    return [
        [
            _made(call, results.get(call.id, ""), tools.get(call.name, {}))
            for call in message.tool_calls
            if not results.get(call.id, "").startswith('{"error":')
        ]
        for message in messages
        if message.tool_calls
    ]


def _made(call: ToolCall, result: str, tool: Mapping[str, Any]) -> _Made:
    properties = tool.get("parameters", {}).get("properties", {})
    given = _decoded(call.arguments)
    named = given.items() if isinstance(given, dict) else ()
    values = [
        value
        for name, argument in named
        for value in scalars(argument)
        if telling(value, properties.get(name, {}))
    ]
    return _Made(call.name, tuple(values), frozenset(map(same, scalars(_decoded(result)))))


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
