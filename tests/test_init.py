"""`fastsynth init` drafts what runs as it is; what would trip a newcomer is one line."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fastsynth.cli import main
from fastsynth.config.settings import Flags, load_config
from fastsynth.errors import ConfigError
from fastsynth.init import draft, write

CLINIC = Path(__file__).parents[1] / "examples" / "clinic.py"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working directory; what is imported from it is forgotten again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def tools(desk: Path, name: str, text: str) -> str:
    (desk / f"{name}.py").write_text(text)
    return f"{name}.py"


def test_ten_functions_are_drafted_without_a_complaint(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(CLINIC, desk / "clinic.py")

    code = main(["init", "clinic.py"])
    told = capsys.readouterr().out
    config = load_config(desk / "clinic.yaml", Flags(), {})

    assert code == 0
    assert "10 tools: find_patient" in told
    assert "fastsynth generate -c clinic.yaml" in told
    assert "note:" not in told
    assert config.environment == "python:clinic"


def test_a_class_or_a_factory_is_found_and_its_own_scenario_kept(desk: Path) -> None:
    shop = "class Shop:\n    def open_shop(self) -> str:\n        'Open.'\n        return 'open'\n"
    own = "def scenario(rng):\n    return {}\n"
    made = "def make() -> Shop:\n    return Shop()\n"

    assert draft(tools(desk, "only_class", shop)).target == "only_class:Shop"
    assert draft(tools(desk, "with_make", shop + made)).target == "with_make:make"
    assert draft(tools(desk, "with_own", shop + own)).scenarios is None


def test_a_file_in_a_folder_is_imported_by_its_dotted_name(desk: Path) -> None:
    (desk / "work").mkdir()
    (desk / "work" / "till.py").write_text("def open_till() -> str:\n    'Open.'\n    return ''\n")

    assert draft("work/till.py").target == "work.till"


def test_existing_files_are_replaced_only_when_told(desk: Path) -> None:
    drafted = draft(tools(desk, "again", "def go() -> str:\n    'Go.'\n    return ''\n"))
    write(drafted, force=False)

    with pytest.raises(ConfigError, match="--force"):
        write(drafted, force=False)
    assert write(drafted, force=True)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("def pay(sum_paid) -> str:\n    'Pay.'\n    return ''", "pay(sum_paid): no type"),
        ("def greet(name: str) -> str:\n    'Greet.'\n    return ''", 'Means("greet_name")'),
        ("def drop(order_id: str) -> str:\n    'Drop.'\n    return ''", "no result holds a order"),
        ("def ship(via: str) -> str:\n    'Ship.'\n    return ''", "add values to FACTS['via']"),
        ("def go() -> str:\n    return ''", "go: no docstring"),
        ("def go():\n    'Go.'", "go: no return type"),
    ],
)  # fmt: skip
def test_what_keeps_a_tool_from_being_used_is_told(desk: Path, function: str, words: str) -> None:
    name = f"lacking_{abs(hash(function))}"

    advice = draft(tools(desk, name, f"{function}\n")).advice

    assert any(words in line for line in advice)


def test_values_are_taken_from_the_module_or_made_up_and_said_to_be(desk: Path) -> None:
    text = (
        "from datetime import date\n"
        "CITIES = {'Ghent': 3, 'Porto': 4}\n"
        "def visit(city: str, street: str, on: date) -> str:\n    'Visit.'\n    return ''\n"
    )

    scenarios = draft(tools(desk, "visits", text)).scenarios
    assert scenarios is not None
    stub = scenarios[1]

    assert "'city': ['Ghent', 'Porto'],\n" in stub
    assert re.search(r"'street': \[.*\],  # made up\n", stub)
    assert "'on': ['2026-" in stub


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("gone.py", None, "no such file"),
        ("tools.txt", "", "ends in .py"),
        ("my-tools.py", "", "'my-tools' is no Python name"),
        ("empty_one.py", "", "need public functions, a class or a make()"),
        ("broken.py", "import no_such_package", "no_such_package"),
        ("two.py", "class A:\n    def a(self): ...\nclass B:\n    def b(self): ...", "one class"),
        ("star.py", "def go(*many): ...", "passed by name"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line_and_exit_2(
    desk: Path, capsys: pytest.CaptureFixture[str], file: str, text: str | None, words: str
) -> None:
    if text is not None:
        (desk / file).write_text(text)

    code = main(["init", file])
    said = capsys.readouterr().err

    assert code == 2
    assert words in said
    assert said.count("\n") == 1
