"""A graph as one HTML page without outside assets: click a tool or an edge to see why it is there.

Reads the JSON of `graph.json`. Edges that names proposed and nothing confirmed can be shown too.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from importlib import resources
from typing import Any

import msgspec

from fastsynth.dashboard.graph.layout import lay_out
from fastsynth.dashboard.graph.svg import COLOURS, STYLE, Link, canvas, links_of

CROWDED = 150
"""Links between parts from which on they are hidden at first."""


def graph_page(graph: Mapping[str, Any]) -> str:
    """The page, whole. `graph` is what `graph.json` holds."""
    shown = with_proposals(graph)
    layout = lay_out(graph)
    links = links_of(shown)
    data = {
        "tools": shown["tools"],
        "edges": shown["edges"],
        "orders": shown["orders"],
        "links": [msgspec.to_builtins(link) for link in links],
        "found": {k: v for k, v in (graph.get("found") or {}).items() if k not in _BULK},
    }
    text = msgspec.json.encode(data).decode().replace("</", "<\\/")
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>API graph</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{COLOURS}{STYLE}{_asset('graph.css')}</style>{_header(shown, links)}"
        f'<div id="view"><svg viewBox="0 0 {layout.width:.0f} {layout.height:.0f}" role="img" '
        f'aria-label="API graph">{canvas(shown, layout)}</svg></div>'
        '<aside id="panel" aria-live="polite"></aside>'
        f'<script type="application/json" id="data">{text}</script>'
        f"<script>{_asset('graph.js')}</script></html>\n"
    )


def _asset(name: str) -> str:
    return (resources.files(__package__) / name).read_text(encoding="utf-8")


_BULK = ("edges", "orders", "said", "fingerprint")


def with_proposals(graph: Mapping[str, Any]) -> dict[str, Any]:
    """With the edges that names proposed and nobody may walk, marked as `schema`."""
    found = (graph.get("found") or {}).get("edges", ())
    marks = {_mark(edge) for edge in graph["edges"]}
    further = [edge for edge in found if not edge.get("usable", True) and _mark(edge) not in marks]
    return {**graph, "edges": [*graph["edges"], *further]}


def _mark(edge: Mapping[str, Any]) -> tuple[str, ...]:
    return edge["producer"], edge["path"], edge["consumer"], edge["parameter"]


def _header(graph: Mapping[str, Any], links: list[Link]) -> str:
    tools = graph["tools"]
    parts = {name: tool["part"] for name, tool in tools.items()}
    between = sum(parts[link.source] != parts[link.target] for link in links)
    kinds = {link.kind for link in links}
    boxes = "".join(
        f'<label><input type="checkbox" value="{kind}"{on}><i class="{kind}"></i>{text}</label>'
        for kind, on, text in (
            ("flow", " checked", "value flow, by execution"),
            ("declared", " checked", "value flow, declared"),
            ("schema", " checked", "names match"),
            ("order", " checked", "must run first"),
            ("between", "" if between > CROWDED else " checked", "between parts"),
        )
        if kind in kinds or (kind == "between" and between)
    )
    said = f"{len(tools)} tools in {len(set(parts.values()))} parts, {len(graph['edges'])} value "
    said += f"edges, {len(graph['orders'])} order edges"
    return (
        f"<header><h1>API graph</h1><small>{escape(said)}</small>{boxes}"
        '<input type="search" placeholder="find a tool" aria-label="find a tool"></header>'
    )
