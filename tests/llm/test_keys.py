"""Request keys, call ids, seeds, prices, retries: pure functions of what they name."""

from __future__ import annotations

import re

import pytest
from client_setup import Told, ask

from fastsynth.config import Endpoint, Price, Sampling
from fastsynth.llm.keys import call_id, request_key, sampling_seed
from fastsynth.llm.prices import cost
from fastsynth.llm.retry import Retries
from fastsynth.llm.wire import Transcript, frame
from fastsynth.records import Message, Usage


def key(identity: bytes = b"m", **fields: object) -> bytes:
    job = fields.pop("job", 0)
    asked = ask(job, **fields)  # type: ignore[arg-type]
    return request_key(asked, identity, asked.transcript.encoded(), sampling_seed(1, asked))


def test_the_key_is_the_same_again_and_16_bytes() -> None:
    assert key() == key()
    assert len(key()) == 16


@pytest.mark.parametrize(
    "change",
    [
        {"job": 1},
        {"turn": 1},
        {"attempt": 1},
        {"step": 1},
        {"role": "critic"},
        {"purpose": "hint"},
        {"tools": (b"{}",)},
        {"schema": b"{}"},
        {"identity": b"other"},
        {"transcript": Transcript((Message(role="user", content="ho"),))},
    ],
)
def test_whatever_belongs_to_the_request_changes_the_key(change: dict[str, object]) -> None:
    assert key(**change) != key()  # type: ignore[arg-type]


def test_script_and_endpoint_do_not_change_the_key() -> None:
    paid = frame("m", Sampling(), Endpoint(url="http://a/v1", rpm=3, structured="text"))
    free = frame("m", Sampling(), Endpoint(url="http://b/v1"))

    assert key(script=Told()) == key()
    assert paid.identity == free.identity
    assert paid.identity != frame("m", Sampling(temperature=0.1), Endpoint()).identity


def test_fields_cannot_run_into_one_another() -> None:
    assert key(tools=(b"1",), schema=b"") != key(tools=(), schema=b"[1]")


def test_call_ids_are_nine_letters_and_digits_of_key_and_index() -> None:
    ids = [call_id(key(job=job), index) for job in range(50) for index in range(4)]

    assert all(re.fullmatch(r"[a-zA-Z0-9]{9}", found) for found in ids)
    assert len(set(ids)) == 200
    assert call_id(key(), 0) == call_id(key(), 0)


def test_seeds_fit_31_bits_and_follow_the_place() -> None:
    seeds = {sampling_seed(1, ask(job)) for job in range(100)}

    assert len(seeds) == 100
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert sampling_seed(2, ask(0)) != sampling_seed(1, ask(0))


def test_prices_are_per_million_and_unknown_stays_unknown() -> None:
    usage = Usage(prompt_tokens=1_000_000, completion_tokens=500_000, cached_tokens=400_000)

    assert cost(None, usage) is None
    assert cost(Price(input=2.0, output=4.0), usage) == pytest.approx(4.0)
    assert cost(Price(input=2.0, output=4.0, cached=0.5), usage) == pytest.approx(3.4)


def test_retries_are_counted_and_their_delays_bounded() -> None:
    retries = Retries(b"k", 3)
    allowed = [retries.allow("reset") for _ in range(4)]

    assert allowed == [True, True, True, False]
    assert all(0 <= retries.delay() <= 4.0 for _ in range(50))


@pytest.mark.parametrize(
    ("causes", "only"), [(("malformed",) * 3, True), (("malformed", "reset", "malformed"), False)]
)
def test_retries_know_whether_it_was_ever_anything_but_the_body(
    causes: tuple[str, ...], only: bool
) -> None:
    retries = Retries(b"k", 99)

    assert all(map(retries.allow, causes))
    assert retries.only_malformed is only
