"""Which entries of a feed took the place of others: its ids flipped, it moved, its paths, its format or its dates changed (pure).

Such an entry must not be shown again to those who have it. Titles alone never match, nor does anything else alone: it takes two signs, and
each entry takes the place of one other at most. Where much of a document is new at once, and most of that, or of what is gone, is known
again, so little as a title and its day will do for the rest; where the document as a whole says that its feed moved (`refine.moves`), a
title. What only comes again, as the numbers of a daily series do, takes nobody's place.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from aggregator.model import StoredEntry
from aggregator.refine import moves
from aggregator.refine.moves import MANY
from aggregator.refine.signs import Mark, Pair, Signs, Traits, compared, traits_of

# That an entry still stands in its document is written down once a day.
_SEEN_STEP: Final = timedelta(days=1)
# What more pairs than this have in common says little of any of them.
_MAX_PAIRS: Final = 400


def successors(
    fresh: Sequence[StoredEntry], gone: Sequence[tuple[int, StoredEntry]], known_again: Sequence[StoredEntry] = ()
) -> dict[int, int]:
    """Tell which of a feed's fresh entries (by pk) took the place of which other (by pk), that its document holds no longer.

    `gone` are pairs of a story and an entry of it. Each fresh entry takes one place at most, and of each story one is taken at most. The
    order of both does not matter. `known_again` are those that took others' places by keys that both have.
    """
    news = [traits_of(one, -one.pk) for one in sorted(fresh, key=_order)]
    olds = [traits_of(one, story) for story, one in sorted(gone, key=lambda pair: _order(pair[1]))]
    stand = [*news, *(traits_of(one, -one.pk) for one in known_again)]
    unique = _once(stand) & _once(olds)
    pairs = [(one, other, compared(one, other, unique)) for one, other in _candidates(news, olds)]
    anew = moves.rebuilt([pair for pair in pairs if is_kept(pair[2])], stand, olds)
    found = _each(pairs, anew)
    if len(stand) < MANY:
        return _pks(found)
    # So many must be known again for the others to be taken for known, too.
    enough = _half(stand, gone, known_again) - len(known_again)
    lost = moves.lost_dates([one.member for one in stand])
    rest = [pair for pair in pairs if is_likely(pair[2], dates_are_lost=pair[0].member.pk in lost)]
    found = _if_enough(_taken(_only(rest, found), found), found, enough)
    told = moves.told(_only([pair for pair in pairs if moves.is_hint(pair[2])], found), _among(pairs, found), lost, unique)
    found = _if_enough(_taken(told, found), found, enough)
    redated = moves.redated(_only([pair for pair in pairs if is_kept(pair[2])], found), _among(pairs, found), anew)
    return _pks(_if_enough(_taken(redated, found), found, enough))


def _each(pairs: Sequence[Pair], anew: Sequence[Pair]) -> dict[int, tuple[int, int]]:
    """Who is known again without regard to the rest of the document."""
    found = _taken([pair for pair in pairs if is_sure(pair[2])], {})
    found = _taken(_only([pair for pair in pairs if is_dated_alike(pair[2])], found), found)
    return _taken(_only([pair for pair in anew if pair[2].long], found), found)


def is_sure(signs: Signs) -> bool:
    """Whether two entries are one without regard to others: by where they stand, and what they say."""
    # A planet has pages of one path on two hosts: "/about", or what all were asked to write about.
    if signs.path and (signs.text or (signs.instant and (signs.title or signs.alike or signs.bare))):
        return True
    # What stands at one address, says something else and is dated otherwise is the next of its kind: the quote of the day, a bulletin.
    if signs.other:
        return False
    if signs.path and ((signs.host and (signs.title or signs.alike)) or (signs.title and signs.bare)):
        return True
    # A series has one title, one name, one text and one file ("latest.mp3"): with another date it is the next of it.
    if signs.name and signs.title and (signs.instant or (signs.own and (signs.zone or signs.undated))):
        return True
    return signs.file and (signs.title or signs.instant or (signs.alike and signs.day))


def is_dated_alike(signs: Signs) -> bool:
    """Whether two entries are one, by their date and what they say, if neither has another that fits as well.

    Many feeds give all of a day one date, and forms have one title: notices, advertisements, results. Where a title is not alone, only the
    same words tell which is which.
    """
    if signs.other or not signs.instant:
        return False
    if signs.title and not signs.alone:
        return signs.whole
    return (signs.title and (signs.text or signs.bare)) or signs.all_text


def is_kept(signs: Signs) -> bool:
    """Whether two entries say the same, word for word and under one title, or an edited one, as nobody else does: where its addresses or
    dates say that the feed moved, they are one, whenever each was written.
    """
    return signs.own and ((signs.title and signs.alone) or (signs.alike and signs.all_text))


def is_likely(signs: Signs, *, dates_are_lost: bool) -> bool:
    """Whether two entries are one if nothing else has as much in common with either, and most of the document is known again."""
    say_nothing = dates_are_lost or signs.undated
    if signs.other and not signs.path:
        return signs.title and signs.alone and signs.instant
    if signs.title:
        # The columns of a day have the titles of the day before; what they say is other.
        is_same_day = signs.instant or (signs.day and (signs.whole or signs.bare or signs.name or (signs.text and signs.alone)))
        # Whose words nobody else has, and whose name it has still: it was edited, or dated anew, as the rest moved.
        is_renewed = signs.name and signs.own
        return signs.path or is_same_day or is_renewed or (say_nothing and signs.text)
    if (
        (signs.file and signs.alike and signs.text)
        or (signs.path and signs.alike)
        or (signs.image and signs.day)
        or (signs.name and signs.instant)
    ):
        return True
    return (signs.text and (signs.day or (say_nothing and signs.alike))) or (say_nothing and signs.all_text)


# ── who may be whose ───────────────────────────────────────────────────────────────────────────────────────────────────


def _order(member: StoredEntry) -> tuple[datetime, str, int]:
    return member.sort_key, member.entry.raw_key, member.pk


def _once(side: Sequence[Traits]) -> frozenset[Mark]:
    """What one story alone has."""
    counts = Counter(mark for _, mark in {(one.story, mark) for one in side for mark in one.marks()})
    return frozenset(mark for mark, count in counts.items() if count == 1)


def _candidates(news: Sequence[Traits], olds: Sequence[Traits]) -> Iterator[tuple[Traits, Traits]]:
    """The pairs that have something in common which few others have."""
    ours, theirs = _by_mark(news), _by_mark(olds)
    seen: set[tuple[int, int]] = set()
    for mark, some in ours.items():
        others = theirs.get(mark, [])
        if len(some) * len(others) > _MAX_PAIRS:
            continue
        for one in some:
            for other in others:
                pair = (one.member.pk, other.member.pk)
                if pair not in seen:
                    seen.add(pair)
                    yield one, other


def _by_mark(side: Iterable[Traits]) -> Mapping[Mark, list[Traits]]:
    found: defaultdict[Mark, list[Traits]] = defaultdict(list)
    for one in side:
        for mark in one.marks():
            found[mark].append(one)
    return found


def _half(fresh: Sequence[Traits], gone: Sequence[tuple[int, StoredEntry]], known_again: Sequence[StoredEntry]) -> int:
    """How many of the fresh entries must be known again for the others to be taken for known, too: half of them, or of those that stood in
    the last document and are gone, since an archive may have come along.
    """
    last = max((one.last_seen for _, one in gone), default=None)
    stood = {story for story, one in gone if last and last - one.last_seen <= _SEEN_STEP}
    most = min(len(fresh), max(MANY, len(stood) + len(known_again)))
    return (most + 1) // 2


# ── who takes whose place ──────────────────────────────────────────────────────────────────────────────────────────────

# In the order of `Signs`.
_WEIGHTS: Final = (8, 1, 4, 4, 4, 6, 1, 4, 2, 0, 3, 4, 2, 0, 0, 2, 0, 0, 0, 0)


def _taken(pairs: Sequence[Pair], before: Mapping[int, tuple[int, int]]) -> dict[int, tuple[int, int]]:
    """Let each take one place, the surest first; by the pk of the fresh one, the pk of the other and its story."""
    found = dict(before)
    stories = {story for _, story in before.values()}
    for one, other, _ in sorted(pairs, key=_preference):
        if one.member.pk not in found and other.story not in stories:
            found[one.member.pk] = (other.member.pk, other.story)
            stories.add(other.story)
    return found


def _if_enough(more: dict[int, tuple[int, int]], found: dict[int, tuple[int, int]], enough: int) -> dict[int, tuple[int, int]]:
    return more if len(more) >= enough else found


def _preference(pair: Pair) -> tuple[object, ...]:
    one, other, signs = pair
    span = abs(one.at - other.at) if one.at and other.at else timedelta.max
    return -_weight(signs), span, _order(one.member), other.member.first_seen.timestamp() * -1, _order(other.member)


def _weight(signs: Signs) -> int:
    return sum(weight for weight, is_there in zip(_WEIGHTS, signs, strict=True) if is_there)


def _only(pairs: Sequence[Pair], found: Mapping[int, tuple[int, int]]) -> list[Pair]:
    """Those of which neither side has another that fits as well."""
    stories = {story for _, story in found.values()}
    left = [pair for pair in pairs if pair[0].member.pk not in found and pair[1].story not in stories]
    ways: Counter[tuple[str, int, int]] = Counter()
    for one, story, weight in {(one.member.pk, other.story, _weight(signs)) for one, other, signs in left}:
        ways[("fresh", one, weight)] += 1
        ways[("story", story, weight)] += 1
    return [
        (one, other, signs)
        for one, other, signs in left
        if ways[("fresh", one.member.pk, _weight(signs))] == 1 == ways[("story", other.story, _weight(signs))]
    ]


def _among(pairs: Sequence[Pair], found: Mapping[int, tuple[int, int]]) -> list[Pair]:
    return [pair for pair in pairs if found.get(pair[0].member.pk) == (pair[1].member.pk, pair[1].story)]


def _pks(found: Mapping[int, tuple[int, int]]) -> dict[int, int]:
    return {pk: other for pk, (other, _) in found.items()}
