"""What programs and modules of tools import from the package itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import fastsynth


def test_every_public_name_is_there_and_declared_for_type_checkers() -> None:
    stub = Path(fastsynth.__file__).with_suffix(".pyi").read_text()
    declared = {
        alias.asname
        for node in ast.parse(stub).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert declared == {"load", "reward", "Reward", "Scorer", "Rollout", "AsyncRollout", "Step"} | {
        "Call",
        "Means",
        "Rule",
        "Scenario",
        "Thread",
        "tool",
    }
    assert {name for name in declared if not hasattr(fastsynth, str(name))} == set()
    assert declared < set(dir(fastsynth))


def test_a_module_of_tools_imports_no_more_than_it_needs() -> None:
    code = "import sys, fastsynth; fastsynth.tool; print('polars' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
