"""Domains by name: what a config's `environment:` or a row's `environment` column stands for.

`world`, `world:travel+wallet`, `bfcl`, `bfcl:TradingBot+MessageAPI`, `python:module:attribute`,
and `mcp:memory`, whose rows say in their scenario how the server is started.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import msgspec

from fastsynth.config import Mcp, Served
from fastsynth.config.environments import RESULT_LIMIT
from fastsynth.env.environment import Domain
from fastsynth.errors import ConfigError, config_error

_KNOWN = (
    "world, world:travel+wallet, bfcl, bfcl:TradingBot+MessageAPI, python:module:attribute, "
    "{mcp: {command: [...]}}"
)


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an environment of users' tools is run, and which of them are offered."""

    time_limit: float = 10.0
    """Seconds one call of a user's tool may take before its process is killed."""
    start_limit: float = 60.0
    """Seconds an import of the module, or making its object to look at it, may take."""
    workers: int = 2
    """Processes that host users' tools."""
    result_limit: int = RESULT_LIMIT
    """Characters of a result that are passed on; a row's scenario says it where it differs."""
    volatile: Mapping[str, Sequence[str]] = {}
    """Tool -> result paths that are masked; as above."""
    scenarios: str = ""
    """`python:module:function` that draws scenarios; "" for the module's own `scenario`."""
    hide: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


def open_domain(spec: str | Served, *, options: Options | None = None) -> Domain:
    """The domain of a config's `environment:`. Raises ConfigError for what cannot be opened."""
    if not isinstance(spec, str):
        return _mcp(spec.mcp)
    kind, _, rest = spec.partition(":")
    parts = tuple(part for part in rest.split("+") if part)
    match kind:
        case "world":
            from fastsynth.env.worlds.domain import world

            return world(parts)
        case "bfcl":
            return _bfcl(parts)
        case "python" if rest:
            from fastsynth.env.adapters.python import PythonDomain

            chosen = options or Options()
            return PythonDomain(
                rest,
                time_limit=chosen.time_limit,
                start_limit=chosen.start_limit,
                workers=chosen.workers,
                scenarios=chosen.scenarios.removeprefix("python:"),
                most=chosen.result_limit,
                volatile=chosen.volatile,
                hide=chosen.hide,
                only=chosen.only,
            )
        case "mcp":
            raise config_error("environment", spec, "need {mcp: {command: [...]}}, a mapping")
    raise config_error("environment", spec, f"need one of: {_KNOWN}")


def domain_of_row(
    environment: str,
    *,
    options: Options | None = None,
    state: Mapping[str, Any] | None = None,
) -> tuple[Domain, tuple[str, ...]]:
    """(domain, parts) that a row's `environment` column names; `mcp:` needs the row's `state`."""
    kind, _, rest = environment.partition(":")
    if kind == "mcp":
        return _mcp_of_row(environment, state or {})
    domain = open_domain(environment, options=options)
    named = tuple(rest.split("+")) if kind in ("world", "bfcl") and rest else domain.parts
    return domain, named


def _mcp_of_row(environment: str, state: Mapping[str, Any]) -> tuple[Domain, tuple[str, ...]]:
    from fastsynth.env.adapters.mcp.stored import stored_in

    server, found = stored_in(state, environment)
    domain = _mcp(server, found)
    return domain, domain.parts


def _mcp(server: Mcp, found: Any = None) -> Domain:
    if find_spec("mcp") is None:
        raise ConfigError(
            "environment: 'mcp', the package mcp is missing; install it with: "
            "pip install 'fastsynth[mcp]'"
        )
    from fastsynth.env.adapters.mcp.domain import McpDomain

    return McpDomain(server, found)


def _bfcl(parts: Sequence[str]) -> Domain:
    try:
        from fastsynth.env.adapters.bfcl.domain import BfclDomain

        domain: Domain = BfclDomain(parts or None)
    except ImportError as error:
        raise ConfigError(
            f"environment: 'bfcl', {error}; install it with: pip install 'fastsynth[bfcl]'"
        ) from error
    return domain
