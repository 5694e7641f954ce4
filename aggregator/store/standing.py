"""Who of the stories that may stand in an output is listed now, under which id and number (pure)."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from aggregator.ports import BACKLOG
from aggregator.store.turnover import BACKLOG_AGE
from aggregator.web.text import counted

INITIAL_FILL: Final = timedelta(hours=1)
"""A feed that was there when an output was first published, and answers only now, is no newcomer for so long. What it had is chosen by its
date then, as if all had answered at once: the latest that answers must not fill the page with its archive."""
_TICK: Final = timedelta(microseconds=1)
_UNDATED: Final = timedelta(milliseconds=1)
"""So near to the poll that saw it stands what has no date: entries of one document, at most a thousand, are a microsecond apart."""

EARLY: Final = INITIAL_FILL + _TICK
"""Nothing counts as listed by more than that before its date (`first_listed`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A story that today's rules let into an output in which it was never listed.

    `is_newcomer`: all of it is backlog that came after the output's first publish: it stood in the first document of a feed that was added
    since, or a known feed brought it among many old entries at once, at `burst`; or the output passed it over, until other rules, or a
    newly added feed, `let_in` what had been seen long before (`was_held`: earlier than now). `is_pruned`: no member has its text any more.
    `backlog_seen`: when the first of it was seen, if all of it is backlog, whenever that came.
    """

    story: int
    feed_key: str | None
    published_id: str
    sort_key: datetime
    per_day: int | None = None
    is_newcomer: bool = False
    burst: datetime | None = None
    let_in: datetime | None = None
    was_held: bool = False
    is_pruned: bool = False
    backlog_seen: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is listed in the output already: newcomers by feed and burst, entries by feed and UTC day, ids ever given, the last number."""

    newcomers: Mapping[tuple[str | None, datetime | None], int] = field(default_factory=dict)
    per_day: Mapping[tuple[str | None, date], int] = field(default_factory=dict)
    ids: Container[str] = frozenset()
    last_sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What becomes of a candidate: listed under a number and an id, or held back by a rule."""

    story: int
    published_id: str
    sequence: int | None = None
    held: str | None = None


def is_newcomer(added_at: datetime, first_success: datetime | None, first_published: datetime | None) -> bool:
    """Did a feed come to an output after subscribers did?"""
    if first_published is None or first_success is None or first_success <= first_published:
        return False
    return added_at > first_published or first_success > first_published + INITIAL_FILL


def has_subscribers(first_published: datetime | None, now: datetime) -> bool:
    """Whether an output has been there for longer than it takes to set it up."""
    return first_published is not None and now > first_published + INITIAL_FILL


def was_passed_over(seen: datetime | None, passed_over: datetime | None, now: datetime) -> bool:
    """Whether a story that an output kept out, with all that was seen of it up to then, is old when it is let in: nothing came since but
    backlog (`seen` is None), and nothing was seen in the last days."""
    return passed_over is not None and (seen is None or (seen <= passed_over and seen <= now - BACKLOG_AGE))


def first_listed(one: Candidate, now: datetime, first_published: datetime | None) -> datetime:
    """Since when an output lists a story: by this, and among equals by their dates, it chooses whom its file has room for.

    What an output begins with counts as listed at its first publish, or at its own date, if that is later: so it is chosen by date. What
    has none goes behind the rest: it is the feed that never gave one, and not the latest news.
    """
    begun = first_published or now
    if one.is_newcomer or one.backlog_seen is None or now > begun + INITIAL_FILL:
        return now
    is_undated = one.sort_key > one.backlog_seen - _UNDATED
    return begun - _TICK if is_undated else max(begun, one.sort_key)


def settle(candidates: Sequence[Candidate], outlook: Outlook, newcomer_entries: int) -> list[Settled]:
    """Decide on all candidates of one judgement, whatever order they come in.

    Numbers follow the sort keys, the oldest first; so do places under a limit. Of newcomers the newest are shown. Of several with one id it
    goes to the feed with the first key: neither a date, which anybody can write, nor the order of polls must decide that. (An id that is
    another publisher's came here replaced: `refine.confirmation.fitting_id`.)
    """
    held = _held(candidates, outlook, newcomer_entries)
    owners = {one.published_id: one.story for one in sorted(candidates, key=_claim_order, reverse=True) if one.story not in held}
    days = Counter(outlook.per_day)
    sequence = outlook.last_sequence
    settled = []
    for candidate in sorted(candidates, key=_order):
        place = candidate.feed_key, candidate.sort_key.date()
        why = held.get(candidate.story)
        if why is None and candidate.per_day is not None and days[place] >= candidate.per_day:
            why = f"held back: more than {counted(candidate.per_day, 'entry')} of its feed on {place[1]}"
        if why is not None:
            settled.append(Settled(story=candidate.story, published_id=candidate.published_id, held=why))
            continue
        days[place] += 1
        sequence += 1
        published_id = _free_id(candidate, owners, outlook.ids)
        owners[published_id] = candidate.story
        settled.append(Settled(story=candidate.story, published_id=published_id, sequence=sequence))
    return settled


def _held(candidates: Sequence[Candidate], outlook: Outlook, newcomer_entries: int) -> dict[int, str]:
    held = {one.story: "held back: its text was pruned before it was ever listed" for one in candidates if one.is_pruned}
    newcomers = sorted((one for one in candidates if one.is_newcomer and not one.is_pruned), key=_order)
    shown: Counter[tuple[str | None, datetime | None]] = Counter(outlook.newcomers)
    at_once: Counter[str | None] = Counter()
    for one in sorted(newcomers, key=lambda one: one.sort_key, reverse=True):
        came = one.feed_key, one.let_in or one.burst
        if one.was_held or max(shown[came], at_once[one.feed_key]) >= newcomer_entries:
            held[one.story] = f"{BACKLOG} of {_told(one)} ({newcomer_entries} newest are shown)"
            continue
        shown[came] += 1
        at_once[one.feed_key] += 1
    return held


def _told(one: Candidate) -> str:
    if one.let_in:
        return f"what this output passed over until {one.let_in:%Y-%m-%d}"
    return f"its feed, which brought many old entries at once on {one.burst:%Y-%m-%d}" if one.burst else "a newly added feed"


def _order(one: Candidate) -> tuple[datetime, str, str, int]:
    return one.sort_key, one.published_id, one.feed_key or "", one.story


def _claim_order(one: Candidate) -> tuple[str, datetime, int]:
    return one.feed_key or "", one.sort_key, one.story


def _free_id(candidate: Candidate, owners: Mapping[str, int], given: Container[str]) -> str:
    """The published id; where another story of the output has it, one made of the feed's key and it."""
    space = UUID(candidate.feed_key) if candidate.feed_key else NAMESPACE_URL
    name, found = candidate.published_id, candidate.published_id
    while found in given or owners.get(found, candidate.story) != candidate.story:
        found = f"urn:uuid:{uuid5(space, name)}"
        name += "#"
    return found
