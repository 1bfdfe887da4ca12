"""The sample module is found as a user's would be: in the working directory's place on the path."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def sample_tools(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(Path(__file__).parent)
    return "sample_tools"
