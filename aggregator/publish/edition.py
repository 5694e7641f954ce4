"""Compose the edition of one output: each story resolved to what readers get of it, who is credited, and how much text (pure)."""

import html
import posixpath
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from aggregator.model import (
    Archive,
    Config,
    Credit,
    Edition,
    Entry,
    FeedSpec,
    FeedState,
    Hop,
    Item,
    OutputSpec,
    Publication,
    SafeHtml,
    Seen,
    StoredEntry,
    Story,
    Subscription,
    Title,
    Url,
)
from aggregator.publish.attribution import Linked, line
from aggregator.publish.rights import inherited, notice, permission, shortened, text_of, uncut, unless_said
from aggregator.publish.sources import Directory, Feed, name_of_hop, own_source, public_feed, site_of_hop
from aggregator.publish.trail import is_out, trail
from aggregator.web.host import host_of, site
from aggregator.web.licences import terms
from aggregator.web.text import one_line
from aggregator.web.url import feed_address_key, is_absolute_iri, link_key, resource

EMPTY: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The date of an edition without items: constant, so that an empty file never changes."""

MAX_DELETED: Final = 60
"""How many withdrawn entries an output names: as many as it has entries, unless feeds.yaml says otherwise."""
DELETED_FOR: Final = timedelta(days=90)
"""How long they are named: a reader that was not opened for so long has other things to catch up with."""

_MAX_TITLE_CHARS: Final = 1000
# Elements, dates, ids and the source around an item's texts; measured on Atom, the wordiest of the formats.
_ITEM_OVERHEAD_BYTES: Final = 1500


def compose(
    spec: OutputSpec,
    config: Config,
    listing: Sequence[tuple[Publication, Story]],
    feeds: Mapping[str, FeedState],
    specs: Mapping[str, FeedSpec],
    withdrawn: Sequence[Publication] = (),
    owed: Mapping[int, Credit] | None = None,
    archive: Archive | None = None,
) -> Edition:
    """Make the edition of one output from its listed stories, newest sort key first.

    `feeds` and `specs` are by feed key; `specs` holds only feeds that stand in feeds.yaml. A story that cannot be published (its feed is
    gone from feeds.yaml, or its id is not one) is left out and named in `notes`, never the whole edition. `withdrawn` is what was listed
    once and taken back, `owed` what the publishers of leading entries (by pk) want to be printed, `archive` where it stands among the pages
    of its archive. Nothing here depends on the order of the mappings, of `listing`, of `withdrawn` or of a story's members.
    """
    directory = Directory(feeds, specs)
    language = spec.language or config.language
    notes: list[str] = []
    items: list[Item] = []
    seen_ids: set[str] = set()
    for publication, story in sorted(listing, key=_order):
        if why_not := _obstacle(publication, story, specs, seen_ids):
            notes.append(f"left out {publication.published_id!r}: {why_not}")
            continue
        seen_ids.add(publication.published_id)
        items.append(_item(publication, story, spec, specs, directory, language, (owed or {}).get(story.lead.pk, Credit())))
    items, cut_notes = within(items, spec.max_bytes, language)
    title = one_line(spec.title or config.title) or spec.path
    self_url = address_of(config.link, spec.path)
    updated = max((item.updated for item in items), default=EMPTY)
    return Edition(
        spec=spec,
        id=self_url or uuid5(NAMESPACE_URL, f"{title}\n{spec.path}").urn,
        title=title,
        language=language,
        home=config.link,
        self_url=self_url,
        updated=updated,
        items=tuple(items),
        deleted=_deleted(withdrawn, seen_ids, updated),
        subscriptions=_subscriptions(spec, feeds, specs),
        hub=config.hub,
        served_at=resource(f"http://{config.listen_host}:{config.listen_port}/"),
        noindex=config.noindex,
        alternates=_alternates(spec, config.outputs),
        archive=archive,
        notes=(*notes, *cut_notes),
    )


def address_of(link: Url | None, path: str) -> Url | None:
    """The public address of an output, `link` being where the folder of outputs is served.

    >>> address_of(Url("https://planet.example.org/feeds"), "a b/atom.xml")
    'https://planet.example.org/feeds/a%20b/atom.xml'
    """
    if link is None:
        return None
    return resource(quote(path), base=link if link.endswith("/") else f"{link}/")


def _order(listed: tuple[Publication, Story]) -> tuple[float, str]:
    publication, _ = listed
    return (-publication.sort_key.timestamp(), publication.published_id)


def _obstacle(publication: Publication, story: Story, specs: Mapping[str, FeedSpec], seen_ids: set[str]) -> str | None:
    if story.lead.feed_key not in specs:
        return f"its feed {story.lead.feed_id} is not in feeds.yaml"
    if not is_absolute_iri(publication.published_id):
        return "its id is not an absolute IRI"
    if publication.published_id in seen_ids:
        return "another story has the same id"
    return None


def _deleted(withdrawn: Sequence[Publication], listed: Container[str], updated: datetime) -> tuple[tuple[str, datetime], ...]:
    """What to tell subscribers' readers to forget: the latest, as far back as `DELETED_FOR` from the edition's last change.

    Counted from what stands in the file, not from now: it never changes only because time goes by.
    """
    gone = [(one.published_id, one.withdrawn_at) for one in withdrawn if one.withdrawn_at and one.published_id not in listed]
    last = max([updated, *(when for _, when in gone)])
    found = [(name, when) for name, when in gone if when >= last - DELETED_FOR and is_absolute_iri(name)]
    return tuple(sorted(found, key=lambda one: (-one[1].timestamp(), one[0]))[:MAX_DELETED])


# ── one item ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _item(
    publication: Publication,
    story: Story,
    spec: OutputSpec,
    specs: Mapping[str, FeedSpec],
    directory: Directory,
    language: str,
    credit: Credit,
) -> Item:
    lead, entry = story.lead, story.lead.entry
    feed_spec, own = specs[lead.feed_key], directory[lead.feed_key]
    chain = entry.origin.chain
    # Who says that it is another's, and is contradicted, is not said to be the origin either.
    is_known = entry.origin.is_known if chain else not (own.is_republisher or entry.origin.is_contradicted)
    own_page = None if _leads_elsewhere(entry) else entry.link
    original = (chain[0].page if chain else own_page) if is_known else None
    origin_source = directory.source_of_hop(chain[0]) if chain else own_source(entry.claims, own)
    source = origin_source or directory.source_of(chain, own)
    hops = _hops(chain, own, entry, directory)
    elsewhere = (*hops, Hop(name=own.name, page=original or entry.link))
    also = _also_seen(story, specs, directory, elsewhere, own)
    style = spec.attribution or feed_spec.attribution
    origin, via = _credits(hops, own, own_page, is_known=is_known)
    said = line(style, language, origin=origin, via=via, also=[Linked(seen.name, seen.url) for seen in also])
    license_url = inherited(entry, origin_source.license if origin_source else None)
    link = original or entry.link or entry.related
    may = permission(entry, feed_spec.republish, license_url)
    shown = text_of(entry, may, link=link, language=language)
    is_whole = may.policy == "full" and bool(shown.content or shown.summary)
    authors = [author.name for author in entry.authors or source.authors]
    return Item(
        id=publication.published_id,
        raw_id=entry.raw_id,
        sequence=publication.sequence or 0,
        sort_key=publication.sort_key,
        updated=publication.public_updated,
        published=_published(lead, publication),
        link=link,
        original=original,
        title=_title(entry.title),
        authors=entry.authors,
        contributors=entry.contributors,
        summary=shown.summary,
        content=shown.content,
        cut=shown.cut,
        language=entry.language or (source.language if not chain else None),
        categories=entry.categories,
        enclosures=entry.enclosures,
        thumbnail=entry.thumbnail,
        comments=entry.comments,
        related=entry.related,
        rights=entry.rights,
        license=license_url,
        carried=entry.carried,
        source=source,
        via=hops,
        also_seen=also,
        evidence=entry.origin.evidence,
        confidence=entry.origin.confidence,
        chain_known=is_known,
        place=style.place,
        line=said,
        trail=trail(publication, story, directory, specs) if spec.format == "html" else None,
        credit=unless_said(credit.html, shown),
        notice=unless_said(notice(authors, license_url), shown) if is_whole else SafeHtml(""),
        counters=(*entry.counters, *credit.counters) if is_whole and feed_spec.keep_counters else (),
        feed=None if own.is_private else feed_spec.id,
        tags=feed_spec.tags,
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


# ── the whole ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def within(items: Sequence[Item], max_bytes: int, language: str) -> tuple[list[Item], tuple[str, ...]]:
    """Keep the texts within `max_bytes`, as they will measure in XML: the oldest are cut to excerpts first, then lose their text.

    Only as many as needed are cut, so the newest stay whole as long as they can; a note says how many.
    """
    kept = list(items)
    total = sum(map(_size, kept))
    cut = 0
    for shorten in (_to_excerpt, _to_link):
        for position in reversed(range(len(kept))):
            if total <= max_bytes:
                break
            shorter = shorten(kept[position], language)
            if _size(shorter) < _size(kept[position]):
                cut += kept[position].cut != "max_bytes"
                total -= _size(kept[position]) - _size(shorter)
                kept[position] = shorter
    return kept, (f"{cut} of {len(kept)} items were cut: the output would exceed max_bytes ({max_bytes})",) if cut else ()


def _to_excerpt(item: Item, language: str) -> Item:
    asked = terms(item.license)
    if asked and asked.no_derivatives:
        text = uncut(item.summary, item.content, why="max_bytes")
    else:
        text = shortened(item.summary, item.content, link=item.link, language=language, of=item.language, why="max_bytes")
    return _without_whole(item, text.summary)


def _to_link(item: Item, language: str) -> Item:
    return _without_whole(item, None)


def _without_whole(item: Item, summary: SafeHtml | None) -> Item:
    """An item whose text is not whole any more: what was asked for in return for that goes along."""
    return replace(item, summary=summary, content=None, cut="max_bytes", notice=SafeHtml(""), counters=())


def _size(item: Item) -> int:
    texts = (item.content, item.summary, item.line, item.credit, item.notice, item.title.text if item.title else None)
    return _ITEM_OVERHEAD_BYTES + sum(len(html.escape(text, quote=False).encode("utf-8", "replace")) for text in texts if text)


def _subscriptions(output: OutputSpec, feeds: Mapping[str, FeedState], specs: Mapping[str, FeedSpec]) -> tuple[Subscription, ...]:
    """The public feeds behind an output, by name."""
    found: dict[str, Subscription] = {}
    for key in sorted(specs, key=lambda key: specs[key].id):
        spec, state = specs[key], feeds.get(key)
        if state is None or spec.is_private or spec.opt_out or not output.asks_for(spec):
            continue
        feed = public_feed(state, spec)
        found.setdefault(
            feed_address_key(feed.address) if feed.address else feed.id,
            Subscription(
                name=feed.name,
                feed_url=feed.address or "",
                id=feed.id,
                home=feed.home,
                language=feed.head.language,
                tags=spec.tags,
                description=one_line(feed.head.subtitle or "") or None,
            ),
        )
    return tuple(sorted(found.values(), key=lambda found: (found.name.casefold(), found.feed_url)))


def _alternates(spec: OutputSpec, outputs: Sequence[OutputSpec]) -> tuple[tuple[str, str], ...]:
    """The other outputs: (format, address relative to this one)."""
    folder = posixpath.dirname(spec.path) or "."
    return tuple((other.format, quote(posixpath.relpath(other.path, folder))) for other in outputs if other.path != spec.path)
