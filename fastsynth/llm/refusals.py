"""What a user is told of an endpoint that cannot be used: in plain words, never with a secret."""

from __future__ import annotations

from collections.abc import Iterable

from fastsynth.config import Endpoint
from fastsynth.errors import NoEndpoint
from fastsynth.llm.address import hidden_values, shown
from fastsynth.llm.faults import Halt
from fastsynth.llm.transport import key_variable, secret


class Refusals:
    """Words about one endpoint."""

    def __init__(self, name: str, endpoint: Endpoint) -> None:
        self._name = name
        self._endpoint = endpoint
        self._hidden = hidden_values(endpoint)

    def explain(self, verdict: Halt, model: str, known: Iterable[str]) -> str:
        """Why nobody is served; `known`: the models that the addresses list."""
        variable = key_variable(self._endpoint)
        match verdict.why:
            case "key":
                state = "" if secret(self._endpoint) else ", which is not set"
                return f"key refused; it is read from {variable}{state} ({verdict.detail})"
            case "model":
                listed = ", ".join(known) or "none listed; the address ends in /v1 mostly"
                return f"model {model!r} not found; known: {listed} ({verdict.detail})"
            case "money":
                return f"the account of the key in {variable} is used up ({verdict.detail})"
            case "moved":
                return f"it redirects; give the address it points to ({verdict.detail})"
            case "page":
                return f"{verdict.detail}; need an OpenAI-compatible API, mostly at /v1"

    def gone(self, base: str, text: str) -> NoEndpoint:
        return NoEndpoint(f"endpoint {self._name} {shown(base)}: {self.hide(text)}")

    def unreachable(self, bases: Iterable[str], detail: str) -> NoEndpoint:
        """No address has answered for as long as `give_up` allows."""
        told = ", ".join(map(shown, bases))
        seconds = f"{self._endpoint.give_up:g} s"
        return NoEndpoint(f"endpoint {self._name} {told}: gone for {seconds}: {self.hide(detail)}")

    def hide(self, text: str) -> str:
        for value in self._hidden:
            text = text.replace(value, "***")
        return text
