"""Which address a feed is asked at, and whether another feed of feeds.yaml is asked there already (pure)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from aggregator.collect import polite
from aggregator.collect.place import is_same_server, with_login_of
from aggregator.errors import FeedError, ParseError
from aggregator.model import Config, FeedSpec, FeedState
from aggregator.web.host import site
from aggregator.web.url import feed_address_key

_LOOKED_AT_AGAIN: Final = timedelta(days=1)


def asked(spec: FeedSpec, state: FeedState, now: datetime) -> FeedSpec:
    """The address to ask: the feed that a page named, a permanent redirect's target once proved, else the one in feeds.yaml.

    What gives no feed has its own address asked next: the page may name another feed by then, the redirect may have ended.
    """
    named = None if state.last_error else state.discovered
    target = named or polite.lasting_redirect(state, now)
    if spec.path or not target:
        return spec
    if not is_same_server(target, spec.url):
        return replace(spec, url=target, shown_url=target, headers=())
    return replace(spec, url=with_login_of(spec.url, target), shown_url=target)


def named_instead(spec: FeedSpec, state: FeedState, error: FeedError) -> str | None:
    """The feed that a page names, if feeds.yaml names the page: never for a feed that worked there, and never one of another site.

    A page that named the feed before is believed again, once that feed gave an error.
    """
    if not isinstance(error, ParseError) or spec.path or (state.discovered is None and state.first_success_at):
        return None
    if state.discovered and not state.last_error:
        return None
    return next((found for found in error.found if site(found) == site(spec.url)), None)


def asked_already(spec: FeedSpec, at: FeedSpec, config: Config, find: Callable[[str], FeedState | None], now: datetime) -> FeedSpec | None:
    """The other feed of feeds.yaml that is asked at the very address at which this one would be: one request serves both.

    None where something of this one would be missed: an output wants its entries and not the other's, the other is asked less often, what
    is taken of it is not the same, or it does not answer well. `find` gives the state of the feed with an id.
    """
    if at is spec or _has_secrets(spec):
        return None
    host, key = urlsplit(at.shown_url).netloc, feed_address_key(at.url)
    others = (one for one in config.feeds if host in one.url and one.id != spec.id and feed_address_key(one.url) == key)
    return next((one for one in others if _stands_for(one, spec, config) and _is_well(one, find(one.id), now)), None)


def left_to(other: FeedSpec, state: FeedState, now: datetime) -> FeedState:
    """The state of a feed that is not asked, because `other` is asked where it has gone."""
    why = f"the same feed as {other.id}, which is asked instead; take one of the two out of feeds.yaml"
    return replace(state, next_poll_at=now + _LOOKED_AT_AGAIN, why=why, failures=0, failing_since=None)


def _has_secrets(spec: FeedSpec) -> bool:
    return bool(spec.headers) or "@" in urlsplit(spec.url).netloc


def _stands_for(other: FeedSpec, spec: FeedSpec, config: Config) -> bool:
    """Does all that outputs get of the one come with the other, and as soon?"""
    if other.path or other.opt_out or _has_secrets(other) or _taken(other) != _taken(spec):
        return False
    is_as_soon = other.every <= spec.every and (other.every_given or not spec.every_given)
    return is_as_soon and all(output.asks_for(other) for output in config.outputs if output.asks_for(spec))


def _taken(spec: FeedSpec) -> tuple[object, ...]:
    """What feeds.yaml says that is taken of a feed's entries, and who may see them."""
    return spec.keep, spec.drop, spec.limit, spec.republish, spec.is_private


def _is_well(other: FeedSpec, state: FeedState | None, now: datetime) -> bool:
    """Is a feed asked at the address that feeds.yaml gives it, and does it answer?"""
    if state is None or state.id != other.id or not state.last_success_at:
        return False
    return not (state.failures or state.hold) and asked(other, state, now) is other
