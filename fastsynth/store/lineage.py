"""Which earlier runs a run took replies from, so that reusing it takes from them as well.

One line a run in `replies/reused.txt`, relative to the run directory: folders that are moved
together still find each other. What is gone by then is passed over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from fastsynth.store.appendfile import write_atomically

FILE = "reused.txt"


def lineage(run_dir: Path, reuse: Sequence[Path]) -> list[Path]:
    """`reuse`, and what those runs themselves reused, nearest first, each once and never `run_dir`:
    runs that name each other do no harm."""
    met, found = {run_dir.resolve()}, []
    line = list(reuse)
    while line:
        run = line.pop(0)
        if run.resolve() not in met:
            met.add(run.resolve())
            found.append(run)
            line += [earlier for earlier in _reused(run) if (earlier / "replies").is_dir()]
    return found


def remember(run_dir: Path, reuse: Sequence[Path]) -> None:
    """Adds what this sitting names to what earlier ones did."""
    known = list(_reused(run_dir))
    line = [run for run in dict.fromkeys(map(Path.resolve, reuse)) if run not in known]
    if line:
        written = [os.path.relpath(run, run_dir.resolve()) for run in (*known, *line)]
        write_atomically(run_dir / "replies" / FILE, ("\n".join(written) + "\n").encode())


def reuses(run_dir: Path) -> bool:
    """Whether a sitting of that run was ever given replies of another one."""
    return (run_dir / "replies" / FILE).is_file()


def _reused(run_dir: Path) -> Iterator[Path]:
    path = run_dir / "replies" / FILE
    if path.is_file():
        for name in path.read_text().splitlines():
            yield (run_dir / name).resolve()
