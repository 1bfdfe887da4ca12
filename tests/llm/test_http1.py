from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsynth.llm.http1 import MOST_HEAD, Response

BODY = b'{"choices": [1, 2, 3]}'
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"8;name=value\r\n" + BODY[:8] + b"\r\nE\r\n" + BODY[8:] + b"\r\n0\r\nTrailer: x\r\n\r\n"
)
SIZED = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY)
FIRST_A_HINT = b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + SIZED
ZIPPED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (
    len(gzip.compress(BODY, mtime=0)),
    gzip.compress(BODY, mtime=0),
)


def cut(data: bytes, places: list[int]) -> Iterator[bytes]:
    before = 0
    for place in [*sorted(p % len(data) for p in places), len(data)]:
        yield data[before:place]
        before = place


@given(
    st.sampled_from([CHUNKED, SIZED, FIRST_A_HINT, ZIPPED]),
    st.lists(st.integers(0, 500), max_size=12),
)
def test_an_answer_is_the_same_however_it_is_cut(data: bytes, places: list[int]) -> None:
    response = Response()
    for piece in cut(data, places):
        response.feed(piece)

    assert (response.done, response.reusable, response.status) == (True, True, 200)
    assert response.body == BODY


def test_a_body_without_length_ends_with_its_connection() -> None:
    response = Response()
    response.feed(b"HTTP/1.1 500 Oops\r\nContent-Type: text/plain\r\n\r\nno")
    response.feed(b"pe")
    before = response.done
    response.close()

    assert (before, response.done, response.reusable) == (False, True, False)
    assert (response.status, response.body) == (500, b"nope")


def test_a_connection_that_closes_inside_a_body_leaves_it_undone() -> None:
    response = Response()
    response.feed(SIZED[:-1])
    response.close()

    assert not response.done


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nand more that nobody asked for",
    ],
)
def test_a_connection_that_ends_or_holds_more_is_not_used_again(head: bytes) -> None:
    response = Response()
    response.feed(head)

    assert response.done
    assert not response.reusable


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        CHUNKED.replace(b"8;name", b"9;name"),
        CHUNKED.replace(b"8;name", b"x;name"),
        b"H" * (MOST_HEAD + 1),
    ],
)
def test_what_is_no_answer_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Response().feed(data)
