"""What an address looks like: a page, a front page, an account's; by its form alone."""

import re
from typing import Final
from urllib.parse import urlsplit

_PAGE_LIKE: Final = re.compile(r"[-_].*[-_]|\.\w{3,5}$|\d{3}")
_SECTIONS: Final = frozenset(
    {"blog", "blogs", "news", "feed", "rss", "articles", "posts", "en", "de", "fr", "es", "pt", "it", "nl", "home"}
)


def names_a_page(href: str) -> bool:
    """Whether an address looks like one article rather than a front page or a section.

    >>> names_a_page("https://a.example/2020/why-we-left"), names_a_page("https://a.example/blog/"), names_a_page("https://a.example")
    (True, False, False)
    """
    try:
        parts = urlsplit(href)
    except ValueError:
        return False
    pieces = [piece for piece in parts.path.split("/") if piece and piece.lower() not in _SECTIONS]
    if not pieces:
        return bool(re.search(r"(?:^|&)(?:p|id|story|article|v|t)=\w", parts.query)) or len(parts.fragment) > 8
    if len(parts.fragment) > 8 and "/" in parts.fragment:  # the page of an application that lives in one document
        return True
    return (
        len(pieces) > 1 or "-" in pieces[0] or bool(_PAGE_LIKE.search(pieces[0])) or bool(parts.query) or pieces[0] != parts.path.strip("/")
    )


def has_own_path(href: str) -> bool:
    """Whether an address has a path that is neither a section's nor an account's: `/hello-world` is, `/`, `/blog/` and `/@ann` are not.

    >>> [has_own_path(f"https://a.example{path}") for path in ("/hello", "/", "/blog/", "/@ann", "/~ann/")]
    [True, False, False, False, False]
    """
    try:
        path = urlsplit(href).path
    except ValueError:
        return False
    pieces = [piece for piece in path.split("/") if piece and piece.lower() not in _SECTIONS]
    return bool(pieces) and not pieces[0].startswith(("@", "~"))


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
