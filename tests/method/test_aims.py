"""Targets by kind and size keep both margins; draws keep the logs' distribution."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsynth.engine.apportion import apportion
from fastsynth.logs import Counts
from fastsynth.method.kinds import fewest
from fastsynth.method.walk.aims import LONGEST, Aims, cells
from fastsynth.seeds import derive

KINDS = ("base", "no_tool", "missing_parameter", "refusal", "split")
sizes = st.dictionaries(st.integers(1, 20), st.integers(1, 90), min_size=1, max_size=8)
shares = st.dictionaries(st.sampled_from(KINDS), st.floats(0.1, 5), min_size=1)


def counts(turns: dict[int, int], pairs: list[tuple[int, int, int]] | None = None) -> Counts:
    return Counts(turns=turns, tools={4: 1}, pairs=pairs or [(1, 8, 1)])


@given(st.integers(0, 400), shares, sizes)
def test_every_kind_gets_its_share_and_no_cell_is_too_short(wanted, weights, turns):
    table = cells(wanted, weights, counts(turns))

    by_kind = Counter[str]()
    for (kind, size), target in table.items():
        assert target >= 0
        assert fewest(kind) <= size <= LONGEST
        by_kind[kind] += target
    assert by_kind == Counter(apportion(wanted, weights))
    assert list(table) == list(cells(wanted + 17, weights, counts(turns)))


@given(st.integers(1, 400), shares, st.dictionaries(st.integers(2, 12), st.integers(1, 90)))
def test_every_size_gets_its_share(wanted, weights, turns):
    turns = turns or {3: 1}

    table = cells(wanted, weights, counts(turns))

    by_size = Counter[int]()
    for (_, size), target in table.items():
        by_size[size] += target
    assert by_size == Counter(apportion(wanted, dict(sorted(turns.items()))))


def test_short_conversations_go_to_the_kinds_that_can_be_short() -> None:
    table = cells(10, {"base": 0.5, "split": 0.5}, counts({1: 4, 3: 6}))

    assert table == {("base", 1): 4, ("base", 2): 0, ("base", 3): 1} | {
        ("split", 2): 0,
        ("split", 3): 5,
    }


def test_turns_without_calls_come_to_the_logs_share_beside_those_of_the_kinds() -> None:
    logs = counts({5: 10}, [(0, 3, 10), (1, 9, 20), (4, 20, 20)])
    aims = Aims(logs, {"base": 0.8, "no_tool": 0.2})
    turns = [
        aims.turn(derive(job, number), number == 0) for job in range(2000) for number in range(5)
    ]
    free = 4 - 0.2 * 0.8

    brought = sum(turn.idle for turn in turns) / 2000 * free / 4 + 0.2

    assert brought / 5 == pytest.approx(0.2, abs=0.01)
    assert not any(turn.idle for turn in turns[::5])


def test_calls_and_words_are_drawn_together() -> None:
    aims = Aims(counts({2: 1}, [(1, 6, 3), (4, 30, 1)]), {"base": 1.0})

    drawn = Counter((t.calls, t.words) for n in range(4000) for t in [aims.turn(derive(n), True)])

    assert set(drawn) == {(1, 6), (4, 30)}
    assert drawn[1, 6] / 4000 == pytest.approx(0.75, abs=0.03)
