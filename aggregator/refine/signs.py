"""What two entries of a feed have in common, if one may have taken the other's place (pure)."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from aggregator.model import Entry, StoredEntry
from aggregator.refine import likeness, pictures, twins
from aggregator.refine.issues import is_next_there
from aggregator.refine.stories import plain, same_title, words_of
from aggregator.web.forms import built, page_path
from aggregator.web.url import link_key

_NEARLY_ALL: Final = 0.8
# Texts too short to be compared must be the same, and say something.
_SOME_WORDS: Final = 3
# Time zones that are taken for others move a date by quarters of an hour, up to so many hours; a time that was lost, to midnight.
_ZONES: Final = timedelta(hours=14)
_QUARTER: Final = timedelta(minutes=15)
_DAY: Final = timedelta(hours=24)
# Of so many words in a row the same ones are hardly a form, or a line that is used again.
_MANY_WORDS: Final = 60
# The name of a page needs letters: "2019", "12" and "p1" stand in addresses of many.
_LETTERS: Final = re.compile(r"[^\W\d_]")
_MIN_LETTERS: Final = 6
_NUMBER: Final = re.compile(r"\d+")
_ACCENT: Final = re.compile("[\u0300-\u036f]")
# A few words that begin a text are a cut of it; behind them may stand "read more".
_CUT: Final = 5
_BEGINNING: Final = 6
_MORE: Final = 2

Mark = tuple[str, str]
"""Something that an entry is looked for by: its kind, and what it is."""


class Signs(NamedTuple):
    """What two entries of a feed have in common. `path`: the page on whatever host, or the id; `host`: the same host besides; `name`: the
    last part of the path only.

    `image`: a picture that nobody else shows, and no text that speaks against it; `text`: one holds most of the other's words;
    `all_text`: nearly all is the same; `bare`: one has no text to compare, or no more of it than how the other begins; `begins`: it begins
    so, and nobody else does; `instant`: one date; `day`: dates that differ as another time zone or a lost time of day makes them, not as
    the numbers of a daily series do, nor to a time after the other was last there; `undated`: one has no date. `other`: both have words, or
    pictures only, and not the same ones; or neither says anything, and one program numbered both; `whole`: the same words; `alone`: nobody
    else on either side has the title; `own`: the same words, which nobody else on either side has; `long`: and many of them; `zone`: one is
    midnight, and the other that of another zone.
    """

    path: bool
    host: bool
    name: bool
    file: bool
    image: bool
    title: bool
    alike: bool
    text: bool
    all_text: bool
    bare: bool
    begins: bool
    instant: bool
    day: bool
    undated: bool
    other: bool
    whole: bool
    alone: bool
    own: bool
    long: bool
    zone: bool


@dataclass(frozen=True, slots=True)
class Traits:
    """An entry as it is compared; `story` is the one that it tells, or a number of its own."""

    member: StoredEntry
    story: int
    title: str
    path: str
    id_path: str
    name: str
    files: tuple[str, ...]
    images: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def begins(self) -> str:
        """The first words, if they are enough to tell a text by."""
        return " ".join(self.words[:_BEGINNING]) if len(self.words) >= _BEGINNING else ""

    @property
    def said(self) -> str:
        """All words, if they are enough to tell a text by."""
        return " ".join(self.words) if len(self.words) >= likeness.FEW_WORDS else ""

    @property
    def at(self) -> datetime | None:
        return self.member.entry.published

    @property
    def built(self) -> tuple[str, str]:
        """How the address and the id are put together: "/2026/11/a-day" as "/2019/5/mills"."""
        return built(self.member.entry.link or ""), built(self.member.entry.raw_id or "")

    def marks(self) -> Iterator[Mark]:
        """Under what the entry is looked for."""
        found = [("title", self.title), ("path", self.path), ("id", self.id_path), ("name", self.name)]
        found += [("file", file) for file in self.files]
        found += [("image", image) for image in pictures.known_by(self.images)]
        found += [("begins", self.begins), ("said", self.said)]
        found += [("instant", self.at.isoformat() if self.at else "")]
        found += [(key.kind, key.value) for key in self.member.entry.keys if key.kind == "text"]
        yield from dict.fromkeys(mark for mark in found if mark[1])


Pair = tuple[Traits, Traits, Signs]
"""A fresh entry, another one that the feed had, and what they have in common."""


def traits_of(member: StoredEntry, story: int) -> Traits:
    """An entry as it is compared with others of its feed."""
    entry = member.entry
    path = page_path(entry.link)
    # Behind a query or a fragment it is the name of many pages.
    name = "" if "?" in path or "#" in path else path.rpartition("/")[2]
    return Traits(
        member=member,
        story=story,
        title=_folded(entry.title.text) if entry.title else "",
        path=path,
        id_path=page_path(entry.raw_id) or (entry.raw_id or ""),
        name=name if len(_LETTERS.findall(name)) >= _MIN_LETTERS else "",
        files=tuple(dict.fromkeys(filter(None, (page_path(one.url) for one in entry.enclosures)))),
        images=pictures.shown(entry),
        words=words_of(entry),
    )


def compared(one: Traits, other: Traits, unique: frozenset[Mark]) -> Signs:
    """What two entries have in common. Pages, ids, files and pictures count only if they are `unique`: of one entry on each side."""
    a, b = one.member.entry, other.member.entry
    text = _texts(one, other)
    has_title = same_title(a, b) or (bool(one.title) and one.title == other.title)
    is_other = (not has_title and _is_counted_on(one, other)) or (not text.holds and _have_other_authors(a, b))
    span = abs(a.published - b.published) if a.published and b.published else None
    is_page = one.path == other.path and ("path", one.path) in unique
    is_other = is_other or (is_page and is_next_there(one.member, other.member))
    is_id = one.id_path == other.id_path and ("id", one.id_path) in unique
    is_next = not has_title and _is_instalment(one, other)
    is_bare = not one.words or not other.words or _is_cut(one.words, other.words)
    is_own = one.words == other.words and ("said", one.said) in unique
    theirs = pictures.known_by(other.images)
    is_picture = any(("image", image) in unique for image in pictures.known_by(one.images) if image in theirs)
    return Signs(
        path=not is_other and (is_page or is_id),
        host=(is_page and _host(a.link) == _host(b.link)) or (is_id and a.raw_id == b.raw_id),
        name=not is_other and bool(one.name) and one.name == other.name,
        file=any(("file", file) in unique for file in one.files if file in other.files),
        image=is_picture and not is_other and (text.is_same or is_bare),
        title=has_title and not is_other,
        alike=not is_other and _are_alike(a.title.text if a.title else "", b.title.text if b.title else ""),
        text=text.is_same and not is_other and not is_next,
        all_text=text.is_nearly_all and not is_next,
        bare=is_bare and not pictures.are_others(one.images, other.images),
        begins=is_bare and not is_other and one.begins == other.begins and ("begins", one.begins) in unique,
        instant=span == timedelta(0),
        day=_is_one_day(a.published, b.published, other.member.last_seen),
        undated=span is None,
        other=text.is_other or (is_bare and (pictures.are_others(one.images, other.images) or twins.are_numbered(a, b))),
        whole=one.words == other.words and len(one.words) >= _SOME_WORDS,
        alone=one.title == other.title and ("title", one.title) in unique,
        own=is_own,
        long=is_own and len(one.words) >= _MANY_WORDS,
        zone=a.published is not None and b.published is not None and _is_one_midnight(a.published, b.published),
    )


class _Texts(NamedTuple):
    """Two texts compared: one `holds` most of the other; enough to be the same; nearly all of both; hardly anything."""

    holds: bool
    is_same: bool
    is_nearly_all: bool
    is_other: bool


def _texts(one: Traits, other: Traits) -> _Texts:
    if not one.words or not other.words:
        return _Texts(holds=False, is_same=False, is_nearly_all=False, is_other=False)
    found = likeness.likeness(one.words, other.words)
    is_short = found.words < likeness.FEW_WORDS
    is_whole = one.words == other.words and len(one.words) >= _SOME_WORDS
    holds = found.held >= likeness.HELD and (found.common >= likeness.COMMON or found.begins_alike)
    return _Texts(
        holds=holds,
        is_same=is_whole or (holds and not is_short),
        is_nearly_all=is_whole or (found.common >= _NEARLY_ALL and not is_short),
        is_other=likeness.are_others(one.words, other.words) and not _is_cut(one.words, other.words),
    )


def _is_cut(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether the one, of a few words, is how the other, of many, begins; the last of them may be cut, or point on."""
    short, long = sorted((one, other), key=len)
    if len(short) >= likeness.FEW_WORDS or len(long) < likeness.FEW_WORDS:
        return False
    alike = next((at for at, (mine, theirs) in enumerate(zip(short, long, strict=False)) if mine != theirs), len(short))
    if alike < _SOME_WORDS or (len(long) < 2 * len(short) and alike < _BEGINNING):
        return False
    return alike == len(short) or (alike >= _CUT and len(short) - alike <= _MORE)


