"""The small fields of feeds and entries, made safe: dates, people, categories, enclosures, languages, rights."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from aggregator.model import Category, Enclosure, Person, RawCategory, RawEntry, RawLink, RawPerson
from aggregator.web.text import looks_like_html, one_line, unmarked, visible_text
from aggregator.web.url import link, resource

MAX_ENCLOSURES: Final = 16
MAX_CATEGORIES: Final = 64
MAX_PEOPLE: Final = 32
MAX_NAME: Final = 200
MAX_RIGHTS: Final = 1000
_MAX_SPAN_S: Final = 100 * 3600

# The first feeds are of 1997 and some carry older archives; what is dated before the web, or in another century, is a mistake.
_EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_EARLIEST_S: Final = _EARLIEST.timestamp()
_LATEST_S: Final = _LATEST.timestamp()
_MAILBOX: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
# How a host of blogs calls those who show no name, with a mailbox that nobody reads.
_UNNAMED: Final = frozenset({"unknown", "anonymous"})
# What programs print where there is no name.
_NOTHING: Final = frozenset({"null", "NULL", "(null)", "undefined", "[object Object]"})
_NOBODY: Final = re.compile(r"(?:no|do-?not)-?reply", re.IGNORECASE)
_AROUND_NAME: Final = " \t,;:<>()[]\"'"
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,6}|[ix](?:-[A-Za-z0-9]{1,8}){1,6}")
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_SPAN: Final = re.compile(r"(?:(?:([0-9]{1,3}):)?([0-9]{1,4}):)?([0-9]{1,7})(?:\.[0-9]+)?")
_PERIODS: Final = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}


def instant(seconds: int | None) -> datetime | None:
    """An instant of the web's time (1990 to 2099), aware and UTC; None for any other."""
    if seconds is None or not _EARLIEST_S <= seconds < _LATEST_S:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def unread_date(what: str, written: str | None, read: datetime | None) -> tuple[str, ...]:
    """An oddity for a date that is there and says nothing."""
    return (f"{what} date not readable: {one_line(written)[:60]}",) if written and written.strip() and read is None else ()


@lru_cache(maxsize=256)  # A feed says the same one in each of its texts.
def language(tag: str | None) -> str | None:
    """A language tag in its usual form (RFC 5646 section 2.1.1); None if it has not the shape of one.

    >>> language("en_us"), language("ZH-hant-tw"), language("English")
    ('en-US', 'zh-Hant-TW', None)
    """
    tag = (tag or "").strip().replace("_", "-")
    if not _LANGUAGE.fullmatch(tag):
        return None
    first, *rest = tag.split("-")
    return "-".join([first.lower(), *map(_subtag, rest)])


def _subtag(subtag: str) -> str:
    if len(subtag) == 2 and subtag.isalpha():
        return subtag.upper()
    return subtag.capitalize() if len(subtag) == 4 and subtag.isalpha() else subtag.lower()


def person(raw: RawPerson, base: str | None = None) -> Person | None:
    """Read a person, also the forms `mail@example.org (Name)` and `Name <mail@example.org>` of RSS; None if nobody is named.

    An e-mail address is never the name; where nothing else is given, the part before the @ is.

    >>> person(RawPerson(name="jane@example.org (Jane Roe)")).name, person(RawPerson(email="noreply@example.org"))
    ('Jane Roe', None)
    """
    written = _as_text((raw.name or "")[: MAX_NAME * 5])
    mailbox = _MAILBOX.search(written)
    name = (written[: mailbox.start()] + " " + written[mailbox.end() :] if mailbox else written).replace("mailto:", "")
    name = one_line(name.strip(_AROUND_NAME) if mailbox else name)[:MAX_NAME]
    given = _MAILBOX.search((raw.email or "")[: MAX_NAME * 5]) or mailbox
    is_nobody = given is not None and _NOBODY.match(given[0]) is not None
    if (is_nobody and name.casefold() in _UNNAMED) or name in _NOTHING:
        return None
    email = given[0] if given and not is_nobody else None
    if not name and email:
        name = email.partition("@")[0]
    return Person(name=name, uri=link(raw.uri, base), email=email) if name else None


def people(raw: Iterable[RawPerson], base: str | None = None) -> tuple[Person, ...]:
    """Those who are named, each name once, in their order, at most 32."""
    found: dict[str, Person] = {}
    for one in raw:
        if (read := person(one, base)) and (key := read.name.casefold()) not in found:
            found[key] = read
    return tuple(found.values())[:MAX_PEOPLE]


