"""A request's deadline: over all its sends and the waits between them, from the first send on."""

from __future__ import annotations

import pytest
from client_setup import Setup, ask
from slow_requests import BODY, USUAL, A, Trial
from virtual_clock import run_virtual

from fastsynth.config import Endpoint
from fastsynth.errors import NoEndpoint
from fastsynth.events import RequestFailed
from fastsynth.llm.chat import NoReply, Reply
from fastsynth.llm.client import Client, Settings
from fastsynth.llm.fake import TimedTransport
from fastsynth.llm.faults import Fault
from fastsynth.llm.service import NEVER_COMPLETED, Service


def test_a_deadline_ends_a_request_over_all_its_sends_for_its_true_reason() -> None:
    def plan(_: str, number: int) -> tuple[float, bytes | Fault]:
        return (2.0, Fault("reset", "gone")) if number < USUAL + 2 else (300.0, BODY)

    trial = Trial(plan, A, tail=(), deadline=30.0)
    (reply,) = trial.run()

    assert isinstance(reply, NoReply)
    assert reply.transient
    assert "deadline of 30 s, 3 sends: the last one ended with reset" in reply.detail
    assert trial.took == pytest.approx(30)
    causes = [(event.cause, event.again) for event in trial.of(RequestFailed)]
    assert causes == [("reset", True), ("reset", True), ("cancelled", False)]
    assert trial.idle


def test_waiting_for_the_first_send_is_not_in_the_deadline() -> None:
    trial = Trial(lambda _, __: (10.0, BODY), A, tail=(), in_flight=1, deadline=15.0)
    replies = trial.run(5)

    assert trial.took == pytest.approx(50)
    assert all(isinstance(reply, Reply) for reply in replies)


RUBBISH = b'{"choices": [{"mess'


def test_a_server_that_sends_rubbish_for_a_while_costs_time_and_no_reply() -> None:
    trial = Trial(lambda _, n: (0.1, RUBBISH if n < USUAL + 6 else BODY), A, tail=())
    (reply,) = trial.run()

    assert isinstance(reply, Reply)
    assert trial.wasted() == ["malformed"] * 6


def test_rubbish_at_every_send_is_the_requests_own_and_amid_an_outage_is_not() -> None:
    always = Trial(lambda _, __: (0.1, RUBBISH), A, tail=(), retries=4)
    outage = Trial(
        lambda _, n: (0.1, Fault("reset", "gone") if n == USUAL + 2 else RUBBISH),
        A,
        tail=(),
        retries=4,
    )
    (own,), (other,) = always.run(), outage.run()

    assert isinstance(own, NoReply)
    assert isinstance(other, NoReply)
    assert (own.cause, other.cause) == ("malformed", "unavailable")
    assert own.detail.endswith("(5 sends)")


@pytest.mark.parametrize(("usual", "ends"), [(0, True), (1, False)])
def test_a_server_that_never_sent_a_completion_ends_the_run(usual: int, ends: bool) -> None:
    async def main() -> list[Reply | NoReply | str]:
        setup = Setup()
        transport = TimedTransport(lambda _, n: (0.1, BODY if n < usual else b'{"hello": 1}'))
        endpoint = Endpoint(urls=(A,), model="teacher", retries=2)
        service = Service("fleet", endpoint, transport, setup.bus)
        settings = Settings(endpoints={"fleet": endpoint}, roles={"default": "fleet"})
        client = Client(settings, {"fleet": service}, setup.replies, setup.bus)
        got: list[Reply | NoReply | str] = []
        try:
            for job in range(usual + NEVER_COMPLETED):
                got.append(await client.ask(ask(job)))
        except NoEndpoint as error:
            got.append(str(error))
        return got

    *_, last = run_virtual(main())

    assert isinstance(last, str) is ends
    assert not ends or "need an OpenAI-compatible API" in str(last)
