"""Your tools in, verified multi-turn tool-use training data out.

For programs: `load` reads a run's rows, `reward` judges what a model makes of them, a `Rollout`
takes a model through one; `Scorer` has both for an event loop.
For modules of tools: `Scenario` and `Thread` say what a conversation starts with, `Means` and
`tool` what code does not, `Rule` what no conversation may do.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
_HOMES = {
    "reading": ("load",),
    "scoring": ("Scorer",),
    "rollout": ("AsyncRollout", "Reward", "Step"),
    "blocking": ("Rollout", "reward"),
    "env.environment": ("Scenario", "Thread"),
    "env.adapters.contract": ("Means", "tool"),
    "env.law": ("Call", "Rule"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """On first use: the command line and users' tools start without them."""
    if name not in _HOME:
        raise AttributeError(f"module 'fastsynth' has no attribute {name!r}")
    return getattr(import_module(f"fastsynth.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
