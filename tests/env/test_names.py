from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from fastsynth.env.adapters.names import renamed, shown_names


@given(st.lists(st.text(min_size=1, max_size=80), max_size=12, unique=True))
def test_names_are_what_endpoints_take_and_no_two_are_the_same(own: list[str]) -> None:
    shown = shown_names(own)

    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in shown.values())
    assert len(set(shown.values())) == len(own)
    assert shown == shown_names(reversed(own))


def test_a_name_that_fits_is_kept_and_others_are_told() -> None:
    shown = shown_names(["a_b", "a.b", "files/read", "größe", "天気", "x" * 70, "x" * 71])

    assert shown["a_b"] == "a_b"
    assert re.fullmatch("a_b_[0-9a-f]{8}", shown["a.b"])
    assert shown["files/read"] == "files_read"
    assert shown["größe"] == "grosse"
    assert len(renamed(shown)) == 6
