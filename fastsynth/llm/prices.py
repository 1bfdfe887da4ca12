"""What a usage costs in US dollars: by the config's table, else by what genai-prices knows.

That package is optional (`fastsynth[prices]`); only the data bundled with it is read, never the
network. A model on a server of one's own has no price there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from importlib.metadata import version
from typing import Any

import anyio.to_thread
import msgspec
from yarl import URL

from fastsynth.config import Endpoint, Price
from fastsynth.events import Bus, Note
from fastsynth.records import Usage

_MILLION = 1_000_000
LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
Tariff = Callable[[Usage], float | None]


def cost(price: Price | None, usage: Usage) -> float | None:
    """None where no price is known. Cached prompt tokens cost the input price unless told else."""
    if price is None:
        return None
    cached = min(usage.cached_tokens, usage.prompt_tokens)
    cached_price = price.input if price.cached is None else price.cached
    fresh = (usage.prompt_tokens - cached) * price.input
    return (fresh + cached * cached_price + usage.completion_tokens * price.output) / _MILLION


class Tariffs:
    """What an endpoint's addresses take, each looked up once."""

    def __init__(self, endpoint: Endpoint, bus: Bus) -> None:
        self._endpoint = endpoint
        self._bus = bus
        self._known: dict[str, Tariff | None] = {}

    def of(self, model: str, tag: str, url: str) -> Tariff | None:
        """None where no price is known."""
        if tag not in self._known:
            self._known[tag] = self._look_up(model, tag, url)
        return self._known[tag]

    async def warm(self, model: str, urls: Mapping[str, str]) -> None:
        """Looks up off the loop, so that no reply has to wait for the import."""
        if self._endpoint.price is None and self._endpoint.kind == "openai":
            for tag, url in urls.items():
                await anyio.to_thread.run_sync(listed, model, url)
                self.of(model, tag, url)

    def _look_up(self, model: str, tag: str, url: str) -> Tariff | None:
        price = self._endpoint.price
        if price is not None:
            return partial(cost, price)
        found = listed(model, url) if self._endpoint.kind == "openai" else None
        if found is None:
            return None
        self._bus.emit(Note(text=f"{tag}: {found.told}"))
        return found.tariff


def tariff_of(endpoint: Endpoint) -> Tariff | None:
    """What an endpoint of the config takes, before it was asked for its model."""
    if endpoint.price is not None:
        return partial(cost, endpoint.price)
    urls = (*endpoint.urls, *((endpoint.url,) if endpoint.url else ()))
    if endpoint.kind == "scripted" or not endpoint.model or not urls:
        return None
    found = listed(endpoint.model, urls[0])
    return found.tariff if found is not None else None


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A price that was looked up."""

    tariff: Tariff
    told: str
    """Where it comes from and what it is, for people."""


def listed(model: str, url: str) -> Listed | None:
    """The price of a model at the provider whose address this is. None where genai-prices is not
    installed, or does not know one of the two. Imports it: a third of a second, the first time."""
    if URL(url).host in LOOPBACK:
        return None
    try:
        import genai_prices
    except ImportError:
        return None
    try:
        found = genai_prices.calc_price(genai_prices.Usage(), model, provider_api_url=url)
    except (LookupError, ValueError):
        return None
    told = f"genai-prices {version('genai-prices')}, {found.provider.id}: {found.model.id}"
    price = _plain(found)
    if price is None:
        return Listed(tariff=_Stepped(model, url), told=told)
    told = f"${price.input:g} in, ${price.output:g} out per million tokens by {told}"
    return Listed(tariff=lambda usage: cost(price, usage), told=told)


def _plain(found: Any) -> Price | None:
    """The price as a table, where it depends on neither the time nor a request's size."""
    parts = found.model_price
    always = not isinstance(found.model.prices, list)
    numbers = [parts.input_mtok, parts.output_mtok]
    numbers += [] if parts.cache_read_mtok is None else [parts.cache_read_mtok]
    each = getattr(parts, "requests_kcount", None)
    if not always or each or not all(isinstance(number, Decimal) for number in numbers):
        return None
    amounts = [float(number) for number in numbers]
    return Price(
        input=amounts[0], output=amounts[1], cached=amounts[2] if len(amounts) > 2 else None
    )


class _Stepped:
    """A price that depends on the time or on a request's size: asked for each reply (0.2 ms)."""

    def __init__(self, model: str, url: str) -> None:
        self._model, self._url = model, url

    def __call__(self, usage: Usage) -> float | None:
        import genai_prices

        taken = genai_prices.Usage(
            input_tokens=usage.prompt_tokens,
            output_tokens=usage.completion_tokens,
            cache_read_tokens=min(usage.cached_tokens, usage.prompt_tokens),
        )
        try:
            found = genai_prices.calc_price(taken, self._model, provider_api_url=self._url)
        except (LookupError, ValueError):
            return None
        return float(found.total_price)
