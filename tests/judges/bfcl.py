"""BFCL's own multi-turn checker as a judge of rows; it never feeds anything back.

The checker keeps instances in its module's globals and evaluates call strings: every verdict runs
under a fresh name and leaves nothing behind. Only calls that BFCL can evaluate reach it.
"""

from __future__ import annotations

import json
import os
import tempfile
from itertools import count
from typing import Any

from fastsynth.records import Conversation

os.environ.setdefault("BFCL_PROJECT_ROOT", tempfile.mkdtemp(prefix="bfcl-judge-"))

from bfcl_eval.eval_checker.multi_turn_eval import multi_turn_utils
from bfcl_eval.eval_checker.multi_turn_eval.func_source_code.posting_api import TwitterAPI
from bfcl_eval.eval_checker.multi_turn_eval.multi_turn_checker import (
    multi_turn_checker,
    multi_turn_irrelevance_checker,
)

_names = count()


def judge(row: Conversation, *, skip: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The checker's verdict: `valid`, and `error_type` and `error_message` where it is not.

    `skip` holds ids of recorded calls that never ran (unknown tool, bad arguments); those that
    failed inside the tool are run again, as they were. Turns without a right call must have none.
    """
    name = f"judge{next(_names)}"
    model = [[_steps(message, skip) for message in turn] for turn in _turns(row)]
    model = [[step for step in turn if step] for turn in model]
    truth = [[_call(c.name, c.arguments) for c in turn] for turn in row.ground_truth]
    if len(model) != len(truth):
        return {"valid": False, "error_type": "turns", "error_message": f"{len(model)} turns"}
    scenario = json.loads(row.scenario)
    category = (
        "multi_turn_long_context" if scenario.pop("long_context", False) else "multi_turn_base"
    )
    entry = {
        "id": f"{category}_0",
        "initial_config": scenario,
        "involved_classes": row.environment.partition(":")[2].split("+"),
    }
    _forget_defaults()
    try:
        verdict: dict[str, Any] = multi_turn_checker(model, truth, entry, category, name)
    finally:
        _forget(name)
        _forget_defaults()
    if not verdict["valid"]:
        return verdict
    silent: dict[str, Any] = multi_turn_irrelevance_checker(model, truth)
    return silent


def _turns(row: Conversation) -> list[list[Any]]:
    turns: list[list[Any]] = []
    for message in row.messages:
        if message.role == "user":
            turns.append([])
        elif message.role == "assistant" and turns:
            turns[-1].append(message)
    return turns


def _steps(message: Any, skip: frozenset[str]) -> list[str]:
    return [_call(c.name, c.arguments) for c in message.tool_calls if c.id not in skip]


def _call(name: str, arguments: str) -> str:
    """Python text of a call: `add(a=1.0, b=2.0)`."""
    given = json.loads(arguments)
    return f"{name}({', '.join(f'{key}={value!r}' for key, value in given.items())})"


def _forget(name: str) -> None:
    held = vars(multi_turn_utils)
    for key in [key for key in held if key.startswith(f"{name}_")]:
        del held[key]


def _forget_defaults() -> None:
    """`mention` extends the default list of `post_tweet`, which all instances share."""
    for default in TwitterAPI.post_tweet.__defaults__:
        default.clear()
