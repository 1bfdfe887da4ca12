"""The import rule of the design: lower layers never import higher ones, nor do row-mates."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import fastsynth

ROOT = Path(fastsynth.__file__).parent
ROWS = (
    ("__init__",),
    ("errors", "invocation", "records", "events", "seeds", "packed"),
    ("activity", "languages", "logs", "prompts"),
    ("config",),
    ("env", "llm", "store", "engine"),
    ("method",),
    ("synthesis", "quality", "episode"),
    ("rollout",),
    ("sim", "dashboard", "reading", "replay", "scoring"),
    ("running", "blocking"),
    ("run",),
    ("probing",),
    ("doctor", "init", "estimate", "pilot"),
    ("commands",),
    ("parsers",),
    ("cli",),
)
HEIGHT = {name: height for height, row in enumerate(ROWS) for name in row}
FREE = {("records", "errors"), ("packed", "errors"), ("events", "records"), ("seeds", "records")}


def layer(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "fastsynth" and len(parts) > 1:
                found.add(parts[1] if parts[1] in HEIGHT else "__init__")
    return found


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_lower_layers_only(path: Path) -> None:
    own = layer(path)

    higher = {
        name
        for name in imports(path)
        if name != own and HEIGHT[name] >= HEIGHT[own] and (own, name) not in FREE
    }

    assert higher == set()


def test_every_package_and_module_has_its_place() -> None:
    found = {layer(path) for path in ROOT.rglob("*.py")}

    assert found == set(HEIGHT)


METHOD = (
    ("__init__",),
    ("plan", "forms", "pace", "parse"),
    ("script", "tongue", "wording", "tooling"),
    ("agents", "deeds"),
    ("graph",),
    ("discovery",),
    ("kinds",),
    ("walk",),
    ("turns",),
    ("scenarios",),
    ("query",),
    ("chain",),
    ("conversation",),
)
"""What the method is told in, its phases in the paper's order, and the conversation they make."""
STAGE = {name: height for height, row in enumerate(METHOD) for name in row}


def test_a_phase_imports_only_what_comes_before_it() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports method.{name}"
        for path in sorted((ROOT / "method").rglob("*.py"))
        for name in stages(path)
        if name != stage(path) and STAGE[name] >= STAGE[stage(path)]
    ]

    assert wrong == []
    assert {stage(path) for path in (ROOT / "method").rglob("*.py")} == set(STAGE)


def stage(path: Path) -> str:
    return path.relative_to(ROOT / "method").parts[0].removesuffix(".py")


def stages(path: Path) -> set[str]:
    tree = ast.walk(ast.parse(path.read_text()))
    modules = {node.module for node in tree if isinstance(node, ast.ImportFrom) and node.module}
    return {name.split(".")[2] for name in modules if name.startswith("fastsynth.method.")}
