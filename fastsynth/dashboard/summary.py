"""The end of a run: one panel for people, one JSON object for programs, both from `Snapshot`."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fastsynth.dashboard import figures
from fastsynth.dashboard.canvas import clean
from fastsynth.dashboard.frame import idle_text
from fastsynth.dashboard.snapshot import SCRIPTED, Snapshot, asks_no_model
from fastsynth.invocation import hint
from fastsynth.store.manifest import ENDED
from fastsynth.store.summary import Summary

WARNINGS_SHOWN = 5
MORE = {"max_cost": " --max-cost MORE", "max_tokens_total": " --max-tokens-total MORE"}
"""Budgets hold for a run, over all its sittings; time for each sitting."""


def summary(view: Snapshot) -> Summary:
    """What `--json` prints, of this sitting; `store.summary.summary_of` has the whole run's."""
    funnel = {stage: dict(reasons) for stage, reasons in sorted(view.funnel.items())}
    if view.failures:
        funnel["failed"] = dict(view.failures)
    return Summary(
        run_dir=view.run.run_dir,
        accepted=view.accepted,
        rejected=view.rejected,
        failed=view.failed,
        jobs=view.jobs,
        requests=view.requests,
        prompt_tokens=view.prompt_tokens,
        completion_tokens=view.completion_tokens,
        cost_usd=_rounded(view.cost_usd),
        wall_s=round(view.seconds, 3),
        stopped_by=view.finished.stopped_by if view.finished else "",
        funnel=funnel,
        beyond=view.finished.beyond if view.finished else 0,
        waiting=view.finished.waiting if view.finished else 0,
        hedged=view.hedged,
        hedged_tokens_at_most=view.hedged_tokens,
        projected_cost_usd=_rounded(view.projected_usd),
    )


def _rounded(cost: float | None) -> float | None:
    return None if cost is None else round(cost, 6)


def summary_panel(view: Snapshot) -> RenderableType:
    """Counts, the funnel, where the files are, and what to run next."""
    stopped = view.finished.stopped_by if view.finished else "interrupted"
    parts: list[RenderableType] = [_counts(view)]
    if view.run.teacher == "scripted":
        parts.append(Text(SCRIPTED, style="yellow"))
    if len(view.endpoints) > 1:
        parts += [Text(), _endpoints(view)]
    parts += _idle(view)
    if view.funnel or view.failures:
        parts += [Text(), _funnel(view)]
    if view.warnings:
        parts += [Text(), _warnings(view)]
    parts += [Text(), _files(view), Text(), _next(view)]
    done = view.wanted > 0 and view.accepted >= view.wanted
    return Panel(
        Group(*parts),
        title=f"[bold]{'done' if done else 'stopped: ' + escape(clean(stopped))}[/]",
        title_align="left",
        border_style="green" if done else "yellow",
        padding=(0, 1),
    )


def _counts(view: Snapshot) -> Table:
    grid = Table.grid(padding=(0, 2))
    cached = figures.share(view.cached_tokens, view.prompt_tokens)
    shown = {
        "accepted": _accepted(view),
        "rejected": f"{view.rejected:,} (duplicates among them: {view.duplicates:,})",
        "failed": f"{view.failed:,}",
        "requests": f"{view.requests:,} in {figures.clock(view.seconds)},"
        f" {view.reused:,} stored replies reused, {sum(view.retries.values()):,} retries",
        "tokens": f"{figures.short(view.prompt_tokens)} in ({cached} cached),"
        f" {figures.short(view.completion_tokens)} out",
        "cost": _cost(view),
    }
    if view.unknown:
        shown["unknown"] = (
            f"{figures.count(view.unknown, 'request')} cut off that may have been served:"
            f" {figures.short(view.unknown_tokens)} tokens at most"
        )
    if view.hedged:
        shown["hedged"] = (
            f"{figures.count(view.hedged, 'slow request')} at the end sent twice; wasted:"
            f" {figures.short(view.hedged_tokens)} tokens at most"
        )
    for name, text in shown.items():
        grid.add_row(f"[dim]{name}[/]", text)
    return grid


