"""Addresses as a feed's own server knows them, behind its proxy or on the machine where the feed was built, made those of the world (pure).

A site that is built by a program and copied out says "http://localhost:4000/2026/a-day", as the program's own server called it then. To a
reader that is the reader's own machine.
"""

from urllib.parse import urlsplit

from aggregator.model import FeedHead, Url
from aggregator.web.host import host_of, is_inside, site
from aggregator.web.url import link


def outside(url: Url, head: FeedHead, base: str) -> Url:
    """The address that leads anybody to a page of the feed's own server; the very one where it does so already, or nothing tells better.

    `head` is what the feed says of itself, `base` the address at which it was found. What stands before the feed's own path there
    ("/docs"), and not in the address that the feed gives itself, stands before all paths.

    >>> outside(Url("http://localhost:4000/a"), FeedHead(), "https://blog.example/feed.xml")
    'https://blog.example/a'
    """
    move = moved(url, head, base)
    return (link(f"{move[1]}{url[len(move[0]) :]}") if move else None) or url


def moved(url: str, head: FeedHead, base: str) -> tuple[str, str] | None:
    """How the addresses of a server begin inside of its network, and how outside; None where `url` is not inside, or the feed is, too."""
    if not is_inside(url) or is_inside(base) or (place := _place(head, base)) is None:
        return None
    inner = urlsplit(url)
    return f"{inner.scheme}://{inner.netloc}", place


def _place(head: FeedHead, base: str) -> str | None:
    """Where the feed's own server is for everybody: where the feed says that it is, or else was found; a service that passes feeds on has
    none of their pages.
    """
    outer, own = urlsplit(base), urlsplit(head.self_url or "").path
    is_at_home = head.home is None or is_inside(head.home) or host_of(head.home) == host_of(base)
    if is_inside(head.self_url or "") and len(own) > 1 and outer.path.endswith(own) and is_at_home and _has_pages(base):
        return f"{outer.scheme}://{outer.netloc}{outer.path.removesuffix(own)}"
    places = (urlsplit(where) for where in (head.self_url, head.home, base) if where and _has_pages(where))
    return next((f"{place.scheme}://{place.netloc}" for place in places), None)


def _has_pages(where: str) -> bool:
    return not is_inside(where) and "/" not in site(where)
