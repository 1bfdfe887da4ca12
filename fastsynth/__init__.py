"""Your tools in, verified multi-turn tool-use training data out.

For programs: `load` reads a run's rows, `reward` and `Scorer` judge what a model makes of them.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
_HOMES = {"load": "reading", "reward": "scoring", "Reward": "scoring", "Scorer": "scoring"}


def __getattr__(name: str) -> Any:
    """On first use: the command line starts without them."""
    if name not in _HOMES:
        raise AttributeError(f"module 'fastsynth' has no attribute {name!r}")
    return getattr(import_module(f"fastsynth.{_HOMES[name]}"), name)
