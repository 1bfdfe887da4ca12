"""A conversation's language: whether a text is in it, and what the text says in English forms.

Names, ids and calls are the same in every language. What differs is how a date, a time or a
fraction is written: `in_english_forms` writes these as the checks read them, and leaves all else.
Whether a text is in a language is told by its letters or its commonest words: surely enough to
refuse a writer that fell back into another language, and no more than that.
"""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import normalize

from fastsynth.languages import ENGLISH, LANGUAGES

_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|「[^」]*」|`[^`]*`")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
FEW = 4
"""Words of a text too short to tell its language by them."""
CLEARLY = 2
"""Common words by which another language has to be ahead, where there are some of both."""
LETTERS = 0.15
"""Least share of a text's letters that are the language's own: names and codes have others."""
_KANA = re.compile(r"[\u3040-\u30ff]")
_FRACTION = re.compile(r"(?<![\d,.])(\d{1,3}(?:[.\u00a0\u202f ]\d{3})+|\d+),(\d+)(?![\d,])")
_THOUSANDS = re.compile(r"(?<![\d,.])\d{1,3}(?:[.\u00a0\u202f]\d{3})+(?![\d,.]\d|\d)")
_HOURS = re.compile(
    r"\b(\d{1,2})(?:[:.h](\d{2}))? ?(?:uhr\b|часов\b|uur\b)|\b(\d{1,2}) ?h ?(\d{2})?\b", re.I
)
_CLOCK = re.compile(r"(下午|晚上|午後|오후)?\s*(\d{1,2})\s*[点點時시](?:\s*(\d{1,2})\s*[分분])?")
_DAY = re.compile(r"(?:(\d{4})\s*[年년]\s*)?(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日号號일]")
_WIDE = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_SEAM = re.compile(rf"(?<={_WIDE})(?=[0-9A-Za-z])|(?<=[0-9A-Za-z])(?={_WIDE})")
"""Between letters of scripts without spaces and others."""
_ENGLISH_MONTHS = LANGUAGES[ENGLISH].months


def both_ways(text: str, code: str) -> str:
    """The text, and once more in English forms where those differ: for what may be found in it."""
    plain = in_english_forms(text, code)
    return text if plain == text else f"{text}\n{plain}"


def in_english_forms(text: str, code: str) -> str:
    """`text` with its fractions, thousands, dates and times as English writes them."""
    return text if code == ENGLISH else _in_english_forms(text, code)


@lru_cache(maxsize=1024)
def _in_english_forms(text: str, code: str) -> str:
    own = LANGUAGES[code]
    if own.comma:
        text = _FRACTION.sub(lambda f: f"{re.sub(r'[^0-9]', '', f[1])}.{f[2]}", text)
        text = _THOUSANDS.sub(lambda f: re.sub(r"\D", "", f[0]), text)
        text = _HOURS.sub(lambda f: f"{int(f[1] or f[3])}:{f[2] or f[4] or '00'}", text)
    if own.months:
        english = dict(zip(own.months, _ENGLISH_MONTHS, strict=True))
        text = _dated(code).sub(lambda f: f"{f[1]} {english[f[2].lower()]}", text)
    if own.letters and not own.months:
        text = _SEAM.sub(" ", normalize("NFKC", text))
        text = _DAY.sub(_day, _CLOCK.sub(_clock, text))
    return text


def _clock(found: re.Match[str]) -> str:
    afternoon, hour, minute = found.groups()
    late = 12 if afternoon and int(hour) < 12 else 0
    return f" {int(hour) + late}:{int(minute or 0):02} "


def _day(found: re.Match[str]) -> str:
    year, month, day = found.groups()
    name = _ENGLISH_MONTHS[int(month) - 1] if 1 <= int(month) <= 12 else month
    return f" {day} {name} {year or ''} "


@lru_cache(maxsize=len(LANGUAGES))
def _dated(code: str) -> re.Pattern[str]:
    names = "|".join(map(re.escape, LANGUAGES[code].months))
    return re.compile(rf"\b(\d{{1,2}})(?:\.|er|º|ª)? (?:de |den |di )?({names})\b", re.IGNORECASE)


def other_language(text: str, code: str) -> str:
    """Name of the language that a text seems to be in where it is not `code`, or "". What is quoted
    does not count, and a few words alone stay undecided."""
    bare = _QUOTED.sub(" ", text)
    words = _WORD.findall(bare.lower())
    by_letters = next((c for c in LANGUAGES if _spelled(c, bare)), "")
    if by_letters or len(words) < FEW:
        return "" if by_letters in (code, "") else LANGUAGES[by_letters].name
    hits = {c: sum(word in known.common for word in words) for c, known in LANGUAGES.items()}
    likeliest = max(hits, key=lambda c: hits[c])
    ahead = hits[likeliest] - hits[code]
    near = ahead == 0 or (ahead < CLEARLY and hits[code] > 0)
    return "" if near and not LANGUAGES[code].letters else LANGUAGES[likeliest].name


def _spelled(code: str, text: str) -> bool:
    """Whether a text is in a language that is known by its letters."""
    own = LANGUAGES[code].letters
    if not own:
        return False
    kana = bool(_KANA.search(text))
    if (code == "ja" and not kana) or (code == "zh" and kana):
        return False
    found = len(re.findall(own, text))
    return found >= 2 and found >= LETTERS * sum(map(str.isalpha, text))
