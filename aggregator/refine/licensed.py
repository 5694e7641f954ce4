"""The licence that an entry's own text names, in the markup that Creative Commons gives people for it: a link with rel="license"."""

import re
from dataclasses import replace
from typing import Final

from aggregator.model import RawEntry
from aggregator.refine.blocks import edges
from aggregator.refine.bylines import is_about_text, names_maker
from aggregator.refine.context import Context
from aggregator.refine.tokens import Tag, attribute, tokens
from aggregator.web.licences import licence, reserves_all, terms

_REL: Final = re.compile(r"\brel\s*=\s*(?:\"[^\"]*|'[^']*|)\blicense\b", re.IGNORECASE)


def licensed(raw: RawEntry, html: str | None, context: Context) -> RawEntry:
    """The entry with the licence that its text names, where its elements name none and do not reserve all rights.

    It stands in the first or last blocks of the text; under a picture, in a quotation or behind "Photo:" it is another's. Several that
    differ are none.
    """
    if not html or "license" not in html.casefold() or _is_settled(raw, context):
        return raw
    tags = [tag for tag in tokens(html) if isinstance(tag, Tag) and tag.name == "a" and not tag.closes and _REL.search(tag.attributes)]
    if not tags:
        return raw
    outer = edges(html)
    own = [block for block in (*outer.first, *outer.last) if block.kind == "text" and _is_about_entry(block.text)]
    said = {licence(attribute(tag, "href"), None) for tag in tags if any(block.start <= tag.start < block.end for block in own)}
    found = {address for address in said if terms(address)}
    return replace(raw, license=found.pop()) if len(found) == 1 else raw


def _is_about_entry(text: str) -> bool:
    return is_about_text(text) or not names_maker(text)


def _is_settled(raw: RawEntry, context: Context) -> bool:
    return bool(licence(raw.license, raw.rights, context.base)) or reserves_all(raw.rights or "")
