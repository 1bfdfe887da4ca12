"""Config sections of endpoints: where requests go, what is sent with them, what they cost."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from fastsynth.config.section import AtLeastOne, NotNegative, Section


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
    urls_file: str | None = None
    """File of further addresses, one a line, looked at every 2 s: they join and leave the run."""
    model: str | None = None
    key_env: str | None = None
    """Name of the variable that holds the key; `OPENAI_API_KEY` where none is named."""
    transport: Literal["aiohttp", "direct", "openai"] = "aiohttp"
    """`direct`: POSTs to plain `http://` addresses over connections of our own, at half to two
    thirds of the client's CPU (extra `direct`). `openai`: by its SDK, for gateways that are tested
    with nothing else."""
    in_flight: AtLeastOne | Literal["auto"] = "auto"
    """Requests on the wire at once, for each address; `auto` finds out what the server can use."""
    in_flight_max: AtLeastOne = 4096
    """What `auto` never goes above."""
    rpm: AtLeastOne | None = None
    """Requests in any 60 s, for each address; so are the token limits."""
    tpm: AtLeastOne | None = None
    """Tokens in and out together."""
    input_tpm: AtLeastOne | None = None
    output_tpm: AtLeastOne | None = None
    stream: Literal["auto", "always", "never"] = "never"
    """Whether replies come in chunks, so that the time to the first token is known; rows are the
    same. `auto`: where `in_flight` is `auto`. Costs CPU for each chunk."""
    timeout: Annotated[float, Meta(gt=0)] = 600.0
    """Seconds one send may take, from the first byte sent; waiting in our queue not counted."""
    deadline: Annotated[float, Meta(gt=0)] | None = None
    """Seconds one request may take from its first send on, all its sends and waits together;
    then its job fails, and a resume tries it again. None: no bound but `timeout` and `retries`."""
    retries: NotNegative = 6
    hedge: Literal["auto", "never"] = "auto"
    """`auto`: at the end of a run, a request that takes far longer than most is sent a second time
    where a slot is free; the first complete reply is taken, the other one is wasted."""
    hedge_after: Annotated[float, Meta(ge=0)] = 5.0
    """Seconds it must have taken at least: less makes no run late, and a busy machine is no slow
    server."""
    headers: dict[str, str] = {}
    """Sent with every request. `${NAME}` here, in addresses and in `proxy` is a variable's value,
    so that no secret need stand in the file."""
    ca_file: str | None = None
    proxy: str | None = None
    structured: Literal["json_schema", "json_object", "text"] = "json_schema"
    price: Price | None = None
    """None: by genai-prices, where that is installed and knows the model and the address."""
    send_seed: bool = True
    """Whether the API's `seed` field is sent; for servers that refuse it."""
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    parallel_tool_calls: bool | None = None
    """Sent with tools where set; None leaves the server's default."""
    give_up: Annotated[float, Meta(gt=0)] = 60.0
    """Seconds of nothing but failed connections, on every address, that end the run (exit 4)."""


class Price(Section, frozen=True, kw_only=True):
    """US dollars per million tokens."""

    input: Annotated[float, Meta(ge=0)]
    output: Annotated[float, Meta(ge=0)]
    cached: Annotated[float, Meta(ge=0)] | None = None


RoleName = Literal["default", "writer", "reasoning", "critic", "user", "judge", "student"]
DEFAULT_SAMPLING: dict[str, Sampling] = {
    "writer": Sampling(temperature=0.9, max_tokens=1024),
    "reasoning": Sampling(temperature=0.7, max_tokens=2048),
    "critic": Sampling(temperature=0.3, max_tokens=512),
    "judge": Sampling(temperature=0.7, max_tokens=512),
}
