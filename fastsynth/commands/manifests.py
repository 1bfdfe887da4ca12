"""The command that prints the manifest of a run, which all further ones begin with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table

from fastsynth.commands.console import Output
from fastsynth.commands.settled import settled, wait_text
from fastsynth.errors import ConfigError
from fastsynth.invocation import hint
from fastsynth.records import encode
from fastsynth.store.manifest import Manifest, read_manifest
from fastsynth.store.rundir import PROBE, holder
from fastsynth.store.summary import summary_of


def status(run_dir: Path, as_json: bool = False) -> int:
    """A run without an end is counted from its journal: its manifest is older."""
    manifest = manifest_of(run_dir)
    running = "" if manifest.stopped_by else holder(run_dir)
    if not manifest.stopped_by and (run_dir / "config.yaml").is_file():
        with settled(run_dir, manifest) as (quota, counted):
            manifest = msgspec.structs.replace(counted, waiting=quota.pass_over())
    if as_json:
        sys.stdout.write(encode(_facts(run_dir, manifest, running)).decode() + "\n")
        return 0
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
        if stratum.short:
            table.add_row(f"stratum {stratum.stratum}", stratum.short)
    again = "(killed; the same command goes on)"
    table.add_row("stopped by", manifest.stopped_by or (f"({running})" if running else again))
    table.add_row("teachers", ", ".join(manifest.teachers))
    table.add_row("requests", f"{manifest.usage.requests:,}")
    if manifest.usage.cost_usd is not None:
        table.add_row("cost", f"${manifest.usage.cost_usd:,.2f}")
    table.add_row("seconds", f"{manifest.wall_s:,.1f}")
    for stage, reasons in manifest.funnel.items():
        for reason, jobs in reasons.items():
            table.add_row(f"{stage}: {reason}", str(jobs))
    for file in manifest.files:
        table.add_row(file.path, f"{file.rows:,} rows, {file.bytes:,} bytes")
    console.print(table)
    return 0


def _facts(run_dir: Path, manifest: Manifest, running: str) -> dict[str, Any]:
    """What `generate --json` prints, with what a run under way has beside it."""
    said: dict[str, Any] = msgspec.to_builtins(summary_of(str(run_dir), manifest))
    strata = [{**msgspec.to_builtins(s), "short": s.short} for s in manifest.strata]
    return {**said, "wanted": manifest.wanted, "running": bool(running), "strata": strata}


def manifest_of(run_dir: Path) -> Manifest:
    manifest = read_manifest(run_dir)
    if manifest is None:
        probing = read_manifest(run_dir / PROBE) is not None
        so_far = f"; its probing phase is in {run_dir / PROBE}" if probing else ""
        raise ConfigError(f"{run_dir}: no manifest.json, need the directory of a run{so_far}")
    return manifest
