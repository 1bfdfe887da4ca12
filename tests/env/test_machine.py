"""Errors of the machine are told from those that a tool raises in its own words."""

from __future__ import annotations

import errno
import os

import pytest

from fastsynth.env.machine import of_the_machine


def chained(outer: Exception, inner: Exception) -> Exception:
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("error", "machines"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), True),
        (chained(RuntimeError("no answer"), ConnectionResetError(errno.ECONNRESET, "x")), True),
        (TimeoutError("the service timed out"), False),
        (ConnectionError("the desk is closed"), False),
        (FileNotFoundError(errno.ENOENT, "no such note"), False),
        (LookupError("no such book"), False),
    ],
)
def test_an_error_number_of_disk_or_network_is_the_machines(
    error: Exception, machines: bool
) -> None:
    assert of_the_machine(error) is machines
