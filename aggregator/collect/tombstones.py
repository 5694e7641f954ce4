"""What a feed says it has deleted (RFC 6721), which feedparser passes over."""

from typing import cast

from lxml import etree

from aggregator.collect.dates import seconds
from aggregator.collect.limits import MAX_ENTRIES, MAX_FIELD_CHARS
from aggregator.model import RawTombstone

_DELETED = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
# Below these only: a text may hold any element.
_FEEDS = ("{http://www.w3.org/2005/Atom}feed", "channel")


def tombstones(text: str) -> tuple[RawTombstone, ...]:
    """The deleted entries of a document without a document type (`wellformed.bare`), each once, at most 1,000.

    >>> deleted = '<d:deleted-entry xmlns:d="http://purl.org/atompub/tombstones/1.0" ref="tag:a.example,2020:1" when="2026-01-02"/>'
    >>> [stone.ref for stone in tombstones(f'<feed xmlns="http://www.w3.org/2005/Atom">{deleted}</feed>')]
    ['tag:a.example,2020:1']
    """
    if "deleted-entry" not in text:
        return ()
    target = _Target()
    parser = etree.XMLParser(
        target=cast("etree.ParserTarget", target), recover=True, resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False
    )
    try:
        parser.feed(text.encode("utf-8", "replace"))
        parser.close()
    except etree.LxmlError:
        pass  # What was found up to there was said.
    return tuple(target.found.values())


class _Target:
    """A parser target that keeps no tree: of hostile documents that would be the costly part."""

    def __init__(self) -> None:
        self.found: dict[str, RawTombstone] = {}
        self._open: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == _DELETED and self._open[-1:] and self._open[-1] in _FEEDS:
            self._note(attributes)
        self._open.append(tag)

    def end(self, tag: str) -> None:
        if self._open:
            self._open.pop()

    def close(self) -> None:
        """Called by the parser at the end."""

    def _note(self, attributes: dict[str, str]) -> None:
        ref, when = attributes.get("ref", "").strip(), attributes.get("when", "")[:MAX_FIELD_CHARS]
        if ref and len(self.found) < MAX_ENTRIES:
            self.found.setdefault(ref, RawTombstone(ref=ref, when=when or None, when_s=seconds(when)))
