"""Objects that are copied together: live, pickled, or both, whichever the last step needed.

A call moves the objects of its own group; the others keep their pickle and their text for the
digest. Equal pickles are equal states.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any
from weakref import WeakSet

from fastsynth.env.adapters.canon import Memo, text_inside
from fastsynth.env.adapters.shelf import Shelf
from fastsynth.errors import EnvironmentBroken, boundary

MOST_TEXTS = 8
"""Of states seen since the last rest; each is some KB."""
MOST_PIECES = 2000
"""The same for pieces of states, of which a call changes few."""
MOST_AWAKE = 256
"""Groups of objects in a process that stay live through a rest: of a few conversations that costs
some MB, and loading and hashing them anew after each reply took 5% of a run's CPU. Where thousands
are alive most are put away: then live objects are most of a conversation's memory."""
_AWAKE: WeakSet[Held] = WeakSet()


class Held:
    def __init__(
        self,
        objects: dict[str, Any],
        ignored: frozenset[str],
        beside: frozenset[str] = frozenset(),
    ) -> None:
        """`beside`: attributes that are no state, kept as they are while the rest is copied."""
        self._objects: dict[str, Any] | None = objects
        """None while the pickle alone holds the state: live it takes ten times the memory."""
        self._ignored = ignored
        self._kinds = {name: type(live) for name, live in objects.items()} if beside else {}
        self._beside = {
            name: {key: held for key, held in vars(live).items() if key in beside}
            for name, live in objects.items()
            if beside
        }
        self._copied: bytes | None = None
        """The present state pickled; None once a call may have moved it."""
        self._mark = b""
        """Hash of the pickle; b"" where it is not known."""
        self._texts: dict[bytes, Mapping[str, str]] = {}
        self._pieces: Memo = {}

    def live(self) -> dict[str, Any]:
        """The objects, made anew where only their pickle is held."""
        if self._objects is None:
            assert self._copied is not None
            loaded = pickle.loads(self._copied)
            self._objects = self._dressed(loaded) if self._beside else loaded
        return self._objects

    def _dressed(self, states: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """Objects of these attributes and of what stands beside them."""
        objects = {}
        for name, state in states.items():
            live = objects[name] = object.__new__(self._kinds[name])
            vars(live).update(state, **self._beside[name])
        return objects

    def _bare(self) -> Any:
        """What is copied."""
        if not self._beside or self._objects is None:
            return self._objects
        return {
            name: {key: held for key, held in vars(live).items() if key not in self._beside[name]}
            for name, live in self._objects.items()
        }

    def to_move(self) -> dict[str, Any]:
        """The objects, for a call that may move them."""
        live = self.live()
        self._copied, self._mark = None, b""
        return live

    def copy(self) -> bytes:
        if self._copied is not None:
            return self._copied
        with boundary() as caught:
            self._copied = pickle.dumps(self._bare(), pickle.HIGHEST_PROTOCOL)
            return self._copied
        raise EnvironmentBroken(f"state cannot be copied: {caught.error!r}") from caught.error

    def put_back(self, copied: bytes) -> None:
        if copied is not self._copied:
            self.let_go()
            self._copied, self._mark = copied, b""

    def rest(self) -> None:
        if self in _AWAKE or len(_AWAKE) < MOST_AWAKE:
            _AWAKE.add(self)
            return
        self._texts, self._pieces = {}, {}
        for beside in self._beside.values():
            for held in beside.values():
                if isinstance(held, Shelf):
                    held.put_away()
        if self._copied is not None:
            self.let_go()

    def close(self) -> None:
        """The state is needed no more."""
        _AWAKE.discard(self)
        self.let_go()

    def let_go(self) -> None:
        """Parts that keep the mapping make a cycle; emptied, it is gone without the collector."""
        if self._objects is not None:
            self._objects.clear()
        self._objects = None

    @property
    def mark(self) -> bytes:
        """Equal for equal pickles; 16 bytes."""
        if not self._mark:
            self._mark = blake2b(self.copy(), digest_size=16).digest()
        return self._mark

    def texts(self) -> Mapping[str, str]:
        """What the digest is made of: part -> its state as text."""
        found = self._texts.get(self.mark)
        if found is None:
            if len(self._texts) >= MOST_TEXTS:
                self._texts = {}
            if len(self._pieces) >= MOST_PIECES:
                self._pieces = {}
            live, pieces = self.live(), self._pieces
            found = {name: text_inside(live, name, self._ignored, pieces) for name in live}
            self._texts[self.mark] = found
        return found
