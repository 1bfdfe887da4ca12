"""The scripted teacher: what users say, what is called, what is told, what goes wrong."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sim_plans import (
    FLIGHTS,
    STYLES,
    TOOLS,
    advanced,
    booking,
    plan_one,
    plan_two,
    query,
    rollout,
    script,
    teacher,
    turn,
)

from fastsynth.env import paths
from fastsynth.method.plan import Choice, Goal, Output, Step, Turn, User
from fastsynth.method.script import HintDraft
from fastsynth.records import canonical
from fastsynth.sim.api import ChatMessage, Function, FunctionCall
from fastsynth.sim.teacher import mistakes
from fastsynth.sim.teacher.mistakes import NONE, Mistakes
from fastsynth.sim.teacher.refer import hidden_values
from fastsynth.sim.teacher.words import say

SEEDS = range(40)
TURNS = [(plan, n) for plan in (plan_one(), plan_two()) for n in range(len(plan))]
BUSY = [(plan, n) for plan, n in TURNS if plan[n].steps]


def user_values(present: Turn) -> list[Any]:
    return [
        paths.get(place, step.arguments)
        for step in present.steps
        for place, kind in step.sources.items()
        if isinstance(kind, User)
    ]


def stands_in(value: Any, text: str, year: int = 2026) -> bool:
    """Whether `value` can be read back from `text` in one of the forms people write."""
    if isinstance(value, bool):
        return True
    forms = {say(value, form, year) for form in ("iso", "long", "short")}
    return any(re.search(rf"(?<!\w){re.escape(form)}(?!\w)", text) for form in forms)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_user_value_is_in_the_query_and_nothing_hidden(seed: int) -> None:
    who = teacher()
    for turns, number in BUSY:
        text = query(who, turns, number, seed).query

        missing = [v for v in user_values(turns[number]) if not stands_in(v, text)]
        assert not missing, (text, missing)
        for _, hidden in hidden_values(turns[number]):
            assert str(hidden) not in text
        for step in turns[number].steps:
            assert step.tool not in text


@pytest.mark.parametrize("seed", SEEDS)
def test_asks_are_verbatim_one_for_each_goal(seed: int) -> None:
    who = teacher()
    for turns, number in TURNS:
        draft = query(who, turns, number, seed)

        assert len(draft.asks) == len(turns[number].goals)
        assert all(ask and ask in draft.query for ask in draft.asks)
        assert not re.search(r"[\x00-\x1f]|  |\.\.|\?\.", draft.query), draft.query


def test_queries_vary_with_the_seed() -> None:
    who = teacher()
    texts = {query(who, plan_two(), 0, seed).query for seed in range(100)}

    assert len(texts) > 70


def test_a_first_mention_says_the_choice_and_a_later_one_is_short() -> None:
    who = teacher()
    first = query(who, plan_one(), 0, 3, style=STYLES[0]).query
    later = query(who, plan_one(), 1, 3, style=STYLES[0]).query

    assert "the cheapest flight from Oslo to Porto on 3 May" in first
    assert re.search(r"(that|the)( same)? booking", later)


@pytest.mark.parametrize("seed", SEEDS)
def test_steps_reach_the_end_with_the_calls_of_the_trace(seed: int) -> None:
    who = teacher()
    for turns, number in TURNS:
        replies = list(rollout(who, turns, number, seed))
        made = [(c.name, c.arguments) for reply in replies for c in reply.calls]

        truth = [(s.tool, msgspec.json.encode(s.arguments).decode()) for s in turns[number].steps]
        assert made == truth
        assert all(reply.reasoning for reply in replies)
        assert replies[-1].content


@pytest.mark.parametrize("seed", SEEDS)
def test_the_answer_tells_all_goal_values_and_no_other_number(seed: int) -> None:
    who = teacher()
    for turns, number in BUSY:
        text = list(rollout(who, turns, number, seed))[-1].content or ""
        known = canonical([[s.arguments, s.value] for s in turns[number].steps])

        for goal in turns[number].goals:
            for path in goal.paths:
                value = paths.get(path, turns[number].steps[goal.step].value)
                assert stands_in(value, text, year=0), (text, value)
        for figure in re.findall(r"\d+(?:\.\d+)?", text):
            assert figure in known


def test_the_recalled_value_is_told_and_no_call_made() -> None:
    replies = list(rollout(teacher(), plan_one(), 3, 5))

    assert len(replies) == 1
    assert "QX7LM2" in (replies[0].content or "")


def test_thinking_uses_only_what_is_known_by_then() -> None:
    who = teacher()
    for seed in SEEDS:
        first = next(iter(rollout(who, plan_one(), 0, seed)))

        assert "FL-" not in first.reasoning
        assert "QX7LM2" not in first.reasoning


def attempt(*calls: tuple[str, Any, Any]) -> list[ChatMessage]:
    messages = [ChatMessage("user", "Book it.")]
    for n, (name, arguments, value) in enumerate(calls):
        text = arguments if isinstance(arguments, str) else canonical(arguments)
        messages.append(
            ChatMessage("assistant", None, [FunctionCall(f"c{n}", Function(name, text))])
        )
        messages.append(ChatMessage("tool", canonical(value), None, f"c{n}"))
    return messages


def step_after(*calls: tuple[str, Any, Any], plan: tuple[Turn, ...] | None = None) -> str:
    who = teacher()
    spoken = who.speak(script(plan or plan_one(), 0, "step"), attempt(*calls), TOOLS)
    return spoken.calls[0].name + spoken.calls[0].arguments if spoken.calls else ""


SEARCHED = ("search_flights", plan_one()[0].steps[0].arguments, FLIGHTS)


def test_a_failed_call_is_made_again_and_a_needless_one_passed_over() -> None:
    failed = (SEARCHED[0], SEARCHED[1], {"error": "time-out"})

    assert step_after(failed).startswith("search_flights")
    assert step_after(failed, SEARCHED).startswith("book_flight")
    assert step_after(("list_cards", {}, []), SEARCHED).startswith("book_flight")
    assert step_after(SEARCHED, ("book_flight", "{", "error")).startswith("book_flight")


def test_values_come_from_results_as_they_came() -> None:
    other = {"flights": [FLIGHTS["flights"][0], {**FLIGHTS["flights"][1], "flight_id": "FL-NEW"}]}

    assert '"FL-NEW"' in step_after((SEARCHED[0], SEARCHED[1], other))


def test_numbers_of_equal_value_are_the_same_call() -> None:
    step = booking()
    arguments = {**step.arguments, "adults": 1.0}

    assert step_after(SEARCHED, ("book_flight", arguments, step.value)) == ""


@dataclass
class Seen:
    made: list[tuple[str, str]]
    text: str
    reasoning: str


def seen(who: Any, seed: int, level: int = 0) -> Seen:
    replies = list(rollout(who, plan_one(), 0, seed, level=level))
    return Seen(
        made=[(c.name, c.arguments) for reply in replies for c in reply.calls],
        text=replies[-1].content or "",
        reasoning=" ".join(reply.reasoning for reply in replies),
    )


def only(name: str) -> Any:
    return teacher(msgspec.structs.replace(NONE, **{name: 1.0}))


@pytest.mark.parametrize("seed", range(12))
def test_each_mistake_shows(seed: int) -> None:
    right = seen(teacher(), seed)
    wrong = seen(only("wrong_argument"), seed)
    unasked = seen(only("needless_call"), seed)
    malformed = seen(only("malformed_arguments"), seed)
    text = seen(only("text_call"), seed).text

    assert any(call not in right.made for call in wrong.made)
    assert len(seen(only("missing_call"), seed).made) == 1
    assert len(unasked.made) == 3
    assert any(not _is_object(arguments) for _, arguments in malformed.made)
    assert seen(only("refusal"), seed).made == []
    assert text.startswith(("<tool_call>", "```json"))
    assert "189.5" not in seen(only("wrong_answer"), seed).text
    assert "QX7LM2" not in seen(only("missing_value"), seed).text


@pytest.mark.parametrize("seed", range(6))
def test_a_needless_call_is_thought_of_as_one_and_the_next_as_itself(seed: int) -> None:
    right, unasked = (list(rollout(who, plan_one(), 0, seed)) for who in (
        teacher(), only("needless_call")
    ))  # fmt: skip
    thoughts = {reply.reasoning for reply in right}
    stray = [reply for reply in unasked if reply.calls and reply.calls[0] not in
             {call for spoken in right for call in spoken.calls}]  # fmt: skip

    assert all(reply.reasoning not in thoughts for reply in stray)
    assert stray or "more" in " ".join(reply.reasoning for reply in unasked)


def _is_object(text: str) -> bool:
    try:
        return isinstance(msgspec.json.decode(text), dict)
    except msgspec.DecodeError:
        return False


def test_leaks_happen_only_where_there_is_something_to_leak() -> None:
    who = only("leaked_reasoning")
    leaks = {
        level: sum(
            re.search("hint|composite|ground truth", seen(who, seed, level).reasoning) is not None
            for seed in range(60)
        )
        for level in (0, 1, 2)
    }

    assert leaks[0] == 0
    assert leaks[1] > leaks[2] > 0


@pytest.mark.parametrize("seed", range(12))
def test_query_mistakes_show(seed: int) -> None:
    leaked = query(only("leaked_query"), plan_one(), 0, seed).query
    forgotten = query(only("forgotten_value"), plan_one(), 0, seed).query

    assert "FL-3ZT9" in leaked or "search_flights" in leaked or "book_flight" in leaked
    assert any(not stands_in(v, forgotten) for v in user_values(plan_one()[0])), forgotten


def test_mistakes_come_at_their_shares_and_hints_cure_most() -> None:
    shares = Mistakes()
    counts = {
        level: Counter(
            mistakes.of_attempt(shares, script(plan_one(), 0, "step", seed, level=level))
            for seed in range(2_000)
        )
        for level in (0, 1, 2)
    }
    queries = Counter(
        mistakes.of_query(shares, script(plan_one(), 0, "query", seed)) for seed in range(2_000)
    )

    for name in mistakes.STEP:
        share = getattr(shares, name)
        assert abs(counts[0][name] / 2_000 - share) < 0.015, name
    for other in mistakes.QUERY:
        assert abs(queries[other] / 2_000 - getattr(shares, other)) < 0.015, other
    wrong = {level: 2_000 - counts[level][None] for level in counts}
    assert wrong[1] < wrong[0]
    assert wrong[2] < 0.3 * wrong[0]


def test_a_rewrite_makes_no_mistake() -> None:
    who = teacher(Mistakes(refusal=1.0))
    spoken = who.speak(script(plan_one(), 0, "rewrite"), attempt(), TOOLS)

    assert [call.name for call in spoken.calls] == ["search_flights"]


def hint(messages: list[ChatMessage], number: int = 0) -> HintDraft:
    spoken = teacher().speak(script(plan_one(), number, "hint", level=1), messages, [])
    return msgspec.json.decode(spoken.content or "", type=HintDraft)


WRONG_FLIGHT = {**booking().arguments, "flight_id": "FL-8KQ2"}


def test_a_hint_names_the_wrong_argument_and_no_hidden_value() -> None:
    native = hint(attempt(SEARCHED, ("book_flight", WRONG_FLIGHT, {"ok": True})))
    prompt = (
        f"1. search_flights({canonical(SEARCHED[1])})\n2. book_flight({canonical(WRONG_FLIGHT)})"
    )
    written = hint([ChatMessage("user", prompt)])

    assert native == written
    assert native.step == 2
    assert "cheapest" in native.hint
    for draft in (native, written):
        assert "FL-" not in draft.hint + draft.problem
        assert "book_flight" not in draft.hint


def test_the_attempt_is_told_from_the_truth_in_a_prompt() -> None:
    fields = ", ".join(f"{k}={canonical(v)}" for k, v in WRONG_FLIGHT.items())
    right = ", ".join(f"{k}={canonical(v)}" for k, v in booking().arguments.items())
    search = ", ".join(f"{k}={canonical(v)}" for k, v in SEARCHED[1].items())
    prompt = (
        f"The right calls:\n1. search_flights({search}) -> {{}}\n"
        f"2. book_flight({right}) -> {{}}\n\n"
        f"The attempt:\n1. search_flights({search})\n2. book_flight({fields})\n"
        "3. book_flight() -> error: malformed arguments\n"
    )
    draft = hint([ChatMessage("user", prompt)])
    fine = hint([ChatMessage("user", prompt.rpartition("3. ")[0])])

    assert (draft.step, fine.step) == (3, 2)


def test_a_choice_that_no_wish_expresses_is_said_on_its_own() -> None:
    step = msgspec.structs.replace(booking(), tool="grab")
    search = msgspec.structs.replace(plan_one()[0].steps[0], tool="scan")
    present = turn(0, (search, step), (Goal(step=0, effect=False), Goal(step=1, effect=True)))
    text = query(teacher(), (present,), 0, 1).query

    assert "cheapest" in text


def test_a_person_called_by_name_leaves_no_particular_unsaid() -> None:
    name = Choice(by="named", field="contacts[].name", words="Anna Berg", value="Anna Berg")
    found = Step(
        tool="list_contacts",
        arguments={"relation": "family"},
        sources={"relation": User()},
        value={"contacts": [{"contact_id": "ct_1", "name": "Anna Berg"}]},
    )
    source = Output(turn=0, step=0, path="contacts[0].contact_id", choice=name)
    step = Step(
        tool="ring", arguments={"contact_id": "ct_1"}, sources={"contact_id": source}, value="ok"
    )
    present = turn(0, (found, step), (Goal(step=1, effect=True),))
    text = query(teacher(), (present,), 0, 1).query

    assert "Anna Berg" in text
    assert "family" in text


def test_a_list_out_of_one_result_is_referred_to_as_one_thing() -> None:
    search = plan_one()[0].steps[0]
    found = [flight["flight_id"] for flight in FLIGHTS["flights"]]
    sources = {f"ids[{n}]": Output(turn=0, step=0, path=f"flights[{n}].flight_id") for n in (0, 1)}
    step = Step(tool="rank", arguments={"ids": found}, sources=sources, value=found)
    present = turn(0, (search, step), (Goal(step=1, effect=False, paths=("[0]",)),))
    text = query(teacher(), (present,), 0, 1, style=STYLES[0]).query

    assert "the flights from Oslo to Porto on 3 May" in text


def test_hints_for_missing_malformed_and_needless_calls() -> None:
    booked = ("book_flight", booking().arguments, booking().value)

    assert hint(attempt()).step == 0
    assert "book a seat" in hint(attempt(SEARCHED)).hint
    assert "JSON object" in hint(attempt(SEARCHED, ("book_flight", "{", "e"))).hint
    assert hint(attempt(("list_cards", {}, []), SEARCHED, booked)).step == 1
    assert "answer" in hint(attempt(SEARCHED, booked)).problem
    assert hint(attempt(SEARCHED), number=2).step == 1


@pytest.mark.parametrize("seed", range(12))
def test_the_composite_tool_hides_tools_and_values(seed: int) -> None:
    for turns, number in BUSY:
        draft = advanced(teacher(), turns, number, seed)
        text = f"{draft.name} {draft.description} {draft.purpose}"

        assert draft.purposeful
        assert re.fullmatch(r"[a-z][a-z0-9_]*", draft.name)
        assert not any(step.tool in text for step in turns[number].steps)
        assert not any(str(value) in text for _, value in hidden_values(turns[number]))


def test_goals_with_nothing_in_common_are_sometimes_rejected() -> None:
    one, two = plan_one()[0].steps[0], plan_two()[2].steps[0]
    apart = (turn(0, (one, two), (Goal(step=0, effect=False), Goal(step=1, effect=True))),)
    one_cities = msgspec.structs.replace(one, arguments={**one.arguments, "destination": "Bergen"})
    apart = (msgspec.structs.replace(apart[0], steps=(one_cities, two)),)
    who = teacher(Mistakes(purposeless=0.5))
    verdicts = Counter(advanced(who, apart, 0, seed).purposeful for seed in range(100))

    assert 30 < verdicts[False] < 70


SCALARS = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["C", "Z"]), max_size=20),
    st.booleans(),
)


@settings(max_examples=100, deadline=None)
@given(arguments=st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), SCALARS))
def test_any_tool_of_a_user_can_be_spoken_of(arguments: dict[str, Any]) -> None:
    step = msgspec.structs.replace(
        plan_two()[1].steps[0],
        tool="frobnicate",
        arguments=arguments,
        sources={name: User() for name in arguments},
        value=arguments,
    )
    turns = (turn(0, (step,), (Goal(step=0, effect=False, paths=tuple(arguments)),)),)

    text = query(teacher(), turns, 0, 1).query
    assert all(say(v, "short", 2026) in text for v in arguments.values() if type(v) is not bool)
    assert list(rollout(teacher(), turns, 0, 1))[-1].content
