"""Where did these entries come from? Runs the product's own path over a labelled set and prints one prediction a line.

usage: python -m bench.provenance SET.jsonl > predictions.jsonl

A line of the set has `id`, `feed` {url, link, title} and `entry` {id, link, title, content_html, links, source, …}; a prediction has
`id`, `claim` (foreign, self, none), `origin_name`, `origin_url`, `origin_site`.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aggregator.model import Entry, FeedSpec, Hop, RawEntry, RawFeed, RawLink, RawSource, RawText
from aggregator.refine import normalize
from aggregator.web.host import host_of

# The labels call an entry "self" where its text or its atom:source names its own feed; its permalink and redirectors do so always.
_SAID = ("phrase", "atom:source")


def main(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            sys.stdout.write(json.dumps(prediction(json.loads(line)), ensure_ascii=False) + "\n")


def prediction(line: Mapping[str, Any]) -> dict[str, str | None]:
    """What the product says of one line of the set."""
    entry = refined(line)
    chain = entry.origin.chain
    claim = "foreign" if chain else "self" if any(c.standing == "self" and c.kind in _SAID for c in entry.claims) else "none"
    made: dict[str, str | None] = {"id": line["id"], "claim": claim, "origin_name": None, "origin_url": None, "origin_site": None}
    return made | (_of_hop(chain[0]) if chain else {})


def refined(line: Mapping[str, Any]) -> Entry:
    """A line of the set as the product normalizes it: its feed as the only feed, polled from its own address."""
    feed, raw = line["feed"], raw_entry(line["entry"])
    link = feed.get("link") if str(feed.get("link")).startswith("http") else None
    url = feed.get("url") or link or "https://feed.invalid/"
    spec = FeedSpec(id="feed", url=url, shown_url=url)
    title = RawText(value=feed["title"]) if feed.get("title") else None
    parsed = RawFeed(version="atom10", title=title, link=link, self_url=feed.get("url"), entries=(raw,))
    context = normalize.context(spec, "feed", normalize.head(parsed, url), base=url)
    return normalize.entry(raw, context)


def raw_entry(entry: Mapping[str, Any]) -> RawEntry:
    html = entry.get("content_html")
    return RawEntry(
        id=entry.get("id"),
        link=entry.get("link"),
        links=tuple(_links(entry)),
        title=RawText(value=entry["title"]) if entry.get("title") else None,
        contents=(RawText(value=html, type="html"),) if html else (),
        published=entry.get("published"),
        rights=entry.get("rights"),
        source=_source(entry.get("source")),
        dc_source=entry.get("dc_source"),
        dcterms_source=entry.get("dcterms_source"),
        feedburner_origlink=entry.get("feedburner_origlink"),
    )


def _links(entry: Mapping[str, Any]) -> Iterator[RawLink]:
    for link in entry.get("links") or ():
        if link.get("href"):
            yield RawLink(href=link["href"], rel=link.get("rel") or "alternate", title=link.get("title"))


def _source(source: Mapping[str, Any] | None) -> RawSource | None:
    if not source:
        return None
    if source.get("href") and not (source.get("id") or source.get("self") or source.get("link")):
        return RawSource(kind="rss", title=source.get("title"), self_url=source["href"])
    return RawSource(kind="atom", id=source.get("id"), title=source.get("title"), link=source.get("link"), self_url=source.get("self"))


def _of_hop(hop: Hop) -> dict[str, str | None]:
    known = hop.page or hop.home or hop.feed_url
    return {"origin_name": hop.name, "origin_url": hop.page, "origin_site": host_of(known) if known else hop.site}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
