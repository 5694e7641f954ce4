"""Entries whose link leads to the page that they talk about: which page is their own (docs/decisions/0008-link-blogs.md)."""

import re
from collections.abc import Iterable
from typing import Final

from aggregator.model import Claim, Origin, RawEntry, Url
from aggregator.refine.claims import address, based, is_own
from aggregator.refine.context import Context
from aggregator.refine.pages import has_own_path, is_web, names_a_page
from aggregator.web.url import link_key

# Relations under which such an entry names its own page, likeliest first.
_OWN_PAGES: Final = ("canonical", "bookmark", "alternate", "related")
_IN_PAGE: Final = re.compile(r"#[\w-]*\Z")


def leads_elsewhere(link: Url | None, made: Iterable[Claim]) -> bool:
    """Whether an entry's link is a page of another site that, as far as its judged claims tell, is not where it comes from."""
    return any(claim.kind == "permalink" and claim.standing == "weak" and claim.page == link for claim in made)


def own_page(raw: RawEntry, context: Context) -> Url | None:
    """The page that such an entry has on its feed's own site.

    Its guid where that is said to be a page, else a link to that site, else the page of its comments; never a front page.
    """
    pages = [link for link in raw.links if link.type is None or "html" in link.type]
    linked = [link.href for rel in _OWN_PAGES for link in pages if link.rel == rel]
    feeds = {link.href for link in raw.links} - {link.href for link in pages}
    comments = _IN_PAGE.sub("", raw.comments) if raw.comments and raw.comments not in feeds else None
    located = based(raw, context)
    for written in (raw.id if raw.id_is_link and is_web(raw.id) else None, *linked, comments):
        page = address(written, located)
        if page and is_own(page, context) and (names_a_page(page) or has_own_path(page)) and link_key(page) != link_key(context.base):
            return page
    return None


def named_related(raw: RawEntry, origin: Origin, context: Context) -> Url | None:
    """The first page of another site that an entry calls related, the pages where it comes from aside.

    Link blogs that link to themselves name so what they talk about, and so do we when we republish one.
    """
    known = {link_key(hop.page) for hop in origin.chain if hop.page}
    named = (address(href, based(raw, context)) for href in (raw.external_url, *(link.href for link in raw.links if link.rel == "related")))
    return next((page for page in named if page and not is_own(page, context) and link_key(page) not in known), None)
