"""One shape found at one place of one block: whether it may stand there, which source it names, and which page."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import dropwhile, pairwise
from typing import Final

from aggregator.refine.blocks import Block, Link
from aggregator.refine.doubts import Said
from aggregator.refine.lexicon import fold
from aggregator.refine.marking import URL, Mark, Marked, pieces
from aggregator.refine.pages import has_own_path, host_name, is_front_page, names_a_page, same_place
from aggregator.refine.phrasebook import Language
from aggregator.refine.shapes import Role, Row, Shape, Stand, group
from aggregator.web.url import unwrap

_MAX_NAME: Final = 100
_MAX_WORDS: Final = 9
# A block that says so of "the article" and nothing else.
_SHORT: Final = 200
# How far behind a source the sentence may name its page, or a later hop.
_BEHIND: Final = 400

# What may stand in front of a block's first sentence: brackets, quotes, bullets, and a label ("Editor's note:").
LEAD: Final = re.compile(r"[\s\[(*_•·|“\"–—~-]*(?:[^\W\d_](?:[^\W_]|[’' .]){0,24}:\s?)?[\s\[(*_“\"–—-]*")
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"'“”’)\]]{4,2000}", re.IGNORECASE)
_QUOTES: Final = "\"'“”‘’«»„*_「」『』《》 "
_YEAR: Final = re.compile(r"(?:^|\D)(?:1[89]|20)\d\d(?:\D|$)")
# As much of a title tells it from others.
_TITLE_CHARS: Final = 12
_BARE_YEAR: Final = re.compile(r"[ ,(]*[^\W\d_]{0,4} ?\d{4}[.)\] ]*")
# What may follow the source in a line of credit.
_SIGNS: Final = frozenset({"comma", "dash", "open", "close", "end", "url"})
_CREDITS: Final = _SIGNS | {"when", "date", "licence", "place", "after", "be", "fill", "first", "published", "again", "leave"}
_ABBREVIATION_CHARS: Final = 3
_NAMES: Final = frozenset({"proper", "far", "quote", "url"})
_WAYS_THERE: Final = frozenset({"orig", "text", "the", "read", "this", "place", "fill", "be", "at", "here", "from", "crosspost", "first"})
# Of what a link on the verb consists, and what it must have.
_VERBS: Final = frozenset({"first", "published", "again", "premiered", "crosspost", "version", "variant"})
_VERBAL: Final = _VERBS | {"be", "fill", "at", "from", "the", "this", "text", "bare", "when", "date"}


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that names a source. `page` and `home` are addresses as written; `vias` are (name, address) of later hops.

    `is_printed`: a book or the like, which has no page. `by_author`: the name follows "by", so it may be a person.
    """

    rule: str
    role: Role
    where: str
    evidence: str
    name: str | None
    page: str | None
    home: str | None
    vias: tuple[tuple[str, str], ...] = ()
    is_printed: bool = False
    by_author: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    where: str
    is_first: bool
    is_last: bool


@dataclass(frozen=True, slots=True)
class _Source:
    """What the sentence names: its place in the text, its name, its address (as written) and the link, if it is one."""

    start: int
    end: int
    name: str | None
    href: str | None = None
    link: Link | None = None


