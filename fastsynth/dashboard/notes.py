"""Notes as lines of the dashboard: whole where there is room for them, the newest last."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rich.cells import cell_len, chop_cells
from rich.style import Style

from fastsynth.dashboard import figures
from fastsynth.dashboard.canvas import DIM, PLAIN, WARN, Line, clean, word
from fastsynth.dashboard.snapshot import NoteLine

KEPT = 16
"""Notes that may be on the screen."""
LONGEST = 4
"""Lines of one."""


def note_lines(notes: Sequence[NoteLine], width: int) -> list[Line]:
    return [line for note in notes[-KEPT:] for line in _whole(note, width)] or [[word("none", DIM)]]


def latest(lines: Sequence[Line], room: int) -> list[Line]:
    """The last lines that fit; what is left of a note whose time went off the top is left out."""
    shown = list(lines[max(0, len(lines) - room) :])
    first = next((n for n, line in enumerate(shown) if line[0].text.strip()), 0)
    return shown[first:] if len(shown) < len(lines) else shown


def one_line(note: NoteLine) -> Line:
    return [*_time(note), word(note.note.text, _look(note)), *_again(note)]


def _whole(note: NoteLine, width: int) -> list[Line]:
    start, again = _time(note), _again(note)
    indent = sum(segment.cell_length for segment in start)
    room = width - indent - sum(segment.cell_length for segment in again)
    if room < 20:
        return [one_line(note)]
    first, *rest = _wrapped(clean(note.note.text), room)
    look = _look(note)
    return [
        [*start, word(first, look), *again],
        *([word(" " * indent), word(text, look)] for text in rest),
    ]


def _time(note: NoteLine) -> Line:
    return [word(figures.clock(note.at) + "  ", DIM)]


def _again(note: NoteLine) -> Line:
    return [word(f"  x{note.times:,}", DIM)] if note.times > 1 else []


def _look(note: NoteLine) -> Style:
    return WARN if note.note.level == "warning" else PLAIN


@lru_cache(maxsize=256)
def _wrapped(text: str, width: int) -> tuple[str, ...]:
    """Lines of at most `width` cells, cut between words where there are some."""
    lines = [""]
    for part in text.split():
        for piece in chop_cells(part, width):
            if cell_len(lines[-1]) + 1 + cell_len(piece) <= width:
                lines[-1] = f"{lines[-1]} {piece}".lstrip()
            else:
                lines += [piece] if lines[-1] else []
                lines[-1] = piece
    return tuple(lines[: LONGEST - 1] + [" ".join(lines[LONGEST - 1 :])] * (len(lines) >= LONGEST))
