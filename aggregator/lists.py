"""Lists of feeds on the web: asked as feeds are, believed less. Read docs/decisions/0020-lists.md first.

A list names feeds and nothing else: no files, headers, passwords or private addresses. What it names at once beyond a fifth of itself is
held until somebody confirms it; what is no list changes nothing.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from aggregator.collect.polite import failed, operator_wish, plan, succeeded, words
from aggregator.config_address import address_key, derived_ids
from aggregator.errors import BadStatus, FeedError
from aggregator.listing import Named, Read, read_apart, rules_of
from aggregator.model import (
    Config,
    Document,
    FeedSpec,
    FeedState,
    JsonValue,
    ListReport,
    ListSpec,
    ListState,
    ListStatus,
    Member,
    Unchanged,
    Validators,
)
from aggregator.pipeline import Ports
from aggregator.status import iso, list_advice
from aggregator.web.text import counted, folded_name

LEASE: Final = timedelta(minutes=3)
LONGEST_AHEAD: Final = timedelta(days=31)
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
DAY: Final = timedelta(days=1)
MAX_REFUSED: Final = 20
"""So many reasons are kept of what a list names in vain."""

SHARE: Final = 5
"""A list may grow by one in so many a day: a fifth."""


# ── who is polled ──────────────────────────────────────────────────────────────────────────────────────────────────────


def joined(config: Config, states: Mapping[str, ListState]) -> Config:
    """feeds.yaml with the feeds that its lists name by now, each address once: its own go before, then the lists in their order.

    The ids of the members of a list stay as others join it.
    """
    if not config.lists:
        return config
    seen = {address_key(url) for spec in config.feeds for url in (spec.url, spec.shown_url)}
    found: list[tuple[ListSpec, Member]] = []
    for one in config.lists:
        state = states.get(one.asked.shown_url)
        for member in state.members if state else ():
            if (key := address_key(member.url)) not in seen:
                seen.add(key)
                found.append((one, member))
    names = {folded_name(spec.name) for spec in config.feeds if spec.name}
    known = [*config.feeds, *(one.asked for one in config.lists)]
    ids = derived_ids(
        [*(spec.id for spec in known), *(None for _ in found)], [*(spec.shown_url for spec in known), *(member.url for _, member in found)]
    )
    members = [_as_feed(one, member, name, names) for (one, member), name in zip(found, ids[len(known) :], strict=True)]
    return replace(config, feeds=(*config.feeds, *members))


def _as_feed(one: ListSpec, member: Member, feed_id: str, taken: Collection[str]) -> FeedSpec:
    """A member as a feed. It cannot be called like a feed that feeds.yaml itself names: sources are looked up by their names."""
    tags = tuple(dict.fromkeys((*one.member.tags, *member.tags)))
    name = member.name if member.name and folded_name(member.name) not in taken else None
    return replace(one.member, id=feed_id, url=member.url, shown_url=member.url, name=name, tags=tags)


# ── asking ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def refresh(
    ports: Ports, names: Collection[str] | None = None, read: Read = read_apart, begun: Callable[[ListSpec], object] = lambda one: None
) -> list[ListReport]:
    """Ask each list that is due, one after another; those named whether due or not.

    One list's trouble is its own report, and changes nothing. `begun` is told of each that is asked: who stops meanwhile gives it back.
    """
    chosen = [one for one in ports.config.lists if names is None or one.id in names]
    if not chosen:
        return []
    for one in chosen if names is not None else ():
        ports.store.lists.bring_forward(one.asked.shown_url, ports.clock())
    marks, now = ports.store.lists.marks(), ports.clock()
    due_at = {address: at for address, (_, at) in marks.items()}
    # The longest overdue first: of one operator's lists one is asked at a time.
    ordered = sorted(chosen, key=lambda one: due_at.get(one.asked.shown_url, _LONG_AGO))
    waiting = {address for address, at in due_at.items() if now < at <= now + LONGEST_AHEAD}
    return [report for one in ordered if one.asked.shown_url not in waiting and (report := _refreshed(one, ports, read, begun))]


def give_back(one: ListSpec, ports: Ports) -> None:
    """Let a list be due whose asking is cut short."""
    now = ports.clock()
    ports.store.lists.revise(one.asked.shown_url, lambda state: replace(state, asked=replace(state.asked, next_poll_at=now)))


def _refreshed(one: ListSpec, ports: Ports, read: Read, begun: Callable[[ListSpec], object]) -> ListReport | None:
    lists, now = ports.store.lists, ports.clock()
    before = lists.take(_start(one, now), now, LEASE)
    if before is None:
        return None
    begun(one)
    asked = before.asked
    try:
        # What was read by other rules is asked for as a whole: it may be let in now what was left out then.
        is_known = before.read_by == rules_of(one)
        got = ports.fetcher.fetch(
            one.asked,
            asked.validators if is_known else Validators(),
            asked.body_hash if is_known else None,
            asked.sent_hash if is_known else None,
        )
        found = read(got, one) if isinstance(got, Document) else None
    except FeedError as error:
        return _failed(one, before, error, ports)
    except KeyboardInterrupt:
        give_back(one, ports)
        raise
    now = ports.clock()
    after = lists.revise(one.asked.shown_url, lambda state: _taken(one, state, got, found, now, ports))
    return _report(one, before, after)


def _start(one: ListSpec, now: datetime) -> ListState:
    asked = one.asked
    return ListState(
        asked=FeedState(key=asked.shown_url, id=asked.id, shown_url=asked.shown_url, next_poll_at=now, why="new in feeds.yaml")
    )


def _failed(one: ListSpec, before: ListState, error: FeedError, ports: Ports) -> ListReport:
    now, address = ports.clock(), one.asked.shown_url
    status = error.status if isinstance(error, BadStatus) else None
    retry_after = error.retry_after if isinstance(error, BadStatus) else None

    def change(state: ListState) -> ListState:
        asked = failed(state.asked, error, now)
        return replace(state, asked=_planned(one, asked, now, ports, status=status, retry_after=retry_after))

    after = ports.store.lists.revise(address, change)
    if wish := operator_wish(status, retry_after):
        ports.store.lists.note_wish(error.server or address, now + wish, f"{one.id}: {error.message}")
    return replace(_report(one, before, after), error=error.message)


def _taken(one: ListSpec, state: ListState, got: Document | Unchanged, found: Named | None, now: datetime, ports: Ports) -> ListState:
    """What a poll that went well leaves behind; what is held may be taken up by the passing of time alone."""
    asked = succeeded(state.asked, got.validators, now)
    if isinstance(got, Document):
        asked = replace(asked, body_hash=got.body_hash, last_change_at=now)
    if got.sent_hash or isinstance(got, Document):
        asked = replace(asked, sent_hash=got.sent_hash)
    state = replace(
        state, asked=_planned(one, asked, now, ports, fresh_for=got.fresh_for, retry_after=got.pause.span if got.pause else None)
    )
    if found is None:
        return grown(state, (*state.members, *state.held), now)
    named = replace(state, read_by=rules_of(one), refused=found.refused[:MAX_REFUSED], refused_count=len(found.refused))
    return grown(named, found.members, now)


def _planned(
    one: ListSpec,
    asked: FeedState,
    now: datetime,
    ports: Ports,
    *,
    fresh_for: timedelta | None = None,
    status: int | None = None,
    retry_after: timedelta | None = None,
) -> FeedState:
    has_contact = ports.config.contact is not None
    at, why = plan(
        spec=one.asked, state=asked, now=now, has_contact=has_contact, fresh_for=fresh_for, status=status, retry_after=retry_after
    )
    return replace(asked, next_poll_at=at, why=why)


def _report(one: ListSpec, before: ListState, after: ListState | None) -> ListReport:
    was = {address_key(member.url) for member in before.members}
    now = {address_key(member.url) for member in after.members} if after else was
    held = len(after.held) if after else 0
    return ListReport(list_id=one.id, joined=len(now - was), left=len(was - now), held=held, members=len(now))


def report_lines(report: ListReport) -> list[str]:
    """What asking a list came to, in a line; nothing where nothing changed.

    >>> report_lines(ListReport(list_id="friends", joined=2, members=7))
    ['friends: 2 feeds joined, 0 left, 7 in all']
    """
    if report.error:
        return [f"{report.list_id}: {report.error}"]
    held = f"; {counted(report.held, 'new feed')} at once held: aggregator confirm {report.list_id}" if report.held else ""
    if not (report.joined or report.left or held):
        return []
    return [f"{report.list_id}: {counted(report.joined, 'feed')} joined, {report.left} left, {report.members} in all{held}"]


# ── growth ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def grown(state: ListState, named: Sequence[Member], now: datetime) -> ListState:
    """Take up what a list names by now (pure). Who has left, has left; who is new is held, all of them, where they are too many for a day.

    A list may grow by a fifth within 24 hours, and by one in any case. New are those that it did not name before: that others left
    makes no room for them, so a list that falls into other hands cannot be exchanged at a stroke.
    """
    known = {address_key(member.url): member for member in state.members}
    wanted = {address_key(member.url): member for member in named}
    stay = [replace(wanted[key], since=member.since) for key, member in known.items() if key in wanted]
    new = [member for key, member in wanted.items() if key not in known]
    if state.taken_at is None:
        return replace(state, members=tuple(replace(member, since=None) for member in new), taken_at=now)
    added = tuple(at for at in state.added if at > now - DAY)
    if len(new) > room(state, added, now):
        return replace(state, members=tuple(stay), held=tuple(new), held_since=state.held_since or now, added=added)
    joining = [replace(member, since=now) for member in new]
    return replace(state, members=(*stay, *joining), held=(), held_since=None, added=(*added, *(now for _ in new)))


def room(state: ListState, added: Sequence[datetime], now: datetime) -> int:
    """How many more feeds a list may take up today."""
    standing = sum(member.since is None or member.since <= now - DAY for member in state.members)
    return max(1, standing // SHARE) - len(added)


def confirmed(state: ListState) -> ListState:
    """The list with all that it names; as many count as having been there from the first."""
    return replace(state, members=(*state.members, *(replace(member, since=None) for member in state.held)), held=(), held_since=None)


def confirm(one: ListSpec, ports: Ports) -> int | None:
    """Take up what is held of a list: how many feeds; None where nothing is."""
    taken = 0

    def change(state: ListState) -> ListState:
        nonlocal taken
        taken = len(state.held)
        return confirmed(state)

    ports.store.lists.revise(one.asked.shown_url, change)
    return taken or None


# ── how they stand ─────────────────────────────────────────────────────────────────────────────────────────────────────


def statuses(config: Config, states: Mapping[str, ListState], now: datetime) -> tuple[ListStatus, ...]:
    """How each list stands, in the order of feeds.yaml. `config` is with its members (`joined`)."""
    return tuple(_status(one, states.get(one.asked.shown_url), config, now) for one in config.lists)


def troubles(config: Config, states: Mapping[str, ListState], now: datetime) -> dict[str, str]:
    """What is the matter, and what to do, with each list (by id) that somebody should look at."""
    return {one.id: f"{one.trouble}; {one.advice}" for one in statuses(config, states, now) if one.trouble}


def told(one: ListStatus) -> dict[str, JsonValue]:
    """One list's status as JSON."""
    state, asked = one.state, one.state and one.state.asked
    return {
        "id": one.id,
        "address": one.shown_url,
        "members": one.members,
        "held": [member.url for member in state.held] if state else [],
        "refused": list(state.refused) if state else [],
        "refused_count": state.refused_count if state else 0,
        "trouble": one.trouble,
        "advice": one.advice,
        "last_poll": iso(asked.last_poll_at) if asked else None,
        "last_success": iso(asked.last_success_at) if asked else None,
        "last_error": asked.last_error if asked else None,
        "next_poll": iso(asked.next_poll_at) if asked else None,
        "why": asked.why if asked else None,
    }


def _status(one: ListSpec, state: ListState | None, config: Config, now: datetime) -> ListStatus:
    trouble, advice = _trouble(one, state, now) if state else (None, None)
    members = sum(spec.listed_by == one.id for spec in config.feeds)
    return ListStatus(id=one.id, shown_url=one.asked.shown_url, state=state, members=members, trouble=trouble, advice=advice)


def _trouble(one: ListSpec, state: ListState, now: datetime) -> tuple[str | None, str | None]:
    """What is the matter, and what to do about it."""
    if state.held:
        since = words(now - state.held_since) if state.held_since else "a while"
        names = ", ".join(member.url for member in state.held[:3]) + (" …" if len(state.held) > 3 else "")
        said = f"{counted(len(state.held), 'new feed')} at once, beside {len(state.members)}: held for {since} ({names})"
        return said, list_advice("held", one.id, one.asked.shown_url)
    if state.asked.last_error:
        times = f" ({state.asked.failures} times in a row)" if state.asked.failures > 1 else ""
        kept = f"; its last {counted(len(state.members), 'feed')} stay" if state.members else ""
        return f"{state.asked.last_error}{times}{kept}", list_advice("failing", one.id, one.asked.shown_url)
    return None, None
