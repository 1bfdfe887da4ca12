"""Waits that servers ask for, in every form they use."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict

from fastsynth.llm.faults import Again, Final, Halt, Throttle, judge_status, read_problem
from fastsynth.llm.throttle import LONGEST, duration, exhausted, retry_after

DATE = "Wed, 21 Oct 2026 07:28:00 GMT"
LATER = "Wed, 21 Oct 2026 07:28:30 GMT"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20ms", 0.02),
        ("6s", 6.0),
        ("1m30.5s", 90.5),
        ("2h", 7200.0),
        ("7", 7.0),
        ("0.25", 0.25),
        ("soon", None),
        ("", None),
        ("6s later", None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"Retry-After": "0"}, None),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "99999999"}, LONGEST),
        ({"Retry-After": "soon"}, None),
        ({"retry-after-ms": "250", "Retry-After": "1"}, 0.25),
        ({"Retry-After": LATER, "Date": DATE}, 30.0),
        ({"Retry-After": DATE, "Date": LATER}, None),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m2s"}, 62.0),
        ({"x-ratelimit-remaining-tokens": "1", "x-ratelimit-reset-tokens": "1m2s"}, None),
    ],
)
def test_retry_after_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(CIMultiDict(headers)) == seconds


def test_the_longer_of_two_empty_quotas_counts() -> None:
    headers = CIMultiDict(
        {
            "X-RateLimit-Remaining-Requests": "0",
            "X-RateLimit-Reset-Requests": "2s",
            "X-RateLimit-Remaining-Tokens": "0",
            "X-RateLimit-Reset-Tokens": "5s",
        }
    )
    assert exhausted(headers) == 5.0


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, Halt),
        (402, Halt),
        (403, Halt),
        (404, Halt),
        (307, Halt),
        (400, Final),
        (422, Final),
        (408, Again),
        (500, Again),
        (502, Again),
        (504, Again),
        (429, Throttle),
        (503, Throttle),
        (529, Throttle),
    ],
)
def test_each_status_has_one_owner(status: int, kind: type) -> None:
    assert type(judge_status(status, b"{}")) is kind


@pytest.mark.parametrize(
    "body",
    [
        b'{"error":{"message":"x","code":"context_length_exceeded"}}',
        (
            b'{"error":{"code":400,"message":"the request exceeds the available context size",'
            b'"type":"exceed_context_size_error"}}'
        ),
        (
            b'{"object":"error","message":"This model\'s maximum context length is 4096 tokens. '
            b'However, you requested 5000","type":"BadRequestError","code":400}'
        ),
        (
            b'{"error":{"message":"The decoder prompt (length 9) is longer than the maximum model '
            b'length of 8"}}'
        ),
    ],
)
def test_a_prompt_that_is_too_long_is_known_by_every_servers_words(body: bytes) -> None:
    verdict = judge_status(400, body)
    assert isinstance(verdict, Final)
    assert verdict.cause == "context_length"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": "plain"}', "plain"),
        (b'{"detail": [{"loc": ["body"]}]}', '[{"loc":["body"]}]'),
        (b"<html>\n  gateway </html>", "<html> gateway </html>"),
        (b"\xff\xfe", "��"),
        (b"", ""),
        (b"[1]", "[1]"),
        (b'{"error": null}', ""),
    ],
)
def test_error_bodies_give_their_message(body: bytes, message: str) -> None:
    assert read_problem(body).message == message
