"""The quality card of a run: every figure from its data alone, in one pass over the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

import msgspec

from fastsynth.config.settings import decode, read_yaml
from fastsynth.logs import counts_kept
from fastsynth.method.conversation.decontaminate import Benchmarks
from fastsynth.quality.coverage import Coverage, Reach
from fastsynth.quality.diversity import Entities, SelfBleu, Skeletons
from fastsynth.quality.figure import Figure, Measure
from fastsynth.quality.flow import Connectedness, Necessity, OutputShare
from fastsynth.quality.match import Match
from fastsynth.quality.mixture import Mixture, Together
from fastsynth.quality.overlap import Contamination, Hit
from fastsynth.quality.realism import Realism
from fastsynth.quality.scene import scene_of
from fastsynth.quality.shortcut import Shortcut
from fastsynth.quality.strata import acceptance, counted
from fastsynth.quality.verdicts import Consensus, Hints, Student, Twins
from fastsynth.store.compact import read_attempts, read_rows
from fastsynth.store.manifest import Manifest


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """What the data is held against; every part may be missing."""

    real: Sequence[str] = ()
    """Real user turns."""
    benchmarks: Benchmarks = Benchmarks()


class QualityCard(msgspec.Struct, frozen=True, kw_only=True):
    """`figures` in the order of the card, section by section; `tools` is the coverage table."""

    rows: int
    figures: tuple[Figure, ...]
    tools: tuple[Reach, ...]
    contaminated: tuple[Hit, ...] = ()


def quality_card(run_dir: Path, manifest: Manifest, beside: Beside) -> QualityCard:
    """Reads the run's Parquet once: about 3 ms a row. Memory grows with what is distinct."""
    graph = _graph(run_dir)
    coverage = Coverage({name: tool.part for name, tool in graph.tools.items()} or None)
    consensus = Consensus()
    contamination = Contamination(beside.benchmarks)
    orders = [(order.before, order.after) for order in graph.orders]
    reads = [name for name, tool in graph.tools.items() if not tool.mutates]
    counts = counts_kept(run_dir)
    measures: tuple[Measure, ...] = (
        consensus,
        Student(),
        Twins(),
        Hints(),
        Shortcut(),
        Realism(beside.real),
        Skeletons(),
        SelfBleu(),
        Entities(),
        Necessity(),
        Connectedness(orders),
        OutputShare(),
        coverage,
        contamination,
        Mixture(_weights(run_dir), counted(manifest) if counts else None),
        Together(reads, orders),
        Match(counts),
    )
    rows = 0
    for row in read_rows(run_dir):
        rows += 1
        scene = scene_of(row)
        for measure in measures:
            measure.add(scene)
    for attempted in read_attempts(run_dir):
        consensus.add_failed(attempted.attempts)
    figures = [figure for measure in measures for figure in measure.figures()]
    return QualityCard(
        rows=rows,
        figures=tuple(sorted((*figures, *acceptance(manifest)), key=lambda f: f.section)),
        tools=tuple(coverage.table()),
        contaminated=tuple(contamination.hits),
    )


def to_json(card: QualityCard) -> dict[str, Any]:
    """`figures`: name -> value, verdict, bounds, meaning; then the tables."""
    return {
        "rows": card.rows,
        "figures": {
            figure.name: {"verdict": figure.verdict, **msgspec.to_builtins(figure)}
            for figure in card.figures
        },
        "tools": msgspec.to_builtins(card.tools),
        "contaminated": msgspec.to_builtins(card.contaminated),
    }


def section(card: QualityCard) -> str:
    """The card as the inside of an HTML section."""
    lines = "".join(
        (f'<tr><th colspan="6" scope="rowgroup">{escape(f.section)}</th></tr>' if begins else "")
        + f'<tr><th scope="row">{escape(f.name)}</th><td>{escape(f.shown)}</td>'
        f"<td>{escape(f.wanted)}</td><td class='{f.verdict}'>{escape(f.verdict)}</td>"
        f"<td>{f.base:,}</td>"
        f'<td class="words">{escape(f.meaning)}'
        f"{escape(f' ({f.detail})' if f.detail else '')}</td></tr>"
        for begins, f in by_section(card.figures)
    )
    return (
        '<div class="wide"><table><thead><tr><th></th><th>measured</th><th>wanted</th>'
        '<th>verdict</th><th>of</th><th class="words">meaning</th></tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def by_section(figures: Sequence[Figure]) -> Iterator[tuple[bool, Figure]]:
    """Each figure, and whether a section begins with it."""
    last = ""
    for figure in figures:
        yield figure.section != last, figure
        last = figure.section


def coverage_of(run_dir: Path) -> Coverage:
    """The coverage table alone."""
    tools = _graph(run_dir).tools
    coverage = Coverage({name: tool.part for name, tool in tools.items()} or None)
    for row in read_rows(run_dir):
        coverage.add(scene_of(row))
    return coverage


class _Tool(msgspec.Struct):
    part: str
    mutates: bool = False


class _Order(msgspec.Struct):
    before: str
    after: str


class _Graph(msgspec.Struct):
    tools: dict[str, _Tool] = {}
    orders: list[_Order] = []


def _weights(run_dir: Path) -> dict[str, float]:
    """Kind -> weight, as the run's config wants them; {} where there is none."""
    path = run_dir / "config.yaml"
    kinds = decode(read_yaml(path), str(path)).kinds if path.is_file() else {}
    return {str(kind): weight for kind, weight in kinds.items() if weight}


def _graph(run_dir: Path) -> _Graph:
    """What the run's `graph.json` says of its environment; empty where there is none."""
    path = run_dir / "graph.json"
    return msgspec.json.decode(path.read_bytes(), type=_Graph) if path.is_file() else _Graph()
