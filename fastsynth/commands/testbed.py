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


def bench(name: str, json_file: str | None, rest: Sequence[str]) -> int:
    """Runs `benchmarks/NAME.py` as a program, with `--json FILE` passed on."""
    folder = share("benchmarks")
    path = folder / f"{name}.py"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in folder.glob("[a-z]*.py")))
        raise config_error("bench", name, f"need one of: {known}")
    sys.argv = [str(path), *(["--json", json_file] if json_file else []), *rest]
    runpy.run_path(str(path), run_name="__main__")
    return 0
