"""Which entry of a story speaks for it: the original, as far as what is held shows (pure)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time
from types import MappingProxyType
from typing import Final

from aggregator.model import Entry, SpeaksBy, StoredEntry, Url
from aggregator.refine.pages import id_site
from aggregator.refine.precedence import SAME_DAY, Order, date_of, decided_by, links_to, ordered, settled
from aggregator.refine.stories import is_original, names, places, words_of
from aggregator.web.host import site
from aggregator.web.url import link_key

_READ_MORE: Final = 3
# Twice as many partners as another feed may be a matter of time; four times as many has a planet.
_FAR_FEWER: Final = 2
_BY_RANK: Final[tuple[SpeaksBy, ...]] = ("named", "home", "named", "home", "names", "home")
"""What made an entry lead that alone has its rank (`_rank`)."""


def lead(members: Sequence[StoredEntry], partners: Mapping[str, int] = MappingProxyType({})) -> StoredEntry:
    """Choose the entry that speaks for its story: the original that others name, else one on its own site, else who names its origin.

    Any permutation of `members` gives the same entry, so who was polled last never decides. A copy cannot take the lead by claims of its
    own: only what its feed's own site and id bear out counts for it. Ties go to the earliest published; where that was within a day, to the
    one to whose site most copies link, which came before, whose feed tells the stories of fewer others (`partners`, by feed key). A program
    that copies gives the very date of the original: then who was read at that time, names an author, or says more, had it first. Where
    nothing tells them apart, who was seen hours before keeps the lead that it had (`refine.precedence`).
    """
    # Most stories are told once, and each output asks of every one.
    if len(members) == 1:
        return members[0]
    best = _best(members)
    if len(best) == 1:
        return best[0]
    order = _ordered(best, members, partners)
    came_first = min(order, key=order.__getitem__)
    return next(member for member in best if member.pk == came_first)


def as_good(members: Sequence[StoredEntry], partners: Mapping[str, int]) -> frozenset[int]:
    """Which entries (by pk) lead on if they do: nothing speaks for another but its name, or that its feed tells stories of fewer others,
    not of far fewer. That number grows with each story, and ids change: what subscribers have does not go from one newsroom, or one twin,
    to the next with it.
    """
    best = _best(members) if len(members) > 1 else members
    if len(best) == 1:
        return frozenset(member.pk for member in best)
    order = _ordered(best, members, partners)
    first = min(order.values())
    near = first.partners + _FAR_FEWER
    return frozenset(pk for pk, own in order.items() if settled(own) <= settled(first) and own.partners < near)


def why(speaker: StoredEntry, members: Sequence[StoredEntry], partners: Mapping[str, int]) -> SpeaksBy | None:
    """What makes an entry speak for its story; None where there is no other, or another would speak among all of these."""
    best, own = _best(members), forms(speaker, members)
    if speaker not in best or own.issuperset(member.pk for member in members):
        return None
    if len(best) == 1:
        return _BY_RANK[_rank(speaker, members)]
    order = _ordered(best, members, partners)
    mine = order.pop(speaker.pk, None)
    if mine is None:
        return "kept"
    if not order:
        return "earlier"
    rival = min(order.values())
    return "kept" if rival < mine else decided_by(mine, rival)


def _best(members: Sequence[StoredEntry]) -> list[StoredEntry]:
    """Those of the highest rank that nothing has replaced."""
    current = [member for member in members if not any(replaces(other, member) for other in members)] or members
    ranks = {member.pk: _rank(member, members) for member in current}
    rank = min(ranks.values())
    return [member for member in current if ranks[member.pk] == rank]


def _ordered(candidates: Sequence[StoredEntry], members: Sequence[StoredEntry], partners: Mapping[str, int]) -> dict[int, Order]:
    return ordered([_as_it_came(member, members) for member in candidates], members, partners)


def last_changed(member: StoredEntry, members: Sequence[StoredEntry]) -> datetime:
    """When an entry really changed last, as its story tells it: to come back under another id, address or date is no change.

    Nor is it to come back with more of its text or less, as another platform gives it, nor that it leads now where a copy with the same
    words did. What was edited since, or says something else, has its own date.
    """
    told: dict[int, datetime] = {}
    for one in sorted((other for other in members if other.pk == member.pk or replaces(member, other)), key=lambda found: found.first_seen):
        told[one.pk] = _changed_since(one, [other for other in members if other.pk in told and replaces(one, other)], told, members)
    return told[member.pk]


def _changed_since(
    member: StoredEntry, earlier: Sequence[StoredEntry], told: Mapping[int, datetime], members: Sequence[StoredEntry]
) -> datetime:
    """When an entry changed last, `told` being when those did whose place it took: theirs is not the date under which they came back."""
    if _was_edited(member):
        return min(other.public_updated for other in members if other.pk == member.pk or _was_edited_so(other, member))
    if any(_says_what(other, member) for other in earlier):
        return max(told[other.pk] for other in earlier)
    return _first_told(member, members)


def _was_edited(member: StoredEntry) -> bool:
    return member.public_updated > member.first_seen


def _was_edited_so(other: StoredEntry, member: StoredEntry) -> bool:
    """Whether another entry was edited, too, and both say the same by now: a twin that is read a minute later, a copy that follows within
    a day.
    """
    if not _was_edited(other) or words_of(other.entry) != words_of(member.entry):
        return False
    is_followed = member.public_updated - other.public_updated <= SAME_DAY
    return is_followed or other.entry.content_hash == member.entry.content_hash


def _first_told(member: StoredEntry, members: Sequence[StoredEntry]) -> datetime:
    """The date of an entry that was not edited since it was seen: the first one that anybody gives to the same words. What its publisher
    changed before a copy took it up is in the copy, and a copy that leads from now on says nothing new: to those who have the other,
    nothing changes.
    """
    return min(other.public_updated for other in members if other.pk == member.pk or words_of(other.entry) == words_of(member.entry))


def is_at_home(entry: Entry) -> bool:
    """Whether an entry is its publisher's own, by its page, and by its id where that names a site."""
    return is_original(entry) and id_site(entry.raw_id) in (None, entry.site)


