"""The pages of a run: README.md, the dataset card, and report.html, drawn from its rows anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from fastsynth.config import Config
from fastsynth.config.settings import decode, read_yaml
from fastsynth.errors import ConfigError
from fastsynth.store.appendfile import write_atomically
from fastsynth.store.card import card
from fastsynth.store.compact import read_rows
from fastsynth.store.manifest import Manifest
from fastsynth.store.portrait import portray
from fastsynth.store.report import report


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of both pages that others write."""

    title: str
    html: str
    """Already escaped."""
    markdown: str


def write_pages(run_dir: Path, manifest: Manifest, further: Sequence[Section] = ()) -> None:
    rows = portray(read_rows(run_dir))
    created = datetime.now(UTC).date().isoformat()
    name = run_dir.resolve().name
    told = [("Duplicates and benchmarks", novelty(name, manifest, _config(run_dir)))]
    told += [(section.title, section.markdown) for section in further]
    drawn = [(section.title, section.html) for section in further]
    pages = {
        "README.md": card(name, manifest, rows, created, told),
        "report.html": report(name, manifest, rows, created, drawn),
    }
    for file, text in pages.items():
        write_atomically(run_dir / file, text.encode())


def _config(run_dir: Path) -> Config | None:
    """None where the run has no config, or one that this version does not read."""
    path = run_dir / "config.yaml"
    with suppress(ConfigError):
        if path.is_file():
            return decode(read_yaml(path), str(path))
    return None


def novelty(name: str, manifest: Manifest, config: Config | None) -> str:
    """What was done against rows that repeat each other or a benchmark, and how often it struck."""
    dropped = {why: count for reasons in manifest.funnel.values() for why, count in reasons.items()}

    def left_out(why: str, words: str = "") -> str:
        count = dropped.get(why, 0)
        return f" ({count:,} jobs left out{words})" if count else ""

    def clauses() -> Iterator[str]:
        yield f"No two rows have the same messages{left_out('duplicate')}"
        yield f"nor the same plan of calls{left_out('repeated_plan')}"
        if config is not None and config.duplicates == "near":
            near = left_out("near_duplicate")
            yield f"and in none do most queries come near those of an earlier row{near}"

    text = ", ".join(clauses()) + "."
    if config is None:
        return text
    against = ", ".join(Path(one).name for one in config.decontaminate)
    if against:
        struck = left_out("contaminated", " that had no other turn")
        return (
            f"{text} While it was made, messages of users were held against {against}: one that "
            "shares eight words in a row with a message there was thrown away, and its turn "
            f"planned anew{struck}."
        )
    return (
        f"{text} It was held against no benchmark while it was made; "
        f"`fastsynth report --quality {name} --against FILE` does it now."
    )
