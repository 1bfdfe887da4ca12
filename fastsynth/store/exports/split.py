"""Which conversations are held out of training: none shares with the others what gives it away.

Rows belong together that start in one state, are twins, or make the same calls in the same order.
Told by the rows alone: the same rows give the same split in every format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b

from fastsynth.errors import config_error
from fastsynth.records import Conversation, encode


def held_out(rows: Iterable[Conversation], share: float) -> frozenset[str]:
    """Ids of about `share` of the rows (in (0, 1)), never more. Raises ConfigError where what
    belongs together is too large for that."""
    ties = [(row.id, tuple(_ties(row))) for row in rows]
    if len({marks[0] for _, marks in ties}) == 1:  # then the state is no news to anyone
        ties = [(name, marks[1:]) for name, marks in ties]
    groups = _groups(ties)
    room = round(share * len(ties))
    taken: set[str] = set()
    for group in sorted(groups, key=lambda group: _mark("order", min(group))):
        if len(taken) + len(group) <= room:
            taken |= set(group)
    if not taken and ties:
        least = min(map(len, groups))
        allowed = (
            f"need room for {least} of {len(ties)} rows, the least that share no initial state, "
            "twin or order of calls with others"
        )
        raise config_error("--val-share", share, allowed)
    return frozenset(taken)


def _ties(row: Conversation) -> Iterator[bytes]:
    """What makes two rows belong together where it is equal; the initial state first."""
    yield _mark("state", row.environment + row.scenario)
    yield _mark("calls", encode([[call.name for call in turn] for turn in row.ground_truth]))
    if row.twin:
        yield _mark("twin", row.twin)


def _mark(kind: str, value: str | bytes) -> bytes:
    told = value.encode() if isinstance(value, str) else value
    return blake2b(told, digest_size=12, person=kind.encode()).digest()


def _groups(ties: list[tuple[str, tuple[bytes, ...]]]) -> list[list[str]]:
    """Rows that are tied, directly or through others."""
    above = list(range(len(ties)))

    def top(place: int) -> int:
        while above[place] != place:
            above[place] = above[above[place]]
            place = above[place]
        return place

    first: dict[bytes, int] = {}
    for place, (_, marks) in enumerate(ties):
        for mark in marks:
            above[top(place)] = top(first.setdefault(mark, place))
    groups: dict[int, list[str]] = {}
    for place, (name, _) in enumerate(ties):
        groups.setdefault(top(place), []).append(name)
    return list(groups.values())
