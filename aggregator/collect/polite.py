"""When a feed is asked next, and why, in a sentence that an operator understands. Pure: the time is handed in.

Wishes only ever lengthen the wait: feeds.yaml's `every` is the shortest, then come the server's (Retry-After, max-age, Expires) and the
feed's own (ttl, skipHours, skipDays, sy:updatePeriod), and how often it had new entries so far (`rhythm`).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from aggregator.collect import rhythm
from aggregator.collect.freshness import LONGEST
from aggregator.errors import FeedError, Gone, Offline
from aggregator.model import FeedHead, FeedSpec, FeedState, Redirect, Validators

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
_NO_CONTACT: Final = timedelta(hours=2)
_FILE: Final = timedelta(seconds=60)
# What a refusal without Retry-After means: publishers who block pollers expect to see them rarely.
_REFUSED: Final = timedelta(hours=4)
_REFUSALS: Final = frozenset({403, 429})
_CHALLENGE: Final = "challenge"
_GONE: Final = 410
_GONE_PROVED: Final = 2
# Below the 31 days beyond which a stored time is taken for the work of a wrong clock.
_STOPPED: Final = timedelta(days=30, hours=12)
# Nobody is spared by waiting for a network that is not there: the longer it is away, the longer, up to what a feed waits anyway.
_OFFLINE: Final = timedelta(minutes=5)
_FAILING_LONG: Final = timedelta(days=30)
_MAX_DOUBLINGS: Final = 16
_JITTER: Final = 0.1
_HOUR_SPREAD: Final = timedelta(minutes=10)
# A server that says "too many requests" and not how long means all requests, so its other feeds wait a little as well.
_BREATHER: Final = timedelta(minutes=10)
_TOO_MANY: Final = 429
_PERMANENT: Final = frozenset({301, 308})
REDIRECT_PROVED: Final = timedelta(days=7)
"""A permanent redirect is taken for lasting once it was seen for so long …"""

REDIRECT_PROOFS: Final = 5
"""… and in so many polls."""

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_Wish = tuple[timedelta, str]


def plan(
    *,
    spec: FeedSpec,
    state: FeedState,
    now: datetime,
    has_contact: bool,
    fresh_for: timedelta | None = None,
    status: int | None = None,
    retry_after: timedelta | None = None,
    worth: float = rhythm.REQUEST_WORTH,
    pushed_by: str | None = None,
) -> tuple[datetime, str]:
    """When to ask a feed next, and why. `state` is as it stands after the poll; `status` is a failure's.

    `worth`: hours that an entry may wait to spare a request (`collect.rhythm`). `pushed_by`: the hub from which what is new comes.

    Never sooner than `every`, never later than 31 days. Up to a tenth is added, always the same for one feed and hour, so that feeds
    which were added together drift apart; but what the planner decides by itself makes no feed wait longer than a day.
    """
    if spec.path is not None:
        wait = spec.every if spec.every_given else _FILE
        return now + wait, f"a local file, read every {words(wait)}"
    if status == _GONE:
        return _after_gone(spec, state, now)
    if _is_offline(state):
        return _until_online(spec, state, now)
    wishes = [_own(spec)]
    if not has_contact:
        wishes.append((_NO_CONTACT, f"every {words(_NO_CONTACT)}: without `contact` in feeds.yaml no feed is asked more often"))
    if state.failures:
        wishes += _after_failure(spec, state, now, status, retry_after)
        wait, why = max(wishes, key=lambda wish: wish[0])
        return now + _spread(wait, state.key, now, LONGEST), why
    wishes += _servers(fresh_for, retry_after)
    within_a_day = [*_backup(pushed_by), *_unasked(spec, state), *_feeds(state.head), *_rhythms(spec, state, now, worth)]
    return _around_skips(state, now, *_longest(wishes, within_a_day, state.key, now))


def succeeded(state: FeedState, validators: Validators, now: datetime) -> FeedState:
    """What is known of a server after it answered; when it is asked next is another question."""
    return replace(
        state,
        validators=validators,
        failures=0,
        failing_since=None,
        last_error=None,
        last_error_kind=None,
        gone_count=0,
        last_poll_at=now,
        last_success_at=now,
        first_success_at=state.first_success_at or now,
    )


def failed(state: FeedState, error: FeedError, now: datetime) -> FeedState:
    """What is known of a server after it failed; when it is asked next is another question."""
    failures, since = state.failures + 1, state.failing_since
    if isinstance(error, Offline):
        failures = max(1, state.failures)  # the network failed, not the server
    elif _is_offline(state) and state.failures == 1:
        failures, since = 1, now  # as far as is known, it was the network all along
    return replace(
        state,
        failures=failures,
        failing_since=since or now,
        last_error=error.message,
        last_error_kind=error.kind,
        last_poll_at=now,
        gone_count=state.gone_count + 1 if isinstance(error, Gone) else 0,
    )


def not_before(
    spec: FeedSpec, state: FeedState, at: datetime, now: datetime, fresh_for: timedelta | None, retry_after: timedelta | None
) -> datetime | None:
    """Until when a feed's server is to be left alone, whatever a hub says: until `at` where it failed, else as long as it asked for."""
    if state.failures:
        return at
    wishes = [*_servers(fresh_for, retry_after), *_unasked(spec, state)]
    return max((now + wait for wait, _ in wishes), default=None)


