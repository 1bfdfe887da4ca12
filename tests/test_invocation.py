"""Hints name the program as it was started."""

from __future__ import annotations

import pytest

from fastsynth.cli import main
from fastsynth.invocation import hint


@pytest.mark.parametrize(
    ("named", "begins"), [(None, "fastsynth"), ("", "fastsynth"), ("just run", "just run")]
)
def test_a_hint_begins_with_the_command_that_the_user_has(
    named: str | None, begins: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FASTSYNTH_COMMAND", raising=False)
    if named is not None:
        monkeypatch.setenv("FASTSYNTH_COMMAND", named)

    assert hint("view runs/offline") == f"{begins} view runs/offline"


def test_help_and_complaints_of_one_who_came_by_just_begin_with_just(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FASTSYNTH_COMMAND", "just run")
    for arguments in (["--help"], ["view", "--help"], ["view"]):
        with pytest.raises(SystemExit):
            main(arguments)
    told = capsys.readouterr()

    assert "  just run view runs/offline --row 7 --full\n" in told.out
    assert "fastsynth view" not in told.out
    assert told.err.startswith("just run view: ")
    assert told.err.endswith("see just run view --help\n")
