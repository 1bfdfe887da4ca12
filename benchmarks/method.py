"""Mechanism tests of the method: each of its three phases beside what it replaces.

`walk`: a random walk over the legal tools, beside the directed sampler. `query`: every step spelled
out, beside the query written from the composite tool. `chain`: one attempt, attempts without a
critic, and the guided chain. By default the teacher is scripted and errs at stated shares, which
hints cure by construction: that shows the mechanism at work, not how much a critic helps a model.
Usage: `fastsynth bench method [--json FILE] [-- --base-url URL --model M --jobs N]`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import msgspec

from fastsynth.config import Config, Endpoint
from fastsynth.engine.quota import Job
from fastsynth.env import paths
from fastsynth.env.environment import Domain
from fastsynth.env.registry import domain_of_row, open_domain
from fastsynth.env.world import World, living
from fastsynth.events import Bus
from fastsynth.llm.chat import Chat
from fastsynth.llm.client import Settings, open_client
from fastsynth.llm.fake import MemoryReplies
from fastsynth.method.chain.chain import Effort
from fastsynth.method.conversation.rows import turns_of
from fastsynth.method.forms import normal, stands_in
from fastsynth.method.graph.graph import ApiGraph, build_graph
from fastsynth.method.plan import Output, Provenance, Step, User
from fastsynth.method.query.guards import distinctive
from fastsynth.method.walk.arguments import Binder, Missing
from fastsynth.method.walk.memory import Memory
from fastsynth.method.walk.walk import Reach, Walk
from fastsynth.method.wording import first_sentence, words
from fastsynth.records import Accepted, Conversation, Outcome, Rejected, Usage, canonical
from fastsynth.seeds import derive
from fastsynth.sim.inprocess import studio, teacher_chat
from fastsynth.sim.teacher.mistakes import NONE
from fastsynth.synthesis import synthesize

MISTAKES = msgspec.structs.replace(
    NONE, wrong_argument=0.15, missing_call=0.15, refusal=0.05, missing_value=0.1
)
CALLS = 8
EFFORTS = {
    "one attempt": Effort(blind=1, attempts=0),
    "4 attempts, no critic": Effort(blind=4, attempts=0),
    "4 attempts, guided by the critic": Effort(blind=1, attempts=3),
}
Row = dict[str, Any]


async def walk_rows(environment: str, scenarios: int, seed: int) -> list[Row]:
    """Every tool as target, in scenarios of its part: how many are reached, by how many calls."""
    domain = open_domain(environment)
    graph = build_graph(domain)
    rows = []
    for subject, budget in (
        ("random walk", CALLS),
        ("random walk", 4 * CALLS),
        ("directed", CALLS),
    ):
        start, tries, spent, reached = time.perf_counter(), 0, 0, []
        for target, scenario in _targets(domain, scenarios):
            calls, arrived = await _walk(domain, graph, target, scenario, seed, subject, budget)
            tries, spent = tries + 1, spent + calls
            reached += [calls] if arrived else []
        rows.append(
            {
                "benchmark": "method.walk",
                "subject": subject,
                "environment": environment,
                "most_calls": budget,
                "targets": tries,
                "reached": len(reached),
                "share_reached": round(len(reached) / tries, 4),
                "calls_per_target_reached": round(spent / max(1, len(reached)), 2),
                "mean_calls_of_reached": round(statistics.fmean(reached or [0]), 2),
                "seconds": round(time.perf_counter() - start, 2),
            }
        )
    return rows


def _targets(domain: Domain, scenarios: int) -> Iterator[tuple[str, int]]:
    for target in sorted(domain.tools):
        for scenario in range(scenarios):
            yield target, scenario


async def _walk(
    domain: Domain,
    graph: ApiGraph,
    target: str,
    number: int,
    seed: int,
    subject: str,
    budget: int,
) -> tuple[int, bool]:
    """Calls kept, and whether the target was among them. Both walks see the same scenario."""
    home = domain.tools[target].part
    parts = (home, *[part for part in domain.companions.get(home, ()) if part != home][:1])
    ordered = tuple(part for part in domain.parts if part in parts)
    scenario = domain.draw(ordered, derive(seed, "bench", target, number))
    rng = derive(seed, "bench", target, number, subject)
    async with living(domain, ordered, scenario.state) as world:
        memory = Memory(graph, scenario)
        memory.begin_turn()
        if subject == "directed":
            reach = Reach(calls=budget, wishes=3, allowed=frozenset(world.tools))
            await Walk(graph, world, memory, reach, rng).to(target)
        else:
            await _random_walk(graph, world, memory, target, budget, rng)
        called = [step.tool for step in memory.steps]
        arrived = target in called  # calls after the target serve the turn, not the target
        return (called.index(target) + 1 if arrived else len(called)), arrived


async def _random_walk(
    graph: ApiGraph, world: World, memory: Memory, target: str, budget: int, rng: Any
) -> None:
    """Uniform over the tools that can be called now, arguments drawn like the sampler's."""
    failures = 0
    while len(memory.steps) < budget and failures < 40:
        tool = world.tools[rng.choice(sorted(world.tools))]
        bound = Binder(graph, memory, await world.known(), rng).bind(tool)
        mark = await world.mark()
        seen = None if isinstance(bound, Missing) else await world.call(tool.name, bound.arguments)
        if isinstance(bound, Missing) or seen is None or not seen.ok:
            failures += 1
            await world.rewind(mark)
            continue
        failures = 0
        memory.add(
            Step(
                tool=tool.name,
                arguments=world.log[-1][1],
                sources=bound.sources,
                value=seen.value,
                mutates=tool.mutates,
            )
        )
        if tool.name == target:
            return


