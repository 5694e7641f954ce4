"""Where the pages of a feed's entries are: on its own publisher's sites, whether it says so or not, or on those of others (pure)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from aggregator.model import FeedHead, RawEntry, RawFeed, Url
from aggregator.refine.pages import has_own_path, is_web, names_a_page
from aggregator.refine.passing import settled_file
from aggregator.web.host import is_below, is_inside, is_of, is_redirecting, is_resolving, site
from aggregator.web.url import link, link_key, unwrap

_MIN_SITE_NAME: Final = 3
# Fewer entries than these may be on one site by chance.
_FEW: Final = 3
_PLAYED: Final = ("audio/", "video/")
_OWN_PAGES: Final = ("canonical", "bookmark", "alternate", "related")


@dataclass(frozen=True, slots=True)
class _Sites:
    """What a feed's addresses tell of whose it is. `base` is the feed's own; addresses count from it."""

    base: str
    own: frozenset[str]
    names: frozenset[str]

    def owns(self, page: str) -> bool:
        found = site(page)
        return is_of(found, self.own) or _name_in(found) in self.names


def foreign_pages(raw: RawFeed, base: str, head: FeedHead, aliases: Collection[str] = ()) -> tuple[bool | None, ...]:
    """Of each entry, whether its page is on another site than the feed's; None where none is known. `base` is the feed's own.

    Many feeds lead over a redirector that counts readers: what it hides says nothing, what `feedburner:origLink` tells of it does. An entry
    with a remark on somebody else's page has a page of its own besides, and an episode that the feed's own host sends is the feed's,
    whatever its link recommends.
    """
    sites = _sites(base, head, (*aliases, head.page_site))
    pages = ((entry, _page_of(entry, sites)) for entry in raw.entries)
    return tuple(None if page is None else not (sites.owns(page) or _is_sent_by(entry, sites)) for entry, page in pages)


def are_mostly_foreign(pages: Sequence[bool | None]) -> bool:
    """Whether most of the entries that have pages have them on other sites (`foreign_pages`)."""
    return sum(page is True for page in pages) * 2 > sum(page is not None for page in pages)


def page_site(raw: RawFeed, base: str, head: FeedHead, aliases: Collection[str] = ()) -> str:
    """The one site where all entries have their pages, if it is the publisher's although no address of the feed names it; else ''.

    It is where the feed names no home but itself; where the site is called as one of the feed's, or is an account of the platform that
    serves it; and for a podcast: what is heard first appears in its feed, whoever shows a page about it.
    """
    sites = _sites(base, head, aliases)
    placed = [(entry, page) for entry in raw.entries if (page := _page_of(entry, sites))]
    found = {site(page) for _, page in placed}
    single = next(iter(found), "")
    # Who names a source for an entry says itself that it comes from elsewhere.
    if len(found) != 1 or is_of(single, sites.own) or any(entry.source for entry, _ in placed):
        return ""
    if sites.owns(single) or all(_is_played(entry) for entry, _ in placed):
        return single
    is_likely = len(placed) >= _FEW and (_is_homeless(base, head) or any(is_below(single, own) for own in sites.own))
    return single if is_likely else ""


def _sites(base: str, head: FeedHead, others: Collection[str]) -> _Sites:
    own = frozenset(found for where in (base, head.home, head.self_url, *others) if where and (found := site(where)))
    return _Sites(base, own, frozenset(name for found in own if (name := _name_in(found))))


def _is_homeless(base: str, head: FeedHead) -> bool:
    """Whether a feed names no page as its home, or only itself."""
    if head.home is None or is_redirecting(head.home):
        return True
    return link_key(head.home) in {link_key(where) for where in (base, head.self_url) if where}


def _page_of(entry: RawEntry, sites: _Sites) -> Url | None:
    """The page of an entry: of those that may be it one of the feed's own, if there is one."""
    pages = [page for written in (_own_link(entry), entry.feedburner_origlink) if (page := _page(written, sites.base))]
    return (
        next((page for page in pages if sites.owns(page)), None) or (_own_page(entry, sites) if pages else None) or next(iter(pages), None)
    )


def _own_page(entry: RawEntry, sites: _Sites) -> Url | None:
    """The page that an entry has on the feed's own site besides its link; that of a forum's comments is none of the entry itself."""
    named = [each.href for each in entry.links if each.rel in _OWN_PAGES and (each.type is None or "html" in each.type)]
    for written in (entry.id if entry.id_is_link and is_web(entry.id) else None, *named):
        page = _page(written, sites.base)
        if page and written != entry.comments and sites.owns(page) and (names_a_page(page) or has_own_path(page)):
            return page
    return None


def _own_link(entry: RawEntry) -> str | None:
    """The link of an entry, unless it leads to a medium of it: who sends that is nobody's publisher."""
    return None if any(medium.href == entry.link for medium in entry.enclosures) else entry.link


def _is_played(entry: RawEntry) -> bool:
    return any((medium.type or "").startswith(_PLAYED) for medium in entry.enclosures)


def _is_sent_by(entry: RawEntry, sites: _Sites) -> bool:
    """Whether a sound or film of an entry comes from one of the feed's own sites, also behind hosts that count who hears it."""
    heard = (medium.href for medium in entry.enclosures if (medium.type or "").startswith(_PLAYED))
    return any(is_of(site(settled_file(href)), sites.own) for href in heard)


def _page(written: str | None, base: str) -> Url | None:
    page = link(written, base)
    return _behind(page, base) if page else None


@lru_cache(maxsize=2048)  # Each page of a document is asked about three times, as more becomes known of whose it is.
def _behind(address: Url, base: str) -> Url | None:
    """The page to which an address leads, where that can be told without asking a server."""
    page = unwrap(address) or address
    if is_redirecting(page) or is_resolving(page):
        return None
    # Behind a proxy, programs give the address by which only the proxy knows them.
    return None if is_inside(page) and not is_inside(base) else page


def _name_in(found: str) -> str | None:
    """What a site is called below any domain, or an account on its platform: who has it in two places is mostly one publisher.

    >>> _name_in("news.co.uk"), _name_in("news.github.io"), _name_in("medium.com/@news")
    ('news', 'news', 'news')
    """
    name = found.partition(".")[0] if "/" not in found else found.rpartition("/")[2].removeprefix("@")
    return name if len(name) >= _MIN_SITE_NAME and not name.isdigit() else None
