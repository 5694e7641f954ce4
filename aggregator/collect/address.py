"""Which address a feed is asked at, and whether another feed of feeds.yaml is asked there already (pure)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from aggregator.collect import polite
from aggregator.collect.place import is_same_server
from aggregator.model import Config, FeedSpec, FeedState
from aggregator.web.url import feed_address_key

_LOOKED_AT_AGAIN: Final = timedelta(days=1)


def asked(spec: FeedSpec, state: FeedState, now: datetime) -> FeedSpec:
    """The address to ask: the feed that a page named, a permanent redirect's target once proved, else the one in feeds.yaml."""
    target = state.discovered or polite.lasting_redirect(state, now)
    if spec.path or not target:
        return spec
    return replace(spec, url=target, shown_url=target, headers=spec.headers if is_same_server(target, spec.url) else ())


def asked_already(spec: FeedSpec, at: FeedSpec, config: Config) -> FeedSpec | None:
    """The other feed of feeds.yaml that is listed with the very address at which this one is asked: one request serves both.

    None where an output wants this one's entries and not that one's: they would be missed.
    """
    if at is spec or spec.headers:
        return None
    host, key = urlsplit(at.url).netloc, feed_address_key(at.url)
    return next((one for one in config.feeds if host in one.url and one.id != spec.id and _stands_for(one, spec, key, config)), None)


def left_to(other: FeedSpec, state: FeedState, now: datetime) -> FeedState:
    """The state of a feed that is not asked, because `other` is asked where it has gone."""
    why = f"the same feed as {other.id}, which is asked instead; take one of the two out of feeds.yaml"
    return replace(state, next_poll_at=now + _LOOKED_AT_AGAIN, why=why)


def _stands_for(other: FeedSpec, spec: FeedSpec, key: str, config: Config) -> bool:
    is_asked = not (other.path or other.opt_out or other.headers) and feed_address_key(other.url) == key
    return is_asked and all(output.asks_for(other) for output in config.outputs if output.asks_for(spec))
