"""How alike a data set is to the logs it was drawn from: one divergence for each marginal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from fastsynth.logs import BINS, MARGINALS, Counting, Counts, binned, divergence, words_of
from fastsynth.method.conversation.rows import turns_of
from fastsynth.quality.figure import Figure
from fastsynth.quality.scene import RowScene
from fastsynth.records import Conversation

WANTED = 0.05
WHAT = {
    "turns": "user messages of a conversation",
    "calls": "tool calls of a turn",
    "tools": "tools visible in a conversation",
    "words": "words of a user message",
}
WHY = {
    "turns": "kinds that need two turns cannot be shorter, and no conversation is drawn above 12",
    "calls": "a turn ends where no further call shares a value with its thread; turns without "
    "calls come from the kinds",
    "tools": "a conversation shows the tools its turns need, and at most those of its parts",
    "words": "a message says every value its calls need, however long the logs' are",
}


class Match:
    """`counts`: of the logs; None for a run that was matched to none."""

    def __init__(self, counts: Counts | None) -> None:
        self._logs = counts
        self._counting = Counting()

    def add(self, scene: RowScene) -> None:
        if self._logs is not None:
            self.add_row(scene.row)

    def add_row(self, row: Conversation) -> None:
        shown = msgspec.json.decode(row.tools, type=list[msgspec.Raw])
        turns = (
            (sum(len(m.tool_calls) for m in messages), words_of(messages[0].content or ""))
            for messages in turns_of(row.messages)
        )
        self._counting.add(turns, len(shown))

    def figures(self) -> Iterator[Figure]:
        if self._logs is None:
            return
        made = self._counting.counts()
        for name in MARGINALS:
            logged, here = self._logs.marginal(name), made.marginal(name)
            value = divergence(logged, here, name)
            detail = "the logs do not say" if not logged else _widest(name, logged, here)
            if value is not None and value > WANTED:
                detail += f"; {WHY[name]}"
            yield Figure(
                section="Match",
                name=f"divergence of {name}",
                value=None if value is None else round(value, 4),
                unit="number",
                high=WANTED,
                meaning=f"{WHAT[name]}, against the logs: Jensen-Shannon, base 2, in bins",
                detail=detail,
                base=sum(here.values()),
            )


def divergences(counts: Counts, rows: Iterable[Conversation]) -> dict[str, float]:
    """Marginal -> divergence between rows and logs, of those that can be compared."""
    match = Match(counts)
    for row in rows:
        match.add_row(row)
    found = zip(MARGINALS, match.figures(), strict=True)
    return {name: figure.value for name, figure in found if figure.value is not None}


def _widest(name: str, logged: dict[int, int], here: dict[int, int]) -> str:
    """The bin that differs most, in words."""
    if not here:
        return ""
    wanted, got = binned(logged, name), binned(here, name)
    at = max(range(len(wanted)), key=lambda n: abs(wanted[n] - got[n]))
    edges = BINS[name]
    low = edges[at - 1] if at else 0
    high = edges[at] - 1 if at < len(edges) else None
    span = f"{low} and more" if high is None else str(low) if low == high else f"{low} to {high}"
    return f"furthest apart at {span}: {100 * wanted[at]:.0f}% of the logs, {100 * got[at]:.0f}%"
