"""Everything that compares text with values: forms, guards, answers, leakage, text-form calls."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsynth.llm.chat import Reply
from fastsynth.method.agents import response_format
from fastsynth.method.chain.answer import goal_fault, kind_fault
from fastsynth.method.chain.claims import Ground, claim_fault
from fastsynth.method.chain.leakage import leak
from fastsynth.method.forms import normal, numbers, stands_in
from fastsynth.method.parse import arguments_of, decoded, spoken
from fastsynth.method.plan import Choice, Goal, Output, Rule, Slot, Step, Turn, User
from fastsynth.method.query.guards import named_tool, query_fault
from fastsynth.method.script import QueryDraft
from fastsynth.records import Message, ToolCall

SEARCH = Step(
    tool="search_flights",
    arguments={"origin": "Oslo", "date": "2026-05-03"},
    sources={"origin": User(), "date": User()},
    value={"flights": [{"id": "FL-881", "price": 120.5}, {"id": "FL-882", "price": 240.0}]},
)
BOOK = Step(
    tool="book_flight",
    arguments={"flight_id": "FL-881", "seats": 2},
    sources={
        "flight_id": Output(
            turn=0,
            step=0,
            path="flights[0].id",
            choice=Choice(by="lowest", field="flights[].price", words="cheapest"),
        ),
        "seats": User(),
    },
    value={"booking": "BK7731", "total": 241.0},
    mutates=True,
)
TURN = Turn(
    number=0,
    kind="base",
    target="book_flight",
    steps=(SEARCH, BOOK),
    goals=(Goal(step=1, effect=True, paths=("booking", "total")),),
    digest="",
)
GOOD = "Please book the cheapest flight from Oslo on 3 May, two seats."
TOOLS = ("search_flights", "book_flight", "find")


def fault(query: str, *asks: str, turn: Turn = TURN, history: str = "") -> str:
    draft = QueryDraft(query=query, asks=asks or (query,))
    found = query_fault(turn, draft, history, TOOLS)
    return found.reason if found else ""


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (GOOD, ""),
        ("Book the cheapest flight on 3 May, two seats.", "value_missing"),
        (GOOD + " It is FL-881.", "hidden_value"),
        ("Use search_flights: " + GOOD, "names_tool"),
        (GOOD + " Use find for it.", "names_tool"),
        ("Book a flight from Oslo on 3 May, two seats.", "choice_not_said"),
        (GOOD + " My card is 88-2041.", "invented_value"),
        (GOOD + " I turn 40 in 2031.", ""),
        (GOOD + " {passenger}", "placeholder_or_meta"),
        ("Hello Oslo, please book the cheapest flight on 3 May, two seats.", "greets_a_value"),
        ("Hello, Oslo. " + GOOD, "greets_a_value"),
        (GOOD + " The booking is to be done", "placeholder_or_meta"),
        (GOOD + " There is a lot to be done here.", ""),
        (GOOD + " It is for the authenticated user.", "speaks_of_self"),
        (GOOD + " Charge the owner's card.", "speaks_of_self"),
        (GOOD + " Tell the user USR001.", ""),
        ("x", "length"),
    ],
)
def test_a_query_is_held_against_every_guard(query: str, reason: str) -> None:
    assert fault(query) == reason


def test_every_goal_needs_words_of_its_own() -> None:
    assert fault(GOOD, "book the cheapest flight") == ""
    assert fault(GOOD, "booking me the cheapest flight from Oslo") == ""
    assert fault(GOOD, "cancel it") == ""  # alone, it is what the message is for
    assert fault(GOOD, "book", "Oslo") == "goal_not_asked"


def test_of_several_goals_each_needs_most_of_its_words_in_the_message() -> None:
    both = msgspec.structs.replace(
        TURN, goals=(Goal(step=0, effect=False, paths=("flights",)), *TURN.goals)
    )
    query = "Show me flights from Oslo on 3 May and book the cheapest one, two seats."

    assert fault(query, "show me flights from Oslo", "book the cheapest one", turn=both) == ""
    assert fault(query, "showing the flights from Oslo", "book cheapest", turn=both) == ""
    assert fault(query, "show me flights", "cancel the booking", turn=both) == "goal_not_asked"
    assert fault(query, "show me flights", "show me flights", turn=both) == "goal_not_asked"


def test_a_value_said_earlier_need_not_be_said_again() -> None:
    short = "Please book the cheapest flight on 3 May, two seats."

    assert fault(short, history="I live in Oslo") == ""


def test_numbers_of_a_list_are_the_persons_own() -> None:
    numbers = [391.58, 702.41, 1000.5]
    sources = {f"numbers[{place}]": User() for place in range(3)}
    mean = Step(tool="mean", arguments={"numbers": numbers}, sources=sources, value=1.0)
    goals = (Goal(step=0, effect=False, paths=("",)),)
    turn = Turn(number=0, kind="base", target="mean", steps=(mean,), goals=goals, digest="")
    query = "What are 391.58, 702.41 and 1,000.5 on average?"

    assert fault(query, turn=turn) == ""
    assert fault(query + " Or was it 391.59?", turn=turn) == "invented_value"


def test_the_missing_value_must_not_be_said_and_the_others_must() -> None:
    slot = Slot(step=1, parameter="seats", value=2, words="seats")
    turn = Turn(
        number=0, kind="missing_parameter", target="", steps=TURN.steps, goals=TURN.goals,
        digest="", slot=slot,
    )  # fmt: skip

    assert fault("Please book the cheapest flight from Oslo on 3 May.", turn=turn) == ""
    assert fault(GOOD, turn=turn) == "missing_value_said"


@given(st.integers(min_value=-(10**9), max_value=10**9))
def test_whole_numbers_are_found_in_any_common_form(value: int) -> None:
    for text in (f"take {value} of it", f"take {value:,}.", f"({value}.00)"):
        assert stands_in(value, normal(text))


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2099, 12, 31)))
def test_dates_are_found_in_any_common_form(day: date) -> None:
    month = day.strftime("%B")
    for text in (day.isoformat(), f"{day.day} {month}", f"{month} {day.day}, {day.year}"):
        assert stands_in(day.isoformat(), normal(f"leave on {text} please"))
    assert not stands_in(day.isoformat(), normal("leave on the day after"))


@given(st.integers(min_value=100, max_value=10**6), st.integers(min_value=100, max_value=10**6))
def test_a_number_is_not_found_inside_another(one: int, other: int) -> None:
    if one != other:
        assert not stands_in(one, normal(f"order {other}0 now")) or one == other * 10


def test_numbers_in_text_keep_their_value() -> None:
    assert numbers("1,250.50 for 3 nights (-7)") == {1250.5, 3.0, -7.0}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("Booked: BK7731, 241 in total.", ""),
        ("Booked: BK7731.", "goal_value_not_told"),
        ("Booked: BK7731, 241 in total, saving you 999.", "answer_not_entailed"),
        ("Booked: BK7731, 241 in total; gate QX99.", "answer_not_entailed"),
        ("", "answer_empty"),
    ],
)
def test_an_answer_tells_the_goals_and_nothing_made_up(answer: str, reason: str) -> None:
    seen = [SEARCH.arguments, SEARCH.value, BOOK.arguments, BOOK.value]
    before = (Message(role="user", content=GOOD),)
    ground = Ground(before=before, seen=seen, called=["book_flight"], effect=True)
    found = goal_fault(TURN, answer) or claim_fault(answer, ground)

    assert (found.reason if found else "") == reason


def quiet(kind: str, **more: object) -> Turn:
    return Turn(number=0, kind=kind, target="", steps=(), goals=(), digest="", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("turn", "answer", "reason"),
    [
        (quiet("missing_parameter", slot=Slot(step=0, parameter="seats", value=2, words="seats")),
         "How many seats do you need?", ""),
        (quiet("missing_parameter", slot=Slot(step=0, parameter="seats", value=2, words="seats")),
         "I have booked two.", "does_not_ask"),
        (quiet("missing_function"), "I can't do that with the tools I have.", ""),
        (quiet("missing_function"), "All done!", "does_not_say_it_cannot"),
        (quiet("refusal", rule=Rule(tool="t", parameter="amount", form="at_most", bound=50,
                                    text="Rule: do not pay above 50.")),
         "I can't: payments above 50 are not allowed.", ""),
        (quiet("refusal", rule=Rule(tool="t", parameter="amount", form="at_most", bound=50,
                                    text="Rule: do not pay above 50.")),
         "I can't help with that.", "rule_not_named"),
    ],
)  # fmt: skip
def test_turns_without_calls_have_right_answers_of_their_own(
    turn: Turn, answer: str, reason: str
) -> None:
    found = kind_fault(turn, answer)

    assert (found.reason if found else "") == reason


@pytest.mark.parametrize(
    "text",
    [
        "According to the hint, I should look again.",
        "The composite tool needs a city.",
        "This matches the ground truth.",
        "as the critic said",
        "book_flight_advanced does that",
    ],
)
def test_words_of_the_making_are_leaks(text: str) -> None:
    assert leak(text, "book_flight_advanced", "")


def test_the_users_own_words_are_no_leak() -> None:
    assert leak("A hint of lime, as you said.", "", "with a hint of lime please") == ""
    assert leak("I need the flight's id first.", "book_flight_advanced", "") == ""


CALL = '{"name": "find", "arguments": {"name": "a.txt"}}'


@pytest.mark.parametrize(
    "content",
    [f"<tool_call>\n{CALL}\n</tool_call>", f"<tool_call>{CALL}", f"```json\n{CALL}\n```", CALL,
     f"{{{CALL}}}", f"[{CALL}]", CALL.replace("arguments", "parameters")],
)  # fmt: skip
def test_text_forms_of_a_call_become_native(content: str) -> None:
    said = spoken(Reply(content=content), TOOLS)

    assert said.from_text
    assert [(c.name, arguments_of(c)) for c in said.calls] == [("find", {"name": "a.txt"})]
    assert said.content == ""


DEEP = ["[" * 5000, '{"a":' * 5000, "[" * 500 + "]" * 500, '{"a":' * 100 + "1" + "}" * 100]


@pytest.mark.parametrize("value", DEEP)
def test_brackets_without_end_are_malformed_and_end_no_run(value: str) -> None:
    call = ToolCall(id="a" * 9, name="find", arguments=f'{{"name": {value}}}')
    text = f'{{"name": "find", "arguments": {{"name": {value}}}}}'

    assert arguments_of(call) is None
    assert spoken(Reply(content=text), TOOLS).calls == ()
    with pytest.raises(msgspec.DecodeError):
        decoded(text, object)


def test_arguments_may_be_nested_as_deep_as_any_tool_wants() -> None:
    value = "[" * 60 + "]" * 60

    assert arguments_of(ToolCall(id="a" * 9, name="find", arguments=f'{{"name": {value}}}'))


TWICE = """{"name": "find", "arguments": {"name": "a.txt"}}
{"name": "find", "arguments": {"name": "b.txt"}}"""


@pytest.mark.parametrize(
    ("content", "before"),
    [
        (TWICE, ""),
        (f"<tools>{TWICE}</tools>", ""),
        (f"```json\n{TWICE}\n```", ""),
        (f"I look both up.\n{TWICE}", "I look both up."),
    ],
)
def test_several_calls_in_a_row_are_all_found(content: str, before: str) -> None:
    said = spoken(Reply(content=content), TOOLS)

    assert [arguments_of(call) for call in said.calls] == [{"name": "a.txt"}, {"name": "b.txt"}]
    assert said.content == before


@pytest.mark.parametrize(
    "content", ['{"name": "unknown", "arguments": {}}', '{"city": "Oslo"}', "{broken", "42", "[]"]
)
def test_text_that_only_resembles_a_call_stays_text(content: str) -> None:
    said = spoken(Reply(content=content), TOOLS)

    assert said.calls == ()
    assert said.content == content


@pytest.mark.parametrize("arguments", ["false", '"celsius"', "[1]", "{", ""])
def test_arguments_that_are_no_object_are_none(arguments: str) -> None:
    call = ToolCall(id="abcdefgh1", name="find", arguments=arguments)

    assert arguments_of(call) == ({} if arguments == "" else None)


def test_plain_words_that_are_tool_names_may_be_used() -> None:
    assert named_tool("please find the file", TOOLS) == ""
    assert named_tool("use find for it", TOOLS) == "find"


def test_a_schema_can_say_how_many_items_a_list_has() -> None:
    form = msgspec.json.decode(response_format(QueryDraft, (("asks", 2),)))

    properties = form["json_schema"]["schema"]["properties"]
    assert list(properties) == ["asks", "query"]
    assert (properties["asks"]["minItems"], properties["asks"]["maxItems"]) == (2, 2)
    assert "minItems" not in response_format(QueryDraft).decode()
