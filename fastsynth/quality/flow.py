"""How the calls of a conversation hang together, from values alone: arguments, results, words.

Connectedness within a turn, values that only a result holds, and what later turns need of earlier
ones. Judged by what stands in the row, not by what the plan meant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from fastsynth.env import paths
from fastsynth.method.forms import normal, stands_in
from fastsynth.method.plan import Default, Output
from fastsynth.quality.figure import Figure, ratio
from fastsynth.quality.scene import Argument, Called, RowScene, TurnScene, same, scalars

TIES = ("value", "entity", "order", "none")


class Connectedness:
    """Calls of turns with two or more calls: is each tied to another one of its turn?

    `orders` are pairs (before, after) of tools of which the second fails unless the first ran; a
    tie of that sort alone (a log-in) is told, not counted.
    """

    def __init__(self, orders: Collection[tuple[str, str]] = ()) -> None:
        self.calls = 0
        self.ties: Counter[str] = Counter()
        self._orders = frozenset(orders)

    def add(self, scene: RowScene) -> None:
        for turn in scene.turns:
            if len(turn.calls) >= 2:
                self.calls += len(turn.calls)
                self.ties.update(tie(turn, n, self._orders) for n in range(len(turn.calls)))

    def figures(self) -> Iterator[Figure]:
        shares = {kind: 100 * self.ties[kind] / (self.calls or 1) for kind in TIES}
        yield Figure(
            name="connectedness",
            value=ratio(self.ties["value"] + self.ties["entity"], self.calls),
            low=0.8,
            meaning="calls of turns with several calls that are tied to another of the turn, by a "
            "value that flows or by what they speak of",
            detail=", ".join(f"{kind} {share:.1f}%" for kind, share in shares.items()),
            base=self.calls,
        )


def tie(turn: TurnScene, number: int, orders: Collection[tuple[str, str]]) -> str:
    """`value`: its argument is taken from another call's result, or the other way round; `entity`:
    the two have an argument in common; `order`: one fails unless the other ran; else `none`."""
    call = turn.calls[number]
    before, after = turn.calls[:number], turn.calls[number + 1 :]
    said = normal(turn.query)
    if any(_flows(turn.number, earlier, call, said) for earlier in before):
        return "value"
    if any(_flows(turn.number, call, later, said) for later in after):
        return "value"
    own = _entities(call)
    if any(own & _entities(other) for other in (*before, *after)):
        return "entity"
    needs = any((other.tool, call.tool) in orders for other in before)
    needed = any((call.tool, other.tool) in orders for other in after)
    return "order" if needs or needed else "none"


def _flows(turn: int, giver: Called, taker: Called, said: str) -> bool:
    held: set[Any] | None = None
    for argument in taker.arguments:
        source = argument.source
        if isinstance(source, Output) and source.turn == turn and _gives(giver, source, argument):
            return True
        if argument.telling and not stands_in(argument.value, said):
            held = {same(v) for v in scalars(giver.result)} if held is None else held
            if same(argument.value) in held:
                return True
    return False


def _gives(giver: Called, source: Output, argument: Argument) -> bool:
    """Whether the planned source is this call's result: the value stands at the planned path."""
    places = paths.find(source.path, giver.result)
    return any(same(value) == same(argument.value) for _, value in places)


def _entities(call: Called) -> set[Any]:
    return {same(argument.value) for argument in call.arguments if argument.telling}


class OutputShare:
    """Scalar arguments, in turns of two or more calls, that only an earlier result holds."""

    def __init__(self) -> None:
        self.arguments = self.outputs = 0

    def add(self, scene: RowScene) -> None:
        held: set[Any] = set()
        for turn in scene.turns:
            words = normal(" ".join((*turn.told, turn.query)))
            for call in turn.calls:
                if len(turn.calls) >= 2:
                    self._count(call, held, words)
                held |= {same(value) for value in scalars(call.result)}

    def _count(self, call: Called, held: set[Any], words: str) -> None:
        for argument in call.arguments:
            if argument.telling:
                self.arguments += 1
                only = same(argument.value) in held and not stands_in(argument.value, words)
                self.outputs += only

    def figures(self) -> Iterator[Figure]:
        yield Figure(
            name="arguments only an output holds",
            value=ratio(self.outputs, self.arguments),
            low=0.3,
            meaning="of scalar arguments (no booleans, enums, numbers under three digits) in turns "
            "of two or more calls; BFCL's own tasks: 13.6% of all arguments",
            base=self.arguments,
        )


class Necessity:
    """Later turns that cannot be solved once the earlier ones are deleted."""

    def __init__(self) -> None:
        self.turns = self.lost = 0

    def add(self, scene: RowScene) -> None:
        system = scene.turns[0].told if scene.turns else ()
        for turn in scene.turns[1:]:
            if turn.calls:
                self.turns += 1
                self.lost += _needs_history(turn, system)

    def figures(self) -> Iterator[Figure]:
        yield Figure(
            name="cross-turn necessity",
            value=ratio(self.lost, self.turns),
            low=0.2,
            meaning="later turns with an argument that neither their query nor their own results "
            "give: with the earlier turns deleted it cannot be known",
            base=self.turns,
        )


def _needs_history(turn: TurnScene, system: Sequence[str]) -> bool:
    words = normal(" ".join((*system, turn.query)))
    held: set[Any] = set()
    for call in turn.calls:
        if any(_unknown(argument, words, held) for argument in call.arguments):
            return True
        held |= {same(value) for value in scalars(call.result)}
    return False


def _unknown(argument: Argument, words: str, held: set[Any]) -> bool:
    if not argument.telling or same(argument.value) in held or stands_in(argument.value, words):
        return False
    return not isinstance(argument.source, Default)
