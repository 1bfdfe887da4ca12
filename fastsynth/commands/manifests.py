"""The command that prints the manifest of a run, which all further ones begin with."""

from __future__ import annotations

from pathlib import Path

import msgspec
from rich.table import Table

from fastsynth.commands.console import Output
from fastsynth.commands.settled import settled, wait_text
from fastsynth.errors import ConfigError
from fastsynth.invocation import hint
from fastsynth.running.strata import short_of
from fastsynth.store.manifest import Manifest, read_manifest
from fastsynth.store.rundir import PROBE


def status(run_dir: Path) -> int:
    """A run without an end is counted from its journal: its manifest is older."""
    manifest = manifest_of(run_dir)
    if not manifest.stopped_by and (run_dir / "config.yaml").is_file():
        with settled(run_dir, manifest) as (quota, counted):
            manifest = msgspec.structs.replace(counted, waiting=quota.pass_over())
    console = Output(highlight=False)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name in ("environment", "wanted", "accepted", "rejected", "failed", "jobs"):
        table.add_row(name, str(getattr(manifest, name)))
        if name == "accepted" and manifest.beyond:
            table.add_row("", f"{manifest.beyond:,} more ran past what was wanted: journal only")
        if name == "accepted" and manifest.waiting > manifest.partial:
            table.add_row("", wait_text(run_dir, manifest.waiting))
        if name == "accepted" and manifest.partial:
            text = f"the files hold {manifest.partial:,} more that a resume may leave out"
            table.add_row("", text)
        if name == "accepted" and manifest.accepted and not manifest.files:
            text = f"in the journal; `{hint(f'compact {run_dir}')}` writes the files"
            table.add_row("", text)
    for stratum in manifest.strata:
        if short := short_of(stratum):
            table.add_row(f"stratum {stratum.stratum}", short)
    table.add_row("stopped by", manifest.stopped_by or "(running, or killed)")
    table.add_row("teachers", ", ".join(manifest.teachers))
    table.add_row("requests", f"{manifest.usage.requests:,}")
    table.add_row("seconds", f"{manifest.wall_s:,.1f}")
    for stage, reasons in manifest.funnel.items():
        for reason, jobs in reasons.items():
            table.add_row(f"{stage}: {reason}", str(jobs))
    for file in manifest.files:
        table.add_row(file.path, f"{file.rows:,} rows, {file.bytes:,} bytes")
    console.print(table)
    return 0


def manifest_of(run_dir: Path) -> Manifest:
    manifest = read_manifest(run_dir)
    if manifest is None:
        probing = read_manifest(run_dir / PROBE) is not None
        so_far = f"; its probing phase is in {run_dir / PROBE}" if probing else ""
        raise ConfigError(f"{run_dir}: no manifest.json, need the directory of a run{so_far}")
    return manifest
