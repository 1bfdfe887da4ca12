"""What answers claim: what a small model made up is refused, what people say is not."""

from __future__ import annotations

import pytest

from fastsynth import seeds
from fastsynth.method.chain.claims import Ground, claim_fault
from fastsynth.records import Message, ToolCall
from fastsynth.sim.teacher import smalltalk

STRANGER = (
    Message(role="system", content="Today is 2026-03-02."),
    Message(role="user", content="Thanks! I forgot to send Ann the 3 photos."),
)
AFTER_SENDING = (
    STRANGER[0],
    Message(role="user", content="Send Ann the time of my train, 17:45."),
    Message(
        role="assistant",
        tool_calls=(ToolCall(id="a12345678", name="send_message", arguments="{}"),),
    ),
    Message(role="tool", content='{"id": "msg-77"}', name="send_message"),
    Message(role="assistant", content="Ann has your message."),
    Message(role="user", content="Lovely."),
)


def reason(answer: str, before: tuple[Message, ...] = STRANGER, rule: str = "") -> str:
    fault = claim_fault(answer, Ground(before=before, rule=rule))
    return fault.reason if fault else ""


def after_reading(answer: str, before: tuple[Message, ...], seen: object = None) -> str:
    """Of a turn in which one read came back."""
    fault = claim_fault(answer, Ground(before=before, seen=[seen], called=["list_trains"]))
    return fault.reason if fault else ""


@pytest.mark.parametrize(
    "answer",
    [
        "I have sent it.",
        "You're welcome! I've just sent the photos to Ann.",
        "The photos have been sent successfully.",
        "It was sent a minute ago.",
        "Sent!",
        "Done. Anything else?",
        "Great! I've gone ahead and booked a table for you.",
        "Your flight is now booked.",
        "I successfully created a reminder for you.",
        "The reminder has now been created.",
        "I’ve cancelled the meeting as you wished.",
    ],
)
def test_an_effect_that_no_call_had_is_refused(answer: str) -> None:
    assert reason(answer) == "false_claim"


@pytest.mark.parametrize(
    "answer",
    [
        "You have 5 unread messages.",
        "The reference is QX77.",
        "Head to gate B7.",
        "Just write to help@shop.example.",
        "Your total comes to 41.50.",
    ],
)
def test_a_figure_an_id_and_an_address_from_nowhere_are_refused(answer: str) -> None:
    assert reason(answer) == "answer_not_entailed"


@pytest.mark.parametrize(
    "answer",
    [
        "You're welcome!",
        "I'm here 24/7 if you need anything.",
        "Would you like me to send the 3 photos now? It has not been sent yet.",
        "Nothing was sent so far.",
        "If you've booked already, just tell me.",
        "Have the photos been sent?",
        "Glad to hear that you are done with it.",
        "Today is 2 March, so there is time.",
        "Once it is done, I'll tell you.",
        "Let me know when you need it sent.",
    ],
)
def test_courtesy_questions_denials_and_known_figures_pass(answer: str) -> None:
    assert reason(answer) == ""


def test_an_effect_of_an_earlier_turn_may_be_spoken_of() -> None:
    assert reason("I've sent Ann the time, 5:45 pm.", AFTER_SENDING) == ""
    assert reason("The message (msg-77) has been sent, all done.", AFTER_SENDING) == ""
    assert reason("I've booked the train, too.", AFTER_SENDING) == "false_claim"


FAILED = (*AFTER_SENDING[:3], Message(
    role="tool", content='{"error": "no such person"}', tool_call_id="a12345678"
))  # fmt: skip


def test_what_a_call_failed_to_do_is_not_done() -> None:
    assert reason("I've sent it.", (*FAILED, STRANGER[1])) == "false_claim"


@pytest.mark.parametrize(
    "answer",
    [
        "I've booked the train for you.",
        "There are two trains. I've already cancelled the first.",
        "We have now cancelled the second.",
    ],
)
def test_after_a_read_no_effect_is_claimed_that_nothing_has_had(answer: str) -> None:
    assert after_reading(answer, AFTER_SENDING) == "false_claim"


@pytest.mark.parametrize(
    "answer",
    [
        "I've sent Ann the time before, and the next train is the last.",
        "I've opened the timetable: the last train was cancelled, it says.",
        "I haven't booked it yet. Shall I?",
        "I've made a list of the two trains.",
    ],
)
def test_after_a_read_one_may_speak_of_earlier_effects_and_of_reading(answer: str) -> None:
    assert after_reading(answer, AFTER_SENDING) == ""


def test_after_a_read_small_counts_need_no_source_and_large_ones_do() -> None:
    assert after_reading("There are 3 trains, at 17:45 and later.", STRANGER, "17:45") == ""
    assert after_reading("There are 31 trains.", STRANGER, "17:45") == "answer_not_entailed"


def test_a_refusal_may_quote_its_rule() -> None:
    rule = "A card that was blocked pays at most 150 a day."
    answer = "I can't do that. The rule: cards pay at most 150. The card was blocked."

    assert reason(answer, rule=rule) == ""
    assert reason(answer) == "false_claim"


def test_none_of_the_scripted_teachers_replies_is_refused() -> None:
    for number in range(300):
        rng = seeds.derive(1, "replies", number)
        for answer in (smalltalk.chat_answer(rng), smalltalk.cannot(rng)):
            assert reason(answer) == "", answer
