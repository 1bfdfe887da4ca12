"""The probing phase: what a student gets right, found out before targets are drawn by it.

A small run of its own in RUN/probe, with journal, stored replies and resume like any other: targets
by coverage, each accepted conversation answered by the student. Its results are the main run's
identity, so that no resume can change what was aimed at.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import msgspec
from rich.console import Console

from fastsynth.config import Config
from fastsynth.config.phases import probing_config
from fastsynth.config.roles import roles_of
from fastsynth.errors import NothingAccepted, config_error
from fastsynth.method.walk.targets import COVERAGE, Focus
from fastsynth.quality.probe import Probe, band_in_words, in_words, summarise
from fastsynth.records import Usage
from fastsynth.run import generate
from fastsynth.running.order import Order
from fastsynth.store.appendfile import write_atomically
from fastsynth.store.manifest import Manifest, read_manifest
from fastsynth.store.rundir import PROBE

FILE = "probe.json"
WHOLE = ("done", "hopeless")
"""Ends of a phase that has nothing more to find out."""


async def generate_aimed(order: Order) -> Manifest:
    """`run.generate`, with what a student got wrong found out first where targets go by it."""
    targets = order.config.targets
    if targets.by == "coverage":
        return await generate(order)
    if targets.probe == "auto":
        began = time.monotonic()
        found = await probe(order)
        order = _less(order, time.monotonic() - began)
        if order.mode in ("auto", "plain"):
            Console(stderr=True, soft_wrap=True).out(told(order, found), highlight=False)
    else:
        found = _read(Path(targets.probe))
    focus = found.focus(targets.coverage)
    return await generate(msgspec.structs.replace(order, focus=focus, probe=found.digest))


def told(order: Order, found: Probe) -> str:
    """The phase in words: how the student did and, where a band is asked for, what lies in it."""
    student = order.config.student
    lines = [in_words(found)]
    if student and student.band:
        lines.append(band_in_words(order.run_dir / PROBE, student.band))
    return "\n".join(lines)


def known_focus(config: Config) -> Focus:
    """What targets go by as far as it is known without a run directory."""
    targets = config.targets
    if targets.by == "coverage" or targets.probe == "auto":
        return COVERAGE
    return _read(Path(targets.probe)).focus(targets.coverage)


async def probe(order: Order) -> Probe:
    """The phase, to its end or with the rest of it. What the run's own directory holds is not paid
    for again. Raises what ends a run, and NothingAccepted where it was stopped before its end."""
    run_dir = order.run_dir / PROBE
    known = (run_dir / FILE).is_file()
    left = read_manifest(order.run_dir)
    own = (order.run_dir,) if left else ()
    config = probing_config(_with_models(order.config, left.models) if left else order.config)
    phase = Order(
        config=config,
        run_dir=run_dir,
        resume="auto",
        reuse=(*order.reuse, *own),
        mode="quiet" if known or order.mode in ("json", "quiet") else order.mode,
        absent=_teaching(config) if left else (),
        example=False,
    )
    manifest = await generate(phase)
    if manifest.stopped_by not in WHOLE:
        again = "run the same command again to go on"
        raise NothingAccepted(f"{run_dir}: probing stopped by {manifest.stopped_by}; {again}")
    found = summarise(run_dir)
    text = msgspec.json.format(msgspec.json.encode(found), indent=1)
    write_atomically(run_dir / FILE, text + b"\n")
    return found


def _with_models(config: Config, models: Mapping[str, str]) -> Config:
    """The teachers under the names they had in the run, whether or not they still answer."""
    endpoints = dict(config.endpoints)
    for role, name in roles_of(config).items():
        if endpoints[name].model is None and role in models and role != "student":
            endpoints[name] = msgspec.structs.replace(endpoints[name], model=models[role])
    return msgspec.structs.replace(config, endpoints=endpoints)


def _teaching(config: Config) -> tuple[str, ...]:
    """The endpoints that are not the student's."""
    roles = roles_of(config)
    return tuple({name for name in roles.values() if name != roles["student"]})


def _read(path: Path) -> Probe:
    """Of a run's probing phase, or else of its own rows."""
    for run_dir in (path / PROBE, path):
        if (run_dir / FILE).is_file() or (run_dir == path and (path / "data").is_dir()):
            return summarise(run_dir)
    allowed = "need `auto`, or the directory of a run that a student answered"
    raise config_error("$.targets.probe", str(path), allowed)


def _less(order: Order, seconds: float) -> Order:
    """With what the phase took off the run's budget; time is that of this sitting."""
    manifest = read_manifest(order.run_dir / PROBE)
    replace = msgspec.structs.replace
    config, budget = order.config, order.config.budget
    if budget.seconds is not None:
        left = max(budget.seconds - seconds, 0.001)
        config = replace(config, budget=replace(budget, seconds=left))
    return replace(order, config=config, spent=manifest.usage if manifest else Usage())
