"""What an entry's versions have changed: words with their neighbours, title, links, pictures, files, people (pure).

Counters, ages and what else moves by itself is left out, as it is where an edit is told from none.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from html import unescape
from itertools import pairwise
from typing import Final, Literal

from aggregator.model import Entry, SafeHtml
from aggregator.refine.closings import unclosed
from aggregator.refine.identity import noticed, said_once
from aggregator.refine.passing import compared, stable, struck
from aggregator.refine.substance import settled
from aggregator.web.text import counted, one_line, visible_text

_MOST: Final = 8
"""Changes that are shown of one edit, the first ones."""

_AROUND: Final = 3
_NEAR: Final = 2
_SHOWN_WORDS: Final = 16
# Above so many differing words on both sides, what differs where is not looked for: it takes minutes, and is another text.
_COMPARED: Final = 1500
# Characters of scripts that put no spaces between words are words.
_WORD: Final = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]|[^\s\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]+")
_LINK: Final = re.compile(r' href="([^"]*)"')
_PICTURE: Final = re.compile(r' src="([^"]*)"')

What = Literal["title", "page", "author", "words", "struck out", "link", "picture", "file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that an edit changed: what it was (None: not there), what it is now (None: gone), and the words before and behind it."""

    what: What
    before: str | None
    after: str | None
    left: str = ""
    right: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """When a version was found, and what it changed of the one before; `more` says how many changes are not shown."""

    at: datetime
    changes: tuple[Change, ...]
    more: int


def edits(versions: Sequence[tuple[datetime, Entry]]) -> tuple[Edit, ...]:
    """The edits between versions (first seen, what it said), the oldest first."""
    return tuple(_edit(at, before, after) for (_, before), (at, after) in pairwise(versions))


def _edit(at: datetime, before: Entry, after: Entry) -> Edit:
    found = list(_changes(before, after))
    return Edit(at=at, changes=tuple(found[:_MOST]), more=max(0, len(found) - _MOST))


def _changes(before: Entry, after: Entry) -> Iterator[Change]:
    yield from _replaced("title", _title(before), _title(after))
    yield from _replaced("page", stable(before.link or "") or None, stable(after.link or "") or None)
    yield from _listed("author", [one.name for one in before.authors], [one.name for one in after.authors])
    texts = tuple(zip(_texts(before), _texts(after), strict=True))
    for old, new in texts:
        yield from _words(visible_text(old), visible_text(new))
    yield from _listed("struck out", *([one for text in side for one in _struck(text)] for side in zip(*texts, strict=True)))
    for what, pattern in (("link", _LINK), ("picture", _PICTURE)):
        olds, news = ([unescape(one) for text in side for one in pattern.findall(text)] for side in zip(*texts, strict=True))
        yield from _listed("link" if what == "link" else "picture", olds, news)
    yield from _listed("file", [stable(one.url) for one in before.enclosures], [stable(one.url) for one in after.enclosures])


def _title(entry: Entry) -> str | None:
    return entry.title.text if entry.title else None


def _texts(entry: Entry) -> tuple[str, str]:
    """Summary and content without what one says of the other, as where an edit is told from none (`said_once`)."""
    summary, content = _settled(entry.summary), _settled(entry.content)
    told = said_once(noticed(unclosed(summary, _title(entry) or "") if content else summary), noticed(content))
    return summary if told[0] else "", content or summary


def _settled(html: SafeHtml | None) -> str:
    return compared(settled(html)) if html else ""


def _struck(html: str) -> Iterator[str]:
    for passage in struck(html):
        found = _read(visible_text(passage))
        if shown := found.shown(0, len(found.words)):
            yield shown


def _replaced(what: What, before: str | None, after: str | None) -> Iterator[Change]:
    if before != after:
        yield Change(what=what, before=before, after=after)


def _listed(what: What, before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    """What is gone of a list and what has come; one that took the other's place is one change."""
    olds, news = dict.fromkeys(before), dict.fromkeys(after)
    gone, come = ([one for one in mine if one not in theirs] for mine, theirs in ((olds, news), (news, olds)))
    for place in range(max(len(gone), len(come))):
        yield Change(what=what, before=gone[place] if place < len(gone) else None, after=come[place] if place < len(come) else None)


# ── words ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Text:
    """A text and its words; any run of them is read as it is written."""

    text: str
    words: Sequence[str]
    spans: Sequence[tuple[int, int]]

    def run(self, start: int, end: int) -> str:
        return one_line(self.text[self.spans[start][0] : self.spans[end - 1][1]]) if start < end else ""

    def shown(self, start: int, end: int) -> str | None:
        """A run of words, its middle left out where it is long; None if there are none."""
        if end - start <= _SHOWN_WORDS:
            return self.run(start, end) or None
        half = _SHOWN_WORDS // 2
        between = counted(end - start - 2 * half, "word")
        return f"{self.run(start, start + half)} … ({between}) … {self.run(end - half, end)}"


def _read(text: str) -> _Text:
    found = list(_WORD.finditer(text))
    return _Text(text, [one.group() for one in found], [one.span() for one in found])


def _words(before: str, after: str) -> Iterator[Change]:
    """The runs of words that differ, each with the words around it."""
    old, new = _read(before), _read(after)
    for start, end, at, until in _runs(old.words, new.words):
        yield Change(
            what="words",
            before=old.shown(start, end),
            after=new.shown(at, until),
            left=new.run(max(0, at - _AROUND), at),
            right=new.run(until, min(len(new.words), until + _AROUND)),
        )


def _runs(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Places in both where they differ."""
    first = next((place for place, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), min(len(old), len(new)))
    ends = zip(reversed(old[first:]), reversed(new[first:]), strict=False)
    last = next((place for place, (one, other) in enumerate(ends) if one != other), min(len(old), len(new)) - first)
    a, b = old[first : len(old) - last], new[first : len(new) - last]
    if not a and not b:
        return
    if not a or not b or len(a) + len(b) > _COMPARED:
        yield first, first + len(a), first, first + len(b)
        return
    found = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    for start, end, at, until in _joined([places for tag, *places in found if tag != "equal"]):
        yield first + start, first + end, first + at, first + until


def _joined(runs: Sequence[Sequence[int]]) -> list[list[int]]:
    """Runs of which hardly a word stands between two are one."""
    joined: list[list[int]] = []
    for start, end, at, until in runs:
        if joined and start - joined[-1][1] <= _NEAR:
            joined[-1][1], joined[-1][3] = end, until
        else:
            joined.append([start, end, at, until])
    return joined
