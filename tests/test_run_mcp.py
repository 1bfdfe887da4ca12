"""A whole run over a public MCP server: made, then replayed from the rows alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from fastsynth.cli import main

sys.path.insert(0, str(Path(__file__).parent / "env"))
from mcp_packages import installed

pytest.importorskip("mcp", reason="the extra mcp is not installed")
CONFIG = Path(__file__).parents[1] / "configs" / "mcp.yaml"


def test_rows_over_memory_replay_from_themselves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = yaml.safe_load(CONFIG.read_text())
    assert raw["environment"]["mcp"]["command"][0] == "npx"
    raw["environment"]["mcp"]["command"] = ["node", installed("server-memory")]
    config, run = tmp_path / "mcp.yaml", str(tmp_path / "run")
    config.write_text(yaml.safe_dump(raw))

    made = main(["generate", "-c", str(config), "-n", "8", "-o", run, "--quiet"])
    verified = main(["verify", run])

    assert (made, verified) == (0, 0)
    assert "8 of 8 rows" in capsys.readouterr().out
