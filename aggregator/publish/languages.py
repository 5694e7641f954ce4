"""Which language a tag means (RFC 5646), and the direction in which it is written (pure)."""

from collections.abc import Mapping
from typing import Final, Literal, TypeVar

Words = TypeVar("Words")

# Tags that mean a language of our tables under another name (IANA's registry of subtags; who writes which script).
_SAME: Final = {
    "no": "nb",
    "iw": "he",
    "in": "id",
    "ji": "yi",
    "mo": "ro",
    "bs": "hr",
    "sh": "sr-latn",
    "zh-tw": "zh-hant",
    "zh-hk": "zh-hant",
    "zh-mo": "zh-hant",
}
# CLDR, likely subtags: what is written from right to left where the tag names no script, and the scripts that are.
_RIGHT_TO_LEFT: Final = frozenset(
    {"ar", "arc", "arz", "ckb", "dv", "fa", "he", "ks", "lrc", "mzn", "nqo", "pnb", "ps", "sd", "syr", "ug", "ur", "yi"}
)
_RIGHT_TO_LEFT_SCRIPTS: Final = frozenset({"adlm", "arab", "aran", "hebr", "nkoo", "rohg", "syrc", "thaa"})
_SCRIPT_LETTERS: Final = 4


def nearest(tables: Mapping[str, Words], tag: str) -> Words | None:
    """What stands in `tables` for a tag, else for shorter forms of it; None if there is nothing for its language.

    >>> nearest({"zh-hant": 1, "zh": 2, "nb": 3}, "zh_TW"), nearest({"zh": 2, "nb": 3}, "no-NO"), nearest({"zh": 2}, "tlh")
    (1, 3, None)
    """
    shorter = _plain(tag)
    while shorter:
        shorter = _SAME.get(shorter, shorter)
        if shorter in tables:
            return tables[shorter]
        shorter = shorter.rpartition("-")[0]
    return None


def direction(tag: str | None) -> Literal["ltr", "rtl"] | None:
    """The direction of a language's script, as HTML's `dir` says it; None where there is no tag.

    >>> direction("ar-EG"), direction("iw"), direction("az-Arab"), direction("he-Latn"), direction("en"), direction(None)
    ('rtl', 'rtl', 'rtl', 'ltr', 'ltr', None)
    """
    primary, *others = _plain(tag or "").split("-")
    if not primary:
        return None
    scripts = [part for part in others if len(part) == _SCRIPT_LETTERS and part.isalpha()]
    is_rtl = scripts[0] in _RIGHT_TO_LEFT_SCRIPTS if scripts else _SAME.get(primary, primary) in _RIGHT_TO_LEFT
    return "rtl" if is_rtl else "ltr"


def _plain(tag: str) -> str:
    return tag.casefold().replace("_", "-")
