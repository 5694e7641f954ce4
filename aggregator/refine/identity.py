"""Who an entry is: its key within the feed, the id that subscribers see for ever, and a digest of what they would notice.

The rules are written out, with their reasons, in docs/identity.md.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha1
from typing import Final, Literal, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from aggregator.model import Enclosure, Person, RawEntry, RawText, Title, Url
from aggregator.refine.passing import settled_file, stable
from aggregator.web.host import host_of
from aggregator.web.text import clean, fingerprint, one_line, visible_text
from aggregator.web.url import is_absolute_iri, link, link_key

# Enough of a text to tell entries apart that have neither id, link nor title; edits are rarer near the beginning.
_FIRST_TEXT: Final = 200
_TAG: Final = re.compile(r'<[^>"]*+(?:"[^"]*+"[^>"]*+)*+>')
_ADDRESS: Final = re.compile(r' (?:href|src)="([^"]*)"')
# How it is written that a text goes on elsewhere.
_LEFT_OFF: Final = ".…[]()"
_LAST_NUMBER: Final = re.compile(r"(.*?)(\d{1,4})(\D*)", re.DOTALL)
# Of two entries either may be the first by chance.
_MANY: Final = 3

MarkKind = Literal["id", "link", "text"]


class Mark(NamedTuple):
    """One thing that tells an entry from others of its feed."""

    kind: MarkKind
    value: str


@dataclass(frozen=True, slots=True)
class Identity:
    """`raw_key` (blake2b-128, hex) is unique within the feed; `published_id` is an absolute IRI; `id_from` says what both rest on."""

    raw_key: str
    id_from: MarkKind
    published_id: str


def marks(raw: RawEntry) -> tuple[Mark, ...]:
    """What can identify an entry, the strongest first: its id, its link, its title (its first text, if untitled). Never empty.

    White space around an id does not count, and an id of white space only is none.

    >>> marks(RawEntry(id=" 7 ", link="http://www.example.org/a/", title=RawText(value="A")))[:2]
    (Mark(kind='id', value='7'), Mark(kind='link', value='https://example.org/a'))
    """
    found = [Mark("id", raw_id)] if (raw_id := (raw.id or "").strip()) else []
    if written := (raw.link or "").strip():
        page = link(written)
        # A relative link stays as it is written: the address of the feed may change, and the entry stay the same.
        found.append(Mark("link", link_key(page) if page else written))
    title = _plain(raw.title)
    if found:
        return (*found, Mark("text", title or _first_text(raw)))
    return (Mark("text", f"{title}\n{_first_text(raw)}"),)


def identities(entries: Sequence[RawEntry], feed_key: str) -> tuple[Identity, ...]:
    """Identify the entries of one document, in parallel with them; their order does not matter.

    The strongest mark is the identity. Where entries share it and differ in the next one, it identifies none of them, and each of them
    is known by both. Entries that share both are one entry, and get equal identities. Ids that are but places (`are_places`) are none.
    """
    known = [marks(entry) for entry in entries]
    if are_places(entries):
        known = [mine[1:] for mine in known]
    seconds: defaultdict[Mark, set[Mark | None]] = defaultdict(set)
    for first, *others in known:
        seconds[first].add(others[0] if others else None)
    return tuple(_identity(mine[: 2 if len(seconds[mine[0]]) > 1 else 1], feed_key) for mine in known)


def are_places(entries: Sequence[RawEntry]) -> bool:
    """Whether the ids of a document are the places of its entries: 0, 1, 2 … or 1, 2, 3 …, the newest first.

    With each new entry all of them would become another's. Who counts entries gives the newest the highest number.
    """
    found = [_LAST_NUMBER.fullmatch((entry.id or "").strip()) for entry in entries]
    numbers = [int(match[2]) for match in found if match]
    dates = [entry.published_s or entry.updated_s for entry in entries]
    if len(numbers) < max(_MANY, len(entries)) or sorted(numbers) not in ([*range(len(numbers))], [*range(1, len(numbers) + 1)]):
        return False
    if len({(match[1], match[3]) for match in found if match}) > 1 or len({marks(entry)[1] for entry in entries}) < len(entries):
        return False
    by_place = [date for _, date in sorted(zip(numbers, dates, strict=True), key=lambda pair: pair[0]) if date is not None]
    return len(by_place) == len(entries) and by_place[0] > by_place[-1] and by_place == sorted(by_place, reverse=True)


def key_of_id(raw_id: str, feed_key: str) -> str:
    """The key of the entry that this id alone identifies."""
    return _identity((Mark("id", raw_id.strip()),), feed_key).raw_key


def _identity(mine: tuple[Mark, ...], feed_key: str) -> Identity:
    first = mine[0]
    if len(mine) == 1 and first.kind == "id" and is_absolute_iri(first.value) and clean(first.value) == first.value:
        published_id = first.value
    else:
        published_id = derived("\n".join(mark.value for mark in mine), feed_key)
    key = "\n".join(f"{mark.kind} {mark.value}" for mark in mine)
    return Identity(fingerprint(_bytes(key)), first.kind, published_id)


def derived(name: str, feed_key: str) -> str:
    """A version 5 UUID (RFC 9562 section 5.5) of any name, lone surrogates included, within the namespace of the feed."""
    try:
        namespace = UUID(feed_key)
    except ValueError:
        namespace = uuid5(NAMESPACE_URL, feed_key)
    digest = sha1(namespace.bytes + _bytes(name), usedforsecurity=False).digest()
    return f"urn:uuid:{UUID(bytes=digest[:16], version=5)}"


def content_hash(
    title: Title | None, link: Url | None, texts: Sequence[str], enclosures: Sequence[Enclosure], authors: Sequence[Person]
) -> str:
    """Digest (blake2b-128, hex) of what a reader would notice: title, link, words, links and pictures, enclosures, authors.

    `texts` are summary and content, as `substance` and `said_once` give them. Markup that only looks different, dates and categories do not
    count, nor does what lets a reader in, nor on which host the page is: a site that moves with all its pages says nothing new.
    """
    media = [settled_file(enclosure.url) for enclosure in enclosures]
    said = [stable(link or ""), *texts, *media]
    own = host_of(link) if link else ""
    at_home = [_on_its_host(own).sub("//", text) if own in text else text for text in said] if own else said
    return _digest([title.text if title else "", *at_home, "", *(author.name for author in authors)])


@lru_cache(maxsize=64)
def _on_its_host(host: str) -> re.Pattern[str]:
    return re.compile(rf"https?://{re.escape(host)}(?![\w.:-])")


def text_hash(title: Title | None, texts: Sequence[str], enclosures: Sequence[Enclosure]) -> str:
    """Digest (blake2b-128, hex) of the text alone: title, words, links and pictures, enclosures.

    `texts` are as `noticed` gives them before anything was stripped, counters and all, so that other rules of what to strip, or another
    reading of who wrote the entry first, do not look like another text.
    """
    return _digest([title.text if title else "", *texts, *(enclosure.url for enclosure in enclosures)])


def noticed(html: str | None) -> str:
    """What a reader notices of a text that was cleaned: its words, and the addresses of its links and pictures."""
    if not html:
        return ""
    # Without its spaces too: where a line is broken is the business of whatever wrote the file.
    addresses = _ADDRESS.findall(html) if '="' in html else ()
    return "".join(_TAG.sub("", html).split()) + "\x1e" + "\x1e".join(addresses)


def said_once(summary: str, content: str) -> tuple[str, str]:
    r"""What summary and content say besides each other (as `noticed`): the only text is the content, and what only begins it is none.

    Where a text stands is the business of its feed's format: the description of RSS is what another format calls the content.

    >>> said_once("Rain.\x1e", "")
    ('', 'Rain.\x1e')
    >>> said_once("Rain[…]\x1e", "Rainandwind.\x1e")
    ('', 'Rainandwind.\x1e')
    """
    if not content:
        return "", summary
    return "" if _only_begins(summary, content) else summary, content


def _only_begins(summary: str, content: str) -> bool:
    (begun, *shown), (words, *addresses) = summary.split("\x1e"), content.split("\x1e")
    return words.startswith(begun.rstrip(_LEFT_OFF)) and set(shown) <= {*addresses, ""}


def _digest(parts: Sequence[str]) -> str:
    return fingerprint(_bytes("\x1f".join(parts)))


def _plain(text: RawText | None) -> str:
    return one_line(text.value) if text else ""


def _first_text(raw: RawEntry) -> str:
    text = next((text for text in (*raw.contents, raw.summary) if text and text.value.strip()), None)
    if text is None:
        return ""
    value = text.value[: _FIRST_TEXT * 20]
    return one_line(visible_text(value) if text.type != "text" else value)[:_FIRST_TEXT]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
