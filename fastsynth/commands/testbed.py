"""Commands to measure against: the simulated endpoint, and the benchmarks."""

from __future__ import annotations

import argparse
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from fastsynth.errors import config_error
from fastsynth.prompts import share
from fastsynth.sim.batching import Shape
from fastsynth.sim.server import serve


def serve_endpoint(given: argparse.Namespace) -> int:
    faults = Path(given.faults) if given.faults else None
    names = ("slots", "prefill_rate", "decode_rate", "kv_tokens")
    said = {name: getattr(given, name) for name in names if getattr(given, name) is not None}
    shape = None
    if said or given.refuse:
        try:
            shape = msgspec.convert({**said, "refuse": given.refuse}, Shape)
        except msgspec.ValidationError as error:
            raise config_error("serve", said, str(error)) from error
    serve(given.port, given.seed, given.latency_ms, faults, shape=shape)
    return 0


def bench(name: str | None, json_file: str | None, rest: Sequence[str]) -> int:
    """Runs `benchmarks/NAME.py` as a program, with `--json FILE` passed on; without a name, lists
    what there is."""
    programs = sorted(share("benchmarks").glob("[a-z]*.py"))
    known = {
        path.stem: path
        for path in programs
        if "_" not in path.stem and "\ndef main() -> " in path.read_text()
    }
    if name is None:
        for stem, path in known.items():
            sys.stdout.write(f"{stem:<12}{_purpose(path)}\n")
        return 0
    if name not in known:
        raise config_error("bench", name, f"need one of: {', '.join(known)}")
    path = known[name]
    sys.argv = [str(path), *(["--json", json_file] if json_file else []), *rest]
    runpy.run_path(str(path), run_name="__main__")
    return 0


def _purpose(path: Path) -> str:
    """The first line of its docstring."""
    return path.read_text().partition("\n")[0].strip('"')
