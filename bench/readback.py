"""The judge of the outputs: what a reader that knows nothing of us reads in them, and whether the store says the same."""

import calendar
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import feedparser

from aggregator.model import Entry, JsonValue
from bench.oracle import iso_seconds, letters, same_address, visible


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedEntry:
    """One entry of an output, read back by a reader that knows nothing of us.

    `titles` are the letters of its title, read as text and (where the format leaves that open) as markup.
    """

    id: str
    link: str | None
    titles: frozenset[str]
    published: int | None
    updated: int | None
    authors: tuple[str, ...]
    source_authors: tuple[str, ...] = ()
    has_source: bool
    has_line: bool


def read_xml_output(body: bytes) -> list[PublishedEntry]:
    """Read an Atom or RSS output with feedparser. Raises: ValueError when it is not well-formed."""
    parsed = feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False, response_headers={"content-type": "application/xml"})
    if parsed.bozo:
        raise ValueError(f"not well-formed: {parsed.bozo_exception}")
    return [_published(entry) for entry in parsed.entries]


def _published(entry: feedparser.FeedParserDict) -> PublishedEntry:
    texts = [content.get("value") or "" for content in entry.get("content", ())] + [entry.get("summary") or ""]
    source = entry.get("source") or {}
    alternates = [link["href"] for link in entry.get("links", ()) if link.get("rel") == "alternate" and link.get("href")]
    return PublishedEntry(
        id=entry.get("id") or "",
        link=next(iter(alternates), None),
        titles=frozenset({letters(entry.get("title") or ""), letters(visible(entry.get("title") or ""))}),
        published=_seconds(dict.get(entry, "published_parsed")),
        updated=_seconds(dict.get(entry, "updated_parsed")),
        authors=_names(entry),
        source_authors=_names(source),
        has_source=bool(source.get("title") or source.get("href") or source.get("id")),
        has_line=any("aggregator-origin" in text for text in texts),
    )


def _names(holder: Mapping[str, object]) -> tuple[str, ...]:
    people = cast("list[Mapping[str, str]]", holder.get("authors") or [])
    return tuple(person["name"] for person in people if person.get("name"))


def _seconds(parsed: object) -> int | None:
    return calendar.timegm(cast("tuple[int, ...]", parsed)) if parsed else None


def read_json_output(body: bytes) -> list[PublishedEntry]:
    """Read a JSON Feed output. Raises: ValueError when it is not JSON."""
    return [_published_json(item) for item in json.loads(body)["items"]]


def _published_json(item: Mapping[str, JsonValue]) -> PublishedEntry:
    def text(key: str) -> str:
        return str(item.get(key) or "")

    return PublishedEntry(
        id=text("id"),
        link=text("url") or None,
        titles=frozenset({letters(text("title"))}),
        published=iso_seconds(text("date_published")),
        updated=iso_seconds(text("date_modified")),
        authors=_names(item),
        has_source=bool(item.get("_provenance")),
        has_line="aggregator-origin" in text("content_html") + text("summary") or bool(text("content_text")),
    )


def readback_errors(outputs: Mapping[str, Sequence[PublishedEntry]], listed: Mapping[str, Sequence[Entry]]) -> list[str]:
    """What the outputs (by name) say differently from one another or from the store, one sentence each.

    `listed` maps each published id to the entries of its story: title, link and authors of the output must be those of one of them.
    """
    errors: list[str] = []
    first_name, first = next(iter(outputs.items()), ("", ()))
    reference = {entry.id: entry for entry in first}
    for name, entries in outputs.items():
        ids = [entry.id for entry in entries]
        errors += [f"{name}: {id_} twice" for id_ in sorted({id_ for id_ in ids if ids.count(id_) > 1})] if len(set(ids)) < len(ids) else []
        errors += [f"{name}: {id_} is missing" for id_ in sorted(set(listed) - set(ids))]
        errors += [f"{name}: {id_} is not listed in the store" for id_ in sorted(set(ids) - set(listed))]
        for entry in entries:
            errors += [f"{name}: {entry.id}: {what}" for what in _says_wrong(entry, listed.get(entry.id, ()))]
            errors += [f"{name}: {entry.id}: {what} than in {first_name}" for what in _differs(entry, reference.get(entry.id))]
    return errors


def _says_wrong(entry: PublishedEntry, members: Sequence[Entry]) -> Iterable[str]:
    if not entry.has_source:
        yield "no source"
    if not entry.has_line:
        yield "no visible line"
    if not members:
        return
    titles = {letters(member.title.text) if member.title else "" for member in members}
    if not entry.titles & titles and not any(title.startswith(ours[:500]) for title in titles for ours in entry.titles if len(ours) > 500):
        yield "another title"
    pages = {page for member in members for page in _pages(member)}
    if entry.link and not any(same_address(page, entry.link) for page in pages):
        yield f"a link that no copy has: {entry.link}"
    if not entry.link and all(member.link for member in members):
        yield "no link"


def _pages(member: Entry) -> Iterator[str]:
    pages = [member.link, member.related, *(hop.page for hop in member.origin.chain), *(claim.page for claim in member.claims)]
    yield from (page for page in pages if page)


def _differs(entry: PublishedEntry, other: PublishedEntry | None) -> Iterable[str]:
    if other is None:
        return
    if not entry.titles & other.titles:
        yield f"another title ({sorted(entry.titles)[0]:.80} for {sorted(other.titles)[0]:.80})"
    for name in ("link", "published"):
        ours, theirs = getattr(entry, name), getattr(other, name)
        if ours != theirs:
            yield f"another {name} ({ours!r:.80} for {theirs!r:.80})"
    # Where an entry names nobody, its source's authors are its authors (RFC 4287 section 4.2.1), said or not.
    named = set(other.authors)
    if set(entry.authors) != named and (named or not set(entry.authors) <= set(other.source_authors)):
        yield f"other authors ({entry.authors!r:.80} for {other.authors!r:.80})"
