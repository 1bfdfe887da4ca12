"""The command that writes a run's conversations as the lines a trainer reads."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO

from fastsynth.commands.manifests import manifest_of
from fastsynth.errors import ConfigError, config_error, reraise_disk
from fastsynth.records import Conversation, encode
from fastsynth.store.compact import read_preferences, read_rows
from fastsynth.store.exports.formats import LESSONS, REASONING, Format, Reasoning
from fastsynth.store.exports.lesson import By, lessons
from fastsynth.store.exports.pairs import PAIRS, has_place, pairs_of, write_pair
from fastsynth.store.exports.tasks import tasks
from fastsynth.store.preferences import Preference


def export(
    run_dir: Path,
    form: Format,
    out: Path | None,
    by: By,
    reasoning: Reasoning | None,
    unhinted: bool,
) -> int:
    """Lines to `out` or stdout, what they hold to stderr. `unhinted` leaves out conversations with
    reasoning that was written under a hint."""
    manifest_of(run_dir)
    kept = REASONING[form]
    if reasoning is not None and reasoning not in kept:
        allowed = f"need one of {', '.join(kept)} for --format {form}"
        raise config_error("--reasoning", reasoning, allowed)
    if form == "rl" and by != "conversation":
        raise config_error("--by", by, "need none for --format rl, which has a line for each turn")
    write = _tasks if form == "rl" else _pairs if form in PAIRS else _lessons
    with _opened(out) as file:
        said = write(run_dir, file, form, by, reasoning or kept[0], unhinted)
    sys.stderr.write(f"{said}\n")
    return 0


def _lessons(
    run_dir: Path, file: BinaryIO, form: Format, by: By, reasoning: Reasoning, unhinted: bool
) -> str:
    rows = pieces = lines = hinted = 0
    for row in read_rows(run_dir):
        rows += 1
        if unhinted and any(row.hinted_reasoning):
            hinted += 1
            continue
        for lesson in lessons(row, by):
            before = lines
            for line in LESSONS[form](lesson, reasoning, by):
                file.write(encode(line) + b"\n")
                lines += 1
            pieces += lines == before
    if rows == 0:
        raise ConfigError(f"{run_dir}/data: no rows, need a run with accepted conversations")
    said = f"{lines:,} lines of {rows - hinted:,} conversations"
    if hinted:
        said += f"; {hinted:,} with reasoning under a hint left out"
    if pieces:
        said += f"; {pieces:,} pieces that {form} has no mask for left out (--by step has them)"
    return said


def _pairs(
    run_dir: Path, file: BinaryIO, form: Format, by: By, reasoning: Reasoning, unhinted: bool
) -> str:
    lines = whole = hinted = malformed = 0
    for row, found in _beside_rows(run_dir):
        fit = [pair for pair in found if not (unhinted and _helped(row, pair))]
        whole += len(found)
        hinted += len(found) - len(fit)
        for pair in pairs_of(row, fit, by):
            if not has_place(pair, form):
                malformed += 1
                continue
            file.write(encode(write_pair(pair, form, reasoning)) + b"\n")
            lines += 1
    if whole == 0:
        raise ConfigError(f"{run_dir}/preferences.parquet: no pairs, need attempts that failed")
    said = f"{lines:,} lines of {whole:,} pairs"
    if hinted:
        said += f"; {hinted:,} with a side written under a hint left out"
    if malformed:
        said += f"; {malformed:,} with malformed arguments, which {form} has no place for, left out"
    return said


def _beside_rows(run_dir: Path) -> Iterator[tuple[Conversation, list[Preference]]]:
    """`preferences.parquet` is written in the order of the rows; most rows have none."""
    rows = read_rows(run_dir)
    for name, group in groupby(read_preferences(run_dir), key=attrgetter("id")):
        row = next((row for row in rows if row.id == name), None)
        if row is None:
            raise ConfigError(
                f"{run_dir}/preferences.parquet: pairs of {name!r} out of the order of data/, need "
                f"both as `fastsynth compact {run_dir}` writes them"
            )
        yield row, list(group)


def _tasks(
    run_dir: Path, file: BinaryIO, form: Format, by: By, reasoning: Reasoning, unhinted: bool
) -> str:
    rows = lines = hinted = 0
    for row in read_rows(run_dir):
        rows += 1
        if unhinted and any(row.hinted_reasoning):
            hinted += 1
            continue
        for line in tasks(row, reasoning):
            file.write(encode(line) + b"\n")
            lines += 1
    if rows == 0:
        raise ConfigError(f"{run_dir}/data: no rows, need a run with accepted conversations")
    said = f"{lines:,} turns of {rows - hinted:,} conversations"
    return said + (f"; {hinted:,} with reasoning under a hint left out" if hinted else "")


def _helped(row: Conversation, pair: Preference) -> bool:
    return pair.level > 0 or any(row.hinted_reasoning[: pair.turn + 1])


@contextmanager
def _opened(out: Path | None) -> Iterator[BinaryIO]:
    """Stdout, or a file that is there as a whole or not at all."""
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(out)
    except BrokenPipeError:
        raise
    except OSError as error:
        reraise_disk(error, str(out))
    finally:
        draft.unlink(missing_ok=True)
