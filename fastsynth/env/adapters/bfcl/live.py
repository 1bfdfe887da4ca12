"""The BFCL classes themselves, with the state they would share between instances kept apart.

Needs the package `bfcl-eval`; nothing here opens its questions or answers.
"""

from __future__ import annotations

from copy import deepcopy
from decimal import localcontext
from importlib import import_module
from typing import Any

import mpmath
from bfcl_eval.eval_checker.multi_turn_eval.func_source_code.gorilla_file_system import (
    GorillaFileSystem,
)
from bfcl_eval.eval_checker.multi_turn_eval.func_source_code.math_api import MathAPI
from bfcl_eval.eval_checker.multi_turn_eval.func_source_code.posting_api import TwitterAPI

SOURCES = "bfcl_eval.eval_checker.multi_turn_eval.func_source_code"


class Maths(MathAPI):  # type: ignore[misc]
    """Precision stays inside the call (the class sets it for the whole process) and the result
    is a number, as its documents say."""

    def logarithm(self, value: float, base: float, precision: int) -> Any:
        with mpmath.workdps(precision):
            return _number(super().logarithm(value, base, precision))

    def square_root(self, number: float, precision: int) -> Any:
        with localcontext():
            return _number(super().square_root(number, precision))


class Posts(TwitterAPI):  # type: ignore[misc]
    """The class's default lists are shared by all its instances, and `mention` extends them."""

    def post_tweet(
        self, content: str, tags: list[str] | None = None, mentions: list[str] | None = None
    ) -> Any:
        return super().post_tweet(content, list(tags or ()), list(mentions or ()))


class Files(GorillaFileSystem):  # type: ignore[misc]
    """A folder copied into itself would contain itself, and every later walk would not end."""

    def cp(self, source: str, destination: str) -> Any:
        if source == destination:
            return {"error": f"cp: cannot copy '{source}' into itself"}
        return super().cp(source, destination)

    def mv(self, source: str, destination: str) -> Any:
        if source == destination:
            return {"error": f"mv: cannot move '{source}' into itself"}
        return super().mv(source, destination)


KINDS: dict[str, type] = {"MathAPI": Maths, "TwitterAPI": Posts, "GorillaFileSystem": Files}


def make(name: str, module: str) -> Any:
    """A bare instance of the class `name`, not yet loaded with a scenario."""
    kind = KINDS.get(name) or getattr(import_module(f"{SOURCES}.{module}"), name)
    return kind()


def more_cards() -> dict[str, Any]:
    """Card number -> card, as the package adds them to a long context; a copy."""
    module = import_module(f"{SOURCES}.long_context")
    return deepcopy(dict(module.CREDIT_CARD_EXTENSION))


def _number(result: dict[str, Any]) -> dict[str, Any]:
    if "result" not in result:
        return result
    return {"result": float(result["result"])}
