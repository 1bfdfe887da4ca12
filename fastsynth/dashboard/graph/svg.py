"""A graph as an SVG picture: readable alone, and the canvas of the page.

Kinds of evidence differ in colour and in stroke: flow and declared solid, schema dashed, order
dotted with a square end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

import msgspec

from fastsynth.dashboard.graph.layout import Box, Layout, lay_out

COLOURS = """
:root{--bg:#fbfbfa;--fg:#1d2327;--dim:#5f6b73;--line:#dde1e3;--card:#fff;--tool:#f2f5f6;
--flow:#2f6f8f;--schema:#8a949a;--order:#c2611f;--mark:#d08a2e}
@media (prefers-color-scheme:dark){:root{--bg:#14181b;--fg:#e4e8ea;--dim:#9aa6ad;--line:#2c3439;
--card:#1b2125;--tool:#232b30;--flow:#5aa9cf;--schema:#7f8a91;--order:#e08a4a;--mark:#e0a350}}
"""
STYLE = """
.frame{fill:var(--card);stroke:var(--line)}
.part{fill:var(--dim);font:600 14px system-ui,sans-serif}
.tool rect{fill:var(--tool);stroke:var(--line)}
.tool.writes rect{stroke:var(--mark);stroke-width:1.6}
.tool.silent rect{stroke-dasharray:3 3}.tool.silent text{fill:var(--dim)}
.tool text{fill:var(--fg);font:11.5px ui-monospace,monospace}
.link path{fill:none;stroke:var(--flow);stroke-width:1.3;stroke-opacity:.55}
.link.schema path{stroke:var(--schema);stroke-dasharray:5 4}
.link.order path{stroke:var(--order);stroke-dasharray:2 3;stroke-opacity:.85}
.link.between path{stroke-opacity:.28}
.end-flow,.end-declared{fill:var(--flow)}.end-schema{fill:var(--schema)}.end-order{fill:var(--order)}
"""
_BENDS = re.compile(r"C(-\d+) ")
"""Where a curve is pulled out at the left edge; it comes three quarters of the way."""
KINDS = ("flow", "declared", "schema", "order")


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """All edges of one kind between two tools."""

    source: str
    target: str
    kind: str
    edges: tuple[int, ...]
    """Numbers in the graph's `edges`, or in its `orders` where `kind` is `order`."""


def graph_svg(graph: Mapping[str, Any]) -> str:
    """A whole SVG document."""
    layout = lay_out(graph)
    drawn = canvas(graph, layout)
    left = min([0, *(int(bend) * 3 // 4 - 6 for bend in _BENDS.findall(drawn))])
    width, height = f"{layout.width - left:.0f}", f"{layout.height:.0f}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="{left} 0 {width} {height}"><style>{COLOURS}{STYLE}'
        f"svg{{background:var(--bg)}}</style>{drawn}</svg>\n"
    )


def links_of(graph: Mapping[str, Any]) -> list[Link]:
    grouped: dict[tuple[str, str, str], list[int]] = {}
    for number, edge in enumerate(graph["edges"]):
        pair = (edge["producer"], edge["consumer"], edge["evidence"])
        grouped.setdefault(pair, []).append(number)
    for number, order in enumerate(graph["orders"]):
        grouped.setdefault((order["before"], order["after"], "order"), []).append(number)
    return [
        Link(source=source, target=target, kind=kind, edges=tuple(numbers))
        for (source, target, kind), numbers in grouped.items()
        if source in graph["tools"] and target in graph["tools"]
    ]


def canvas(graph: Mapping[str, Any], layout: Layout) -> str:
    """The drawing without its `svg` element: frames, links, tools; links carry their number."""
    silent = set((graph.get("found") or {}).get("silent", ()))
    drawn = [_markers()]
    for part, frame in layout.frames.items():
        drawn.append(
            f'<rect class="frame" x="{frame.x:.0f}" y="{frame.y:.0f}" width="{frame.width:.0f}" '
            f'height="{frame.height:.0f}" rx="10"/><text class="part" x="{frame.x + 22:.0f}" '
            f'y="{frame.y + 27:.0f}">{escape(part)}</text>'
        )
    drawn += [_link(n, link, graph, layout) for n, link in enumerate(links_of(graph))]
    for name, tool in graph["tools"].items():
        kinds = ["tool", *(["writes"] if tool["mutates"] else [])]
        kinds += ["silent"] if name in silent else []
        drawn.append(_tool(name, tool, layout.tools[name], " ".join(kinds)))
    return "".join(drawn)


def _markers() -> str:
    shape = '<path d="M0 0 8 4 0 8Z"/>'
    return "<defs>" + "".join(
        f'<marker id="end-{kind}" class="end-{kind}" viewBox="0 0 8 8" refX="7" refY="4" '
        f'markerWidth="7" markerHeight="7" orient="auto" markerUnits="userSpaceOnUse">{shape}'
        "</marker>"
        for kind in KINDS
    ) + "</defs>"  # fmt: skip


def _link(number: int, link: Link, graph: Mapping[str, Any], layout: Layout) -> str:
    tools = graph["tools"]
    between = " between" if tools[link.source]["part"] != tools[link.target]["part"] else ""
    path = _curve(layout.tools[link.source], layout.tools[link.target])
    width = f' style="stroke-width:{min(1.2 + 0.25 * len(link.edges), 3):.2f}"'
    source, target = escape(link.source), escape(link.target)
    return (
        f'<g class="link {link.kind}{between}" data-link="{number}" data-from="{source}" '
        f'data-to="{target}"><path{width} d="{path}" marker-end="url(#end-{link.kind})"/>'
        f"<title>{source} to {target}</title></g>"
    )


def _curve(source: Box, target: Box) -> str:
    """From side to side where the target stands to the right, else around from below."""
    y1, y2 = source.y + source.height / 2, target.y + target.height / 2
    if target.x >= source.x + source.width:
        x1, x2 = source.x + source.width, target.x - 1
        bend = max(28.0, (x2 - x1) / 2)
        return _bent(x1, y1, x1 + bend, x2 - bend, x2, y2)
    if target.x + target.width < source.x:
        x1, x2 = source.x, target.x + target.width + 1
        bend = max(28.0, (x1 - x2) / 2)
        return _bent(x1, y1, x1 - bend, x2 + bend, x2, y2)
    side = min(source.x, target.x) - 2
    bend = side - 26 - abs(y2 - y1) * 0.12
    return _bent(source.x, y1, bend, bend, target.x - 1, y2)


def _bent(x1: float, y1: float, bend1: float, bend2: float, x2: float, y2: float) -> str:
    """A curve that leaves and arrives level."""
    return f"M{x1:.0f} {y1:.0f}C{bend1:.0f} {y1:.0f} {bend2:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"


def _tool(name: str, tool: Mapping[str, Any], box: Box, kinds: str) -> str:
    about = escape(str(tool.get("description", ""))[:200])
    return (
        f'<g class="{kinds}" data-tool="{escape(name)}" tabindex="0">'
        f'<rect x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" height="{box.height:.0f}" '
        f'rx="6"/><text x="{box.x + 11:.0f}" y="{box.y + 17:.0f}">{escape(name)}</text>'
        f"<title>{about}</title></g>"
    )
