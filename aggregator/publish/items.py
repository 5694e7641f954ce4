"""What readers get of one story: who is credited, what it links to, how much of its text (pure)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from aggregator.model import (
    Attribution,
    Credit,
    Entry,
    FeedSpec,
    Hop,
    Item,
    OutputSpec,
    Publication,
    SafeHtml,
    Seen,
    Source,
    StoredEntry,
    Story,
    Title,
    Url,
)
from aggregator.publish.attribution import Linked, line
from aggregator.publish.rights import inherited, notice, permission, text_of, unless_said
from aggregator.publish.sources import Directory, Feed, name_of_hop, own_source, site_of_hop
from aggregator.publish.trail import is_out, trail
from aggregator.web.host import host_of, site
from aggregator.web.text import one_line
from aggregator.web.url import link_key

_MAX_TITLE_CHARS: Final = 1000
# What nothing plays any more. Feeds of films name it still, beside the page of each film.
_UNPLAYED: Final = frozenset({"application/x-shockwave-flash", "application/futuresplash"})


@dataclass(frozen=True, slots=True)
class _Way:
    """Where an entry comes from, as an item says it: the fields of `Item` that credit somebody.

    `licensed_by` is the source's licence where it is the origin's own feed; one that only republished gives none.
    """

    is_known: bool
    original: Url | None
    source: Source
    hops: tuple[Hop, ...]
    also: tuple[Seen, ...]
    line: SafeHtml
    licensed_by: Url | None


def item_of(
    publication: Publication,
    story: Story,
    spec: OutputSpec,
    specs: Mapping[str, FeedSpec],
    directory: Directory,
    language: str,
    credit: Credit,
) -> Item:
    """Resolve a story to what readers of an output get of it: whom it credits, what it links to, and as much text as may be shown."""
    lead, entry = story.lead, story.lead.entry
    feed_spec, own = specs[lead.feed_key], directory[lead.feed_key]
    style = spec.attribution or feed_spec.attribution
    way = _way(story, style, specs, directory, language)
    license_url = inherited(entry, way.licensed_by)
    link = way.original or entry.link or entry.related
    may = permission(entry, feed_spec.republish, license_url)
    shown = text_of(entry, may, link=link, language=language)
    is_whole = may.policy == "full" and bool(shown.content or shown.summary)
    authors = [author.name for author in entry.authors or way.source.authors]
    return Item(
        id=publication.published_id,
        raw_id=entry.raw_id,
        sequence=publication.sequence or 0,
        sort_key=publication.sort_key,
        updated=publication.public_updated,
        published=_published(lead, publication),
        link=link,
        original=way.original,
        title=_title(entry.title),
        authors=entry.authors,
        contributors=entry.contributors,
        summary=shown.summary,
        content=shown.content,
        cut=shown.cut,
        language=entry.language or (None if entry.origin.chain else way.source.language),
        categories=entry.categories,
        enclosures=tuple(one for one in entry.enclosures if one.type not in _UNPLAYED),
        thumbnail=entry.thumbnail,
        comments=entry.comments,
        related=entry.related,
        rights=entry.rights,
        license=license_url,
        carried=entry.carried,
        source=way.source,
        via=way.hops,
        also_seen=way.also,
        evidence=entry.origin.evidence,
        confidence=entry.origin.confidence,
        chain_known=way.is_known,
        place=style.place,
        line=way.line,
        trail=trail(publication, story, directory, specs) if spec.format == "html" else None,
        credit=unless_said(credit.html, shown),
        notice=unless_said(notice(authors, license_url), shown) if is_whole else SafeHtml(""),
        counters=(*entry.counters, *credit.counters) if is_whole and feed_spec.keep_counters else (),
        feed=None if own.is_private else feed_spec.id,
        tags=feed_spec.tags,
    )


def _way(story: Story, style: Attribution, specs: Mapping[str, FeedSpec], directory: Directory, language: str) -> _Way:
    entry, own = story.lead.entry, directory[story.lead.feed_key]
    chain = entry.origin.chain
    # Who says that it is another's, and is contradicted, is not said to be the origin either.
    is_known = entry.origin.is_known if chain else not (own.is_republisher or entry.origin.is_contradicted)
    own_page = None if _leads_elsewhere(entry) else entry.link
    original = (chain[0].page if chain else own_page) if is_known else None
    origin_source = directory.source_of_hop(chain[0]) if chain else own_source(entry.claims, own)
    hops = _hops(chain, own, entry, directory)
    also = _also_seen(story, specs, directory, (*hops, Hop(name=own.name, page=original or entry.link)), own)
    origin, via = _credits(hops, own, own_page, is_known=is_known)
    return _Way(
        is_known=is_known,
        original=original,
        source=origin_source or directory.source_of(chain, own),
        hops=hops,
        also=also,
        line=line(style, language, origin=origin, via=via, also=[Linked(seen.name, seen.url) for seen in also]),
        licensed_by=origin_source.license if origin_source else None,
    )


def _published(lead: StoredEntry, publication: Publication) -> datetime:
    """The publisher's own date, unless it is missing, or was in the future when we saw it: never later than where the entry stands.

    What comes back dated anew, after a move or by another feed, was published when subscribers were given it.
    """
    said = lead.entry.published
    return min(said if said is not None and said <= lead.first_seen else lead.sort_key, publication.sort_key)


def _title(title: Title | None) -> Title | None:
    if title is None or not one_line(title.text):
        return None
    text = one_line(title.text)
    if len(text) > _MAX_TITLE_CHARS:
        # Cut HTML would no longer be balanced, so a long title is text.
        return Title(text=f"{text[: _MAX_TITLE_CHARS - 1].rstrip()}…")
    return Title(text=text, html=title.html if title.html and len(title.html) <= 4 * _MAX_TITLE_CHARS else None)


def _hops(chain: Sequence[Hop], own: Feed, entry: Entry, directory: Directory) -> tuple[Hop, ...]:
    """The way of an entry: the original first, the feed that it was fetched from last; empty where that feed is the origin.

    Hops that we poll carry the names that feeds.yaml gives them.
    """
    if not chain:
        return ()
    found = [(hop, directory.of_hop(hop)) for hop in chain]
    hops = [_named(hop, feed) for hop, feed in found]
    if found[-1][1] is not own:
        hops.append(
            Hop(
                name=own.name,
                site=own.site or None,
                page=_own_page(entry, chain),
                home=own.home,
                feed_url=own.address,
                feed_id=own.feed_id,
            )
        )
    return tuple(hops)


def _named(hop: Hop, feed: Feed | None) -> Hop:
    """A hop with what is known of its feed."""
    if feed is None:
        return replace(hop, name=name_of_hop(hop, None))
    return replace(
        hop,
        name=feed.name,
        home=hop.home or feed.home,
        feed_url=hop.feed_url or feed.address,
        feed_id=hop.feed_id or feed.feed_id,
        rights=feed.head.rights or hop.rights,
    )


def _own_page(entry: Entry, hops: Sequence[Hop]) -> Url | None:
    """The copy's own page: a planet that links to the original, or to a page of somebody else on the way, has none."""
    if entry.link is None or _leads_elsewhere(entry):
        return None
    key, where = link_key(entry.link), site(entry.link)
    is_theirs = any((hop.page and link_key(hop.page) == key) or (where != entry.site and where == site_of_hop(hop)) for hop in hops)
    return None if is_theirs else entry.link


