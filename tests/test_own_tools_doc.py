"""docs/own-tools.md does what it says: its commands run in order, in an empty folder."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOC = ROOT / "docs" / "own-tools.md"
ROWS = "30"
"""Stands for the document's 200, to keep the suite fast."""


def test_the_documents_commands_make_rows_that_replay(tmp_path: Path) -> None:
    block = re.search(r"```sh\n(.*?)```", DOC.read_text(), re.DOTALL)
    assert block is not None
    copy, *commands = block[1].splitlines()
    assert copy == "cp examples/clinic.py ."
    shutil.copy(ROOT / "examples" / "clinic.py", tmp_path)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI", "FASTSYNTH"))}
    said: list[str] = []
    for line in commands:
        program, *words = shlex.split(line.replace("-n 200", f"-n {ROWS}"))
        assert program == "fastsynth"
        done = subprocess.run(
            [sys.executable, "-m", "fastsynth.cli", *words],
            cwd=tmp_path, capture_output=True, text=True, check=False,
            env={**environment, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)

    assert any(f"{ROWS} of {ROWS} rows" in text for text in said)
