"""Config sections of environments: users' own tools, MCP servers, their scenarios and graph."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fastsynth.config.section import AtLeastOne, Section

RESULT_LIMIT = 50_000


class Tools(Section, frozen=True, kw_only=True):
    """How users' own tools are run (`python:module:attribute`)."""

    time_limit: Annotated[float, Meta(gt=0)] = 10.0
    """Seconds one call may take before its process is killed."""
    start_limit: Annotated[float, Meta(gt=0)] = 60.0
    """Seconds an import of the module may take, and making its object to look at it."""
    workers: AtLeastOne = 2
    """Processes that host them."""
    hide: tuple[str, ...] = ()
    """Functions or methods left out."""
    only: tuple[str, ...] = ()
    """Where any are named, all others are left out."""
    result_limit: AtLeastOne = RESULT_LIMIT
    """Characters of a result that are passed on. A longer text is cut there, with a mark; anything
    else that is longer is an error that says how long it is."""
    volatile: dict[str, tuple[str, ...]] = {}
    """Tool -> result paths that vary by themselves, added to those that are found: masked."""


class Reset(Section, frozen=True, kw_only=True):
    """How an MCP server gets back to a state. Without any of these its writes are withheld."""

    copy: str | None = None
    """File or folder whose content every conversation starts with, copied into `{dir}`."""
    restart: bool = False
    """The server keeps state in memory: started again, and the writes made again."""
    tool: str | None = None
    """Tool of the server that empties it; never shown to a model."""


class Mcp(Section, frozen=True, kw_only=True):
    """One MCP server. `{dir}` in `command` and `env` is a folder that each process has alone."""

    command: tuple[str, ...] = ()
    """Program and arguments of a server that talks over standard input and output."""
    url: str | None = None
    """Address of a server that talks streamable HTTP, instead of `command`."""
    name: str | None = None
    """`mcp:NAME` in rows; None: from the command (`server-memory` gives `memory`)."""
    env: dict[str, str] = {}
    pass_env: tuple[str, ...] = ()
    """Variables handed on by name, such as keys: their values are stored nowhere."""
    headers_env: dict[str, str] = {}
    """HTTP header -> variable that holds its value."""
    pool: AtLeastOne = 4
    """Processes (or HTTP sessions), each leased for one step at a time."""
    reset: Reset = Reset()
    state_file: str | None = None
    """The one file under `{dir}` that is the state; None: every file there."""
    shown_as: str = "/data"
    """The path that stands for `{dir}` in arguments, results and rows."""
    allow_mutations: bool = False
    """Whether a server that nothing brings back may be written to all the same."""
    reads: tuple[str, ...] = ()
    """Tools that change nothing although the server gives no hint of it."""
    hide: tuple[str, ...] = ()
    """Tools left out."""
    only: tuple[str, ...] = ()
    """Where any are named, all others are left out."""
    volatile: dict[str, tuple[str, ...]] = {}
    """Tool -> result paths that vary by themselves, added to those that are found."""
    scenarios: str | None = None
    """`python:module:function`, called with a `random.Random`: `{files, setup, facts}`."""
    time_limit: Annotated[float, Meta(gt=0)] = 30.0
    """Seconds one call may take before its process is ended."""
    result_limit: AtLeastOne = RESULT_LIMIT
    """Characters of a result that are passed on, as `tools.result_limit`."""


class GraphOptions(Section, frozen=True, kw_only=True):
    """Where the graph of tools comes from, and what its user knows better."""

    discover: Literal["auto", "always", "never"] = "auto"
    """`auto`: by probing, where the tools declare nothing. `always`: whatever they declare."""
    add: tuple[str, ...] = ()
    """`producer.path -> consumer.parameter`, or `before => after`."""
    forbid: tuple[str, ...] = ()


class Scenarios(Section, frozen=True, kw_only=True):
    """Where the scenarios of users' own tools come from; `from` is for `python:` alone."""

    source: str = msgspec.field(name="from", default="")
    """`python:module:function`, called with a `random.Random`: a state, or a `Scenario`."""
    draft_with: Literal["writer", "reasoning", "critic"] | None = None
    """Role that drafts initial states in the form of those of `from` (or of the tools' own); for an
    MCP server, as calls of its tools."""
    n: AtLeastOne = 20
    """States it drafts."""


class System(Section, frozen=True, kw_only=True):
    """What the system message of every conversation states beside the environment's own."""

    file: str | None = None
    """Text file, stated as it is."""
    clock: str | None = None
    """The date and time stated, ISO 8601 with offset; None: one drawn for each conversation."""
    rules: str | None = None
    """`python:module:attribute`, a list of `fastsynth.Rule`: stated, and never broken."""


class Served(Section, frozen=True, kw_only=True):
    """An environment that needs more than a name."""

    mcp: Mcp


def server_name(server: Mcp) -> str:
    """The server's own name, or the last telling word of its command or address."""
    if server.name:
        return server.name
    words = [word for word in (*server.command, server.url or "") if "{dir}" not in word]
    pieces = [piece for word in words for piece in re.split(r"[/@\\]", word)]
    for piece in reversed(pieces):
        found = re.fullmatch(r"(?:mcp-)?server-([\w-]+)|mcp[-_]([\w-]+)|([\w-]+)[-_]mcp", piece)
        if found:
            return next(group for group in found.groups() if group)
    stems = [re.sub(r"\.\w+$", "", piece) for piece in pieces if re.match(r"\w", piece)]
    return stems[-1] if stems else "server"


def uses_folder(server: Mcp) -> bool:
    """Whether the state is files: `{dir}` is used, or a fixture is copied there."""
    named = any("{dir}" in text for text in (*server.command, *server.env.values()))
    return not server.url and (named or server.reset.copy is not None)


def is_live(server: Mcp) -> bool:
    """Whether nothing brings the server back to an earlier state."""
    return not (uses_folder(server) or server.reset.restart or server.reset.tool)
