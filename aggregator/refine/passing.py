"""Markup and addresses without what passes: parameters that let a reader in, or end; sizes and versions of a picture; unseen spaces.

The words: substance.toml.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from html import unescape
from importlib import resources
from typing import Final
from urllib.parse import unquote

# Addresses as markup that was cleaned holds them: links and pictures with a query, pictures.
_QUERIED: Final = re.compile(r' (href|src)="([^"?]*)\?([^"]*)"')
_LINKED: Final = re.compile(r' href="([^"]*[?;#][^"]*)"')
_SHOWN: Final = re.compile(r' src="([^"]*)"')
_LAST_SLASH: Final = re.compile(r'( href="[^"?#]*[^"?#/])/(?=["?#])')
_STRUCK: Final = re.compile(r"<(?:del|s)\b[^>]*>(.*?)</(?:del|s)>", re.DOTALL)
# Soft hyphens, and spaces without width.
_UNSEEN: Final = re.compile("[\u00ad\u200b\u2060\ufeff]")
_NAMED_HOST: Final = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,63}", re.IGNORECASE)
_FIGURES: Final = re.compile(r"[\d.,x:*%-]{0,20}")


@cache
def table() -> Mapping[str, Sequence[str]]:
    return tomllib.loads(resources.files("aggregator.refine").joinpath("substance.toml").read_text(encoding="utf-8"))


@cache
def words(name: str) -> frozenset[str]:
    """One list of substance.toml."""
    return frozenset(table()[name])


def stable(address: str) -> str:
    """An address without the parameters that only let a reader in.

    >>> stable("https://a.example/reply?id=7&token=abc")
    'https://a.example/reply?id=7'
    """
    before, mark, query = (_session_path().sub("", address) if ";" in address else address).partition("?")
    return before + (_without(query, words("session") | words("signature")) if mark else "")


def settled_file(address: str) -> str:
    """A file's address, by whichever scheme, without who counts its downloads: hosts before the one that has it.

    >>> settled_file("http://count.example/e/redirect.mp3/media.a.example/1.mp3?token=abc")
    'https://media.a.example/1.mp3'
    """
    scheme, _, rest = stable(address).partition("://")
    if scheme not in ("http", "https"):
        return stable(address)
    parts = rest.split("/")
    own = max(at for at, part in enumerate(parts[:-1] or parts) if at == 0 or _NAMED_HOST.fullmatch(part))
    return f"https://{'/'.join(parts[own:])}"


def settled_link(address: str) -> str:
    """A link's address, whosever session it is of, and whatever a note below the text, or a hidden mail address, is called today.

    >>> settled_link("https://a.example/b;jsessionid=7?token=abc#fn-81")
    'https://a.example/b'
    """
    page, hash_, fragment = address.partition("#")
    before, mark, query = (_session_path().sub("", page) if ";" in page else page).partition("?")
    is_passing = before.endswith(tuple(table()["scrambled"])) or fragment.startswith(tuple(table()["footnotes"]))
    return before + (_without(query, words("session")) if mark else "") + ("" if is_passing else hash_ + fragment)


def settled_picture(address: str) -> str:
    """A picture's address, whatever its size and version, and whichever of several hosts sends it.

    >>> settled_picture("https://a.example/i-300x200.jpg?w=640&v=12")
    'https://a.example/i.jpg'
    """
    before, mark, query = address.partition("?")
    return _mirrors().sub("//", _sizes().sub("", before), count=1) + (_without(query, words("picture"), _FIGURES) if mark else "")


def settled(html: str) -> str:
    """Markup without sessions in links and without sizes and versions of pictures; as it is where it has none."""
    html = _LINKED.sub(_link, html) if " href=" in html else html
    return _SHOWN.sub(_picture, html) if "<img" in html else html


def compared(html: str) -> str:
    """Markup as a reader sees it: without what lets one in, spaces that look like others, and what a link or a picture is called besides.

    >>> compared('a&nbsp;b <a href="http://a.example/b/">c</a>')
    'a b <a href="https://a.example/b">c</a>'
    """
    html = without_signatures(html).replace("&nbsp;", " ")
    html = html if html.isascii() else _UNSEEN.sub("", html)
    if '="http' in html:
        html = html.replace(' src="http://', ' src="https://').replace(' href="http://', ' href="https://')
    return _LAST_SLASH.sub(r"\1", html) if " href=" in html else html


def struck(html: str) -> list[str]:
    """The passages of clean markup that are struck out, as they stand there.

    >>> struck('a <del>b</del> c <s>d</s>')
    ['b', 'd']
    """
    return _STRUCK.findall(html) if "</del>" in html or "</s>" in html else []


def marked(html: str) -> str:
    """Markup that says once more, at its end, what is struck out in it: that is taken back, though its words still stand there."""
    return "".join((html, *struck(html)))


def without_signatures(html: str) -> str:
    """Markup without what lets a reader in, in the addresses of links and pictures."""
    return _QUERIED.sub(_unsigned, html) if "?" in html else html


@cache
def _sizes() -> re.Pattern[str]:
    return re.compile("|".join(table()["sizes"]))


@cache
def _mirrors() -> re.Pattern[str]:
    return re.compile("|".join(table()["mirrors"]))


@cache
def _session_path() -> re.Pattern[str]:
    return re.compile(rf";(?:{'|'.join(table()['session_path'])})=[^/?#;]*", re.IGNORECASE)


def _link(found: re.Match[str]) -> str:
    address = unescape(found[1])
    rest = settled_link(address)
    return f' href="{rest}"' if rest != address else found[0]


def _picture(found: re.Match[str]) -> str:
    address = unescape(found[1])
    rest = settled_picture(address)
    return f' src="{rest}"' if rest != address else found[0]


def _unsigned(found: re.Match[str]) -> str:
    name, before, query = found.groups()
    return f' {name}="{before}{_without(unescape(query), words("session") | words("signature"))}"'


def _without(query: str, names: frozenset[str], values: re.Pattern[str] | None = None) -> str:
    """What follows an address from its question mark on, without the parameters of these names, of such values."""
    asked, hash_, fragment = query.partition("#")
    kept = "&".join(piece for piece in asked.split("&") if not _is_among(piece, names, values))
    return (f"?{kept}" if kept else "") + hash_ + fragment


def _is_among(parameter: str, names: frozenset[str], values: re.Pattern[str] | None) -> bool:
    name, _, value = parameter.partition("=")
    return unquote(name).lower() in names and (values is None or values.fullmatch(unquote(value)) is not None)
