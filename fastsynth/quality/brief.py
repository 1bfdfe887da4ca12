"""The quality card for a dataset card: what was measured, in Markdown, what stands out first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from fastsynth.quality.card import QualityCard, by_section
from fastsynth.quality.figure import Figure

ASIDE = "contaminated user turns"
"""Told in a sentence: a share of 0.0% says neither what was compared nor with what."""


def brief(card: QualityCard, against: Sequence[str] = ()) -> str:
    """`against`: the benchmarks that it was held against, as the command line names them."""
    measured = [f for f in card.figures if f.value is not None]
    missing = ", ".join(f.name for f in card.figures if f.value is None)
    warnings = [f for f in measured if f.verdict == "warning"]
    parts = (
        f"Measured over {card.rows:,} conversations by `fastsynth report --quality`.",
        _standing_out(warnings),
        "\n".join(_lines(measured)),
        _contamination(card, against),
        f"Not measured: {missing}." if missing else "",
    )
    return "\n\n".join(part for part in parts if part)


def _standing_out(warnings: list[Figure]) -> str:
    if not warnings:
        return "Every figure lies where it is wanted."
    told = "; ".join(f"{f.name} {f.shown} (wanted: {f.wanted})" for f in warnings)
    return f"**Outside of what is wanted:** {told}."


def _lines(figures: list[Figure]) -> Iterator[str]:
    yield "| figure | measured | wanted | of | meaning |"
    yield "|---|---:|---|---:|---|"
    for begins, figure in by_section(figures):
        if begins and figure.section:
            yield f"| **{figure.section}** | | | | |"
        shown = f"**{figure.shown}**" if figure.verdict == "warning" else figure.shown
        meaning = figure.meaning.replace("|", "\\|")
        yield f"| {figure.name} | {shown} | {figure.wanted} | {figure.base:,} | {meaning} |"


def _contamination(card: QualityCard, against: Sequence[str]) -> str:
    found = next((f for f in card.figures if f.name == ASIDE and f.value is not None), None)
    if found is None:
        return ""
    if not found.value:
        return (
            f"None of its {found.base:,} user turns shares eight words in a row with a message of "
            f"{', '.join(Path(name).name for name in against)}."
        )
    rows = {hit.row for hit in card.contaminated}
    told = "; ".join(f'`{hit.row}` turn {hit.turn}: "{hit.words}"' for hit in card.contaminated[:5])
    return (
        f"{round(found.value * found.base):,} of its {found.base:,} user turns share eight words "
        f"in a row with a benchmark ({found.detail}), in {len(rows):,} rows at least: leave these "
        f"out of training before you quote that benchmark. The first: {told}."
    )
