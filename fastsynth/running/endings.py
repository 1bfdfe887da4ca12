"""How a run ends: before it began where nothing is left to do, else as its exit code tells."""

from __future__ import annotations

from rich.console import Console

from fastsynth.config import Config
from fastsynth.config.roles import roles_of
from fastsynth.errors import Interrupted, NoEndpoint, NothingAccepted
from fastsynth.invocation import hint
from fastsynth.prompts import Prompts
from fastsynth.records import encode
from fastsynth.running.order import Order, identity
from fastsynth.store.manifest import ENDED, Manifest
from fastsynth.store.summary import summary_of


def models_before(config: Config, left: Manifest) -> dict[str, str] | None:
    """Role -> model in an earlier sitting, as far as the config says nothing else; None where
    only the endpoints can tell."""
    models = {}
    for role, name in roles_of(config).items():
        endpoint, had = config.endpoints[name], left.models.get(role)
        if had is None or (endpoint.kind == "scripted") != (had == "scripted"):
            return None
        models[role] = endpoint.model or had if endpoint.kind == "openai" else had
    return models


def ended_already(order: Order, prompts: Prompts, left: Manifest, models: dict[str, str]) -> bool:
    """Whether nothing is left to do: this run, this size, no job without an outcome, and its
    files all there."""
    config = order.config
    if left.stopped_by not in ENDED or left.wanted != config.output.accepted or left.holes:
        return False
    if left.identity != identity(order, prompts, models):
        return False
    paths = {order.run_dir / file.path: file.bytes for file in left.files}
    return all(path.is_file() and path.stat().st_size == size for path, size in paths.items())


def show_ended(order: Order, manifest: Manifest) -> None:
    if order.mode == "json":
        Console(soft_wrap=True).out(encode(summary_of(str(order.run_dir), manifest)).decode())
    elif order.mode != "quiet":
        text = f"{order.run_dir}: ended already, {manifest.accepted:,} conversations; a larger -n "
        Console(stderr=True, soft_wrap=True).out(text + "goes on from there")


def raise_for(order: Order, manifest: Manifest, gone: NoEndpoint | None, failure: str = "") -> None:
    """Raises what the exit code tells of how the run ended; nothing where it has conversations.
    `failure`: why the last job failed that did."""
    again = "run the same command again to go on"
    if manifest.stopped_by == "interrupt":
        raise Interrupted(f"interrupted with {manifest.accepted} accepted; {again}")
    if manifest.stopped_by == "outage":
        what = failure or "the endpoints or the environment stayed away"
        raise gone or NoEndpoint(f"{what}; {again}")
    if manifest.accepted == 0:
        what = f"{order.run_dir}: nothing accepted in {manifest.jobs} jobs"
        if manifest.stopped_by not in ENDED:
            raise NothingAccepted(f"{what}, stopped by {manifest.stopped_by}; {again}")
        unplanned = not set(manifest.funnel) - {"walk"}
        where = f"; `{hint('doctor')}` says which tools could not be called" if unplanned else ""
        raise NothingAccepted(f"{what}: {_funnel(manifest) or 'none could be planned'}{where}")


def _funnel(manifest: Manifest) -> str:
    counted = [
        (jobs, f"{stage}: {reason} {jobs}")
        for stage, reasons in manifest.funnel.items()
        for reason, jobs in reasons.items()
    ]
    return ", ".join(text for _, text in sorted(counted, key=lambda item: -item[0]))
