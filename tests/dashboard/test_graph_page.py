"""The drawn graph: every tool stands somewhere of its own, every edge can say why it is there."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from fastsynth.dashboard.graph.layout import lay_out
from fastsynth.dashboard.graph.page import graph_page
from fastsynth.dashboard.graph.svg import graph_svg, links_of
from fastsynth.env.registry import open_domain
from fastsynth.method.graph.graph import build_graph

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def graph() -> dict[str, Any]:
    """As `graph.json` holds it, of the bundled worlds."""
    drawn = build_graph(open_domain("world")).to_json()
    decoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(drawn))
    return decoded


def found(graph: dict[str, Any], text: str = "no </script> here") -> dict[str, Any]:
    """`graph` with one edge that was only proposed, as discovery would leave it."""
    edge = {
        **graph["edges"][0],
        "path": "proposed",
        "usable": False,
        "evidence": "schema",
        "example": {"value": text},
    }
    return {**graph, "found": {"edges": [edge], "silent": ["pay_bill"], "banned": [], "calls": 7}}


def test_no_two_tools_overlap_and_each_stands_in_its_frame(graph: dict[str, Any]) -> None:
    layout = lay_out(graph)

    assert layout.tools.keys() == graph["tools"].keys()
    for one, other in itertools.combinations(layout.tools.values(), 2):
        apart = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y
    for name, box in layout.tools.items():
        frame = layout.frames[graph["tools"][name]["part"]]
        assert frame.x <= box.x
        assert box.x + box.width <= frame.x + frame.width
        assert frame.y <= box.y
        assert box.y + box.height <= frame.y + frame.height


def test_frames_do_not_overlap(graph: dict[str, Any]) -> None:
    frames = lay_out(graph).frames

    for one, other in itertools.combinations(frames.values(), 2):
        apart = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y


def test_a_graph_without_edges_can_be_drawn() -> None:
    alone = {"part": "p", "mutates": False, "description": "", "parameters": []}
    layout = lay_out({"tools": {f"t{n}": alone for n in range(30)}, "edges": [], "orders": []})

    assert len(layout.tools) == 30


def test_the_picture_is_xml_with_every_tool_and_link(graph: dict[str, Any]) -> None:
    root = ElementTree.fromstring(graph_svg(graph))

    tools = [g for g in root.iter(f"{SVG}g") if "data-tool" in g.attrib]
    links = [g for g in root.iter(f"{SVG}g") if "data-link" in g.attrib]
    assert {g.attrib["data-tool"] for g in tools} == graph["tools"].keys()
    assert len(links) == len(links_of(graph))


def test_no_link_runs_out_of_the_picture(graph: dict[str, Any]) -> None:
    root = ElementTree.fromstring(graph_svg(graph))

    left, _, width, _ = map(float, root.attrib["viewBox"].split())
    curves = [
        [float(x) for x in re.findall(r"-?\d+", path.attrib["d"])[::2]]
        for path in root.iter(f"{SVG}path")
        if "C" in path.attrib["d"]
    ]
    reached = [
        sum(factor * x for factor, x in zip((1 / 8, 3 / 8, 3 / 8, 1 / 8), curve, strict=True))
        for curve in curves
    ]
    assert min(reached) < 0, "the case is there"
    assert left < min(reached)
    assert max(reached) < left + width


def test_names_with_markup_in_them_are_escaped() -> None:
    tool = {"part": "<p>", "mutates": True, "description": 'says "<b>"', "parameters": []}
    edge = {"producer": "a<b", "consumer": 'c"d', "path": "x", "parameter": "y", "evidence": "flow"}
    drawn = graph_svg({"tools": {"a<b": tool, 'c"d': tool}, "edges": [edge], "orders": []})

    names = [
        g.attrib["data-tool"]
        for g in ElementTree.fromstring(drawn).iter()
        if "data-tool" in g.attrib
    ]

    assert names == ["a<b", 'c"d']


def test_the_page_loads_nothing_from_outside(graph: dict[str, Any]) -> None:
    page = graph_page(graph)

    addresses = set(re.findall(r"https?://[^\s\"'<>)]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(?:link|img|iframe)|src=|@import", page)


def test_the_page_holds_each_edge_and_what_was_only_proposed(graph: dict[str, Any]) -> None:
    page = graph_page(found(graph))

    text = page.split('id="data">', 1)[1].split("</script>", 1)[0]
    data = json.loads(text)
    assert len(data["edges"]) == len(graph["edges"]) + 1
    assert data["edges"][-1]["example"]["value"] == "no </script> here"
    shown = {n for link in data["links"] if link["kind"] != "order" for n in link["edges"]}
    assert shown == set(range(len(data["edges"])))
    assert data["found"]["calls"] == 7


def test_a_tool_that_never_ran_is_drawn_as_such(graph: dict[str, Any]) -> None:
    root = ElementTree.fromstring(graph_svg(found(graph)))

    kinds = {
        g.attrib["data-tool"]: g.attrib["class"] for g in root.iter() if "data-tool" in g.attrib
    }
    assert "silent" in kinds["pay_bill"].split()
    assert "silent" not in kinds["list_bills"].split()
