"""From files, environment variables and flags to one checked Config.

Precedence: flag > environment > file > default. What is wrong is one line that names the file,
the place, the value and what is allowed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import yaml

from fastsynth.config import Config, Endpoint
from fastsynth.config.consistency import check
from fastsynth.config.explain import explain
from fastsynth.config.strict import Strict, complaint
from fastsynth.config.variables import filled
from fastsynth.errors import ConfigError, config_error
from fastsynth.prompts import share


class Flags(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line may override."""

    accepted: int | None = None
    urls: tuple[str, ...] = ()
    model: str | None = None
    width: int | None = None
    seed: int | None = None
    max_cost: float | None = None
    max_tokens_total: int | None = None
    max_seconds: float | None = None
    settings: tuple[str, ...] = ()
    """`a.b=value`, the value read as YAML."""


def find_config(name: str | None, environ: Mapping[str, str]) -> Path:
    """The config file meant by `-c`, or the default for what the environment offers."""
    if name is None:
        real = environ.get("OPENAI_BASE_URL") or environ.get("OPENAI_API_KEY")
        return share("configs") / ("openai.yaml" if real else "offline.yaml")
    path = Path(name)
    if path.is_file():
        return path
    if path.is_dir():
        raise ConfigError(f"{name}: a directory, need a config file (YAML)")
    packaged = share("configs") / path.name
    if packaged.is_file() and path.parent in (Path("configs"), Path()):
        return packaged
    shipped = ", ".join(sorted(p.name for p in share("configs").glob("*.yaml")))
    raise ConfigError(f"{name}: no such config file; shipped in configs/: {shipped}")


def load_config(path: Path, flags: Flags, environ: Mapping[str, str] = os.environ) -> Config:
    """The effective config. Raises ConfigError."""
    raw = read_yaml(path)
    config = decode(raw, str(path))
    named = tuple(config.endpoints)
    for setting in flags.settings:
        _set(raw, setting)
        config = decode(raw, f"--set {setting}")
    for setting in flags.settings:
        _check_endpoint(setting, config, named, path)
    config = _with_environment(config, environ)
    config = _with_flags(config, flags)
    endpoints = {
        name: filled(endpoint, f"{path}: $.endpoints.{name}", environ)
        for name, endpoint in config.endpoints.items()
    }
    config = msgspec.structs.replace(config, endpoints=endpoints)
    check(config, str(path))
    return config


def read_yaml(path: Path) -> dict[str, Any]:
    try:
        with path.open(encoding="utf-8") as stream:  # errors name the file by the stream
            raw = yaml.load(stream, Loader=Strict)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}, need a readable config file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as YAML: {complaint(error)}") from error
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise config_error(str(path), type(raw).__name__, "need a mapping of keys at the top")
    return raw


