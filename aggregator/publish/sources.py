"""Who stands behind an entry: the feeds we poll as the public may see them, and the nearest known feed of an origin (pure)."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from aggregator.model import Claim, FeedHead, FeedSpec, FeedState, Hop, Source, Url
from aggregator.web.host import host_of, site
from aggregator.web.keys import TAKEN_OUT
from aggregator.web.text import folded_name, one_line
from aggregator.web.url import feed_address_key, is_absolute_iri, link_key, resource

# Shorter parts of an address are words ("feed", "rss"), longer ones may be what makes it private.
_KEY_CHARS: Final = 8
# A feed is often called as its page, with this behind it.
_ENDING: Final = re.compile(r"\.(?:xml|rss|atom|json|rdf)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A polled feed as the public may see it. A private feed has neither address nor id, and no page that gives the address away."""

    key: str
    id: str
    name: str
    site: str
    address: Url | None
    feed_id: str | None
    home: Url | None
    head: FeedHead
    is_republisher: bool
    is_private: bool

    def as_source(self) -> Source:
        """The feed as atom:source: its id is the one it gives itself, else its own address."""
        head = self.head
        return Source(
            name=self.name,
            id=self.feed_id or self.address,
            feed_url=self.address,
            home=self.home,
            updated=head.updated,
            authors=head.authors,
            rights=head.rights,
            license=head.license,
            language=head.language,
            icon=head.icon,
        )


class Directory:
    """The feeds that stand in feeds.yaml, found by key, by address or id, or by publisher. Who opted out is passed over."""

    def __init__(self, feeds: Mapping[str, FeedState], specs: Mapping[str, FeedSpec]) -> None:
        self._feeds = {key: public_feed(feeds[key], specs[key]) for key in sorted(feeds.keys() & specs.keys())}
        # A planet is never the origin of what it repeats, and a private feed is named only for its own entries.
        named = [feed for key, feed in self._feeds.items() if not (feed.is_private or specs[key].opt_out)]
        self._by_address = {feed_address_key(feed.address): feed for feed in reversed(named) if feed.address}
        self._by_id = {feed.feed_id: feed for feed in reversed(named) if feed.feed_id}
        self._by_site: dict[str, list[Feed]] = {}
        for feed in named:
            if feed.site and not feed.is_republisher:
                self._by_site.setdefault(feed.site, []).append(feed)

    @property
    def feeds(self) -> Collection[Feed]:
        """All of them, in the order of their keys."""
        return self._feeds.values()

    def __getitem__(self, key: str) -> Feed:
        return self._feeds[key]

    def get(self, key: str) -> Feed | None:
        return self._feeds.get(key)

    def of_hop(self, hop: Hop) -> Feed | None:
        """Find the polled feed of a hop: the same address or id, else the only feed of its publisher, or the one of that name."""
        if hop.feed_url and (feed := self._by_address.get(feed_address_key(hop.feed_url))):
            return feed
        if hop.feed_id and (feed := self._by_id.get(hop.feed_id)):
            return feed
        candidates = self._by_site.get(site_of_hop(hop), [])
        if len(candidates) > 1:
            # A publisher with several feeds: only a name or home page tells which of them it was.
            homes = [feed for feed in candidates if hop.home and feed.home and link_key(feed.home) == link_key(hop.home)]
            names = [feed for feed in candidates if folded_name(hop.name) in map(folded_name, (feed.name, feed.head.title or ""))]
            candidates = next((found for found in (homes, names) if len(found) == 1), [])
        return candidates[0] if candidates else None

    def source_of_hop(self, hop: Hop) -> Source | None:
        """The feed of a hop: the one that we poll, else the one that came in with the entry; None where neither is known."""
        came_in = _source_that_came_in(hop)
        feed = self.of_hop(hop)
        return _completed(feed.as_source(), hop) if feed else came_in

    def source_of(self, chain: Sequence[Hop], own: Feed) -> Source:
        """The nearest known feed of an origin: polled by us, else one that came in with the entry, else the feed it was fetched from.

        Hops are asked from the original on, so that who republished last never overwrites who is known nearer to the origin.
        """
        known = (self.source_of_hop(hop) for hop in chain)
        return next((source for source in known if source), own.as_source())


def own_source(claims: Sequence[Claim], own: Feed) -> Source:
    """The feed that an entry was fetched from; where its publisher merges several feeds and says which, that one (RFC 4287 4.2.11)."""
    claim = next((claim for claim in claims if claim.kind == "atom:source" and claim.standing == "self"), None)
    if claim is None:
        return own.as_source()
    hop = Hop(
        name=claim.name or own.name,
        home=claim.home,
        feed_url=claim.feed_url,
        feed_id=claim.feed_id,
        authors=claim.authors,
        rights=claim.rights,
        license=claim.license,
        updated=claim.updated,
    )
    came_in = None if own.is_private or _is_of(hop, own) else _source_that_came_in(hop)
    return came_in or _completed(own.as_source(), hop)


