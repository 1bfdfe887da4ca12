"""Queue or longer prompts: what the time to the first token means."""

from __future__ import annotations

import pytest

from fastsynth.llm.backlog import Backlog


def test_as_much_is_let_in_as_runs_and_a_tenth_more() -> None:
    backlog = Backlog()

    assert backlog.level(0.5, 4.0, 100) is None
    assert backlog.level(2.5, 8.0, 100) is None
    assert backlog.level(4.5, 8.0, 100) == pytest.approx(60)
    assert backlog.level(0.9, 4.0, 60) is None


def test_what_does_not_shorten_when_less_is_sent_was_no_queue() -> None:
    backlog = Backlog()
    backlog.level(0.5, 4.0, 100)
    sent, levels = 100.0, []
    for _ in range(4):
        sent = backlog.level(2.5, 4.0, sent) or sent
        levels.append(sent)

    assert levels == pytest.approx([60, 36, 100, 100])


def test_the_least_is_forgotten_in_time() -> None:
    backlog = Backlog()
    backlog.level(0.5, 4.0, 100)
    for _ in range(100):
        backlog.age()

    assert backlog.level(2.0, 4.0, 100) is None
