"""How much of a document is read: limits that both parsers share, and the count of what went over them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from aggregator.web.text import clean

MAX_ENTRIES = 1_000
MAX_TEXT_CHARS = 1 << 20
MAX_FIELD_CHARS = 1 << 16
MAX_URL_CHARS = 4096
# Longer names are no names, and feedparser's pattern for an e-mail address in them takes time with the square of their length.
MAX_NAME_CHARS = 256
MAX_CATEGORIES = 64
MAX_ENCLOSURES = 16
MAX_LINKS = 64
MAX_PERSONS = 64
MAX_CARRIED = 64
MAX_VIAS = 16
# Feeds name two or three; each is asked only where those before it do not push.
MAX_HUBS = 4
# An element may carry any number of attributes; none that a feed needs carries so many.
MAX_ATTRIBUTES = 200

CUT_OFF = "the document is cut off at its end"
"""What is said of a document that ends in the midst of an element."""

_SHORTENED = "texts cut at "
_ONE: Final = {"addresses": "address", "categories": "category", "entries": "entry"}
_T = TypeVar("_T")


def is_cut(oddity: str) -> bool:
    """Whether a line about a document says that a limit cut something.

    >>> is_cut("left out: 12 entries beyond 1,000"), is_cut("not well-formed")
    (True, False)
    """
    return " beyond " in oddity or oddity.startswith(_SHORTENED)


def so_many(number: int, what: str) -> str:
    """So many of what lies beyond a limit, which is said of several.

    >>> so_many(1, "names beyond 256 characters"), so_many(1200, "entries beyond 1,000")
    ('1 name beyond 256 characters', '1,200 entries beyond 1,000')
    """
    noun, space, rest = what.partition(" ")
    one = _ONE.get(noun, noun.removesuffix("s")) if number == 1 and " beyond " in what else noun
    return f"{number:,} {one}{space}{rest}"


@dataclass(slots=True)
class Cuts:
    """Counts what is left out while a document is read, to say it once for all entries."""

    left_out: dict[str, int] = field(default_factory=dict)
    cut: dict[str, set[int]] = field(default_factory=dict)
    shortened: int = 0

    def note(self, what: str, number: int = 1) -> None:
        self.left_out[what] = self.left_out.get(what, 0) + number

    def first(self, values: Iterable[_T], most: int, what: str) -> tuple[_T, ...]:
        """Keep the first `most` values of an entry; count the others."""
        kept = tuple(values)
        if len(kept) > most:
            self.note(f"{what} beyond {most} of one entry", len(kept) - most)
        return kept[:most]

    def field(self, value: str) -> str:
        """Cut a plain field at 64 KiB."""
        return value if len(value) <= MAX_FIELD_CHARS else self._cut(value, MAX_FIELD_CHARS, "fields beyond 64 KiB")

    def name(self, value: str) -> str:
        """Cut a name at 256 characters."""
        return value if len(value) <= MAX_NAME_CHARS else self._cut(value, MAX_NAME_CHARS, f"names beyond {MAX_NAME_CHARS} characters")

    def url(self, value: str) -> str:
        """Leave out an address of more than 4 KiB: one that is cut leads elsewhere."""
        return value if len(value) <= MAX_URL_CHARS else self._cut(value, 0, "addresses beyond 4 KiB")

    def _cut(self, value: str, most: int, what: str) -> str:
        """Count each value once, however often it is read."""
        counted = self.cut.setdefault(what, set())
        counted.add(hash(value))
        return value[:most]

    def text(self, value: str) -> str:
        """Clean a text and cut it at 1 MiB, not inside a tag."""
        value = clean(value)
        if len(value) <= MAX_TEXT_CHARS:
            return value
        self.shortened += 1
        value = value[:MAX_TEXT_CHARS]
        opened = value.rfind("<")
        return value[:opened] if opened > value.rfind(">") else value

    def oddities(self) -> tuple[str, ...]:
        """What to tell the editor, one line each."""
        lines = [f"left out: {so_many(number, what)}" for what, number in self.left_out.items()]
        lines += [f"cut: {so_many(len(values), what)}" for what, values in self.cut.items()]
        return (*lines, *((f"{_SHORTENED}1 MiB: {self.shortened:,}",) if self.shortened else ()))
