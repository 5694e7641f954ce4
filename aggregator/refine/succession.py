"""Which entries of a feed took the place of others: its ids flipped, it moved, its paths, its format or its dates changed (pure).

Such an entry must not be shown again to those who have it. Titles alone never match, nor does anything else alone: it takes two signs, and
each entry takes the place of one other at most. Where much of a document is new at once, and most of that is known again, so little as
a title and its day will do for the rest.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from aggregator.model import Entry, StoredEntry
from aggregator.refine import likeness
from aggregator.refine.stories import plain, same_title, words_of
from aggregator.web.forms import page_path
from aggregator.web.url import link_key

MANY: Final = 3
"""Of fewer entries nobody can tell whether most of them are known again."""

# Of runs of three words: so much of the shorter text stands in the longer one (a summary, an edit), or of both is the same.
_HELD: Final = 0.7
_COMMON: Final = 0.4
_NEARLY_ALL: Final = 0.8
# Shorter texts must be the same, and say something.
_FEW_WORDS: Final = 12
_SOME_WORDS: Final = 3
# Time zones that are taken for others move a date by hours, and midnights by a day.
_DAY: Final = timedelta(hours=24)
# Dates that all became now lie as close together as this.
_AT_ONCE: Final = timedelta(hours=24)
# The name of a page needs letters: "2019", "12" and "p1" stand in addresses of many.
_LETTERS: Final = re.compile(r"[^\W\d_]")
_MIN_LETTERS: Final = 6
_NUMBER: Final = re.compile(r"\d+")
# What more pairs than this have in common says little of any of them.
_MAX_PAIRS: Final = 400


class Signs(NamedTuple):
    """What two entries of a feed have in common. `path`: the page on whatever host, or the id; `host`: the same host besides; `name`: the
    last part of the path only.

    `text`: one holds most of the other's words; `all_text`: nearly all is the same; `bare`: one has no text to compare.
    """

    path: bool
    host: bool
    name: bool
    file: bool
    title: bool
    alike: bool
    text: bool
    all_text: bool
    bare: bool
    instant: bool
    day: bool


@dataclass(frozen=True, slots=True)
class _Traits:
    """An entry as it is compared; `story` is the one that it tells, or a number of its own."""

    member: StoredEntry
    story: int
    title: str
    path: str
    id_path: str
    name: str
    files: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def at(self) -> datetime | None:
        return self.member.entry.published


def successors(fresh: Sequence[StoredEntry], gone: Sequence[tuple[int, StoredEntry]]) -> dict[int, int]:
    """Tell which of a feed's fresh entries (by pk) took the place of which other (by pk), that its document holds no longer.

    `gone` are pairs of a story and an entry of it. Each fresh entry takes one place at most, and of each story one is taken at most. The
    order of both does not matter.
    """
    news = [_traits(one, -one.pk) for one in sorted(fresh, key=_order)]
    olds = [_traits(one, story) for story, one in sorted(gone, key=lambda pair: _order(pair[1]))]
    pairs = [(one, other, _signs(one, other, unique)) for unique in [_unique(news, olds)] for one, other in _candidates(news, olds)]
    found = _taken([pair for pair in pairs if is_sure(pair[2])], {})
    if len(news) < MANY:
        return _pks(found)
    rest = [pair for pair in pairs if is_likely(pair[2], dates_are_lost=_are_lost(news))]
    more = _taken(_only(rest, found), found)
    return _pks(more if 2 * len(more) >= len(news) else found)


def is_sure(signs: Signs) -> bool:
    """Whether two entries are one without regard to others."""
    # A planet has pages of one path on two hosts: "/about", or what all were asked to write about.
    if signs.path and (signs.text or (signs.instant and (signs.title or signs.alike or signs.bare))):
        return True
    if signs.path and ((signs.host and (signs.title or signs.alike)) or (signs.title and signs.bare)):
        return True
    # A series has one title, one name and one way to begin: without a date that is near, it is the next of it.
    if signs.name and signs.title and signs.day:
        return True
    if signs.file and (signs.title or signs.text or signs.day):
        return True
    if signs.title:
        return (signs.text and signs.day) or (signs.bare and signs.instant)
    return signs.all_text and signs.instant


def is_likely(signs: Signs, *, dates_are_lost: bool) -> bool:
    """Whether two entries are one if nothing else has as much in common with either, and most of the document is known again."""
    if signs.title:
        return signs.path or signs.day or (dates_are_lost and signs.text)
    return (
        (signs.path and signs.alike) or (signs.text and signs.day) or (dates_are_lost and signs.all_text) or (signs.name and signs.instant)
    )


# ── what is compared ───────────────────────────────────────────────────────────────────────────────────────────────────


def _traits(member: StoredEntry, story: int) -> _Traits:
    entry = member.entry
    path = page_path(entry.link)
    # Behind a query or a fragment it is the name of many pages.
    name = "" if "?" in path or "#" in path else path.rpartition("/")[2]
    return _Traits(
        member=member,
        story=story,
        title=plain(entry.title.text) if entry.title else "",
        path=path,
        id_path=page_path(entry.raw_id) or (entry.raw_id or ""),
        name=name if len(_LETTERS.findall(name)) >= _MIN_LETTERS else "",
        files=tuple(dict.fromkeys(filter(None, (page_path(one.url) for one in entry.enclosures)))),
        words=words_of(entry),
    )


def _order(member: StoredEntry) -> tuple[datetime, str, int]:
    return member.sort_key, member.entry.raw_key, member.pk


def _marks(one: _Traits) -> Iterator[tuple[str, str]]:
    """Under what an entry is looked for."""
    yield from (("title", one.title), ("path", one.path), ("id", one.id_path), ("name", one.name))
    yield from (("file", file) for file in one.files)
    yield "instant", one.at.isoformat() if one.at else ""
    yield from (("text", key.value) for key in one.member.entry.keys if key.kind == "text")


def _unique(news: Sequence[_Traits], olds: Sequence[_Traits]) -> frozenset[tuple[str, str]]:
    """The pages, ids and files that are of one entry on each side: others are of none."""
    sides = [Counter(mark for mark in {(one.story, *mark) for one in side for mark in _marks(one)}) for side in (news, olds)]
    counts = [Counter((kind, value) for _, kind, value in side) for side in sides]
    return frozenset(mark for mark, count in counts[0].items() if mark[1] and count == 1 and counts[1].get(mark) == 1)


def _candidates(news: Sequence[_Traits], olds: Sequence[_Traits]) -> Iterator[tuple[_Traits, _Traits]]:
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


def _by_mark(side: Iterable[_Traits]) -> Mapping[tuple[str, str], list[_Traits]]:
    found: defaultdict[tuple[str, str], list[_Traits]] = defaultdict(list)
    for one in side:
        for mark in dict.fromkeys(_marks(one)):
            if mark[1]:
                found[mark].append(one)
    return found


def _signs(one: _Traits, other: _Traits, unique: frozenset[tuple[str, str]]) -> Signs:
    a, b = one.member.entry, other.member.entry
    has_title = same_title(a, b)
    found = likeness.likeness(one.words, other.words) if one.words and other.words else None
    is_short = min(len(one.words), len(other.words)) < _FEW_WORDS
    is_whole = len(one.words) >= _SOME_WORDS and one.words == other.words
    holds = found is not None and found.held >= _HELD and (found.common >= _COMMON or found.begins_alike)
    span = abs(a.published - b.published) if a.published and b.published else None
    is_other = not has_title and _is_another(one, other)
    is_other = is_other or (not holds and _have_other_authors(a, b))
    is_path = one.path == other.path and ("path", one.path) in unique
    is_id = one.id_path == other.id_path and ("id", one.id_path) in unique
    return Signs(
        path=not is_other and (is_path or is_id),
        host=(is_path and _host(a.link) == _host(b.link)) or (is_id and a.raw_id == b.raw_id),
        name=not is_other and bool(one.name) and one.name == other.name,
        file=any(("file", file) in unique for file in one.files if file in other.files),
        title=has_title and not is_other,
        alike=not is_other and _are_alike(a.title.text if a.title else "", b.title.text if b.title else ""),
        text=not is_other and (is_whole or (holds and not is_short)) and (has_title or not _is_instalment(one, other)),
        all_text=not _is_instalment(one, other) and (is_whole or (found is not None and not is_short and found.common >= _NEARLY_ALL)),
        bare=not one.words or not other.words,
        instant=span == timedelta(0),
        day=span is not None and span <= _DAY,
    )


def _host(address: str | None) -> str:
    return urlsplit(link_key(address or "")).netloc


def _have_other_authors(one: Entry, other: Entry) -> bool:
    ours, theirs = ({plain(author.name) for author in each.authors} for each in (one, other))
    return bool(ours and theirs) and not ours & theirs


def _is_another(one: _Traits, other: _Traits) -> bool:
    """Whether titles count differently: "Release 1.2" and "Release 1.3" may have one page, and are two."""
    titles = [one.member.entry.title, other.member.entry.title]
    numbers = [_NUMBER.findall(title.text) if title else [] for title in titles]
    return bool(numbers[0] and numbers[1]) and numbers[0] != numbers[1]


def _is_instalment(one: _Traits, other: _Traits) -> bool:
    titles = [likeness.title_words(each.member.entry.title.text) if each.member.entry.title else () for each in (one, other)]
    return one.title != other.title and likeness.is_another(titles[0], titles[1], one.words, other.words)


def _are_alike(one: str, other: str) -> bool:
    """Whether two titles share half of their words: one was edited."""
    ours, theirs = set(likeness.title_words(one)), set(likeness.title_words(other))
    return bool(ours and theirs) and 2 * len(ours & theirs) >= max(len(ours), len(theirs))


def _are_lost(news: Sequence[_Traits]) -> bool:
    """Whether the dates say nothing: there are none, or all became now."""
    dates = [one.at for one in news if one.at]
    return not dates or (len(dates) >= MANY and max(dates) - min(dates) <= _AT_ONCE)


# ── who takes whose place ──────────────────────────────────────────────────────────────────────────────────────────────

_Pair = tuple[_Traits, _Traits, Signs]
# In the order of `Signs`.
_WEIGHTS: Final = (8, 1, 4, 4, 6, 1, 4, 2, 0, 4, 2)


def _taken(pairs: Sequence[_Pair], before: Mapping[int, tuple[int, int]]) -> dict[int, tuple[int, int]]:
    """Let each take one place, the surest first; by the pk of the fresh one, the pk of the other and its story."""
    found = dict(before)
    stories = {story for _, story in before.values()}
    for one, other, _ in sorted(pairs, key=_preference):
        if one.member.pk not in found and other.story not in stories:
            found[one.member.pk] = (other.member.pk, other.story)
            stories.add(other.story)
    return found


def _preference(pair: _Pair) -> tuple[object, ...]:
    one, other, signs = pair
    span = abs(one.at - other.at) if one.at and other.at else timedelta.max
    return -_weight(signs), span, _order(one.member), other.member.first_seen.timestamp() * -1, _order(other.member)


def _weight(signs: Signs) -> int:
    return sum(weight for weight, is_there in zip(_WEIGHTS, signs, strict=True) if is_there)


def _only(pairs: Sequence[_Pair], found: Mapping[int, tuple[int, int]]) -> list[_Pair]:
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


def _pks(found: Mapping[int, tuple[int, int]]) -> dict[int, int]:
    return {pk: other for pk, (other, _) in found.items()}
