"""The life of a subscription at a feed's hub (W3C WebSub sections 5 and 7): asked, verified, renewed, refused, ended. Pure.

A hub that fails, or never verifies, is asked less and less often. A feed is polled as ever until pushes arrive, and again as soon as they
stop, so that no hub can make anything late by more than a day.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from aggregator.collect.polite import doubled
from aggregator.model import HubSubscription, Posted
from aggregator.web.host import host_of
from aggregator.web.text import counted, one_line

LEASE: Final = timedelta(days=10)
"""For how long we ask to be told."""

_DAY: Final = timedelta(days=1)
# A lease that is longer is renewed after this all the same: hubs lose subscriptions, too.
_LONGEST_LEASE: Final = timedelta(days=30)
_SHORTEST_RENEWAL: Final = timedelta(minutes=10)
_MAX_RENEWAL_MARGIN: Final = timedelta(days=1)
_RENEWAL_SHARE: Final = 0.1
# Hubs verify within seconds; one that has not by then is asked again.
_VERIFIED_WITHIN: Final = timedelta(hours=1)
_AFTER_FAILURE: Final = timedelta(minutes=10)
_AFTER_DENIAL: Final = timedelta(days=7)
# A hub whose question was answered, but that did not hear it, asks again.
_GRACE: Final = timedelta(minutes=10)
_UNSUBSCRIBED_AFTER: Final = 2
# So often a hub is tried before another one that the feed names is.
_TRIES: Final = 3
_SILENT: Final = "took the request and never asked whether it was meant"
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9._~:@/+=-]{1,200}")
_SECONDS: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


def form(one: HubSubscription) -> Mapping[str, str]:
    """What the hub is sent."""
    asked = {"hub.mode": one.mode, "hub.topic": one.topic, "hub.callback": one.callback}
    if one.mode == "unsubscribe":
        return asked
    return {**asked, "hub.lease_seconds": str(int(LEASE.total_seconds())), "hub.secret": one.secret}


# ── asking ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def asked(one: HubSubscription, now: datetime) -> HubSubscription:
    """Before the form is sent, since hubs ask back meanwhile. What was asked before and never verified has failed."""
    failures = one.failures + 1 if one.is_pending else one.failures
    error = (one.error or _SILENT) if one.is_pending else None
    return replace(one, asked_at=now, is_pending=True, next_at=now + doubled(_VERIFIED_WITHIN, failures), failures=failures, error=error)


def answered(one: HubSubscription, posted: Posted, now: datetime) -> HubSubscription:
    """After the form was sent. A hub that took it has verified it by now, or is about to."""
    if not one.is_pending:
        return one
    if posted.is_accepted:
        return replace(one, error=one.error if one.error == _SILENT else None)
    wait = doubled(_AFTER_FAILURE, one.failures)
    return replace(one, next_at=now + max(wait, posted.retry_after or wait), error=posted.words)


def is_due(one: HubSubscription, now: datetime) -> bool:
    """Is the hub to be asked now? What lies further ahead than any plan reaches was written under a wrong clock."""
    return not now < one.next_at <= now + _LONGEST_LEASE + _DAY


def next_hub(one: HubSubscription, hubs: Sequence[str], now: datetime) -> tuple[str, datetime] | None:
    """The hub to turn to instead, of those that the feed names, and when: where this one refuses, or has failed three times.

    After the last one the first is asked, not before this one would be again. None where it is left at this one.
    """
    if one.is_standing(now) or not _has_failed(one, now):
        return None
    following = hubs[hubs.index(one.hub) + 1 :] if one.hub in hubs else hubs
    if following:
        return following[0], now
    return (hubs[0], one.next_at) if len(hubs) > 1 else None


def _has_failed(one: HubSubscription, now: datetime) -> bool:
    """Has it refused, or failed for the last of its tries? A hub that only kept silent may still be about to ask back."""
    if one.error is None or not one.is_pending:
        return one.error is not None
    is_answered = one.error != _SILENT or (one.asked_at is not None and now >= one.asked_at + _GRACE)
    return one.failures + 1 >= _TRIES and is_answered


def ended(one: HubSubscription, now: datetime) -> HubSubscription:
    """The subscription that is not wanted any more: its hub is told."""
    return replace(one, mode="unsubscribe", asked_at=None, is_pending=False, next_at=now, failures=0, error=None)


def is_over(one: HubSubscription, now: datetime) -> bool:
    """Can it be forgotten? The hub never knew of it, or was told three times that it ends."""
    is_told = one.failures >= _UNSUBSCRIBED_AFTER and is_due(one, now)
    return one.mode == "unsubscribe" and (one.verified_at is None or is_told)


# ── what the hub says ──────────────────────────────────────────────────────────────────────────────────────────────────


def is_safe(challenge: str) -> bool:
    """Can a challenge be answered with itself? It is read as plain text, and holds nothing that could be read otherwise."""
    return bool(_CHALLENGE.fullmatch(challenge))


def is_meant(one: HubSubscription, mode: str, topic: str, now: datetime) -> bool:
    """Did we ask for that, and wait for the hub to ask back?"""
    if one.asked_at is None or (mode, topic) != (one.mode, one.topic):
        return False
    return one.is_pending or (one.verified_at is not None and now - one.verified_at <= _GRACE)


def verified(one: HubSubscription, lease_seconds: str, now: datetime) -> HubSubscription:
    """The hub has taken it on, for as long as it says, else as we asked. It is renewed before that is over."""
    given = timedelta(seconds=int(lease_seconds)) if _SECONDS.fullmatch(lease_seconds) else LEASE
    lease = min(given, _LONGEST_LEASE) if given else LEASE
    wait = max(_SHORTEST_RENEWAL, lease - min(lease * _RENEWAL_SHARE, _MAX_RENEWAL_MARGIN))
    return replace(one, verified_at=now, is_pending=False, lease_until=now + lease, next_at=now + wait, failures=0, error=None)


def denied(one: HubSubscription, reason: str, now: datetime) -> HubSubscription:
    """The hub does not push, or not any more."""
    said = one_line(reason)[:200]
    words = f"refuses to push{f' ({said})' if said else ''}"
    next_at = now + _AFTER_DENIAL
    return replace(one, lease_until=None, is_pending=False, next_at=next_at, failures=one.failures + 1, error=words)


def forged(one: HubSubscription, count: int) -> HubSubscription:
    """So many more pushes were not signed by the hub."""
    return replace(one, forged=one.forged + count)


# ── in words ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def told(one: HubSubscription, now: datetime) -> str:
    """How it stands, for people."""
    hub = host_of(one.hub)
    forged = f"; without its signature came {counted(one.forged, 'document')}, which had no effect" if one.forged else ""
    trouble = f"; {hub} {one.error}" if one.error else ""
    if one.mode == "unsubscribe":
        return f"not wanted from {hub} any more, which is told so{trouble}"
    if not one.is_standing(now):
        asked = "" if one.error else "; it was asked, and has yet to ask back" if one.is_pending else "; it is about to be asked"
        return f"{hub} does not push, so the feed is polled{asked}{trouble}{forged}"
    lease = f"{hub} pushes until {one.lease_until:%Y-%m-%d %H:%M} UTC and is asked again before"
    return f"{lease}; {_arriving(one)}{trouble}{forged}"


def _arriving(one: HubSubscription) -> str:
    if one.pushed_at is None:
        return "nothing was pushed yet, so the feed is polled as ever"
    last = f"{counted(one.pushes, 'document')}, the last at {one.pushed_at:%Y-%m-%d %H:%M} UTC"
    if one.is_trusted:
        return f"{last}; polled once a day, in case the hub misses something"
    return f"{last}; a poll found what was not pushed, so the feed is polled as ever until the next push"