def _accepted(view: Snapshot) -> str:
    past = view.finished.beyond if view.finished else 0
    waiting = view.finished.waiting if view.finished else 0
    more = f"; {past:,} more ran past that and stay in the journal" if past else ""
    more += f"; {waiting:,} more wait for lower-numbered jobs" if waiting else ""
    return f"[bold]{view.accepted:,}[/] of {view.wanted:,} wanted{more}"


def _cost(view: Snapshot) -> str:
    if view.cost_usd is None and asks_no_model(view.run):
        return "none: no model was asked"
    if view.cost_usd is None:
        return (
            "price unknown; the endpoint's `price` tells it, or pip install 'fastsynth\\[prices]'"
        )
    ahead = view.accepted < view.wanted and view.projected_usd is not None
    told = f", about {figures.money(view.projected_usd)} for all that are wanted" if ahead else ""
    return figures.money(view.cost_usd, view.unpriced) + told


def _endpoints(view: Snapshot) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("endpoint", "replies", "share", "errors", "prompt tokens", "cached"):
        table.add_column(name, justify="left" if name == "endpoint" else "right")
    for each in view.endpoints:
        table.add_row(
            Text(clean(each.name)),
            f"{each.replies:,}",
            figures.share(each.replies, view.requests),
            f"{each.errors:,}",
            figures.short(each.prompt_tokens),
            figures.share(each.cached_tokens, each.prompt_tokens),
        )
    return table


def _idle(view: Snapshot) -> list[RenderableType]:
    """`fleet@gpu1:8000 was idle 31% of its slots' time: 27% RPM limit, 4% no work left`."""
    lines = [
        f"{clean(each.name)} was idle {sum(idle.share for idle in each.idle):.0%} of its slots' "
        f"time: {idle_text(each.idle)}"
        for each in view.endpoints
        if sum(idle.share for idle in each.idle) >= 0.01
    ]
    return [Text(), Text("\n".join(lines), style="dim")] if lines else []


def _funnel(view: Snapshot) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("stage")
    table.add_column("reason")
    table.add_column("jobs", justify="right")
    table.add_column("share", justify="right")
    rows = [("jobs", "ended in this session", view.jobs)]
    for stage, reasons in sorted(view.funnel.items(), key=lambda item: -sum(item[1].values())):
        ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
        rows += [(stage, reason, count) for reason, count in ordered]
    rows += [("failed", cause, count) for cause, count in sorted(view.failures.items())]
    for stage, reason, count in rows:
        part = figures.share(count, view.jobs)
        table.add_row(Text(clean(stage)), Text(clean(reason)), f"{count:,}", part)
    return table


def _warnings(view: Snapshot) -> Text:
    """The last few: on the full screen they went away with it."""
    shown = [line for line in view.notes if line.note.level == "warning"][-WARNINGS_SHOWN:]
    lines = [
        f"{figures.clock(line.at)} {clean(line.note.text)}"
        + (f"  x{line.times:,}" if line.times > 1 else "")
        for line in shown
    ]
    return Text("\n".join(lines), style="yellow")


def _files(view: Snapshot) -> Table:
    run_dir, grid = view.run.run_dir, Table.grid(padding=(0, 2))
    if view.finished and not view.finished.written:
        grid.add_row(Text(f"{clean(run_dir)}/journal"), "[dim]all so far; no files of it yet[/]")
        return grid
    for path, what in (
        ("data/*.parquet", "the conversations"),
        ("rejects.parquet", "what was rejected, and why"),
        ("report.html", "pictures of the run"),
        ("README.md", "dataset card"),
    ):
        grid.add_row(Text(f"{clean(run_dir)}/{path}"), f"[dim]{what}[/]")
    return grid


def _next(view: Snapshot) -> Text:
    run_dir = clean(view.run.run_dir)
    lines = [hint(f"view {run_dir}"), hint(f"verify {run_dir}")]
    if view.finished and not view.finished.written:
        lines = [hint(f"compact {run_dir}    (writes what was accepted so far)")]
    if view.accepted < view.wanted and not (view.finished and view.finished.stopped_by in ENDED):
        more = MORE.get(view.finished.stopped_by if view.finished else "", "")
        lines.insert(0, hint(f"generate ... -o {run_dir}{more}    (goes on where this stopped)"))
        if view.finished and view.finished.waiting:
            lines.append(hint(f"compact --partial {run_dir}    (writes those that wait, too)"))
    return Text("\n".join(f"$ {line}" for line in lines), style="cyan")
