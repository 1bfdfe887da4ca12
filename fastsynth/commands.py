"""What each command does, one function each; `cli` parses for them. Returns exit codes."""

from __future__ import annotations

import argparse
import runpy
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import anyio
import msgspec
from rich.console import Console
from rich.table import Table

from fastsynth.config import Config
from fastsynth.dashboard.chat import render_conversation
from fastsynth.dashboard.watch import Mode
from fastsynth.doctor import Finding, examine
from fastsynth.engine.quota import Job, Quota
from fastsynth.env.world import living
from fastsynth.errors import ConfigError, config_error
from fastsynth.method.graph import build_graph
from fastsynth.method.planner import Planner
from fastsynth.method.wording import goal_text, step_text
from fastsynth.prompts import share
from fastsynth.replay import Verifier
from fastsynth.run import Order, domain_of, shape_of
from fastsynth.run import generate as generate_run
from fastsynth.settings import decode, read_yaml
from fastsynth.sim.server import serve
from fastsynth.sitting import write_pages
from fastsynth.store.compact import compact, read_rows
from fastsynth.store.journal import heads
from fastsynth.store.manifest import Manifest, read_manifest, write_manifest

__all__ = ["Config", "Mode", "Order"]


def generate(order: Order) -> int:
    anyio.run(generate_run, order)
    return 0


def diagnose(config: Config) -> int:
    """Prints findings as they come; exits 2 or 4 where one of them stops a run."""
    console = Console()
    marks = {"good": "[green]ok  [/]", "warning": "[yellow]warn[/]", "bad": "[red]bad [/]"}
    worst = 0

    def show(finding: Finding) -> None:
        nonlocal worst
        console.print(f"{marks[finding.grade]} ", end="")
        console.print(f"{finding.what}", markup=False, highlight=False)
        if finding.advice:
            console.print(f"       -> {finding.advice}", markup=False, highlight=False)
        worst = max(worst, finding.exit_code)

    anyio.run(examine, config, show)
    return worst


def preview(config: Config, count: int) -> int:
    """Phase I alone: plans, executed and printed; no model is asked."""
    anyio.run(_preview, config, count)
    return 0


async def _preview(config: Config, count: int) -> None:
    out = Console(highlight=False)
    domain = domain_of(config)
    planner = Planner(domain, build_graph(domain), shape_of(config), config.seed)
    strata = [str(kind) for kind, weight in config.kinds.items() if weight]
    try:
        for number in range(count):
            index, position = divmod(number, len(strata))
            job = Job(number, strata[position], index)
            setting = planner.setting(job)
            state = setting.scenario.state
            async with living(domain, setting.parts, state) as world:
                plan = await planner.plan(job, setting, world)
            thread = plan.thread
            out.rule(f"job {number}: {' + '.join(plan.parts)}")
            out.print(f"{thread.persona}; {thread.occasion}", style="italic", markup=False)
            for turn in plan.turns:
                name = turn.target or turn.variant
                out.print(f"turn {turn.number} ({turn.kind}): {name}", style="bold", markup=False)
                for step in turn.steps:
                    out.print(f"  {step_text(step)}", markup=False)
                for goal in turn.goals:
                    out.print(f"  goal: {goal_text(domain.tools, turn, goal)}", markup=False)
    finally:
        await domain.close()


def status(run_dir: Path) -> int:
    manifest = _manifest(run_dir)
    console = Console(highlight=False)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name in ("environment", "wanted", "accepted", "rejected", "failed", "jobs"):
        table.add_row(name, str(getattr(manifest, name)))
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


async def verify(run_dir: Path) -> int:
    """Prints every mismatch; exits 1 if there is one."""
    _manifest(run_dir)
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
    manifest = _manifest(run_dir)
    config = decode(read_yaml(run_dir / "config.yaml"), str(run_dir / "config.yaml"))
    quota = Quota(config.output.accepted, {str(k): w for k, w in config.kinds.items() if w})
    for head, _ in heads(run_dir):
        quota.record(head.job, head.tag, head.content_hash)
    chosen = quota.chosen()
    files = compact(run_dir, chosen, quota.needed)
    manifest = msgspec.structs.replace(manifest, files=files, accepted=len(chosen))
    write_manifest(run_dir, manifest)
    sys.stdout.write("".join(f"{run_dir / file.path}: {file.rows} rows\n" for file in files))
    return 0


def view(run_dir: Path, first: int, count: int, full: bool) -> int:
    manifest = _manifest(run_dir)
    console = Console()
    shown = 0
    for row in islice(read_rows(run_dir), first, first + count):
        render_conversation(row, console, full=full)
        shown += 1
    if not shown:
        raise config_error("--row", first, f"{run_dir} holds {manifest.accepted} rows")
    return 0


def report_run(run_dir: Path) -> int:
    write_pages(run_dir, _manifest(run_dir))
    sys.stdout.write(f"{run_dir / 'report.html'}\n{run_dir / 'README.md'}\n")
    return 0


def graph(config: Config) -> int:
    built = build_graph(domain_of(config))
    text = msgspec.json.format(msgspec.json.encode(built.to_json()), indent=1)
    sys.stdout.write(text.decode() + "\n")
    return 0


def serve_endpoint(given: argparse.Namespace) -> int:
    faults = Path(given.faults) if given.faults else None
    serve(given.port, given.seed, given.latency_ms, faults)
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


def _manifest(run_dir: Path) -> Manifest:
    manifest = read_manifest(run_dir)
    if manifest is None:
        raise ConfigError(f"{run_dir}: no manifest.json, need the directory of a run")
    return manifest
