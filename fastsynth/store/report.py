"""report.html of a run: one file, no script, nothing fetched; pictures that fit any screen.

Drawn from the same manifest and counts as the dataset card, and one whole conversation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

from fastsynth.store import pictures
from fastsynth.store.card import cost_text, is_scripted, written_by
from fastsynth.store.manifest import Manifest, StratumCount
from fastsynth.store.portrait import Portrait
from fastsynth.store.style import STYLE
from fastsynth.store.talk import talk

_STAGES = ("failed", "walk", "advanced", "query", "chain", "filter", "judge", "student")
_TOOLS_SHOWN = 40
_NEVER_SHOWN = 30


def report(
    name: str,
    manifest: Manifest,
    rows: Portrait,
    created: str = "",
    further: Sequence[tuple[str, str]] = (),
) -> str:
    """The page. Safe for any text in the data: everything is escaped, and no script may run.

    `further` are sections of others: (title, HTML already escaped).
    """
    sections = (
        _tiles(manifest, rows),
        _section("From jobs to conversations", _funnel_parts(manifest)),
        _section("Shape", _shape_parts(rows)),
        _section("Tools", _tool_parts(rows)),
        _section("How hard it was", _hardness_parts(rows)),
        _section("What it took", _cost_parts(manifest, rows)),
        *(_section(title, [inside]) for title, inside in further),
        _section("One conversation", [talk(rows.sample)] if rows.sample else []),
    )
    name = escape(name)
    warn = ' class="warn"' if is_scripted(manifest) else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}: fastsynth report</title><style>{STYLE}</style></head><body><main>"
        f"<header><h1>{name}</h1><p>{escape(_subtitle(manifest, created))}</p>"
        f"<p{warn}>{escape(written_by(manifest))}</p></header>{''.join(sections)}"
        f"</main></body></html>\n"
    )


def _subtitle(manifest: Manifest, created: str) -> str:
    parts = [manifest.environment, f"seed {manifest.seed}", f"fastsynth {manifest.version}"]
    if created:
        parts.append(created)
    if manifest.stopped_by not in ("", "done"):
        parts.append(f"stopped by {manifest.stopped_by}")
    return " · ".join(parts)


def _tiles(manifest: Manifest, rows: Portrait) -> str:
    ended, kept = manifest.ended, manifest.accepted + manifest.waiting + manifest.beyond
    tiles = (
        ("conversations", f"{rows.rows:,}"),
        ("turns", f"{rows.turns:,}"),
        ("tool calls", f"{rows.calls:,}"),
        ("tools called", f"{len(rows.tools)} of {len(rows.offered | set(rows.tools))}"),
        ("jobs accepted", f"{100 * kept / ended:.0f}%" if ended else "-"),
        *([("cost", cost_text(manifest))] if manifest.usage.cost_usd is not None else []),
    )
    cells = "".join(f"<div><dt>{name}</dt><dd>{escape(text)}</dd></div>" for name, text in tiles)
    return f'<dl class="tiles">{cells}</dl>'


def _section(title: str, parts: Iterable[str]) -> str:
    inside = "".join(parts)
    return f"<section><h2>{escape(title)}</h2>{inside}</section>" if inside else ""


def _funnel_parts(manifest: Manifest) -> Iterator[str]:
    if manifest.ended:
        yield pictures.funnel("Jobs left after each stage", _stages(manifest))
    if manifest.strata:
        drawn = [
            (s.stratum or "all", _rate(s), f"{100 * _rate(s):.0f}% of {s.finished:,}")
            for s in sorted(manifest.strata, key=_rate)
        ]
        yield pictures.bars("Accepted by stratum", drawn, top=1.0)
        short = "; ".join(f"{s.stratum or 'all'} {s.short}" for s in manifest.strata if s.short)
        if short:
            yield f"<p>Short of what was wanted: {escape(short)}.</p>"


def _stages(manifest: Manifest) -> list[tuple[str, int, str]]:
    """(stage passed, jobs left, what the next stage takes) from all jobs to the data set."""
    further = sorted(set(manifest.funnel) - set(_STAGES))
    losses = [(s, manifest.funnel[s]) for s in (*_STAGES, *further) if manifest.funnel.get(s)]
    past = {"past the wanted": manifest.beyond, "wait for others": manifest.waiting}
    if sum(past.values()):
        losses.append(("accepted", past))
    left, label = manifest.ended, "jobs"
    shown = []
    for stage, reasons in losses:
        shown.append((label, left, _lost(stage, reasons)))
        left -= sum(reasons.values())
        label = "with an outcome" if stage == "failed" else f"after {stage}"
    return [*shown, ("in the data", left, "")]


def _lost(stage: str, reasons: Mapping[str, int]) -> str:
    most = max(sorted(reasons), key=lambda reason: reasons[reason])
    return f"−{sum(reasons.values()):,} {stage}: {most}"


def _rate(stratum: StratumCount) -> float:
    return stratum.accepted / stratum.finished if stratum.finished else 0.0


def _shape_parts(rows: Portrait) -> Iterator[str]:
    if rows.rows:
        counted = (
            ("Turns a conversation", rows.turns_a_row, "turns"),
            ("Calls a turn", rows.calls_a_turn, "calls"),
            ("Longest chain of values in a turn", rows.distances, "calls"),
        )
        yield f'<div class="row">{"".join(pictures.columns(*each) for each in counted)}</div>'
        yield pictures.shares("Kinds of turn", _most(rows.kinds))


def _tool_parts(rows: Portrait) -> Iterator[str]:
    ordered = _most(rows.tools)
    if ordered:
        shown = [(name, count, f"{count:,.0f}") for name, count in ordered[:_TOOLS_SHOWN]]
        more = f" (the first {_TOOLS_SHOWN} of {len(ordered)})" * (len(ordered) > _TOOLS_SHOWN)
        yield pictures.bars(f"Calls of each tool{more}", shown)
    never = sorted(rows.offered - set(rows.tools))
    if never:
        names = ", ".join(f"<code>{escape(name)}</code>" for name in never[:_NEVER_SHOWN])
        rest = f" and {len(never) - _NEVER_SHOWN} more" if len(never) > _NEVER_SHOWN else ""
        yield f"<p>Offered and never called: {names}{rest}.</p>"


def _hardness_parts(rows: Portrait) -> Iterator[str]:
    if not rows.rows:
        return
    levels = sorted(rows.levels.items())
    yield pictures.shares("Hint level that passed", [(_level(n), count) for n, count in levels])
    names = ("said by the user", "from an output", "by default")
    provenance = list(zip(names, rows.shares, strict=True))
    yield pictures.shares("Where argument values come from", provenance)
    blind = f"{100 * rows.blind_passes / rows.blind_tries:.0f}%" if rows.blind_tries else "-"
    yield (
        f"<p>Blind attempts that passed: {blind} of {rows.blind_tries:,}. Rows whose truth is "
        f"another way to the same state: {rows.alternatives:,}. Extra calls that changed nothing: "
        f"{rows.extra_calls:,}; failed calls recovered: {rows.recovered_calls:,}. Steps whose "
        f"reasoning was written under a hint: {rows.hinted_steps:,}.</p>"
    )


def _level(level: int) -> str:
    return ("blind", "composite tool")[level] if level < 2 else f"hint {level - 1}"


def _cost_parts(manifest: Manifest, rows: Portrait) -> Iterator[str]:
    whole, kept = manifest.usage, rows.usage
    figures = [
        ("requests", whole.requests, kept.requests),
        ("prompt tokens", whole.prompt_tokens, kept.prompt_tokens),
        ("of them cached", whole.cached_tokens, kept.cached_tokens),
        ("completion tokens", whole.completion_tokens, kept.completion_tokens),
    ]
    per = max(1, rows.rows)
    cells = "".join(
        f'<tr><th scope="row">{name}</th><td>{a:,}</td><td>{b:,}</td><td>{a / per:,.0f}</td></tr>'
        for name, a, b in figures
    )
    yield (
        '<div class="wide"><table><thead><tr><th></th><th>the run</th><th>in kept rows</th>'
        f"<th>a kept row costs</th></tr></thead><tbody>{cells}</tbody></table></div>"
    )
    if manifest.usage.cost_usd is None:
        yield f"<p>Cost: {escape(cost_text(manifest))}.</p>"
    if rows.completion_tokens:
        counts = _binned(rows.completion_tokens)
        yield pictures.bars("Completion tokens a kept row", counts)


def _binned(values: Sequence[int]) -> list[tuple[str, float, str]]:
    """At most ten bins of equal, round width."""
    widest = max(values) + 1
    size = next(s for p in range(12) for s in (10**p, 2 * 10**p, 5 * 10**p) if s * 10 >= widest)
    counts: dict[int, int] = {}
    for value in values:
        counts[value // size] = counts.get(value // size, 0) + 1
    return [
        (f"{n * size:,} to {(n + 1) * size - 1:,}", counts.get(n, 0), f"{counts.get(n, 0):,}")
        for n in range(min(counts), max(counts) + 1)
    ]


def _most(counts: Mapping[str, int]) -> list[tuple[str, float]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
