"""A block's text as a row of marks: what each word, link, number and sign may be in a sentence of origin, in one language.

With a letter for each mark, a shape (refine/shapes.py) is a regular expression over a short string, whatever the language.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, takewhile
from typing import Final, NamedTuple

from aggregator.refine.blocks import Link
from aggregator.refine.lexicon import RUN, WORD, Classes, Lexicon, fits, fold

_PIECE: Final = re.compile(
    rf"""(?P<url>https?://[^\s<>"'“”’)\]。，、）」』》]{{4,2000}}|(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.){{1,4}}[a-z]{{2,18}}(?:/[^\s<>"'“”)\]]*)?(?![\w.]*\w))
    |(?P<quote>“[^“”\n]{{1,140}}”|„[^“”„\n]{{1,140}}[“”]|«[^«»\n]{{1,140}}»|»[^«»\n]{{1,140}}«|「[^「」\n]{{1,80}}」|『[^『』\n]{{1,80}}』|《[^《》\n]{{1,80}}》|"[^"\s][^"\n]{{0,140}}")
    |(?P<number>\d++(?:[.,:/-]\d++)*+(?:st|nd|rd|th|er|º|ª)?(?!(?!{RUN})[^\W\d_]))
    |(?P<run>{RUN}+)
    |(?P<word>{WORD})
    |(?P<sign>[^\s\w]|\n)""",
    re.VERBOSE,
)
_SIGNS: Final = {
    **dict.fromkeys(",،、，", "comma"),
    **dict.fromkeys(":：", "colon"),
    **dict.fromkeys(".!?。！？…؟।;；", "end"),
    **dict.fromkeys("([（【{", "open"),
    **dict.fromkeys(")]）】}", "close"),
    **dict.fromkeys("–—-−|>→»", "dash"),
    **dict.fromkeys("©", "copyright"),
}
# What a sentence may begin behind.
_BEGINS_BEHIND: Final = frozenset('.!?。！？…؟।:：([（【)]）】–—-|•·»”"*_\n>→;；')
# A number with an ending.
_NUMBERED: Final = re.compile(r"\d+[^\W\d_]{1,3}")
# "Note, this article …"
_LABEL_CHARS: Final = 16
# A full stop behind one of these ends no sentence: "4. March", "A. Bell".
_ABBREVIATED: Final = re.compile(r"(?:\d{1,2}|\b[^\W\d_])\Z")
# "Photo: Ann Bell, first published in …" says all of it of the photo.
_WITHIN_LABEL: Final = frozenset({"colon", "comma", "open"})
_SIGNLESS: Final[frozenset[str]] = frozenset()

# What makes the words of a link a statement rather than somebody's name.
_SPEAKS: Final = tuple(
    map(frozenset, (("first", "published"), ("again",), ("premiered",), ("orig", "published"), ("this", "text"), ("text bare", "first")))
)


# What a capital may make a part of a name.
_MAY_NAME: Final = frozenset({"the", "text", "place", "joint", "fill", "version", "read", "here", "for", "label"})


# What joins the words of a name.
_JOINTS: Final = frozenset({"joint", "the"})

# What may stand in a link before the name: "at the Orig".
_WAY: Final = frozenset({"at", "from", "the"})


class Mark(NamedTuple):
    """What stands at a place of a text: its classes, and the number of the link that it is part of."""

    classes: Classes
    start: int
    end: int
    link: int | None = None
    is_capital: bool = False


class Piece(NamedTuple):
    kind: str
    text: str
    start: int
    end: int
    folded: str = ""


def _kind(*names: str) -> Classes:
    return frozenset(names)


PROPER, LOWER, FAR, DATE, URL, LINK, QUOTE = map(_kind, ("proper", "lower", "far", "date", "url", "link", "quote"))
CASED_LINK, CASED_PROPER = _kind("link", "cased"), _kind("proper", "cased")
SIGNS: Final = {sign: _kind(name) for sign, name in _SIGNS.items()}
KINDS: Final = (PROPER, LOWER, FAR, DATE, URL, LINK, QUOTE, CASED_LINK, CASED_PROPER, *dict.fromkeys(SIGNS.values()))
"""The classes of what is no word of the language."""
_UNKNOWN: Final = frozenset({PROPER, CASED_PROPER, LOWER, FAR, URL, QUOTE})


@dataclass(frozen=True, slots=True)
class Marked:
    """The marks of a text; `starts` are the numbers of those with which a sentence may begin."""

    marks: tuple[Mark, ...]
    starts: tuple[int, ...]


def pieces(text: str, links: Sequence[Link], start: int, end: int) -> list[Piece]:
    """What a part of a text is made of, whatever its language.

    Nothing stands half in a link. Quotation marks around a link, or around all of the text, are left out.
    """
    found: list[Piece] = []
    for first, last in _cuts(links, start, end):
        for match in _PIECE.finditer(text, first, last):
            if match["quote"] and match.start() == start:
                found += pieces(text, (), start + 1, match.end() - 1)
            else:
                kind = match.lastgroup or ""
                found.append(Piece(kind, match[0], *match.span(), fold(match[0]) if kind == "word" else match[0]))
    return found


def _cuts(links: Sequence[Link], start: int, end: int) -> Iterator[tuple[int, int]]:
    """A part of a text, cut where links begin and end."""
    ends = (at for link in links for at in (link.start, link.end) if start < at < end)
    yield from pairwise((start, *ends, end))


@dataclass(frozen=True, slots=True)
class Marker:
    """Marks the texts of one language. `is_cased`: its names carry their own preposition.

    `prefixes` are written onto the next word, `suffixes` onto the word before, and are words of their own here.
    """

    lexicon: Lexicon
    is_cased: bool = False
    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()

    def marked(self, text: str, found: Sequence[Piece], links: Sequence[Link]) -> Marked:
        """The marks of these pieces of a text."""
        behind = {found[0].start if found else 0, *(piece.end for number, piece in enumerate(found) if _begins(text, found, number))}
        marks = tuple(self._merged([*self._named([*self._marks(text, _numbered(found, links))])], links))
        spaced = {piece.end for piece in found if piece.kind == "run" and text[piece.end : piece.end + 1] == " "}
        return Marked(marks, tuple(_starts(marks, sorted(behind | spaced, reverse=True), spaced)))

    def _marks(self, text: str, found: Sequence[tuple[Piece, int | None]]) -> Iterator[Mark]:
        number = 0
        while number < len(found):
            piece, link = found[number]
            number += 1
            if piece.kind == "word":
                made, used = self._words(found, number - 1)
                yield from made
                number += used - 1
            elif piece.kind == "run":
                yield from self._run(piece, link)
            elif piece.kind == "sign":
                if (classes := SIGNS.get(piece.text)) and not _joins(text, piece):
                    yield Mark(classes, piece.start, piece.end, link)
            else:
                yield Mark({"url": URL, "quote": QUOTE, "number": DATE}[piece.kind], piece.start, piece.end, link)

    def _words(self, found: Sequence[tuple[Piece, int | None]], number: int) -> tuple[list[Mark], int]:
        """The marks of the longest entry that begins here, or of an unknown word; and how many pieces they take."""
        piece, link = found[number]
        if not self.lexicon.begins(piece.folded):
            return [*self._split(piece, link)], 1
        is_capital = _is_capital(piece.text)
        behind = _skipped(found, number + 1)
        for entry in self.lexicon.entries(piece.folded, found[behind][0].folded if behind < len(found) else ""):
            ends = self._end(found, number, entry.rest)
            # "w Gazecie": what ends with a capital is a part of the name; but "in der Ausgabe von".
            is_way = bool(entry.rest) and not entry.classes.isdisjoint(_WAY)
            if ends and not (is_way and _is_capital(found[ends - 1][0].text)):
                return [Mark(entry.classes, piece.start, found[ends - 1][0].end, link, is_capital)], ends - number
        return [*self._split(piece, link)], 1

    def _end(self, found: Sequence[tuple[Piece, int | None]], number: int, rest: Sequence[str]) -> int:
        """Where an entry ends whose first word stands here; 0 if it does not go on."""
        link = found[number][1]
        at = number + 1
        for word in rest:
            at = _skipped(found, at)
            if at == len(found) or found[at][1] != link or not fits(word, found[at][0].folded):
                return 0
            at += 1
        return at

    def _split(self, piece: Piece, link: int | None) -> Iterator[Mark]:
        """An unknown word; what is written onto it is a word of its own, if it is one of the language's."""
        word = piece.folded
        for prefix in self.prefixes:
            if word.startswith(prefix) and len(word) > len(prefix) + 1 and (entry := self._alone(prefix)):
                cut = piece.start + len(prefix)
                yield Mark(entry, piece.start, cut, link)
                yield self._inner(Piece("word", piece.text[len(prefix) :], cut, piece.end), link)
                return
        for suffix in self.suffixes:
            if word.endswith(suffix) and len(word) > len(suffix) and (entry := self._alone(suffix)):
                cut = piece.end - len(suffix)
                yield self._inner(Piece("word", piece.text[: -len(suffix)], piece.start, cut), link)
                yield Mark(entry, cut, piece.end, link)
                return
        yield self._unknown(piece, link)

    def _inner(self, piece: Piece, link: int | None) -> Mark:
        known = self._alone(fold(piece.text))
        return Mark(known, piece.start, piece.end, link) if known else self._unknown(piece, link)

    def _alone(self, word: str) -> Classes | None:
        return next((entry.classes for entry in self.lexicon.entries(word) if not entry.rest), None)

    def _unknown(self, piece: Piece, link: int | None) -> Mark:
        if _NUMBERED.fullmatch(piece.text):
            return Mark(DATE, piece.start, piece.end, link)
        if piece.text.islower():
            return Mark(LOWER, piece.start, piece.end, link)
        if _is_capital(piece.text) or piece.text[0].isdigit():
            return Mark(CASED_PROPER if self.is_cased else PROPER, piece.start, piece.end, link, True)
        return Mark(FAR, piece.start, piece.end, link)

    def _run(self, piece: Piece, link: int | None) -> Iterator[Mark]:
        """The entries in a run of letters without spaces; what lies between them is unknown."""
        at = begun = 0
        while at < len(piece.text):
            for run, classes in self.lexicon.runs(piece.text[at]):
                if piece.text.startswith(run, at):
                    if begun < at:
                        yield Mark(FAR, piece.start + begun, piece.start + at, link)
                    yield Mark(classes, piece.start + at, piece.start + at + len(run), link)
                    at += len(run)
                    begun = at
                    break
            else:
                at += 1
        if begun < at:
            yield Mark(FAR, piece.start + begun, piece.end, link)

    def _named(self, marks: Sequence[Mark]) -> Iterator[Mark]:
        """A capitalised word beside a name is a part of it: "Harbour Post"; and so are two such words together: "The Post"."""
        name = CASED_PROPER if self.is_cased else PROPER
        for number, mark in enumerate(marks):
            may_name = mark.classes <= _MAY_NAME or "the" in mark.classes
            if mark.is_capital and ((may_name and _is_in_name(marks, number)) or _opens_name(marks, number)):
                yield mark._replace(classes=name)
            else:
                yield mark

    def _merged(self, marks: Sequence[Mark], links: Sequence[Link]) -> Iterator[Mark]:
        """A link whose words are a name is one mark."""
        for number, group in groupby(marks, lambda mark: mark.link):
            inside = [*group]
            if number is None or not _is_name(inside):
                yield from inside
            else:
                way = [*takewhile(lambda mark: not mark.classes.isdisjoint(_WAY) and not mark.is_capital, inside)]
                yield from way
                yield Mark(CASED_LINK if self.is_cased else LINK, inside[len(way)].start, links[number].end, number)


def _is_capital(word: str) -> bool:
    return not word.islower() and any(map(str.isupper, word))


def _skipped(found: Sequence[tuple[Piece, int | None]], at: int) -> int:
    """The next piece that is no apostrophe or line end."""
    while at < len(found) and found[at][0].kind == "sign" and found[at][0].text in "'’ʼ´\n":
        at += 1
    return at


def _numbered(found: Sequence[Piece], links: Sequence[Link]) -> list[tuple[Piece, int | None]]:
    """Each piece with the number of the link that it stands in."""
    numbered: list[tuple[Piece, int | None]] = []
    number = 0
    for piece in found:
        while number < len(links) and links[number].end <= piece.start:
            number += 1
        inside = number < len(links) and links[number].start < piece.end
        numbered.append((piece, number if inside else None))
    return numbered


def _starts(marks: Sequence[Mark], behind: list[int], spaced: Collection[int]) -> Iterator[int]:
    """The marks right behind these places, the last of which comes first; what a label says of a picture is not about the text.

    `spaced`: those that are spaces, with which sentences end where words are not parted (Thai).
    """
    is_labelled = False
    for number, mark in enumerate(marks):
        if behind and mark.start >= behind[-1]:
            at = behind[-1]
            while behind and mark.start >= behind[-1]:
                at = behind.pop()
            before = marks[number - 1].classes if number else _SIGNLESS
            if not (is_labelled and (at in spaced or before & _WITHIN_LABEL)):
                yield number
                is_labelled = False
        is_labelled = is_labelled or "stop" in mark.classes


def _is_name(inside: Sequence[Mark]) -> bool:
    classes = frozenset().union(*(mark.classes for mark in inside))
    return any(mark.classes in _UNKNOWN for mark in inside) and not any(speaks <= classes for speaks in _SPEAKS)


def _is_in_name(marks: Sequence[Mark], number: int) -> bool:
    """Whether a capitalised word stands beside a name, or is, with the article before it, behind a preposition ("in The Post")."""
    before = marks[number - 1] if number else None
    if any(other and "proper" in other.classes and other.link == marks[number].link for other in (before, _joined(marks, number))):
        return True
    first = number - 1 if before and before.is_capital and "the" in before.classes else number
    pair = marks[first : first + 2]
    is_pair = len(pair) == 2 and all(mark.is_capital and mark.classes <= _MAY_NAME for mark in pair) and "the" in pair[0].classes
    return is_pair and first > 0 and not marks[first - 1].classes.isdisjoint(_WAY)


def _joined(marks: Sequence[Mark], number: int) -> Mark | None:
    """The mark behind, or the capitalised one to which small words join it: "the Diario de la Ribera"."""
    after = marks[number + 1 : number + 4]
    joints = [*takewhile(lambda mark: not mark.classes.isdisjoint(_JOINTS) and not mark.is_capital, after)] if number else []
    return after[len(joints)] if len(joints) < len(after) else None


def _opens_name(marks: Sequence[Mark], number: int) -> bool:
    """Whether a capitalised word, whatever else it may be, is a name's first: "on First Things", "at The Sunday Times", not "on Sunday"."""
    if not 0 < number < len(marks) - 1:
        return False
    before, mark, after = marks[number - 1 : number + 2]
    is_led = not before.classes.isdisjoint(_WAY) and ("date" not in mark.classes or (before.is_capital and "the" in before.classes))
    return is_led and "proper" in after.classes and after.is_capital and after.link == mark.link


def _joins(text: str, piece: Piece) -> bool:
    """Whether a full stop ends no sentence, or a hyphen joins what stands before and behind it."""
    if piece.text in ".…":
        return not _ends(text, piece)
    before, behind = text[piece.start - 1 : piece.start], text[piece.end : piece.end + 1]
    return piece.text in "-–" and not (before + behind).isspace() and behind.isalnum()


def _begins(text: str, found: Sequence[Piece], number: int) -> bool:
    piece = found[number]
    if piece.kind != "sign":
        return False
    if piece.text in ",，" and piece.start < found[0].start + _LABEL_CHARS:
        return True
    return piece.text in _BEGINS_BEHIND and (piece.text not in ".…" or _ends(text, piece))


def _ends(text: str, piece: Piece) -> bool:
    """Whether a full stop ends a sentence."""
    behind = text[piece.end : piece.end + 2]
    return not (_ABBREVIATED.search(text, max(piece.start - 3, 0), piece.start) and behind.strip()) and not behind.strip()[:1].islower()
