"""The set of contents, against a dict; and what it takes."""

from __future__ import annotations

import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from fastsynth.engine.seen import Seen, word


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 2**32 - 1)), max_size=400))
@settings(max_examples=50, deadline=None)
def test_it_remembers_who_came_first(brought: list[tuple[int, int]]) -> None:
    seen: Seen = Seen()
    first: dict[int, int] = {}

    for number, job in brought:
        content = word(str(number))
        assert seen.first(content, job) == first.get(content)
        first.setdefault(content, job)


def test_it_still_knows_all_after_many_splits() -> None:
    seen = Seen()

    for job in range(50_000):
        assert seen.first(word(str(job)), job) is None

    assert all(seen.first(word(str(job)), 0) == job for job in range(0, 50_000, 7))


def test_an_entry_takes_fourteen_bytes_at_most() -> None:
    seen = Seen()

    for job in range(20_000):
        seen.first(word(str(job)), job)

    arrays = [*seen._hashes, *seen._jobs]
    assert sum(map(sys.getsizeof, arrays)) / 20_000 < 14