def _folded(title: str) -> str:
    """A title without what editors and programs change of it: case, marks, accents, "&"."""
    apart = _ACCENT.sub("", unicodedata.normalize("NFKD", title.replace("&", " and ")))
    return plain(unicodedata.normalize("NFKC", apart))


def _is_one_day(fresh: datetime | None, before: datetime | None, last_seen: datetime) -> bool:
    if fresh is None or before is None or fresh > last_seen:
        return False
    span = abs(fresh - before)
    is_moved = span <= _ZONES and not span % _QUARTER
    return is_moved or (span < _DAY and time.min in (fresh.time(), before.time()) and fresh.time() != before.time())


def _is_one_midnight(one: datetime, other: datetime) -> bool:
    """Whether dates without a time of day are read as midnight here, and as that of another zone there."""
    return time.min in (one.time(), other.time()) and abs(one - other) <= _ZONES and not abs(one - other) % _QUARTER


def _host(address: str | None) -> str:
    return urlsplit(link_key(address or "")).netloc


def _have_other_authors(one: Entry, other: Entry) -> bool:
    ours, theirs = ({plain(author.name) for author in each.authors} for each in (one, other))
    return bool(ours and theirs) and not ours & theirs


def _is_counted_on(one: Traits, other: Traits) -> bool:
    """Whether titles count differently: "Release 1.2" and "Release 1.3" may have one page, and are two."""
    titles = [one.member.entry.title, other.member.entry.title]
    numbers = [_NUMBER.findall(title.text) if title else [] for title in titles]
    return bool(numbers[0] and numbers[1]) and numbers[0] != numbers[1]


def _is_instalment(one: Traits, other: Traits) -> bool:
    titles = [likeness.title_words(each.member.entry.title.text) if each.member.entry.title else () for each in (one, other)]
    return likeness.is_another(titles[0], titles[1], one.words, other.words)


def _are_alike(one: str, other: str) -> bool:
    """Whether two titles share half of their words: one was edited."""
    ours, theirs = set(likeness.title_words(one)), set(likeness.title_words(other))
    return bool(ours and theirs) and 2 * len(ours & theirs) >= max(len(ours), len(theirs))
