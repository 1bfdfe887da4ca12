"""A graph as a PNG, for places that show no SVG: by resvg, which the extra `png` brings (1.4 MB).

Fonts are the machine's; where it has none, boxes stay empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from fastsynth.dashboard.graph.svg import COLOURS, graph_svg
from fastsynth.errors import ConfigError

SCALE = 2.0
"""Pixels for each unit of the SVG."""
_FONTS = {
    "system-ui,sans-serif": "Helvetica,Arial,'Liberation Sans','DejaVu Sans',sans-serif",
    "ui-monospace,monospace": "Menlo,'Liberation Mono','DejaVu Sans Mono',monospace",
}


def graph_png(graph: Mapping[str, Any]) -> bytes:
    """Raises ConfigError where the package is missing."""
    if find_spec("resvg_py") is None:
        raise ConfigError(
            "graph --png: the package resvg-py is missing; install it with: "
            "pip install 'fastsynth[png]'"
        )
    import resvg_py

    light = dict(re.findall(r"--(\w+):(#\w+)", COLOURS.partition("@media")[0]))
    drawn = bytes(resvg_py.svg_to_bytes(svg_string=plain(graph_svg(graph), light),
                                        background=light["bg"], zoom=SCALE))  # fmt: skip
    return drawn


def plain(svg: str, colours: Mapping[str, str]) -> str:
    """With colours and fonts by name: renderers know no custom properties."""
    svg = re.sub(r"var\(--(\w+)\)", lambda found: colours[found[1]], svg.replace(COLOURS, ""))
    for family, known in _FONTS.items():
        svg = svg.replace(family, known)
    return svg
