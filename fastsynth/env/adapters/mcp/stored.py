"""How an MCP server is started: checked in a config, stored in a row, read back from one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from fastsynth.config import Mcp
from fastsynth.config.environments import is_live, uses_folder
from fastsynth.env.adapters.mcp.probe import Found
from fastsynth.env.adapters.mcp.stock import found_in
from fastsynth.errors import ConfigError, config_error

SERVER = "mcp"
"""Reserved key of a scenario: how to start the server."""


def stored_in(state: Mapping[str, Any], environment: str) -> tuple[Mcp, Found]:
    """How a row's scenario says its server is started. Raises ConfigError."""
    try:
        return msgspec.convert(state.get(SERVER), Mcp), found_in(state)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{environment}: the row's scenario names no server: {error}") from error


def stored(server: Mcp) -> dict[str, Any]:
    """What a replay needs of the server's config, defaults left out."""
    plain, default = msgspec.to_builtins(server), msgspec.to_builtins(Mcp())
    left = {name: value for name, value in plain.items() if value != default[name]}
    return {name: value for name, value in left.items() if name not in ("pool", "scenarios")}


def check(server: Mcp) -> None:
    place = "environment.mcp"
    if bool(server.command) == bool(server.url):
        raise config_error(place, list(server.command) or server.url, "need one of command and url")
    if server.url and (server.reset.restart or server.reset.copy):
        raise config_error(f"{place}.reset", "restart or copy", "need reset.tool for a url")
    if server.state_file and not uses_folder(server):
        raise config_error(f"{place}.state_file", server.state_file, "need {dir} in command or env")
    if not server.shown_as.startswith("/") or server.shown_as == "/":
        raise config_error(f"{place}.shown_as", server.shown_as, "need a path such as /data")
    if is_live(server) and server.allow_mutations:
        raise config_error(
            f"{place}.allow_mutations", True, "need reset.tool: nothing undoes a try otherwise"
        )
    if server.url and server.reset.tool and not server.allow_mutations:
        raise config_error(
            f"{place}.reset.tool", server.reset.tool, "need allow_mutations: it empties the backend"
        )


def nothing_left(name: str, offered: int, *, live: bool) -> str:
    if not live:
        return f"{name}: the server offers {offered} tools, and hide and only leave none, need one"
    return (
        f"{name}: {offered} tools, none with a read-only hint, and nothing brings the server back "
        "to a state; use {dir} in command or env, or set reset (copy, restart, tool)"
    )
