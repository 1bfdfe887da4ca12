"""The same bytes through the `openai` SDK, for gateways that only its client is tested with.

Costs some 30 times the CPU of `transport`; its retries are off and its exceptions become faults.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import msgspec
import openai

from fastsynth.config import Endpoint
from fastsynth.llm.faults import Fault
from fastsynth.llm.streaming import Merging
from fastsynth.llm.transport import (
    CONNECT_SECONDS,
    EVENTS,
    Answer,
    Transport,
    proxy_for,
    secret,
    tls,
)
from fastsynth.llm.wire import Body


class SdkTransport:
    def __init__(self, client: openai.AsyncOpenAI, headers: dict[str, Any]) -> None:
        self._client = client
        self._options: Any = {"headers": headers}

    async def get(self, url: str) -> Answer:
        return await self._send("GET", url, b"")

    async def post(self, url: str, body: Body, merging: Merging | None = None) -> Answer:
        """Chunks are merged once all of them are there: the first one's time is not known."""
        answer = await self._send("POST", url, bytes(body))
        if merging is None or not answer.headers.get("Content-Type", "").startswith(EVENTS):
            return answer
        merging.feed(answer.body)
        merging.end()
        merging.first = None
        return msgspec.structs.replace(answer, body=merging.body())

    async def _send(self, method: str, url: str, body: bytes) -> Answer:
        try:
            if method == "GET":
                response = await self._client.get(
                    url, cast_to=httpx2.Response, options=self._options
                )
            else:
                response = await self._client.post(
                    url, content=body, cast_to=httpx2.Response, options=self._options
                )
        except openai.APIStatusError as error:
            response = error.response
        except openai.APIConnectionError as error:
            raise _fault(error) from error
        return Answer(status=response.status_code, headers=response.headers, body=response.content)


@asynccontextmanager
async def open_sdk(endpoint: Endpoint, urls: tuple[str, ...]) -> AsyncIterator[Transport]:
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    timeout = httpx2.Timeout(None, connect=CONNECT_SECONDS)
    verify = tls(endpoint)
    async with (
        httpx2.AsyncClient(
            limits=limits,
            timeout=timeout,
            verify=verify,
            proxy=proxy_for(endpoint, urls[0]),
            trust_env=False,
        ) as http,
        openai.AsyncOpenAI(
            api_key=secret(endpoint) or "none",
            base_url=urls[0],
            max_retries=0,
            timeout=timeout,
            http_client=http,
        ) as client,
    ):
        yield SdkTransport(client, _headers(endpoint))


def _headers(endpoint: Endpoint) -> dict[str, Any]:
    """The SDK wants a key; without one the header it would make is left out."""
    given: dict[str, Any] = {"Accept-Encoding": "identity", **endpoint.headers}
    return given if secret(endpoint) else {"Authorization": openai.Omit(), **given}


def _fault(error: openai.APIConnectionError) -> Fault:
    cause = error.__cause__
    if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout):
        return Fault("connect", f"cannot connect: {cause}")
    return Fault("reset", f"{type(cause or error).__name__}: {cause or error}")