def _leads_elsewhere(entry: Entry) -> bool:
    """Whether an entry's link is a page of another site that it talks about: no page of its own is known."""
    return any(claim.kind == "permalink" and claim.standing == "weak" and claim.page == entry.link for claim in entry.claims)


def _credits(hops: Sequence[Hop], own: Feed, own_page: Url | None, *, is_known: bool) -> tuple[Linked | None, list[Linked]]:
    """Whom the visible line names: the origin (None: not known), and those between it and us."""
    if hops:
        way = [_credit(hop) for hop in hops]
        return (way[0], way[1:]) if is_known else (None, way)
    here = Linked(own.name, own_page or own.home)
    return (here, []) if is_known else (None, [here])


def _credit(hop: Hop) -> Linked:
    return Linked(hop.name, hop.page or hop.home)


def _also_seen(story: Story, specs: Mapping[str, FeedSpec], directory: Directory, hops: Sequence[Hop], own: Feed) -> tuple[Seen, ...]:
    """Where else the story ran: the other feeds of its members, each place once, in the order of their ids; without those that are named
    already. Of one name on another site the host is told, too; on the same site it is but another feed of that place.

    A copy that links to a page of `hops` has none of its own.
    """
    places: defaultdict[str, set[str]] = defaultdict(set, {own.name.casefold(): {own.site}})
    for hop in hops:
        places[hop.name.casefold()].add(site_of_hop(hop))
    found: list[Seen] = []
    for member in sorted(story.members, key=lambda member: (member.feed_id, member.entry.published_id, member.pk)):
        feed = directory.get(member.feed_key)
        if feed is None or member.feed_key == story.lead.feed_key or is_out(member, specs):
            continue
        url = _own_page(member.entry, hops) or feed.home
        known, where = places[feed.name.casefold()], site(url) if url else feed.site
        if where not in known and (url or not known):
            name = f"{feed.name} ({host_of(url)})" if url and known else feed.name
            found.append(Seen(name=name, url=url, feed_url=feed.address))
        known.add(where)
    return tuple(found)
