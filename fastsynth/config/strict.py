"""YAML as configs have it: a key that stands twice is an error, since only the last would count."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml


class Strict(yaml.SafeLoader):
    """Plain values only, and every key of a mapping once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = dict[Any, int]()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
                continue
            line = key.start_mark.line + 1
            if key.value in seen:
                text = f"the key {key.value!r} stands twice, in lines {seen[key.value]} and {line}"
                raise yaml.constructor.ConstructorError(problem=text)
            seen[key.value] = line
        return super().construct_mapping(node, deep)


def complaint(error: yaml.YAMLError | UnicodeDecodeError) -> str:
    """The complaint on one line."""
    text = " ".join(str(error).split())
    if "'\\t' that cannot start" in text:
        text += "; indent with spaces, YAML takes no tabs"
    return text
