"""Targets by what a student fails: in proportion, for every seed, all tools still reached."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsynth.env.registry import open_domain
from fastsynth.method.graph.graph import build_graph
from fastsynth.method.walk.memory import Memory
from fastsynth.method.walk.targets import (
    COVERAGE,
    NEVER,
    Focus,
    first_target,
    focus_on,
    next_targets,
)
from fastsynth.seeds import derive

TOOLS = [f"tool_{number}" for number in range(20)]
HALF = dict.fromkeys(TOOLS, (10, 10)) | {"tool_3": (10, 5), "tool_7": (10, 0)}

LEARNT = dict.fromkeys(TOOLS, 0.0) | {"tool_3": 1.0, "tool_7": NEVER}


def drawn(focus: Focus, count: int, seed: int = 1, stratum: str = "base") -> Counter[str]:
    return Counter(focus.first(TOOLS, seed, stratum, position) for position in range(count))


def test_without_results_targets_are_those_of_coverage() -> None:
    plain = [first_target(TOOLS, 1, "base", position) for position in range(50)]

    assert [COVERAGE.first(TOOLS, 1, "base", position) for position in range(50)] == plain
    assert COVERAGE.leaning("tool_1") == 1.0


def test_weights_are_the_priority_and_a_floor_for_what_never_passed() -> None:
    focus = focus_on(HALF, 0.5)

    assert focus.weights["tool_3"] == pytest.approx(1, abs=0.01)
    assert focus.weights["tool_7"] == NEVER
    assert 0 < focus.weights["tool_1"] < 0.05


def test_one_pass_of_one_run_says_little_and_less_of_a_weak_student() -> None:
    once = {"tool_0": (1, 1)}
    strong = focus_on(dict.fromkeys(TOOLS, (100, 95)) | once, 0.5).weights
    weak = focus_on(dict.fromkeys(TOOLS, (100, 60)) | once, 0.5).weights

    assert 0 < strong["tool_0"] < strong["tool_1"]
    assert strong["tool_0"] < weak["tool_0"] < weak["tool_1"]


def test_a_student_that_fails_nothing_leaves_coverage_as_it_is() -> None:
    assert focus_on(dict.fromkeys(TOOLS, (4, 4)), 0.3) is COVERAGE


@given(seed=st.integers(0, 2**32), stratum=st.sampled_from(["base", "refusal"]))
def test_failing_tools_come_up_by_their_weight_in_every_block(seed: int, stratum: str) -> None:
    focus = Focus(weights=LEARNT, coverage=0.0)
    counts = drawn(focus, len(TOOLS), seed, stratum)
    wanted = len(TOOLS) / (1 + NEVER)

    assert set(counts) == {"tool_3", "tool_7"}
    assert abs(counts["tool_3"] - wanted) < 1


@given(coverage=st.floats(0.05, 1.0), seed=st.integers(0, 99))
def test_coverage_keeps_its_share_and_reaches_every_tool(coverage: float, seed: int) -> None:
    focus = Focus(weights=LEARNT, coverage=coverage)
    needed = int(len(TOOLS) / coverage) + 1
    counts = drawn(focus, needed, seed)

    assert set(counts) == set(TOOLS)
    assert sum(counts.values()) == needed
    others = sum(counts[tool] for tool in TOOLS if tool not in ("tool_3", "tool_7"))
    assert others <= coverage * needed + 1


def test_a_tool_nobody_came_to_is_neither_sure_nor_forgotten() -> None:
    focus = focus_on({"tool_3": (10, 5)}, 0.0)
    counts = drawn(focus, 400)

    assert 0 < counts["tool_9"] < counts["tool_3"]


def test_the_stream_does_not_depend_on_who_asked_before() -> None:
    focus = focus_on(HALF, 0.3)
    forwards = [focus.first(TOOLS, 5, "base", position) for position in range(60)]

    backwards = [focus.first(TOOLS, 5, "base", position) for position in reversed(range(60))]

    assert backwards[::-1] == forwards


@pytest.mark.parametrize("most", [1, 5, 12])
def test_the_best_few_are_the_first_of_all_and_draw_alike(most: int) -> None:
    domain = open_domain("world")
    graph, rng, other = build_graph(domain), derive(1, "a"), derive(1, "a")
    scenario = domain.draw(domain.parts, derive(1, "scenario"))
    given = graph, Memory(graph, scenario), frozenset(domain.tools), {min(domain.tools)}
    ranked = next_targets(*given, rng)

    assert next_targets(*given, other, most=most) == ranked[:most]
    assert min(domain.tools) not in ranked
    assert rng.random() == other.random()
