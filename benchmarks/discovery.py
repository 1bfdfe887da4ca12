"""Graph discovery on black boxes, against what their authors declared: JSON rows.

    python benchmarks/discovery.py [--scenarios 5] [--json FILE] [SUBJECT...]

Every declaration is stripped first. Beside it stands what a user would pick instead: matching
field names exactly. Only edges into parameters that an experiment can tell anything about count;
the others take any value, and no edge into them can be right or wrong.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import anyio

from fastsynth.env.environment import Domain
from fastsynth.env.registry import open_domain
from fastsynth.method.discovery.bare import bare
from fastsynth.method.discovery.discover import Effort, Findings, as_evidence, probe
from fastsynth.method.discovery.verdicts import Discovery, judge
from fastsynth.method.graph.edits import mark_of
from fastsynth.method.graph.graph import ApiGraph, build_graph

Row = dict[str, Any]
Mark = tuple[str, ...]


async def measure(subject: str, scenarios: int) -> list[Row]:
    full = open_domain(subject)
    try:
        black_box = bare(full)
        start = time.process_time()
        findings = await probe(black_box, 1, Effort(scenarios=scenarios))
        found = judge(black_box, as_evidence(findings))
        seconds = time.process_time() - start
        return rows(subject, full, build_graph(full), findings, found, seconds)
    finally:
        await full.close()


def rows(
    subject: str,
    full: Domain,
    declared: ApiGraph,
    findings: Findings,
    found: Discovery,
    seconds: float,
) -> list[Row]:
    free = set(found.free)
    truth = {mark_of(e) for e in declared.edges if f"{e.consumer}.{e.parameter}" not in free}
    flow = {mark_of(e) for e in found.edges if e.evidence == "flow"}
    names = {
        mark_of(e)
        for e in build_graph(bare(full)).edges
        if f"{e.consumer}.{e.parameter}" not in free
    }
    orders = {mark_of(o) for o in declared.orders}
    found_orders = {mark_of(o) for o in found.orders}
    mutates = {name for name, tool in full.tools.items() if tool.mutates}
    base: Row = {"benchmark": "discovery", "environment": subject, "tools": len(full.tools)}
    by_execution = base | {
        "subject": "fastsynth: value edges by execution",
        "cpu_s": round(seconds, 1),
        "calls": found.calls,
        "scenarios": found.scenarios,
        **scores(flow, truth),
        "missed": dict(Counter(why_missed(mark, findings) for mark in truth - flow)),
        "undeclared": dict(Counter(why_undeclared(mark, truth, found) for mark in flow - truth)),
    }
    by_name = base | {"subject": "exact field names", **scores(names, truth)}
    by_order = base | {
        "subject": "fastsynth: order edges by execution",
        **scores(found_orders, orders),
        "missed": sorted(" => ".join(mark) for mark in orders - found_orders),
        "undeclared": sorted(" => ".join(mark) for mark in found_orders - orders),
    }
    effects = base | {
        "subject": "fastsynth: tools that change the state",
        **scores({(name,) for name in found.mutates}, {(name,) for name in mutates}),
        "never_ran": list(found.silent),
        "banned": list(found.banned),
    }
    return [by_execution, by_name, by_order, effects]


def scores(found: set[Mark], truth: set[Mark]) -> Row:
    hit = len(found & truth)
    return {
        "declared": len(truth),
        "found": len(found),
        "both": hit,
        "recall": round(hit / len(truth), 3) if truth else None,
        "precision": round(hit / len(found), 3) if found else None,
    }


def why_missed(mark: Mark, findings: Findings) -> str:
    """The class of a declared edge that was not found."""
    producer, path, consumer, parameter = mark
    for end in (producer, consumer):
        if end not in findings.ran:
            return "an end never ran"
    trial = findings.flows.edges.get(((producer, path), (consumer, parameter)))
    if trial is None:
        return "no new value there: an echo of an argument, or nothing in these scenarios"
    return "worked too rarely: depends on the state" if trial.ok else "tried, never worked"


def why_undeclared(mark: Mark, truth: set[Mark], found: Discovery) -> str:
    """The class of a found edge that nobody declared. All of them ran with such a value."""
    edge = next(e for e in found.edges if mark_of(e) == mark)
    fed = {(consumer, parameter) for _, _, consumer, parameter in truth}
    often = "every time" if edge.support == edge.trials else "at times"
    if (edge.consumer, edge.parameter) in fed:
        return f"a further source of a parameter that has declared ones, works {often}"
    return f"a source of a parameter that was left to the user, works {often}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subjects", nargs="*", default=["bfcl", "world"], metavar="SUBJECT")
    parser.add_argument("--scenarios", type=int, default=5)
    parser.add_argument("--json", metavar="FILE", help="write the rows there as well")
    given = parser.parse_args()
    measured = [row for s in given.subjects for row in anyio.run(measure, s, given.scenarios)]
    for row in measured:
        print(json.dumps(row))
    if given.json:
        Path(given.json).write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
