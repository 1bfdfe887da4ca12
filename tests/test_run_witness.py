"""A whole run over tools with hidden state: what is accepted replays, the rest has its reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import here, manifest

HIDDEN = (
    "--set", "environment=python:hidden_tools:Board", "--set", "tools.workers=1",
    "--set", "conversation={turns: [1, 2], calls: [1, 3], tools_visible: [2, 9]}",
    "--set", "engine.width=4", "--plain", "-n", "3",
)  # fmt: skip


def test_rows_of_tools_with_hidden_state_are_rejected_and_their_user_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parent / "env")
    made = here("generate", *HIDDEN, "-o", tmp_path / "run")
    checked = here("verify", tmp_path / "run")

    assert (made.returncode, checked.returncode) == (0, 0), made.stderr + checked.stdout
    assert manifest(tmp_path / "run")["funnel"]["environment"]["does_not_replay"] > 0
    warned = [line for line in made.stderr.splitlines() if "warning: drop: " in line]
    assert len(warned) == 1
    assert '"receipt":1' in warned[0]
    assert "`volatile`" in warned[0]
