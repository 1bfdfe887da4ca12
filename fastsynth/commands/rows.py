"""Commands over the rows of a run: replayed, written again, shown."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path

import anyio
import msgspec

from fastsynth.commands.console import Output
from fastsynth.commands.manifests import manifest_of
from fastsynth.commands.settled import settled, wait_text
from fastsynth.config.settings import decode, read_yaml
from fastsynth.dashboard.chat import render_conversation
from fastsynth.env.registry import Options
from fastsynth.errors import ConfigError, config_error
from fastsynth.invocation import hint
from fastsynth.replay import Verifier
from fastsynth.running.opening import options_of
from fastsynth.store.compact import compact, read_rows
from fastsynth.store.manifest import write_manifest


def verify(run_dir: Path) -> int:
    """Prints every mismatch; exits 1 if there is one."""
    return anyio.run(_verify, run_dir)


async def _verify(run_dir: Path) -> int:
    manifest_of(run_dir)
    verifier = Verifier(_options(run_dir))
    rows = calls = 0
    bad: set[str] = set()
    try:
        for row in read_rows(run_dir):
            rows += 1
            calls += row.num_calls
            for mismatch in await verifier.check(row):
                bad.add(row.id)
                sys.stdout.write(f"{mismatch}\n")
    finally:
        await verifier.close()
    if rows == 0:
        raise ConfigError(f"{run_dir}/data: no rows, need a run with accepted conversations")
    sys.stdout.write(
        f"{rows - len(bad)} of {rows} rows ({calls} ground-truth calls) replay as recorded\n"
    )
    return 1 if bad else 0


def _options(run_dir: Path) -> Options:
    """How the run ran its users' tools, where that is known."""
    path = run_dir / "config.yaml"
    if not path.is_file():
        return Options()
    options = options_of(decode(read_yaml(path), str(path)))
    return msgspec.structs.replace(options, scenarios="")


def compact_run(run_dir: Path, partial: bool = False) -> int:
    """The Parquet files again, from the journal alone. `partial`: with accepted conversations that
    lower-numbered jobs may still keep out, which the manifest counts."""
    with settled(run_dir, manifest_of(run_dir)) as (quota, manifest):
        unsettled = quota.pass_over() if partial else 0
        chosen = quota.chosen()
        files = compact(run_dir, chosen, quota.needed)
        waiting = quota.pass_over()
    counts = {"accepted": len(chosen), "waiting": waiting, "partial": unsettled}
    write_manifest(run_dir, msgspec.structs.replace(manifest, files=files, **counts))
    sys.stdout.write("".join(f"{run_dir / file.path}: {file.rows} rows\n" for file in files))
    if waiting:
        sys.stderr.write(f"{len(chosen):,} accepted, {wait_text(run_dir, waiting)}\n")
    if unsettled:
        text = f"{unsettled:,} of {len(chosen):,} may still change: lower-numbered jobs are open"
        sys.stderr.write(f"{text}, and a resume decides them\n")
    return 0


def view(run_dir: Path, first: int, count: int, full: bool) -> int:
    manifest = manifest_of(run_dir)
    console = Output()
    shown = 0
    for row in islice(read_rows(run_dir), first, first + count):
        render_conversation(row, console, full=full)
        shown += 1
    if not shown:
        held = sum(file.rows for file in manifest.files if file.path.startswith("data/"))
        if manifest.accepted and not held:
            way = f"`{hint(f'compact {run_dir}')}` writes the {manifest.accepted} accepted so far"
            raise ConfigError(f"{run_dir}/data: no rows yet; {way}")
        raise config_error("--row", first, f"{run_dir} holds {held} rows")
    return 0
