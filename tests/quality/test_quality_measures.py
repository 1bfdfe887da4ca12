"""Every measure says what it promises on rows made for it, and nothing where nothing is known."""

from __future__ import annotations

from random import Random

import pytest
from quality_rows import ASKED, CANCEL, FIND, HOLD, UNDONE, row

from fastsynth.method.conversation.decontaminate import Benchmarks
from fastsynth.quality.coverage import Coverage
from fastsynth.quality.diversity import Entities, SelfBleu, Skeletons, self_bleu
from fastsynth.quality.figure import Figure, Measure
from fastsynth.quality.overlap import Contamination
from fastsynth.quality.realism import Realism, area, separability
from fastsynth.quality.scene import scene_of
from fastsynth.quality.shortcut import Bm25, Shortcut, words
from fastsynth.quality.strata import acceptance
from fastsynth.quality.verdicts import Consensus, Hints, Student, Twins
from fastsynth.records import Attempt, Conversation, Difficulty, Message, ToolCall
from fastsynth.store.manifest import Manifest, StratumCount


def measured(measure: Measure, *rows: Conversation) -> list[Figure]:
    for one in rows:
        measure.add(scene_of(one))
    return list(measure.figures())


def user(place: str) -> dict[str, dict[str, str]]:
    return {place: {"type": "user"}}


EVERY = (
    Coverage({}),
    Shortcut(),
    Skeletons(),
    SelfBleu(),
    Entities(),
    Consensus(),
    Hints(),
    Student(),
    Twins(),
    Realism(["a real turn"]),
    Contamination(Benchmarks()),
)


@pytest.mark.parametrize("measure", EVERY, ids=lambda m: type(m).__name__)
def test_no_rows_give_no_value(measure: Measure) -> None:
    assert all(figure.verdict == "not measured" for figure in measure.figures())


def test_coverage_names_the_tools_that_are_never_a_target() -> None:
    parts = {"hold_flight": "travel", "list_cards": "wallet", "find_flights": "travel"}
    coverage = Coverage(parts)
    (figure,) = measured(coverage, row((ASKED, [FIND, HOLD])))

    assert coverage.missed() == ["find_flights", "list_cards"]
    assert figure.value == pytest.approx(1 / 3)
    assert [(r.tool, r.targets, r.calls) for r in coverage.table()] == [
        ("find_flights", 0, 1),
        ("hold_flight", 1, 1),
        ("list_cards", 0, 0),
    ]


def test_the_shortcut_solves_what_names_its_tool_and_every_value() -> None:
    plain = row(("Find flights: origin Porto, destination Oslo.", [FIND]))
    hidden = row(("Undo that.", [CANCEL]))
    (figure,) = measured(Shortcut(), plain, hidden)

    assert figure.value == 0.5


def test_the_right_tool_with_a_value_nobody_said_is_no_solution() -> None:
    (figure,) = measured(Shortcut(), row(("Hold the flight, two seats.", [HOLD])))

    assert figure.value == 0.0
    assert figure.detail == "right tools 100.0%, conversations 0.0%"


def test_bm25_prefers_rare_words() -> None:
    tools = {n: {"name": n, "description": d} for n, d in (("a", "get the fare"), ("b", "get it"))}

    assert Bm25(tools).best("get the fares", 1) == ["a"]
    assert words("hotelRooms_found") == ["hotel", "room", "found"]


def test_equal_skeletons_in_equal_scenarios_are_one_conversation() -> None:
    rows = [row((ASKED, [FIND, HOLD]), identity="same") for _ in range(4)]
    distinct, effective = measured(Skeletons(), *rows)

    assert distinct.value == 0.25
    assert effective.value == pytest.approx(1.0), "one kind of turn, four times"


def test_self_bleu_is_one_for_copies_and_low_for_different_texts() -> None:
    rng = Random(1)
    apart = [[f"w{rng.randrange(9999)}" for _ in range(12)] for _ in range(20)]

    assert self_bleu([ASKED.split()] * 5) == pytest.approx(1.0)
    assert self_bleu(apart) < 0.1


def test_entities_count_once_a_conversation() -> None:
    sources = [[user("origin") | user("destination")]]
    rows = [row((ASKED, [FIND]), sources=sources, identity=f"r{n}") for n in range(3)]
    (figure,) = measured(Entities(), *rows)

    assert figure.value == 1.0
    assert figure.detail == "oslo 3, porto 3"


