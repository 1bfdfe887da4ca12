"""What a replay elsewhere is for: initial states that work, and domains whose tools are others'."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastsynth.env.registry import open_domain
from fastsynth.errors import ConfigError
from fastsynth.method.conversation.witness import check_states, is_witnessed

MODULE = """
class Desk:
    def __init__(self, state):
        if "forms" not in state:
            raise ValueError("a desk needs forms")

    def get_form(self, name: str) -> str:
        return name


def make(state) -> Desk:
    return Desk(state)


def scenario(rng):
    return {"paper": ["blank"]}
"""


@pytest.mark.anyio
async def test_initial_states_that_no_tool_can_start_from_end_a_run_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "formless_desk.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    domain = open_domain("python:formless_desk:make")
    try:
        with pytest.raises(ConfigError, match=r"a desk needs forms.*3 initial states"):
            await check_states(domain, 1)
    finally:
        await domain.close()


def test_rows_of_the_packages_own_worlds_need_no_witness() -> None:
    assert not is_witnessed(open_domain("world:wallet"))