def categories(raw: Sequence[RawCategory]) -> tuple[tuple[Category, ...], tuple[str, ...]]:
    """Categories, each term of a scheme once, at most 64; and an oddity if there were more."""
    found: dict[tuple[str, str | None], Category] = {}
    for one in raw:
        term, label = _as_text(one.term[: MAX_NAME * 5])[:MAX_NAME], _as_text((one.label or "")[: MAX_NAME * 5])[:MAX_NAME] or None
        scheme = one_line(one.scheme or "")[:MAX_NAME] or None
        if term:
            found.setdefault((term.casefold(), scheme), Category(term=term, scheme=scheme, label=label if label != term else None))
    return tuple(found.values())[:MAX_CATEGORIES], _beyond("categories", len(found), MAX_CATEGORIES)


def enclosures(raw: Sequence[RawLink], base: str | None) -> tuple[tuple[Enclosure, ...], tuple[str, ...]]:
    """Enclosures with an http(s) address, each address once, at most 16; and an oddity if there were more."""
    found: dict[str, Enclosure] = {}
    for one in raw:
        if url := resource(one.href, base):
            made = Enclosure(url=url, type=media_type(one.type), length=_length(one.length), title=name_of(one.title))
            found.setdefault(url, replace(made, duration_s=span_s(one.duration)))
    return tuple(found.values())[:MAX_ENCLOSURES], _beyond("enclosures", len(found), MAX_ENCLOSURES)


def span_s(text: str | None) -> int | None:
    """The seconds of a span, as podcasts write it.

    >>> span_s("1:02:03"), span_s("75.2"), span_s("an hour")
    (3723, 75, None)
    """
    found = _SPAN.fullmatch((text or "").strip())
    seconds = int(found[1] or 0) * 3600 + int(found[2] or 0) * 60 + int(found[3]) if found else 0
    return seconds if 0 < seconds <= _MAX_SPAN_S else None


def name_of(text: str | None) -> str | None:
    """A short text on one line; None if it is empty."""
    return one_line(text or "")[:MAX_NAME].strip() or None


def _as_text(text: str) -> str:
    """A name as it is meant, on one line: some programs write HTML there ("O&#8217;Brien", "Arts &amp; Culture"). What shows nothing as
    HTML is the name itself.
    """
    text = unmarked(text)
    return one_line((looks_like_html(text) and visible_text(text)) or text)


def rights(text: str | None) -> str | None:
    """A rights statement as plain text of at most 1,000 characters."""
    text = (text or "")[: MAX_RIGHTS * 10]
    return one_line(visible_text(text) if looks_like_html(text) else text)[:MAX_RIGHTS].strip() or None


def minutes(count: int | None, most: int) -> timedelta | None:
    """A span of whole minutes, None where none is given or it is absurd."""
    return timedelta(minutes=count) if count is not None and 0 < count <= most else None


def update_interval(period: str | None, frequency: int | None) -> timedelta | None:
    """The span between updates that the syndication module of RSS 1.0 states: daily and once, where only the other is given."""
    if period is None and frequency is None:
        return None
    span = _PERIODS.get((period or "daily").strip().lower())
    return span / min(max(frequency or 1, 1), 10_000) if span else None


def media_type(text: str | None) -> str | None:
    """A media type without its parameters, in lower case; None if it has not the shape of one."""
    text = (text or "").partition(";")[0].strip().lower()
    return text if _MEDIA_TYPE.fullmatch(text) else None


def _length(text: str | None) -> int | None:
    text = (text or "").strip()
    # Many write 0 for "unknown"; beyond 15 digits no file is that large.
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 and int(text) > 0 else None


def cut(raw: RawEntry) -> tuple[str, ...]:
    """An oddity for each kind of name, people and rights of which an entry gives more than is kept."""
    persons = max(raw.authors, raw.contributors, key=len)
    people_count = len({(one.name or one.email or "").casefold() for one in persons}) if len(persons) > MAX_PEOPLE else 0
    names = (one.name for one in (*raw.authors, *raw.contributors)), (one.term for one in raw.categories)
    long = sum(_is_longer(name, MAX_NAME) for given in names for name in given)
    return (
        *_beyond("people", people_count, MAX_PEOPLE),
        *((f"{long} names cut to {MAX_NAME} characters",) if long else ()),
        *((f"rights cut to {MAX_RIGHTS:,} characters",) if _is_longer(raw.rights, MAX_RIGHTS) else ()),
    )


def _is_longer(text: str | None, most: int) -> bool:
    return text is not None and len(text) > most and len(one_line(text)) > most


def _beyond(what: str, count: int, most: int) -> tuple[str, ...]:
    return (f"{count} {what}: the first {most} are kept",) if count > most else ()
