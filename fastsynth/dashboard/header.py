"""The top of the dashboard: what runs, who writes, how far, how fast, at what cost."""

from __future__ import annotations

from rich.style import Style

from fastsynth.dashboard import canvas, figures
from fastsynth.dashboard.canvas import BAD, BOLD, DIM, GOOD, PLAIN, TITLE, WARN, Line, word
from fastsynth.dashboard.snapshot import SCRIPTED, WIDE, Snapshot, ending, spending


def header(view: Snapshot, width: int) -> list[Line]:
    """Six lines; five where hint levels have a box of their own."""
    run = view.run
    where = [
        word(" fastsynth  ", TITLE),
        word(run.run_dir + "  ", BOLD),
        word(run.environment or "starting"),
    ]
    count = f"  {len(run.endpoints)} endpoint" + "s" * (len(run.endpoints) != 1)
    when = [word(count + "  ", DIM), word(figures.clock(view.seconds) + " ", BOLD)]
    teacher = [word(" teacher ", DIM), word(run.teacher)] if run.teacher else [word(" ")]
    if run.teacher == "scripted":
        teacher = [word(" " + SCRIPTED, WARN)]
    lines = [
        canvas.spread(where, when, width),
        teacher,
        _progress(view, width),
        _throughput(view, width),
        _tokens(view, width),
    ]
    if width < WIDE:
        lines.append(_levels(view))
    return lines


def _progress(view: Snapshot, width: int) -> Line:
    if not view.run.run_dir:
        doing = view.preparing or "opening the environment, asking the endpoints"
        return [word(f" {doing}", DIM)]
    accepted = min(view.accepted, view.wanted) if view.wanted else view.accepted
    label = f" {accepted:,} / {view.wanted:,} accepted "
    share = figures.share(accepted, view.wanted)
    tail = f" {share:>4}  {ending(view)} "
    room = max(0, width - len(label) - len(tail))
    look = GOOD if view.wanted and accepted >= view.wanted else canvas.ACCENT
    return [word(label, BOLD), *canvas.bar(accepted, view.wanted, room, look), word(tail)]


def _throughput(view: Snapshot, width: int) -> Line:
    words = [
        word(" "),
        *_figure(figures.short(view.requests_per_s), "replies/s"),
        *_figure(figures.short(view.tokens_per_s), "tokens/s"),
        *_figure(f"{view.conversations:,}", "conversations"),
        *_figure(f"{view.in_flight:,}", "requests in flight" if width >= 76 else "requests"),
    ]
    room = width - 1 - sum(w.cell_length for w in words)
    return [*words, canvas.spark(view.sparks, room), word(" ")]


def _tokens(view: Snapshot, width: int) -> Line:
    cached = figures.share(view.cached_tokens, view.prompt_tokens)
    words = [
        word(" "),
        *_figure(figures.short(view.prompt_tokens), f"in ({cached} cached)"),
        *_figure(figures.short(view.completion_tokens), "out"),
        word(spending(view) + "  "),
    ]
    if width >= WIDE:
        words += _figure(f"{view.reused:,}", "reused")
    return words + _troubles(view, width)


def _troubles(view: Snapshot, width: int) -> Line:
    found: Line = []
    if view.retries:
        causes = sorted(view.retries, key=lambda cause: (-view.retries[cause], cause))
        why = f" ({', '.join(causes[:3])})" if width >= WIDE else ""
        found += _figure(figures.short(sum(view.retries.values())), "retries" + why, WARN)
    if view.throttles:
        found += _figure(figures.short(sum(view.throttles.values())), "throttled", WARN)
    if view.failed:
        found += _figure(figures.short(view.failed), "failed", BAD)
    return found


def _levels(view: Snapshot) -> Line:
    total = sum(view.levels.values())
    words = [word(" turns ", DIM)]
    if not total:
        words.append(word("none finished yet  ", DIM))
    for level in level_order(view):
        look = BAD if level < 0 else GOOD if level == 0 else PLAIN
        words += _figure(figures.share(view.levels[level], total), figures.level_name(level), look)
    return words + _figure(f"{view.reused:,}", "reused")


def level_order(view: Snapshot) -> list[int]:
    return sorted(view.levels, key=lambda level: (level < 0, level))


def _figure(number: str, name: str, look: Style = BOLD) -> Line:
    return [word(number, look), word(f" {name}  ", DIM)]