def _is_of(hop: Hop, feed: Feed) -> bool:
    """Whether a hop names this very feed."""
    if hop.feed_url and feed.address:
        return feed_address_key(hop.feed_url) == feed_address_key(feed.address)
    return hop.feed_id is not None and hop.feed_id in (feed.feed_id, feed.address)


def public_feed(state: FeedState, spec: FeedSpec) -> Feed:
    """Say of a feed what may be said in public."""
    head = state.head
    is_private = spec.is_private
    address = None if is_private else _address(state, spec)
    home = None if is_private and head.home and _gives_away(head.home, state, spec) else head.home
    return Feed(
        key=state.key,
        id=spec.id,
        name=_name(state, spec, home),
        site=site(home or head.self_url or address or ""),
        address=address,
        # A feed's own id is often its address, so that of a private one stays inside.
        feed_id=head.feed_id if head.feed_id and not is_private and is_absolute_iri(head.feed_id) else None,
        home=home,
        head=head,
        is_republisher=spec.republisher or head.permalinks_foreign,
        is_private=is_private,
    )


def facts(feed: Feed, spec: FeedSpec) -> tuple[object, ...]:
    """What entries may tell of a feed, dates aside: these change with each entry."""
    head = feed.head
    named = (feed.id, feed.name, feed.site, feed.address, feed.feed_id, feed.home, feed.is_republisher, feed.is_private)
    said = (head.title, head.language, head.authors, head.rights, head.license, head.icon)
    return (*named, *said, spec.tags, spec.republish, spec.attribution, spec.credit, spec.keep_counters, spec.opt_out)


def _name(state: FeedState, spec: FeedSpec, home: Url | None) -> str:
    """What a feed is called: as feeds.yaml names it, else as it names itself, else its host, else its id."""
    named = one_line(spec.name or "") or one_line(state.head.title or "") or host_of(home or "")
    if named or spec.is_private:
        # An id that was made from a private address would tell of it.
        return named or (spec.id if spec.id_given else "private feed")
    return ("" if spec.path else host_of(spec.shown_url)) or spec.id


def name_of_hop(hop: Hop, feed: Feed | None) -> str:
    """What a hop is called: as feeds.yaml names its feed, else as the claim names it, else its host."""
    name = feed.name if feed else one_line(hop.name)
    return name or host_of(hop.page or hop.home or hop.feed_url or "") or one_line(hop.site or "")


def _address(state: FeedState, spec: FeedSpec) -> Url | None:
    """The address that anybody can subscribe to: for a local file the one it gives itself."""
    if spec.path:
        return state.head.self_url
    asked = state.discovered or spec.shown_url
    # With a placeholder in it nobody could fetch it, and what stands behind the placeholder is not for the public.
    return None if "${" in asked else resource(asked)


def _gives_away(home: Url, state: FeedState, spec: FeedSpec) -> bool:
    """Tell whether a private feed's home page shows its address, or a part of it that may be a key; so it did where one was taken out."""
    if TAKEN_OUT in home:
        return True
    addresses = (spec.url, spec.shown_url, state.shown_url, state.discovered, state.redirect_target, state.head.self_url)
    if feed_address_key(home) in {feed_address_key(address) for address in addresses if address}:
        return True
    parts = urlsplit(spec.url)
    words = re.split(r"[/&=;]", f"{parts.path}&{parts.query}&{parts.username}&{parts.password}")
    keys = (_ENDING.sub("", word) for word in words)
    return any(len(key) >= _KEY_CHARS and key in home for key in keys)


def site_of_hop(hop: Hop) -> str:
    """The publisher of a hop, by whatever address is known of it."""
    return hop.site or site(hop.home or hop.page or hop.feed_url or "")


def _source_that_came_in(hop: Hop) -> Source | None:
    """A hop as a source, where a claim named its feed; a site or a page alone is no feed."""
    feed_id = hop.feed_id if hop.feed_id and is_absolute_iri(hop.feed_id) else None
    if not (feed_id or hop.feed_url):
        return None
    return Source(
        name=name_of_hop(hop, None),
        id=feed_id or hop.feed_url,
        feed_url=hop.feed_url,
        home=hop.home,
        updated=hop.updated,
        authors=hop.authors,
        rights=hop.rights,
        license=hop.license,
    )


def _completed(source: Source, hop: Hop) -> Source:
    """A feed that we poll, with what only came in with the entry: RSS names neither authors nor licence of a whole feed."""
    return replace(source, authors=source.authors or hop.authors, rights=source.rights or hop.rights, license=source.license or hop.license)
