"""In which language a text is written, as far as its script and its commonest words tell (pure).

What feeds say of their language is of no use for it: many programs say that of their makers. Where two languages fit about as well, as
Danish and Norwegian do, or a text is short, nothing is told.
"""

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from typing import Final

_LOOKED_AT: Final = 300
# So many of a text's words must be among the commonest of its language, so many different ones; and the next language must have far fewer.
_MIN_HITS: Final = 4
_MIN_DIFFERENT: Final = 3
_MIN_SHARE: Final = 0.08
_FAR_FEWER: Final = 0.7
_MOST: Final = 0.6
_SOME_KANA: Final = 0.1

# What is written in one of these counts as one language, unless tongues.toml has words of several.
_SCRIPTS: Final = (
    ("Latin", re.compile("[a-z\u00df-\u024f\u1e00-\u1eff]")),
    ("Cyrillic", re.compile("[\u0400-\u052f]")),
    ("Arabic", re.compile("[\u0620-\u064a\u066e-\u06d3]")),
    ("Han", re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")),
    ("Kana", re.compile("[\u3041-\u30ff]")),
    ("Hangul", re.compile("[\uac00-\ud7a3]")),
    ("Greek", re.compile("[\u0370-\u03ff\u1f00-\u1fff]")),
    ("Hebrew", re.compile("[\u05d0-\u05ea]")),
    ("Devanagari", re.compile("[\u0900-\u097f]")),
    ("Bengali", re.compile("[\u0980-\u09ff]")),
    ("Tamil", re.compile("[\u0b80-\u0bff]")),
    ("Thai", re.compile("[\u0e00-\u0e7f]")),
    ("Georgian", re.compile("[\u10d0-\u10ff]")),
    ("Armenian", re.compile("[\u0530-\u058f]")),
)
_JAPANESE: Final = "ja"


def tongue(words: Sequence[str]) -> str | None:
    """The language of a text, given as its casefolded words: a tag (ISO 639-1) where several share its script, else the name of that.

    >>> tongue("der hund und die katze sind nicht auf dem boot".split()), tongue("boot hund".split())
    ('de', None)
    """
    words = words[:_LOOKED_AT]
    script = _script("".join(words))
    if script is None or script not in _common():
        return script
    hits = sorted(((len(found := [word for word in words if word in common]), len({*found}), name) for name, common in _common()[script]))
    (second, _, _), (most, different, name) = hits[-2], hits[-1]
    if most < _MIN_HITS or different < _MIN_DIFFERENT or most < _MIN_SHARE * len(words) or second > _FAR_FEWER * most:
        return None
    return name


def are_two(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two texts, given as their words, are told to be of two languages."""
    first = tongue(one)
    second = tongue(other) if first else None
    return bool(first and second) and first != second


def _script(letters: str) -> str | None:
    """The script of most letters; of Chinese characters and Japanese syllables together, the language that has both."""
    counts = {name: sum(1 for _ in pattern.finditer(letters)) for name, pattern in _SCRIPTS}
    total = sum(counts.values())
    if counts["Kana"] > _SOME_KANA * (counts["Han"] + counts["Kana"]) and counts["Kana"] + counts["Han"] > _MOST * total:
        return _JAPANESE
    return next((name for name, count in counts.items() if count > _MOST * total), None)


@cache
def _common() -> dict[str, tuple[tuple[str, frozenset[str]], ...]]:
    """The commonest words of each language of tongues.toml, by script."""
    table = tomllib.loads((resources.files("aggregator.refine") / "tongues.toml").read_text("utf-8"))
    return {script: tuple(_sets(languages.items())) for script, languages in table.items()}


def _sets(languages: Iterable[tuple[str, str]]) -> Iterable[tuple[str, frozenset[str]]]:
    return ((name, frozenset(words.casefold().split())) for name, words in languages)
