"""The texts of an item as all formats print them: the visible line in its place, and the small words around them."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from mimetypes import MimeTypes
from typing import Final
from urllib.parse import urlsplit

from aggregator.model import Archive, Enclosure, Item, Source, Url
from aggregator.publish.rights import first_sentences
from aggregator.web.licences import terms
from aggregator.web.text import clean, one_line, visible_text

_BEGINNING_CHARS: Final = 280
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")

# RFC 4287 section 4.1.3.1 and RFC 6838: type "/" subtype, parameters allowed.
_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9][\w!#$&^.+-]{0,126}/[A-Za-z0-9][\w!#$&^.+-]{0,126}(?:\s*;.*)?", re.ASCII)
# The library's own table only, so that what a machine has in /etc/mime.types does not show in the output.
_TYPES: Final = MimeTypes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """An item's texts, ready to be printed; empty where there is none. `beginning` is HTML too, and empty where `summary` is not."""

    summary: str
    content: str
    beginning: str


def parts(item: Item) -> Parts:
    """Put the visible line into an item's texts: into the content, else into the summary, else it is the content itself."""
    content, summary = clean(item.content or ""), clean(item.summary or "")
    if content or not summary:
        beginning = "" if summary else _beginning(content, item)
        return Parts(summary=summary, content=_with_line(content, item), beginning=beginning)
    return Parts(summary=_with_line(summary, item), content="", beginning="")


def _beginning(content: str, item: Item) -> str:
    """What readers that know no content get instead: its first sentences, or all of it where the licence lets nothing be cut off."""
    asked = terms(item.license)
    if asked and asked.no_derivatives:
        return content
    return html.escape(first_sentences(visible_text(content), _BEGINNING_CHARS, item.language), quote=False)


def _with_line(text: str, item: Item) -> str:
    line, owed = clean(item.line), (clean(item.credit), clean(item.notice), counting(item))
    blocks = (text, *owed, line) if item.place == "bottom" else (line, text, *owed)
    return "\n".join(block for block in blocks if block)


def counting(item: Item) -> str:
    """The images that count an item's readers for its publisher."""
    return "".join(f'<img src="{html.escape(url)}" width="1" height="1" alt="">' for url in item.counters)


def source_name(source: Source) -> str:
    """What a source is called, on one line and never empty: feeds need some word here."""
    return one_line(source.name) or "unknown source"


def rights_of(item: Item) -> str | None:
    """The rights in an item: the entry's own, else those of the feed where it first appeared; never those of who republished it."""
    return item.rights or (item.via[0].rights if item.via else item.source.rights if item.chain_known else None)


def instant(moment: datetime) -> datetime:
    """A moment as feeds write it: UTC, whole seconds."""
    return moment.astimezone(UTC).replace(microsecond=0)


def as_language(tag: str | None) -> str | None:
    """A language tag, if it has the form of one (RFC 5646 as RFC 4287 checks it).

    >>> as_language("pt_BR"), as_language("English, mostly")
    ('pt-BR', None)
    """
    said = (tag or "").strip().replace("_", "-")
    return said if _LANGUAGE.fullmatch(said) else None


def media_type(enclosure: Enclosure) -> str:
    """The media type of an enclosure: the publisher's where it is one, else by the file's extension, else unknown bytes.

    >>> media_type(Enclosure(url="https://a.example/b.mp3?c=1"))
    'audio/mpeg'
    """
    said = one_line(enclosure.type or "")
    if _MEDIA_TYPE.fullmatch(said):
        return said
    return _TYPES.guess_type(urlsplit(enclosure.url).path, strict=False)[0] or "application/octet-stream"


def is_episode(item: Item) -> bool:
    """Whether an item is something to listen to or to watch, as podcast players take it."""
    return any(map(_is_played, item.enclosures))


def explicit(item: Item) -> tuple[str, ...]:
    """Whether an episode is for grown-ups, as it says itself."""
    return tuple(element.text or "" for element in item.carried if element.name == "itunes:explicit")


def played_first(enclosures: Sequence[Enclosure]) -> list[Enclosure]:
    """Media in their order, those to listen to or to watch before pictures and other files."""
    return sorted(enclosures, key=lambda one: not _is_played(one))


def _is_played(enclosure: Enclosure) -> bool:
    return media_type(enclosure).startswith(("audio/", "video/"))


def archive_links(archive: Archive) -> list[tuple[str, Url]]:
    """The links of a document to the others of its feed, by relation."""
    links = (("current", archive.current), ("prev-archive", archive.previous), ("next-archive", archive.following))
    return [(relation, href) for relation, href in links if href]


def unique(enclosures: tuple[Enclosure, ...]) -> list[Enclosure]:
    """Enclosures without repeated addresses, in their order."""
    return list({enclosure.url: enclosure for enclosure in reversed(enclosures)}.values())[::-1]
