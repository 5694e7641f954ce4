"""How one page's address may be written, and what it begins with: for finding what was asked for in other words."""

import re
from itertools import product
from typing import Final
from urllib.parse import urlsplit

from aggregator.web.url import link, link_key

_MAX_BEGINNINGS = 12
_EXTENSION: Final = re.compile(r"\.(?:html?|xhtml|shtml|php\d?|aspx?|jsp|cgi|md|txt)\Z", re.IGNORECASE)
_SLASHES: Final = re.compile("//+")
# An address without its host is words and numbers, in an order that whoever publishes gives to all.
_ORIGIN: Final = re.compile(r"https?://[^/?#]*")
_PART: Final = re.compile(r"[\w.%~-]+")


def written_forms(url: str) -> list[str]:
    """How one page may be written: http or https, with www or without, with a trailing slash or without; the text itself comes first.

    >>> written_forms("http://www.example.org/a/")[:3]
    ['http://www.example.org/a/', 'http://example.org/a', 'http://example.org/a/']
    """
    normal = link(url)
    if normal is None:
        return [url]
    parts = urlsplit(normal)
    host, path = parts.netloc.removeprefix("www."), parts.path.rstrip("/")
    rest = (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")
    forms = product(("http", "https"), ("", "www."), ("", "/"))
    return list(dict.fromkeys((url, *(f"{scheme}://{www}{host}{path}{slash}{rest}" for scheme, www, slash in forms))))


def page_path(address: str | None) -> str:
    """An address without what changes when a site moves: scheme, host, the page's extension. Empty for a front page and what is none.

    >>> page_path("http://old.example/2019/05/slug.html"), page_path("https://new.example/2019/05/slug/"), page_path("tag:x,2020:1")
    ('/2019/05/slug', '/2019/05/slug', '')
    """
    if not address or not address.startswith(("http://", "https://")):
        return ""
    parts = urlsplit(link_key(address))
    path = _EXTENSION.sub("", _SLASHES.sub("/", parts.path))
    rest = (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")
    return f"{path}{rest}".casefold() if path != "/" or rest else ""


def built(address: str) -> str:
    """How an address or an id is put together: it, with "a" for each word in it and "0" for each number.

    >>> built("https://a.example/2026/11/a-day/"), built("https://b.example/2019/5/mills"), built("tag:a.example,2020:12")
    ('/0/0/a', '/0/0/a', 'a:a,0:0')
    """
    return _PART.sub(lambda part: "0" if part[0].isdigit() else "a", _ORIGIN.sub("", address)).rstrip("/")


def beginnings(url: str) -> list[str]:
    """An address cut after each slash of its path, the longest first; nothing for what is no address.

    >>> beginnings("https://example.org/a/b?c=/d")
    ['https://example.org/a/', 'https://example.org/']
    """
    normal = link(url)
    if normal is None:
        return []
    parts = urlsplit(normal)
    pieces = parts.path.rstrip("/").split("/")[:-1]
    starts = ("/".join(pieces[:count]) for count in range(len(pieces), 0, -1))
    return [f"{parts.scheme}://{parts.netloc}{start}/" for start in starts][:_MAX_BEGINNINGS] or [f"{parts.scheme}://{parts.netloc}/"]
