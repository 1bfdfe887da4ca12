"""Rows over BFCL's classes pass that package's own multi-turn checker in fresh instances."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
from running import Endpoint, here, rows

from fastsynth.env.environment import Tool
from fastsynth.env.world import check_arguments
from fastsynth.records import Conversation

pytest.importorskip("bfcl_eval")


def _load() -> ModuleType:
    place = Path(__file__).parent / "judges" / "bfcl.py"
    spec = importlib.util.spec_from_file_location("bfcl_judge_of_runs", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, scripted: Endpoint) -> list[Conversation]:
    out = tmp_path_factory.mktemp("bfcl") / "run"
    place = ("-c", "configs/bfcl.yaml", "--width", 16, "--base-url", scripted.url)
    ended = here("generate", "-o", out, "-n", 30, *place)
    assert ended.returncode == 0, ended.stderr
    return rows(out)


def never_ran(row: Conversation) -> frozenset[str]:
    """Ids of recorded calls that reached no tool: unknown ones, bad arguments, and interrupted."""
    tools = {}
    for text in (row.tools, *(added.tools for added in row.tools_added)):
        for entry in json.loads(text):
            tools[entry["function"]["name"]] = entry["function"]["parameters"]
    stopped = set(row.interrupted_calls)
    for message in row.messages:
        for call in message.tool_calls:
            schema = tools.get(call.name)
            if schema is None:
                stopped.add(call.id)
                continue
            tool = Tool(name=call.name, description="", parameters=schema, part="")
            if check_arguments(tool, json.loads(call.arguments)):
                stopped.add(call.id)
    return frozenset(stopped)


def test_thirty_rows_pass_the_multi_turn_checker(made: list[Conversation]) -> None:
    judge = _load().judge
    verdicts = {row.id: judge(row, skip=never_ran(row)) for row in made}

    assert len(made) == 30
    assert {k: v for k, v in verdicts.items() if not v["valid"]} == {}


def test_they_span_the_classes_and_kinds(made: list[Conversation]) -> None:
    classes = {name for row in made for name in row.environment.partition(":")[2].split("+")}

    assert len(classes) == 8
    assert len({kind for row in made for kind in row.kinds}) >= 6
