"""Commands over the rows of a run: replayed, written again, shown."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path

import anyio
import msgspec

from fastsynth.commands.console import Output
from fastsynth.commands.manifests import manifest_of
from fastsynth.dashboard.chat import render_conversation
from fastsynth.engine.novelty import Novelty
from fastsynth.errors import ConfigError, config_error
from fastsynth.logs import counts_kept
from fastsynth.opening import quota_of
from fastsynth.replay import Verifier
from fastsynth.settings import decode, read_yaml
from fastsynth.store.compact import compact, read_rows
from fastsynth.store.journal import heads
from fastsynth.store.manifest import write_manifest


def verify(run_dir: Path) -> int:
    """Prints every mismatch; exits 1 if there is one."""
    return anyio.run(_verify, run_dir)


async def _verify(run_dir: Path) -> int:
    manifest_of(run_dir)
    verifier = Verifier()
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


def compact_run(run_dir: Path) -> int:
    """The Parquet files again, from the journal alone."""
    manifest = manifest_of(run_dir)
    config = decode(read_yaml(run_dir / "config.yaml"), str(run_dir / "config.yaml"))
    novelty = Novelty()
    quota = quota_of(config, novelty, counts_kept(run_dir))
    for head, _ in heads(run_dir):
        quota.record(head.job, head.tag, head.content_hash, head.plan_hash, head.near)
    novelty.close()
    chosen = quota.chosen()
    files = compact(run_dir, chosen, quota.needed)
    manifest = msgspec.structs.replace(manifest, files=files, accepted=len(chosen))
    write_manifest(run_dir, manifest)
    sys.stdout.write("".join(f"{run_dir / file.path}: {file.rows} rows\n" for file in files))
    return 0


def view(run_dir: Path, first: int, count: int, full: bool) -> int:
    manifest = manifest_of(run_dir)
    console = Output()
    shown = 0
    for row in islice(read_rows(run_dir), first, first + count):
        render_conversation(row, console, full=full)
        shown += 1
    if not shown:
        raise config_error("--row", first, f"{run_dir} holds {manifest.accepted} rows")
    return 0
