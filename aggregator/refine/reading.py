"""One shape found at one place of one block: whether it may stand there, and which source it names."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import dropwhile
from typing import Final

from aggregator.refine.blocks import Link
from aggregator.refine.doubts import Said
from aggregator.refine.fit import QUOTES, Fit, Source
from aggregator.refine.lexicon import fold
from aggregator.refine.marking import DATE, URL, Mark
from aggregator.refine.pages import host_name, is_listing
from aggregator.refine.pointing import ADDRESS, BEHIND, WAYS_THERE, Pointing
from aggregator.refine.shapes import Role, group

_MAX_NAME: Final = 100
_MAX_WORDS: Final = 9
# A block that says so of "the article" and nothing else.
_SHORT: Final = 200

# What may stand in front of a block's first sentence: brackets, quotes, bullets, and a label ("Editor's note:").
LEAD: Final = re.compile(r"[\s\[(*_•·|“\"–—~-]*(?:[^\W\d_](?:[^\W_]|[’' .]){0,24}:\s?)?[\s\[(*_“\"–—-]*")
_YEAR: Final = re.compile(r"(?:^|\D)(?:1[89]|20)\d\d(?:\D|$)")
# As much of a title tells it from others.
_TITLE_CHARS: Final = 12
_BARE_YEAR: Final = re.compile(r"[ ,(]*[^\W\d_]{0,4} ?\d{4}[.)\] ]*")
# What may follow the source in a line of credit.
_AROUND: Final = ".,;:()"
_SIGNS: Final = frozenset({"comma", "dash", "open", "close", "end", "url"})
_CREDITS: Final = _SIGNS | {"when", "date", "licence", "place", "after", "be", "fill", "first", "published", "again", "leave"}
_ABBREVIATION_CHARS: Final = 3
_NAMES: Final = frozenset({"proper", "far", "quote", "url"})


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


@dataclass(frozen=True)
class Reading:
    """What one shape reads at one place of one block."""

    fit: Fit

    @property
    def _pointing(self) -> Pointing:
        return Pointing(self.fit)

    def result(self) -> tuple[Statement, int] | None:
        """The statement and where its source ends; None where the shape may not stand or names nobody."""
        source = self._source()
        if source is None or not self._may_stand(source) or not self._names_title(source):
            return None
        is_printed_footer = group(self.fit.found, "footer") or self.fit.shape.role == "hint"
        is_doubtful = not is_printed_footer or self.fit.shape.name == "hint:label"
        if is_doubtful and self.fit.language.doubts.speaks_of_another(self._all_said(source)):
            return None
        return self._statement(source), source.end

    # where a shape may stand

    @cached_property
    def _role(self) -> Role:
        if self.fit.shape.role != "note" or self.fit.stand in ("strong", "bare"):
            return self.fit.shape.role
        return "note" if self.fit.stand == "weak" and len(self.fit.block.text) <= _SHORT else "brief"

    def _may_stand(self, source: Source) -> bool:
        if self.fit.shape.is_whole and not (self._is_all() and not is_listing(source.href or "")):
            return False
        if self._role == "footer" or (self._role == "note" and self.fit.stand == "strong"):
            return True
        if self._is_footer():
            return False
        if not self._is_own_sentence() or (self.fit.stand == "weak" and not self._is_whole_block(source)) or self._is_aside(source):
            return False
        return self._role == "note" or bool(source.href or self._pointing.reference(source)) or self._is_credit(source)

    def _all_said(self, source: Source) -> Said:
        text, row = self.fit.block.text, self.fit.said(self.fit.found.span())
        subject = group(self.fit.found, "weak") or group(self.fit.found, "bare")
        before = [mark for mark in row if mark.end <= source.start]
        behind = next((mark for mark in self.fit.marks if mark.start >= source.end), None)
        return Said(
            block=text,
            words=f"{text[self.fit.start : source.start]} {text[source.end : max(row[-1].end, source.end)]}",
            name=source.name or "",
            behind=text[source.end :],
            stand=self.fit.stand,
            depth=self.fit.place.depth,
            is_item=self.fit.block.element == "li",
            is_below_quote=self.fit.place.follows == "quote",
            is_linked=bool(source.href),
            is_day=behind is not None and behind.start <= source.end + 1 and behind.classes == DATE and text[behind.start].isalpha(),
            is_definite=subject is not None and "the" in self.fit.said(subject)[0].classes,
            is_for=any("for" in mark.classes for mark in before[-3:]),
            is_taken=any(mark.classes & {"taken", "again"} for mark in row),
            is_first=any(mark.classes & {"first", "premiered", "premiere"} for mark in row),
            is_published=any("published" in mark.classes for mark in row),
            is_again=any(mark.classes & {"again", "leave"} for mark in self.fit.marks),
        )

    def _is_credit(self, source: Source) -> bool:
        """ "(Cross-posted from the Harbour Blog, 4 May 2022.)": a block that says nothing else needs no address."""
        lead = LEAD.match(self.fit.block.text)
        opens = self.fit.start <= (lead.end() if lead else 0)
        return opens and self._role == "brief" and self._is_rest_of_credit(source.end)

    def _is_full_credit(self, source: Source) -> bool:
        """A credit that says "republished", or which issue it was, is believed without an address, too."""
        if not self._is_credit(source):
            return False
        said = self.fit.said(self.fit.found.span())
        is_again = "again" in self.fit.shape.needs or any("again" in mark.classes for mark in said)
        return is_again or (said[-1].end <= source.end and any(map(str.isdigit, self.fit.block.text[source.end :])))

    def _is_rest_of_credit(self, end: int) -> bool:
        """Whether nothing follows but a date, an issue or a licence; "in 1998" alone is how books say where they were printed."""
        rest = self.fit.block.text[end:]
        if _BARE_YEAR.fullmatch(rest):
            return False
        behind = (n for n, (first, _) in enumerate(self.fit.row.spans) if self.fit.marks[first].start >= end)
        return not any(map(str.isalnum, rest)) or all(map(self._may_end_credit, behind))

    def _may_end_credit(self, letter: int) -> bool:
        """Whether it is a date and the like, or an abbreviation ("no. 4, p. 12")."""
        classes = self.fit.shape.alphabet.named[self.fit.row.letters[letter]]
        marks = self.fit.said((letter, letter + 1))
        return bool(classes & _CREDITS) or (marks[-1].end - marks[0].start <= _ABBREVIATION_CHARS and not classes & {"at", "by", "be"})

    def _is_footer(self) -> bool:
        """Whether what says "the post" goes on with the entry's title, as a publishing system prints it."""
        first = self.fit.said((self.fit.found.start(), self.fit.found.start() + 1))[0]
        title = self.fit.title.strip(QUOTES).casefold()
        behind = self.fit.block.text[first.end : first.end + len(title) + 8].lstrip(QUOTES).casefold()
        return "footer" in first.classes and len(title) > 3 and behind.startswith(title)

    def _is_own_sentence(self) -> bool:
        text = self.fit.block.text
        lead = LEAD.match(text)
        if self.fit.start <= (lead.end() if lead else 0) or text[self.fit.start - 1 : self.fit.start] == "\n":
            return True
        return self._role != "hint" and len(text) - self.fit.start <= (400 if self.fit.place.is_last else 160)

    def _is_all(self) -> bool:
        """Whether the block says nothing else, and that not of somebody's text ("her essay appeared in …")."""
        row = self.fit.said(self.fit.found.span())
        lead = LEAD.match(self.fit.block.text)
        rest = (n for n, (first, _) in enumerate(self.fit.row.spans) if self.fit.marks[first].start >= row[-1].end)
        opens = self.fit.start <= (lead.end() if lead else 0)
        return opens and "own" not in row[0].classes and all(map(self._may_end_credit, rest))

    def _is_whole_block(self, source: Source) -> bool:
        lead = LEAD.match(self.fit.block.text)
        opens = self.fit.start <= (lead.end() if lead else 0) or "strong" in self.fit.shape.alphabet.named[self.fit.row.letters[0]]
        return opens and len(self.fit.block.text) - source.end <= 160

    def _is_aside(self, source: Source) -> bool:
        """ "The letter, first published by the Courier, names three men": what a sentence says by the way of another thing."""
        row = self.fit.said(self.fit.found.span())
        said_before = self.fit.block.text[: self.fit.start].rstrip()
        is_parted = said_before.endswith((",", "，", "،", "、")) or any(
            "comma" in mark.classes for mark in row[1:4] if mark.end <= source.start
        )
        behind = [mark for mark in self.fit.marks if mark.start >= source.end]
        goes_on = bool(behind) and "comma" in behind[0].classes
        return is_parted and goes_on and not any(mark.classes & {"again", "leave", "taken", "orig"} for mark in behind)

    def _names_title(self, source: Source) -> bool:
        span = group(self.fit.found, "t")
        if span is None or group(self.fit.found, "footer"):
            return True
        marks = self.fit.said(span)
        start, end = marks[0].start, marks[-1].end
        said = self.fit.block.text[start:end]
        links = [link.href for link in self.fit.block.links if link.start <= start and link.end >= end]
        is_there = bool(source.href) and any(host_name(href) == host_name(source.href or "") for href in links)
        return self.fit.is_title(said) or (bool(links) and (is_there or self._may_be_title(said)))

    def _may_be_title(self, said: str) -> bool:
        """A footer may print a title cut, or a planet more than it; a link under other words leads to another text."""
        said, title = (re.sub(r"\W+", "", words.casefold()) for words in (said, self.fit.title))
        return not title or said.startswith(title[:_TITLE_CHARS]) or said[:_TITLE_CHARS] in title

    # what it names

    def _source(self) -> Source | None:
        span = group(self.fit.found, "s")
        if span is None:
            return None
        marks = self.fit.said(span)
        number = next((mark.link for mark in marks if mark.link is not None), None)
        if number is not None:
            link = self.fit.block.links[number]
            if self.fit.shape.is_anchored and not (marks[-1].link == number and self._pointing.says_original(link)):
                return None
            return self._linked(link, next(mark.start for mark in marks if mark.link == number))
        if self.fit.shape.is_anchored:
            return None
        if "by" in marks[0].classes:
            marks = tuple(dropwhile(lambda mark: not mark.classes & _NAMES, marks))
        if not marks:
            return None
        return self._addressed(marks[0]) if marks[0].classes == URL else self._named(marks)

    def _linked(self, link: Link, start: int) -> Source | None:
        if link.href.startswith(("mailto:", "#", "tel:")):
            return None
        end = link.end
        said = [mark for mark in self.fit.marks if mark.start >= start and mark.end <= end]
        says_nothing = all(mark.classes & WAYS_THERE for mark in said)
        name = None if says_nothing else self._clean(self.fit.block.text[start:end], is_linked=link.start >= start)
        if said and all("date" in mark.classes or "at" in mark.classes for mark in said):
            return None
        return Source(start, end, host_name(name) if name and ADDRESS.match(name) else name, link.href, link)

    def _addressed(self, mark: Mark) -> Source | None:
        said = self.fit.block.text[mark.start : mark.end].rstrip(".,;:!?")
        end = mark.start + len(said)
        if ADDRESS.match(said):
            return Source(mark.start, end, host_name(said), said)
        host, slash, _ = said.partition("/")
        if not slash and not host.islower():
            return Source(mark.start, end, said)
        return Source(mark.start, end, host, f"https://{said}")

    def _named(self, marks: Sequence[Mark]) -> Source | None:
        start, end = marks[0].start, marks[-1].end
        name = self._clean(self.fit.block.text[start:end])
        if not 2 <= len(name) <= _MAX_NAME or len(name.split()) > _MAX_WORDS or self._is_date(name) or name.islower():
            return None
        return Source(start, end, name)

    def _clean(self, name: str, *, is_linked: bool = False) -> str:
        """A name as it is printed: without the words before it, but with the article that is a part of it ("the Orig", but "Die Zeit")."""
        words = name.replace("\n", " ").strip(QUOTES + ".,:;()[]").split()
        while len(words) > 1 and self._is_article(words[0]):
            if words[0][0].isupper() and (is_linked or not words[1][0].islower()):
                break
            words.pop(0)
        return " ".join(words).strip(QUOTES)

    def _is_article(self, word: str) -> bool:
        return any("the" in entry.classes for entry in self.fit.language.marker.lexicon.entries(fold(word)) if not entry.rest)

    def _is_date(self, name: str) -> bool:
        return bool(_YEAR.search(name)) or not any(map(str.isalpha, name))

    # what it says

    def _statement(self, source: Source) -> Statement:
        text = self.fit.block.text
        page, home = self._pointing.addresses(source)
        words = f"{text[max(self.fit.start, source.start - 20) : source.end]} {self._behind(source)}".casefold().split()
        is_printed = any(word.strip(_AROUND) in self.fit.language.print for word in words)
        name = source.name or self._said_name()
        if is_printed and self._is_some_book(name or text[source.start : source.end]):
            name = page = home = None
        return Statement(
            rule=f"{self.fit.language.code}:{self.fit.shape.name}",
            role="note" if self._is_full_credit(source) else self._role,
            where=self.fit.place.where,
            evidence=" ".join(text[self.fit.start : max(source.end, self.fit.start + 160)][:300].split()),
            name=name,
            page=page,
            home=home,
            vias=tuple(self._vias(source)),
            is_printed=is_printed,
            by_author=not source.href and (self._follows(source, "by") or self._is_said("authored")),
        )

    def _is_some_book(self, name: str) -> bool:
        """Whether a name is that of no book in particular: "my book", where a link leads to whoever sells it."""
        words = [word.strip(_AROUND) for word in name.split()]
        others = [word for word in words if word.casefold() not in self.fit.language.print]
        return len(others) < len(words) and not any(word[:1].isupper() for word in others) and name.lower() != name.upper()

    def _behind(self, source: Source) -> str:
        """The next words behind a source that are of its own sentence: the next one is about another thing ("Her book is out.")."""
        end = next((mark.start for mark in self.fit.marks if mark.start >= source.end and "end" in mark.classes), None)
        return self.fit.block.text[source.end : min(end or source.end + 20, source.end + 20)]

    def _said_name(self) -> str | None:
        span = group(self.fit.found, "n")
        if span is None:
            return None
        marks = self.fit.said(span)
        return self._clean(self.fit.block.text[marks[0].start : marks[-1].end])

    def _follows(self, source: Source, name: str) -> bool:
        before = [mark for mark in self.fit.said(self.fit.found.span()) if mark.end <= source.start]
        return bool(before) and name in before[-1].classes

    def _is_said(self, name: str) -> bool:
        return any(name in self.fit.shape.alphabet.named[letter] for letter in self.fit.found[0])

    def _vias(self, source: Source) -> Iterator[tuple[str, str]]:
        """Later hops that the sentence or the next one names behind its source: "via …"."""
        behind = [mark for mark in self.fit.marks if source.end <= mark.start <= source.end + BEHIND]
        for number, mark in enumerate(behind):
            if "via" not in mark.classes:
                continue
            there = next(dropwhile(lambda mark: bool(mark.classes & {"the", "colon", "place"}), behind[number + 1 :]), None)
            if there is None:
                continue
            if there.link is not None and self.fit.block.links[there.link] is not source.link:
                link = self.fit.block.links[there.link]
                yield self._clean(self.fit.block.text[link.start : link.end], is_linked=True), link.href
            elif there.classes == URL and (address := ADDRESS.match(self.fit.block.text, there.start)):
                yield host_name(address[0]), address[0].rstrip(".,;:!?")
