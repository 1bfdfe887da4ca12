"""What a run will ask and cost, before a token is paid for: a small run with the scripted teacher.

Each role has a scripted endpoint of its own, so that requests and tokens are counted by role; they
are scaled up and priced by what the config's own endpoints take. Four bytes count as a token, and
a model that reasons at length says more than the scripted teacher does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec.structs import replace
from rich.markup import escape
from rich.table import Table

from fastsynth.config import Budget, Config, Endpoint, Targets
from fastsynth.config.phases import first_run
from fastsynth.config.roles import roles_of
from fastsynth.dashboard import figures
from fastsynth.llm.prices import Tariff, tariff_of
from fastsynth.records import Usage
from fastsynth.run import generate
from fastsynth.running.order import Order
from fastsynth.store.manifest import Manifest

SAMPLE = 16
"""Conversations the estimate is made from."""


class RoleEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """One role over the whole run."""

    role: str
    endpoint: str
    model: str
    """"" where only the endpoint can tell."""
    requests: int
    prompt_tokens: int
    cached_tokens: int
    """Of them, found in a prefix cache, if the server has one."""
    completion_tokens: int
    cost_usd: float | None
    """With the prefix cache; None where the price is unknown."""
    cost_usd_uncached: float | None


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    conversations: int
    sample: int
    """Accepted conversations it was made from."""
    roles: tuple[RoleEstimate, ...]
    band: bool = False
    """Whether the run leaves out what a student finds too easy or too hard: all but the probing
    phase is then asked oftener, by how much only the student can tell."""

    @property
    def cost_usd(self) -> float | None:
        return _sum([role.cost_usd for role in self.roles])

    @property
    def cost_usd_uncached(self) -> float | None:
        return _sum([role.cost_usd_uncached for role in self.roles])


async def estimate(config: Config, sample: int = SAMPLE) -> Estimate:
    """With its probing phase where the run has one; a student's band is left out of account, since
    only the student can tell. Raises NothingAccepted where the sample has no conversation."""
    found = await _estimate(config, sample)
    first = first_run(config)
    if first is config:
        return found
    phase = {role.role: role for role in (await _estimate(first, sample)).roles}
    own = {role.role: role for role in found.roles}
    both = [added(own.get(name), more) for name, more in phase.items()]
    return replace(found, roles=tuple(both))


def added(one: RoleEstimate | None, more: RoleEstimate) -> RoleEstimate:
    """The run's part and its phase's; the phase asks every role that the run does."""
    if one is None:
        return more
    return replace(
        more,
        requests=one.requests + more.requests,
        prompt_tokens=one.prompt_tokens + more.prompt_tokens,
        cached_tokens=one.cached_tokens + more.cached_tokens,
        completion_tokens=one.completion_tokens + more.completion_tokens,
        cost_usd=_sum([one.cost_usd, more.cost_usd]),
        cost_usd_uncached=_sum([one.cost_usd_uncached, more.cost_usd_uncached]),
    )


async def _estimate(config: Config, sample: int) -> Estimate:
    roles = roles_of(config)
    rehearsal = replace(
        config,
        endpoints={role: Endpoint(kind="scripted") for role in roles},
        roles={role: role for role in roles},
        output=replace(config.output, accepted=sample),
        engine=replace(config.engine, width=max(1, min(config.engine.width, sample // 4))),
        budget=Budget(),
        targets=Targets(),
        student=config.student and replace(config.student, band=None),
    )
    with TemporaryDirectory() as folder:
        order = Order(config=rehearsal, run_dir=Path(folder) / "run", mode="quiet")
        manifest = await generate(order)
    return Estimate(
        conversations=config.output.accepted,
        sample=manifest.accepted,
        roles=tuple(_role(config, manifest, role, name) for role, name in roles.items()),
        band=config.student is not None and config.student.band is not None,
    )


def _role(config: Config, manifest: Manifest, role: str, name: str) -> RoleEstimate:
    endpoint = config.endpoints[name]
    made = sum(stratum.accepted for stratum in manifest.strata)  # with what overshot: it was asked
    scale = config.output.accepted / max(made, 1)
    used = Usage()
    for label, use in manifest.endpoints.items():
        if label.partition("@")[0] == role:
            used += Usage(
                requests=round(use.replies * scale),
                prompt_tokens=round(use.prompt_tokens * scale),
                cached_tokens=round(use.cached_tokens * scale),
                completion_tokens=round(use.completion_tokens * scale),
            )
    tariff = tariff_of(endpoint)
    return RoleEstimate(
        role=role,
        endpoint=name,
        model="scripted" if endpoint.kind == "scripted" else endpoint.model or "",
        requests=used.requests,
        prompt_tokens=used.prompt_tokens,
        cached_tokens=used.cached_tokens,
        completion_tokens=used.completion_tokens,
        cost_usd=_cost(tariff, used),
        cost_usd_uncached=_cost(tariff, replace(used, cached_tokens=0)),
    )


def _cost(tariff: Tariff | None, used: Usage) -> float | None:
    """A price with steps is taken at the size of a mean request."""
    if tariff is None or not used.requests:
        return None if tariff is None else 0.0
    count = used.requests
    mean = Usage(
        requests=1,
        prompt_tokens=round(used.prompt_tokens / count),
        cached_tokens=round(used.cached_tokens / count),
        completion_tokens=round(used.completion_tokens / count),
    )
    each = tariff(mean)
    return None if each is None else round(each * count, 4)


def _sum(costs: list[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return round(sum(known), 4) if len(known) == len(costs) else None


def to_json(found: Estimate) -> Mapping[str, object]:
    raw: dict[str, object] = msgspec.to_builtins(found)
    return {
        **raw,
        "cost_usd": found.cost_usd,
        "cost_usd_uncached": found.cost_usd_uncached,
    }


def table_of(found: Estimate) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("role", "endpoint", "model", "requests", "tokens in", "cached", "out", "cost"):
        table.add_column(name, justify="left" if name in ("role", "endpoint", "model") else "right")
    for each in found.roles:
        table.add_row(
            each.role,
            escape(each.endpoint),
            escape(each.model or "?"),
            f"{each.requests:,}",
            figures.short(each.prompt_tokens),
            figures.share(each.cached_tokens, each.prompt_tokens),
            figures.short(each.completion_tokens),
            figures.money(each.cost_usd),
        )
    return table


def told(found: Estimate) -> Iterator[str]:
    """What is to be said under the table."""
    if found.cost_usd is not None:
        cost, uncached = figures.money(found.cost_usd), figures.money(found.cost_usd_uncached)
        beside = f", or {uncached} without a prefix cache" if uncached != cost else ""
        yield f"{found.conversations:,} conversations: {cost}{beside}"
    else:
        yield "price unknown where it says so: set the endpoint's `price`, or name a listed model"
    if found.band:
        yield "the student's band is left out: divide by the share of conversations that pass it"
    yield (
        f"counted on {found.sample} conversations of the scripted teacher, four bytes a token; "
        "a model that reasons at length says more"
    )
