"""Tells the entries of a document apart by their bytes, in one quick pass, so that those that were seen before need not be parsed.

What is compared is the document as the parser would get it: decoded, without declaration and document type, at most 1,000 entries.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from aggregator.web.text import digest

_ENTRIES: Final = frozenset({"item", "entry"})
_DEEPEST: Final = 3  # rss > channel > item
_NESTED: Final = re.compile(rb"<(?:[\w.-]+:)?(?:item|entry)[\s>/]")
# In an attribute a ">" may stand.
_TAG: Final = re.compile(rb"<(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+>")
# Many write the time of the request there. What a feed says of its own update counts only together with an entry that is new or changed.
_DATES: Final = re.compile(
    rb"<(?P<name>(?:[\w.-]+:)?(?:lastBuildDate|pubDate|updated|modified|date))(?:\s[^<>]*)?>[^<]{0,100}</(?P=name)\s*>", re.IGNORECASE
)


class NotSplit(Exception):
    """A document that cannot be told apart by its entries, or must be read whole. The argument says why."""


@dataclass(frozen=True, slots=True)
class Split:
    """A document by its entries: where each begins and ends in `data`, and its digest.

    `frame` is the digest of the elements that hold them, `envelope` of all that stands around them but for dates.
    """

    data: bytes = field(repr=False)
    spans: tuple[tuple[int, int], ...] = field(repr=False)
    digests: tuple[bytes, ...] = field(repr=False)
    frame: bytes
    envelope: bytes

    def only(self, places: Collection[int]) -> str:
        """The document without all entries but those at these places; what stays, stays byte for byte."""
        pieces, at = [], 0
        for place, (start, end) in enumerate(self.spans):
            if place not in places:
                pieces.append(self.data[at:start])
                at = end
        pieces.append(self.data[at:])
        return b"".join(pieces).decode("utf-8")


def split(text: str) -> Split:
    """Find the entries of an XML document without a document type. Raises `NotSplit`.

    >>> found = split("<rss><channel><title>T</title><item><guid>1</guid></item><item><guid>2</guid></item></channel></rss>")
    >>> found.only({1})
    '<rss><channel><title>T</title><item><guid>2</guid></item></channel></rss>'
    """
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:
        raise NotSplit("it holds halves of characters") from None
    found = _Spans(data)
    if not found.spans:
        raise NotSplit("no entries were found in it")
    if any(_NESTED.search(data, start + 1, end) for start, end in found.spans):
        raise NotSplit("an entry seems to stand in another")
    digests = tuple(digest(data[start:end]) for start, end in found.spans)
    return Split(
        data,
        tuple(found.spans),
        digests,
        digest(repr([(name, sorted(given.items())) for name, given in found.frame]).encode()),
        digest(_around(data, found.spans)),
    )


def _around(data: bytes, spans: list[tuple[int, int]]) -> bytes:
    starts = [0, *(end for _, end in spans)]
    ends = [*(start for start, _ in spans), len(data)]
    # White space between entries comes and goes with them.
    pieces = [data[start:end].strip() for start, end in zip(starts, ends, strict=True)]
    return _DATES.sub(b"", b"\n".join(piece for piece in pieces if piece))


class _Spans:
    """One pass over a document: the spans of its entries, and the elements that are open around them. Raises `NotSplit`."""

    def __init__(self, data: bytes) -> None:
        self.spans: list[tuple[int, int]] = []
        self.frame: tuple[tuple[str, Mapping[str, str]], ...] = ()
        parser = expat.ParserCreate("utf-8")
        spans, around = self.spans, list[tuple[str, Mapping[str, str]]]()
        start, level, depth = -1, 0, 0

        # Called for each element: local names are what is quick.
        def starts(name: str, attributes: Mapping[str, str]) -> None:
            nonlocal start, level, depth
            depth += 1
            if start >= 0 or depth > _DEEPEST:
                return
            if name.rpartition(":")[2].lower() in _ENTRIES:
                start, level = parser.CurrentByteIndex, depth
                self._stands_in(around)
            elif depth < _DEEPEST:
                around.append((name, attributes))

        def ends(name: str) -> None:
            nonlocal start, depth
            if start >= 0:
                if depth == level:
                    spans.append((start, _end(data, start, parser.CurrentByteIndex)))
                    start = -1
            elif depth < _DEEPEST:
                around.pop()
            depth -= 1

        parser.StartElementHandler, parser.EndElementHandler = starts, ends
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            raise NotSplit("it is not well-formed") from error

    def _stands_in(self, around: Sequence[tuple[str, Mapping[str, str]]]) -> None:
        if not self.spans:
            self.frame = tuple(around)
        elif tuple(around) != self.frame:
            raise NotSplit("its entries stand in different elements")


def _end(data: bytes, start: int, at: int) -> int:
    """Where an element ends that begins at `start` and at whose end the parser is: of an empty one that may be behind its only tag."""
    opening = _TAG.match(data, start)
    if opening and data.startswith(b"/>", opening.end() - 2):
        return opening.end()
    return data.index(b">", at) + 1
