"""A snapshot drawn to an exact width and height: 80 x 24 holds everything, more room shows more."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.style import Style

from fastsynth.dashboard import canvas, figures
from fastsynth.dashboard.canvas import BAD, DIM, GOOD, PLAIN, WARN, Line, word
from fastsynth.dashboard.header import header, level_order
from fastsynth.dashboard.idle import Idle
from fastsynth.dashboard.notes import latest, note_lines, one_line
from fastsynth.dashboard.rates import EndpointView
from fastsynth.dashboard.snapshot import WIDE, Snapshot, Stratum

ROOM_FOR_TOKENS = 94
"""Columns inside the box."""
NAME = 15
"""Columns that an address gets at least, so that one is told from another."""


def draw(view: Snapshot, width: int, height: int) -> list[Line]:
    """Exactly `height` lines of exactly `width` cells."""
    top = header(view, width)
    widths = split(width, 3 if width >= WIDE else 2)
    columns = [
        (_titled(widths[0]), funnel_rows(view, widths[0] - 4)),
        (_over_strata(view, widths[1]), strata_rows(view, widths[1] - 4)),
    ]
    if width >= WIDE:
        columns.append(("hint levels", level_rows(view, widths[2] - 4)))
    endpoints = endpoint_rows(view, width - 4)
    tallest = max(len(rows) for _, rows in columns)
    notes = note_lines(view.notes, width - 4)
    needs = (tallest + 2, len(endpoints) + 2, len(notes) + 2)
    middle, below, last = share_out(height - len(top), needs)
    lines = [*top]
    if middle:
        boxes = (
            canvas.box(title, _fill(rows, middle - 2), w, middle)
            for (title, rows), w in zip(columns, widths, strict=True)
        )
        lines += canvas.beside(*boxes)
    if below:
        lines += canvas.box("endpoints", _fill(endpoints, below - 2), width, below)
    if last:
        lines += canvas.box("notes", latest(notes, last - 2), width, last)
    lines = [canvas.fit(line, width) for line in lines[:height]]
    lines += [canvas.fit([], width)] * (height - len(lines))
    if view.notes and not last and lines:
        lines[-1] = canvas.fit([word(" "), *one_line(view.notes[-1])], width)
    return lines


def _titled(width: int) -> str:
    whole = "rejected by stage and reason"
    return whole if len(whole) <= width - 6 else "rejected"


def level_rows(view: Snapshot, width: int) -> list[Line]:
    total = sum(view.levels.values())
    return [
        [
            canvas.left(figures.level_name(level), 10),
            *canvas.bar(view.levels[level], total, width - 23, BAD if level < 0 else GOOD),
            canvas.right(f"{view.levels[level]:,}", 8),
            canvas.right(figures.share(view.levels[level], total), 5, DIM),
        ]
        for level in level_order(view)
    ]


def funnel_rows(view: Snapshot, width: int) -> list[Line]:
    """Most frequent reason first, with its share of all jobs that ended; failures last."""
    counted = [
        (count, stage, reason)
        for stage, reasons in view.funnel.items()
        for reason, count in reasons.items()
    ]
    counted.sort(key=lambda item: (-item[0], item[1], item[2]))
    counted += [(count, "failed", cause) for cause, count in view.failures.items()]
    if not counted:
        return [[word("nothing rejected yet", DIM)]]
    return [
        [
            canvas.left(stage, 8, BAD if stage == "failed" else DIM),
            word(" "),
            canvas.left(reason, width - 20),
            canvas.right(f"{count:,}", 6),
            canvas.right(figures.share(count, view.jobs), 5, DIM),
        ]
        for count, stage, reason in counted
    ]


def _over_strata(view: Snapshot, width: int) -> str:
    if not view.run.targets:
        return "accepted by stratum"
    whole = "strata: accepted, share of jobs"
    return whole if len(whole) <= width - 6 else "strata"


def strata_rows(view: Snapshot, width: int) -> list[Line]:
    """Accepted of wanted, the stratum that is furthest from it first, and the share of jobs that
    were; of ended, and that share, where nobody has told what is wanted."""
    shown = {name: s for name, s in view.strata.items() if s.target or not view.run.targets}
    ended = [
        (s.counted / (s.target or max(1, s.accepted + s.rejected)), name, s)
        for name, s in shown.items()
    ]
    if not ended:
        return [[word("no jobs yet", DIM)]]
    ended.sort(key=lambda item: item[:2])
    counts = [f" {s.counted:,}/{s.target or s.accepted + s.rejected:,}" for _, _, s in ended]
    count_width = max(map(len, counts))
    longest = max(cell_len(name or "all") for _, name, _ in ended)
    name_width = max(1, min(longest, width - count_width - 5))
    meter = max(0, width - name_width - count_width - 6)
    return [
        [
            canvas.left(name or "all", name_width),
            *([word(" "), *canvas.bar(rate, 1.0, meter, _look(s))] if meter else []),
            canvas.right(count, count_width),
            canvas.right(figures.share(s.accepted, s.accepted + s.rejected), 5, DIM),
        ]
        for (rate, name, s), count in zip(ended, counts, strict=True)
    ]


def _look(stratum: Stratum) -> Style:
    return GOOD if stratum.accepted >= stratum.rejected else WARN


def endpoint_rows(view: Snapshot, width: int) -> list[Line]:
    """One row an address; tokens only where there is room for them beside why it stands idle, and
    that only where there is any."""
    wide = width >= ROOM_FOR_TOKENS
    columns = [("in flight", 11), ("replies/s", 10), ("p50", 7), ("errors", 7)]
    columns = columns if width >= NAME + 35 else columns[:3]
    streamed = wide and any(e.first_p50_s is not None for e in view.endpoints)
    columns += [("first", 8)] if streamed else []
    columns += [("tokens in", 10), ("out", 8)] if wide else []
    idle = {e.name: idle_text(e.idle_now[:1]) for e in view.endpoints}
    room = width - sum(w for _, w in columns)
    longest = max(map(len, ("idle, mostly", *idle.values())))
    columns += [("idle, mostly", min(longest + 2, room - NAME))] if room >= NAME + 14 else []
    name_width = width - sum(w for _, w in columns)
    head = [canvas.right(n, w, DIM) for n, w in columns]
    rows: list[Line] = [[canvas.left("", name_width), *head]]
    for e in view.endpoints:
        figs = [
            _of_limit(e),
            figures.short(e.replies_per_s),
            figures.span(e.p50_s),
            f"{e.errors:,}",
        ]
        figs += [figures.span(e.first_p50_s)] if streamed else []
        if wide:
            figs += [figures.short(e.prompt_tokens), figures.short(e.completion_tokens)]
        figs += [f"  {idle[e.name]}"]
        cells = [
            canvas.right(text, w, BAD if n == 3 and e.errors else PLAIN)
            for n, (text, (_, w)) in enumerate(zip(figs, columns, strict=False))
        ]
        rows.append([canvas.left(_address(e.name), name_width), *cells])
    return rows


def _of_limit(endpoint: EndpointView) -> str:
    limit = f"/{endpoint.limit:,}" if endpoint.limit else ""
    return f"{endpoint.in_flight:,}{limit}"


def idle_text(idle: Sequence[Idle]) -> str:
    """`31% RPM limit, 4% client CPU`; a dash where nothing stood idle."""
    shown = [f"{each.share:.0%} {each.why}" for each in idle if each.share >= 0.005]
    return ", ".join(shown) or "-"


def _address(name: str) -> str:
    return name.removeprefix("http://").removeprefix("https://").removesuffix("/v1")


def _fill(rows: Sequence[Line], height: int) -> list[Line]:
    """The rows that fit; where some do not, the last line says how many."""
    if len(rows) <= height or height < 1:
        return list(rows)
    hidden = len(rows) - height + 1
    return [*rows[: height - 1], [word(f"and {hidden} more", DIM)]]


def split(width: int, parts: int) -> list[int]:
    """`width` in `parts` that differ by one at most."""
    return [width // parts + (n < width % parts) for n in range(parts)]


def share_out(height: int, needs: tuple[int, int, int]) -> tuple[int, int, int]:
    """Rows for funnel and strata, endpoints, notes: each its least first, the rest by need.

    A part that does not get its least (a frame and a line) is left out, the last part first.
    """
    given, usual = [0, 0, 0], (9, 6, 3)
    for part, least in enumerate((5, 4, 3)):
        if height >= least:
            given[part] = least
            height -= least
    for limited in (True, False):
        for part in (0, 1, 2):
            if not given[part]:
                continue
            wish = min(usual[part], needs[part]) if limited else needs[part]
            more = max(0, min(height, wish - given[part]))
            given[part] += more
            height -= more
    return given[0], given[1], given[2]
