"""Discovery finds what was never declared, by execution alone."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from time import perf_counter

import anyio
import anyio.lowlevel
import msgspec
import pytest

from fastsynth.config import GraphOptions
from fastsynth.dashboard.finding import told
from fastsynth.engine.quota import Job
from fastsynth.env.environment import Domain
from fastsynth.env.registry import Options, open_domain
from fastsynth.env.world import living
from fastsynth.errors import ConfigError
from fastsynth.method.discovery.bare import bare
from fastsynth.method.discovery.chart import Chart, cache, chart, fingerprint
from fastsynth.method.discovery.discover import Effort, as_evidence, differences, discover, probe
from fastsynth.method.discovery.inquiry import Inquiry
from fastsynth.method.discovery.probes import HANGS, Prober
from fastsynth.method.discovery.similarity import likeness
from fastsynth.method.discovery.strangers import strangers
from fastsynth.method.discovery.verdicts import Discovery, judge
from fastsynth.method.graph.edits import mark_of
from fastsynth.method.graph.graph import build_graph
from fastsynth.method.plan import Output
from fastsynth.method.turns.planner import Planner, Shape

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def found_library(tmp_path_factory: pytest.TempPathFactory) -> Discovery:
    """What is found of `undeclared_tools`, found once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(HERE)
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))

        async def find() -> Chart:
            domain = open_domain("python:undeclared_tools:Library")
            try:
                return await chart(domain, GraphOptions(), 1)
            finally:
                await domain.close()

        found = anyio.run(find).found
    assert found is not None
    return found


