"""Code of others that never ends when it is loaded: one line that names the module and the line."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from fastsynth.env.adapters.found import find
from fastsynth.env.adapters.patience import patience
from fastsynth.errors import ConfigError


def wait_and_swallow() -> None:
    with suppress(Exception):
        time.sleep(30)


def test_what_takes_too_long_is_stopped_and_its_line_named() -> None:
    with pytest.raises(ConfigError) as raised, patience("importing it", __name__, 0.2):
        wait_and_swallow()

    assert "importing it took longer than 0.2 s (line " in str(raised.value)
    assert f"of {__name__})" in str(raised.value)


def test_what_ends_in_time_leaves_no_alarm_behind() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with patience("importing it", __name__, 30.0):
        pass

    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0.0
    assert signal.getsignal(signal.SIGALRM) is before


def test_an_import_that_hangs_names_the_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "waits_for_ever.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigError, match=r"python:waits_for_ever: importing it .*line 2 of"):
        find("waits_for_ever:make", 0.3)
