"""Order edges: from one snapshot, with and without a call of the chain that carries no value.

`B` needs `A` where `B` ran, and without `A` fails whatever its arguments are.
"""

from __future__ import annotations

import msgspec
from anyio.lowlevel import checkpoint

from fastsynth.method.discovery.explore import AGAIN, Explorer
from fastsynth.method.discovery.points import Called, Success
from fastsynth.method.discovery.probes import Prober
from fastsynth.method.discovery.search import search


class OrderSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement: `after` ran with `before` and failed without, or ran all the same."""

    before: Called
    after: Called
    needed: bool
    complaint: str = ""


async def measure_orders(explorer: Explorer, prober: Prober) -> list[OrderSeen]:
    """With and without each call of the chain, for every tool that ran somewhere behind it."""
    seen: list[OrderSeen] = []
    prober.inquiry.enter("orders", len(explorer.chain))
    for left_out in explorer.chain:
        await checkpoint()
        prober.inquiry.done += 1
        for name, success in list(explorer.runs.items()):
            behind = left_out in success.point.calls and name != left_out[0]
            if behind and prober.tools[name].part == prober.tools[left_out[0]].part:
                seen += await _measure(explorer, prober, left_out, success)
    return _direct(seen)


async def _measure(
    explorer: Explorer, prober: Prober, left_out: Called, success: Success
) -> list[OrderSeen]:
    """Nothing where the call takes a value from the one left out, which is a value edge, or from
    another that cannot run without it, which is that one's need."""
    given = await explorer.values_given(left_out)
    after = await explorer.on_its_own(success, given)
    if after is None:
        return []
    without = explorer.start
    for call in success.point.calls:
        if call == left_out:
            continue
        further = await explorer.point_after(without, call)
        if further is None and call not in explorer.chain:
            return []
        without = further or without
    observation = await prober.run(without, *after)
    needed = not observation.ok
    if needed:
        tool = prober.tools[success.tool]
        found = await search(prober, without, tool, explorer.pool, AGAIN)
        needed = found.success is None
    message = observation.message[:200]
    return [OrderSeen(before=left_out, after=after, needed=needed, complaint=message)]


def _direct(seen: list[OrderSeen]) -> list[OrderSeen]:
    """Without those that follow from two others (engine needs doors, cruise needs engine)."""
    pairs = {(s.before[0], s.after[0]) for s in seen if s.needed}
    return [
        s
        for s in seen
        if not any((s.before[0], m) in pairs and (m, s.after[0]) in pairs for m, _ in pairs)
    ]
