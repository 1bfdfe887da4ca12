from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from fastsynth.method.forms import normal

TEXTS = st.text(st.sampled_from("aZ1 9.,:/+-%_'’\u00a0\u202f\n\té²٣–")) | st.text()


def defined(text: str) -> str:
    """`normal` as it is meant: slower, each rule for itself."""
    text = text.lower().replace("’", "'").replace("_", " ")
    text = re.sub(r"(?<=\d)[, ](?=\d{3}(?!\d))", "", text)
    text = re.sub(r"[^\w.%/:+-]+|(?<!\d)[.:/+-]|[.:/+-](?!\w)", " ", text)
    return f" {' '.join(text.split())} "


@given(TEXTS)
def test_text_is_compared_as_its_rules_say(text: str) -> None:
    assert normal(text) == defined(text)


def test_numbers_dates_and_times_keep_their_marks() -> None:
    assert (
        normal("Pay €1,250.50 on 3/4 at 09:30, please.") == " pay 1250.50 on 3/4 at 09:30 please "
    )
