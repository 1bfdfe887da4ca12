"""The phrase banks of BFCL's classes: every tool has words for all that is said of it."""

from __future__ import annotations

import re

import pytest

from fastsynth.env.adapters.bfcl.domain import BfclDomain
from fastsynth.env.environment import Tool
from fastsynth.sim.teacher.bank import HERE, Entry, Template, _read

DOMAIN = BfclDomain()
ENTRIES: dict[str, Entry] = {
    tool: entry for part in DOMAIN.parts for tool, entry in _read(HERE / f"{part}.yaml").items()
}
_SLOT = re.compile(r"\{[^{}]*(\{\*?\}[^{}]*)*\}")
each_tool = pytest.mark.parametrize("tool", DOMAIN.tools.values(), ids=lambda tool: tool.name)


def test_every_tool_has_phrases() -> None:
    assert set(ENTRIES) == set(DOMAIN.tools)


@each_tool
def test_there_is_variety(tool: Tool) -> None:
    entry = ENTRIES[tool.name]

    assert len(entry.ask) >= 3
    assert len(entry.think) >= 2
    assert entry.tell


@each_tool
def test_slots_name_parameters_and_result_fields(tool: Tool) -> None:
    entry = ENTRIES[tool.name]
    slots = {slot for text in entry.texts() for slot in Template(text).slots}
    fields = {slot[1:].partition("{")[0].partition("[")[0] for slot in slots if slot[0] == "="}
    named = {path.partition("{")[0].partition("[")[0] for path in (*tool.gives, *tool.told)}

    assert {slot for slot in slots if slot[0] != "="} <= set(tool.parameters["properties"])
    assert {field.partition(".")[0] for field in fields} <= {
        *(path.partition(".")[0] for path in named),
        *tool.result.get("properties", {}),
    }


@each_tool
def test_what_a_user_says_can_be_said(tool: Tool) -> None:
    entry = ENTRIES[tool.name]
    sayable = {slot for text in (*entry.ask, *entry.given) for slot in Template(text).slots}

    assert set(tool.parameters["properties"]) <= sayable | {
        name for name, concept in tool.takes.items() if concept in DOMAIN.opaque
    }


@each_tool
def test_what_nobody_can_know_has_a_name(tool: Tool) -> None:
    entry = ENTRIES[tool.name]
    opaque = {path for path, concept in tool.gives.items() if concept in DOMAIN.opaque}

    assert opaque <= set(entry.noun)
    assert set(entry.noun) == set(entry.short)


@each_tool
def test_no_phrase_shows_an_identifier(tool: Tool) -> None:
    entry = ENTRIES[tool.name]
    for text in entry.texts():
        assert not re.search(r"\w_\w|[a-z][A-Z]", _SLOT.sub("", text)), text
