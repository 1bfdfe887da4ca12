from __future__ import annotations

import sys
import threading
from types import ModuleType
from typing import Literal, Optional

import pytest

from fastsynth.env.adapters.canon import digest_of
from fastsynth.env.adapters.module_state import ModuleSession, initial, shown, variables
from fastsynth.errors import EnvironmentBroken

TEXT = """
ITEMS = {"a": [1]}
SAME = ITEMS["a"]
_last = 1
LOCK = __import__("threading").Lock()
def add(n):
    global _last
    _last += 1
    ITEMS["a"].append(n)
"""


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("shelf_of_state")
    exec(TEXT, vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def test_two_sessions_of_one_module_never_share_a_variable(shelf: ModuleType) -> None:
    one, other = ModuleSession(shelf, {}), ModuleSession(shelf, {})
    with one.in_place() as module:
        module.add(2)

    assert one.held["ITEMS"] == {"a": [1, 2]}
    assert one.held["_last"] == 2
    assert other.held["ITEMS"] == {"a": [1]}


def test_variables_that_share_a_value_still_do(shelf: ModuleType) -> None:
    session = ModuleSession(shelf, {})
    with session.in_place() as module:
        module.add(3)

    assert session.held["SAME"] == [1, 3]


def test_what_cannot_be_copied_is_no_state(shelf: ModuleType) -> None:
    session = ModuleSession(shelf, {})

    assert "LOCK" not in session.held
    assert isinstance(shelf.LOCK, type(threading.Lock()))


def test_a_scenario_sets_variables_by_name_and_a_wrong_name_is_told(shelf: ModuleType) -> None:
    assert ModuleSession(shelf, {"ITEMS": {"b": []}}).held["ITEMS"] == {"b": []}
    with pytest.raises(EnvironmentBroken, match=r"sets ITEM, need of its variables: ITEMS"):
        ModuleSession(shelf, {"ITEM": {}})


def test_state_is_shown_as_json_as_far_as_it_goes(shelf: ModuleType) -> None:
    assert shown(shelf) == {"ITEMS": {"a": [1]}, "SAME": [1], "_last": 1}


def test_aliases_of_types_are_no_state(shelf: ModuleType) -> None:
    aliases = (
        "from typing import Any, Literal, Optional; Size = Literal['s', 'm']; Maybe = Optional[int]"
    )
    before = variables(shelf)
    initial.cache_clear()

    exec(aliases, vars(shelf))

    assert variables(shelf) == before


def test_an_alias_has_one_digest_on_every_python() -> None:
    held = {"size": Literal["s", "m"], "maybe": Optional[int]}  # noqa: UP045 (its own kind)

    assert digest_of(held) == "dd40554678b2c5316d4565508e1299fc"