def query_rows(environment: str, rows: Sequence[Conversation]) -> list[Row]:
    """Over turns that need a value of a result: how much of it the user gives away."""
    totals: dict[str, list[tuple[int, int, int, int]]] = {"easy": [], "hard": []}
    for row in rows:
        sources = msgspec.json.decode(row.provenance, type=list[list[dict[str, Provenance]]])
        turns = list(turns_of(row.messages))
        heard = ""
        for number, messages in enumerate(turns):
            hidden = _hidden(row, number, sources[number], heard)
            calls = len(row.ground_truth[number])
            texts = {"easy": _spelled(row, number), "hard": messages[0].content or ""}
            for subject, text in texts.items() if hidden else ():
                kept = sum(1 for value in hidden if not stands_in(value, normal(text)))
                totals[subject].append((len(hidden), kept, calls, len(text.split())))
            heard += " ".join(message.content or "" for message in messages if message.content)
    return [
        {
            "benchmark": "method.query",
            "subject": f"{subject} query",
            "environment": environment,
            "turns": len(found),
            "hidden_values": sum(one[0] for one in found),
            "share_kept_hidden": round(
                sum(one[1] for one in found) / max(1, sum(one[0] for one in found)), 4
            ),
            "calls_per_turn": round(statistics.fmean(one[2] for one in found or [(0,) * 4]), 2),
            "words_per_query": round(statistics.fmean(one[3] for one in found or [(0,) * 4]), 1),
        }
        for subject, found in totals.items()
    ]


def _hidden(
    row: Conversation, number: int, sources: Sequence[dict[str, Provenance]], heard: str
) -> list[Any]:
    """Values of the turn's calls that only a result of the turn holds."""
    found: dict[str, Any] = {}
    said: set[str] = set()
    for call, places in zip(row.ground_truth[number], sources, strict=True):
        arguments = msgspec.json.decode(call.arguments)
        for place, source in places.items():
            value = paths.get(place, arguments)
            own = isinstance(source, Output) and source.turn == number
            if isinstance(source, User):
                said.add(canonical(value))
            elif own and distinctive(value) and not stands_in(value, normal(heard)):
                found[canonical(value)] = value
    return [value for text, value in found.items() if text not in said]


def _spelled(row: Conversation, number: int) -> str:
    """What a writer says who sees the small tools: every step, with every value."""
    domain, _ = domain_of_row(row.environment)
    told = []
    for call in row.ground_truth[number]:
        given = msgspec.json.decode(call.arguments)
        said = ", ".join(f"{words(name)} {value}" for name, value in given.items())
        what = first_sentence(domain.tools[call.name].description).rstrip(".")
        told.append(f"{what} ({said})" if said else what)
    return "; then ".join(told) + "."