def operator_wish(status: int | None, retry_after: timedelta | None) -> timedelta | None:
    """For how long a server's other feeds must wait, too, after an answer with this status; None if it did not ask for that.

    >>> operator_wish(503, timedelta(minutes=5)), operator_wish(404, None)
    (datetime.timedelta(seconds=300), None)
    """
    if retry_after:
        return min(retry_after, LONGEST)
    return _BREATHER if status == _TOO_MANY and retry_after is None else None


def redirected(state: FeedState, redirects: Sequence[Redirect], now: datetime) -> FeedState:
    """Count a permanent redirect that was seen once more; another target, or none, begins anew. A temporary one never counts.

    Once proved, the target is asked directly and redirects no more, which keeps it.
    """
    target = _permanent_target(redirects)
    if target is None and not redirects and lasting_redirect(state, now):
        return state
    if target is None:
        return replace(state, redirect_target=None, redirect_since=None, redirect_count=0)
    if target == state.redirect_target and state.redirect_since is not None:
        return replace(state, redirect_count=state.redirect_count + 1)
    return replace(state, redirect_target=target, redirect_since=now, redirect_count=1)


def lasting_redirect(state: FeedState, now: datetime) -> str | None:
    """The target to ask instead of the configured address: redirected to for 7 days and 5 polls (RFC 9110 sections 15.4.2, 15.4.9).

    None while it is not proved, and after a failure, so that a redirect which ends in nothing is forgotten.
    """
    if state.redirect_target is None or state.redirect_since is None or state.failures:
        return None
    proved = state.redirect_count >= REDIRECT_PROOFS and now - state.redirect_since >= REDIRECT_PROVED
    return state.redirect_target if proved else None


def words(span: timedelta) -> str:
    """A span as people say it, in at most two units.

    >>> words(timedelta(minutes=60)), words(timedelta(hours=26)), words(timedelta(seconds=90))
    ('60 min', '1 d 2 h', '90 s')
    """
    seconds = max(0, round(span.total_seconds()))
    if seconds < 120:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 120:
        return f"{minutes} min"
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    units = [(days, "d"), (hours, "h"), (minutes if not days else 0, "min")]
    return " ".join(f"{count} {unit}" for count, unit in units if count)


# ── wishes ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _own(spec: FeedSpec) -> _Wish:
    return spec.every, f"every {words(spec.every)}, {'as feeds.yaml says' if spec.every_given else 'the default'}"


def _backup(hub: str | None) -> list[_Wish]:
    return [(_DAY, f"once a day, in case its hub {hub} misses something: the hub pushes what is new")] if hub else []


def _unasked(spec: FeedSpec, state: FeedState) -> list[_Wish]:
    if state.validators != Validators() or spec.every_given:
        return []
    return [(_DAY, "once a day: its server offers no way to ask whether anything changed (`every` overrides this)")]


def _servers(fresh_for: timedelta | None, retry_after: timedelta | None) -> list[_Wish]:
    wishes = _left_alone(retry_after)
    if fresh_for:
        wishes.append((min(fresh_for, LONGEST), f"its server says that the answer stays fresh for {words(fresh_for)}"))
    return wishes


def _left_alone(retry_after: timedelta | None) -> list[_Wish]:
    if not retry_after:
        return []
    return [(min(retry_after, LONGEST), f"its server asks to be left alone for {words(retry_after)} (Retry-After)")]


def _rhythms(spec: FeedSpec, state: FeedState, now: datetime, worth: float) -> list[_Wish]:
    """When a new entry is to be expected; a feed with an `every` of its own is asked just so often."""
    known = None if spec.every_given else rhythm.decoded(state.rhythm)
    if known is None:
        return []
    wait = rhythm.wait(known, now, at_least=spec.every, worth=worth)
    return [(wait, f"it has {rhythm.told(known, now)}, asked again after {words(wait)}")] if wait > spec.every else []


