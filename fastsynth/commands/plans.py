"""Commands for before a run: a config drafted, its findings, plans and what it will cost."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
from rich.console import Console

from fastsynth import estimate as estimating
from fastsynth import pilot
from fastsynth.commands.console import Output
from fastsynth.commands.manifests import manifest_of
from fastsynth.config import Config
from fastsynth.dashboard.finding import shown
from fastsynth.doctor import Finding, examine
from fastsynth.engine.quota import Job
from fastsynth.env.world import living
from fastsynth.errors import config_error
from fastsynth.init import draft, write
from fastsynth.invocation import hint
from fastsynth.method.discovery.chart import chart
from fastsynth.method.discovery.inquiry import Inquiry
from fastsynth.method.wording import goal_text, step_text
from fastsynth.probing import known_focus
from fastsynth.records import encode
from fastsynth.running.opening import counts_of, domain_of, planner_of, quota_of, weights_of


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
    following = (
        (f"preview -c {config}", "shows traces, executed; asks no model"),
        (f"generate -c {config} -n 200", f"makes conversations, into runs/{stem}"),
        (f"verify runs/{stem}", "replays every row in a fresh environment"),
        (f"view runs/{stem}", "shows one of them as a chat"),
    )
    room = max(len(hint(line)) for line, _ in following)
    for line, what in following:
        out.print(f"  {hint(line):{room}}    {what}", markup=False, soft_wrap=True)
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


def project(run_dir: Path, wanted: int | None, as_json: bool) -> int:
    """Prints what as many conversations as `wanted` (default: the run's own number) will ask, by
    what a run has asked so far."""
    manifest = manifest_of(run_dir)
    if wanted is not None and wanted < 1:
        raise config_error("-n", wanted, "need >= 1")
    found = pilot.project(run_dir, manifest, wanted or manifest.wanted)
    if as_json:
        sys.stdout.write(encode(found).decode() + "\n")
        return 0
    out = Output(highlight=False, soft_wrap=True)
    out.print(pilot.table_of(found))
    for line in pilot.told(found):
        out.print(line, markup=False)
    return 0


def preview(config: Config, count: int) -> int:
    """Phase I alone: plans, executed and printed; no model is asked."""
    anyio.run(_preview, config, count)
    return 0


async def _preview(config: Config, count: int) -> None:
    out = Console(highlight=False)
    opened, inquiry = domain_of(config), Inquiry()
    strata, counts = list(weights_of(config)), counts_of(config)
    quota = quota_of(config, None, counts) if counts else None
    try:
        async with shown(inquiry):
            charted = await chart(opened, config.graph, config.seed, inquiry=inquiry)
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
                out.print(
                    f"turn {turn.number + 1} ({turn.kind}): {name}", style="bold", markup=False
                )
                for step in turn.steps:
                    out.print(f"  {step_text(step)}", markup=False)
                for goal in turn.goals:
                    out.print(f"  goal: {goal_text(domain.tools, turn, goal)}", markup=False)
    finally:
        await opened.close()
