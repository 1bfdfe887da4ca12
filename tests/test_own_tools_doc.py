"""docs/own-tools.md does what it says: its commands run in order, in an empty folder."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from running import Endpoint, here

from fastsynth.config.settings import decode

ROOT = Path(__file__).parents[1]
DOC = ROOT / "docs" / "own-tools.md"
ROWS = "16"
"""Stands for the document's 200, to keep the suite fast."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOC.read_text(), re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working directory; what is imported from it is forgotten again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    kept = {name: module for name, module in sys.modules.items() if name.startswith("clinic")}
    for name in kept:
        del sys.modules[name]
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("clinic")]:
        del sys.modules[name]
    sys.modules.update(kept)


def test_the_documents_commands_make_rows_that_replay(folder: Path, scripted: Endpoint) -> None:
    said: list[str] = []
    for line in (line for block in blocks("sh") for line in block.splitlines()):
        program, *words = shlex.split(line.replace("-n 200", f"-n {ROWS}"))
        if program == "cp":
            for file in words[:-1]:
                shutil.copy(ROOT / file, folder / words[-1])
            continue
        assert program == "fastsynth"
        done = here(*words, *(("--base-url", scripted.url) if words[0] == "generate" else ()))
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)

    assert sum(f"{ROWS} of {ROWS} rows" in text for text in said) == 2
    assert len((folder / "runs" / "house" / "scenarios.jsonl").read_text().splitlines()) == 20


def test_the_documents_settings_read_well() -> None:
    for block in blocks("yaml"):
        decode(yaml.safe_load(block), str(DOC))
