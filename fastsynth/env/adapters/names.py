"""Names of tools as OpenAI-compatible endpoints take them: `^[a-zA-Z0-9_-]{1,64}$`.

A name that fits stays as it is. Others lose their accents, and what else is not allowed becomes
`_`; where two would then be one, or one is cut, a hash of the own name tells them apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

from fastsynth.errors import config_error

LONGEST = 64
NAMED = 40
"""Names that a complaint lists."""
_FITS = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_WRONG = re.compile(r"[^a-zA-Z0-9_-]")


def shown_names(own: Iterable[str]) -> dict[str, str]:
    """Own name -> the name that models see; no two are the same, in whatever order they come."""
    names = list(dict.fromkeys(own))
    taken = {name for name in names if _FITS.fullmatch(name)}
    mangled = {name: _mangled(name) for name in names if name not in taken}
    wanted = Counter(mangled.values())
    shown = {name: name for name in names}
    for name in sorted(mangled):
        short = mangled[name]
        if wanted[short] > 1 or short in taken or len(short) > LONGEST or not short.strip("_-"):
            short = _marked(short, name, taken)
        shown[name] = short
        taken.add(short)
    return shown


def renamed(shown: Mapping[str, str]) -> list[str]:
    """`own -> shown` of each name that did not fit."""
    return [f"{own} -> {name}" for own, name in shown.items() if own != name]


def picked(
    names: Mapping[str, str],
    hide: Sequence[str],
    only: Sequence[str],
    place: str,
    known: Iterable[str] = (),
) -> frozenset[str]:
    """The shown ones of `names` (shown -> own) that `only` and `hide` leave; both may name either.

    Raises ConfigError for a name that is neither there nor `known`.
    """
    there = frozenset((*names, *names.values(), *known))
    for key, said in (("hide", hide), ("only", only)):
        for name in said:
            if name not in there:
                raise config_error(f"{place}.{key}", name, f"need one of: {_listed(there)}")
    return frozenset(
        shown
        for shown, own in names.items()
        if (not only or shown in only or own in only) and shown not in hide and own not in hide
    )


def _listed(names: Iterable[str]) -> str:
    every = sorted(names)
    more = f", and {len(every) - NAMED} more" if len(every) > NAMED else ""
    return ", ".join(every[:NAMED]) + more


def _mangled(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    return _WRONG.sub("_", "".join(c for c in plain if not unicodedata.combining(c)))


def _marked(short: str, name: str, taken: Iterable[str]) -> str:
    held = frozenset(taken)
    for salt in range(1 << 16):
        mark = blake2b(f"{salt or ''}{name}".encode(), digest_size=4).hexdigest()
        made = f"{short[: LONGEST - len(mark) - 1]}_{mark}"
        if made not in held:
            return made
    raise AssertionError(f"no free name for {name!r}")
