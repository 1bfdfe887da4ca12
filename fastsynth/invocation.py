"""How the user started the program, for hints that can be pasted back."""

from __future__ import annotations

import os

PROGRAM = "fastsynth"


def program() -> str:
    """`fastsynth`, or what `FASTSYNTH_COMMAND` says stands for it: `just run` in a clone."""
    return os.environ.get("FASTSYNTH_COMMAND") or PROGRAM


def hint(line: str) -> str:
    """`view runs/offline` as a whole command."""
    return f"{program()} {line}"