def decode(raw: dict[str, Any], place: str) -> Config:
    system = raw.get("system")
    if isinstance(system, dict) and isinstance(system.get("clock"), datetime):
        raw = {**raw, "system": {**system, "clock": system["clock"].isoformat()}}
    try:
        return msgspec.convert(raw, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(explain(str(error), raw, place)) from error


def dump(config: Config) -> str:
    """The effective config as YAML. Holds no secret: keys are named by variable only, headers and
    what stands before the @ of an address are left out."""
    builtins = msgspec.to_builtins(config)
    for endpoint in builtins["endpoints"].values():
        endpoint["headers"] = dict.fromkeys(endpoint["headers"], "(not stored)")
        for name in ("url", "proxy"):
            endpoint[name] = endpoint[name] and without_user(endpoint[name])
        endpoint["urls"] = [without_user(url) for url in endpoint["urls"]]
    return yaml.safe_dump(builtins, sort_keys=False, allow_unicode=True)


def without_user(url: str) -> str:
    """An address without the user and password it may hold."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"


def _with_environment(config: Config, environ: Mapping[str, str]) -> Config:
    base, model = environ.get("OPENAI_BASE_URL"), environ.get("FASTSYNTH_MODEL")
    endpoints = dict(config.endpoints)
    for name in _teaching(config):
        endpoint = endpoints[name]
        if base and endpoint.kind == "openai":
            endpoint = msgspec.structs.replace(endpoint, url=base, urls=(), urls_file=None)
        if model:
            endpoint = msgspec.structs.replace(endpoint, model=model)
        endpoints[name] = endpoint
    config = msgspec.structs.replace(config, endpoints=endpoints)
    width, seed = environ.get("FASTSYNTH_WIDTH"), environ.get("FASTSYNTH_SEED")
    return _with_flags(
        config,
        Flags(width=_number("FASTSYNTH_WIDTH", width, 1), seed=_number("FASTSYNTH_SEED", seed, 0)),
    )


def _number(name: str, text: str | None, least: int) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or int(text) < least:
        allowed = f"need a whole number >= {least}"
        raise config_error(f"environment variable {name}", text, allowed)
    return int(text)


def _with_flags(config: Config, flags: Flags) -> Config:
    replace = msgspec.structs.replace
    if flags.urls or flags.model:
        config = replace(
            config,
            endpoints={
                **config.endpoints,
                **{n: _overridden(config.endpoints[n], flags) for n in _teaching(config)},
            },
        )
    if flags.accepted is not None:
        config = replace(config, output=replace(config.output, accepted=flags.accepted))
    if flags.width is not None:
        config = replace(config, engine=replace(config.engine, width=flags.width))
    if flags.seed is not None:
        config = replace(config, seed=flags.seed)
    limits = {
        "usd": flags.max_cost,
        "tokens": flags.max_tokens_total,
        "seconds": flags.max_seconds,
    }
    given = {name: value for name, value in limits.items() if value is not None}
    return replace(config, budget=replace(config.budget, **given)) if given else config


def _teaching(config: Config) -> list[str]:
    """The endpoints that an address or a model from outside the file is meant for: all but the
    one that is the student's alone."""
    others = {name for role, name in config.roles.items() if role != "student"}
    student = config.roles.get("student")
    return [name for name in config.endpoints if name != student or name in others]


def _overridden(endpoint: Endpoint, flags: Flags) -> Endpoint:
    """`--base-url` replaces the address and keeps the kind."""
    if flags.urls:
        endpoint = msgspec.structs.replace(endpoint, url=None, urls=flags.urls, urls_file=None)
    if flags.model:
        endpoint = msgspec.structs.replace(endpoint, model=flags.model)
    return endpoint


def _set(raw: dict[str, Any], setting: str) -> None:
    path, equals, text = setting.partition("=")
    if not equals or not path:
        raise config_error("--set", setting, "need the form a.b=value")
    try:
        value = yaml.load(text, Loader=Strict)
    except yaml.YAMLError as error:
        raise config_error("--set", setting, f"not readable as YAML: {complaint(error)}") from error
    *parents, last = path.split(".")
    at = raw
    for name in parents:
        at = at.setdefault(name, {})
        if not isinstance(at, dict):
            raise config_error("--set", setting, f"{name} is no section")
    at[last] = value


def _check_endpoint(setting: str, config: Config, named: tuple[str, ...], path: Path) -> None:
    """An endpoint that only `--set` names is one more, not the config's own: some role must use
    it, or its name is a mistake."""
    section, _, rest = setting.partition("=")[0].partition(".")
    name = rest.partition(".")[0]
    if section == "endpoints" and named and name and name not in (*named, *config.roles.values()):
        allowed = f"need an endpoint of {path} ({', '.join(named)}), or a role that uses {name}"
        raise config_error(f"--set {setting}", name, allowed)


def seconds(text: str) -> float:
    """`90`, `90s`, `15m`, `2h`, `1d` in seconds. Raises ConfigError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text.strip())
    if found is None or not float(found[1]):
        raise config_error("--max-time", text, "need a number with s, m, h or d, such as 2h")
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]
