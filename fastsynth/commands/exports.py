"""The command that writes a run's conversations as the lines a trainer reads."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from fastsynth.commands.manifests import manifest_of
from fastsynth.errors import ConfigError, config_error, reraise_disk
from fastsynth.records import encode
from fastsynth.store.compact import read_rows
from fastsynth.store.exports.formats import REASONING, WRITERS, Format, Reasoning
from fastsynth.store.exports.lesson import By, lessons


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
    rows = pieces = lines = hinted = 0
    with _opened(out) as file:
        for row in read_rows(run_dir):
            rows += 1
            if unhinted and any(row.hinted_reasoning):
                hinted += 1
                continue
            for lesson in lessons(row, by):
                before = lines
                for line in WRITERS[form](lesson, reasoning or kept[0], by):
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
    sys.stderr.write(f"{said}\n")
    return 0


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
