"""Licences as feeds name them, in addresses and in words, and what they let be done. Their words are data (licences.toml)."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final

from aggregator.model import Url
from aggregator.web.url import link

# A statement is short: behind so many characters a version belongs to something else.
_REACH: Final = 200
# What stands so near before a statement, in its sentence, may turn it round.
_BEFORE: Final = 60
# Longer texts are no statements of rights.
_MAX_CHARS: Final = 10_000

_ADDRESS: Final = re.compile(
    r"(?:https?:)?//(?:www\.|i\.)?creativecommons\.org/(?:l/)?(?P<kind>licenses|publicdomain)/(?P<code>[a-z]+(?:[-+][a-z]+)*\+?)"
    r"(?:/(?P<version>\d\.\d))?(?:/(?P<port>[a-z]{2}|igo|scotland)(?![a-z]))?",
    re.IGNORECASE,
)
_ABOUT_ZERO: Final = re.compile(r"(?:https?:)?//(?:www\.)?creativecommons\.org/(?:[a-z-]+/)*(?:cc0|zero)\b", re.IGNORECASE)
_CODE: Final = re.compile(
    r"\bCC[- ]?(?P<code>BY(?:[- ](?:NC|SA|ND)){0,3})[- ]?(?:v|version )?(?P<version>[1-9]\.\d)(?:[ -](?P<port>[A-Z]{2})\b)?", re.ASCII
)
_LOWER_CODE: Final = re.compile(r"\bcc-(?P<code>by(?:-(?:nc|sa|nd)){0,3})-?(?P<version>[1-9]\.\d)(?P<port>(?!))?", re.ASCII)
_ZERO_CODE: Final = re.compile(r"\bCC[- ]?(?:0|Zero|ZERO)(?![\w])", re.ASCII)
_NAME: Final = re.compile(r"creative[ -]?commons", re.IGNORECASE)
_VERSION: Final = re.compile(r"(?<![\w.])[vV]?(?P<version>[1-9]\.\d)(?![\w.]*\d)")
_SENTENCE: Final = re.compile(r"[.!?。！？][\s\"'”’)]|\n")
_WORD: Final = re.compile(r"[^\W\d_]+")
_SPACES: Final = re.compile(r"[\s\u2010-\u2015-]+")
_ZERO: Final = "https://creativecommons.org/publicdomain/zero/1.0/"
_ELEMENTS: Final = ("by", "nc", "nd", "sa")
# Before the last version each jurisdiction had its own.
_LAST_VERSION: Final = "4.0"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a licence asks for. `is_free`: it lets anybody republish the whole text, also for money."""

    name: str
    is_free: bool
    wants_credit: bool = True
    no_derivatives: bool = False
    non_commercial: bool = False


@dataclass(frozen=True, slots=True)
class _Words:
    elements: Mapping[str, re.Pattern[str]]
    zero: re.Pattern[str]
    reserved: re.Pattern[str]
    denied: re.Pattern[str]
    text: re.Pattern[str]
    unnamed: frozenset[str]


def licence(address: str | None, rights: str | None, base: str | None = None) -> Url | None:
    """The licence that a feed or an entry names: by address, else in the words of its rights; None for none, or for contradictory ones.

    Creative Commons' are given in one form, whatever page about them is linked; any other licence keeps its address.

    >>> licence("http://creativecommons.org/licenses/by/4.0/deed.de", None), licence(None, "Text: CC BY-ND 4.0")
    ('https://creativecommons.org/licenses/by/4.0/', 'https://creativecommons.org/licenses/by-nd/4.0/')
    """
    given = link(address, base)
    if given:
        return _canonical(given) or given
    return stated(rights or "")


def stated(text: str) -> Url | None:
    """The one licence that a text names, in words or by address, with its version."""
    text = text[:_MAX_CHARS]
    if not _might_name(text) or reserves_all(text):
        return None
    found = {*_addresses(text), *_codes(text), *_spelled(text)}
    return next(iter(found)) if len(found) == 1 else None


@lru_cache(maxsize=512)
def reserves_all(text: str) -> bool:
    """Whether a text reserves all rights.

    >>> reserves_all("© 2026 Ann. All Rights Reserved"), reserves_all("Some rights reserved")
    (True, False)
    """
    return bool(text) and _words().reserved.search(_plain(text[:_MAX_CHARS])) is not None


