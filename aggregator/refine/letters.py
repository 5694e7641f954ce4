"""Links that a letter made for one reader: by which that reader leaves a list, or changes what it knows of them (pure).

Feeds of mailboxes carry them. Published, they let anybody do so in that reader's name.
"""

import re
import tomllib
from functools import cache
from html import unescape
from importlib import resources
from typing import Final
from urllib.parse import unquote

_LINK: Final = re.compile(r'<a href="(?P<url>[^"]*)"[^>]*>(?P<words>(?:(?!</?a[ >]).)*)</a>', re.DOTALL)
_TAG: Final = re.compile(r'<[^>"]*+(?:"[^"]*+"[^>"]*+)*+>')
# What is left of a tag whose beginning was cut off.
_REST_OF_TAG: Final = re.compile(r"\A[^<>]*>")
_BLOCK_END: Final = re.compile(r"</?(?:p|div|td|th|tr|table|li|ul|ol|h[1-6]|blockquote|section|article|hr)(?: [^>]*)?>")
# Pieces of paths and parameters beside which only a list's server names a reader.
_ADDRESS_SAYS: Final = re.compile(
    r"(?:^|[/.?&=:_])(?:unsub(?:scribe)?|opt[-_]?out|e?mail[-_]?preferences?|preferences?[-_]cent(?:er|re)|manage[-_]?(?:subscriptions?|preferences?)"
    r"|list-manage\.com/profile|abmelden|desinscription|desabonnement)(?=[/?&=._]|$|-[^/]{0,300}@)",
    re.IGNORECASE,
)
# What names one reader: a long word of letters and digits, hyphenated only with capitals and both in one piece, as no readable one is
# ("360001-How-to-unsubscribe"); a UUID; a mailbox.
_PARTS: Final = re.compile(r"[/?&=;:,]+")
_CODE: Final = re.compile(r"[\w.~]{16,}+")
_HYPHENATED: Final = re.compile(r"[\w.~-]{16,}")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MAILBOX: Final = re.compile(r"[^@]+@[^@]+\.[a-z]{2,}")
# Where programs are written together, this names a change, not a reader.
_REVISION: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])")
_SAID_BEFORE: Final = 300
_NEAR: Final = 80
_MAX_WORDS: Final = 80
# "here", "this link".
_FEW: Final = 2
# "Click here to unsubscribe from this list".
_SOME: Final = 7


def without_own_links(html: str) -> str:
    """Clean HTML without the links that act for one reader; their words stay.

    >>> without_own_links('<p><a href="https://list.example/unsubscribe?u=5b3c0f1a2b3c4d5e6f7a" rel="x">Unsubscribe</a></p>')
    '<p>Unsubscribe</p>'
    """
    if "<a " not in html or not any(stem in html for stem in _stems(is_ascii=html.isascii())):
        return html
    return _LINK.sub(lambda found: found["words"] if _is_own(found, html) else found[0], html)


def _is_own(found: re.Match[str], html: str) -> bool:
    url = unquote(unescape(found["url"]).partition("#")[0])
    said = _text(found["words"])
    if len(said) > _MAX_WORDS or not _names_a_reader(url):
        return False
    if _ADDRESS_SAYS.search(url):
        return True
    words = len(said.split())
    return not _REVISION.search(url) and ((words <= _SOME and _says(said)) or (words <= _FEW and _says(_before(html, found.start()))))


def _names_a_reader(url: str) -> bool:
    scheme, *parts = _PARTS.split(url)
    return any(map(_is_code, parts)) or (scheme != "mailto" and any(map(_MAILBOX.fullmatch, parts)))


def _is_code(part: str) -> bool:
    if any(map(_is_mixed, _CODE.findall(part))) or _UUID.fullmatch(part):
        return True
    return _HYPHENATED.fullmatch(part) is not None and part != part.lower() and any(map(_is_mixed, part.split("-")))


def _is_mixed(code: str) -> bool:
    return any(map(str.isdigit, code)) and any(map(str.isalpha, code))


def _before(html: str, at: int) -> str:
    """What a block says before a place in it."""
    said = _REST_OF_TAG.sub("", html[max(0, at - _SAID_BEFORE) : at])
    return _text(_BLOCK_END.split(said)[-1])[-_NEAR:]


def _text(html: str) -> str:
    return " ".join(unescape(_TAG.sub(" ", html)).split()).casefold()


def _says(text: str) -> bool:
    return any(word in text for word in _words())


@cache
def _table() -> dict[str, list[str]]:
    return tomllib.loads((resources.files("aggregator.refine") / "letters.toml").read_text("utf-8"))


@cache
def _words() -> tuple[str, ...]:
    return tuple(word.casefold() for word in _table()["words"])


@cache
def _stems(*, is_ascii: bool) -> tuple[str, ...]:
    """What one of the words is looked for by, before anything is read more closely: without its first letter, which may be a capital."""
    stems = {word[1:] if word[0] != word[0].upper() else word for word in _words()} | {"UNSUBSCRIB", *_table()["addresses"]}
    return tuple(sorted(stem for stem in stems if stem.isascii() or not is_ascii))