@pytest.fixture
async def library(
    found_library: Discovery, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[Domain]:
    """The domain, with its graph in the cache."""
    monkeypatch.chdir(HERE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    domain = open_domain("python:undeclared_tools:Library")
    keep(found_library, domain)
    yield domain
    await domain.close()


def keep(found: Discovery, domain: Domain) -> Path:
    path = cache() / f"{fingerprint(domain, 1)}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode({"found": found}))
    return path


def edges_of(found: Discovery) -> set[tuple[str, ...]]:
    return {mark_of(edge) for edge in found.edges if edge.evidence == "flow"}


def test_values_are_followed_whatever_they_are_called(found_library: Discovery) -> None:
    assert edges_of(found_library) == {
        ("look_up_member", "card", "lend", "borrower"),
        ("search_books", "[].shelf_mark", "lend", "item"),
        ("lend", "loan", "extend", "loan_number"),
    }


def test_an_edge_keeps_the_pair_of_calls_that_shows_it(found_library: Discovery) -> None:
    edge = next(e for e in found_library.edges if e.parameter == "borrower")

    value = edge.example["value"]
    assert value in edge.example["produced_by"]["result"]
    assert edge.example["used_in"]["arguments"]["borrower"] == value
    assert edge.example["refused"]["message"].startswith("no card")
    assert (edge.support, edge.controls_ok) == (edge.trials, 0)


def test_a_log_in_is_an_order_edge_although_it_gives_no_value(found_library: Discovery) -> None:
    orders = {(order.before, order.after) for order in found_library.orders}

    assert orders == {("open_desk", "lend")}
    assert found_library.orders[0].example["without"] == "the desk is closed"


def test_what_cannot_be_repeated_is_banned_and_named(found_library: Discovery) -> None:
    assert found_library.volatile == {"what_time": ("clock",)}
    assert set(found_library.banned) == {"roll_dice"}


@pytest.mark.anyio
async def test_a_clock_is_masked_and_the_rest_of_the_result_stays(library: Domain) -> None:
    charted = await chart(library, GraphOptions(), 1)

    state = charted.domain.draw(library.parts, Random(5)).state
    async with living(library, library.parts, state) as replayed:
        seen = await replayed.call("what_time", {})

    assert seen.value == {"clock": None, "zone": "UTC"}
    assert "masked, varies: what_time: clock" in charted.notes


@pytest.mark.anyio
async def test_a_tool_that_hangs_is_tried_twice_and_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(HERE)
    options = Options(time_limit=0.25, workers=1)
    domain = open_domain("python:hanging_tools", options=options)
    try:
        findings = await probe(domain, 1, Effort(scenarios=2, calls=2_000))
        found = judge(domain, as_evidence(findings))
    finally:
        await domain.close()

    assert findings.hangs == {"fetch_forecast": HANGS}
    assert (found.hung, found.banned) == (("fetch_forecast",), ("fetch_forecast",))
    assert found.stopped == {
        "fetch_forecast": "fetch_forecast took longer than 0.5 s and was stopped"
    }
    assert "find_city" in findings.ran


@pytest.mark.anyio
async def test_the_loop_goes_on_while_one_tool_is_probed() -> None:
    domain = open_domain("world:wallet")
    environment = await domain.open(domain.parts)
    await environment.reset(domain.draw(domain.parts, Random(1)).state)
    prober = Prober(environment, domain.tools, Random(1))
    point, turns = await prober.begin(), 0

    async def count() -> None:
        nonlocal turns
        while prober.calls < 200:
            turns += 1
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group:
        group.start_soon(count)
        while prober.calls < 200:
            await prober.run(point, "list_bills", {})
            burn(0.0005)

    assert turns > 20


def burn(seconds: float) -> None:
    """Keeps the thread busy, as a slow tool in this process would."""
    end = perf_counter() + seconds
    while perf_counter() < end:
        pass


def test_values_that_only_results_hold_are_opaque(found_library: Discovery) -> None:
    assert set(found_library.opaque) == {"lend.borrower", "lend.item", "extend.loan_number"}


def test_effects_are_seen_in_the_digest(found_library: Discovery) -> None:
    assert set(found_library.mutates) == {"extend", "lend", "open_desk", "roll_dice"}


@pytest.mark.anyio
async def test_the_found_concepts_give_back_the_found_edges(library: Domain) -> None:
    charted = await chart(library, GraphOptions(), 1)

    again = {mark_of(edge) for edge in build_graph(charted.domain).edges}
    assert again == {mark_of(edge) for edge in charted.graph.edges}
    assert charted.graph.needs["lend"] == ("open_desk",)
    assert "roll_dice" not in charted.domain.tools


@pytest.mark.anyio
async def test_a_user_knows_what_no_result_tells(library: Domain) -> None:
    charted = await chart(library, GraphOptions(), 1)

    scenario = charted.domain.draw(library.parts, Random(5))
    taken = {name: tool.takes for name, tool in charted.domain.tools.items()}
    names = scenario.facts[taken["look_up_member"]["name"]]
    assert set(names) == set(scenario.state[library.parts[0]]["members"])
    assert taken["lend"]["borrower"] not in scenario.facts


@pytest.mark.anyio
async def test_turns_are_planned_over_tools_that_declare_nothing(library: Domain) -> None:
    charted = await chart(library, GraphOptions(), 1)
    planner = Planner(charted.domain, charted.graph, Shape(turns=(2, 3), calls=(1, 6)), 1)

    lent = []
    for number in range(6):
        job = Job(number, "base", number)
        setting = planner.setting(job)
        async with living(charted.domain, setting.parts, setting.scenario.state) as world:
            plan = await planner.plan(job, setting, world)
        lent += [step for turn in plan.turns for step in turn.steps if step.tool == "lend"]

    assert lent
    assert all(isinstance(step.sources["borrower"], Output) for step in lent)


@pytest.mark.anyio
async def test_a_kept_graph_is_used_and_refresh_probes_again(library: Domain) -> None:
    path = cache() / f"{fingerprint(library, 1)}.json"
    raw = msgspec.json.decode(path.read_bytes())
    raw["found"]["calls"] = -1
    path.write_bytes(msgspec.json.encode(raw))

    kept = await chart(library, GraphOptions(), 1)
    fresh = await chart(library, GraphOptions(), 1, refresh=True)

    assert kept.found is not None
    assert kept.found.calls == -1
    assert fresh.found is not None
    assert fresh.found.calls > 0


@pytest.mark.anyio
async def test_a_run_goes_on_with_the_graph_it_began_with(library: Domain, tmp_path: Path) -> None:
    began = await chart(library, GraphOptions(), 1)
    stored = tmp_path / "graph.json"
    raw = began.to_json()
    raw["found"]["calls"] = -2
    stored.write_bytes(msgspec.json.encode(raw))

    resumed = await chart(library, GraphOptions(), 1, stored)

    assert resumed.found is not None
    assert resumed.found.calls == -2


@pytest.mark.anyio
async def test_a_user_adds_and_forbids_found_edges(library: Domain) -> None:
    options = GraphOptions(
        add=("search_books.[].title -> write_note.text", "open_desk => write_note"),
        forbid=("look_up_member.card -> lend.borrower", "open_desk => lend"),
    )

    graph = (await chart(library, options, 1)).graph

    marks = {mark_of(edge) for edge in graph.edges}
    assert ("search_books", "[].title", "write_note", "text") in marks
    assert ("look_up_member", "card", "lend", "borrower") not in marks
    assert ("search_books", "[].shelf_mark", "lend", "item") in marks
    assert (graph.needs["write_note"], graph.needs["lend"]) == (("open_desk",), ())


@pytest.mark.anyio
async def test_editing_a_declared_graph_leaves_its_other_edges() -> None:
    domain = open_domain("world:wallet")
    barred = "list_accounts.accounts[].account_id -> get_statement.account_id"
    added = "list_bills.bills[].biller -> find_payee.name"
    before = {mark_of(edge) for edge in build_graph(domain).edges}

    charted = await chart(domain, GraphOptions(add=(added,), forbid=(barred,)), 1)

    assert charted.found is None
    after = {mark_of(edge) for edge in charted.graph.edges}
    assert after ^ before == {
        ("list_accounts", "accounts[].account_id", "get_statement", "account_id"),
        ("list_bills", "bills[].biller", "find_payee", "name"),
    }
    assert "get_statement.account_id" in charted.domain.opaque


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("list_accounts -> ", "need 'producer.path"),
        ("nobody.id -> pay_bill.bill_id", "no tool 'nobody'"),
        ("list_bills.bills[].bill_id -> pay_bill.bill", "pay_bill has the parameters: bill_id"),
        ("unlock_wallet => nothing", "no tool 'nothing'"),
        ("list_bills.bills[.id -> pay_bill.bill_id", "cannot read"),
    ],
)
async def test_a_wrong_edit_is_named_with_its_place(entry: str, says: str) -> None:
    domain = open_domain("world:wallet")

    with pytest.raises(ConfigError) as raised:
        await chart(domain, GraphOptions(add=("unlock_wallet => pay_bill", entry)), 1)

    assert str(raised.value).startswith("$.graph.add[1]: ")
    assert says in str(raised.value)


