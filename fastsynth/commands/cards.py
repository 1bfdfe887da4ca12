"""Commands that measure the data of a run and write its pages."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from fastsynth.commands.console import Output
from fastsynth.commands.manifests import manifest_of
from fastsynth.method.conversation.decontaminate import load_benchmarks, read_user_texts
from fastsynth.quality.brief import brief
from fastsynth.quality.card import Beside, coverage_of, quality_card, section, to_json
from fastsynth.quality.show import card_table, coverage_table
from fastsynth.records import encode
from fastsynth.running.pages import Section, write_pages


def report_run(run_dir: Path) -> int:
    write_pages(run_dir, manifest_of(run_dir))
    sys.stdout.write(f"{run_dir / 'report.html'}\n{run_dir / 'README.md'}\n")
    return 0


def quality(
    run_dir: Path, logs: Sequence[str], against: Sequence[str], coverage: bool, as_json: bool
) -> int:
    """Prints the quality card, the coverage table beside it or alone, and puts it on the run's
    pages."""
    manifest = manifest_of(run_dir)
    real = [text for log in logs for text in read_user_texts(Path(log))]
    beside = Beside(real=real, benchmarks=load_benchmarks(against))
    card = quality_card(run_dir, manifest, beside)
    quality = Section(title="Quality", html=section(card), markdown=brief(card, against))
    write_pages(run_dir, manifest, [quality])
    if as_json:
        sys.stdout.write(encode(to_json(card)).decode() + "\n")
        return 0
    Output().print(card_table(card), *([coverage_table(card.tools)] if coverage else []))
    return 0


def coverage(run_dir: Path, as_json: bool) -> int:
    """Prints which tools are reached, and names those that never are a target."""
    manifest_of(run_dir)
    found = coverage_of(run_dir)
    if as_json:
        sys.stdout.write(encode(found.table()).decode() + "\n")
    else:
        Output().print(coverage_table(found.table()))
        missed = ", ".join(found.missed()) or "none"
        sys.stdout.write(f"{len(found.table())} tools; never a target: {missed}\n")
    return 0
