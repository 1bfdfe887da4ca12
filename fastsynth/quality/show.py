"""Quality card and coverage table as rich tables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from fastsynth.quality.card import QualityCard, by_section
from fastsynth.quality.coverage import Reach

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
