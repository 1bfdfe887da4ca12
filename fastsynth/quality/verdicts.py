"""What the attempts say of the labels: blind consensus, hints, twins, a student's pass rate."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from fastsynth.method.conversation.rows import turns_of
from fastsynth.quality.figure import Figure, ratio
from fastsynth.quality.scene import RowScene
from fastsynth.records import Attempt

BAND = (0.2, 0.85)
"""Pass rates of which a student has something to learn by reinforcement (RODS)."""


class Consensus:
    """Attempts without help: how often they reach the label or agree against it."""

    def __init__(self) -> None:
        self.turns = self.tries = self.passes = self.blind = 0
        self._failed: dict[str, Counter[int]] = defaultdict(Counter)
        self._against = 0

    def add(self, scene: RowScene) -> None:
        row = scene.row
        self.turns += row.num_turns
        self.tries += sum(row.blind_tries)
        self.passes += sum(row.blind_passes)
        self.blind += sum(passes > 0 for passes in row.blind_passes)

    def add_failed(self, attempts: tuple[Attempt, ...]) -> None:
        """The failed attempts behind one accepted row."""
        alike: Counter[tuple[int, str]] = Counter(
            (attempt.turn, _calls(attempt))
            for attempt in attempts
            if attempt.level == 0 and attempt.source == "teacher"
        )
        self._against += len({turn for (turn, _), times in alike.items() if times > 1})

    def figures(self) -> Iterator[Figure]:
        yield Figure(
            name="blind consensus for the label",
            value=ratio(self.passes, self.tries),
            low=0.5,
            meaning="attempts without any help that reached the label; far below, labels are hard "
            "or wrong",
            detail=f"turns some blind attempt solved: {100 * self.blind / (self.turns or 1):.1f}%",
            base=self.tries,
        )
        several = self.tries > self.turns
        yield Figure(
            name="blind consensus against it",
            value=ratio(self._against, self.turns) if several else None,
            high=0.02,
            meaning="kept turns at which two blind attempts failed by the very same calls: the "
            "query may mean something else",
            detail="" if several else "needs chain.blind of 2 or more",
            base=self.turns,
        )


def _calls(attempt: Attempt) -> str:
    return repr([(c.name, c.arguments) for m in attempt.messages for c in m.tool_calls])


class Hints:
    def __init__(self) -> None:
        self.turns = self.helped = self.hinted = self.steps = self.left = 0

    def add(self, scene: RowScene) -> None:
        row = scene.row
        self.turns += row.num_turns
        self.helped += sum(level > 0 for level in row.hint_levels)
        self.hinted += sum(level > 1 for level in row.hint_levels)
        self.left += sum(row.hinted_reasoning)
        for level, messages in zip(row.hint_levels, turns_of(row.messages), strict=False):
            if level > 0:
                self.steps += sum(message.role == "assistant" for message in messages)

    def figures(self) -> Iterator[Figure]:
        yield Figure(
            name="turns that needed help",
            value=ratio(self.helped, self.turns),
            high=0.5,
            meaning="kept turns that no blind attempt solved: their reasoning began in hindsight",
            detail=f"a critic's hints: {100 * self.hinted / (self.turns or 1):.1f}%",
            base=self.turns,
        )
        yield Figure(
            name="hinted steps written anew",
            value=ratio(self.steps - self.left, self.steps),
            low=0.5,
            meaning="of steps first written under help, those asked for again without it whose "
            "call came out the same",
            base=self.steps,
        )


class Student:
    """Conversations that a student answered too; r is the share of its runs that pass whole."""

    def __init__(self) -> None:
        self._rates: list[float] = []
        self._runs, self._passes = Counter[str](), Counter[str]()

    def add(self, scene: RowScene) -> None:
        row = scene.row
        if row.difficulty.student_pass_rate is None:
            return
        self._rates.append(row.difficulty.student_pass_rate)
        for kind, passes in zip(row.kinds, row.student_passes, strict=False):
            self._runs[kind] += row.student_runs
            self._passes[kind] += passes

    def figures(self) -> Iterator[Figure]:
        probed = len(self._rates)
        low, high = BAND
        unknown = "not probed: `student: {runs: 4}` in the config, or `fastsynth probe`"
        yield Figure(
            name="student pass rate",
            value=ratio(sum(self._rates), probed),
            low=low,
            high=high,
            meaning="mean r over probed conversations; outside 0.20 to 0.85 there is little to "
            "learn by reinforcement (RODS)",
            detail=self._by_kind() if probed else unknown,
            base=probed,
        )
        yield Figure(
            name="reward variance",
            value=ratio(sum(4 * rate * (1 - rate) for rate in self._rates), probed),
            unit="number",
            low=0.2,
            meaning="mean 4 r (1 - r) over probed conversations; 1 is the most, and where it is 0 "
            "every run of a conversation gets the same reward",
            detail="" if probed else unknown,
            base=probed,
        )
        yield Figure(
            name="in the student's band",
            value=ratio(sum(low <= rate <= high for rate in self._rates), probed),
            low=0.5,
            meaning="probed conversations with r in 0.20 to 0.85; `student: {band: [0.20, 0.85]}` "
            "keeps no others",
            detail="" if probed else unknown,
            base=probed,
        )

    def _by_kind(self) -> str:
        rates = sorted((self._passes[kind] / runs, kind) for kind, runs in self._runs.items())
        shown = ", ".join(f"{kind} {100 * rate:.0f}%" for rate, kind in rates)
        return f"turns that pass: {shown}" if shown else ""


class Twins:
    """Pairs that differ in the decisive point alone must be answered differently."""

    def __init__(self) -> None:
        self._answers: dict[str, list[str]] = {}

    def add(self, scene: RowScene) -> None:
        if scene.row.twin:
            answer = repr([[(c.name, c.arguments) for c in t] for t in scene.row.ground_truth])
            self._answers.setdefault(scene.row.twin, []).append(answer)

    def figures(self) -> Iterator[Figure]:
        pairs = [answers for answers in self._answers.values() if len(answers) == 2]
        lone = len(self._answers) - len(pairs)
        apart = sum(one != other for one, other in pairs)
        yield Figure(
            name="twins answered apart",
            value=ratio(apart, len(pairs)),
            low=0.95,
            meaning="pairs alike but for the decisive point whose right calls differ",
            detail=f"{lone:,} without their twin" if self._answers else "no twins in the data",
            base=len(pairs),
        )
