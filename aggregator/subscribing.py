"""Subscribe to the hubs of feeds: what is wanted is compared with what stands in the store, and hubs are asked, one form at a time.

Nothing here is kept in memory, so a restart goes on where it was. What hubs answer to our forms comes to `run.callbacks`.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from aggregator import pushes
from aggregator.collect import websub
from aggregator.collect.hub_links import offered
from aggregator.model import Config, FeedSpec, FeedState, HubLinks, HubSubscription
from aggregator.pipeline import Ports
from aggregator.web.host import host_of, operator

log = logging.getLogger(__name__)

FOLDER: Final = "websub"
"""Where pushes arrive, below `link`."""

_SETTLED: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Feed:
    """A feed of feeds.yaml, and where its pushes can be had, if they are wanted."""

    spec: FeedSpec
    state: FeedState
    wish: HubLinks | None


def bring_in_line(ports: Ports, token: Callable[[], str]) -> None:
    """Make the subscriptions those that feeds.yaml and the feeds ask for: begin what is missing, end what is not wanted any more.

    `token` gives texts that nobody can guess. No hub is asked here. Feeds whose hub does not push any more are polled again.
    """
    now, found = ports.clock(), _feeds(ports)
    standing = {one.feed_key: one for one in ports.store.hubs.subscriptions() if one.mode == "subscribe"}
    for key, one in standing.items():
        is_wanted = _is_wanted(one, found.get(key), ports.config, now)
        if not is_wanted:
            _end(one, found.get(key), ports)
        if one.is_trusted and not (is_wanted and one.is_standing(now)):
            _poll_again(one, found.get(key), ports)
    for key, feed in found.items():
        if feed.wish:
            known = standing.get(key)
            _ask_for(feed, feed.wish, known if known and _is_wanted(known, feed, ports.config, now) else None, ports, token)


def ask_hubs(ports: Ports) -> datetime | None:
    """Send the forms that are due, at most one to each hub's operator, the longest overdue first; tell when the next one is.

    Takes as long as the slowest hub.
    """
    now = ports.clock()
    asked: set[str] = set()
    ahead: list[datetime] = []
    for one in sorted(ports.store.hubs.subscriptions(), key=lambda one: one.next_at):
        where = operator(host_of(one.hub))
        if websub.is_over(one, now):
            ports.store.hubs.revise(one.path, lambda _: None)
        elif websub.is_due(one, now) and where not in asked:
            asked.add(where)
            ahead += [after.next_at for after in [_ask(one, ports)] if after]
        else:
            ahead.append(one.next_at)
    return min(ahead, default=None)


def _ask(one: HubSubscription, ports: Ports) -> HubSubscription | None:
    asked = ports.store.hubs.revise(one.path, lambda it: it and websub.asked(it, ports.clock()))
    if asked is None:
        return None
    posted = ports.fetcher.post(asked.hub, websub.form(asked), allow_private=asked.allow_private)
    after = ports.store.hubs.revise(one.path, lambda it: it and websub.answered(it, posted, ports.clock()))
    if after and not posted.is_accepted:
        log.warning("%s: its hub %s: %s", after.topic, host_of(after.hub), posted.words)
    return after


# ── what is wanted ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _feeds(ports: Ports) -> dict[str, _Feed]:
    specs = {spec.id: spec for spec in ports.config.feeds}
    is_on = ports.config.websub_subscribe and ports.config.link is not None
    known = [(specs[state.id], state) for state in ports.store.feeds() if state.id in specs]
    return {state.key: _Feed(spec=spec, state=state, wish=_wish(spec, state) if is_on else None) for spec, state in known}


def _wish(spec: FeedSpec, state: FeedState) -> HubLinks | None:
    """A private feed's address is nobody's business, a hub's least of all; a local file and a feed that never answered have no hub."""
    if spec.path or spec.is_private or spec.opt_out or state.last_success_at is None:
        return None
    return offered(state)


def _is_wanted(one: HubSubscription, feed: _Feed | None, config: Config, now: datetime) -> bool:
    if feed is None or feed.wish is None:
        return False
    if (one.allow_private, one.callback) != (feed.spec.allow_private, f"{config.link}{FOLDER}/{one.path}"):
        return False
    return (one.hub in feed.wish.hubs and one.topic == feed.wish.topic) or _is_young(one, now)


def _is_young(one: HubSubscription, now: datetime) -> bool:
    """Some feeds call themselves something else at every request: their hubs are asked for another topic once a day at most."""
    return one.asked_at is not None and one.asked_at <= now < one.asked_at + _SETTLED


def _ask_for(feed: _Feed, wish: HubLinks, one: HubSubscription | None, ports: Ports, token: Callable[[], str]) -> None:
    """Begin a subscription where there is none, or where its hub does not push and the feed names another."""
    now = ports.clock()
    turn = websub.next_hub(one, wish.hubs, now) if one else (wish.hub, now)
    if turn and one:
        ports.store.hubs.revise(one.path, lambda _: None)
    if turn:
        _begin(feed, HubLinks(hub=turn[0], topic=wish.topic), turn[1], ports, token)


def _begin(feed: _Feed, wish: HubLinks, at: datetime, ports: Ports, token: Callable[[], str]) -> None:
    path = token()
    begun = HubSubscription(
        path=path,
        feed_key=feed.state.key,
        hub=wish.hub,
        topic=wish.topic or feed.state.shown_url,
        callback=f"{ports.config.link}{FOLDER}/{path}",
        secret=token(),
        allow_private=feed.spec.allow_private,
        next_at=at,
    )
    ports.store.hubs.revise(path, lambda _: begun)


def _end(one: HubSubscription, feed: _Feed | None, ports: Ports) -> None:
    # Where feeds.yaml takes the permission back, nothing private is asked any more, not even to say goodbye.
    may = one.allow_private and (feed is None or feed.spec.allow_private)
    ports.store.hubs.revise(one.path, lambda it: it and websub.ended(replace(it, allow_private=may), ports.clock()))


def _poll_again(one: HubSubscription, feed: _Feed | None, ports: Ports) -> None:
    """What is not pushed any more is polled, as soon as its server may be asked again."""
    ports.store.hubs.revise(one.path, lambda it: it and it.after_miss())
    if feed:
        at = pushes.soonest(feed.spec, feed.state, ports.clock())
        ports.store.hubs.bring_forward(one.feed_key, at, f"{host_of(one.hub)} does not push any more: it is polled again")
