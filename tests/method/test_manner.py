"""How answers and queries speak: what a real small model wrote, and what people write."""

from __future__ import annotations

import pytest

from fastsynth.method.chain.manner import manner_fault, thought
from fastsynth.method.chain.outcome import outcome_fault
from fastsynth.method.chain.verify import Executed

TOOLS = ("search_files", "lockDoors", "power")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("Your draft to Nadia is gone.", ""),
        ("The search found two files; [1] is the newer.", ""),
        ("You are a power user, I see.", ""),
        ("The users of the group were told.", ""),
        ('<tool_response>\n{"result": "Logged out"}\n</tool_response>', "answer_is_markup"),
        ('{"draft_id": "dr-4n7ufp", "to": "Tamsin"}', "answer_is_markup"),
        ("```json\n{}\n```", "answer_is_markup"),
        ("The user's monthly budget has been set.", "speaks_about_the_user"),
        ("The question asks for information about a fare.", "speaks_about_the_user"),
        ('You can use the "search_files" function for that.', "answer_names_tool"),
        ("Calling lockDoors will do it.", "answer_names_tool"),
        ("The assistant is not able to do that.", "speaks_about_the_user"),
        ('The function "touch" was called with {}. It worked.', "tells_of_its_tools"),
        ("The tool provided the content of the file.", "tells_of_its_tools"),
        ("Your tools were called back by the shop.", ""),
        ("The current user has three tickets.", "speaks_about_the_user"),
        ("It is 3 pages long; details may vary depending on the results.", "doubts_its_results"),
    ],
)
def test_an_answer_speaks_to_the_person_in_plain_words(answer: str, reason: str) -> None:
    fault = manner_fault(answer, TOOLS)

    assert (fault.reason if fault else "") == reason


def test_text_beside_a_call_is_thought_unless_it_speaks_to_somebody() -> None:
    assert thought("The id is in the list of cards.") == "The id is in the list of cards."
    assert thought("Here is the current time:") == ""
    assert thought("You can use the echo function.") == ""
    assert thought("To write the file, run:") == ""
    assert thought("```") == ""


WROTE = Executed(id="c0", tool="echo", arguments={"file_name": "notes.txt"}, value=None)
REFUSED = Executed(id="c1", tool="echo", arguments={}, error="no such folder")


@pytest.mark.parametrize(
    ("answer", "executed", "told", "reason"),
    [
        ("The text is in notes.txt now.", [WROTE], "", ""),
        ("The operation failed.", [WROTE], "", "tells_of_failure"),
        ("notes.txt does not exist in the folder.", [WROTE], "", "tells_of_failure"),
        ("I'm sorry, that can't be done with the tools I have.", [], "", ""),
        ("That cannot be done: the rule allows 100 at most.", [], "", ""),
        ("The first try failed, the second went through.", [REFUSED, WROTE], "", ""),
        ("The job 'nightly' failed on Monday.", [WROTE], "status: failed", ""),
        ("The brake holds 1000.0 psi.", [WROTE], "force in Newtons", "unit_made_up"),
        ("The tyre holds 32.5 psi.", [WROTE], "pressure in psi", ""),
        ("The balance is 449.01\u20ac.", [WROTE], "currency: SEK", "unit_made_up"),
        ("The balance is \u20ac449.01.", [WROTE], "currency: EUR", ""),
        ("It is 12 km and costs $5.", [WROTE], "kilometres, USD", ""),
    ],
)
def test_an_answer_reports_what_happened(
    answer: str, executed: list[Executed], told: str, reason: str
) -> None:
    fault = outcome_fault(answer, executed, lambda: told)

    assert (fault.reason if fault else "") == reason
