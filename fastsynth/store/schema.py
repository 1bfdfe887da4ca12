"""The Parquet types of every column, spelled out, so that an empty batch is typed like the rest.

Arguments and schemas are JSON strings, never structs: Arrow would merge the parameters of
different tools into one struct, each row then holding every parameter.
"""

from __future__ import annotations

import polars as pl
from polars.datatypes import DataType, DataTypeClass

Type = DataType | DataTypeClass

_TEXT, _INT, _FLOAT = pl.String, pl.Int64, pl.Float64

_TOOL_CALL = pl.Struct({"id": _TEXT, "name": _TEXT, "arguments": _TEXT})
_MESSAGE = pl.Struct(
    {
        "role": _TEXT,
        "content": _TEXT,
        "reasoning": _TEXT,
        "tool_calls": pl.List(_TOOL_CALL),
        "tool_call_id": _TEXT,
        "name": _TEXT,
    }
)
_CALL = pl.Struct({"name": _TEXT, "arguments": _TEXT})
_USAGE = pl.Struct(
    {
        "requests": _INT,
        "prompt_tokens": _INT,
        "completion_tokens": _INT,
        "cached_tokens": _INT,
        "cost_usd": _FLOAT,
    }
)
_DIFFICULTY = pl.Struct(
    {
        "distance": _INT,
        "share_user": _FLOAT,
        "share_output": _FLOAT,
        "share_default": _FLOAT,
        "extra_calls": _INT,
        "recovered_calls": _INT,
        "alternative": pl.Boolean,
        "student_pass_rate": _FLOAT,
        "priority": _FLOAT,
    }
)
_ATTEMPTS = pl.List(
    pl.Struct(
        {
            "turn": _INT,
            "level": _INT,
            "reason": _TEXT,
            "detail": _TEXT,
            "messages": pl.List(_MESSAGE),
            "query": _TEXT,
            "solved": pl.Boolean,
            "progress": _FLOAT,
            "source": _TEXT,
        }
    )
)

CONVERSATION: dict[str, Type] = {
    "id": _TEXT,
    "schema_version": _INT,
    "environment": _TEXT,
    "scenario": _TEXT,
    "tools": _TEXT,
    "tools_added": pl.List(pl.Struct({"turn": _INT, "tools": _TEXT})),
    "messages": pl.List(_MESSAGE),
    "ground_truth": pl.List(pl.List(_CALL)),
    "ground_truth_steps": pl.List(pl.List(_INT)),
    "kinds": pl.List(_TEXT),
    "targets": pl.List(_TEXT),
    "purposes": pl.List(_TEXT),
    "hint_levels": pl.List(_INT),
    "blind_passes": pl.List(_INT),
    "blind_tries": pl.List(_INT),
    "num_turns": _INT,
    "num_calls": _INT,
    "difficulty": _DIFFICULTY,
    "teacher": _TEXT,
    "usage": _USAGE,
    "goals": _TEXT,
    "provenance": _TEXT,
    "digests": pl.List(_TEXT),
    "state_check": _TEXT,
    "hinted_reasoning": pl.List(_INT),
    "interrupted_calls": pl.List(_TEXT),
    "twin": _TEXT,
    "errors_recovered": pl.List(_TEXT),
    "votes": pl.List(pl.Struct({"accept": pl.Boolean, "reason": _TEXT})),
    "student": _TEXT,
    "student_runs": _INT,
    "student_passes": pl.List(_INT),
    "student_tools": pl.List(pl.Struct({"tool": _TEXT, "runs": _INT, "passes": _INT})),
    "language": _TEXT,
    "checks": _TEXT,
}
"""Columns of `data/part-*.parquet`, in order."""

REJECTED: dict[str, Type] = {
    "job": _INT,
    "stratum": _TEXT,
    "plan_hash": _TEXT,
    "stage": _TEXT,
    "reason": _TEXT,
    "detail": _TEXT,
    "attempts": _ATTEMPTS,
    "usage": _USAGE,
    "student_pass_rate": _FLOAT,
}
"""Columns of `rejects.parquet`."""

ATTEMPTED: dict[str, Type] = {"id": _TEXT, "job": _INT, "stratum": _TEXT, "attempts": _ATTEMPTS}
"""Columns of `attempts.parquet`: the failed attempts behind accepted rows, where there are any."""

PREFERENCE: dict[str, Type] = {
    "id": _TEXT,
    "turn": _INT,
    "prefix": pl.List(_MESSAGE),
    "rejected": pl.List(_MESSAGE),
    "chosen": pl.List(_MESSAGE),
    "reason": _TEXT,
    "detail": _TEXT,
    "level": _INT,
    "progress": _FLOAT,
    "source": _TEXT,
}
"""Columns of `preferences.parquet`: a failed and the passed attempt at one prefix."""
