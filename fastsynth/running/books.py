"""The books of a run: its directory, locked, where it writes, and all that was counted before."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial

import msgspec

from fastsynth.config.settings import decode, dump, read_yaml
from fastsynth.engine.novelty import Novelty, Plans
from fastsynth.engine.quota import Quota
from fastsynth.errors import ConfigError
from fastsynth.logs import MATCH, Counts
from fastsynth.prompts import Prompts
from fastsynth.records import encode
from fastsynth.running.opening import counts_of, quota_of, recall
from fastsynth.running.order import Order, identity
from fastsynth.running.spent import Spent, spent_before
from fastsynth.store.journal import Journal
from fastsynth.store.manifest import Manifest
from fastsynth.store.replies import ReplyLog
from fastsynth.store.rundir import RunDir
from fastsynth.store.summary import Tally
from fastsynth.store.traffic import Traffic


class Books(msgspec.Struct, kw_only=True):
    """Where a sitting writes, and what it counts."""

    identity: str
    models: Mapping[str, str]
    counts: Counts | None
    """Of the logs that conversations are to be like."""
    rundir: RunDir
    journal: Journal
    replies: ReplyLog
    quota: Quota
    novelty: Novelty
    plans: Plans
    tally: Tally
    spent: Spent
    traffic: Traffic


def teachers(models: Mapping[str, str]) -> tuple[str, ...]:
    """The models that write the data: every role's but the student's."""
    return tuple(sorted({model for role, model in models.items() if role != "student"}))


def open_books(
    order: Order, prompts: Prompts, models: dict[str, str], stack: AsyncExitStack
) -> Books:
    """The run directory, locked, and all that it remembers."""
    config = order.config
    named = identity(order, prompts, models)
    rundir = stack.enter_context(
        RunDir(
            order.run_dir, named, resume=order.resume, differs=partial(differences, order, models)
        )
    )
    novelty = Novelty(order.run_dir)
    stack.callback(novelty.close)
    counts = counts_of(config)
    quota, tally, plans = quota_of(config, novelty, counts), Tally(), Plans()
    recall(order.run_dir, quota, tally, plans)
    before = spent_before(order.run_dir, rundir.manifest, tally.usage, quota.finished)
    rundir.write("config.yaml", dump(config))
    if counts is not None:
        rundir.write(MATCH, encode(counts).decode())
    journal = Journal(rundir.journal)
    stack.callback(journal.close)
    replies = ReplyLog(order.run_dir, quota.finished, reuse=order.reuse)
    stack.callback(replies.close)
    return Books(
        identity=named,
        models=models,
        counts=counts,
        rundir=rundir,
        journal=journal,
        replies=replies,
        quota=quota,
        novelty=novelty,
        plans=plans,
        tally=tally,
        spent=Spent(before),
        traffic=Traffic(rundir.manifest.endpoints),
    )


DECIDING = (
    "environment",
    "scenarios",
    "system",
    "seed",
    "conversation",
    "match",
    "kinds",
    "languages",
    "chain",
    "texts",
    "judges",
    "duplicates",
    "decontaminate",
    "prompts",
    "sampling",
    "teacher",
    "student",
    "targets",
    "tools",
    "graph",
)
"""Sections of a config that decide the data."""


def differences(order: Order, models: Mapping[str, str], left: Manifest) -> str:
    """`kinds, seed`: in which sections the config differs from that of the run that stands there;
    "" where these are alike, so that it is a file they name, or the program."""
    path = order.run_dir / "config.yaml"
    try:
        had = decode(read_yaml(path), str(path))
    except ConfigError:
        return ""
    other = [name for name in DECIDING if getattr(had, name) != getattr(order.config, name)]
    return ", ".join(other + ["model"] * (dict(left.models) != dict(models) and bool(left.models)))


def check_models(order: Order, before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Raises ConfigError where an endpoint serves another model than in the sittings before."""
    for role, model in now.items():
        if before[role] != model:
            raise ConfigError(
                f"{order.run_dir}: {role} was {before[role]!r}, its endpoint now offers {model!r}; "
                "name the model (--model) or give this run a directory of its own (-o)"
            )
