"""Lines of styled segments with exact widths: boxes, bars and sparklines of the terminal.

Drawn by hand because a rich table costs milliseconds and this is drawn while a run is under way.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

Line = list[Segment]

_CONTROLS = dict.fromkeys((*range(32), *range(127, 160), 0x2028, 0x2029), "·")
_CONTROLS |= dict.fromkeys(map(ord, "\t\n\r"), " ")
_EIGHTHS = "▏▎▍▌▋▊▉"
_SPARKS = "▁▂▃▄▅▆▇█"


@lru_cache(maxsize=64)
def style(definition: str) -> Style:
    return Style.parse(definition)


DIM = style("bright_black")
PLAIN = style("default")
BOLD = style("bold")
GOOD = style("green")
BAD = style("red")
WARN = style("yellow")
TITLE = style("bold cyan")
ACCENT = style("cyan")


@lru_cache(maxsize=4096)
def clean(text: str) -> str:
    """`text` on one line without control characters: no text of a server steers the terminal."""
    return text.translate(_CONTROLS)


def clean_lines(text: str) -> str:
    """Like `clean`, with its lines left apart."""
    return "\n".join(clean(line) for line in text.splitlines())


def word(text: str, look: Style = PLAIN) -> Segment:
    return Segment(clean(text), look)


def left(text: str, width: int, look: Style = PLAIN) -> Segment:
    return Segment(cut(clean(text), width), look)


def right(text: str, width: int, look: Style = PLAIN) -> Segment:
    return Segment(cut(clean(text).rjust(width), width), look)


def cut(text: str, width: int) -> str:
    """Exactly `width` cells; the end is shortened with an ellipsis."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + "…"


def fit(line: Sequence[Segment], width: int) -> Line:
    """The line cropped or padded to exactly `width` cells."""
    fitted: Line = []
    room = width
    for segment in line:
        cells = segment.cell_length
        if cells > room:
            fitted.append(Segment(cut(segment.text, room), segment.style))
            return fitted
        fitted.append(segment)
        room -= cells
    if room:
        fitted.append(Segment(" " * room, PLAIN))
    return fitted


def spread(first: Sequence[Segment], last: Sequence[Segment], width: int) -> Line:
    """`first` at the left edge, `last` at the right one; `first` gives way."""
    taken = sum(segment.cell_length for segment in last)
    return [*fit(first, max(0, width - taken)), *fit(last, min(width, taken))]


def box(title: str, lines: Sequence[Sequence[Segment]], width: int, height: int) -> list[Line]:
    """A frame of exactly `width` x `height` with its title in the top edge."""
    if height < 2 or width < 4:
        return [fit([], width) for _ in range(height)]
    name = cut(title, min(cell_len(title), width - 6))
    rest = "─" * (width - 5 - cell_len(name))
    top = [Segment("╭─ ", DIM), Segment(name, TITLE), Segment(f" {rest}╮"[: len(rest) + 2], DIM)]
    inside = [fit(line, width - 4) for line in lines[: height - 2]]
    inside += [fit([], width - 4)] * (height - 2 - len(inside))
    body = [[Segment("│ ", DIM), *line, Segment(" │", DIM)] for line in inside]
    return [fit(top, width), *body, [Segment("╰" + "─" * (width - 2) + "╯", DIM)]]


def beside(*columns: Sequence[Line]) -> list[Line]:
    """Boxes of equal height next to each other."""
    return [[segment for line in row for segment in line] for row in zip(*columns, strict=True)]


def bar(part: float, whole: float, width: int, look: Style = ACCENT) -> Line:
    """A bar of `width` cells, filled to an eighth of a cell."""
    filled = max(0.0, min(1.0, part / whole if whole else 0.0)) * width
    full = int(filled)
    eighths = int((filled - full) * 8)
    rest = _EIGHTHS[eighths - 1] if eighths and full < width else ""
    empty = width - full - len(rest)
    return [Segment("█" * full + rest, look), Segment("░" * max(0, empty), DIM)]


def spark(values: Sequence[float], width: int) -> Segment:
    """The last `width` values, the highest of them a full block."""
    shown = values[-width:] if width > 0 else ()
    top = max(shown, default=0.0)
    marks = (_SPARKS[min(7, int(value / top * 7.999))] if top else _SPARKS[0] for value in shown)
    return Segment("".join(marks).rjust(max(0, width)), ACCENT)