def test_a_bare_domain_says_nothing_but_schemas() -> None:
    full = open_domain("world")
    black_box = bare(full)

    for tool in black_box.tools.values():
        assert tool.mutates is False
        assert [tool.takes, tool.gives, tool.needs, tool.undoes] == [{}, {}, (), ()]
    assert not black_box.opaque
    assert not hasattr(black_box, "broader")
    facts = black_box.draw(full.parts, Random(1)).facts
    assert all(name.startswith("group_") for name in facts)


@pytest.mark.anyio
async def test_a_seed_finds_the_same_graph_twice() -> None:
    domain = bare(open_domain("world:wallet"))

    first = await discover(domain, 3, Effort(scenarios=1))
    second = await discover(domain, 3, Effort(scenarios=1))

    assert msgspec.json.encode(first) == msgspec.json.encode(second)


@pytest.mark.anyio
async def test_no_more_calls_are_made_than_allowed() -> None:
    found = await discover(bare(open_domain("world:wallet")), 1, Effort(scenarios=1, calls=500))

    assert 250 <= found.calls <= 500


@pytest.mark.anyio
@pytest.mark.parametrize("calls", [60, 500, 3000])
async def test_calls_that_could_not_be_made_are_no_evidence(calls: int) -> None:
    domain = bare(open_domain("world:wallet"))
    whole = await discover(domain, 1, Effort(scenarios=1))

    found = await discover(domain, 1, Effort(scenarios=1, calls=calls))

    assert (found.banned, dict(found.volatile)) == ((), {})
    flows = {mark_of(edge) for edge in whole.edges}
    assert all(mark_of(edge) in flows for edge in found.edges if edge.evidence == "flow")