def failed(number: int, flight: str) -> Attempt:
    call = ToolCall(id=f"x{number}", name="hold_flight", arguments=f'{{"flight_id":"{flight}"}}')
    said = (Message(role="assistant", tool_calls=(call,)),)
    return Attempt(turn=0, level=0, reason="wrong_state", messages=said)


def test_blind_attempts_that_agree_with_each_other_stand_against_the_label() -> None:
    consensus = Consensus()
    consensus.add_failed((failed(0, "fl_1"), failed(1, "fl_1")))
    consensus.add_failed((failed(0, "fl_1"), failed(1, "fl_2")))
    (for_it, against) = measured(consensus, row((ASKED, [FIND, HOLD])), row((UNDONE, [CANCEL])))

    assert for_it.value == 0.5
    assert against.value == 0.5, "one turn of two"


def test_hints_left_in_the_reasoning_are_told() -> None:
    helped = row((ASKED, [FIND, HOLD]), hint_levels=(2,), hinted_reasoning=(1,))
    needed, anew = measured(Hints(), helped, row((UNDONE, [CANCEL])))

    assert needed.value == 0.5
    assert anew.value == pytest.approx(2 / 3)


def test_a_student_that_was_probed_gives_rate_and_variance() -> None:
    rows = [
        row((ASKED, [FIND]), difficulty=Difficulty(student_pass_rate=rate)) for rate in (0.0, 0.5)
    ]
    rate, variance, inside = measured(Student(), *rows)

    assert (rate.value, variance.value, inside.value) == (0.25, 0.5, 0.5)
    for unknown in measured(Student(), row((ASKED, [FIND]))):
        assert unknown.value is None
        assert "`fastsynth probe`" in unknown.detail


def test_a_students_pass_rate_is_told_by_kind_the_worst_first() -> None:
    probed = {"difficulty": Difficulty(student_pass_rate=0.5), "student_runs": 4}
    rate, *_ = measured(
        Student(),
        row((ASKED, [FIND]), (UNDONE, [CANCEL]), student_passes=(4, 2), **probed),
        row((ASKED, []), kinds=("refusal",), student_passes=(1,), **probed),
    )

    assert rate.detail == "turns that pass: refusal 25%, base 75%"


def test_twins_with_one_answer_are_found() -> None:
    rows = [
        row((ASKED, [FIND]), twin="a"),
        row((ASKED, []), twin="a"),
        row((ASKED, [FIND]), twin="b"),
        row((ASKED, [FIND]), twin="b"),
        row((ASKED, [FIND]), twin="c"),
    ]
    (figure,) = measured(Twins(), *rows)

    assert (figure.value, figure.base) == (0.5, 2)
    assert figure.detail == "1 without their twin"


def test_texts_of_one_source_cannot_be_told_apart_and_of_two_can() -> None:
    rng = Random(2)
    one = [" ".join(f"a{rng.randrange(50)}" for _ in range(9)) for _ in range(300)]
    two = [" ".join(f"b{rng.randrange(50)}" for _ in range(9)) for _ in range(150)]

    assert 0.35 < separability(one[:150], one[150:]) < 0.65
    assert separability(one[:150], two) == 1.0


def test_the_area_counts_ties_as_half() -> None:
    assert area([(0.0, False), (1.0, True)]) == 1.0
    assert area([(1.0, False), (0.0, True)]) == 0.0
    assert area([(1.0, False), (1.0, True)]) == 0.5


def test_contaminated_turns_are_named_with_their_words() -> None:
    contamination = Contamination(Benchmarks([("desk", ASKED)]))
    (figure,) = measured(contamination, row((ASKED, [FIND]), (UNDONE, [CANCEL])))

    assert figure.value == 0.5
    assert figure.verdict == "warning"
    assert [(hit.row, hit.turn, hit.benchmark) for hit in contamination.hits] == [
        ("row-0", 0, "desk")
    ]


def test_a_stratum_few_survive_in_is_a_warning() -> None:
    def stratum(name: str, accepted: int) -> StratumCount:
        return StratumCount(stratum=name, target=9, chosen=9, finished=100, accepted=accepted)

    uneven = Manifest(identity="", strata=(stratum("base", 90), stratum("refusal", 10)))
    (figure,) = acceptance(uneven)

    assert figure.value == pytest.approx(0.2)
    assert figure.verdict == "warning"
    assert figure.detail == "refusal 10%, base 90%"
