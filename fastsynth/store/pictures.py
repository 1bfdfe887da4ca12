"""Small pictures of HTML and CSS, without scripts or outside assets; text is as large at any width.

Each is a figure with a title, and its numbers stand in it: tables whose bars are decoration, or a
picture with a name that screen readers say and the numbers as a table below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

COLOURS = 6
"""Parts that one bar can be cut into and still be told apart; more become a bar each."""
_IN_ONE = 20
"""Bars in one table; more stand in two, side by side where there is room."""
_LABELS = 24
"""Columns of a histogram that each have a number below; of more, some have."""


def bars(title: str, rows: Sequence[tuple[str, float, str]], top: float = 0.0) -> str:
    """Horizontal bars: (label, value, what stands at its end); `top` or the highest fills it."""
    top = top or max((value for _, value, _ in rows), default=0.0) or 1.0
    if len(rows) <= _IN_ONE:
        return _figure(title, _bars(rows, top))
    half = -(-len(rows) // 2)
    sides = _bars(rows[:half], top) + _bars(rows[half:], top)
    return _figure(title, f'<div class="row">{sides}</div>')


def _bars(rows: Sequence[tuple[str, float, str]], top: float) -> str:
    lines = "".join(
        f'<tr><th scope="row">{_label(label)}</th><td>{escape(text)}</td>'
        f'<td class="bar"><i style="width:{100 * value / top:.1f}%"></i></td></tr>'
        for label, value, text in rows
    )
    return f'<table class="bars"><tbody>{lines}</tbody></table>'


def columns(title: str, counts: Mapping[int, int], axis: str) -> str:
    """A histogram over whole numbers; gaps between them are drawn as gaps."""
    if not counts:
        return _figure(title, "")
    top, total = max(counts.values()), sum(counts.values())
    slots = range(min(counts), max(counts) + 1)
    every = -(-len(slots) // _LABELS)
    drawn = "".join(
        _column(number, counts.get(number, 0), top, total, n % every == 0, every > 1)
        for n, number in enumerate(slots)
    )
    table = [(str(number), f"{count:,}") for number, count in sorted(counts.items())]
    return _figure(
        title,
        f'<div class="columns" role="img" aria-label="{escape(title)}">{drawn}</div>'
        f'<p class="axis" aria-hidden="true">{escape(axis)}</p>{_numbers(table)}',
    )


def _column(number: int, count: int, top: int, total: int, labelled: bool, narrow: bool) -> str:
    share = f"{100 * count / total:.0f}%" if count and not narrow else ""
    label = str(number) if labelled else ""
    tall = 100 * count / top
    return (
        f'<div><span class="slot"><small>{share}</small><i style="height:{tall:.1f}%"></i></span>'
        f"<span>{label}</span></div>"
    )


def shares(title: str, parts: Sequence[tuple[str, float]]) -> str:
    """One bar cut into shares of a whole, with a legend below; a bar each where they are many."""
    whole = sum(value for _, value in parts) or 1
    told = [(label, value / whole, f"{100 * value / whole:.1f}%") for label, value in parts]
    if len(parts) > COLOURS:
        return bars(title, told)
    cut = "".join(
        f'<i class="s{n}" style="flex:{share:.4f}"></i>' for n, (_, share, _) in enumerate(told)
    )
    legend = "".join(
        f'<tr><th scope="row"><i class="s{n}"></i>{escape(label)}</th><td>{text}</td></tr>'
        for n, (label, _, text) in enumerate(told)
    )
    return _figure(
        title,
        f'<div class="shares" role="img" aria-label="{escape(title)}">{cut}</div>'
        f'<table class="legend"><tbody>{legend}</tbody></table>',
    )


def funnel(title: str, stages: Sequence[tuple[str, int, str]]) -> str:
    """(what is left, how many, why the next ones are fewer), narrowing from row to row."""
    whole = max((count for _, count, _ in stages), default=0) or 1
    wides = [max(100 * count / whole, 0.5) for _, count, _ in stages]
    lines = []
    for n, (label, count, lost) in enumerate(stages):
        lines.append(
            f'<tr><th scope="row">{escape(label)}</th><td>{count:,}</td>'
            f'<td class="bar"><i style="width:{wides[n]:.1f}%"></i></td></tr>'
        )
        if n + 1 < len(stages):
            left, below = (100 - wides[n]) / 2, (100 - wides[n + 1]) / 2
            corners = f"{left:.1f}% 0,{100 - left:.1f}% 0,{100 - below:.1f}% 100%,{below:.1f}% 100%"
            lines.append(
                f'<tr class="lost"><td></td><td></td><td><i style="clip-path:polygon({corners})">'
                f"</i><span>{escape(lost)}</span></td></tr>"
            )
    return _figure(title, f'<table class="bars funnel"><tbody>{"".join(lines)}</tbody></table>')


def _figure(title: str, inside: str) -> str:
    return f"<figure><figcaption>{escape(title)}</figcaption>{inside}</figure>"


def _label(text: str) -> str:
    """Escaped; a long name may break after an underscore."""
    return escape(text).replace("_", "_<wbr>")


def _numbers(table: Sequence[tuple[str, str]]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(text)}</td></tr>'
        for name, text in table
    )
    return f"<details><summary>figures</summary><table><tbody>{rows}</tbody></table></details>"
