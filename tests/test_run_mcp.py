"""A whole run over a public MCP server: made, then replayed from the rows alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
import yaml

import fastsynth
from fastsynth.cli import main
from fastsynth.store.compact import read_rows

sys.path.insert(0, str(Path(__file__).parent / "env"))
from mcp_packages import installed

pytest.importorskip("mcp", reason="the extra mcp is not installed")
CONFIG = Path(__file__).parents[1] / "configs" / "mcp.yaml"


def over_memory(folder: Path, **more: Any) -> list[str]:
    """The options that name the shipped config, its server started without npx."""
    raw = yaml.safe_load(CONFIG.read_text())
    assert raw["environment"]["mcp"]["command"][0] == "npx"
    raw["environment"]["mcp"]["command"] = ["node", installed("server-memory")]
    config = folder / "mcp.yaml"
    config.write_text(yaml.safe_dump({**raw, **more}))
    return ["-c", str(config), "--quiet"]


def test_rows_over_memory_replay_from_themselves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = str(tmp_path / "run")

    made = main(["generate", *over_memory(tmp_path), "-n", "8", "-o", run])
    verified = main(["verify", run])
    played = anyio.run(own_words_played, Path(run))

    assert (made, verified) == (0, 0)
    assert "8 of 8 rows" in capsys.readouterr().out
    assert played == [1.0] * 8


async def own_words_played(run: Path) -> list[float]:
    """What each row's own words earn in a rollout over a server that is started from the row."""
    shares = []
    async with fastsynth.Scorer() as scorer:
        for row in read_rows(run):
            async with scorer.rollout(row) as rollout:
                for message in row.messages:
                    if message.role == "assistant":
                        await rollout.step(message)
                shares.append((await rollout.reward()).share)
    return shares


def test_drafted_set_ups_are_what_rows_start_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = over_memory(tmp_path, scenarios={"draft_with": "writer", "n": 4})
    run = tmp_path / "run"

    made = main(["generate", *asked, "-n", "2", "-o", str(run)])
    drafted = (run / "scenarios.jsonl").read_bytes()
    more = main(["generate", *asked, "-n", "3", "-o", str(run)])
    verified = main(["verify", str(run)])

    assert (made, more, verified) == (0, 0, 0)
    assert "3 of 3 rows" in capsys.readouterr().out
    assert (run / "scenarios.jsonl").read_bytes() == drafted
    setups = [json.loads(line)["state"]["setup"] for line in drafted.splitlines()]
    assert all(json.loads(row.scenario)["setup"] in setups for row in read_rows(run))
