"""The judge of the store: what plain feedparser reads in a document, and whether the store still holds it.

It is independent of the code that it judges: its own reading of text, dates and addresses, and it allows only for what
normalizing means to change: tracking parameters, relative addresses, markup, what no reader sees, and the stated limits.
"""

import calendar
import json
import re
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import cast
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit
from xml.etree.ElementTree import Element

import feedparser
import html5lib
from dateutil import parser as dateutil
from lxml import etree

from aggregator.model import Entry

MAX_ENTRIES = 1000  # a document's entries beyond it are cut
MAX_CONTENT_BYTES = 1024 * 1024  # content beyond it is cut
MAX_TITLE_CHARS = 1000
_NAME_WORDS = 15  # a longer name is a text in the wrong place, and may be cut

# Dates before feeds existed, or from the future, need not be kept: they are someone's mistake.
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LEEWAY = timedelta(days=1)

_TRACKING = re.compile(
    r"utm_.*|at_(medium|campaign|custom\d)|mc_[ce]id|[gfmyt]clid|gclsrc|wbraid|gbraid|dclid|fb_.*|msclkid|twclid|ttclid|igshid|igsh|yclid|ysclid"
    r"|_openstat|_hs(enc|mi)|hsctatracking|mkt_tok|vero_.*|oly_.*|pk_.*|mtm_.*|matomo_.*|piwik_.*|wt[._].*|cmp(id)?|ito|ns_.*|ref(_?src|errer|_url)?"
    r"|source|rss|ncid|sr_share|trk.*|spm|__s|ck_subscriber_id|s_cid|icid|ocid|smid|xtor|ftag|mbid|smtyp|guce_.*|guccounter|srsltid|epik|campid"
    r"|fbclid|_g[al]|_k[ex]|_branch_match_id|__twitter_impression|at_.*|utm-.*|(ga|hsa|itm|stm)_.*|spref|soc_(src|trk)|zanpid|wickedid|gs_lcrp"
    r"|cx_partner|echobox|isappinstalled|ml_subscriber(_hash)?|rb_clickid|s?scid",
    re.IGNORECASE,
)
_NAMES_A_FEED = re.compile(r"rss|\b(?:atom|feeds?)\b", re.IGNORECASE)
_IS_ADDRESS = re.compile(r"\s*(https?:|/)", re.IGNORECASE)
_NAMED_ZONE = re.compile(r"\d:\d\d(?::\d\d)?(?: [AP]M)? (?!GMT\b|UTC?\b)[A-Z]{2,5}\b")
_FARTHEST_ZONE_S = 14 * 3600
_ASIDES = ("http://search.yahoo.com/mrss/", "http://www.itunes.com/dtds/podcast-1.0.dtd")
# What a browser with scripts shows of these is nothing, or something that no feed may carry.
_UNSEEN = {"script", "style", "noscript", "iframe", "object", "template", "title", "svg", "select", "button", "video", "audio"}


# ── what feedparser reads ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainEntry:
    """One entry as feedparser (or a plain reading of JSON) gives it.

    `texts` are its summary and contents; `dates` pairs of seconds since 1970 and the date as written. `others` are further addresses that
    may stand for `link`: other alternates, and what a feed service says that its own address wraps.
    """

    id: str | None
    link: str | None
    title: str | None
    others: tuple[str, ...] = ()
    dates: tuple[tuple[int, str], ...] = ()
    authors: tuple[str, ...] = ()
    texts: tuple[str, ...] = field(default=(), repr=False)

    @property
    def label(self) -> str:
        return (self.id or self.link or self.title or "?")[:120]


