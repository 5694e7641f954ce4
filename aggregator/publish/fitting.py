"""Keep the texts of an output within its size: the oldest are cut to excerpts first, then they lose their text (pure)."""

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from aggregator.model import Element, Format, Item, OutputSpec, Person, SafeHtml, Shelved
from aggregator.publish.rights import EXCERPT_CHARS, Above, shortened, uncut
from aggregator.web.licences import terms

# Tags, dates and attributes beside what is said, measured on Atom, the wordiest of the formats: of a whole file, of an item and its source.
_FILE_BYTES: Final = 1500
_ITEM_BYTES: Final = 600
_PERSON_BYTES: Final = 75
_LINK_BYTES: Final = 60
_ENCLOSURE_BYTES: Final = 85
_ELEMENT_BYTES: Final = 60
# So much less an item takes in other formats.
_SPARED_BYTES: Final[Mapping[Format, int]] = {"rss": 350}
# What an item may take as an excerpt of which nothing is known yet.
_GUESSED_BYTES: Final = 1500 + EXCERPT_CHARS


# The forms in which an item may stand, each shorter than the one before; `Shelved.form` counts them so, too.
_WHOLE, _EXCERPT, _LINK = range(3)


@dataclass(slots=True)
class Fitted:
    """An item as it fits: in which form (0 whole, 1 excerpt, 2 without its text), and the sizes in bytes of the forms that were looked at.

    `is_lacking`: it is kept in another form than fits, or its size in a form that was asked for is not known.
    """

    item: Item | Shelved
    sizes: list[int | None]
    form: int = _WHOLE
    is_lacking: bool = False

    @property
    def size(self) -> int:
        return self.sizes[self.form] or 0


def within(listed: Sequence[Item | Shelved], output: OutputSpec, language: str) -> tuple[list[Fitted], tuple[str, ...]]:
    """Keep the texts within an output's `max_bytes`, as they will measure: the oldest are cut to excerpts first, then lose their text.

    Only as many as needed are cut, so the newest stay whole as long as they can; a note says how many.
    """
    kept = [_uncut(one) for one in listed]
    max_bytes = output.max_bytes
    total = _FILE_BYTES + sum(one.size for one in kept) - len(kept) * _SPARED_BYTES.get(output.format, 0)
    for form, shorten in ((_EXCERPT, _to_excerpt), (_LINK, _to_link)):
        for one in reversed(kept):
            if total <= max_bytes:
                break
            total -= _cut(one, form, shorten, language)
    for one in kept:
        one.is_lacking |= isinstance(one.item, Shelved) and one.form != one.item.form
    cut = sum(one.form != _WHOLE for one in kept)
    return kept, (f"{cut} of {len(kept)} items were cut: the output would exceed max_bytes ({max_bytes})",) if cut else ()


def _uncut(item: Item | Shelved) -> Fitted:
    return Fitted(item, list(item.sizes) if isinstance(item, Shelved) else [_size(item), None, None])


def _cut(one: Fitted, form: int, shorten: Callable[[Item, str], Item], language: str) -> int:
    """Bring an item into a shorter form, if that is shorter; return how many bytes are spared."""
    before, shorter = one.size, one.item
    if isinstance(one.item, Item):
        shorter = shorten(one.item, language)
        one.sizes[form] = _size(shorter)
    elif one.sizes[form] is None:
        # A guess, until it is composed again.
        one.sizes[form], one.is_lacking = min(before, _GUESSED_BYTES), True
    if (one.sizes[form] or 0) < before:
        one.form, one.item = form, shorter
    return before - one.size


def _to_excerpt(item: Item, language: str) -> Item:
    asked = terms(item.license)
    if asked and asked.no_derivatives:
        text = uncut(item.summary, item.content, why="max_bytes")
    else:
        above = Above.of(item.title, item.authors, item.published)
        text = shortened(item.summary, item.content, above=above, link=item.link, language=language, of=item.language, why="max_bytes")
    return _without_whole(item, text.summary)


def _to_link(item: Item, language: str) -> Item:
    return _without_whole(item, None)


def _without_whole(item: Item, summary: SafeHtml | None) -> Item:
    """An item whose text is not whole any more: what was asked for in return for that goes along."""
    return replace(item, summary=summary, content=None, cut="max_bytes", notice=SafeHtml(""), counters=())


def _size(item: Item) -> int:
    texts = (item.content, item.summary, item.line, item.credit, item.notice, item.title.text if item.title else None)
    return _length(*texts) + _around(item)


def _around(item: Item) -> int:
    """What an item takes beside its texts: its own addresses and names, and those of its source and of everybody on the way."""
    source = item.source
    said = _length(item.id, item.link, item.original)
    said += _length(source.name, source.id, source.feed_url, source.home, source.license, source.icon, source.rights)
    people = sum(_person(one) for one in (*item.authors, *item.contributors, *source.authors))
    way = sum(_LINK_BYTES + _length(hop.page or hop.home, hop.name) for hop in item.via)
    categories = sum(_LINK_BYTES + _length(one.term, one.scheme, one.label) for one in item.categories)
    media = sum(_ENCLOSURE_BYTES + _length(one.url, one.type, one.title) for one in item.enclosures)
    single = (item.thumbnail, item.comments, item.related, item.rights, item.license)
    others = sum(_LINK_BYTES + _length(one) for one in single if one)
    return _ITEM_BYTES + said + people + way + categories + media + others + sum(map(_element, item.carried))


def _person(one: Person) -> int:
    return _PERSON_BYTES + _length(one.name, one.uri, one.email)


def _element(one: Element) -> int:
    attributes = sum(_length(name, value) for name, value in one.attributes)
    return _ELEMENT_BYTES + 2 * len(one.name) + _length(one.text) + attributes + sum(map(_element, one.children))


def _length(*texts: str | None) -> int:
    """How many bytes texts take in XML."""
    return sum(len(html.escape(text, quote=False).encode("utf-8", "replace")) for text in texts if text)
