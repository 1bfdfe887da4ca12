"""A row as a task: the columns that judging an attempt at its turns takes, whole or up to a turn.

It comes as a row of the data, as a dictionary of its columns, or as JSON text of `export --format
rl`. There what only a reward reads is packed: a state of hundreds of entries stands in every line.
"""

from __future__ import annotations

import binascii
import zlib
from base64 import b85decode, b85encode
from collections.abc import Mapping
from typing import Any

import msgspec

from fastsynth.errors import ConfigError
from fastsynth.records import Call, Conversation, Message, ToolsAdded, encode


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Columns of a row, by their names."""

    id: str
    environment: str
    scenario: str
    tools: str
    tools_added: tuple[ToolsAdded, ...] = ()
    messages: tuple[Message, ...]
    """Of a task about a turn: up to its message of the user."""
    ground_truth: tuple[tuple[Call, ...], ...]
    kinds: tuple[str, ...]
    goals: str
    digests: tuple[str, ...]
    checks: str = "[]"
    turn: int | None = None
    """0-based; None for a whole row."""


Row = Conversation | Task | Mapping[str, Any] | str
"""A row of a run: as `fastsynth.load` gives it, as a dictionary of its columns, or as the `task` of
a line of `export --format rl`."""


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A task as text holds it: an object of these."""

    id: str
    turn: int | None = None
    kinds: tuple[str, ...] = ()
    packed: str = ""
    """JSON of the Task, through zlib (RFC 1950) and base 85 (`base64.b85encode`): a fifth of it."""


def sealed(task: Task) -> str:
    packed = b85encode(zlib.compress(encode(task))).decode()
    return encode(Sealed(id=task.id, turn=task.turn, kinds=task.kinds, packed=packed)).decode()


def unsealed(text: str) -> Task:
    """Also a task that is not packed, as versions before wrote it. Raises ConfigError, MsgspecError
    for what is none."""
    held = msgspec.json.decode(text, type=Sealed)
    if not held.packed:
        return msgspec.json.decode(text, type=Task)
    try:
        return msgspec.json.decode(zlib.decompress(b85decode(held.packed)), type=Task)
    except (ValueError, binascii.Error, zlib.error) as error:
        raise ConfigError(f"task of row {held.id}: packed: {error}, need it whole") from error


def task_of(row: Row) -> Task:
    """Raises ConfigError for what is no row, or one from before the column `checks`."""
    try:
        if isinstance(row, str):
            task = unsealed(row)
        else:
            if isinstance(row, Mapping):
                row = {name: value for name, value in row.items() if value is not None}
            task = msgspec.convert(row, Task, from_attributes=True)
    except msgspec.MsgspecError as error:
        raise ConfigError(f"row: {error}, need a row of a run, as data/*.parquet has it") from error
    if task.checks == "[]":
        raise ConfigError(
            f"row {task.id}: no column `checks`, need rows of a version that writes it: "
            "make the run again"
        )
    return task


def upto(row: Conversation, turn: int, messages: tuple[Message, ...]) -> Task:
    """The task of one turn; `messages` end with what the user says in it."""
    return Task(
        id=row.id,
        environment=row.environment,
        scenario=row.scenario,
        tools=row.tools,
        tools_added=tuple(more for more in row.tools_added if more.turn <= turn),
        messages=messages,
        ground_truth=row.ground_truth[: turn + 1],
        kinds=row.kinds[: turn + 1],
        goals=_first(row.goals, turn + 1),
        digests=row.digests[: turn + 1],
        checks=_first(row.checks, turn + 1),
        turn=turn,
    )


def _first(column: str, count: int) -> str:
    """A JSON list, cut."""
    held = msgspec.json.decode(column, type=list[msgspec.Raw])
    return msgspec.json.encode(held[:count]).decode()
