"""A sitting's own promises, as whole runs show them."""

from __future__ import annotations

import itertools
from pathlib import Path

from running import endpoint, manifest, run

from fastsynth.sim.faults import Faults

HEALTHY = 50
"""Requests after which one hangs: enough for the usual latencies to be known."""


def test_the_last_job_of_all_is_not_held_up_by_a_request_that_hangs(tmp_path: Path) -> None:
    plans = (
        Faults(seed=seed, rates={"hang": 0.1}, healthy_first=HEALTHY) for seed in itertools.count()
    )
    drawn = ((f, [f.draw(n) for n in range(HEALTHY, 90)]) for f in plans)
    faults = next(f for f, draws in drawn if draws.count("hang") == draws[:6].count("hang") == 1)
    out = tmp_path / "run"
    with endpoint(faults=faults) as server:
        given = ("generate", "-n", 1, "-o", out, "--base-url", server.url, "--width", 4)
        settings = ("conversation.turns=[5,5]", "kinds={base: 1}", "chain.blind=3")
        hasty = ("endpoints.teacher.hedge_after=0.1", "endpoints.teacher.timeout=20")
        told = itertools.chain.from_iterable(("--set", text) for text in (*settings, *hasty))
        ended = run(*given, *told)
        sent = len(server.posts)

    assert ended.returncode == 0, ended.stderr
    assert sent > HEALTHY
    uses = manifest(out)["endpoints"].values()
    assert sum(use["hedged"] for use in uses) == 1
