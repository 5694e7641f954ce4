"""The visible line, "This article originally appeared at …": its wording per language and its one form in HTML."""

import html
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from aggregator.model import Attribution, SafeHtml, Url
from aggregator.publish.languages import direction, nearest
from aggregator.web.text import clean

LINE_CLASS = "aggregator-origin"
"""The class of the visible line: whoever reads our output, we included, replaces the line by it instead of stacking another."""

_SLOT = re.compile(r"\{(origin|via|places)\}")
_FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Linked:
    """Words in a line, with the page they lead to (None: words only)."""

    text: str
    url: Url | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What a reader sees in one language (lines.toml). `weekdays` begin with Monday; `first_day` is the number of the first of a month."""

    origin: str
    via: str
    from_: str
    also: str
    more: str
    sources: str
    subscribe: str
    updated: str
    empty: str
    untitled: str
    discussion: str
    day: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    first_day: str = "1"
    digits: str = "0123456789"
    comma: str = ", "

    def day_name(self, day: date) -> str:
        """Write a day as a heading, without asking the process's locale.

        >>> wording("de").day_name(date(2026, 3, 1))
        'Sonntag, 1. März 2026'
        """
        slots = {
            "weekday": self.weekdays[day.weekday()],
            "day": self._digits(str(day.day) if day.day > 1 else self.first_day),
            "month": self.months[day.month - 1],
            "year": self._digits(str(day.year)),
        }
        return re.sub(r"\{(weekday|day|month|year)\}", lambda match: slots[match[1]], self.day)

    def _digits(self, number: str) -> str:
        return number.translate(str.maketrans("0123456789", self.digits))


@cache
def _wordings() -> Mapping[str, Wording]:
    tables = tomllib.loads((resources.files("aggregator.publish") / "lines.toml").read_text("utf-8"))
    return {language: _wording_of(table) for language, table in tables.items()}


def _wording_of(table: Mapping[str, str | list[str]]) -> Wording:
    named = {"from_" if key == "from" else key: value for key, value in table.items()}
    return Wording(**{key: tuple(value) if isinstance(value, list) else value for key, value in named.items()})  # type: ignore[arg-type]


def languages() -> tuple[str, ...]:
    """The languages that lines.toml knows, in its order."""
    return tuple(_wordings())


def wording(language: str) -> Wording:
    """The wording of a language tag (RFC 5646): the tag itself, else shorter forms of it, else English.

    >>> wording("pt-BR") is wording("PT"), wording("no-NO") is wording("nb"), wording("zh-TW") is wording("zh-Hant")
    (True, True, True)
    >>> wording("tlh").more
    'Continue reading'
    """
    known = _wordings()
    return nearest(known, language) or known[_FALLBACK]


def line(style: Attribution, language: str, *, origin: Linked | None, via: Sequence[Linked] = (), also: Sequence[Linked] = ()) -> SafeHtml:
    """Say where an article first appeared: one paragraph of HTML, empty where `place` is none.

    `origin` is None where only the republisher is known, who then stands first in `via`. `style` may override each template; its
    slots `{origin}` and `{via}` become links, anything else in braces stays as it is.

    >>> line(Attribution(), "en", origin=Linked("Ann & Co", Url("https://ann.example/1")), via=[Linked("Repub")])
    '<p class="aggregator-origin">This article originally appeared at <a href="https://ann.example/1">Ann &amp; Co</a>, via Repub.</p>'
    >>> line(Attribution(), "en", origin=None, via=[Linked("Repub")])
    '<p class="aggregator-origin">From Repub.</p>'
    """
    if style.place == "none":
        return paragraph(())
    words = wording(language)
    # Where only the republisher is known an editor's template may call it by either slot.
    slots = {"origin": [origin] if origin else via[:1], "via": list(via), "places": list(also)}
    pieces = list(_filled(_template(style, words, knows_origin=origin is not None, has_via=bool(via)), slots, words.comma))
    if also:
        pieces += [Linked(" "), *_filled(words.also, slots, words.comma)]
    return paragraph(pieces, css_class=LINE_CLASS, finds_direction=direction(language) == "rtl")


def _template(style: Attribution, words: Wording, *, knows_origin: bool, has_via: bool) -> str:
    """Choose the template; an editor's own `text` serves articles that came by way of others only if it names these."""
    if not knows_origin:
        return style.from_ or words.from_
    names_via = style.text is not None and "{via}" in style.text
    if has_via:
        return style.via or (style.text if style.text and names_via else words.via)
    return style.text if style.text and not names_via else words.origin


def _filled(template: str, slots: Mapping[str, Sequence[Linked]], comma: str) -> Iterator[Linked]:
    """Cut a template at its slots and put the links in, several joined by commas."""
    for number, part in enumerate(_SLOT.split(template)):
        if number % 2 == 0:
            yield Linked(part)
            continue
        for position, place in enumerate(slots[part]):
            if position:
                yield Linked(comma)
            yield place


def paragraph(pieces: Sequence[Linked], *, css_class: str | None = None, finds_direction: bool = False) -> SafeHtml:
    """Make one paragraph of escaped words and links; of no pieces, nothing. It may run in the direction of its first letters.

    The only maker of SafeHtml outside refine: it is safe because it lets no markup in.

    >>> paragraph([Linked("a < b, see "), Linked("c", Url("https://c.example/?x=1&y"))])
    '<p>a &lt; b, see <a href="https://c.example/?x=1&amp;y">c</a></p>'
    """
    name = f' class="{html.escape(css_class)}"' if css_class else ""
    dir_ = ' dir="auto"' if finds_direction else ""
    return SafeHtml(f"<p{name}{dir_}>{''.join(map(_markup, pieces))}</p>" if pieces else "")


def _markup(piece: Linked) -> str:
    text = html.escape(clean(piece.text), quote=False)
    if piece.url is None:
        return text
    return f'<a href="{html.escape(clean(piece.url))}">{text}</a>'