def read_plain(body: bytes, url: str, content_type: str) -> list[PlainEntry]:
    """Read a document as plainly as it can be read, without sanitizing; JSON Feeds by a plain reading of JSON.

    Where feedparser raises there is nothing that it reads, so nothing of it can be lost.
    """
    if body.lstrip()[:1] == b"{":
        return [_plain_json(item, url) for item in _json_items(body)]
    headers = {"content-location": url, "content-type": content_type}
    try:
        parsed = feedparser.parse(body, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    except Exception:  # noqa: BLE001 - whatever plain feedparser raises, as on `&#55357;`: it reads nothing there
        return []
    asides = _asides(body)
    return [_plain_entry(entry, url, asides, is_atom=parsed.version.startswith("atom")) for entry in parsed.entries]


def _asides(body: bytes) -> frozenset[str]:
    """Letters of what a document says of pictures and for podcast players, which feedparser mixes up with descriptions."""
    try:
        root = etree.fromstring(body, etree.XMLParser(recover=True, huge_tree=True, resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:  # an empty document
        return frozenset()
    elements = root.iter(*(f"{{{space}}}*" for space in _ASIDES)) if root is not None else ()
    return frozenset(letters(visible("".join(str(text) for text in element.itertext()))) for element in elements)


def _plain_entry(entry: feedparser.FeedParserDict, url: str, asides: frozenset[str], *, is_atom: bool) -> PlainEntry:
    texts = [content.get("value") or "" for content in entry.get("content", ())]
    if "summary" in entry:
        texts.append(entry.summary or "")
    names = [person.get("name") for person in entry.get("authors", ()) if person.get("name")]
    others = [link.get("href") for link in entry.get("links", ()) if link.get("rel") == "alternate"]
    # Without an alternate link feedparser gives the id for the link, which in Atom it is not.
    is_id = is_atom and not others and entry.get("link") == entry.get("id")
    is_empty = entry.get("link") == url  # `href=""`, resolved: the document itself is nobody's page
    return PlainEntry(
        id=entry.get("id") or None,
        link=None if is_id or is_empty else entry.get("link") or None,
        title=entry.get("title") or None,
        others=tuple(other for other in (*others, entry.get("feedburner_origlink")) if other),
        dates=tuple(
            (at, str(entry[name]))
            for name in ("published", "updated")
            if dict.get(entry, name) and (at := _seconds(dict.get(entry, f"{name}_parsed"))) is not None
        ),
        authors=tuple(dict.fromkeys(name for name in names if name)),
        texts=tuple(text for text in texts if text.strip() and letters(visible(text)) not in asides),
    )


def _seconds(parsed: time.struct_time | None) -> int | None:
    """The instant that feedparser found; None where it is none: it reads years before the first out of digits in a row."""
    with suppress(ValueError, OverflowError):
        return calendar.timegm(parsed) if parsed else None
    return None


def _json_items(body: bytes) -> list[Mapping[str, object]]:
    with suppress(ValueError, RecursionError):
        document = json.loads(body.decode("utf-8-sig", "replace"))
        if isinstance(document, dict) and isinstance(document.get("items"), list):
            return [item for item in document["items"] if isinstance(item, dict)]
    return []


def _plain_json(item: Mapping[str, object], url: str) -> PlainEntry:
    def text(key: str) -> str | None:
        value = item.get(key)
        return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip() else None

    people = [*cast("list[object]", item.get("authors") or []), item.get("author")]
    dates = [(seconds, value) for key in ("date_published", "date_modified") if (value := text(key)) and (seconds := iso_seconds(value))]
    link = text("url") or text("external_url")
    return PlainEntry(
        id=text("id"),
        link=urljoin(url, link) if link else None,
        title=text("title"),
        dates=tuple(dates),
        authors=tuple(str(person["name"]) for person in people if isinstance(person, dict) and person.get("name")),
        texts=tuple(value for key in ("content_html", "content_text", "summary") if (value := text(key))),
    )


def iso_seconds(text: str) -> int | None:
    with suppress(ValueError, OverflowError):
        date = dateutil.isoparse(text.strip())
        return int((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())
    return None


# ── what the store lacks ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One thing that a document holds and the store does not: the entry, the field, and what is missing of it."""

    entry: str
    field: str
    missing: str


def losses(read: Sequence[PlainEntry], stored: Sequence[Entry], *, now: datetime) -> list[Loss]:
    """Compare what was read in one document with what the store holds of its feed.

    Entries of one id and one link count once, and the fullest of them must be there. Beyond 1,000 entries of a document as many may be
    missing as it has too many.
    """
    index = _Index(stored)
    missing: list[Loss] = []
    found: list[Loss] = []
    for same in _grouped(read):
        attempts = [_entry_losses(plain, candidate, now) for plain in same for candidate in index.candidates(plain)]
        if attempts:
            least: list[Loss] = min(attempts, key=len)
            found += least
        elif any(_has_substance(plain) for plain in same):
            missing.append(Loss(entry=same[0].label, field="entry", missing="the whole entry"))
    allowed = max(0, len(read) - MAX_ENTRIES)
    return missing[: max(0, len(missing) - allowed)] + found


class _Index:
    """Stored entries by raw id; those without one by link and by title."""

    def __init__(self, stored: Sequence[Entry]) -> None:
        self._by_id: dict[str, list[Entry]] = defaultdict(list)
        self._nameless: list[Entry] = []
        for entry in stored:
            if entry.raw_id is None:
                self._nameless.append(entry)
            else:
                self._by_id[_squeezed_id(entry.raw_id)].append(entry)
        self._by_tail: dict[str, list[Entry]] = defaultdict(list)
        for key, entries in self._by_id.items():
            self._by_tail[_tail(key)] += entries

    def candidates(self, plain: PlainEntry) -> list[Entry]:
        if plain.id is None or not plain.id.strip():
            return self._nameless
        key = _squeezed_id(plain.id)
        # feedparser resolves ids against the base, and takes a link for the id where there is none.
        resolved = [entry for entry in self._by_tail.get(_tail(key), ()) if _resolves_to(entry, key)]
        return self._by_id.get(key) or resolved or [entry for entry in self._nameless if plain.link and _has_link(plain.link, entry)]


def _tail(id_: str) -> str:
    return letters(unquote(id_).rstrip("/").rpartition("/")[2])


def _resolves_to(entry: Entry, resolved: str) -> bool:
    raw = _squeezed_id(entry.raw_id or "")
    return bool(letters(raw)) and (urljoin(resolved, raw) == resolved or letters(unquote(resolved)).endswith(letters(unquote(raw))))


def _squeezed_id(text: str) -> str:
    return re.sub(r"\s+", " ", text.strip())


def _grouped(read: Sequence[PlainEntry]) -> Iterator[list[PlainEntry]]:
    groups: dict[tuple[str | None, str | None, str | None], list[PlainEntry]] = defaultdict(list)
    for plain in read:
        name = (plain.id, plain.link, None) if plain.id or plain.link else (None, None, plain.title or "".join(plain.texts))
        groups[name].append(plain)
    yield from groups.values()


def _has_substance(plain: PlainEntry) -> bool:
    return bool(plain.id or plain.link or plain.title or plain.texts)


def _entry_losses(plain: PlainEntry, entry: Entry, now: datetime) -> list[Loss]:
    checks = {
        "title": missing_title(plain, entry),
        "link": missing_link(plain, entry),
        "id": missing_id(plain, entry),
        "date": missing_dates(plain, entry, now),
        "authors": missing_authors(plain, entry),
        "content": missing_content(plain, entry),
    }
    return [Loss(entry=plain.label, field=name, missing=what[:300]) for name, what in checks.items() if what]


def missing_id(plain: PlainEntry, entry: Entry) -> str:
    """The id as read, unless the stored raw id is the same (or is what feedparser resolved it from, or there is none but a link)."""
    if plain.id is None or plain.id == entry.raw_id or (entry.raw_id is None and plain.id == plain.link):
        return ""
    return "" if entry.raw_id is not None and _resolves_to(entry, _squeezed_id(plain.id)) else plain.id


def missing_title(plain: PlainEntry, entry: Entry) -> str:
    """The title as read, unless its letters stand in the stored one, whether it was meant as markup or as text."""
    if not plain.title:
        return ""
    stored = letters(entry.title.text) if entry.title else ""
    readings = {letters(visible(plain.title)), letters(plain.title), letters(visible(visible(plain.title)))}
    cut = len(plain.title) > MAX_TITLE_CHARS
    return "" if any(stored == reading or (cut and stored and reading.startswith(stored[:500])) for reading in readings) else plain.title


def missing_link(plain: PlainEntry, entry: Entry) -> str:
    """The link as read, unless the entry holds it: as its link, or as the page that its origin or a claim names."""
    if not plain.link or not plain.link.strip().lower().startswith(("http://", "https://")):
        return ""
    # Of a guid that is no address ("abc123", in many podcasts) feedparser makes one under the feed's.
    is_made_up = entry.raw_id is not None and plain.link == plain.id and not plain.others and not _IS_ADDRESS.match(entry.raw_id)
    return "" if is_made_up or any(_has_link(link, entry) for link in (plain.link, *plain.others)) else plain.link


def _has_link(link: str, entry: Entry) -> bool:
    pages = [entry.link, entry.related, entry.comments, *(hop.page for hop in entry.origin.chain), *(claim.page for claim in entry.claims)]
    return any(same_address(link, page) for page in pages if page)


def same_address(read: str, stored: str) -> bool:
    """Is `stored` the same page as `read`: equal but for tracking parameters, spelling of the same bytes, or a wrapper around it?

    >>> same_address("http://Blog.example.org/a%7Eb?utm_source=rss&p=1", "http://blog.example.org/a~b?p=1")
    True
    >>> same_address("http://blog.example.org/?p=1", "http://blog.example.org/?p=2")
    False
    """
    with suppress(ValueError):
        theirs, ours = urlsplit(read.strip()), urlsplit(stored)
        if _host(theirs.hostname) == _host(ours.hostname) and _path(theirs.path) == _path(ours.path):
            return _query_kept(theirs.query, ours.query)
        carried = unquote(unquote(f"{theirs.path}?{theirs.query}"))  # by a redirector, in its path or query
        page = stored.partition("://")[2].rstrip("/")
        return bool(ours.hostname) and (page in carried if theirs.hostname != ours.hostname else f"://{page}" in carried)
    return False


def _host(name: str | None) -> str:
    with suppress(UnicodeError):
        return (name or "").encode("idna").decode().lower().rstrip(".")
    return (name or "").lower()


def _path(path: str) -> str:
    return letters(unquote(re.sub(r"(^|/)\./", "/", path)))


def _query_kept(read: str, stored: str) -> bool:
    theirs, ours = parse_qsl(read, keep_blank_values=True), parse_qsl(stored, keep_blank_values=True)
    dropped = [(name, value) for name, value in theirs if (name, value) not in ours]
    return all(pair in theirs for pair in ours) and all(_TRACKING.fullmatch(name) or _NAMES_A_FEED.search(value) for name, value in dropped)


def missing_dates(plain: PlainEntry, entry: Entry, now: datetime) -> str:
    """The dates as written of which the store has no trace; unreadable, absurdly old and future ones may be missing."""
    stored = {int(date.timestamp()) for date in (entry.published, entry.updated) if date}
    return "; ".join(written for seconds, written in plain.dates if not _date_kept(seconds, written, stored, now))


def _date_kept(seconds: int, written: str, stored: set[int], now: datetime) -> bool:
    readings = {seconds}
    with suppress(ValueError, OverflowError, TypeError), warnings.catch_warnings():  # where feedparser misreads a zone or a year
        warnings.simplefilter("ignore", dateutil.UnknownTimezoneWarning)
        date = dateutil.parse(written)
        readings.add(int((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()))
    if _NAMED_ZONE.search(written) and any(abs(seconds - at) <= _FARTHEST_ZONE_S and (seconds - at) % 900 == 0 for at in stored):
        return True  # feedparser takes most names of zones (CET, JST) for UTC
    is_sensible = all(_EARLIEST.timestamp() <= second <= (now + _LEEWAY).timestamp() for second in readings)
    return not is_sensible or bool(readings & stored)


def missing_authors(plain: PlainEntry, entry: Entry) -> str:
    """The authors of whom not every word stands among the stored names and addresses."""
    people = (*entry.authors, *entry.contributors)
    known = letters(" ".join(f"{person.name} {person.email or ''} {person.uri or ''}" for person in people))
    return "; ".join(
        name for name in plain.authors if not all(word in known for word in _words(visible(name))[:_NAME_WORDS] if word != "mailto")
    )


def missing_content(plain: PlainEntry, entry: Entry) -> str:
    """Words of the texts that no reader of the stored entry sees; texts beyond the limit count as kept if something is there."""
    stored = " ".join(visible(html) for html in (entry.content, entry.summary) if html) + " " + (entry.title.text if entry.title else "")
    missing: list[str] = []
    for text in plain.texts:
        if len(text.encode("utf-8", "replace")) > MAX_CONTENT_BYTES:
            missing += [] if stored.strip() else ["(everything)"]
        else:
            least: list[str] = min((words_missing(reading, stored) for reading in _readings(text)), key=len)
            missing += least
    return " ".join(dict.fromkeys(missing[:20]))


def _readings(text: str) -> Iterator[str]:
    """A text as markup, by two parsers that disagree on broken markup; and as plain text."""
    yield visible(text)
    yield text
    yield _visible_by_html5(text)


def words_missing(text: str, stored: str) -> list[str]:
    """The words of a text that do not stand in the stored one, wherever its tags and spaces fall.

    >>> words_missing("one two three", "onetwo four")
    ['three']
    """
    known, stream = set(_words(stored)), letters(stored)
    return [word for word in dict.fromkeys(_words(text)) if word not in known and letters(word) not in stream]


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def letters(text: str) -> str:
    """The letters and digits of a text, all in one.

    >>> letters("Don’t stop!")
    'dontstop'
    """
    return "".join(_words(text))


def visible(html: str) -> str:
    """What a reader sees of a piece of HTML; tags become spaces. Takes markup of any depth."""
    if "<" not in html and "&" not in html:
        return html
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return " ".join(reader.texts)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.texts.append(data)


def _xml_chars(text: str) -> str:
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", text)


def _visible_by_html5(html: str) -> str:
    with suppress(Exception):  # html5lib raises many things on odd input; then its opinion is not asked
        return " ".join(_texts(html5lib.parseFragment(_xml_chars(html), treebuilder="etree", namespaceHTMLElements=False)))
    return html


def _texts(root: Element) -> Iterator[str]:
    if isinstance(root.tag, str) and root.tag not in _UNSEEN:  # a comment's tag is a function
        yield root.text or ""
        for child in root:
            yield from _texts(child)
            yield child.tail or ""
