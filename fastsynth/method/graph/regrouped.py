"""An environment whose live values stand under other names; all else is as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastsynth.env.environment import Environment

Groups = Mapping[str, Sequence[Any]]


class Regrouped:
    """`regroup` is given the groups of live values, and gives those that are to be seen."""

    def __init__(self, environment: Environment, regroup: Callable[[Groups], Groups]) -> None:
        self._environment = environment
        self._regroup = regroup
        self.reset = environment.reset
        self.call = environment.call
        self.snapshot = environment.snapshot
        self.restore = environment.restore
        self.rest = environment.rest
        self.digest = environment.digest
        self.close = environment.close

    def __getattr__(self, name: str) -> Any:
        return getattr(self._environment, name)

    async def known(self) -> Groups:
        return self._regroup(await self._environment.known())
