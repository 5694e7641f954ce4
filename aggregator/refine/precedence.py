"""Which of several entries of one story comes first, where all have as good a claim to it: by their dates, and what else tells (pure)."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Final, NamedTuple

from aggregator.model import Entry, SpeaksBy, StoredEntry
from aggregator.refine.stories import words_of
from aggregator.web.host import site

SAME_DAY: Final = timedelta(hours=24)
_HOUR: Final = timedelta(hours=1)
_STEP: Final = timedelta(minutes=5)
_EASTERNMOST: Final = timedelta(hours=14)
# Who dates a copy back hardly does so by more.
_SOON: Final = timedelta(days=3)
_ADDRESS: Final = re.compile(r'(?:href|src)="(https?://[^"]+)"')
_MAX_ADDRESSES: Final = 50
# A program that copies adds a line of its own: so much of the longest text is all of it.
_ALL: Final = 0.9


class Order(NamedTuple):
    """What decides between entries, from the first to the last: the least comes first.

    `linked` is how many link to its site, negated. `step` counts five minutes from the first by its date.
    Where dates do not tell, `roughly` says when it came, and `precisely` on which day (`_came`). `partners` is the binary logarithm of how
    many feeds its own shares stories with. `hour` counts from the first that was seen. `name` decides where nothing tells two apart.
    """

    linked: int
    step: int
    partners: int
    roughly: int
    is_excerpt: bool
    was_away: bool
    is_anonymous: bool
    says_less: bool
    precisely: float
    is_undated: bool
    hour: int
    name: tuple[int, str, str, str, int]


_REASONS: Final[Mapping[str, SpeaksBy]] = {
    "linked": "linked",
    "step": "came",
    "partners": "fewer",
    "roughly": "came",
    "is_excerpt": "longer",
    "was_away": "read",
    "is_anonymous": "author",
    "says_less": "words",
    "precisely": "came",
    "is_undated": "came",
    "hour": "seen",
    "name": "name",
}


def ordered(candidates: Sequence[StoredEntry], members: Sequence[StoredEntry], partners: Mapping[str, int]) -> dict[int, Order]:
    """What decides between those candidates (by pk) that may have been first. `members` are all of the story, `partners` is by feed key."""
    dates = {member.pk: member.first_seen if _follows_undated(member, candidates) else date_of(member, members) for member in candidates}
    first = _earliest(candidates, dates, members)
    came = _came(first, dates)
    is_one_date = len({dates[member.pk] for member in first}) == 1
    most = max(len(words_of(member.entry)) for member in first)
    seen = min(member.first_seen for member in first)
    return {
        member.pk: _order(member, members, partners, came[member.pk], is_one_date, most, int((member.first_seen - seen) / _HOUR))
        for member in first
    }


def settled(order: Order) -> Order:
    """What decides without what changes from poll to poll: with how many feeds stories are shared, and ids."""
    return order._replace(partners=0, name=(0, "", "", "", 0))


def decided_by(first: Order, other: Order) -> SpeaksBy:
    """What puts one entry before another."""
    return next(_REASONS[name] for name, mine, theirs in zip(Order._fields, first, other, strict=True) if mine != theirs)


def links_to(where: str, members: Sequence[StoredEntry]) -> int:
    """How many members of other sites link to a site. Its own links say nothing: each site prints its own "read more" and logo."""
    return sum(where in _linked_sites(other.entry) for other in members if other.entry.site != where)


def _linked_sites(entry: Entry) -> frozenset[str]:
    """The publishers to whom a text links, or whose pictures it shows: a copy often keeps what its original linked to at home."""
    return frozenset(filter(None, map(site, _ADDRESS.findall(entry.content or entry.summary or "")[:_MAX_ADDRESSES])))


def date_of(member: StoredEntry, members: Sequence[StoredEntry]) -> datetime | None:
    """When an entry counts as published; None where nothing is known of that.

    A feed is read once a day at least: what it brings later, dated more than a day back, was not there on the day that it names, and comes
    after what was seen on its own day before it. Else whoever dates a copy back would take the original's place. What has no date was there
    when it was seen. Neither holds for a first document, nor for what a feed that had been away brings when it is back. Who dates an entry
    anew does not lose it to copies: it was there before.
    """
    said = member.entry.published
    published = min(said, member.sort_key) if said else None
    if _may_have_stood(member):
        return published
    if published is None or member.first_seen - published <= SAME_DAY:
        return published or member.first_seen
    is_late = any(member.first_seen - other.first_seen > _HOUR and _was_seen_at_once(other) for other in members)
    return member.first_seen if is_late else published


def _was_seen_at_once(member: StoredEntry) -> bool:
    published = member.entry.published
    return published is None or member.first_seen - published <= SAME_DAY


def _follows_undated(member: StoredEntry, others: Sequence[StoredEntry]) -> bool:
    """Whether an entry, dated within the day before, was seen hours after one of another site that has no date.

    That one may have come at any time since its feed was read before. A program that copies gives a date to everything.
    """
    published = member.entry.published
    if published is None or _may_have_stood(member) or member.first_seen - published > SAME_DAY:
        return False
    undated = (other for other in others if other.entry.published is None and not _may_have_stood(other))
    return any(member.first_seen - other.first_seen > _HOUR and other.entry.site != member.entry.site for other in undated)


def _start(member: StoredEntry, date: datetime | None) -> datetime | None:
    """When an entry can have been there at the earliest, by the date that it counts from; None where nothing is known of that.

    A day begins in the easternmost zone, and what a known feed brings was not there when that was read a day before.
    """
    if date is None:
        return None
    start = date if date.time() != time.min else date - _EASTERNMOST
    return start if _may_have_stood(member) else max(start, member.first_seen - SAME_DAY)


def _may_have_stood(member: StoredEntry) -> bool:
    """Whether an entry may have stood in its feed for long when it was first seen: nobody had read it then, or not in that time."""
    return member.is_backlog or _was_away(member)


def _was_away(member: StoredEntry) -> bool:
    """Whether the feed of an entry was not read since before the date of that."""
    published = member.entry.published
    return member.unread_since is not None and (published is None or published > member.unread_since)


def _earliest(best: Sequence[StoredEntry], dates: Mapping[int, datetime | None], members: Sequence[StoredEntry]) -> list[StoredEntry]:
    """Those that may have been first: published within a day after the first, or of no known date. What was seen was there then, whatever
    its date: what is dated more than a day later came after it.

    Where nobody links to any of these, also whoever was published a few days later, and to whose site the text links all the same in
    somebody else's copy: that one is dated back.
    """
    start = min(dates[member.pk] or member.first_seen for member in best)
    first = [member for member in best if (date := dates[member.pk]) is None or date <= start + SAME_DAY]
    if any(links_to(member.entry.site, members) for member in first):
        return first
    soon = [member for member in best if (date := dates[member.pk]) and start + SAME_DAY < date <= start + _SOON]
    return [*first, *(member for member in soon if links_to(member.entry.site, members))]


def _came(first: Sequence[StoredEntry], dates: Mapping[int, datetime | None]) -> Mapping[int, tuple[int, int, float]]:
    """When each came, as far as that tells anything: as steps after the first by its date; roughly, where dates do not tell; and precisely.

    Where one has no time of day, that is the hour in which it was seen, or, if one stood in a first document, whether another was seen
    before it can have been there; and its day. What has no date at all comes before what has one: a program that copies gives a date to
    everything.
    """
    known = {pk: date for pk, date in dates.items() if date}
    if all(member.pk in known and known[member.pk].time() != time.min for member in first):
        start = min(known[member.pk] for member in first)
        return {pk: (int((date - start) / _STEP), 0, date.timestamp()) for pk, date in known.items()}
    are_seen = not any(map(_may_have_stood, first))
    start = min(member.first_seen for member in first)
    days = {member.pk: known[member.pk].toordinal() if member.pk in known else 0 for member in first}
    if are_seen:
        return {one.pk: (0, int((one.first_seen - start) / _HOUR), days[one.pk]) for one in first}
    starts = {one.pk: _start(one, dates[one.pk]) or start for one in first}
    return {one.pk: (0, int(starts[one.pk] > start), days[one.pk]) for one in first}


def _order(
    member: StoredEntry,
    members: Sequence[StoredEntry],
    partners: Mapping[str, int],
    came: tuple[int, int, float],
    is_one_date: bool,
    most: int,
    hour: int,
) -> Order:
    step, roughly, precisely = came
    said = len(words_of(member.entry))
    return Order(
        linked=-links_to(member.entry.site, members),
        step=step,
        # Twice as many are a difference, one more is not. A blog that many copy has many, too: they only tell of what has one date.
        partners=partners.get(member.feed_key, 0).bit_length(),
        roughly=roughly,
        is_excerpt=said * 2 < most,
        was_away=is_one_date and _was_away(member),
        is_anonymous=is_one_date and not member.entry.authors,
        says_less=is_one_date and said < most * _ALL,
        precisely=precisely,
        is_undated=member.entry.published is None and not _may_have_stood(member),
        hour=hour,
        # The feed of a whole site is called shorter than that of a section, a tag or an author of it: it is the better name for the place.
        name=(len(member.feed_id), member.entry.published_id, member.feed_key, member.entry.raw_key, member.pk),
    )
