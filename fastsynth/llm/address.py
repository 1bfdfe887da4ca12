"""Addresses of an endpoint: where the config names them, how they are shown, what is hidden."""

from __future__ import annotations

from pathlib import Path

from yarl import URL

from fastsynth.config import Endpoint
from fastsynth.errors import config_error
from fastsynth.llm.transport import secret


def addresses(name: str, endpoint: Endpoint) -> tuple[str, ...]:
    """The base addresses without a trailing slash, each once. Raises ConfigError."""
    given = endpoint.urls or ((endpoint.url,) if endpoint.url else ())
    given += _listed(name, endpoint.urls_file) if endpoint.urls_file else ()
    if not given:
        raise config_error(f"$.endpoints.{name}.url", endpoint.url, "need an address or `urls`")
    for url in given:
        _check(url, f"$.endpoints.{name}.url")
    return tuple(dict.fromkeys(url.rstrip("/") for url in given))


def _check(url: str, place: str) -> None:
    try:
        parsed = URL(url)
    except ValueError as error:
        why = "" if "@" in url else f" ({error})"  # which may hold a piece of a password
        raise config_error(place, _bare(url), f"need http://HOST[:PORT]/v1{why}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise config_error(place, _bare(url), "need http://HOST[:PORT]/v1")


def _bare(url: str) -> str:
    """Even of what is no address nothing is repeated that may be a password."""
    return f"***@{url.rpartition('@')[2]}" if "@" in url else url


def _listed(name: str, path: str) -> tuple[str, ...]:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        allowed = f"need a file with an address a line ({error})"
        raise config_error(f"$.endpoints.{name}.urls_file", path, allowed) from error
    named = (line.partition("#")[0].strip() for line in lines)
    return tuple(url for url in named if url)


def label(name: str, url: str) -> str:
    """How events call an address: `fleet@gpu1:8000`."""
    return f"{name}@{shown(url).partition('://')[2].removesuffix('/v1')}"


def shown(url: str) -> str:
    """An address without the user and password it may hold."""
    return str(URL(url).with_user(None))


def hidden_values(endpoint: Endpoint) -> tuple[str, ...]:
    """What must never stand in a message: the key, and header values long enough to be one."""
    long = [value for value in endpoint.headers.values() if len(value) >= 8]
    return tuple(value for value in (secret(endpoint), *long) if value)
