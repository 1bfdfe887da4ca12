"""Options that commands share, and the config they ask for."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from fastsynth.errors import config_error

if TYPE_CHECKING:
    from fastsynth.config import Config
    from fastsynth.config.settings import Flags
    from fastsynth.dashboard.watch import Mode
    from fastsynth.running.order import Order


def config_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", metavar="CONFIG", help="the config file; so does -c")
    parser.add_argument(
        "-c",
        "--config",
        metavar="CONFIG",
        help="default: configs/offline.yaml, or configs/openai.yaml where OPENAI_BASE_URL or "
        "OPENAI_API_KEY is set",
    )
    parser.add_argument("-n", type=int, metavar="N", help="accepted, unique conversations")
    parser.add_argument("--base-url", action="append", default=[], metavar="URL")
    parser.add_argument("--model", metavar="M")
    parser.add_argument("--width", type=int, metavar="W", help="conversations alive at once")
    parser.add_argument("--seed", type=int, metavar="S")
    parser.add_argument(
        "--set", action="append", default=[], metavar="a.b=v", help="any key of the config"
    )


_LEAST: dict[str, tuple[str, float]] = {
    "n": ("-n", 1),
    "runs": ("--runs", 1),
    "width": ("--width", 1),
    "seed": ("--seed", 0),
    "max_tokens_total": ("--max-tokens-total", 1),
}


def flags_of(given: argparse.Namespace) -> Flags:
    from fastsynth.config.settings import Flags, seconds

    for name, (flag, least) in _LEAST.items():
        value = getattr(given, name, None)
        if value is not None and value < least:
            raise config_error(flag, value, f"need >= {least}")
    max_cost, max_time = getattr(given, "max_cost", None), getattr(given, "max_time", None)
    if max_cost is not None and not max_cost > 0:
        raise config_error("--max-cost", max_cost, "need more than 0")
    return Flags(
        accepted=given.n,
        urls=tuple(given.base_url),
        model=given.model,
        width=given.width,
        seed=given.seed,
        max_cost=max_cost,
        max_tokens_total=getattr(given, "max_tokens_total", None),
        max_seconds=seconds(max_time) if max_time is not None else None,
        settings=tuple(given.set),
    )


def order_of(
    given: argparse.Namespace, conversations: int | None = None, runs: int | None = None
) -> Order:
    """What is asked of a run; of its probing phase, `conversations` and `runs` where given."""
    from fastsynth.config.phases import with_probe
    from fastsynth.config.settings import load_config
    from fastsynth.running.order import Order

    path = _config_file(given)
    config = load_config(path, flags_of(given))
    if conversations is not None or runs is not None:
        config = with_probe(config, conversations, runs)
    if given.out == "":  # a shell's variable that is not set
        raise config_error("-o", given.out, "need a directory for the run")
    out = given.out or os.environ.get("FASTSYNTH_OUT") or str(Path("runs") / path.stem)
    mode: Mode = "auto"
    if given.plain:
        mode = "plain"
    elif given.json:
        mode = "json"
    elif given.quiet:
        mode = "quiet"
    return Order(
        config=config,
        run_dir=Path(out),
        resume=given.resume,
        reuse=tuple(map(Path, given.reuse)),
        mode=mode,
    )


def config_of(given: argparse.Namespace) -> Config:
    from fastsynth.config.settings import load_config

    return load_config(_config_file(given), flags_of(given))


def _config_file(given: argparse.Namespace) -> Path:
    from fastsynth.config.settings import find_config

    if given.file is not None and given.config is not None:
        raise config_error("-c", given.config, f"need one config file, {given.file} is given too")
    return find_config(given.file or given.config, os.environ)
