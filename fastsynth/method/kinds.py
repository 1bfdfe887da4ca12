"""The kinds of conversation: which come as twins, where their special turn stands, what it may be.

A conversation of a kind has one special turn, or two that belong together (something is missing,
then it is there). Planning it is `special`'s; how a reply is judged, `answer`'s and `verify`'s.
Kinds with twins come in pairs of jobs that differ in the decisive point alone.
"""

from __future__ import annotations

from random import Random

from fastsynth.engine.quota import Job
from fastsynth.env.environment import Tool
from fastsynth.env.law import Law
from fastsynth.method.graph.graph import ApiGraph

TWINS = frozenset({"missing_parameter", "missing_function", "refusal"})
PAIRS = frozenset({"missing_parameter", "missing_function", "split"})
"""Kinds whose special turns are two."""
NO_CALLS = frozenset({"no_tool", "missing_parameter", "missing_function", "refusal"})
"""Kinds of turn that must leave the world as it is."""
RESOLVED = frozenset({"missing_parameter_resolved", "missing_function_resolved"})
ONE_GOAL = frozenset({"missing_parameter", "missing_function", "refusal"})
"""Kinds whose special turn asks for one thing only."""
CHOOSY = frozenset({"refusal"})
"""Kinds that not every tool `suits`."""


def position(stratum: str, turns: int, rng: Random) -> int | None:
    """The number of the (first) special turn in a conversation of this stratum; None for `base`."""
    last = turns - (2 if stratum in PAIRS else 1)
    match stratum:
        case "base":
            return None
        case "no_tool":
            return rng.randint(1, max(1, last))
        case "refusal":
            return last
        case _:
            return rng.randint(0, max(0, last))


def fewest(stratum: str) -> int:
    """Turns that a conversation of this stratum needs at least."""
    return 2 if stratum in PAIRS or stratum == "no_tool" else 1


def suits(stratum: str, tool: Tool, graph: ApiGraph, law: Law | None = None) -> bool:
    """Whether a special turn of the stratum may aim at `tool`: planning others is wasted."""
    if stratum not in CHOOSY:
        return True
    if law is not None:
        return tool.name in law.tools
    return tool.mutates and any(
        parameter.schema.get("type") in ("number", "integer") and not parameter.opaque
        for parameter in graph.parameters[tool.name]
    )


def is_plain_twin(job: Job) -> bool:
    """Whether the job is the half of a pair in which nothing is missing or forbidden."""
    return job.stratum in TWINS and job.index % 2 == 1


def twin_of(job: Job) -> str:
    """The name a pair of twins shares; "" for kinds without twins."""
    return f"{job.stream}:{job.index // 2}" if job.stratum in TWINS else ""
