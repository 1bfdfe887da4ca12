"""What each command does, one function each; `cli` parses for them. Returns exit codes."""

from __future__ import annotations

import argparse
import runpy
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NoReturn

import anyio
import msgspec
from rich.console import Console
from rich.table import Table

from fastsynth import estimate as estimating
from fastsynth.config import Config
from fastsynth.dashboard.chat import render_conversation
from fastsynth.dashboard.graph_page import graph_page
from fastsynth.dashboard.graph_png import graph_png
from fastsynth.dashboard.graph_svg import graph_svg
from fastsynth.dashboard.watch import Mode
from fastsynth.doctor import Finding, examine
from fastsynth.engine.loop import LOOP
from fastsynth.engine.novelty import Novelty
from fastsynth.engine.quota import Job
from fastsynth.env.world import living
from fastsynth.errors import ConfigError, config_error
from fastsynth.init import draft, write
from fastsynth.logs import counts_kept
from fastsynth.method.chart import Chart, chart
from fastsynth.method.decontaminate import load_benchmarks, read_user_texts
from fastsynth.method.wording import goal_text, step_text
from fastsynth.opening import counts_of, domain_of, planner_of, quota_of, weights_of
from fastsynth.probing import generate_aimed, known_focus
from fastsynth.probing import probe as probe_run
from fastsynth.prompts import share
from fastsynth.quality.card import Beside, coverage_of, quality_card, section, to_json
from fastsynth.quality.probe import in_words
from fastsynth.quality.show import card_table, coverage_table, rates_table
from fastsynth.records import encode
from fastsynth.replay import Verifier
from fastsynth.run import Order
from fastsynth.settings import decode, read_yaml
from fastsynth.sim.batching import Shape
from fastsynth.sim.server import serve
from fastsynth.sitting import write_pages
from fastsynth.store.compact import compact, read_rows
from fastsynth.store.journal import heads
from fastsynth.store.manifest import Manifest, read_manifest, write_manifest
from fastsynth.store.rundir import PROBE

__all__ = ["Config", "Mode", "Order"]


class Output(Console):
    """Standard output. A reader that leaves early raises BrokenPipeError, which `cli` knows."""

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


def init(file: str, force: bool) -> int:
    """Drafts a config and scenarios for a file of tools, and says what to do next."""
    drafted = draft(file)
    written = write(drafted, force=force)
    out = Output(highlight=False)
    for path in written:
        out.print(f"wrote {path}", markup=False)
    out.print(f"{len(drafted.tools)} tools: {', '.join(drafted.tools)}", markup=False)
    for line in drafted.advice:
        out.print(f"note: {line}", markup=False, soft_wrap=True)
    config, stem = drafted.config[0], drafted.config[0].stem
    out.print("next:")
    for line in (
        f"preview -c {config}            shows traces, executed; asks no model",
        f"generate -c {config} -n 200    makes conversations, into runs/{stem}",
        f"verify runs/{stem}             replays every row in a fresh environment",
        f"view runs/{stem}               shows one of them as a chat",
    ):
        out.print(f"  fastsynth {line}", markup=False, soft_wrap=True)
    return 0


def generate(order: Order) -> int:
    anyio.run(generate_aimed, order, backend_options=LOOP)
    return 0


def probe(order: Order) -> int:
    """Runs the probing phase and prints its results: tools and kinds, the worst first."""
    found = anyio.run(probe_run, order, backend_options=LOOP)
    if order.mode == "json":
        sys.stdout.write(encode(found).decode() + "\n")
    elif order.mode != "quiet":
        out = Output(highlight=False)
        out.print(in_words(found), markup=False, soft_wrap=True)
        out.print(rates_table(found))
    return 0


def diagnose(config: Config) -> int:
    """Prints findings as they come; exits 2 or 4 where one of them stops a run."""
    console = Output()
    marks = {"good": "[green]ok  [/]", "warning": "[yellow]warn[/]", "bad": "[red]bad [/]"}
    worst = 0

    def show(finding: Finding) -> None:
        nonlocal worst
        console.print(f"{marks[finding.grade]} ", end="")
        console.print(finding.what, markup=False, highlight=False, soft_wrap=True)
        if finding.advice:
            advice = f"       -> {finding.advice}"
            console.print(advice, markup=False, highlight=False, soft_wrap=True)
        worst = max(worst, finding.exit_code)

    anyio.run(examine, config, show)
    return worst


