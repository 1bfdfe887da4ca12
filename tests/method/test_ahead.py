"""Calls made ahead on several servers find what one call after another finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastsynth.config import Mcp, Reset
from fastsynth.env.adapters.mcp.domain import McpDomain
from fastsynth.env.adapters.mcp.probe import Found
from fastsynth.method.discovery.discover import Effort, discover
from fastsynth.method.discovery.inquiry import Inquiry
from fastsynth.method.discovery.verdicts import Discovery

pytest.importorskip("mcp", reason="the extra mcp is not installed")

SHOP = str(Path(__file__).with_name("mcp_shop_server.py"))


async def found_with(pool: int, inquiry: Inquiry) -> Discovery:
    """Of a part of the shop, in few calls: each write has its server started again."""
    server = Mcp(
        command=("python", SHOP),
        name="shop",
        reset=Reset(restart=True),
        only=("list_products", "get_product", "list_baskets", "open_basket", "show_basket"),
        pool=pool,
    )
    domain = McpDomain(server, Found())
    try:
        return await discover(domain, 1, Effort(scenarios=1, calls=200), inquiry)
    finally:
        await domain.close()


@pytest.mark.anyio
async def test_how_many_servers_there_are_decides_nothing_that_is_found() -> None:
    alone, several = Inquiry(), Inquiry()

    one, three = await found_with(1, alone), await found_with(3, several)

    assert one == three
    assert {(e.producer, e.consumer) for e in one.edges} == {
        ("list_products", "get_product"),
        ("open_basket", "show_basket"),
    }
    assert alone.calls < one.calls, "a call from the same state is made once"
    assert (several.most, several.stage) == (200, "")
