"""Environment variables inside a config: `${NAME}` in an endpoint's addresses, proxy and headers.

Put in as the config is loaded and never written: what a run stores of these holds no secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from fastsynth.config.endpoints import Endpoint
from fastsynth.errors import ConfigError, config_error

_NAME = re.compile(r"[A-Za-z_]\w*")
_WRITTEN = re.compile(r"\$\{([^{}]*)\}")


def filled(endpoint: Endpoint, place: str, environ: Mapping[str, str]) -> Endpoint:
    """The endpoint with the variables' values; `place` is its own. Raises ConfigError for one that
    is not set, and for a `key_env` that is no variable's name, without repeating what it is."""
    if endpoint.key_env is not None and not _NAME.fullmatch(endpoint.key_env):
        allowed = "need the name of the variable that holds the key, never the key itself"
        raise ConfigError(f"{place}.key_env: (not shown), {allowed}")
    variable = endpoint.key_env or "OPENAI_API_KEY"
    if endpoint.kind == "openai" or endpoint.key_env is not None:
        _sendable(environ.get(variable, ""), f"environment variable {variable}")

    def told(text: str, key: str) -> str:
        def value(written: re.Match[str]) -> str:
            if written[1] not in environ:
                allowed = f"need the environment variable {written[1]}, it is not set"
                raise config_error(f"{place}.{key}", written[0], allowed)
            return environ[written[1]].strip()

        return _WRITTEN.sub(value, text)

    def header(name: str, text: str) -> str:
        return _sendable(told(text, f"headers.{name}"), f"{place}.headers.{name}")

    return msgspec.structs.replace(
        endpoint,
        url=endpoint.url and told(endpoint.url, "url"),
        urls=tuple(told(url, f"urls[{n}]") for n, url in enumerate(endpoint.urls)),
        proxy=endpoint.proxy and told(endpoint.proxy, "proxy"),
        headers={name: header(name, text) for name, text in endpoint.headers.items()},
    )


def _sendable(text: str, place: str) -> str:
    """Space around a key comes from the file it was read from; a line break inside is a mistake."""
    text = text.strip()
    if not text.isprintable():
        raise ConfigError(f"{place}: (not shown), need one line without control characters")
    return text