@dataclass(frozen=True)
class Reading:
    """One shape that fits at one place of one block."""

    block: Block
    place: Place
    following: Block | None
    title: str
    language: Language
    marked: Marked
    row: Row
    shape: Shape
    found: re.Match[str]

    def result(self) -> tuple[Statement, int] | None:
        """The statement and where its source ends; None where the shape may not stand or names nobody."""
        source = self._source()
        if source is None or not self._may_stand(source) or not self._names_title(source):
            return None
        is_printed_footer = group(self.found, "footer") or self.shape.role == "hint"
        if not is_printed_footer and self.language.doubts.speaks_of_another(self._all_said(source)):
            return None
        return self._statement(source), source.end

    # where a shape may stand

    @cached_property
    def _start(self) -> int:
        return self._said(self.found.span())[0].start

    @property
    def _marks(self) -> tuple[Mark, ...]:
        return self.marked.marks

    def _said(self, letters: tuple[int, int]) -> tuple[Mark, ...]:
        """The marks behind some letters of the row."""
        start, end = self.row.marks(*letters)
        return self._marks[start:end]

    @cached_property
    def _stand(self) -> Stand:
        stands: tuple[Stand, ...] = ("strong", "bare", "weak")
        return next((stand for stand in stands if group(self.found, stand)), "weak" if self.shape.is_alone else "none")

    @cached_property
    def _role(self) -> Role:
        if self.shape.role != "note" or self._stand in ("strong", "bare"):
            return self.shape.role
        return "note" if self._stand == "weak" and len(self.block.text) <= _SHORT else "brief"

    def _may_stand(self, source: _Source) -> bool:
        if self._role == "footer" or (self._role == "note" and self._stand == "strong"):
            return True
        if self._is_footer():
            return False
        if not self._is_own_sentence() or (self._stand == "weak" and not self._is_whole_block(source)) or self._is_aside(source):
            return False
        return self._role == "note" or bool(source.href or self._reference(source)) or self._is_credit(source)

    def _all_said(self, source: _Source) -> Said:
        text, row = self.block.text, self._said(self.found.span())
        end = max(row[-1].end, source.end)
        subject = next((group(self.found, stand) for stand in ("weak", "bare") if group(self.found, stand)), None)
        before = [mark for mark in row if mark.end <= source.start]
        return Said(
            block=text,
            words=f"{text[self._start : source.start]} {text[source.end : end]}",
            name=source.name or "",
            behind=text[source.end :],
            stand=self._stand,
            is_definite=bool(subject) and "the" in self._said(subject)[0].classes,
            is_for=any("for" in mark.classes for mark in before[-3:]),
            is_taken=any(mark.classes & {"taken", "again"} for mark in row),
            is_published=any("published" in mark.classes for mark in row),
            is_again=any(mark.classes & {"again", "leave"} for mark in self._marks),
        )

    def _is_credit(self, source: _Source) -> bool:
        """ "(Cross-posted from the Harbour Blog, 4 May 2022.)": a block that says nothing else needs no address."""
        lead = LEAD.match(self.block.text)
        opens = self._start <= (lead.end() if lead else 0)
        return opens and self._role == "brief" and self._is_rest_of_credit(source.end)

    def _is_full_credit(self, source: _Source) -> bool:
        """A credit that says "republished", or which issue it was, is believed without an address, too."""
        if not self._is_credit(source):
            return False
        said = self._said(self.found.span())
        is_again = "again" in self.shape.needs or any("again" in mark.classes for mark in said)
        return is_again or (said[-1].end <= source.end and any(map(str.isdigit, self.block.text[source.end :])))

    def _is_rest_of_credit(self, end: int) -> bool:
        """Whether nothing follows but a date, an issue or a licence; "in 1998" alone is how books say where they were printed."""
        rest = self.block.text[end:]
        if _BARE_YEAR.fullmatch(rest):
            return False
        behind = (n for n, (first, _) in enumerate(self.row.spans) if self._marks[first].start >= end)
        return not any(map(str.isalnum, rest)) or all(map(self._may_end_credit, behind))

    def _may_end_credit(self, letter: int) -> bool:
        """Whether it is a date and the like, or an abbreviation ("no. 4, p. 12")."""
        classes = self.shape.alphabet.named[self.row.letters[letter]]
        marks = self._said((letter, letter + 1))
        return bool(classes & _CREDITS) or (marks[-1].end - marks[0].start <= _ABBREVIATION_CHARS and not classes & {"at", "by", "be"})

    def _is_footer(self) -> bool:
        """Whether what says "the post" goes on with the entry's title, as a publishing system prints it."""
        first = self._said((self.found.start(), self.found.start() + 1))[0]
        title = self.title.strip(_QUOTES).casefold()
        behind = self.block.text[first.end : first.end + len(title) + 8].lstrip(_QUOTES).casefold()
        return "footer" in first.classes and len(title) > 3 and behind.startswith(title)

    def _is_own_sentence(self) -> bool:
        text = self.block.text
        lead = LEAD.match(text)
        if self._start <= (lead.end() if lead else 0) or text[self._start - 1 : self._start] == "\n":
            return True
        return self._role != "hint" and len(text) - self._start <= (400 if self.place.is_last else 160)

    def _is_whole_block(self, source: _Source) -> bool:
        lead = LEAD.match(self.block.text)
        opens = self._start <= (lead.end() if lead else 0) or "strong" in self.shape.alphabet.named[self.row.letters[0]]
        return opens and len(self.block.text) - source.end <= 160

    def _is_aside(self, source: _Source) -> bool:
        """ "The letter, first published by the Courier, names three men": what a sentence says by the way of another thing."""
        row = self._said(self.found.span())
        said_before = self.block.text[: self._start].rstrip()
        is_parted = said_before.endswith((",", "，", "،", "、")) or any(
            "comma" in mark.classes for mark in row[1:4] if mark.end <= source.start
        )
        behind = [mark for mark in self._marks if mark.start >= source.end]
        goes_on = bool(behind) and "comma" in behind[0].classes
        return is_parted and goes_on and not any(mark.classes & {"again", "leave", "taken", "orig"} for mark in behind)

    def _names_title(self, source: _Source) -> bool:
        span = group(self.found, "t")
        if span is None or group(self.found, "footer"):
            return True
        marks = self._said(span)
        start, end = marks[0].start, marks[-1].end
        said = self.block.text[start:end]
        links = [link.href for link in self.block.links if link.start <= start and link.end >= end]
        is_there = bool(source.href) and any(host_name(href) == host_name(source.href or "") for href in links)
        return self._is_title(said) or (bool(links) and (is_there or self._may_be_title(said)))

    def _is_title(self, said: str) -> bool:
        said = said.strip(_QUOTES).casefold()
        return len(said) > 3 and said == self.title.strip(_QUOTES).casefold()

    def _may_be_title(self, said: str) -> bool:
        """A footer may print a title cut, or a planet more than it; a link under other words leads to another text."""
        said, title = (re.sub(r"\W+", "", words.casefold()) for words in (said, self.title))
        return not title or said.startswith(title[:_TITLE_CHARS]) or said[:_TITLE_CHARS] in title

    # what it names

    def _source(self) -> _Source | None:
        span = group(self.found, "s")
        if span is None:
            return None
        marks = self._said(span)
        number = next((mark.link for mark in marks if mark.link is not None), None)
        if number is not None:
            link = self.block.links[number]
            if self.shape.is_anchored and not (marks[-1].link == number and self._says_original(link)):
                return None
            return self._linked(link, next(mark.start for mark in marks if mark.link == number))
        if self.shape.is_anchored:
            return None
        if "by" in marks[0].classes:
            marks = tuple(dropwhile(lambda mark: not mark.classes & _NAMES, marks))
        if not marks:
            return None
        return self._addressed(marks[0]) if marks[0].classes == URL else self._named(marks)

    def _linked(self, link: Link, start: int) -> _Source | None:
        if link.href.startswith(("mailto:", "#", "tel:")):
            return None
        end = link.end
        said = [mark for mark in self._marks if mark.start >= start and mark.end <= end]
        says_nothing = all(mark.classes & _WAYS_THERE for mark in said)
        name = None if says_nothing else self._clean(self.block.text[start:end], is_linked=link.start >= start)
        if said and all("date" in mark.classes or "at" in mark.classes for mark in said):
            return None
        return _Source(start, end, host_name(name) if name and _ADDRESS.match(name) else name, link.href, link)

    def _addressed(self, mark: Mark) -> _Source | None:
        said = self.block.text[mark.start : mark.end].rstrip(".,;:!?")
        end = mark.start + len(said)
        if _ADDRESS.match(said):
            return _Source(mark.start, end, host_name(said), said)
        host, slash, _ = said.partition("/")
        if not slash and not host.islower():
            return _Source(mark.start, end, said)
        return _Source(mark.start, end, host, f"https://{said}")

    def _named(self, marks: Sequence[Mark]) -> _Source | None:
        start, end = marks[0].start, marks[-1].end
        name = self._clean(self.block.text[start:end])
        if not 2 <= len(name) <= _MAX_NAME or len(name.split()) > _MAX_WORDS or self._is_date(name) or name.islower():
            return None
        return _Source(start, end, name)

    def _clean(self, name: str, *, is_linked: bool = False) -> str:
        """A name as it is printed: without the words before it, but with the article that is a part of it ("the Orig", but "Die Zeit")."""
        words = name.replace("\n", " ").strip(_QUOTES + ".,:;()[]").split()
        while len(words) > 1 and self._is_article(words[0]):
            if words[0][0].isupper() and (is_linked or not words[1][0].islower()):
                break
            words.pop(0)
        return " ".join(words).strip(_QUOTES)

    def _is_article(self, word: str) -> bool:
        return any("the" in entry.classes for entry in self.language.marker.lexicon.entries(fold(word)) if not entry.rest)

    def _is_date(self, name: str) -> bool:
        return bool(_YEAR.search(name)) or not any(map(str.isalpha, name))

    # what it says

    def _statement(self, source: _Source) -> Statement:
        text = self.block.text
        page, home = self._addresses(source)
        words = f"{text[max(self._start, source.start - 20) : source.end]} {text[source.end : source.end + 20]}".casefold().split()
        return Statement(
            rule=f"{self.language.code}:{self.shape.name}",
            role="note" if self._is_full_credit(source) else self._role,
            where=self.place.where,
            evidence=" ".join(text[self._start : max(source.end, self._start + 160)][:300].split()),
            name=source.name or self._said_name(),
            page=page,
            home=home,
            vias=tuple(self._vias(source)),
            is_printed=any(word.strip(".,;:()") in self.language.print for word in words),
            by_author=not source.href and (self._follows(source, "by") or self._is_said("authored")),
        )

    def _said_name(self) -> str | None:
        span = group(self.found, "n")
        if span is None:
            return None
        marks = self._said(span)
        return self._clean(self.block.text[marks[0].start : marks[-1].end])

    def _follows(self, source: _Source, name: str) -> bool:
        before = [mark for mark in self._said(self.found.span()) if mark.end <= source.start]
        return bool(before) and name in before[-1].classes

    def _is_said(self, name: str) -> bool:
        return any(name in self.shape.alphabet.named[letter] for letter in self.found[0])

    def _addresses(self, source: _Source) -> tuple[str | None, str | None]:
        """(page, home): the deepest address that the sentence gives, and the source's own where that is another."""
        own = _unwrapped(source.href)
        titled = self._title_link(source)
        if own and names_a_page(own) and not titled:
            return own, None
        reference = _unwrapped(titled or self._reference(source))
        if own and reference and not same_place(own, reference):
            reference = None
        if reference and not is_front_page(reference):
            return reference, own
        return (own, None) if own and has_own_path(own) else (None, own or reference)

    def _title_link(self, source: _Source) -> str | None:
        """Where the title leads that the sentence gives: "the post [T] …", "as [T] …"."""
        span = group(self.found, "t")
        if span:
            return next((self.block.links[mark.link].href for mark in self._said(span) if mark.link is not None), None)
        linked = group(self.found, "k")
        if linked:
            link = next(self.block.links[mark.link] for mark in self._said(linked) if mark.link is not None)
            return link.href if self._is_title(self.block.text[link.start : link.end]) else None
        row = self._said(self.found.span())
        titled = (
            after.link for mark, after in pairwise(row) if "as" in mark.classes and after.link is not None and after.end <= source.start
        )
        return next((self.block.links[number].href for number in titled), None)

    def _says_original(self, link: Link, *, plainly: bool = False) -> bool:
        """Whether all that the words of a link say is where to go: "the original article", "here"."""
        inside = [mark for mark in self._marks if mark.link is not None and self.block.links[mark.link] is link]
        said = frozenset().union(*(mark.classes for mark in inside)) if inside else frozenset()
        if not inside or not all(mark.classes & _WAYS_THERE for mark in inside):
            return False
        return bool(said & {"orig", "crosspost"}) or (not plainly and bool(said & {"here", "text", "this"}))

    def _reference(self, source: _Source) -> str | None:
        """The address that the sentence or its neighbour gives apart from the name: "this [article]", "read the original [here]"."""
        text = self.block.text
        if said := self._verb_link(source):
            return said.href
        for link in self.block.links:
            near = self._start <= link.start < source.start or source.end <= link.start <= source.end + _BEHIND
            if link is not source.link and near and self._says_original(link) and self._is_in_reference(link, source):
                return link.href
        for link in self.block.links:
            if not source.href and 0 <= link.start - source.end <= 4 and not any(map(str.isalnum, text[source.end : link.start])):
                return link.href
        return self._spelled(source) or self._next_block(source)

    def _verb_link(self, source: _Source) -> Link | None:
        """The link that stands on the verb: "this was [originally published] in the Post"."""
        row = self._said(self.found.span())
        for link in self.block.links:
            inside = [mark for mark in row if mark.link is not None and self.block.links[mark.link] is link]
            if link is not source.link and inside and all(mark.classes & _VERBAL for mark in inside):
                if any(mark.classes & _VERBS for mark in inside):
                    return link
        return None

    def _is_in_reference(self, link: Link, source: _Source) -> bool:
        """ "Here" alone may lead anywhere ("subscribe here"); near the word for the original it leads there."""
        if link.start < source.start or self._says_original(link, plainly=True):
            return True
        return any("orig" in mark.classes and max(source.end, link.start - 90) <= mark.start < link.end for mark in self._marks)

    def _spelled(self, source: _Source) -> str | None:
        """A bare address right behind the name, or behind a word for the original ("original article: https://…")."""
        text = self.block.text
        for address in _ADDRESS.finditer(text, source.end, source.end + _BEHIND):
            before = text[max(source.end, address.start() - 4) : address.start()]
            is_next = not source.href and source.end >= address.start() - 4 and not any(map(str.isalnum, before))
            marks = (mark for mark in self._marks if max(source.end, address.start() - 25) <= mark.start < address.start())
            if is_next or any("orig" in mark.classes for mark in marks):
                return address[0].rstrip(".,;:!?")
        return None

    def _next_block(self, source: _Source) -> str | None:
        """The address in a short neighbour that says nothing but "original article: …"."""
        following = self.following
        if following is None or len(following.text) > 300 or source.end < len(self.block.text) - 200:
            return None
        found = pieces(following.text, following.links, 0, len(following.text))
        marks = self.language.marker.marked(following.text, found, following.links).marks
        said = next(dropwhile(lambda mark: bool(mark.classes & {"read", "the", "fill", "open"}), marks), None)
        if said is None or "orig" not in said.classes:
            return None
        address = _ADDRESS.search(following.text)
        return following.links[0].href if following.links else address[0] if address else None

    def _vias(self, source: _Source) -> Iterator[tuple[str, str]]:
        """Later hops that the sentence or the next one names behind its source: "via …"."""
        behind = [mark for mark in self._marks if source.end <= mark.start <= source.end + _BEHIND]
        for number, mark in enumerate(behind):
            if "via" not in mark.classes:
                continue
            there = next(dropwhile(lambda mark: bool(mark.classes & {"the", "colon", "place"}), behind[number + 1 :]), None)
            if there is None:
                continue
            if there.link is not None and self.block.links[there.link] is not source.link:
                link = self.block.links[there.link]
                yield self._clean(self.block.text[link.start : link.end], is_linked=True), link.href
            elif there.classes == URL and (address := _ADDRESS.match(self.block.text, there.start)):
                yield host_name(address[0]), address[0].rstrip(".,;:!?")


def _unwrapped(href: str | None) -> str | None:
    """Where a redirector leads, if its address says so: whether that is a page is to be asked of the one behind it."""
    return (unwrap(href) or href) if href else None