async def chain_row(
    subject: str, environment: str, chat: Chat, given: argparse.Namespace
) -> tuple[Row, list[Conversation]]:
    made = studio(environment, chat, EFFORTS[subject], given.seed)
    outcomes: dict[int, Outcome] = {}
    jobs = iter(range(given.jobs))

    async def work() -> None:
        for number in jobs:
            outcomes[number] = await synthesize(Job(number, "base", number), made)

    start = time.perf_counter()
    async with anyio.create_task_group() as group:
        for _ in range(given.width):
            group.start_soon(work)
    kept = [outcomes[n] for n in sorted(outcomes)]
    rows = [one.conversation for one in kept if isinstance(one, Accepted)]
    usage = sum((row.usage for row in rows), Usage())
    usage = sum((one.usage for one in kept if isinstance(one, Rejected)), usage)
    levels = [level for row in rows for level in row.hint_levels]
    row = {
        "benchmark": "method.chain",
        "subject": subject,
        "environment": environment,
        "teacher": "+".join(sorted({row.teacher for row in rows})),
        "mistakes": None if given.base_url else {k: v for k, v in _shares().items() if v},
        "jobs": len(kept),
        "accepted": len(rows),
        "share_accepted": round(len(rows) / max(1, len(kept)), 4),
        "turns_per_conversation": round(len(levels) / max(1, len(rows)), 2),
        "turns_passed_at_level": {str(n): levels.count(n) for n in sorted(set(levels))},
        "failed_attempts": sum(
            len(one.attempts) for one in kept if isinstance(one, Accepted | Rejected)
        ),
        "requests_per_accepted": round(usage.requests / max(1, len(rows)), 1),
        "rejected": dict(
            Counter(f"{one.stage}: {one.reason}" for one in kept if isinstance(one, Rejected))
        ),
        "no_outcome": sum(not isinstance(one, Accepted | Rejected) for one in kept),
        "seconds": round(time.perf_counter() - start, 2),
    }
    return row, rows


def _shares() -> dict[str, float]:
    return msgspec.structs.asdict(MISTAKES)


@asynccontextmanager
async def teacher(given: argparse.Namespace) -> AsyncIterator[Chat]:
    """The scripted teacher in this process, or a client of the endpoint given."""
    if not given.base_url:
        yield teacher_chat(MISTAKES)
        return
    config = Config(
        endpoints={"given": Endpoint(kind=given.kind, url=given.base_url, model=given.model)}
    )
    settings = Settings(
        endpoints=config.endpoints,
        roles=dict.fromkeys(("writer", "reasoning", "critic"), "given"),
        sampling=config.sampling_of(),
        seed=given.seed,
    )
    async with open_client(settings, replies=MemoryReplies(), bus=Bus()) as client:
        await client.check()
        yield client


async def measure(given: argparse.Namespace) -> AsyncIterator[Row]:
    for environment in given.environment or ("world", "bfcl"):
        for row in await walk_rows(environment, given.scenarios, given.seed):
            yield row
        rows: list[Conversation] = []
        for subject in EFFORTS:
            async with teacher(given) as chat:
                row, rows = await chain_row(subject, environment, chat, given)
            yield row
        for row in query_rows(environment, rows):
            yield row


async def report(given: argparse.Namespace) -> None:
    lines: list[str] = []
    async for row in measure(given):
        lines.append(json.dumps(row) + "\n")
        sys.stdout.write(lines[-1])
        sys.stdout.flush()
    if given.json:
        await anyio.Path(given.json).write_text("".join(lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100, help="conversations of each chain")
    parser.add_argument("--scenarios", type=int, default=4, help="scenarios of each target tool")
    parser.add_argument("--environment", action="append", help="default: world and bfcl")
    parser.add_argument("--base-url", help="a real endpoint, up to and with /v1")
    parser.add_argument("--kind", choices=("openai", "scripted"), default="openai", help="of it")
    parser.add_argument("--model")
    parser.add_argument("--width", type=int, default=8, help="conversations at once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the rows there as well")
    anyio.run(report, parser.parse_args())


if __name__ == "__main__":
    main()
