"""What a server does wrong, by rate and seed, from a YAML file. A request has one fault at most.

Drawn by the number of the request, so that a resend is a new draw:

    seed: 7
    rates: {too_many_requests: 0.02, reset_inside: 0.01, truncated: 0.01}
"""

from __future__ import annotations

from email.utils import formatdate
from pathlib import Path
from time import time
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from fastsynth import seeds
from fastsynth.errors import ConfigError

Fault = Literal[
    "too_many_requests",  # 429 with Retry-After
    "internal_error",  # 500
    "bad_gateway",  # 502
    "unavailable",  # 503
    "gateway_timeout",  # 504
    "overloaded",  # 529
    "reset_before",  # the connection is closed before a byte of the reply
    "reset_inside",  # the connection is closed inside the body
    "hang",  # nothing comes for `hang_seconds`
    "drip",  # the body comes a few bytes at a time over `drip_seconds`
    "truncated",  # a complete response whose JSON ends too early
    "html",  # 200 with an HTML error page
    "no_choices",  # `choices` is empty
    "null_content",  # content is null and there are no calls
    "arguments_not_object",  # arguments of calls are JSON, and no object
    "wrong_finish",  # a finish reason that does not fit the message
    "duplicate_chunk",  # streaming: one chunk comes twice
]
STATUS: dict[str, int] = {
    "too_many_requests": 429,
    "internal_error": 500,
    "bad_gateway": 502,
    "unavailable": 503,
    "gateway_timeout": 504,
    "overloaded": 529,
}
Seconds = Annotated[float, Meta(ge=0.0)]


class Faults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shares of requests; together at most 1."""

    seed: int = 0
    rates: dict[Fault, float] = {}
    healthy_first: Annotated[int, Meta(ge=0)] = 0
    """Requests that are answered well before any fault."""
    retry_after: Seconds = 1.0
    retry_after_form: Literal["seconds", "date"] = "seconds"
    at_once: bool = False
    """Whether what is no reply at all (a status, `reset_before`) comes without the latency of one,
    as from a gateway whose servers are gone."""
    hang_seconds: Seconds = 3600.0
    drip_seconds: Seconds = 5.0

    def __post_init__(self) -> None:
        for fault, rate in self.rates.items():
            if not 0.0 <= rate <= 1.0:
                raise ValueError(f"rates.{fault}: {rate:g}, need 0 to 1")
        if sum(self.rates.values()) > 1.0 + 1e-9:
            raise ValueError(f"rates sum to {sum(self.rates.values()):g}, need <= 1")

    def draw(self, number: int) -> Fault | None:
        """The fault of the request with this number (from 0), if any."""
        if not self.rates or number < self.healthy_first:
            return None
        left = seeds.derive(self.seed, number, "fault").random()
        for fault, rate in self.rates.items():
            left -= rate
            if left < 0:
                return fault
        return None

    def skips_work(self, fault: Fault | None) -> bool:
        """Whether `fault` comes before the server has looked at the request."""
        return self.at_once and (fault in STATUS or fault == "reset_before")

    def headers(self, fault: Fault) -> dict[str, str]:
        """Retry-After where the status calls for it (RFC 9110, 10.2.3)."""
        if fault not in ("too_many_requests", "unavailable", "overloaded"):
            return {}
        if self.retry_after_form == "date":
            return {"Retry-After": formatdate(time() + self.retry_after, usegmt=True)}
        return {"Retry-After": f"{self.retry_after:g}"}


def load(path: Path) -> Faults:
    """Strict. Raises `ConfigError` naming the file and the place in it."""
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=Faults)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}, need a YAML file of faults") from error
    except msgspec.DecodeError as error:
        allowed = f"need such as `rates: {{hang: 0.01}}`; faults: {', '.join(get_args(Fault))}"
        raise ConfigError(f"{path}: {error}; {allowed}") from error
