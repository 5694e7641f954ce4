"""What hubs mean for a walk: where pushes can be had, whether a hub is relied on, what it missed, whether a push is of its feed."""

from datetime import datetime, timedelta
from typing import Final

from aggregator.errors import ParseError
from aggregator.model import Config, Document, FeedSpec, FeedState, HubLinks, HubSubscription, ReadFeed, Unchanged
from aggregator.ports import Store
from aggregator.web.url import feed_address_key

# What was published a moment ago is on its way.
_ON_ITS_WAY: Final = timedelta(minutes=10)


def hub_links(state: FeedState, got: Document | Unchanged) -> HubLinks | None:
    """Where pushes can be had after this answer. A page that named the feed and its hub is not read again, and what it said stays."""
    kept = state.hub_links if isinstance(got, Unchanged) or (state.hub_links and state.hub_links.is_of_page and state.discovered) else None
    return got.hub_links or kept


def hub_links_of_page(error: ParseError, feed: str) -> HubLinks | None:
    """Where a page says that the pushes of the feed that it names can be had."""
    hub, topic = error.hub or (None, None)
    is_of_feed = topic is None or feed_address_key(topic) == feed_address_key(feed)
    return HubLinks(hub=hub, topic=feed, is_of_page=True) if hub and is_of_feed else None


def relied_on(feed_key: str, config: Config, store: Store, now: datetime) -> HubSubscription | None:
    """The subscription through which what is new in a feed comes, if there is one that can be relied on."""
    if not config.websub_subscribe:
        return None
    return next((one for one in store.hubs.subscriptions(feed_key) if one.is_trusted and one.is_standing(now)), None)


def soonest(spec: FeedSpec, state: FeedState, now: datetime) -> datetime:
    """When a feed's own server may be asked, where its hub is no reason to wait any longer."""
    return max(now, (state.last_poll_at or now) + spec.every, state.not_before or now)


def is_missed(read: ReadFeed, feed_key: str, store: Store, now: datetime) -> bool:
    """Does a document that was asked for hold what should have been pushed by now?"""
    known = {one.entry.raw_key for one in store.own_entries(feed_key, [entry.raw_key for entry in read.entries], 0)}
    return any(
        entry.raw_key not in known and not (entry.published and now - _ON_ITS_WAY <= entry.published <= now) for entry in read.entries
    )


def check_topic(read: ReadFeed, state: FeedState, by: HubSubscription) -> None:
    """A hub may only push what was subscribed to. Raises `ParseError` for a document that says it is another's."""
    own = read.head.self_url
    known = (by.topic, state.shown_url, state.discovered, state.head.self_url, state.head.base)
    if own and feed_address_key(own) not in {feed_address_key(address) for address in known if address}:
        raise ParseError(by.topic, f"the hub pushed the document of {own}")
