"""Small inline SVG pictures without scripts or outside assets; colours come from the page's CSS.

Every picture has a title that screen readers say, and its figures beside it as a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH = 640
_ROW = 26
_LABEL = 210


def bars(title: str, rows: Sequence[tuple[str, float, str]], top: float = 0.0) -> str:
    """Horizontal bars: (label, value, what stands at its end); `top` or the highest fills it."""
    top = top or max((value for _, value, _ in rows), default=0.0) or 1.0
    room = WIDTH - _LABEL - 110
    drawn = []
    for n, (label, value, text) in enumerate(rows):
        y = n * _ROW
        long = value / top * room
        drawn.append(
            f'<text class="l" x="{_LABEL - 8}" y="{y + 17}" text-anchor="end">'
            f"{escape(_cut(label, 30))}</text>"
            f'<rect class="b" x="{_LABEL}" y="{y + 4}" width="{max(long, 1):.1f}"'
            ' height="18" rx="3"/>'
            f'<text class="v" x="{_LABEL + long + 8:.1f}" y="{y + 17}">{escape(text)}</text>'
        )
    table = [(label, text) for label, _, text in rows]
    return _figure(title, "".join(drawn), len(rows) * _ROW + 4, table)


def columns(title: str, counts: Mapping[int, int], axis: str) -> str:
    """A histogram over whole numbers; gaps between them are drawn as gaps."""
    if not counts:
        return _figure(title, "", 10, [])
    low, high = min(counts), max(counts)
    top, total = max(counts.values()), sum(counts.values())
    step = min(80.0, (WIDTH - 20) / (high - low + 1))
    drawn = [f'<line class="a" x1="0" y1="150" x2="{WIDTH}" y2="150"/>']
    for number, count in sorted(counts.items()):
        tall = count / top * 120
        x = 10 + (number - low) * step
        middle = x + step / 2
        drawn.append(
            f'<rect class="b" x="{x + 2:.1f}" y="{150 - tall:.1f}" width="{step - 4:.1f}"'
            f' height="{tall:.1f}" rx="2"/>'
            f'<text class="l" x="{middle:.1f}" y="166" text-anchor="middle">{number}</text>'
        )
        if step >= 30:
            drawn.append(
                f'<text class="v" x="{middle:.1f}" y="{144 - tall:.1f}" text-anchor="middle">'
                f"{100 * count / total:.0f}%</text>"
            )
    drawn.append(f'<text class="l" x="{WIDTH}" y="184" text-anchor="end">{escape(axis)}</text>')
    table = [(str(number), f"{count:,}") for number, count in sorted(counts.items())]
    return _figure(title, "".join(drawn), 190, table)


def shares(title: str, parts: Sequence[tuple[str, float]]) -> str:
    """One bar cut into shares of a whole, with a legend below."""
    whole = sum(value for _, value in parts) or 1
    x, drawn, table = 0.0, [], []
    for n, (label, value) in enumerate(parts):
        wide = value / whole * WIDTH
        drawn.append(
            f'<rect class="s{n % 6}" x="{x:.1f}" y="0" width="{wide:.1f}" height="28"/>'
            f'<rect class="s{n % 6}" x="{n % 3 * 213}" y="{42 + n // 3 * 22}" width="12"'
            f' height="12" rx="2"/><text class="l" x="{n % 3 * 213 + 18}" y="{52 + n // 3 * 22}">'
            f"{escape(_cut(label, 22))} {100 * value / whole:.0f}%</text>"
        )
        table.append((label, f"{100 * value / whole:.1f}%"))
        x += wide
    return _figure(title, "".join(drawn), 42 + (len(parts) + 2) // 3 * 22, table)


def funnel(title: str, stages: Sequence[tuple[str, int, str]]) -> str:
    """(what is left, how many, why the next ones are fewer), narrowing from row to row."""
    whole = max((count for _, count, _ in stages), default=0) or 1
    middle, room, row = 270, 240, 46
    drawn = []
    wides = [count / whole * room for _, count, _ in stages]
    for n, (label, count, lost) in enumerate(stages):
        y, wide = n * row, max(wides[n], 2)
        drawn.append(
            f'<rect class="b" x="{middle - wide / 2:.1f}" y="{y}" width="{wide:.1f}" height="26"'
            f' rx="3"/><text class="l" x="140" y="{y + 18}" text-anchor="end">'
            f"{escape(_cut(label, 20))}</text>"
            f'<text class="n" x="{middle}" y="{y + 18}" text-anchor="middle">{count:,}</text>'
        )
        if n + 1 < len(stages):
            after = max(wides[n + 1], 2)
            drawn.append(
                f'<polygon class="f" points="{middle - wide / 2:.1f},{y + 26}'
                f" {middle + wide / 2:.1f},{y + 26} {middle + after / 2:.1f},{y + row}"
                f' {middle - after / 2:.1f},{y + row}"/>'
                f'<text class="v" x="400" y="{y + 40}">{escape(_cut(lost, 33))}</text>'
            )
    table = [
        (label, f"{count:,}; then {lost}" if lost else f"{count:,}")
        for label, count, lost in stages
    ]
    return _figure(title, "".join(drawn), max(1, len(stages)) * row - 16, table)


def _figure(title: str, drawn: str, height: int, table: Sequence[tuple[str, str]]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(text)}</td></tr>'
        for name, text in table
    )
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{drawn}</svg>"
        f"<details><summary>figures</summary><table>{rows}</table></details></figure>"
    )


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