def _feeds(head: FeedHead) -> list[_Wish]:
    """What the feed itself asks for; taken for at most a day, since many feeds carry a forgotten value."""
    asked = ((head.ttl, "ttl"), (head.update_interval, "sy:updatePeriod"))
    return [(min(span, _DAY), f"the feed asks for {words(span)} between polls ({name})") for span, name in asked if span]


def _longest(wishes: list[_Wish], within_a_day: list[_Wish], key: str, now: datetime) -> _Wish:
    wait, why = max([*wishes, *within_a_day], key=lambda wish: wish[0])
    limit = LONGEST if (wait, why) in wishes else max(_DAY, wait)
    return _spread(wait, key, now, limit), why


def _around_skips(state: FeedState, now: datetime, wait: timedelta, why: str) -> tuple[datetime, str]:
    """Move the poll out of the hours and days (GMT) that the feed names, but to no later than a day from now."""
    at = due = now + wait
    latest = max(due, now + _DAY)
    while at < latest and _skipped(state.head, at):
        at = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if at == due:
        return due, why
    at = min(latest, at + _HOUR_SPREAD * _share(state.key, now))
    return at, f"{why}; put off to {at:%H:%M} GMT because the feed asks to skip hours or days"


def _skipped(head: FeedHead, at: datetime) -> bool:
    return at.hour in head.skip_hours or _WEEKDAYS[at.weekday()] in map(str.lower, head.skip_days)


# ── failures ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _after_failure(spec: FeedSpec, state: FeedState, now: datetime, status: int | None, retry_after: timedelta | None) -> list[_Wish]:
    times = "once" if state.failures == 1 else f"{state.failures} times in a row"
    wait = doubled(spec.every, state.failures)
    wishes = [(wait, f"failed {times}, asked again after {words(wait)}")]
    wishes += _left_alone(retry_after)
    is_challenge = state.last_error_kind == _CHALLENGE
    # Who says how many are too many is believed; who lets in nobody, or browsers only, is left alone whatever else the answer says.
    if is_challenge or (status in _REFUSALS and not (status == _TOO_MANY and retry_after)):
        wait, by = doubled(_REFUSED, state.failures - 1), _CHALLENGE if is_challenge else status
        wishes.append((wait, f"refused {times} ({by}), asked again after {words(wait)}"))
    if state.failing_since is not None and now - state.failing_since >= _FAILING_LONG:
        wishes.append((_WEEK, f"has failed since {state.failing_since:%Y-%m-%d}, asked once a week"))
    return wishes


def _is_offline(state: FeedState) -> bool:
    return state.failures > 0 and state.last_error_kind == Offline.kind


def _until_online(spec: FeedSpec, state: FeedState, now: datetime) -> tuple[datetime, str]:
    away = now - (state.failing_since or now)
    wait = min(spec.every, max(_OFFLINE, away))
    return now + _spread(wait, state.key, now, LONGEST), f"no network, or none of its name servers answers: tried again after {words(wait)}"


def is_given_up(state: FeedState, now: datetime) -> bool:
    """Is a feed not to be asked, though its time has come: did its server say, and repeat, that it is gone for good?

    Before that time only somebody asks who names it.
    """
    return state.gone_count >= _GONE_PROVED and state.not_before is not None and now >= state.not_before


def _after_gone(spec: FeedSpec, state: FeedState, now: datetime) -> tuple[datetime, str]:
    if state.gone_count < _GONE_PROVED:
        wait = max(_DAY, min(spec.every, LONGEST))
        return now + wait, f"its server says that it is gone for good (410); asked once more after {words(wait)}, to be sure"
    return now + _STOPPED, "gone for good, as its server says (410): no longer asked; take it out of feeds.yaml"


def doubled(span: timedelta, times: int) -> timedelta:
    """Twice as long each time, up to a day; what is longer than a day stays as it is."""
    factor: int = 2 ** min(times, _MAX_DOUBLINGS)
    return max(span, min(span * factor, _DAY))


# ── spreading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _spread(wait: timedelta, key: str, now: datetime, limit: timedelta) -> timedelta:
    """Up to a tenth longer, but not beyond the limit; what is beyond it already stays as it is, up to 31 days."""
    return min(limit, wait + wait * _JITTER * _share(key, now)) if wait < limit else min(wait, LONGEST)


def _share(key: str, now: datetime) -> float:
    """A number from 0 to below 1, the same for one feed within one hour."""
    digest = hashlib.blake2b(f"{key} {now:%Y%m%d%H}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32


def _permanent_target(redirects: Sequence[Redirect]) -> str | None:
    target = None
    for hop in redirects:
        if hop.status not in _PERMANENT:
            break
        target = hop.target
    return target
