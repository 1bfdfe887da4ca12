"""A tool's description as an imperative clause, whatever its form: `Books a seat.`, `Book a seat`,
`The capital of a country`, `How many...`, `Returns the sum, if given`.

What asks for a value is a noun phrase or a question, and is to be found out.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fastsynth.method.wording import words

_CLAUSE_END = re.compile(r"(?<=[.!?])\s|\n|;\s| so that |, each ")
_ASIDE = re.compile(
    r"\s*,?\s*\([^)]*\)"
    r"|\s*,[^,]*\bif (?:it is |they are |one is |any is )?(?:given|provided|specified|set|any)\b.*"
    r"|\s+(?:only )?if (?:it is |they are |one is |any is )?(?:given|provided|specified|any)\b.*"
    r"|\s*,? optionally\b.*"
    r"|\s*,? and (?:gives|returns)\b.*"
)
"""What speaks of parameters rather than of the deed."""
_SELF = re.compile(
    r"^(?:this|the) (?:tool|function|method) "
    r"(?:(?:is used|can be used|allows you|lets you) (?:to )?)?",
    re.I,
)
_GIVES = frozenset("return give provide output yield".split())
"""What a function does with any value; a person wants to find it out."""
_QUESTIONS = frozenset("how what which who whose where when why whether if".split())
_BEFORE_NOUNS = frozenset(
    "the a an all every each any some this these those its your our their my no one two current "
    "total number".split()
)
_AFTER_NOUNS = frozenset("of for and or with per that which who from between on in at by".split())
_VERBS = frozenset(
    """accept access activate add adjust advance allocate analyse analyze append apply approve
    archive arrange ask assign attach authenticate authorise authorize ban block book borrow bring
    browse build buy calculate call cancel change charge check choose classify clean clear clone
    close collect combine comment commit compare complete compress compute configure confirm
    connect convert copy count create cut deactivate decline decode decrease deduct define delete
    deliver deploy describe detect determine disable discard disconnect dispatch display divide
    download draft draw drop duplicate edit empty enable encode encrypt end enter erase escalate
    estimate evaluate exchange execute expand export extend extract fetch file fill filter find
    finish fix flag follow forecast format forward generate get go grant group handle hide hold
    identify import increase initialise initialize insert inspect install invite invoice issue join
    keep launch leave lend like limit link list load lock log look lookup make manage mark match
    measure merge modify monitor move mute notify obtain offer open order organise organize pause
    pay perform pick pin place plan play plot post prepare preview print process produce promote
    publish pull purchase push put query queue quote raise rank rate read reassign rebook recommend
    record redeem reduce refund refuse register reject release remind remove rename render renew
    rent reopen repeat replace reply report request reschedule reserve reset resize resolve restart
    restore resume retrieve return reverse review revoke rotate round route run save say scale scan
    schedule score search see select sell send set share ship show shrink sign simulate skip slice
    snooze solve sort spend split start stop store submit subscribe subtract suggest sum summarise
    summarize suspend swap switch sync tag take tell test toggle track transfer translate trim turn
    undo unfollow uninstall unlock unmute unpin unsubscribe update upgrade upload use validate
    verify view void vote wait watch withdraw write""".split()
)
_SHORT = {
    "del": "delete", "rm": "remove", "mk": "make", "calc": "calculate", "gen": "generate",
    "init": "set up", "upd": "update", "cfg": "configure", "config": "configure", "msg": "message",
}  # fmt: skip
"""How programmers shorten verbs."""


@lru_cache(maxsize=4096)
def deed(description: str, name: str = "") -> str:
    """A tool's description as an imperative clause: `Books a seat. Needs...` -> `book a seat`,
    `The capital of a country` -> `find out the capital of a country`. `name`: the tool's."""
    first = _CLAUSE_END.split(description.strip(), maxsplit=1)[0].strip(" .;:,")
    first = _SELF.sub("", first)
    bare = _ASIDE.sub("", first).strip(" ,") or first
    clause = " ".join(words(part) if "_" in part else part for part in bare.split())
    head, _, rest = clause.partition(" ")
    verb = stem(head.lower())
    if not head:
        return ""
    if head.lower() in _QUESTIONS or _is_noun(head.lower(), verb, rest):
        return _found_out(clause)
    if verb in _GIVES and rest and verb not in words(name).split():
        return _found_out(rest)
    return f"{_SHORT.get(verb, verb)} {rest}".strip()


def found_by(clause: str) -> str:
    """What a clause such as `find out the capital of Norway` is after: `the capital of Norway`; ""
    where it is about something else than a thing with a name."""
    found = clause.removeprefix("find out ")
    return found if found.startswith("the ") and found != clause else ""


def _is_noun(head: str, verb: str, rest: str) -> bool:
    if head in _BEFORE_NOUNS or re.search(r"'s?$", head) or not head.replace("-", "").isalpha():
        return True
    after = rest.partition(" ")[0].lower()
    if after == "of":
        return True
    if verb in _VERBS or verb.endswith(("ate", "ise", "ize", "ify")):
        return False
    return after in _AFTER_NOUNS or re.match(r"(?:\w+ ){1,3}of\b", rest) is not None


def _found_out(phrase: str) -> str:
    """`All books of a member` is listed; a phrase without an article gets one."""
    head = phrase.partition(" ")[0]
    lower = phrase if head.isupper() and len(head) > 1 else phrase[:1].lower() + phrase[1:]
    first = head.lower()
    if first == "all":
        return f"list {lower}"
    if first in _QUESTIONS or first in _BEFORE_NOUNS - {"current", "total", "number"}:
        return f"find out {lower}"
    return f"find out {lower}" if re.match(r"\w+'s? ", lower) else f"find out the {lower}"


def stem(verb: str) -> str:
    """A verb without the `s` of `books`, `carries`, `pushes`."""
    if verb in _VERBS or verb in _GIVES:
        return verb
    for ending, instead in (("ies", "y"), ("es", ""), ("s", "")):
        known = verb.removesuffix(ending) + instead
        if verb.endswith(ending) and (known in _VERBS or known in _GIVES):
            return known
    if verb.endswith("ies"):
        return verb[:-3] + "y"
    if verb.endswith(("sses", "shes", "ches", "xes")):
        return verb[:-2]
    return verb[:-1] if verb.endswith("s") and not verb.endswith(("ss", "us", "is")) else verb
