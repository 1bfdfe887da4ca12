"""The dataset card says what was done against repetition, and how often it struck."""

from __future__ import annotations

import msgspec
import pytest
from made_up_rows import manifest

from fastsynth.config import Config
from fastsynth.running.pages import novelty

RUN = msgspec.structs.replace(
    manifest(), funnel={"filter": {"near_duplicate": 3, "contaminated": 2}}
)


@pytest.mark.parametrize(
    ("config", "said", "unsaid"),
    [
        (Config(), "no benchmark while it was made; `fastsynth report --quality r", "(2 jobs"),
        (Config(decontaminate=("bfcl", "/home/me/own.jsonl")), "against bfcl, own.jsonl", "/home"),
        (Config(decontaminate=("bfcl",)), "(2 jobs left out that had no other turn)", "no bench"),
        (Config(), "those of an earlier row (3 jobs left out)", "messages ("),
        (Config(duplicates="exact"), "No two rows have the same messages, nor", "earlier row"),
        (None, "nor the same plan of calls.", "benchmark"),
    ],
)
def test_what_struck_is_counted_and_what_was_not_done_is_said(
    config: Config | None, said: str, unsaid: str
) -> None:
    text = novelty("r", RUN, config)

    assert said in text
    assert unsaid not in text
