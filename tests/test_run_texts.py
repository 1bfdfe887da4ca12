"""Runs whose messages and notes the writer words: one request a conversation, and rows replay."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from running import Endpoint, endpoint, here, rows

WORDED = ("--set", "texts=agent", "--set", "environment=world:messages+wallet",
          "--set", "kinds={base: 1}")  # fmt: skip


def test_a_conversation_asks_once_for_its_texts_and_resumes(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with endpoint() as server:
        asked = (*WORDED, "--base-url", server.url, "--quiet")
        ended = here("generate", *asked, "-o", run, "-n", 10)
        reused = here("generate", *asked, "-o", tmp_path / "b", "-n", 10, "--reuse", run,
                      "--width", 2)  # fmt: skip
    scripts = [json.loads(body)["fastsynth"] for body in server.posts]
    worded = [script for script in scripts if script["purpose"] == "texts"]

    assert (ended.returncode, reused.returncode) == (0, 0), ended.stderr
    assert worded
    assert max(Counter(script["seed"] for script in worded).values()) == 1
    assert rows(tmp_path / "b") == rows(run)
    assert here("verify", run).returncode == 0


def test_texts_of_the_writer_are_another_run(tmp_path: Path, scripted: Endpoint) -> None:
    run, base = tmp_path / "run", ("--base-url", scripted.url, "-n", 2, "--quiet")
    here("generate", *WORDED, *base, "-o", run)

    ended = here("generate", *WORDED[2:], *base, "-o", run)

    assert ended.returncode == 2
    assert "made by a run of identity" in ended.stderr