@lru_cache(maxsize=512)
def terms(url: str | None) -> Terms | None:
    """What a licence asks for; None where that is not known.

    >>> terms("https://creativecommons.org/licenses/by-nc-nd/4.0/").name
    'CC BY-NC-ND 4.0'
    """
    found = _ADDRESS.match(url or "")
    if found is None:
        return None
    code, version = found["code"].lower(), found["version"] or ""
    if found["kind"].lower() == "publicdomain" or code in ("publicdomain", "zero"):
        return Terms(f"CC0 {version}".strip() if code == "zero" else "Public Domain", is_free=True, wants_credit=False)
    parts = code.split("-")
    if not set(parts) <= set(_ELEMENTS):
        return None
    return Terms(
        f"CC {code.upper()} {version}".strip(),
        is_free="nc" not in parts,
        no_derivatives="nd" in parts,
        non_commercial="nc" in parts,
    )


def is_of_text(before: str, behind: str) -> bool:
    """Whether a licence that is named between these words is that of the text in which they stand.

    The sentence begins with words for it, or there are none but such as name nothing.

    >>> is_of_text("Ann Bell, 2026. This article is under ", "."), is_of_text("Licence: ", ""), is_of_text("A ferry by Ann Bell, ", "")
    (True, True, False)
    """
    sentence = _SENTENCE.split(before[-_MAX_CHARS:])[-1]
    known = _words()
    return known.text.match(_plain(sentence)) is not None or known.unnamed.issuperset(_WORD.findall(f"{before} {behind}".casefold()))


# ── addresses ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _canonical(address: str) -> Url | None:
    if _ABOUT_ZERO.match(address):
        return link(_ZERO)
    found = _ADDRESS.match(address)
    return _url(found["kind"], found["code"], found["version"], found["port"]) if found else None


def _url(kind: str, code: str, version: str | None, port: str | None) -> Url | None:
    parts = [kind, code, version, port if version else None]
    return link("https://creativecommons.org/" + "".join(f"{part.lower()}/" for part in parts if part))


def _addresses(text: str) -> list[Url]:
    found = (_url(one["kind"], one["code"], one["version"], one["port"]) for one in _ADDRESS.finditer(text))
    return [url for url in found if url]


# ── words ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _might_name(text: str) -> bool:
    lower = text.casefold()
    return "cc" in lower or "creative" in lower


def _codes(text: str) -> list[Url]:
    """Licences by their short names: CC BY-SA 4.0."""
    found = []
    for one in (*_CODE.finditer(text), *_LOWER_CODE.finditer(text)):
        port = one["port"] if one["version"] != _LAST_VERSION else None
        if not _is_denied(text, one.start()) and (url := _url("licenses", one["code"].replace(" ", "-"), one["version"], port)):
            found.append(url)
    if (zero := _ZERO_CODE.search(text)) and not _is_denied(text, zero.start()):
        found += [url for url in (link(_ZERO),) if url]
    return found


def _spelled(text: str) -> list[Url]:
    """Licences by their long names: Creative Commons Attribution-ShareAlike 4.0. The first name and version of each statement count."""
    found: list[Url] = []
    for name in _NAME.finditer(text):
        stated = _SENTENCE.split(text[name.end() : name.end() + _REACH])[0]
        version = _VERSION.search(stated)
        if version is None or _is_denied(text, name.start()):
            continue
        url = _named(_plain(stated[: version.start()]), version["version"])
        found += [url] if url else []
    return found


def _named(words: str, version: str) -> Url | None:
    known = _words()
    if known.zero.search(words):
        return link(_ZERO)
    parts = [name for name in _ELEMENTS if known.elements[name].search(words)]
    return _url("licenses", "-".join(parts), version, None) if parts[:1] == ["by"] else None


def _is_denied(text: str, at: int) -> bool:
    sentence = _SENTENCE.split(text[max(at - _BEFORE, 0) : at])[-1]
    return _words().denied.search(_plain(sentence)) is not None


def _plain(text: str) -> str:
    return _SPACES.sub(" ", text.casefold())


@cache
def _words() -> _Words:
    table = _table()
    return _Words(
        {name: _any(words) for name, words in table["elements"].items()},
        _any(table["zero"]),
        _any(table["reserved"]),
        re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, table['not']))})(?!\w)"),
        re.compile(rf"\W*(?:{'|'.join(map(_whole, sorted(table['text'], key=len, reverse=True)))})"),
        frozenset(table["unnamed"].split()),
    )


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads((resources.files("aggregator.web") / "licences.toml").read_text("utf-8"))


def _whole(words: str) -> str:
    """A pattern of words that end there, where the script ends words: "this article", not "this article's pictures"."""
    return re.escape(_plain(words)) + (r"(?![\w'’-])" if words[-1] < "\u2e80" else "")


def _any(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(_plain(word)) for word in sorted(words, key=len, reverse=True)))


def examples() -> Mapping[str, str]:
    """Statements and the licence that each names ("" for none), which the tests run."""
    return {text: str(url) for text, url in _table()["examples"].items()}
