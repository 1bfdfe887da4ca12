"""What a reply costs: the config's table, else what genai-prices has bundled, else nothing."""

from __future__ import annotations

import sys

import pytest
from client_setup import Setup, ask
from loopback_server import loopback

from fastsynth.config import Endpoint, Price
from fastsynth.events import Bus, Note
from fastsynth.llm.chat import Reply
from fastsynth.llm.prices import Tariffs, cost, listed
from fastsynth.records import Usage

genai_prices = pytest.importorskip("genai_prices")
OPENAI = "https://api.openai.com/v1"
USED = Usage(requests=1, prompt_tokens=300_000, completion_tokens=2_000, cached_tokens=100_000)


def by_the_book(model: str, url: str) -> float:
    taken = genai_prices.Usage(
        input_tokens=USED.prompt_tokens,
        output_tokens=USED.completion_tokens,
        cache_read_tokens=USED.cached_tokens,
    )
    return float(genai_prices.calc_price(taken, model, provider_api_url=url).total_price)


@pytest.mark.parametrize(
    ("model", "url"),
    [
        ("gpt-5-mini", OPENAI),
        ("gpt-4o", OPENAI),
        ("deepseek-chat", "https://api.deepseek.com/v1"),
        ("gemini-2.5-pro", "https://generativelanguage.googleapis.com/v1beta/openai"),
    ],
)
def test_a_looked_up_price_is_the_one_in_the_book(model: str, url: str) -> None:
    found = listed(model, url)

    assert found is not None
    assert found.tariff(USED) == pytest.approx(by_the_book(model, url))
    assert model in found.told


@pytest.mark.parametrize(
    ("model", "url"),
    [
        ("gpt-5-mini", "http://gpu1:8000/v1"),
        ("gpt-5-mini", "http://127.0.0.1:8000/v1"),
        ("no-such-model", OPENAI),
    ],
)
def test_a_model_of_ones_own_or_an_unknown_one_has_no_price(model: str, url: str) -> None:
    assert listed(model, url) is None


def test_without_the_package_no_price_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices", None)

    assert listed("gpt-5-mini", OPENAI) is None


def test_the_configs_price_comes_first_and_a_looked_up_one_is_told_once() -> None:
    bus, notes = Bus(), list[str]()
    bus.listen(lambda event: notes.append(event.text) if isinstance(event, Note) else None)
    own = Tariffs(Endpoint(url=OPENAI, price=Price(input=1.0, output=2.0)), bus)
    book = Tariffs(Endpoint(url=OPENAI), bus)
    mine = own.of("gpt-5-mini", "p@a", OPENAI)
    looked_up = [book.of("gpt-5-mini", "p@a", OPENAI) for _ in range(3)]

    assert mine is not None
    assert mine(USED) == cost(Price(input=1.0, output=2.0), USED)
    assert looked_up[0] is looked_up[2] is not None
    assert len(notes) == 1
    assert notes[0].startswith("p@a: $0.25 in, $2 out per million tokens by genai-prices")


@pytest.mark.anyio
async def test_a_reply_of_unknown_price_says_so_and_its_endpoint_is_named() -> None:
    setup = Setup()
    async with loopback() as server, setup.client(server.url, model="gpt-5-mini") as client:
        reply = await client.ask(ask())
        named = client.unpriced()

    assert isinstance(reply, Reply)
    assert reply.usage.cost_usd is None
    assert named == ("fleet",)
