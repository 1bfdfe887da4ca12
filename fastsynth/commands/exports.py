"""The command that writes a run's conversations as the lines a trainer reads."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO

import msgspec

from fastsynth.commands.manifests import manifest_of
from fastsynth.errors import ConfigError, config_error, reraise_disk
from fastsynth.records import Conversation, encode
from fastsynth.store.compact import read_preferences, read_rows
from fastsynth.store.exports.formats import LESSONS, REASONING, Format, Reasoning, lines_by
from fastsynth.store.exports.lesson import By, lessons
from fastsynth.store.exports.pairs import PAIRS, has_place, pairs_of, write_pair
from fastsynth.store.exports.readback import NO_PLACE
from fastsynth.store.exports.split import held_out
from fastsynth.store.exports.tasks import tasks
from fastsynth.store.exports.template import ChatTemplate, load_template
from fastsynth.store.preferences import Preference

replace = msgspec.structs.replace


class Want(msgspec.Struct, frozen=True, kw_only=True):
    """What is written of a run's conversations, and how."""

    form: Format
    by: By = "conversation"
    reasoning: Reasoning = "none"
    unhinted: bool = False
    """Without conversations with reasoning that was written under a hint."""
    of: Callable[[str], bool] = lambda name: True
    """By id."""
    template: ChatTemplate | None = None
    """By which every line has to come back from its text."""


def export(
    run_dir: Path,
    form: Format,
    out: Path | None,
    by: By | None,
    reasoning: Reasoning | None,
    unhinted: bool,
    val: Path | None = None,
    share: float = 0.05,
    template: Path | None = None,
) -> int:
    """Lines to `out` or stdout, what they hold to stderr; those of a `share` of the conversations
    to `val`, if it is given. `unhinted` leaves out conversations with reasoning under a hint,
    `template` lines that cannot be read back from the text that this chat template makes."""
    manifest_of(run_dir)
    kept = REASONING[form]
    if reasoning is not None and reasoning not in kept:
        allowed = f"need one of {', '.join(kept)} for --format {form}"
        raise config_error("--reasoning", reasoning, allowed)
    if by is not None and by not in lines_by(form):
        allowed = f"need one of {', '.join(lines_by(form))} for --format {form}"
        raise config_error("--by", by, allowed)
    if val is not None and (out is None or out.resolve() == val.resolve()):
        raise config_error("--val", str(val), "need another file beside it: -o FILE")
    if not 0 < share < 1:
        raise config_error("--val-share", share, "need a share between 0 and 1")
    if template is not None and form not in ("openai", "trl"):
        raise config_error("--template", str(template), "need none but for openai and trl")
    want = Want(
        form=form,
        by=by or lines_by(form)[0],
        reasoning=reasoning or kept[0],
        unhinted=unhinted,
        template=load_template(template) if template else None,
    )
    if val is None:
        _write(run_dir, out, want)
        return 0
    held = held_out(read_rows(run_dir), share)
    _write(run_dir, out, replace(want, of=lambda name: name not in held), f"{out}: ")
    _write(run_dir, val, replace(want, of=held.__contains__), f"{val}: ")
    return 0


def _write(run_dir: Path, out: Path | None, want: Want, place: str = "") -> None:
    write = _tasks if want.form == "rl" else _pairs if want.form in PAIRS else _lessons
    with _opened(out) as file:
        said = write(run_dir, file, want)
    sys.stderr.write(f"{place}{said}\n")


def _lessons(run_dir: Path, file: BinaryIO, want: Want) -> str:
    rows = pieces = lines = hinted = 0
    lost: Counter[str] = Counter()
    for row in _rows(run_dir, want):
        rows += 1
        if want.unhinted and any(row.hinted_reasoning):
            hinted += 1
            continue
        for lesson in lessons(row, want.by):
            written = list(LESSONS[want.form](lesson, want.reasoning, want.by))
            pieces += not written
            for line in written:
                if want.template and (fault := want.template.fault_of(line)):
                    lost[fault] += 1
                    if fault != NO_PLACE:
                        continue
                file.write(encode(line) + b"\n")
                lines += 1
    said = f"{lines:,} lines of {rows - hinted:,} conversations"
    if hinted:
        said += f"; {hinted:,} with reasoning under a hint left out"
    if pieces:
        said += (
            f"; {pieces:,} pieces that {want.form} has no mask for left out (--by step has them)"
        )
    return said + (_certified(want.template, lines, lost) if want.template else "")


def _certified(template: ChatTemplate, lines: int, lost: Counter[str]) -> str:
    """Raises ConfigError where no line comes back."""
    silent = lost.pop(NO_PLACE, 0)
    why = "; ".join(f"{fault} {count:,}" for fault, count in lost.most_common(5))
    if not lines and lost:
        allowed = f"need a template that every call can be read back from ({why})"
        raise config_error("--template", template.name, allowed)
    said = f"; each read back from the text of {template.name}"
    if silent:
        said += f", which has no place for the reasoning of {silent:,}"
    return f"{said}; {lost.total():,} lines left out that are not ({why})" if lost else said


def _rows(run_dir: Path, want: Want) -> Iterator[Conversation]:
    """Raises ConfigError where the run has none."""
    rows = 0
    for rows, row in enumerate(read_rows(run_dir), 1):  # noqa: B007 (counted, and told by)
        if want.of(row.id):
            yield row
    if rows == 0:
        raise ConfigError(f"{run_dir}/data: no rows, need a run with accepted conversations")


def _pairs(run_dir: Path, file: BinaryIO, want: Want) -> str:
    lines = whole = hinted = malformed = 0
    some = False
    for row, found in _beside_rows(run_dir):
        some = True
        if not want.of(row.id):
            continue
        fit = [pair for pair in found if not (want.unhinted and _helped(row, pair))]
        whole += len(found)
        hinted += len(found) - len(fit)
        for pair in pairs_of(row, fit, want.by):
            if not has_place(pair, want.form):
                malformed += 1
                continue
            file.write(encode(write_pair(pair, want.form, want.reasoning)) + b"\n")
            lines += 1
    if not some:
        raise ConfigError(f"{run_dir}/preferences.parquet: no pairs, need attempts that failed")
    said = f"{lines:,} lines of {whole:,} pairs"
    if hinted:
        said += f"; {hinted:,} with a side written under a hint left out"
    if malformed:
        said += f"; {malformed:,} with malformed arguments, which {want.form} cannot hold, left out"
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


def _tasks(run_dir: Path, file: BinaryIO, want: Want) -> str:
    rows = lines = hinted = 0
    for row in _rows(run_dir, want):
        rows += 1
        if want.unhinted and any(row.hinted_reasoning):
            hinted += 1
            continue
        for line in tasks(row, want.reasoning, want.by):
            file.write(encode(line) + b"\n")
            lines += 1
    said = (
        f"{lines:,} {'turns' if want.by == 'turn' else 'lines'} of {rows - hinted:,} conversations"
    )
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
