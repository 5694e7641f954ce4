"""Subscribe to the hubs of feeds: what is wanted is compared with what stands in the store, and hubs are asked, one form at a time.

Nothing here is kept in memory, so a restart goes on where it was. What hubs answer to our forms comes to `run.callbacks`.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.collect import websub
from aggregator.collect.hub_links import offered
from aggregator.model import Config, FeedSpec, FeedState, HubSubscription
from aggregator.pipeline import Ports
from aggregator.web.host import host_of, operator

log = logging.getLogger(__name__)

FOLDER = "websub"
"""Where pushes arrive, below `link`."""

_SETTLED = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """A feed whose pushes are wanted, and from where."""

    state: FeedState
    hub: str
    topic: str
    allow_private: bool


def bring_in_line(ports: Ports, token: Callable[[], str]) -> None:
    """Make the subscriptions those that feeds.yaml and the feeds ask for: begin what is missing, end what is not wanted any more.

    `token` gives texts that nobody can guess. No hub is asked here. Feeds whose hub does not push any more are polled again.
    """
    now, wishes = ports.clock(), _wishes(ports)
    standing = {one.feed_key: one for one in ports.store.hubs.subscriptions() if one.mode == "subscribe"}
    for key, one in standing.items():
        if not _is_wanted(one, wishes.get(key), ports.config, now):
            _end(one, ports)
        elif one.is_trusted and not one.is_standing(now):
            ports.store.hubs.revise(one.path, lambda it: it and it.after_miss())
            _poll_again(one, ports, "its hub does not push any more: it is polled again")
    for key, wish in wishes.items():
        if not _is_wanted(standing.get(key), wish, ports.config, now):
            _begin(wish, ports, token)


def ask_hubs(ports: Ports) -> None:
    """Send the forms that are due, at most one to each hub's operator; the longest overdue first. Takes as long as the slowest hub."""
    now = ports.clock()
    asked: set[str] = set()
    for one in sorted(ports.store.hubs.subscriptions(), key=lambda one: one.next_at):
        where = operator(host_of(one.hub))
        if websub.is_over(one, now):
            ports.store.hubs.revise(one.path, lambda _: None)
        elif websub.is_due(one, now) and where not in asked:
            asked.add(where)
            _ask(one, ports)


def _ask(one: HubSubscription, ports: Ports) -> None:
    asked = ports.store.hubs.revise(one.path, lambda it: it and websub.asked(it, ports.clock()))
    if asked is None:
        return
    posted = ports.fetcher.post(asked.hub, websub.form(asked), allow_private=asked.allow_private)
    after = ports.store.hubs.revise(one.path, lambda it: it and websub.answered(it, posted, ports.clock()))
    if after and not posted.is_accepted:
        log.warning("%s: its hub %s: %s", after.topic, host_of(after.hub), posted.words)


# ── what is wanted ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _wishes(ports: Ports) -> dict[str, _Wish]:
    if not ports.config.websub_subscribe or ports.config.link is None:
        return {}
    specs = _specs(ports.config)
    found = [_wish(specs.get(state.id), state) for state in ports.store.feeds()]
    return {wish.state.key: wish for wish in found if wish}


def _wish(spec: FeedSpec | None, state: FeedState) -> _Wish | None:
    """A private feed's address is nobody's business, a hub's least of all; a local file and a feed that never answered have no hub."""
    if spec is None or spec.path or spec.is_private or spec.opt_out or state.last_success_at is None:
        return None
    links = offered(state)
    return _Wish(state=state, hub=links.hub, topic=links.topic, allow_private=spec.allow_private) if links and links.topic else None


def _specs(config: Config) -> dict[str, FeedSpec]:
    return {spec.id: spec for spec in config.feeds}


def _is_wanted(one: HubSubscription | None, wish: _Wish | None, config: Config, now: datetime) -> bool:
    if one is None or wish is None:
        return one is None and wish is None
    if (one.allow_private, one.callback) != (wish.allow_private, f"{config.link}{FOLDER}/{one.path}"):
        return False
    return (one.hub, one.topic) == (wish.hub, wish.topic) or _is_young(one, now)


def _is_young(one: HubSubscription, now: datetime) -> bool:
    """Some feeds call themselves something else at every request: their hubs are asked for another topic once a day at most."""
    return one.asked_at is not None and one.asked_at <= now < one.asked_at + _SETTLED


def _begin(wish: _Wish, ports: Ports, token: Callable[[], str]) -> None:
    path = token()
    begun = HubSubscription(
        path=path,
        feed_key=wish.state.key,
        hub=wish.hub,
        topic=wish.topic,
        callback=f"{ports.config.link}{FOLDER}/{path}",
        secret=token(),
        allow_private=wish.allow_private,
        next_at=ports.clock(),
    )
    ports.store.hubs.revise(path, lambda _: begun)


def _end(one: HubSubscription, ports: Ports) -> None:
    ports.store.hubs.revise(one.path, lambda it: it and websub.ended(it, ports.clock()))
    if one.is_trusted:
        _poll_again(one, ports, "not pushed any more: it is polled again")


def _poll_again(one: HubSubscription, ports: Ports, why: str) -> None:
    """As soon as its server may be asked again."""
    state = next((state for state in ports.store.feeds() if state.key == one.feed_key), None)
    if state is None:
        return
    spec = _specs(ports.config).get(state.id)
    now = ports.clock()
    at = max(now, (state.last_poll_at or now) + (spec.every if spec else timedelta()))
    ports.store.hubs.bring_forward(one.feed_key, at, why)
