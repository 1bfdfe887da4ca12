"""How answers and queries speak: what a real small model wrote, and what people write."""

from __future__ import annotations

import pytest

from fastsynth.method.manner import manner_fault

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
    ],
)
def test_an_answer_speaks_to_the_person_in_plain_words(answer: str, reason: str) -> None:
    fault = manner_fault(answer, TOOLS)

    assert (fault.reason if fault else "") == reason
