"""What an address or an id looks like: a page, a front page, an account's, a publisher's; by its form alone."""

import re
from typing import Final
from urllib.parse import urlsplit

from aggregator.web.host import site
from aggregator.web.platforms import PLATFORMS

_PAGE_LIKE: Final = re.compile(r"[-_].*[-_]|\.\w{3,5}$|\d{3}")
_SECTIONS: Final = frozenset(
    {"blog", "blogs", "news", "feed", "rss", "articles", "posts", "en", "de", "fr", "es", "pt", "it", "nl", "home"}
)
_LISTINGS: Final = frozenset(
    {"category", "categories", "tag", "tags", "topic", "topics", "author", "authors", "kategorie", "categorie", "categoria", "rubrique"}
)
_TAG_URI: Final = re.compile(r"tag:(?:[^@,:]{1,100}@)?([a-z0-9.-]{1,200}),\d{4}", re.IGNORECASE)
_LANGUAGE: Final = re.compile(r"[a-z]{2}(?:[-_][a-z]{2})?", re.IGNORECASE)
_REGION: Final = re.compile(r"[a-z]{2}[-_][a-z]{2}", re.IGNORECASE)


def names_a_page(href: str) -> bool:
    """Whether an address looks like one article rather than a front page or a section.

    >>> names_a_page("https://a.example/2020/why-we-left"), names_a_page("https://a.example/blog/"), names_a_page("https://a.example")
    (True, False, False)
    """
    try:
        parts = urlsplit(href)
    except ValueError:
        return False
    pieces = [piece for piece in parts.path.split("/") if piece and piece.lower() not in _SECTIONS and not _REGION.fullmatch(piece)]
    if not pieces:
        return bool(re.search(r"(?:^|&)(?:p|id|story|article|v|t)=\w", parts.query)) or len(parts.fragment) > 8
    if len(parts.fragment) > 8 and "/" in parts.fragment:  # the page of an application that lives in one document
        return True
    is_long = len(pieces) > 1 or bool(parts.query) or pieces[0] != parts.path.strip("/")
    return (is_long or "-" in pieces[0] or bool(_PAGE_LIKE.search(pieces[0]))) and not _is_account(href)


def has_own_path(href: str) -> bool:
    """Whether an address has a path that is neither a section's nor an account's: `/hello-world` is, `/`, `/blog/` and `/@ann` are not.

    >>> [has_own_path(f"https://a.example{path}") for path in ("/hello", "/", "/blog/", "/@ann", "/magazine/", "/pt-br/", "/users/ann")]
    [True, False, False, False, False, False, False]
    """
    try:
        path = urlsplit(href).path
    except ValueError:
        return False
    pieces = [piece for piece in path.split("/") if piece and not is_section(piece)]
    return bool(pieces) and not _is_account(href)


def is_section(piece: str) -> bool:
    """Whether a piece of a path, or a word, names a part of a site or a language."""
    return piece.lower() in PLATFORMS.sections or _LANGUAGE.fullmatch(piece) is not None


def is_listing(href: str) -> bool:
    """Whether an address is that of a category, a tag or an author: what a blog's pages link to behind "posted in" and "by".

    >>> is_listing("https://a.example/category/news/"), is_listing("https://a.example/2020/why-we-left")
    (True, False)
    """
    try:
        pieces = urlsplit(href).path.lower().split("/")
    except ValueError:
        return False
    return not _LISTINGS.isdisjoint(pieces)


def _is_account(href: str) -> bool:
    """Whether the last piece of a path is a part of an account's name, so that all of it is the account."""
    above, _, _ = urlsplit(href)._replace(query="", fragment="").geturl().rstrip("/").rpartition("/")
    return site(above) != site(href)


def is_front_page(href: str) -> bool:
    try:
        parts = urlsplit(href)
    except ValueError:
        return True
    return parts.path.strip("/") == "" and not parts.query and not parts.fragment


def same_place(one: str, other: str) -> bool:
    """The same host, www. aside, or one below the other."""
    a, b = sorted((host_name(one), host_name(other)), key=len)
    return bool(a) and (a == b or b.endswith(f".{a}"))


def host_name(href: str) -> str:
    try:
        return (urlsplit(href).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def id_site(raw_id: str | None) -> str | None:
    """The publisher that an id names, of a web address or a tag URI (RFC 4151); None where it names none.

    >>> id_site("tag:blog.example.org,2020:1"), id_site("urn:uuid:1"), id_site("https://a.example/?p=1")
    ('example.org', None, 'a.example')
    """
    if is_web(raw_id):
        return site(raw_id or "") or None
    host = tag_host(raw_id)
    return (site(host) or None) if host else None


def tag_host(text: str | None) -> str | None:
    """The authority of a tag URI (RFC 4151), unless it is a service that makes ids for all its customers."""
    found = _TAG_URI.match(text or "")
    return found[1].lower() if found and site(found[1].lower()) not in PLATFORMS.id_makers else None


def is_web(text: str | None) -> bool:
    """Whether a text is an address of the web, whatever follows."""
    return bool(text) and (text or "")[:8].lower().startswith(("http://", "https://"))
