"""What tests of the method share: a real domain, its graph and planner, and planned jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache

from fastsynth.engine.quota import Job
from fastsynth.env.environment import Domain
from fastsynth.env.registry import open_domain
from fastsynth.env.world import World, living
from fastsynth.method.graph.graph import ApiGraph, build_graph
from fastsynth.method.plan import Plan
from fastsynth.method.turns.planner import Planner, Shape


@lru_cache(maxsize=4)
def domain(name: str = "world") -> Domain:
    return open_domain(name)


@lru_cache(maxsize=4)
def graph(name: str = "world") -> ApiGraph:
    return build_graph(domain(name))


def planner(name: str = "world", seed: int = 1, shape: Shape | None = None) -> Planner:
    return Planner(domain(name), graph(name), shape or Shape(), seed)


def job(number: int, stratum: str = "base") -> Job:
    return Job(number, stratum, number)


@asynccontextmanager
async def planned(
    one: Job, name: str = "world", seed: int = 1
) -> AsyncIterator[tuple[Plan, World]]:
    """A job's plan, and its world at the start."""
    made = planner(name, seed)
    setting = made.setting(one)
    async with living(domain(name), setting.parts, setting.scenario.state) as world:
        yield await made.plan(one, setting, world), world


async def plans(count: int, stratum: str = "base", name: str = "world") -> list[Plan]:
    found = []
    for number in range(count):
        async with planned(job(number, stratum), name) as (plan, _):
            found.append(plan)
    return found
