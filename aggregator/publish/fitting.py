"""Keep the texts of an output within its size: the oldest are cut to excerpts first, then they lose their text (pure)."""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from aggregator.model import Item, SafeHtml, Shelved
from aggregator.publish.rights import EXCERPT_CHARS, shortened, uncut
from aggregator.web.licences import terms

# Elements, dates, ids and the source around an item's texts; measured on Atom, the wordiest of the formats.
_ITEM_OVERHEAD_BYTES: Final = 1500


@dataclass(slots=True)
class Fitted:
    """An item as it fits: in which form (0 whole, 1 excerpt, 2 without its text), and the sizes in bytes of the forms that were looked at.

    `is_lacking`: it is kept in another form than fits, or its size in a form that was asked for is not known.
    """

    item: Item | Shelved
    sizes: list[int | None]
    form: int = 0
    is_lacking: bool = False

    @property
    def size(self) -> int:
        return self.sizes[self.form] or 0


def within(listed: Sequence[Item | Shelved], max_bytes: int, language: str) -> tuple[list[Fitted], tuple[str, ...]]:
    """Keep the texts within `max_bytes`, as they will measure in XML: the oldest are cut to excerpts first, then lose their text.

    Only as many as needed are cut, so the newest stay whole as long as they can; a note says how many.
    """
    kept = [_whole(one) for one in listed]
    total = sum(one.size for one in kept)
    for form, shorten in ((1, _to_excerpt), (2, _to_link)):
        for one in reversed(kept):
            if total <= max_bytes:
                break
            total -= _cut(one, form, shorten, language)
    for one in kept:
        one.is_lacking |= isinstance(one.item, Shelved) and one.form != one.item.form
    cut = sum(one.form > 0 for one in kept)
    return kept, (f"{cut} of {len(kept)} items were cut: the output would exceed max_bytes ({max_bytes})",) if cut else ()


def _whole(item: Item | Shelved) -> Fitted:
    return Fitted(item, list(item.sizes) if isinstance(item, Shelved) else [_size(item), None, None])


def _cut(one: Fitted, form: int, shorten: Callable[[Item, str], Item], language: str) -> int:
    """Bring an item into a shorter form, if that is shorter; return how many bytes are spared."""
    before, shorter = one.size, one.item
    if isinstance(one.item, Item):
        shorter = shorten(one.item, language)
        one.sizes[form] = _size(shorter)
    elif one.sizes[form] is None:
        # A guess, until it is composed again.
        one.sizes[form], one.is_lacking = min(before, _ITEM_OVERHEAD_BYTES + EXCERPT_CHARS), True
    if (one.sizes[form] or 0) < before:
        one.form, one.item = form, shorter
    return before - one.size


def _to_excerpt(item: Item, language: str) -> Item:
    asked = terms(item.license)
    if asked and asked.no_derivatives:
        text = uncut(item.summary, item.content, why="max_bytes")
    else:
        text = shortened(item.summary, item.content, link=item.link, language=language, of=item.language, why="max_bytes")
    return _without_whole(item, text.summary)


def _to_link(item: Item, language: str) -> Item:
    return _without_whole(item, None)


def _without_whole(item: Item, summary: SafeHtml | None) -> Item:
    """An item whose text is not whole any more: what was asked for in return for that goes along."""
    return replace(item, summary=summary, content=None, cut="max_bytes", notice=SafeHtml(""), counters=())


def _size(item: Item) -> int:
    texts = (item.content, item.summary, item.line, item.credit, item.notice, item.title.text if item.title else None)
    return _ITEM_OVERHEAD_BYTES + sum(len(html.escape(text, quote=False).encode("utf-8", "replace")) for text in texts if text)
