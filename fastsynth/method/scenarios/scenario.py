"""The drafting agent: initial states of a user's tools, in the form of an example, by a model.

A draft is held against the example's form and run: the tools load it, its digest is new, and the
reads that work on the example work on it. Requests depend on seed and number only, so equal
replies give equal states whatever order they come in.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from fastsynth.env.world import living
from fastsynth.errors import EnvironmentBroken, NothingAccepted, config_error
from fastsynth.method.agents import Dropped
from fastsynth.method.scenarios.drafted import Drafted
from fastsynth.method.scenarios.shapes import Shape, shape_of
from fastsynth.method.scenarios.state_writer import Commission, Writer, named, refused
from fastsynth.method.walk.memory import Memory
from fastsynth.method.walk.walk import Reach, Walk
from fastsynth.seeds import derive

ROUNDS = 4
EXAMPLES = 4
READS = 8
ALIKE = 0.5
"""Share of a draft's names from which on it is one of the others again."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A state that runs. A line of `scenarios.jsonl`."""

    number: int
    digest: str
    state: Any


class Drafts(msgspec.Struct, frozen=True, kw_only=True):
    kept: tuple[Draft, ...]
    refused: dict[str, int]
    """Reason -> drafts that were not taken."""


async def draft_scenarios(commission: Commission) -> Drafts:
    """As many states as wanted, or as came of a few rounds; of drafts alike the first is kept.

    Raises ConfigError where there is no example, NothingAccepted where no draft could be used,
    NoEndpoint where the endpoint stays away.
    """
    shape, example = _form(commission)
    writer = Writer(commission, shape, example)
    trial = _Trial(commission, shape, example, await _ran(commission, example))
    counts: Counter[str] = Counter()
    fault: Dropped | None = None
    for _ in range(ROUNDS):
        missing = commission.wanted - len(trial.kept)
        if missing <= 0:
            break
        complaint = f"{fault.reason}: {fault.detail}" if fault else ""
        for states in await writer.round(missing, complaint):
            found = [states] if isinstance(states, Dropped) else [await trial.of(s) for s in states]
            for why in filter(None, found):
                fault = why
                counts[why.reason] += 1
    if not trial.kept:
        raise NothingAccepted(
            f"$.scenarios.draft_with: no draft of {sum(counts.values())} could be used, the last: "
            f"{fault.reason}: {fault.detail}"
            if fault
            else "$.scenarios.draft_with: no reply"
        )
    return Drafts(kept=tuple(trial.kept), refused=dict(counts))


def _form(commission: Commission) -> tuple[Shape, Any]:
    """The form of the domain's own states, and one of them. Raises ConfigError."""
    domain, seed = commission.domain, commission.seed
    (part,) = domain.parts
    drawn = [
        domain.draw(domain.parts, derive(seed, "scenario example", n)).state.get(part)
        for n in range(EXAMPLES)
    ]
    examples = [state for state in drawn if state] or [getattr(domain, "example", None)]
    if not examples[0]:
        raise config_error(
            "$.scenarios.draft_with",
            commission.role,
            "need an example state: a scenario(rng) in the module, or scenarios.from",
        )
    return shape_of(examples, named(domain)), examples[0]


class _Trial:
    """Tries drafts one after another, and keeps those that pass."""

    def __init__(
        self, commission: Commission, shape: Shape, example: Any, standard: tuple[str, set[str]]
    ) -> None:
        self._commission = commission
        self._shape = shape
        self._digests, self._needed = {standard[0]}, len(standard[1])
        self._names = [shape.names(example)]
        self.kept: list[Draft] = []

    async def of(self, state: Any) -> Dropped | None:
        """Why the draft is not taken; None where it is, or where no more are wanted."""
        if len(self.kept) >= self._commission.wanted:
            return None
        for fault in self._shape.faults(state):
            return refused("other_form", fault)
        names = self._shape.names(state)
        if any(len(names & others) > ALIKE * len(names) for others in self._names):
            return refused("alike", ", ".join(sorted(names)[:6]))
        try:
            digest, ran = await _ran(self._commission, state)
        except EnvironmentBroken as error:
            return refused("not_loaded", str(error)[:200])
        if digest in self._digests:
            return refused("same_state", digest)
        if 2 * len(ran) < self._needed:
            return refused("reads_fail", f"{len(ran)} reads work, {self._needed} on the example")
        self._digests.add(digest)
        self._names.append(names)
        self.kept.append(Draft(number=len(self.kept), digest=digest, state=state))
        return None


async def _ran(commission: Commission, state: Any) -> tuple[str, set[str]]:
    """The state's digest, and the reads that can be reached from it. Raises EnvironmentBroken."""
    charted = commission.over(Drafted(commission.domain, (state,)))
    domain, graph = charted.domain, charted.graph
    scenario = domain.draw(domain.parts, derive(commission.seed, "scenario trial"))
    names = sorted(domain.tools)
    reads = [name for name in names if not domain.tools[name].mutates] or names
    ran: set[str] = set()
    async with living(domain, domain.parts, scenario.state) as world:
        digest, start = await world.digest(), await world.mark()
        for name in reads[:READS]:
            memory = Memory(graph, scenario)
            memory.begin_turn()
            reach = Reach(calls=4, wishes=4, allowed=frozenset(names))
            rng = derive(commission.seed, "scenario trial", name)
            if await Walk(graph, world, memory, reach, rng).to(name):
                ran.add(name)
            await world.rewind(start)
    return digest, ran
