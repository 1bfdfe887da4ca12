"""A seeded generator that is kept as its seed until something is drawn from it.

Copying a `random.Random` costs 50 us and 2.5 KB, which is most of a small world's state, and few
calls draw. Draws, and the digest of the state, are those of `random.Random` itself.
"""

from __future__ import annotations

from array import array
from functools import lru_cache
from random import Random
from typing import Any

Held = int | tuple[bytes, float | None]
"""A seed, or the words of a state and what `gauss` has kept back."""


class Dice:
    """Answers to everything that `Random` does. Ask anew for each draw: a bound method that is
    kept draws unseen."""

    __slots__ = ("_held", "_live")

    def __init__(self, held: Held) -> None:
        self._held: Held | None = held
        self._live: Random | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if self._live is None:
            assert self._held is not None
            self._live = _awake(self._held)
        self._held = None
        return getattr(self._live, name)

    def __reduce__(self) -> tuple[type[Dice], tuple[Held]]:
        return Dice, (self.held,)

    @property
    def held(self) -> Held:
        """All there is to the present state."""
        if self._held is None:
            assert self._live is not None
            _, words, spare = self._live.getstate()
            self._held = array("I", words).tobytes(), spare
        return self._held


def text_of(generator: Random | Dice) -> str:
    """The whole state as text, the same for both."""
    if isinstance(generator, Dice):
        return _text(generator.held)
    return _write(generator)


def _write(generator: Random) -> str:
    version, words, spare = generator.getstate()
    return f"r{version}:{array('Q', words).tobytes().hex()}:{spare!r};"


@lru_cache(maxsize=256)
def _text(held: Held) -> str:
    return _write(_awake(held))


def _awake(held: Held) -> Random:
    if isinstance(held, int):
        return Random(held)
    live, words = Random(0), array("I")
    words.frombytes(held[0])
    live.setstate((Random.VERSION, tuple(words), held[1]))
    return live
