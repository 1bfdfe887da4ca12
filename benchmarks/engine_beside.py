"""`bench engine -- --peers`: whole conversations beside other frameworks, on as many model calls.

Each round runs fastsynth and then each peer, on as many model calls as fastsynth made, against the
same simulated endpoint, which counts calls and tokens where they arrive. CPU is user and system,
of the process and of its children that have ended, without imports; the endpoint's is not counted.

fastsynth plans, executes tools, verifies each turn's state and answer, writes every reply and event
to disk, and ends with Parquet and a report. The peers say the same messages to the same tools and
look results up in a table: they do not plan, verify or replay, and that work is in our figure only.
inspect-ai runs a Task with a solver and tools in process, and writes its log. data-designer has a
text column for each call with the tools in the prompt: it calls no tool, and parses no call.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from engine_peers import AS_TEXT, measured
from engine_talks import playing
from peers import Unavailable

Row = dict[str, Any]
SAME = "messages, tools and results about alike, calls counted at the endpoint"
DOES = "plans, executes, verifies, stores"
DIFFERS = {
    "inspect-ai": "looks results up; plans, verifies and replays nothing",
    "data-designer": "a text column a call, tools in the prompt; executes, plans, verifies nothing",
}


def beside(
    own: Callable[[Path], Row], peers: Sequence[str], width: int, repeat: int
) -> Iterator[Row]:
    """Rows of fastsynth and of each peer: medians over `repeat` rounds; `times_ours` is the median
    of the rounds' ratios, with the smallest and the largest beside it. `own` writes its talks."""
    found: dict[str, list[Row]] = {"": []}
    with TemporaryDirectory() as folder:
        talks = Path(folder) / "talks.json"
        for _ in range(repeat):
            found[""].append(own(talks))
            for name in peers:
                row = _peer(name, talks, found[""][-1], width)
                if row is not None:
                    found.setdefault(name, []).append(row)
    for name, rows in found.items():
        rows.sort(key=lambda row: row["cpu_ms_per_request"])
        yield rows[len(rows) // 2] | (_ratios(name, rows) if name else {"does": DOES})


def _peer(name: str, talks: Path, ours: Row, width: int) -> Row | None:
    try:
        with playing(talks, text=name in AS_TEXT) as url:
            row = measured(name, url, talks, ours["requests"], width)
    except Unavailable as error:
        sys.stderr.write(f"left out: {error}\n")
        return None
    head = {"benchmark": "engine", "subject": row["subject"], "in_flight": width}
    ratio = round(row["cpu_ms_per_request"] / ours["cpu_ms_per_request"], 1)
    return head | row | {"times_ours": ratio}


def _ratios(name: str, rows: Sequence[Row]) -> Row:
    ratios = sorted(row["times_ours"] for row in rows)
    return {
        "times_ours": round(median(ratios), 1),
        "times_ours_range": [ratios[0], ratios[-1]],
        "same": SAME,
        "does": DIFFERS[name],
    }
