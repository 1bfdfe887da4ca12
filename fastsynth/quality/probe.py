"""What a student's answers come to: pass rates by tool and kind, from the rows of a run."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from pathlib import Path

import msgspec

from fastsynth.errors import ConfigError
from fastsynth.method.walk.targets import Focus, focus_on
from fastsynth.records import canonical
from fastsynth.store.compact import read_rows


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    runs: int
    passes: int

    @property
    def share(self) -> float:
        return self.passes / self.runs if self.runs else 0.0


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """`probe.json`: a student's results, added up."""

    student: str
    conversations: int
    runs: int
    """Answers to whole conversations, over all of them."""
    pass_rate: float
    """Mean r: share of these in which every turn passed."""
    tools: dict[str, Rate]
    """Tool -> times a run came to where its call was due, and times it went right."""
    kinds: dict[str, Rate]
    """Kind of turn -> times it was answered, and times it passed."""

    @property
    def digest(self) -> str:
        return blake2b(canonical(msgspec.to_builtins(self)).encode(), digest_size=16).hexdigest()

    def focus(self, coverage: float) -> Focus:
        return focus_on({tool: (r.runs, r.passes) for tool, r in self.tools.items()}, coverage)


def summarise(run_dir: Path) -> Probe:
    """From the rows of a run that a student answered. Raises ConfigError where there are none."""
    students: dict[str, None] = {}
    conversations = runs = 0
    rate = 0.0
    came, right = Counter[str](), Counter[str]()
    answered, passed = Counter[str](), Counter[str]()
    for row in read_rows(run_dir):
        if not row.student_runs:
            continue
        students[row.student] = None
        conversations += 1
        runs += row.student_runs
        rate += row.difficulty.student_pass_rate or 0.0
        for tool in row.student_tools:
            came[tool.tool] += tool.runs
            right[tool.tool] += tool.passes
        for kind, passes in zip(row.kinds, row.student_passes, strict=True):
            answered[kind] += row.student_runs
            passed[kind] += passes
    if not conversations:
        raise ConfigError(f"{run_dir}: no row that a student answered, need `student:` in its run")
    return Probe(
        student="+".join(students),
        conversations=conversations,
        runs=runs,
        pass_rate=round(rate / conversations, 4),
        tools={t: Rate(runs=came[t], passes=right[t]) for t in sorted(came)},
        kinds={k: Rate(runs=answered[k], passes=passed[k]) for k in sorted(answered)},
    )


def in_words(found: Probe) -> str:
    """One line: how the student did, and at which tools it fails most."""
    ranked = sorted(found.tools.items(), key=lambda item: item[1].share)
    worst = ", ".join(f"{t} {100 * r.share:.0f}%" for t, r in ranked[:5] if r.passes < r.runs)
    return (
        f"student {found.student}: passes {100 * found.pass_rate:.0f}% of {found.conversations:,} "
        f"conversations, answered {found.runs:,} times; worst tools: {worst or 'none'}"
    )


def band_in_words(run_dir: Path, band: tuple[float, float]) -> str:
    """One line: how many of the phase's conversations would count, and what that makes of a run."""
    low, high = band
    rates = [row.difficulty.student_pass_rate or 0.0 for row in read_rows(run_dir)]
    below, above = sum(rate < low for rate in rates), sum(rate > high for rate in rates)
    within = len(rates) - below - above
    told = f"r from {low:.2f} to {high:.2f}: {within:,} of {len(rates):,} conversations"
    told += f" ({below:,} too hard, {above:,} too easy)"
    if 10 * within >= len(rates):
        return told
    ask = f"about {len(rates) / within:.0f}" if within else f"over {len(rates):,}"
    way = "longer ones, more tools" if above > below else "shorter ones, fewer tools"
    return f"{told}; expect to make {ask} for each that counts: {way} or a wider band find more"
