"""What a run is asked for: a config, a place, and how to go on from what stands there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp

import msgspec

from fastsynth.config import Config
from fastsynth.config.identity import identity_of
from fastsynth.config.roles import further_prompts
from fastsynth.dashboard.watch import Mode
from fastsynth.errors import NO_SPACE, config_error
from fastsynth.method.walk.targets import COVERAGE, Focus
from fastsynth.prompts import Prompts
from fastsynth.records import Usage
from fastsynth.store.rundir import Resume


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks of a run."""

    config: Config
    run_dir: Path
    resume: Resume = "auto"
    reuse: tuple[Path, ...] = ()
    mode: Mode = "auto"
    focus: Focus = COVERAGE
    probe: str = ""
    """Digest of the results that `focus` was made of."""
    spent: Usage = Usage()
    """Of the budget, before this run."""
    absent: tuple[str, ...] = ()
    """Endpoints that need not answer while stored replies do."""
    example: bool = True
    """Whether a conversation is shown at the end."""


def identity(order: Order, prompts: Prompts, models: Mapping[str, str]) -> str:
    """The identity of the run that is asked for, where `models` serve its roles."""
    digest = prompts.digest_with(further_prompts(order.config))
    return identity_of(order.config, digest, models, order.probe)


def check_places(order: Order) -> None:
    """Raises ConfigError for a directory that cannot be read from, or be made."""
    for path in order.reuse:
        if not (path / "replies").is_dir():
            raise config_error("--reuse", str(path), "need the directory of an earlier run")
    place = order.run_dir.absolute()
    for above in place.parents:
        if above.exists() and not above.is_dir():
            raise config_error("-o", str(order.run_dir), f"{above} is no directory")
    try:
        standing = next(path for path in (place, *place.parents) if path.exists())
    except PermissionError as error:
        raise config_error("-o", str(order.run_dir), "no permission to look into it") from error
    if not standing.is_dir():
        return  # said where the run itself is looked at
    inside = (place / name for name in ("journal", "replies"))
    for folder in (standing, *(path for path in inside if os.access(path, os.F_OK))):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise config_error("-o", str(order.run_dir), f"no permission to write in {folder}")
    try:
        os.rmdir(mkdtemp(prefix=".fastsynth-", dir=standing))
    except OSError as error:
        if error.errno not in NO_SPACE:  # waited for, once the run is under way
            allowed = f"cannot be made in {standing}: {error.strerror or error}"
            raise config_error("-o", str(order.run_dir), allowed) from error