def estimate(config: Config, sample: int, as_json: bool) -> int:
    """Prints what a run of this config will ask, by role, and what that costs."""
    if sample < 1:
        raise config_error("--sample", sample, "need >= 1")
    found = anyio.run(estimating.estimate, config, sample)
    if as_json:
        sys.stdout.write(encode(estimating.to_json(found)).decode() + "\n")
        return 0
    out = Output(highlight=False, soft_wrap=True)
    out.print(estimating.table_of(found))
    for line in estimating.told(found):
        out.print(line, markup=False)
    return 0


def preview(config: Config, count: int) -> int:
    """Phase I alone: plans, executed and printed; no model is asked."""
    anyio.run(_preview, config, count)
    return 0


async def _preview(config: Config, count: int) -> None:
    out = Console(highlight=False)
    opened = domain_of(config)
    strata, counts = list(weights_of(config)), counts_of(config)
    quota = quota_of(config, None, counts) if counts else None
    try:
        charted = await chart(opened, config.graph, config.seed)
        domain = charted.domain
        planner = planner_of(config, charted, counts, known_focus(config))
        for number in range(count):
            index, position = divmod(number, len(strata))
            job = (quota and quota.next()) or Job(number, strata[position], index)
            setting = planner.setting(job)
            state = setting.scenario.state
            async with living(domain, setting.parts, state) as world:
                plan = await planner.plan(job, setting, world)
            thread = plan.thread
            out.rule(f"job {job.number}: {' + '.join(plan.parts)}")
            out.print(f"{thread.persona}; {thread.occasion}", style="italic", markup=False)
            for turn in plan.turns:
                name = turn.target or turn.variant
                out.print(f"turn {turn.number} ({turn.kind}): {name}", style="bold", markup=False)
                for step in turn.steps:
                    out.print(f"  {step_text(step)}", markup=False)
                for goal in turn.goals:
                    out.print(f"  goal: {goal_text(domain.tools, turn, goal)}", markup=False)
    finally:
        await opened.close()


def status(run_dir: Path) -> int:
    manifest = _manifest(run_dir)
    console = Output(highlight=False)
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
    manifest = _manifest(run_dir)
    console = Output()
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


def quality(
    run_dir: Path, logs: Sequence[str], against: Sequence[str], coverage: bool, as_json: bool
) -> int:
    """Prints the quality card, the coverage table beside it or alone, and puts it on the page."""
    manifest = _manifest(run_dir)
    real = [text for log in logs for text in read_user_texts(Path(log))]
    beside = Beside(real=real, benchmarks=load_benchmarks(against))
    card = quality_card(run_dir, manifest, beside)
    write_pages(run_dir, manifest, [("Quality", section(card))])
    if as_json:
        sys.stdout.write(encode(to_json(card)).decode() + "\n")
        return 0
    Output().print(card_table(card), *([coverage_table(card.tools)] if coverage else []))
    return 0


def coverage(run_dir: Path, as_json: bool) -> int:
    """Prints which tools are reached, and names those that never are a target."""
    _manifest(run_dir)
    found = coverage_of(run_dir)
    if as_json:
        sys.stdout.write(encode(found.table()).decode() + "\n")
    else:
        Output().print(coverage_table(found.table()))
        missed = ", ".join(found.missed()) or "none"
        sys.stdout.write(f"{len(found.table())} tools; never a target: {missed}\n")
    return 0


def graph(config: Config, html: str | None, svg: str | None, png: str | None, refresh: bool) -> int:
    """JSON on standard output, or drawings in files: a page, a picture as SVG or as PNG."""
    charted = anyio.run(_charted, config, refresh)
    raw = charted.to_json()
    for note in charted.notes:
        sys.stderr.write(f"note: {note}\n")
    for path, drawn in ((html, graph_page), (svg, graph_svg)):
        if path is not None:
            _write(Path(path), drawn(raw).encode())
    if png is not None:
        _write(Path(png), graph_png(raw))
    if html is None and svg is None and png is None:
        text = msgspec.json.format(msgspec.json.encode(raw), indent=1)
        sys.stdout.write(text.decode() + "\n")
    return 0


async def _charted(config: Config, refresh: bool) -> Chart:
    domain = domain_of(config)
    try:
        return await chart(domain, config.graph, config.seed, refresh=refresh)
    finally:
        await domain.close()


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise config_error("graph", str(path), f"cannot be written: {error.strerror}") from error
    sys.stdout.write(f"{path}\n")


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


def _manifest(run_dir: Path) -> Manifest:
    manifest = read_manifest(run_dir)
    if manifest is None:
        probing = read_manifest(run_dir / PROBE) is not None
        so_far = f"; its probing phase is in {run_dir / PROBE}" if probing else ""
        raise ConfigError(f"{run_dir}: no manifest.json, need the directory of a run{so_far}")
    return manifest
