"""Numbers as people read them: 12.3k, 04:31, $0.12. Always short, never in exponents."""

from __future__ import annotations

_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def short(number: float) -> str:
    """At most five characters up to a thousand billion: `999`, `1.23k`, `45.6M`."""
    for size, unit in _UNITS:
        if number >= size * 0.9995:
            scaled = number / size
            return f"{scaled:.{2 if scaled < 9.995 else 1 if scaled < 99.95 else 0}f}{unit}"
    return str(number) if isinstance(number, int) else f"{number:.{1 if number < 99.95 else 0}f}"


def clock(seconds: float | None) -> str:
    """`04:31`, `1:04:31`, `3d 04h`; `--:--` for None."""
    if seconds is None:
        return "--:--"
    whole = int(seconds)
    if whole >= 100 * 3600:
        return f"{whole // 86400}d {whole % 86400 // 3600:02d}h"
    if whole >= 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60:02d}:{whole % 60:02d}"


def span(seconds: float | None) -> str:
    """A latency: `43 ms`, `1.2 s`; `-` for None."""
    if seconds is None:
        return "-"
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{seconds:.1f} s"


def money(cost: float | None, unpriced: int = 0) -> str:
    """`$1.20`; `at least $1.20` where some requests have no known price; `unknown`."""
    if cost is None:
        return "unknown"
    text = f"${cost:,.2f}" if cost >= 1 or cost == 0 else f"${cost:.4f}"
    return f"at least {text}" if unpriced else text


def spending(cost: float | None, unpriced: int, projected: float | None) -> str:
    """`cost $1.20 of about $12.00`; `price unknown`."""
    if cost is None:
        return "price unknown"
    ahead = projected is not None and projected > cost * 1.005
    return f"cost {money(cost, unpriced)}" + (f" of about {money(projected)}" if ahead else "")


def count(number: int, noun: str) -> str:
    """`1 request`, `1,200 requests`."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f}%" if whole else "-"


def level_name(level: int) -> str:
    """Words for a hint level: blind, composite tool, critic's hints."""
    match level:
        case -1:
            return "given up"
        case 0:
            return "blind"
        case 1:
            return "composite"
        case _:
            return f"hint {level - 1}"
