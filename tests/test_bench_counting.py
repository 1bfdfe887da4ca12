"""`bench instructions` says what it lacks, and a profile's parts are those that the code has."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import fastsynth

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def test_without_valgrind_it_ends_with_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import instructions

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["instructions.py"])

    with pytest.raises(SystemExit, match=r"^bench instructions: no valgrind on the path"):
        instructions.main()


def test_every_part_of_a_profile_stands_in_the_package() -> None:
    from profile_shares import PARTS

    package = Path(fastsynth.__file__).parent.parent
    named = [mark for _, marks in PARTS for mark in marks if mark.startswith("fastsynth/")]

    assert [mark for mark in named if not [*package.glob(f"{mark}*")]] == []
