"""Quality card and coverage table as rich tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.markup import escape
from rich.table import Table

from fastsynth.quality.card import QualityCard, by_section
from fastsynth.quality.coverage import Reach
from fastsynth.quality.probe import Probe, Rate

STYLES = {"good": "green", "warning": "yellow", "not measured": "dim"}


def card_table(card: QualityCard) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title=f"quality of {card.rows:,} conversations")
    table.add_column("figure")
    table.add_column("measured", justify="right")
    table.add_column("wanted")
    table.add_column("of", justify="right")
    table.add_column("meaning", ratio=1)
    for begins, figure in by_section(card.figures):
        if begins:
            table.add_row(f"\n[bold]{escape(figure.section)}[/]")
        style = STYLES[figure.verdict]
        meaning = escape(figure.meaning)
        detail = f"\n[dim]{escape(figure.detail)}[/]" if figure.detail else ""
        table.add_row(
            escape(figure.name),
            f"[{style}]{figure.shown}[/]",
            figure.wanted,
            f"{figure.base:,}",
            meaning + detail,
        )
    return table


def coverage_table(tools: Sequence[Reach]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title="tools reached")
    table.add_column("part")
    table.add_column("tool")
    for name in ("targets", "calls", "offered"):
        table.add_column(name, justify="right")
    for reach in tools:
        style = "" if reach.targets else "red"
        table.add_row(
            escape(reach.part),
            escape(reach.tool),
            f"{reach.targets:,}",
            f"{reach.calls:,}",
            f"{reach.offered:,}",
            style=style,
        )
    return table


def rates_table(found: Probe) -> Table:
    """A student's pass rates, the worst first."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("tool or kind")
    for name in ("runs", "passed", "rate"):
        table.add_column(name, justify="right")

    def add(rates: Mapping[str, Rate]) -> None:
        for name, rate in sorted(rates.items(), key=lambda item: (item[1].share, item[0])):
            share = f"{100 * rate.share:.0f}%"
            table.add_row(escape(name), f"{rate.runs:,}", f"{rate.passes:,}", share)

    add(found.tools)
    table.add_section()
    add(found.kinds)
    return table
