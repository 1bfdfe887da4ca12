"""The report is one whole file whose figures are the run's, safe for any text in the data."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import msgspec
from made_up_rows import manifest, row

from fastsynth.records import Usage
from fastsynth.store import pictures
from fastsynth.store.manifest import StratumCount
from fastsynth.store.portrait import portray
from fastsynth.store.report import report

ROWS = [row(n, turns=1 + n % 4, level=n % 3) for n in range(40)]
VOID = {"wbr", "meta", "br", "hr", "img", "link", "input"}


class Outline(HTMLParser):
    """Fails where tags do not nest; remembers tags and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def outline(page: str) -> Outline:
    found = Outline()
    found.feed(page)
    assert found.open == []
    return found


def test_the_page_is_whole_and_fetches_nothing() -> None:
    page = report("made-up", manifest(), portray(ROWS))
    found = outline(page)

    assert not found.tags & {"script", "link", "img", "iframe", "object"}
    assert not found.attributes & {"src", "href", "onload", "onclick"}
    assert "url(" not in page
    assert "default-src 'none'" in page


def test_every_picture_is_sound_and_has_a_name_and_its_figures() -> None:
    page = report("made-up", manifest(), portray(ROWS))
    drawn = re.findall(r"<figure>.*?</figure>", page, re.S)
    for picture in drawn:
        root = ElementTree.fromstring(picture.replace("<wbr>", ""))
        named = [each.get("aria-label") for each in root.iter() if each.get("role") == "img"]

        assert root.findtext("figcaption")
        assert set(named) <= {root.findtext("figcaption")}
        assert all(line.find("td") is not None for line in root.iter("tr"))
        assert root.find(".//tr") is not None
    assert len(drawn) >= 9


def test_figures_are_those_of_the_rows() -> None:
    page = report("made-up", manifest(), portray(ROWS))
    calls = sum(
        call.name == "book_flight" for r in ROWS for turn in r.ground_truth for call in turn
    )

    assert f'<th scope="row">book_<wbr>flight</th><td>{calls}</td>' in page
    assert f"<dt>turns</dt><dd>{sum(r.num_turns for r in ROWS)}</dd>" in page
    assert "<dt>tools called</dt><dd>3 of 4</dd>" in page
    assert "never called: <code>cancel_booking</code>" in page
    assert "from an output</th><td>30.0%</td>" in page
    assert "1,234,567" in page


def test_the_funnel_narrows_to_the_accepted() -> None:
    page = report("made-up", manifest(), portray(ROWS))
    funnel = page[page.index("Jobs left after each stage") :]
    rows = dict(
        re.findall(r'<th scope="row">(.*?)</th><td>(\d+)', funnel[: funnel.index("</figure>")])
    )

    assert list(rows.items()) == [
        ("jobs", "64"),
        ("with an outcome", "61"),
        ("after query", "55"),
        ("after chain", "44"),
        ("in the data", "40"),
    ]


def test_overshoot_is_the_last_loss() -> None:
    page = report("made-up", msgspec.structs.replace(manifest(), jobs=65), portray(ROWS))

    assert "−4 accepted: past the wanted" in page
    assert '<th scope="row">in the data</th><td>40</td>' in page


def test_who_wrote_it_is_said() -> None:
    assert "no model wrote any of it" in report("made-up", manifest(), portray(ROWS))
    assert "Written by: some-model." in report("made-up", manifest("some-model"), portray(ROWS))


def test_text_of_the_data_is_never_markup() -> None:
    evil = "</div><script>alert(1)</script><img src=x onerror=alert(1)>"
    rows = [msgspec.structs.replace(row(0, query=evil), environment=evil, id=evil)]
    run = msgspec.structs.replace(
        manifest(evil),
        environment=evil,
        stopped_by=evil,
        funnel={evil: {evil: 3}},
        strata=(StratumCount(stratum=evil, target=1, chosen=1, finished=2, accepted=1),),
    )
    found = outline(report(evil, run, portray(rows)))

    assert not found.tags & {"script", "img"}


def test_a_run_without_rows_has_a_report_too() -> None:
    page = report("made-up", manifest(), portray([]))

    outline(page)
    assert "<dt>conversations</dt><dd>0</dd>" in page
    assert "One conversation" not in page


def test_a_histogram_keeps_its_gaps() -> None:
    drawn = pictures.columns("x", {1: 5, 4: 5}, "calls")

    assert re.findall(r"height:([\d.]+)%", drawn) == ["100.0", "0.0", "0.0", "100.0"]
    assert re.findall(r"</span><span>(\d+)</span>", drawn) == ["1", "2", "3", "4"]


def test_a_long_histogram_keeps_its_numbers_apart() -> None:
    drawn = pictures.columns("x", {1: 5, 100: 5}, "calls")

    assert re.findall(r"</span><span>(\d+)</span>", drawn)[:3] == ["1", "6", "11"]


def test_no_two_parts_of_a_whole_share_a_colour() -> None:
    few = pictures.shares("x", [(f"part {n}", 1) for n in range(6)])
    many = pictures.shares("x", [(f"part {n}", 1) for n in range(7)])

    assert len(set(re.findall(r'class="s(\d)" style', few))) == 6
    assert not re.findall(r'class="s\d"', many)
    assert many.count('<tr><th scope="row">part') == 7


def test_the_cost_is_a_headline_only_where_it_is_known() -> None:
    priced = msgspec.structs.replace(manifest("m"), usage=Usage(requests=3, cost_usd=1.5))
    unknown = msgspec.structs.replace(manifest("m"), usage=Usage(requests=3))

    assert "<dt>cost</dt><dd>$1.50</dd>" in report("made-up", priced, portray(ROWS))
    page = report("made-up", unknown, portray(ROWS))
    assert "<dt>cost</dt>" not in page
    assert "<p>Cost: price unknown.</p>" in page


def test_the_sample_is_the_richest_of_the_first_rows() -> None:
    chosen = portray([row(1, turns=1), row(0, turns=2), row(3, turns=1)]).sample

    assert chosen is not None
    assert chosen.id == "row-0000"
