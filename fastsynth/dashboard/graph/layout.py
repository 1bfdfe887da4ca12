"""Where the tools of a graph stand: one frame a part, layers from producers to consumers in it.

Reads the JSON of `graph.json` and nothing else. Plain Python over networkx' graph algorithms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import networkx as nx

HEIGHT = 26
CHARACTER = 6.9
ROW, COLUMN = 42, 72
MOST_ROWS = 9
MARGIN, TITLE = 22, 34
ASPECT = 1.7
"""Width over height that the whole is packed towards."""


class Box(msgspec.Struct, frozen=True, kw_only=True):
    x: float
    y: float
    width: float
    height: float

    def moved(self, dx: float, dy: float) -> Box:
        return msgspec.structs.replace(self, x=self.x + dx, y=self.y + dy)


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Pixels, from the top left."""

    tools: Mapping[str, Box]
    frames: Mapping[str, Box]
    width: float
    height: float


def lay_out(graph: Mapping[str, Any]) -> Layout:
    """Places every tool of `graph` in the frame of its part."""
    links = [(e["producer"], e["consumer"]) for e in graph["edges"]]
    links += [(o["before"], o["after"]) for o in graph["orders"]]
    parts: dict[str, list[str]] = {}
    for name, tool in graph["tools"].items():
        parts.setdefault(tool["part"], []).append(name)
    inside = {part: _place(names, links) for part, names in parts.items()}
    frames = _pack({part: _frame(boxes) for part, boxes in inside.items()})
    tools = {
        name: box.moved(frames[part].x, frames[part].y)
        for part, boxes in inside.items()
        for name, box in boxes.items()
    }
    return Layout(
        tools=tools,
        frames=frames,
        width=max((f.x + f.width for f in frames.values()), default=0) + MARGIN,
        height=max((f.y + f.height for f in frames.values()), default=0) + MARGIN,
    )


def _place(names: Sequence[str], links: Iterable[tuple[str, str]]) -> dict[str, Box]:
    """Boxes within a frame, from its top left corner."""
    own: nx.DiGraph[str] = nx.DiGraph()
    own.add_nodes_from(sorted(names))
    own.add_edges_from((a, b) for a, b in links if a in own and b in own and a != b)
    boxes: dict[str, Box] = {}
    x = float(MARGIN)
    columns = _columns(own)
    tallest = max(map(len, columns))
    for column in columns:
        top = TITLE + 12 + (tallest - len(column)) / 2 * ROW
        width = max(CHARACTER * len(name) for name in column) + 22
        for row, name in enumerate(column):
            wide = CHARACTER * len(name) + 22
            boxes[name] = Box(x=x, y=top + row * ROW, width=wide, height=HEIGHT)
        x += width + COLUMN
    return boxes


def _columns(own: nx.DiGraph[str]) -> list[list[str]]:
    """Layers of the graph with its cycles drawn together, long ones folded; unlinked tools last."""
    alone = [name for name in own if own.degree(name) == 0]
    linked = own.subgraph([name for name in own if own.degree(name)])
    knots: nx.DiGraph[int] = nx.condensation(linked)
    layers = [
        [name for knot in layer for name in sorted(knots.nodes[knot]["members"])]
        for layer in nx.topological_generations(knots)
    ]
    ordered = _untangled(layers, linked)
    if alone:
        ordered.append(alone)
    return [part for layer in ordered for part in _folded(layer)]


def _folded(layer: list[str]) -> Iterable[list[str]]:
    count = -(-len(layer) // MOST_ROWS)
    size = -(-len(layer) // max(count, 1))
    return (layer[n : n + size] for n in range(0, len(layer), size))


def _untangled(layers: list[list[str]], links: nx.DiGraph[str]) -> list[list[str]]:
    """Each layer in the order of its neighbours' mean height, back and forth a few times."""
    for sweep in range(6):
        rows = {name: n - len(layer) / 2 for layer in layers for n, name in enumerate(layer)}
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            near = {
                name: [rows[other] for other in (*links.pred[name], *links.succ[name])]
                for name in layer
            }
            layer.sort(key=lambda name: (sum(near[name]) / max(len(near[name]), 1), name))
            rows.update((name, n - len(layer) / 2) for n, name in enumerate(layer))
    return layers


def _frame(boxes: Mapping[str, Box]) -> Box:
    return Box(
        x=0,
        y=0,
        width=max(box.x + box.width for box in boxes.values()) + MARGIN,
        height=max(box.y + box.height for box in boxes.values()) + MARGIN,
    )


def _pack(frames: Mapping[str, Box]) -> dict[str, Box]:
    """Shelves, the tallest frames first; frames of one shelf are made equally high."""
    shelves: list[list[str]] = []
    area = sum((f.width + MARGIN) * (f.height + MARGIN) for f in frames.values())
    widest = max((f.width for f in frames.values()), default=0)
    room = max(widest + 2 * MARGIN, (area * ASPECT * 1.15) ** 0.5)
    for part in sorted(frames, key=lambda p: -frames[p].height):
        for shelf in shelves:
            used = sum(frames[p].width + MARGIN for p in shelf)
            if used + frames[part].width + 2 * MARGIN <= room:
                shelf.append(part)
                break
        else:
            shelves.append([part])
    placed: dict[str, Box] = {}
    y = float(MARGIN)
    for shelf in shelves:
        height = max(frames[part].height for part in shelf)
        x = float(MARGIN)
        for part in shelf:
            placed[part] = msgspec.structs.replace(frames[part], x=x, y=y, height=height)
            x += frames[part].width + MARGIN
        y += height + MARGIN
    return placed