@pytest.mark.anyio
async def test_a_read_that_found_nothing_is_made_again_with_what_was_seen_since(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(HERE)
    domain = open_domain("python:crowded_tools")
    try:
        found = await discover(domain, 1, Effort(scenarios=1, calls=1000))
    finally:
        await domain.close()

    assert ("list_people", "[].name", "find_guest", "name") in edges_of(found)


@pytest.mark.anyio
async def test_a_long_discovery_says_how_far_it_is() -> None:
    inquiry, lines = Inquiry(), list[str]()
    wallet = bare(open_domain("world:wallet"))

    async with told(inquiry, lines.append, every=0.005):
        await discover(wallet, 1, Effort(scenarios=2, calls=5000), inquiry)

    assert any("state 1 of 2, running every tool (" in line for line in lines)
    assert any("state 2 of 2, " in line for line in lines)
    assert (inquiry.stage, inquiry.most) == ("", 10_000)


@pytest.mark.anyio
async def test_log_ins_of_the_wallet_are_found_and_nothing_else_is_taken_for_one() -> None:
    full = open_domain("world:wallet")

    found = await discover(bare(full), 1, Effort(scenarios=2))

    orders = {(order.before, order.after) for order in found.orders}
    declared = {mark_of(order) for order in build_graph(full).orders}
    assert orders <= declared
    assert len(orders) >= len(declared) - 1
    assert set(found.mutates) == {name for name, tool in full.tools.items() if tool.mutates}
    assert found.volatile == {}


@pytest.mark.anyio
async def test_bfcl_ids_under_other_names_and_its_log_ins_are_found() -> None:
    pytest.importorskip("bfcl_eval")
    full = open_domain("bfcl:TicketAPI+MessageAPI")

    found = await discover(bare(full), 1, Effort(scenarios=4))

    edges = edges_of(found)
    assert ("get_user_tickets", "[].id", "resolve_ticket", "ticket_id") in edges
    assert ("get_user_id", "user_id", "send_message", "receiver_id") in edges
    assert not {edge for edge in edges if edge[3] in ("status", "message", "title")}
    orders = {(order.before, order.after) for order in found.orders}
    assert {("ticket_login", "create_ticket"), ("message_login", "send_message")} <= orders


@pytest.mark.anyio
async def test_conditions_of_several_calls_and_pairs_of_values_are_found() -> None:
    pytest.importorskip("bfcl_eval")

    found = await discover(bare(open_domain("bfcl:VehicleControlAPI")), 1, Effort(scenarios=2))

    orders = {(order.before, order.after) for order in found.orders}
    assert {("lockDoors", "startEngine"), ("pressBrakePedal", "startEngine")} <= orders
    assert ("startEngine", "setCruiseControl") in orders
    edges = edges_of(found)
    zipcode = ("get_zipcode_based_on_city", "zipcode", "estimate_distance")
    assert {(*zipcode, "cityA"), (*zipcode, "cityB")} <= edges


def test_strangers_keep_the_form_and_never_the_value() -> None:
    rng = Random(1)

    for value, schema in itertools.product(
        ["fl_x3mbqb", "2026-03-02", "10:45", "SFO", 4711, 3, 12.5], [{}]
    ):
        for other in strangers(value, schema, rng):
            assert type(other) is type(value)
            assert other != value
    assert strangers("left", {"enum": ["left", "right"]}, rng) == []
    assert all(n % 5 == 0 for n in strangers(60, {"multipleOf": 5}, rng))


def test_differences_name_paths_and_shapes() -> None:
    assert differences({"a": [1, 2], "b": 3}, {"a": [1, 5], "b": 3}) == ["a[]"]
    assert differences({"a": 1}, {"a": 1}) == []
    assert differences([], [1]) == ["[]"]


def test_names_are_alike_by_their_words() -> None:
    assert likeness("bookingId", "booking_id") == 1.0
    assert likeness("flight_ids", "flight id") == 1.0
    assert likeness("travel_from", "travel_date") < likeness("travel_date", "date_of_travel")
    assert likeness("price", "city") == 0.0
