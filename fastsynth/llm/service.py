"""One endpoint of the config at run time: its addresses, who of them can be used, what is sent."""

from __future__ import annotations

from collections.abc import Mapping

import anyio

from fastsynth.activity import Activity
from fastsynth.config import Endpoint
from fastsynth.errors import NoEndpoint
from fastsynth.events import Bus, Note
from fastsynth.llm.address import addresses, label, shown
from fastsynth.llm.estimates import Estimates
from fastsynth.llm.faults import Halt
from fastsynth.llm.greeting import Greeting, greet
from fastsynth.llm.limits import Gate, Limits
from fastsynth.llm.prices import Tariff, Tariffs
from fastsynth.llm.refusals import Refusals
from fastsynth.llm.router import Pool
from fastsynth.llm.slots import Slots
from fastsynth.llm.transport import Transport

NEVER_COMPLETED = 3
"""Requests whose every send brought no completion, from a server that never sent one, that make it
no OpenAI-compatible API."""


class Service:
    """Mutable only at first contact (`meet`) and in what `pool` and `estimates` count."""

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        transport: Transport,
        bus: Bus,
        activity: Activity | None = None,
    ) -> None:
        self.name = name
        self.endpoint = endpoint
        self.transport = transport
        self.estimates = Estimates()
        self.model = endpoint.model or ""
        self.known: tuple[str, ...] = ()
        self.met = False
        self.absent = False
        """Away, and expected to be: what is stored of it must do."""
        self.out = set[str]()
        """Addresses that refused every request, and are sent nothing until they are named anew."""
        self._strangers: dict[str, str] = {}
        """Address -> why it could not join, as it was told."""
        self._missed = False
        self._completes = False
        self._hopeless = 0
        self._bus = bus
        self._scripted: set[str] = set()
        self._pages: set[str] = set()
        self._lock = anyio.Lock()
        self.refusals = Refusals(name, endpoint)
        self._activity = activity
        self._bases = {label(name, url): url for url in addresses(name, endpoint)}
        """Those that have left too: something may still be in flight there."""
        self._tariffs = Tariffs(endpoint, bus)
        self.pool = Pool(name, [self._gate(tag) for tag in self._bases])

    def _gate(self, tag: str) -> Gate:
        return Gate(tag, limits_of(self.endpoint), Slots(self._activity))

    @property
    def needs_meeting(self) -> bool:
        """Whether a request can only be built after first contact."""
        return not (self.met or self.absent) and (
            self.endpoint.kind == "scripted" or not self.model
        )

    @property
    def all_scripted(self) -> bool:
        """Whether every address identified itself as a scripted teacher."""
        return all(gate.label in self._scripted for gate in self.pool.gates)

    def present(self) -> tuple[str, ...]:
        """The addresses that requests are sent to now."""
        return tuple(self._bases[gate.label] for gate in self.pool.gates)

    async def join(self, base: str) -> None:
        """One more address, if it answers and has the model; else a note says why not."""
        tag = label(self.name, base)
        if (why := self._strange(tag, await self._greet(tag, base))) is not None:
            if self._strangers.get(base) != why:
                text = f"{tag} does not join: {self.refusals.hide(why)}"
                self._bus.emit(Note(text=text, level="warning"))
            self._strangers[base] = why
            return
        self._strangers.pop(base, None)
        self._bases[tag] = base
        self.pool.join(self._gate(tag))
        self._bus.emit(Note(text=f"{tag} joins"))

    def _strange(self, tag: str, found: Greeting | Halt | str) -> str | None:
        """Why an address cannot join, or None."""
        if isinstance(found, Halt):
            return self.refusals.explain(found, self.model, self.known)
        if isinstance(found, str):
            return found
        if found.models and self.model not in found.models:
            return f"it has no model {self.model!r}"
        strange = self.endpoint.kind == "scripted" and tag not in self._scripted
        return "no scripted teacher by its own word" if strange else None

    def leave(self, base: str) -> None:
        """Nothing more is sent there; what is in flight may end."""
        for gate in self.pool.gates:
            if self._bases[gate.label] == base:
                self.pool.leave(gate)
                self._bus.emit(Note(text=f"{gate.label} leaves"))

    def completions(self, gate: Gate) -> str:
        return self._bases[gate.label] + "/chat/completions"

    def metrics(self, gate: Gate) -> str:
        """Where vLLM and SGLang show their gauges: beside the API's `/v1`."""
        return self._bases[gate.label].removesuffix("/v1") + "/metrics"

    def is_scripted(self, gate: Gate) -> bool:
        return gate.label in self._scripted

    def shows_pages(self, gate: Gate) -> bool:
        """Whether a web page came where its list of models was asked for."""
        return gate.label in self._pages

    def streams(self, gate: Gate) -> bool:
        """Whether the time to the first token is to be known there."""
        wish = self.endpoint.stream
        return wish == "always" or (wish == "auto" and gate.knee is not None)

    def tariff(self, gate: Gate) -> Tariff | None:
        """What a usage costs there; None where no price is known."""
        return self._tariffs.of(self.model, gate.label, self._bases[gate.label])

    async def meet(self) -> None:
        """First contact with all addresses, once. Raises NoEndpoint where none can be used."""
        async with self._lock:
            if self.met:
                return
            answers: dict[str, Greeting | Halt | str] = {}

            async def greeted(tag: str, base: str) -> None:
                answers[base] = await self._greet(tag, base)

            async with anyio.create_task_group() as group:
                for tag, base in self._bases.items():
                    group.start_soon(greeted, tag, base)
            self._settle_complaints(
                {base: said for base, said in answers.items() if not isinstance(said, Greeting)}
            )
            self._settle_model()
            await self._tariffs.warm(self.model, self._bases)
            self.met = True

    def others(self, gate: Gate) -> bool:
        """Whether requests may be sent to another address."""
        return any(other is not gate for other in self.pool.gates)

    def put_out(self, verdict: Halt, gate: Gate) -> None:
        """Nothing more is sent to an address that can answer nobody. Raises NoEndpoint where it was
        the last, naming address and variable, never a secret."""
        why = self.refusals.explain(verdict, self.model, self.known)
        base = self._bases[gate.label]
        if not self.others(gate):
            raise self.refusals.gone(base, why)
        if gate in self.pool.gates:
            self.pool.leave(gate)
            self.out.add(base)
            left = len(self.pool.gates)
            text = f"{gate.label}: {self.refusals.hide(why)}; going on with {left} other address"
            self._bus.emit(Note(text=text + "es" * (left > 1), level="warning"))

    def missed(self, detail: str) -> None:
        """No address answers: said once, so that a run which stands still tells why."""
        if not self._missed:
            self._missed = True
            seconds = f"{self.endpoint.give_up:g} s"
            text = f"endpoint {self.name}: no address answers ({self.refusals.hide(detail)}); "
            self._bus.emit(Note(text=f"{text}the run ends after {seconds} of it", level="warning"))

    def found(self) -> None:
        """A completion came."""
        self._completes = True
        if self._missed:
            self._missed = False
            self._bus.emit(Note(text=f"endpoint {self.name} answers again"))

    def spoilt(self, gate: Gate, detail: str) -> None:
        """All sends of a request brought bodies that are no completion. Raises NoEndpoint where
        that is all that anybody has ever got."""
        self._hopeless += 1
        if self._hopeless >= NEVER_COMPLETED and not self._completes:
            text = f"no chat completion yet in {self._hopeless} requests: {detail}; need an "
            text += "OpenAI-compatible API, mostly at /v1"
            raise self.refusals.gone(self._bases[gate.label], text)

    def unreachable(self, detail: str) -> NoEndpoint:
        """No address has answered for as long as `give_up` allows."""
        return self.refusals.unreachable(self._bases.values(), detail)

    async def _greet(self, tag: str, base: str) -> Greeting | Halt | str:
        found = await greet(self.transport, tag, base, self._bus)
        if isinstance(found, Greeting):
            self.known = tuple(dict.fromkeys((*self.known, *found.models)))
            self._pages |= {tag} if found.page else set()
            own = self.endpoint.kind == "scripted" and found.scripted
            self._scripted |= {tag} if own else set()
        return found

    def _settle_complaints(self, complaints: Mapping[str, Halt | str]) -> None:
        needs_all = self.endpoint.kind == "scripted"
        nobody = len(complaints) == len(self._bases)
        for base, complaint in complaints.items():
            if isinstance(complaint, Halt):
                why = self.refusals.explain(complaint, self.model, self.known)
                raise self.refusals.gone(base, why)
            if needs_all or nobody:
                raise self.refusals.gone(base, complaint)
            why = self.refusals.hide(complaint)
            text = f"endpoint {self.name} {shown(base)}: {why}; going on without"
            self._bus.emit(Note(text=text, level="warning"))
        if needs_all and len(self._scripted) < len(self._bases):
            strangers = ", ".join(tag for tag in self._bases if tag not in self._scripted)
            text = f"{strangers}: no scripted teacher by its own word; it is sent no script"
            self._bus.emit(Note(text=text, level="warning"))

    def _settle_model(self) -> None:
        if self.model:
            if self.known and self.model not in self.known:
                text = f"endpoint {self.name}: model {self.model!r} is not listed; known: "
                self._bus.emit(Note(text=text + ", ".join(self.known), level="warning"))
            return
        if not self.known:
            base = next(iter(self._bases.values()))
            raise self.refusals.gone(
                base, f"lists no models; name one in $.endpoints.{self.name}.model"
            )
        self.model = self.known[0]
        self._bus.emit(Note(text=f"endpoint {self.name}: model {self.model!r}, the first listed"))


def limits_of(endpoint: Endpoint) -> Limits:
    """What each address of an endpoint may be sent."""
    auto = endpoint.in_flight == "auto"
    return Limits(
        in_flight=endpoint.in_flight_max if endpoint.in_flight == "auto" else endpoint.in_flight,
        auto=auto,
        rpm=endpoint.rpm,
        tpm=endpoint.tpm,
        input_tpm=endpoint.input_tpm,
        output_tpm=endpoint.output_tpm,
    )
