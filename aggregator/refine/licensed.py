"""The licence that an entry's own text names, in the markup that Creative Commons gives people for it: a link with rel="license"."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from aggregator.model import RawEntry
from aggregator.refine.blocks import Block, edges
from aggregator.refine.context import Context
from aggregator.refine.tokens import Tag, attribute, tokens
from aggregator.web.licences import is_of_text, licence, reserves_all, terms
from aggregator.web.text import one_line

_REL: Final = re.compile(r"\brel\s*=\s*(?:\"[^\"]*|'[^']*|)\blicense\b", re.IGNORECASE)
# A shorter one may be the name of something else.
_MIN_TITLE: Final = 8


def licensed(raw: RawEntry, html: str | None, context: Context) -> RawEntry:
    """The entry with the licence that its text names, where its elements name none and do not reserve all rights.

    It stands in the first or last blocks of the text, in a sentence about the text or by itself; under a picture, in a quotation or in
    anybody's credit ("A ferry by Ann Bell, CC BY 2.0") it is another's. Several that differ are none.
    """
    # Hardly any text has the word, and to look for that costs a hundredth of the other question.
    if not html or "license" not in html.lower() or not _REL.search(html) or _is_settled(raw, context):
        return raw
    tags = [tag for tag in tokens(html) if isinstance(tag, Tag) and tag.name == "a" and not tag.closes and _REL.search(tag.attributes)]
    hrefs = {attribute(tag, "href") for tag in tags}
    outer, title = edges(html), one_line(raw.title.value) if raw.title else ""
    own = [block for block in (*outer.first, *outer.last) if block.kind == "text"]
    said = {licence(href, None) for block in own for href in _named(block, hrefs, title)}
    found = {address for address in said if terms(address)}
    return replace(raw, license=found.pop()) if len(found) == 1 else raw


def _named(block: Block, hrefs: set[str], title: str) -> Iterator[str]:
    """The licences (as linked, of these links) that a block says are those of the text."""
    for link in block.links:
        before, behind = block.text[: link.start], block.text[link.end :]
        if link.href in hrefs and (is_of_text(before, behind) or (len(title) >= _MIN_TITLE and before.lstrip().startswith(title))):
            yield link.href


def _is_settled(raw: RawEntry, context: Context) -> bool:
    return bool(licence(raw.license, raw.rights, context.base)) or reserves_all(raw.rights or "")
