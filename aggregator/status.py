"""How everything stands: each feed with what is the matter, why, and what to do; what polling cost and brought (`model.status`)."""

import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Final, Literal

from aggregator.collect import polite, websub
from aggregator.collect.limits import is_cut
from aggregator.model import Config, FeedSpec, FeedState, HubSubscription, JsonValue, Tally
from aggregator.model.status import FeedStatus, Moving, Overview, Source, Trouble
from aggregator.ports import Store
from aggregator.web.text import counted

DAYS: Final = 30
"""What is told of the past: so many days, today included."""

HOURS: Final = 48
MAX_SOURCES: Final = 6
_HOUR: Final = timedelta(hours=1)
_WORST_FIRST: Final[tuple[Trouble, ...]] = ("failing", "held", "flood", "cut", "odd", "paused", "unread", "none", "gone")
_ADVISED: Final[frozenset[Trouble]] = frozenset({"held", "flood", "cut", "odd", "paused"})


def overview(store: Store, config: Config, now: datetime, *, everything: bool = False, lacks_space: bool = False) -> Overview:
    """Ask the store how everything stands; with `everything` also of feeds that are no longer in feeds.yaml."""
    days = tuple(now.astimezone(UTC).date() - timedelta(days=back) for back in reversed(range(DAYS)))
    spent = store.tallies.spent(days[0])
    feeds = statuses(store, config, now, spent, everything=everything)
    hours = dict(store.tallies.hours(datetime.combine(days[0], datetime.min.time(), UTC)))
    by_day: defaultdict[date, Tally] = defaultdict(Tally)
    for hour, tally in hours.items():
        by_day[hour.date()] += tally
    seen: defaultdict[timedelta, int] = defaultdict(int)
    for _, span, count in store.tallies.seen_after(days[0]):
        seen[span] += count
    return Overview(
        title=config.title,
        now=now,
        feeds=feeds,
        days=days,
        by_day=tuple(by_day[day] for day in days),
        sources=_sources(store, feeds, days),
        hours=_latest(hours, now),
        seen_after=tuple(sorted(seen.items())),
        counted_since=min(by_day, default=None),
        lacks_space=lacks_space,
    )


def statuses(
    store: Store, config: Config, now: datetime, spent: Mapping[str, Tally] | None = None, *, everything: bool = False
) -> tuple[FeedStatus, ...]:
    """How each feed stands, trouble first: what began last before what has lasted."""
    specs = {spec.id: spec for spec in config.feeds}
    held_back, pauses = store.held_back(), store.pauses(now)
    # What is wanted goes before what is being ended.
    hubs = {one.feed_key: one for one in sorted(store.hubs.subscriptions(), key=lambda one: one.mode, reverse=True)}
    found = [
        status(
            state,
            specs.get(state.id),
            now,
            held_back.get(state.key, 0),
            pauses.get(state.key),
            (spent or {}).get(state.key, Tally()),
            hubs.get(state.key),
        )
        for state in store.feeds(active_only=not everything)
    ]
    return tuple(sorted(found, key=_worst_first))


def status(
    state: FeedState,
    spec: FeedSpec | None,
    now: datetime,
    held_back: int = 0,
    pause: tuple[datetime, str] | None = None,
    spent: Tally = Tally(),  # noqa: B008  (frozen)
    subscription: HubSubscription | None = None,
) -> FeedStatus:
    """How one feed stands (pure)."""
    until, paused_why = pause or (None, "")
    trouble = _trouble(state, held_back, until)
    limits = tuple(oddity for oddity in state.head.oddities if is_cut(oddity))
    return FeedStatus(
        state=state,
        name=(spec and spec.name) or state.head.title or state.id,
        trouble=trouble,
        reason=_reason(trouble, state, now, held_back, until, paused_why),
        advice=advice(trouble, state, spec),
        limits=limits,
        oddities=tuple(oddity for oddity in state.head.oddities if oddity not in limits),
        held_back=held_back,
        paused_until=until,
        paused_why=paused_why,
        moving=moving(state, now),
        spent=spent,
        subscription=subscription,
        pushes=websub.told(subscription, now) if subscription else None,
    )


def moving(state: FeedState, now: datetime) -> Moving | None:
    """How far a permanent redirect is proved."""
    if state.redirect_target is None or state.redirect_since is None:
        return None
    return Moving(
        target=state.redirect_target,
        since=state.redirect_since,
        polls=state.redirect_count,
        polls_needed=polite.REDIRECT_PROOFS,
        days=max(0, (now - state.redirect_since).days),
        days_needed=polite.REDIRECT_PROVED.days,
        is_followed=polite.lasting_redirect(state, now) is not None,
    )


def advice(trouble: Trouble, state: FeedState, spec: FeedSpec | None) -> str | None:
    """What an operator can do about a feed's trouble; None where there is nothing to do."""
    if trouble == "failing":
        words = _advice()["failed"].get(state.last_error_kind or "", _advice()["failed"]["connection"])
    elif trouble in _ADVISED:
        words = _advice()["found"][trouble]
    else:
        return None
    out = _advice()["out"]["list" if spec and spec.listed_by else "file"].format(feed=state.id, address=state.shown_url)
    return words.format(feed=state.id, address=state.shown_url, out=out)


