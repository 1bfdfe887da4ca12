"""The mixture of kinds and of messages: what is counted as joined, as apart and as dependent."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from quality_rows import ASKED, CARDS, FIND, HOLD, SIGN_IN, Made, row

from fastsynth.quality.mixture import Mixture, Together, kind_of
from fastsynth.quality.scene import scene_of
from fastsynth.quality.strata import acceptance, counted
from fastsynth.records import Conversation
from fastsynth.store.manifest import Manifest, StratumCount

READS = ("find_flights", "list_cards")
BACK: Made = (
    "find_flights",
    {"origin": "Oslo", "destination": "Porto"},
    {"flights": [{"id": "fl_90q", "price": 75}]},
)


def parallel(*calls: Made, together: bool, kind: str = "parallel", query: str = ASKED) -> Any:
    """One turn with these calls, in one message or in one each."""
    made = row((query, list(calls)), kinds=(kind,))
    if not together:
        return scene_of(made)
    asking = [m for m in made.messages if m.tool_calls]
    first = msgspec.structs.replace(
        asking[0], tool_calls=tuple(call for m in asking for call in m.tool_calls)
    )
    rest = [m for m in made.messages if not m.tool_calls]
    at = rest.index(next(m for m in rest if m.role == "user")) + 1
    return scene_of(msgspec.structs.replace(made, messages=(*rest[:at], first, *rest[at:])))


def measured(*scenes: Any, orders: tuple[tuple[str, str], ...] = ()) -> dict[str, float | None]:
    measure = Together(READS, orders)
    for scene in scenes:
        measure.add(scene)
    return {figure.name: figure.value for figure in measure.figures()}


def test_reads_that_need_nothing_of_each_other_are_joined_or_apart() -> None:
    figures = measured(
        parallel(FIND, BACK, CARDS, together=True), parallel(FIND, BACK, together=False)
    )

    assert figures["independent calls joined"] == pytest.approx(2 / 3)
    assert figures["dependent calls joined"] == 0


def test_who_takes_from_the_message_before_could_not_have_been_in_it() -> None:
    measure = Together((*READS, "hold_flight"))

    measure.add(parallel(FIND, HOLD, together=False))

    assert measure.apart == 0


def test_a_dependent_call_in_one_message_is_told() -> None:
    figures = measured(parallel(FIND, HOLD, together=True))

    assert figures["dependent calls joined"] == pytest.approx(1 / 2)


def test_a_value_that_the_user_says_makes_no_call_dependent() -> None:
    said = f"{ASKED} I mean fl_77x."

    figures = measured(parallel(FIND, HOLD, together=True, query=said))

    assert figures["dependent calls joined"] == 0


def test_what_must_run_first_is_needed_though_no_value_flows() -> None:
    orders = (("sign_in", "list_cards"),)
    together = measured(parallel(SIGN_IN, CARDS, together=True), orders=orders)
    measure = Together((*READS, "sign_in"), orders)
    measure.add(parallel(SIGN_IN, CARDS, together=False))

    assert together["dependent calls joined"] == pytest.approx(1 / 2)
    assert measure.apart == 0


def test_writes_and_conversations_that_are_not_told_to_join_are_not_missed() -> None:
    plain = parallel(FIND, BACK, together=False, kind="base")
    writes = parallel(CARDS, SIGN_IN, together=False)

    assert measured(plain, writes)["independent calls joined"] is None


def conversation(*kinds: str, twin: str = "") -> Conversation:
    return row(*(("Hello there.", []) for _ in kinds), kinds=kinds, twin=twin)


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (conversation("base", "base"), "base"),
        (conversation("base", "no_tool"), "no_tool"),
        (conversation("no_tool", "split", "split"), "split"),
        (conversation("missing_function", "missing_function_resolved"), "missing_function"),
        (conversation("base", twin="refusal:4"), "refusal"),
        (conversation("base", twin="refusal/3:4"), "refusal"),
    ],
)
def test_a_conversation_is_of_the_kind_it_was_made_as(made: Conversation, kind: str) -> None:
    assert kind_of(made) == kind


def test_the_kind_furthest_from_its_share_is_told() -> None:
    mixture = Mixture({"base": 3.0, "no_tool": 1.0})
    for kinds in (("base",), ("no_tool",)):
        mixture.add(scene_of(conversation(*kinds)))

    (figure,) = mixture.figures()

    assert figure.value == pytest.approx(0.25)
    assert figure.verdict == "warning"


def test_strata_of_several_sizes_count_as_one_kind() -> None:
    strata = [("base/2", 3), ("base/5", 4), ("split/2", 1), ("refusal", 2)]
    manifest = Manifest(
        identity="x",
        strata=tuple(
            StratumCount(stratum=name, target=9, chosen=n, finished=9, accepted=9)
            for name, n in strata
        ),
    )

    assert counted(manifest) == {"base": 7, "split": 1, "refusal": 2}


def test_acceptance_is_that_of_a_kind_over_all_its_sizes() -> None:
    strata = [("base/2", 12, 12), ("base/5", 12, 6), ("refusal", 24, 6)]
    manifest = Manifest(
        identity="x",
        strata=tuple(
            StratumCount(stratum=name, target=9, chosen=1, finished=ended, accepted=accepted)
            for name, ended, accepted in strata
        ),
    )

    (figure,) = acceptance(manifest)

    assert figure.value == pytest.approx(0.25 / 0.5)
    assert figure.detail == "refusal 25%, base 75%"


def test_the_lowest_of_the_strata_compared_is_no_better_than_all_of_them() -> None:
    """A small stratum that mostly fails counts on neither side."""
    manifest = Manifest(
        identity="",
        strata=tuple(
            StratumCount(stratum=name, target=9, chosen=1, finished=ended, accepted=accepted)
            for name, ended, accepted in [("base", 400, 380), ("refusal", 15, 3)]
        ),
    )
    (figure,) = acceptance(manifest)

    assert figure.value == 1.0
