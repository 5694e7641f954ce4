"""The other way in: a document that a feed's hub sent walks on as one that `pipeline.poll` fetched."""

from dataclasses import replace
from typing import Final

from aggregator import pushes
from aggregator.collect.limits import is_cut
from aggregator.errors import FeedError
from aggregator.model import Document, FeedSpec, FeedState, HubSubscription, PollReport, PollResult, ReadFeed, Tally
from aggregator.pipeline import Found, Ports, noted, planned, read_document, reported, result_of
from aggregator.refine import rules
from aggregator.watching import watched

# What pushes add, until the feed's own document is read anew.
_MAX_ODDITIES: Final = 16


def push(
    spec: FeedSpec, state: FeedState, lease: str, document: Document, by: HubSubscription, ports: Ports
) -> tuple[PollResult, PollReport]:
    """Read and refine a document that was pushed; nothing is stored here.

    It says nothing of what the feed's own server would answer, and may hold only what is new: validators, the body's hash, what the feed
    says of itself and what stands in it stay.
    """
    return reported(spec, lambda: _pushed(spec, state, lease, document, by, ports), lambda error: _unread(spec, state, lease, ports, error))


def _pushed(spec: FeedSpec, state: FeedState, lease: str, document: Document, by: HubSubscription, ports: Ports) -> Found:
    read = read_document(spec, state, document, ports, None)
    assert read is not None  # noqa: S101 - it is compared with no other
    now = ports.clock()
    pushes.check_topic(read, state, by)
    fresh = noted(state, read, now)
    refined_by = rules.mark(spec, fresh.printed)
    fresh = replace(fresh, head=replace(state.head, updated=read.head.updated or state.head.updated, oddities=_told(state, read)))
    fresh = watched(state, fresh, read, ports.store, now)
    fresh = _backed_up(spec, fresh, by, ports)
    came_by, tally = (by.path, document.body_hash), Tally(received_bytes=len(document.body))
    result = replace(result_of(fresh, lease, read, refined_by, now), outcome="pushed", came_by=came_by, tally=tally)
    return result, len(read.entries), read.oddities


def _told(state: FeedState, read: ReadFeed) -> tuple[str, ...]:
    """What is odd about the feed's own document, and what a limit cut of those that were pushed since."""
    cut = [oddity for oddity in read.oddities if is_cut(oddity)]
    return tuple(dict.fromkeys((*state.head.oddities, *cut)))[:_MAX_ODDITIES]


def _backed_up(spec: FeedSpec, state: FeedState, by: HubSubscription, ports: Ports) -> FeedState:
    """The state with the daily poll that shows what the hub misses: counted from the last poll, so that no push puts it off.

    What the feed's server asked for stays, and so do the waits after its failures.
    """
    now = ports.clock()
    if state.failures or not by.is_standing(now):
        return state
    backup = planned(spec, state, state.last_poll_at or now, ports, hub=by)
    later = backup if backup.next_poll_at > state.next_poll_at else state
    return replace(state, next_poll_at=later.next_poll_at, why=later.why)


def _unread(spec: FeedSpec, state: FeedState, lease: str, ports: Ports, error: FeedError) -> PollResult:
    """What cannot be read is asked for, as soon as its server may be asked again."""
    now = ports.clock()
    at, why = pushes.soonest(spec, state, now), f"its hub pushed what cannot be read, so it is asked: {error.message}"
    sooner = replace(state, next_poll_at=at, why=why) if at <= state.next_poll_at and not state.failures else state
    return PollResult(state=sooner, lease=lease, outcome="failed", polled_at=now, tally=Tally())