def list_advice(trouble: Literal["held", "failing"], name: str, address: str) -> str:
    """What an operator can do about the trouble of a list of feeds."""
    return _advice()["lists"][trouble].format(feed=name, address=address)


@cache
def _advice() -> dict[str, dict[str, str]]:
    return tomllib.loads((resources.files("aggregator") / "advice.toml").read_text("utf-8"))


def _trouble(state: FeedState, held_back: int, paused_until: datetime | None) -> Trouble:
    found: Sequence[tuple[Trouble, object]] = (
        ("gone", not state.active),
        ("failing", state.last_error),
        ("held", state.hold),
        ("flood", held_back),
        ("cut", any(map(is_cut, state.head.oddities))),
        ("odd", state.head.oddities),
        ("paused", paused_until),
        ("unread", state.last_success_at is None),
    )
    return next((trouble for trouble, is_so in found if is_so), "none")


def _reason(trouble: Trouble, state: FeedState, now: datetime, held_back: int, until: datetime | None, why: str) -> str:
    what = f"{counted(held_back, 'entry')} {'is' if held_back == 1 else 'are'}"
    return {
        "failing": _failing(state, now),
        "held": f"held {state.hold}",
        "flood": f"{what} held back as backlog",
        "cut": "; ".join(state.head.oddities),
        "odd": "; ".join(state.head.oddities),
        "paused": f"its server asked to be left alone for {polite.words(until - now)} ({why})" if until else "",
        "unread": f"nothing of it was read yet: {state.why}" if state.last_poll_at else "not polled yet",
        "none": "good",
        "gone": "no longer in feeds.yaml",
    }[trouble]


def _failing(state: FeedState, now: datetime) -> str:
    said = state.last_error or ""
    if state.failures < 2 or state.failing_since is None:
        return said
    return f"{said} ({state.failures} times in a row, for {polite.words(now - state.failing_since)})"


def _worst_first(one: FeedStatus) -> tuple[int, float, str]:
    since = one.state.failing_since if one.trouble == "failing" else None
    return _WORST_FIRST.index(one.trouble), -since.timestamp() if since else 0.0, one.state.id


def _sources(store: Store, feeds: Sequence[FeedStatus], days: Sequence[date]) -> tuple[Source, ...]:
    """The feeds that brought most new entries, by day."""
    most = sorted((one for one in feeds if one.spent.entries), key=lambda one: (-one.spent.entries, one.state.id))[:MAX_SOURCES]
    found = {(key, day): tally.entries for day, key, tally in store.tallies.days_of([one.state.key for one in most], days)} if most else {}
    return tuple(Source(name=one.name, entries=tuple(found.get((one.state.key, day), 0) for day in days)) for one in most)


def _latest(hours: Mapping[datetime, Tally], now: datetime) -> tuple[tuple[datetime, Tally], ...]:
    last = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return tuple((hour, hours.get(hour, Tally())) for hour in (last - back * _HOUR for back in reversed(range(HOURS))))


# ── for programs ───────────────────────────────────────────────────────────────────────────────────────────────────────


def told(one: FeedStatus) -> dict[str, JsonValue]:
    """One feed's status as JSON."""
    state = one.state
    return {
        "id": state.id,
        "name": one.name,
        "address": state.shown_url,
        "title": state.head.title,
        "active": state.active,
        "trouble": None if one.trouble == "none" else one.trouble,
        "reason": one.reason,
        "advice": one.advice,
        "last_poll": iso(state.last_poll_at),
        "last_success": iso(state.last_success_at),
        "last_change": iso(state.last_change_at),
        "last_error": state.last_error,
        "last_error_kind": state.last_error_kind,
        "failures": state.failures,
        "failing_since": iso(state.failing_since),
        "next_poll": iso(one.next_poll_at) if state.active else None,
        "why": state.why,
        "paused_until": iso(one.paused_until),
        "paused_why": one.paused_why or None,
        "hold": state.hold,
        "held_back": one.held_back,
        "limits": list(one.limits),
        "oddities": list(one.oddities),
        "discovered": state.discovered,
        "redirect": _moving(one.moving),
        "pushes": _pushes(one),
        "spent": spent(one.spent),
    }


def spent(tally: Tally) -> dict[str, JsonValue]:
    """What polls cost and brought, as JSON."""
    share = tally.share_not_modified
    return {"days": DAYS, **asdict(tally), "share_not_modified": None if share is None else round(share, 4)}


def _pushes(one: FeedStatus) -> JsonValue:
    found = one.subscription
    if found is None:
        return None
    return {
        "told": one.pushes,
        "hub": found.hub,
        "topic": found.topic,
        "lease_until": iso(found.lease_until),
        "last_push": iso(found.pushed_at),
        "pushes": found.pushes,
        "forged": found.forged,
        "is_backup_poll": found.is_trusted,
        "failures": found.failures,
        "error": found.error,
        "hub_asked_next": iso(found.next_at),
    }


def _moving(found: Moving | None) -> JsonValue:
    return {**asdict(found), "since": iso(found.since)} if found else None


def iso(instant: datetime | None) -> str | None:
    """An instant as JSON has it, to the second."""
    return instant.isoformat(timespec="seconds") if instant else None
