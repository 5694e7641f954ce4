"""What a text says, without what moves by itself from one hour to the next: counters, ages, advertisements, passing parts of addresses.

All of it is data (substance.toml). Words are passed over where they fill a short line, or a part of one between marks as "|" and "·": a
number within a sentence is a part of what is said.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from html import unescape
from itertools import pairwise
from typing import Final

from lxml import html as lxml_html

from aggregator.model import SafeHtml
from aggregator.refine import filters, passing
from aggregator.refine.passing import table, words
from aggregator.web.host import host_of
from aggregator.web.text import visible_text

_TAG: Final = re.compile(r'<[^>"]*+(?:"[^"]*+"[^>"]*+)*+>')
_ADDRESS: Final = re.compile(r' (?:href|src)="([^"]*)"')
_LINK: Final = re.compile(r"<a [^>]*+>.*?</a>", re.DOTALL)
# Cells do not end a line: a row of a table is one, and its numbers are what it says.
_LINE_END: Final = re.compile(
    r"</?(?:address|article|aside|blockquote|br|caption|dd|div|dl|dt|figcaption|figure|footer|h[1-6]|header|hgroup|hr|li|nav|ol|p|pre"
    r'|section|table|tr|ul)(?: [^>"]*+(?:"[^"]*+"[^>"]*+)*+)?>'
)
# Longer lines are sentences, or have too much markup to be looked at.
_MAX_WORDS: Final = 120
_MAX_MARKUP: Final = 2000
_DIGIT: Final = re.compile(r"\d")
_MARK: Final = re.compile(r"[|·•]")
_BETWEEN: Final = re.compile(r"\s*[|·•]\s*")
_DASH: Final = re.compile(r"\s[–—]\s")
# A list of some other posts, with their pictures.
_MAX_RELATED: Final = 6_000
_LIST_MARKS: Final = " \t\n\xa0|·•,–—-"
_TRIM: Final = " ,.!–—-"


def settled(html: SafeHtml) -> str:
    """A text without counters, ages, advertisers' links, a list of other posts below it, sessions in links, and sizes and versions of
    pictures; as it is where it has none.

    Where this is the same of two texts, a reader of the older one misses nothing.

    >>> settled(SafeHtml("<p>13 injured</p><p>1,207 views · 12 comments</p>"))
    '<p>13 injured</p><p></p>'
    """
    return _without_related(_without_lines(passing.settled(html)))


# ── lines ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _without_lines(html: str) -> str:
    lines = _LINE_END.split(html)
    left = [_left_of(line) if line else None for line in lines]
    # Hardly any text has such a line: places are worked out only then.
    if all(rest is None for rest in left):
        return html
    for at in _scores(lines, left):
        left[at] = ""
    kept = [line if rest is None else rest for line, rest in zip(lines, left, strict=True)]
    return "".join(map("".join, zip(kept, (*_LINE_END.findall(html), ""), strict=True)))


def _scores(lines: Sequence[str], left: Sequence[str | None]) -> list[int]:
    """Which lines are the points that readers gave: a counter stands next to them."""
    said = [at for at, line in enumerate(lines) if line.strip()]
    beside = {one for at, after in pairwise(said) for one, other in ((at, after), (after, at)) if left[other] == ""}
    return [at for at in beside if left[at] is None and len(lines[at]) <= _MAX_WORDS and _score().fullmatch(lines[at].strip().lower())]


def _without_related(html: str) -> str:
    """A text without the links to other posts at its end, below a line that says so ("Related posts"), if they are not most of it."""
    # Most texts have no link, or end with words that are none: neither can have such a list.
    behind = html.rpartition("</a>")[2]
    if "<a " not in html or ("<a " not in behind and _TAG.sub("", behind).strip(_LIST_MARKS)):
        return html
    at = max(0, len(html) - _MAX_RELATED)
    end = html[at:].lower()
    if not any(said in end for said in _all("related")):
        return html
    for found in _related().finditer(html, at):
        below = html[found.end() :]
        if "<a " in below and not _TAG.sub("", _LINK.sub("", below)).strip(_LIST_MARKS):
            rest = html[: found.start()]
            return rest if 2 * len(visible_text(rest)) > len(visible_text(html)) else html
    return html


@cache
def _related() -> re.Pattern[str]:
    """A line that announces other posts, behind the end of the one before."""
    return re.compile(rf"(?:(?<=>)|\A)\s*{_any(table()['related'])}\s*[:：…]?\s*(?=<)", re.IGNORECASE)


def _left_of(line: str) -> str | None:
    """What is left of a line, its tags behind; None where nothing of it moves by itself."""
    text = line
    if len(line) > _MAX_MARKUP:
        return None
    if "<" in line:
        if line.find("<") > _MAX_WORDS or len(line) - line.rfind(">") > 2 * _MAX_WORDS:
            return None
        if '="http' in line and _is_advertiser(line):
            return ""
        text = _TAG.sub(" ", line)
    if not _may_move(text):
        return None
    parts = _BETWEEN.split(" ".join(text.replace("&nbsp;", " ").split()))
    left = [(part, _left_of_part(part.lower())) for part in parts]
    if all(rest is None for _, rest in left):
        return None
    if any(rest == "" for _, rest in left):
        left = [(part, "" if _score().fullmatch(part.lower()) else rest) for part, rest in left]
    rest = " · ".join(kept for part, rest in left if (kept := part if rest is None else rest))
    # A counter takes the link on it along, a picture stays.
    return rest + ("".join(_TAG.findall(line)) if rest or " src=" in line else "")


def _may_move(text: str) -> bool:
    """Whether a line is short, and has what any has of which something moves: a number, a word for one, or words for none."""
    text = text.strip()
    if len(text) > _MAX_WORDS:
        return False
    if _DIGIT.search(text):
        return True
    if len(text) > _MAX_WORDS // 2:
        return False
    line = " ".join(text.split()).lower()
    if not words("one").isdisjoint(line.split()) or line.endswith(_all("now")):
        return True
    return any(part in words("idle") for part in _BETWEEN.split(line)) if _MARK.search(line) else line in words("idle")


def _left_of_part(part: str) -> str | None:
    """What is left of a part of a line: nothing of a counter, behind a dash either, nor of an age that stands alone or is told of the text
    ("Posted 3 hours ago", "3 hours ago by Ann"). None where it stays as it is.
    """
    if _counter().fullmatch(part) or _tally().fullmatch(part):
        return ""
    # Forums tell of a topic and then how many answered ("Posted by Ann — 3 May — Replies 3 — Views 20").
    if tail := next((dash for dash in _DASH.finditer(part) if _counter().fullmatch(part, dash.end())), None):
        return part[: tail.start()]
    if told := _posted().match(part):
        found = _age(part, told.end())
        return part[found:].strip(_TRIM) if found else None
    if found := _age(part, 0):
        after = part[found:].strip(_TRIM)
        return after if not after or after.split()[0] in words("by") else None
    before, comma, _ = part.rpartition(", ")
    is_by = comma and part.split(None, 1)[0] in words("by") and _age(part, len(before)) == len(part)
    return before if is_by else None


def _age(line: str, at: int) -> int:
    """Where an age ends that a line goes on with from there; 0 where it does not."""
    found = _ages().match(line, at)
    return found.end() if found and (found["before"] or found["behind"] or found["now"]) else 0


def _is_advertiser(line: str) -> bool:
    """Whether all that a line shows are pictures and links of advertisers, without words beside them."""
    addresses = _ADDRESS.findall(line)
    is_theirs = all(not words("advertisers").isdisjoint(_domains(host_of(unescape(one)))) for one in addresses)
    return is_theirs and bool(addresses) and not _TAG.sub("", _LINK.sub("", line)).strip()


def _domains(host: str) -> list[str]:
    labels = host.split(".")
    return [".".join(labels[place:]) for place in range(len(labels) - 1)]


@cache
def _number() -> str:
    return rf"\d{{1,12}}(?:[.,'’ ]\d{{1,3}}){{0,4}}(?:\s?{_any(table()['magnitudes'])})?(?:\.(?!\d))?"


@cache
def _counter() -> re.Pattern[str]:
    """Counters, one behind the other."""
    number, counted = _number(), _any(table()["counted"])
    one = rf"(?:{number}\s*{counted}|#?\s?{counted}\s*[:：]?\s*[(（]?\s*{number}\s*[)）]?|{_any(table()['idle'])})"
    return re.compile(rf"(?>{one}[\s,/&–—-]*+){{1,8}}[.!]?")


@cache
def _score() -> re.Pattern[str]:
    number, scored = _number(), _any(table()["scored"])
    return re.compile(rf"(?:{number}\s*{scored}|{scored}\s*[:：]?\s*{number})")


@cache
def _tally() -> re.Pattern[str]:
    lines = "|".join(re.escape(line).replace(r"\#", _number()) for line in table()["tallies"])
    return re.compile(rf"(?:{lines})[.!]?")


@cache
def _ages() -> re.Pattern[str]:
    """A number of units of time and what stands before or behind it, or words for no time at all."""
    number = rf"(?:\d{{1,4}}|{_any(table()['one'])})"
    before, unit, behind, now = (_any(table()[name]) for name in ("before", "unit", "behind", "now"))
    counted = rf"(?:(?P<before>{before})\s?)?{number}\s?{unit}(?:\s?(?P<behind>{behind}))?"
    return re.compile(rf"[\s:,–—-]*+(?:{counted}|(?P<now>{now}))(?![^\W_])")


@cache
def _posted() -> re.Pattern[str]:
    return re.compile(rf"{_any(table()['posted'])}(?=[ :])")


@cache
def _all(name: str) -> tuple[str, ...]:
    return tuple(table()[name])


def _any(texts: Iterable[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, sorted(texts, key=len, reverse=True)))})"


# ── advertisements ─────────────────────────────────────────────────────────────────────────────────────────────────────


def without_advertisements(html: str) -> str:
    """Raw HTML without elements whose class or id says that they advertise; all of it where they hold half of it or more."""
    values = {*_values(html, "class="), *_values(html, "id=")}
    rest = html
    if any(map(_advertises, values)):
        rest, _ = filters.strip(html, (f"css:{_advertising()}",))
    if any(not words("classified").isdisjoint(value[:_MAX_WORDS].split()) for value in values):
        rest = filters.without_elements(rest, _named("classified"), _only_links)
    return rest if rest is html or 2 * len(visible_text(rest)) > len(visible_text(html)) else html


def _only_links(element: lxml_html.HtmlElement) -> bool:
    """Whether an element says nothing outside its links, and nothing with figures: no advertisement of a reader's, with its price."""
    said = element.text_content()
    linked = sum(len("".join(link.text_content().split())) for link in element.iter("a"))
    return not _DIGIT.search(said) and len("".join(said.split())) <= linked


def _values(html: str, attribute: str) -> Iterator[str]:
    """What follows an attribute's name, wherever that stands: this is asked of every text, and few have what is looked for."""
    for behind in html.split(attribute)[1:]:
        quote = behind[:1]
        yield behind[1:].partition(quote)[0] if quote in ("'", '"') else behind.partition(">")[0]


def _advertises(value: str) -> bool:
    names = value[:_MAX_WORDS].split()
    return not words("advertisements").isdisjoint(names) or any(name.startswith(_all("advertising")) for name in names)


@cache
def _advertising() -> str:
    begun = [form for name in _all("advertising") for form in (f'[id^="{name}"]', f'[class^="{name}"]', f'[class*=" {name}"]')]
    return ", ".join((_named("advertisements"), *begun))


@cache
def _named(name: str) -> str:
    """The selector of elements whose class or id is in a list."""
    return ", ".join(form for one in table()[name] for form in (f".{one}", f"#{one}"))
