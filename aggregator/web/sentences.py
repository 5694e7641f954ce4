"""Where sentences end, in any script. Abbreviations are data (sentences.toml)."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Final

# A mark with closing quotes, before white space; East Asian marks need none, and stand in no abbreviation.
_END: Final = re.compile(
    r"""(?P<marks>[.!?…‽؟۔।॥։።᙮។៕။᠃⸮꓿]+)[\"'”’“»«)\]]{0,3}(?=\s|\Z)|[。！？｡．]+[」』”’）》〉】]{0,3}|\n""",
)
# What an abbreviation, an initial or a number may be, before its dot.
_TOKEN: Final = re.compile(r"[\w.’'-]{1,20}\Z")
_NEXT: Final = re.compile(r"\s+[\"'“‘„«(\[¿¡]*(\w)")
_INITIALS: Final = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_ABBREVIATED: Final = re.compile(r"(\w{1,8})\.\s{0,2}\Z")
_SHORT_NUMBER: Final = re.compile(r"\d{1,2}")


def ends(text: str, language: str | None = None) -> Iterator[int]:
    """The places behind the sentences of a text, in order; a line that ends is one.

    No sentence ends behind an abbreviation, an initial or an ordinal number ("3. Mai"), nor where a small letter follows. Where that is not
    sure it is taken for none: the sentence before is whole, too. `language` chooses among abbreviations; without it all count.

    >>> list(ends("Dr. Roe came. She saw."))
    [13, 22]
    """
    known = _abbreviations((language or "").partition("-")[0].lower())
    for found in _END.finditer(text):
        if found["marks"] is None or _is_end(text, found, known):
            yield found.end()


def _is_end(text: str, found: re.Match[str], known: frozenset[str]) -> bool:
    following = _NEXT.match(text, found.end())
    if following and following[1].islower():
        return False
    if found["marks"] != ".":
        return True
    token = _TOKEN.search(text, max(found.start() - 20, 0), found.start())
    if token is None:
        return True
    word = token[0].lstrip("’'-.").casefold()
    if word in known or (following and word in _table()["numbered"] and following[1].isdigit()):
        return False
    is_ordinal = following and _SHORT_NUMBER.fullmatch(word) and not _is_counted(text, token.start())
    return not (_INITIALS.fullmatch(word) or is_ordinal)


def _is_counted(text: str, at: int) -> bool:
    """Whether the number here belongs to an abbreviation before it, as in "No. 5"."""
    before = _ABBREVIATED.search(text, max(at - 20, 0), at)
    return before is not None and before[1].casefold() in _table()["numbered"]


@cache
def _abbreviations(language: str) -> frozenset[str]:
    table = {name: words for name, words in _table().items() if name != "numbered"}
    lists = [table["any"], table[language]] if language in table else [*table.values()]
    return frozenset(word for words in lists for word in words) - frozenset(_table()["numbered"])


@cache
def _table() -> Mapping[str, Sequence[str]]:
    return {name: words for name, words in _file().items() if name != "examples"}  # type: ignore[misc]


@cache
def _file() -> Mapping[str, Sequence[str] | Mapping[str, str]]:
    return tomllib.loads((resources.files("aggregator.web") / "sentences.toml").read_text("utf-8"))


def examples() -> Mapping[str, str]:
    """Texts with their first sentences, which the tests run."""
    found = _file()["examples"]
    return dict(found) if isinstance(found, Mapping) else {}
