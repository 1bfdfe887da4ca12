"""What a run is told, decoded strictly: unknown keys, wrong types and bad ranges are one line each.

Split in two: *identity* decides what the data is and is hashed; *operation* decides how fast and
where it is made, and may change between a run and its resume.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

AtLeastOne = Annotated[int, Meta(ge=1)]
NotNegative = Annotated[int, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Span = tuple[AtLeastOne, AtLeastOne]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of config sections."""


class Sampling(Section, frozen=True, kw_only=True):
    """Sampling of one role; None leaves the server's default."""

    temperature: Annotated[float, Meta(ge=0.0, le=2.0)] | None = None
    top_p: Annotated[float, Meta(gt=0.0, le=1.0)] | None = None
    max_tokens: AtLeastOne = 2048
    extra_body: dict[str, Any] = {}
    """Further fields of the request, sent as they are (`chat_template_kwargs`)."""


class Endpoint(Section, frozen=True, kw_only=True):
    """One pool of servers that answer for one model."""

    kind: Literal["openai", "scripted"] = "openai"
    url: str | None = None
    urls: tuple[str, ...] = ()
    """Base addresses up to and with `/v1`. None for kind `scripted`: an own server is started."""
    model: str | None = None
    key_env: str | None = None
    """Name of the variable that holds the key; `OPENAI_API_KEY` where none is named."""
    transport: Literal["aiohttp", "openai"] = "aiohttp"
    in_flight: AtLeastOne = 64
    rpm: AtLeastOne | None = None
    tpm: AtLeastOne | None = None
    timeout: Annotated[float, Meta(gt=0)] = 600.0
    """Seconds one send may take, from the first byte sent; waiting in our queue not counted."""
    retries: NotNegative = 6
    headers: dict[str, str] = {}
    ca_file: str | None = None
    proxy: str | None = None
    structured: Literal["json_schema", "json_object", "text"] = "json_schema"
    price: Price | None = None


class Price(Section, frozen=True, kw_only=True):
    """US dollars per million tokens."""

    input: Annotated[float, Meta(ge=0)]
    output: Annotated[float, Meta(ge=0)]
    cached: Annotated[float, Meta(ge=0)] | None = None
