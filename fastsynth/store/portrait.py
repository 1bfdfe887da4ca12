"""The data set of a run in numbers: one pass over its rows.

Card and report draw on this and the manifest, so they never disagree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from fastsynth.records import Conversation, Usage

SAMPLE_FROM = 64
SCRIPTED = "scripted"


class Portrait:
    """Counts over accepted rows. Shares of provenance are means over conversations."""

    def __init__(self) -> None:
        self.rows = self.turns = self.calls = 0
        self.turns_a_row: Counter[int] = Counter()
        self.calls_a_turn: Counter[int] = Counter()
        self.distances: Counter[int] = Counter()
        self.tools: Counter[str] = Counter()
        self.offered: set[str] = set()
        self.kinds: Counter[str] = Counter()
        self.levels: Counter[int] = Counter()
        self.environments: Counter[str] = Counter()
        self.teachers: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()
        self.completion_tokens: list[int] = []
        self.shares = [0.0, 0.0, 0.0]
        """Sums of the shares said by the user, from outputs, by default."""
        self.alternatives = self.extra_calls = self.recovered_calls = 0
        self.hinted_steps = self.observed = 0
        self.blind_passes = self.blind_tries = 0
        self.usage = Usage()
        self.sample: Conversation | None = None
        """The richest of the first rows: most different tools, then fewest messages."""
        self._names: dict[str, frozenset[str]] = {}

    def add(self, row: Conversation) -> None:
        self.rows += 1
        self.turns += row.num_turns
        self.calls += row.num_calls
        self.turns_a_row[row.num_turns] += 1
        self.distances[row.difficulty.distance] += 1
        self.kinds.update(row.kinds)
        self.levels.update(row.hint_levels)
        self.environments[row.environment] += 1
        self.teachers[row.teacher] += 1
        self.languages[row.language] += 1
        for calls in row.ground_truth:
            self.calls_a_turn[len(calls)] += 1
            self.tools.update(call.name for call in calls)
        for tools in (row.tools, *(added.tools for added in row.tools_added)):
            self.offered |= self._tool_names(tools)
        self._add_quality(row)
        self._consider(row)

    def _add_quality(self, row: Conversation) -> None:
        hard = row.difficulty
        for n, share in enumerate((hard.share_user, hard.share_output, hard.share_default)):
            self.shares[n] += share
        self.alternatives += hard.alternative
        self.extra_calls += hard.extra_calls
        self.recovered_calls += hard.recovered_calls
        self.hinted_steps += sum(row.hinted_reasoning)
        self.observed += row.state_check == "observed"
        self.blind_passes += sum(row.blind_passes)
        self.blind_tries += sum(row.blind_tries)
        self.completion_tokens.append(row.usage.completion_tokens)
        self.usage += row.usage

    def _consider(self, row: Conversation) -> None:
        if self.rows <= SAMPLE_FROM and (
            self.sample is None or _richness(row) > _richness(self.sample)
        ):
            self.sample = row

    def _tool_names(self, tools: str) -> frozenset[str]:
        names = self._names.get(tools)
        if names is None:
            if len(self._names) > 256:
                self._names.clear()
            listed = msgspec.json.decode(tools, type=list[_OfferedTool])
            names = self._names[tools] = frozenset(tool.function.name for tool in listed)
        return names


def portray(rows: Iterable[Conversation]) -> Portrait:
    counted = Portrait()
    for row in rows:
        counted.add(row)
    return counted


class _Function(msgspec.Struct):
    name: str


class _OfferedTool(msgspec.Struct):
    function: _Function


def _richness(row: Conversation) -> tuple[int, int]:
    used = {call.name for calls in row.ground_truth for call in calls}
    return len(used), -len(row.messages)
