"""Near-duplicate queries meet in a band; different ones do not."""

from __future__ import annotations

from base64 import b64decode
from random import Random

from fastsynth.method.conversation.dedup import BAND_BYTES, BANDS, near_bands

LONG = (
    "Please find me the cheapest flight from Porto to Oslo on the fifth of March, hold it for Noor "
    "Berg, and then tell me the fare and the time at which I have to be at the gate."
)


def bands(query: str) -> list[bytes]:
    raw = b64decode(near_bands([query]))
    return [raw[at : at + BAND_BYTES] for at in range(0, len(raw), BAND_BYTES)]


def met(one: str, other: str) -> int:
    return sum(a == b for a, b in zip(bands(one), bands(other), strict=True))


def test_case_and_punctuation_do_not_count() -> None:
    assert met(LONG, LONG.upper().replace(",", " -")) == BANDS


def test_one_word_of_thirty_changed_is_a_near_duplicate() -> None:
    words = LONG.split()
    hits = 0
    for at in range(len(words)):
        hits += met(LONG, " ".join([*words[:at], "otherwise", *words[at + 1 :]])) > 0

    assert hits >= 0.8 * len(words)


def test_other_values_in_the_same_frame_are_no_near_duplicate() -> None:
    other = LONG.replace("Porto", "Lima").replace("Oslo", "Rome").replace("Noor Berg", "Ada King")
    other = other.replace("cheapest", "earliest").replace("fifth of March", "ninth of June")

    assert met(LONG, other) == 0


def test_unrelated_queries_do_not_meet() -> None:
    rng = Random(1)
    texts = [" ".join(f"w{rng.randrange(500)}" for _ in range(20)) for _ in range(60)]

    assert sum(met(a, b) for n, a in enumerate(texts) for b in texts[:n]) == 0


def test_short_queries_have_no_bands() -> None:
    assert near_bands(["Thanks, that is all.", LONG]) == near_bands([LONG])
