"""What the pages of the daemon ask of it (`run.board`), answered from its app and its health."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from aggregator import lists
from aggregator.app import App
from aggregator.errors import StoreError
from aggregator.model import ListStatus
from aggregator.model.status import Overview
from aggregator.refine.stories import same_story
from aggregator.refine.succession import successors
from aggregator.run.board import Action, Board
from aggregator.run.health import Health, unready
from aggregator.status import overview, statuses


def board(current: Callable[[], App], health: Health, changed: Callable[[], None]) -> Board:
    """The board of a daemon; `changed` makes it publish."""
    return Board(
        overview=lambda: _overview(current(), health),
        metrics=lambda: _metrics(current(), health),
        unready=lambda: _unready(current(), health),
        act=lambda action, feed: _act(current(), changed, action, feed),
    )


def _overview(app: App, health: Health) -> Overview:
    now = app.ports.clock()
    found = overview(app.ports.store, app.config, now, lacks_space=app.lacks_space)
    return replace(found, lists=_lists(app, now), problems=(*unready(health, found.feeds, now), *health.config_problems))


def _lists(app: App, now: datetime) -> tuple[ListStatus, ...]:
    return lists.statuses(app.config, app.ports.store.lists.states(), now) if app.config.lists else ()


def _unready(app: App, health: Health) -> Sequence[str]:
    now = app.ports.clock()
    try:
        return unready(health, statuses(app.ports.store, app.config, now), now)
    except StoreError as error:
        return [str(error)]


def _metrics(app: App, health: Health) -> bytes:
    # Here, because only who is asked for metrics needs the library.
    from aggregator.run.metrics import Facts, exposition

    now, store = app.ports.clock(), app.ports.store
    feeds = statuses(store, app.config, now)
    facts = Facts(
        now=now,
        feeds=feeds,
        lists=_lists(app, now),
        tallies=store.tallies,
        unready=unready(health, feeds, now),
        publish_errors=len(health.publish_errors),
        config_problems=len(health.config_problems),
        last_publish=datetime.fromisoformat(health.last_publish) if health.last_publish else None,
    )
    return exposition(facts)


def _act(app: App, changed: Callable[[], None], action: Action, feed: str) -> str:
    """End what keeps a feed's entries back; the name of what was done."""
    store = app.ports.store
    state = store.feed(feed)
    listed = next((one for one in app.config.lists if one.id == feed), None)
    if listed and action == "confirm":
        return "take" if lists.confirm(listed, app.ports) else "nothing"
    if state is None:
        return "nothing"
    if action == "confirm":
        done = store.confirm(state.key, app.ports.clock(), same_story, successors) is not None
    else:
        done = store.release(state.key) > 0
    if done:
        changed()
    return action if done else "nothing"
