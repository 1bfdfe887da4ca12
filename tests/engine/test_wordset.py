"""A set of words on disk: it holds what was added and nothing else, over many tables."""

from __future__ import annotations

from pathlib import Path
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from fastsynth.engine.wordset import WordSet


@given(st.lists(st.integers(0, 2**64 - 1)), st.lists(st.integers(0, 2**64 - 1)))
def test_it_holds_exactly_what_was_added(added: list[int], asked: list[int]) -> None:
    held = WordSet(first_blocks=1)
    for word in added:
        held.add(word)

    known = {word or 1 for word in added}

    assert all(word in held for word in added)
    assert [word in held for word in asked] == [(word or 1) in known for word in asked]
    held.close()


def test_thousands_of_words_fill_several_tables_and_leave_no_file(tmp_path: Path) -> None:
    rng = Random(3)
    words = [rng.getrandbits(64) for _ in range(4000)]
    held = WordSet(tmp_path, first_blocks=4)
    for word in words:
        held.add(word)

    assert all(word in held for word in words)
    assert sum(rng.getrandbits(64) in held for _ in range(4000)) == 0
    assert list(tmp_path.iterdir()) == [], "the files have no names"
    held.close()
