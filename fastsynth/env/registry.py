"""Domains by name: what a config's `environment:` or a row's `environment` column stands for.

`world`, `world:travel+wallet`, `bfcl`, `bfcl:TradingBot+MessageAPI`, `python:module:attribute`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fastsynth.env.environment import Domain
from fastsynth.errors import ConfigError, config_error

_KNOWN = "world, world:travel+wallet, bfcl, bfcl:TradingBot+MessageAPI, python:module:attribute"


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an environment is run; nothing here changes what its tools do."""

    time_limit: float = 10.0
    """Seconds one call of a user's tool may take before its process is killed."""
    workers: int = 2
    """Processes that host users' tools."""
    scenarios: str = ""
    """`python:module:function` that draws scenarios; "" for the module's own `scenario`."""


def open_domain(spec: str | Mapping[str, Any], *, options: Options | None = None) -> Domain:
    """The domain of a config's `environment:`. Raises ConfigError for what cannot be opened."""
    if not isinstance(spec, str):
        return _open_mapping(spec)
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
                workers=chosen.workers,
                scenarios=chosen.scenarios.removeprefix("python:"),
            )
        case "mcp":
            raise config_error("environment", spec, "MCP servers are not available yet")
    raise config_error("environment", spec, f"need one of: {_KNOWN}")


def domain_of_row(
    environment: str, *, options: Options | None = None
) -> tuple[Domain, tuple[str, ...]]:
    """(domain, parts) that a row's `environment` column names."""
    domain = open_domain(environment, options=options)
    kind, _, rest = environment.partition(":")
    named = tuple(rest.split("+")) if kind in ("world", "bfcl") and rest else domain.parts
    return domain, named


def _open_mapping(spec: Mapping[str, Any]) -> Domain:
    if "mcp" in spec:
        raise config_error("environment", "mcp", "MCP servers are not available yet")
    raise config_error("environment", dict(spec), f"need one of: {_KNOWN}")


def _bfcl(parts: Sequence[str]) -> Domain:
    try:
        from fastsynth.env.adapters.bfcl import BfclDomain

        domain: Domain = BfclDomain(parts or None)
    except ImportError as error:
        raise ConfigError(
            f"environment: 'bfcl', {error}; install it with: pip install 'fastsynth[bfcl]'"
        ) from error
    return domain
