"""How alike two names are, by the words in them: proposes where execution will decide.

Words count by stem, and rare words count more than common ones (`id`, `name`, `status`). Plain
token overlap: names in tool lists are two or three words long, so edit distance adds nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_COMMON = frozenset(
    """a an the of for in on by with and or is be it its this that get set list find
    search show read value string number integer object array which""".split()
)
_WEAK = frozenset(
    """id ids name names key keys type status message text content data result results date time
    count total list info code number""".split()
)


@lru_cache(maxsize=65536)
def words(text: str) -> frozenset[str]:
    """The stems of the words in a name or sentence: `cityA`, `flight_ids` -> city; flight, id."""
    return frozenset(
        stem for stem in map(_stem, _WORD.findall(text)) if stem not in _COMMON and len(stem) > 1
    )


def telling(text: str) -> frozenset[str]:
    """The words in it that mean something by themselves: no `id`, no `status`."""
    return words(text) - _WEAK


@lru_cache(maxsize=262144)
def likeness(one: str, other: str) -> float:
    """0 (nothing shared) to 1 (the same words)."""
    left, right = words(one), words(other)
    if not left or not right:
        return 0.0
    shared = sum(map(_weight, left & right))
    return 2 * shared / (sum(map(_weight, left)) + sum(map(_weight, right)))


@lru_cache(maxsize=262144)
def held_in(name: str, text: str) -> float:
    """Share of the words of a name that a description says, 0 to 1."""
    wanted = words(name)
    whole = sum(map(_weight, wanted))
    return sum(map(_weight, wanted & words(text))) / max(whole, 1.0)


def _stem(word: str) -> str:
    word = word.lower()
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 2 else word


def _weight(word: str) -> float:
    return 0.3 if word in _WEAK else 1.0