def is_likelier(one: StoredEntry, other: StoredEntry, members: Sequence[StoredEntry]) -> bool:
    """Whether the first of two entries with the same words is clearly the likelier original: other members point to it alone, it is a day
    older, more copies link to its site, or it is older by the hour. Where nothing tells them apart, neither is.
    """
    named = [_is_named(found.entry, members) for found in (one, other)]
    if named[0] != named[1]:
        return named[0]
    mine, theirs = date_of(one, members), date_of(other, members)
    if theirs and theirs - (mine or one.first_seen) > SAME_DAY:
        return True
    if mine and mine - (theirs or other.first_seen) > SAME_DAY:
        return False
    links = [links_to(found.entry.site, members) for found in (one, other)]
    if links[0] != links[1]:
        return links[0] > links[1]
    return mine is not None and theirs is not None and mine < theirs and mine.time() != time.min


# ── signs ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def replaces(other: StoredEntry, member: StoredEntry) -> bool:
    """Whether a publisher gave the entry anew, under another id: the page that it has now is the one to link to.

    In a planet's feed the later one may be somebody's copy of the other; it has come another way, then.
    """
    if other.feed_key != member.feed_key or other.first_seen <= member.first_seen:
        return False
    own, theirs = (site(one.entry.link or "") for one in (other, member))
    return own == theirs or all(hop.site != theirs for hop in other.entry.origin.chain)


def forms(member: StoredEntry, members: Sequence[StoredEntry]) -> frozenset[int]:
    """An entry (by pk) and those whose place it took: who led as one of these leads as it."""
    return frozenset({member.pk, *(other.pk for other in members if replaces(member, other))})


def place(member: StoredEntry, members: Sequence[StoredEntry]) -> datetime:
    """Where an entry stands in time: where the first one stood whose place it took, under another id or date."""
    return min([member.sort_key, *(other.sort_key for other in members if replaces(member, other))])


def _as_it_came(member: StoredEntry, members: Sequence[StoredEntry]) -> StoredEntry:
    """An entry with the date, and as it was seen, that the first one had whose place it took: that was the same entry."""
    earlier = [other for other in members if replaces(member, other)]
    if not earlier:
        return member
    first = min(earlier, key=lambda other: (other.first_seen, other.entry.raw_key))
    entry = replace(member.entry, published=first.entry.published or member.entry.published)
    return replace(
        member,
        entry=entry,
        first_seen=first.first_seen,
        sort_key=first.sort_key,
        is_backlog=first.is_backlog,
        unread_since=first.unread_since,
    )


def _says_what(other: StoredEntry, member: StoredEntry) -> bool:
    """Whether one text is the other, or how it begins; "read more" may stand behind that."""
    short, long = sorted((words_of(other.entry), words_of(member.entry)), key=len)
    begins = short[:-_READ_MORE] if len(short) > 2 * _READ_MORE else short
    return long[: len(begins)] == begins


def _rank(member: StoredEntry, members: Sequence[StoredEntry]) -> int:
    entry = member.entry
    on_own_site = entry.link is not None and site(entry.link) == entry.site
    has_foreign_id = id_site(entry.raw_id) not in (None, entry.site)
    if is_at_home(entry):
        return 0 if _is_named(entry, members) else 1
    if not has_foreign_id and _is_named_first(entry, members):
        return 2
    if entry.origin.chain:
        return 4
    return 3 if on_own_site else 5


def _is_named_first(entry: Entry, members: Sequence[StoredEntry]) -> bool:
    """Whether an entry without a page of its own, as of a link blog, is where others of its story say that they come from."""
    chains = [other.entry.origin.chain for other in members if other.entry.site != entry.site]
    return not entry.origin.chain and any(chain and chain[0].site == entry.site for chain in chains)


def _is_named(entry: Entry, members: Sequence[StoredEntry]) -> bool:
    return any(_points_to(other, entry) for other in members if other.entry.site != entry.site)


def _points_to(other: StoredEntry, entry: Entry) -> bool:
    own = link_key(entry.link or "")
    return names(other.entry, entry) or any(link_key(page) == own for page in _pages(other.entry))


def _pages(entry: Entry) -> Iterator[Url]:
    yield from places(entry)
    if entry.related:
        yield entry.related
