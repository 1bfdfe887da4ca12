"""Addresses that are none: named with what is allowed, without what may be a password."""

from __future__ import annotations

import pytest

from fastsynth.config import Endpoint
from fastsynth.errors import ConfigError
from fastsynth.llm.address import addresses


@pytest.mark.parametrize(
    "url",
    [
        "http://ann:sec/ret@gpu1:80/v1",
        "http://ann:sec#ret@gpu1/v1",
        "http://ann:secret@gpu1:port/v1",
        "ftp://ann:secret@gpu1/v1",
        "ann:secret@gpu1/v1",
    ],
)
def test_what_is_no_address_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError) as raised:
        addresses("fleet", Endpoint(url=url))

    told = str(raised.value)
    assert told.startswith("$.endpoints.fleet.url: ")
    assert "need http://HOST[:PORT]/v1" in told
    assert "sec" not in told
    assert "ret" not in told


def test_what_is_no_address_and_holds_no_password_is_repeated_with_why() -> None:
    with pytest.raises(
        ConfigError, match=r"'http://gpu1:port/v1', need http://HOST\[:PORT\]/v1 \("
    ):
        addresses("fleet", Endpoint(url="http://gpu1:port/v1"))
