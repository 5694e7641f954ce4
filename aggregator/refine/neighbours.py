"""What the entries of one document decide together, told apart from what each says alone (pure).

An entry that is read while its neighbours are passed over, since they were seen before, must become what it would be among them; and they
must stay what they are without being read again. So of each a few digests are kept: what it must share with no neighbour, and its words.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from aggregator.model import Entry, RawEntry, SeenItem
from aggregator.refine import identity, twins
from aggregator.refine.normalize import MANY
from aggregator.web.url import link_key

# A digest that is another's by chance costs the reading of a whole document.
_MARK_BYTES: Final = 6
_WORD_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class Told:
    """What an entry is known by among its neighbours."""

    marks: tuple[bytes, ...]
    words: tuple[bytes, ...]


def told(raw: RawEntry, entry: Entry, feed_key: str) -> Told:
    """What tells an entry, refined for itself (`normalize.alone`), from its neighbours."""
    strongest = identity.marks(raw)[0]
    found = [f"{strongest.kind} {strongest.value}", *(f"{key.kind} {key.value}" for key in twins.keys(entry, feed_key))]
    found += [f"page {link_key(page)}" for page in dict.fromkeys((entry.link, *(hop.page for hop in entry.origin.chain))) if page]
    return Told(tuple(_digest(mark, _MARK_BYTES) for mark in found), tuple(map(word, text_keys(entry))))


def text_keys(entry: Entry) -> list[str]:
    return [key.value for key in entry.keys if key.kind == "text"]


def word(value: str) -> bytes:
    """The digest under which a text key is remembered."""
    return _digest(value, _WORD_BYTES)


def _digest(text: str, size: int) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()


def common_words(standing: Sequence[SeenItem], gone: Sequence[SeenItem], fresh: Sequence[Told]) -> frozenset[bytes] | None:
    """The words of what is fresh in a document that many of its entries share; None if that, or what has gone from it, changes anything for
    those that stand in it still: then they must be read again.
    """
    marks = {mark for item in standing for mark in item.marks}
    moved = [*(item.marks for item in gone), *(one.marks for one in fresh)]
    if not marks.isdisjoint(mark for mine in moved for mark in mine):
        return None
    stand, went, came = _counted(standing), _counted(gone), _counted(fresh)
    for one in went.keys() | came.keys():
        if stand[one] and (stand[one] + went[one] > MANY) != (stand[one] + came[one] > MANY):
            return None
    return frozenset(one for one in came if stand[one] + came[one] > MANY)


def _counted(items: Iterable[SeenItem | Told]) -> Counter[bytes]:
    return Counter(one for item in items for one in item.words)
