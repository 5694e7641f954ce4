"""One form of phrases.toml tried at one place of one block: whether it fits, which source it names, and which page."""

import re
from dataclasses import dataclass
from itertools import dropwhile
from typing import Final
from urllib.parse import urlsplit

from aggregator.refine.blocks import Block, Link
from aggregator.refine.phrasebook import Form, Language, Role

_MAX_NAME: Final = 100

# What may stand in front of a block's first sentence: brackets, quotes, bullets, and a label ("Editor's note:").
LEAD: Final = re.compile(r"[\s\[(*_•·|“\"–—~-]*(?:[^\W\d_](?:[^\W_]|[’' .]){0,24}:\s?)?[\s\[(*_“\"–—-]*")
_ADDRESS: Final = re.compile(r"<?\s?(https?://[^\s<>\"'“”’)\]]{4,2000})", re.IGNORECASE)
_DOMAIN: Final = re.compile(r"((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,4}[a-z]{2,18})(/[^\s<>\"'“”)\]]*)?(?![\w.]*\w)", re.IGNORECASE)
_NAME_END: Final = re.compile(r"[\n,;:!?()\[\]|{}<>。，、「」（）]|(?<!\b[A-Z])\.(?:\s|$)|\s[–—-]\s|…")
_QUOTES: Final = "\"'“”‘’«»„*_ "
_YEAR: Final = re.compile(r"(?:^|\D)(?:1[89]|20)\d\d(?:\D|$)")
_PAGE_LIKE: Final = re.compile(r"[-_].*[-_]|\.\w{3,5}$|\d{3}")
_SECTIONS: Final = frozenset(
    {"blog", "blogs", "news", "feed", "rss", "articles", "posts", "en", "de", "fr", "es", "pt", "it", "nl", "home"}
)


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
    """What stands in the slot: its end in the text, its name, its address (as written) and the link, if it is one."""

    start: int
    end: int
    name: str | None
    href: str | None = None
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One form tried at one place of one block."""

    block: Block
    place: Place
    following: Block | None
    title: str
    language: Language
    form: Form
    start: int

    def result(self) -> tuple[Statement, int] | None:
        found = self.form.before.match(self.block.text, self.start, self.start + 700)
        if not found or (self.form.needs and not self.form.needs.search(found[0])):
            return None
        if self.form.role in ("brief", "hint") and not self._is_own_sentence():
            return None
        if self.form.needs_title and not self._names_title(found):
            return None
        source = self._source(found.end())
        if source is None or (self.form.role in ("brief", "hint") and not source.href and not self._reference(source)):
            return None
        return self._statement(found, source), source.end

    # where a form may stand

    def _is_own_sentence(self) -> bool:
        text = self.block.text
        lead = LEAD.match(text)
        if self.start <= (lead.end() if lead else 0) or text[self.start - 1 : self.start] == "\n":
            return True
        return self.form.role == "brief" and len(text) - self.start <= (400 if self.place.is_last else 160)

    def _names_title(self, found: re.Match[str]) -> bool:
        start, end = found.span("T")
        said = found["T"].strip(_QUOTES).casefold()
        linked = any(link.start <= start and link.end >= end for link in self.block.links)
        return linked or (len(said) > 3 and said == self.title.strip(_QUOTES).casefold())

    # what stands in the slot

    def _source(self, at: int) -> _Source | None:
        link = self._link_at(at)
        if self.form.is_anchored:
            good = link and self._says_original(link)
            source = _Source(link.start, link.end, None, link.href, link) if link and good else None
        else:
            source = self._linked(at, link) or self._addressed(at) or self._named(at)
        if source is None or self.form.after is None:
            return source
        return self._closed(at, source)

    def _closed(self, at: int, source: _Source) -> _Source | None:
        """The source, if the form goes on behind it; a bare name ends where the form does."""
        assert self.form.after is not None  # noqa: S101 - asked by the caller
        text = self.block.text
        if source.href:
            return source if self._follows(source.end) else None
        for end in range(at + 2, min(len(text), at + _MAX_NAME)):
            if text[end] == "\n" or (text[end - 1] in ".!?" and text[end].isspace()):
                return None
            if self.form.after.match(text, end):
                return self._checked(at, end)
        return None

    def _follows(self, end: int) -> bool:
        assert self.form.after is not None  # noqa: S101 - asked by the caller
        text = self.block.text
        for at in range(end, min(len(text), end + 60)):
            if self.form.after.match(text, at):
                return True
            if text[at] == "\n" or (text[at] in ".!?" and not self.form.is_anchored and text[at + 1 : at + 2].isspace()):
                return False
        return False

    def _link_at(self, at: int) -> Link | None:
        """The link that covers this place or begins behind an article and a word or two ("the", "last year's")."""
        for link in self.block.links:
            if link.start <= at < link.end:
                return link
            if at < link.start <= at + 40 and self._is_filler(self.block.text[at : link.start]):
                return link
        return None

    def _is_filler(self, gap: str) -> bool:
        words = gap.strip(_QUOTES + "(<:").split()
        if any(mark in gap for mark in ",;.!?"):
            return False
        if self.language.stop.search(f" {gap.strip()} ") and words and words[0].casefold() not in self.language.articles:
            return False
        return len(words) <= 4 and all(
            word.casefold().rstrip(".") in self.language.articles or (word[0].isalpha() and not word[0].isupper()) for word in words
        )

    def _linked(self, at: int, link: Link | None) -> _Source | None:
        if link is None or link.href.startswith(("mailto:", "#", "tel:")):
            return None
        name = self._clean(self.block.text[max(at, link.start) : link.end], is_linked=link.start >= at)
        if self.form.role != "hint" and self._is_date(name) and not link.start <= at:
            return None
        return _Source(max(at, link.start), link.end, None if self._says_nothing(link, name) else name, link.href, link)

    def _addressed(self, at: int) -> _Source | None:
        text = self.block.text
        if found := _ADDRESS.match(text, at):
            href = found[1].rstrip(".,;:!?")
            return _Source(at, found.start(1) + len(href), _host_name(href), href)
        found = _DOMAIN.match(text, at)
        if not found or not (found[1].islower() or found[2]):
            return None
        href = f"https://{found[0].rstrip('.,;:!?')}"
        return _Source(at, found.end(), found[1], href)

    def _named(self, at: int) -> _Source | None:
        text = self.block.text
        limit = min(len(text), at + _MAX_NAME)
        ends = [found.start() for found in (_NAME_END.search(text, at, limit), self.language.stop.search(text, at + 1, limit)) if found]
        ends += [link.start for link in self.block.links if link.start > at]
        return self._checked(at, min(ends, default=limit))

    def _checked(self, at: int, end: int) -> _Source | None:
        name = self._clean(self.block.text[at:end])
        words = name.split()
        if not 2 <= len(name) <= _MAX_NAME or len(words) > 9 or self._is_date(name) or name.islower() or self._is_common(name):
            return None
        return _Source(at, end, name)

    def _clean(self, name: str, *, is_linked: bool = False) -> str:
        """A name as it is printed: without the words before it, but with the article that is a part of it ("the Orig", but "Die Zeit")."""
        words = name.replace("\n", " ").strip(_QUOTES + ".,:;()[]").split()
        while len(words) > 1 and words[0].casefold() in self.language.articles:
            if words[0][0].isupper() and (is_linked or not words[1][0].islower()):
                break
            words.pop(0)
        return " ".join(words).strip(_QUOTES)

    def _is_date(self, name: str) -> bool:
        first = name.split()[0].casefold().strip(".,") if name.split() else ""
        return first in self.language.dates or bool(_YEAR.search(name)) or not any(character.isalpha() for character in name)

    def _says_nothing(self, link: Link, name: str) -> bool:
        """Whether the words of a link are no name: "here", "blog"."""
        return not name or self._is_common(name) or self._says_original(link)

    def _is_common(self, name: str) -> bool:
        """Whether a name is a word for any source, whatever article it has: "My blog"."""
        words = list(dropwhile(self.language.articles.__contains__, name.casefold().split()))
        return " ".join(words) in self.language.own

    def _says_original(self, link: Link) -> bool:
        return self.block.text[link.start : link.end].strip(_QUOTES + ".,:→»>[]()…").casefold() in self.language.original

    # what it says

    def _statement(self, found: re.Match[str], source: _Source) -> Statement:
        text = self.block.text
        page, home = self._addresses(found, source)
        name = source.name or self._author(found)
        words = f"{text[max(self.start, source.start - 20) : source.end]} {text[source.end : source.end + 20]}".casefold().split()
        return Statement(
            rule=self.form.rule,
            role=self.form.role,
            where=self.place.where,
            evidence=" ".join(text[self.start : max(source.end, self.start + 160)][:300].split()),
            name=name,
            page=page,
            home=home,
            vias=self._vias(source),
            is_printed=any(word.strip(".,;:()") in self.language.print for word in words),
            by_author=not source.href
            and bool(self.language.by)
            and found[0].split()[-1:] != []
            and found[0].split()[-1].casefold() in self.language.by,
        )

    def _author(self, found: re.Match[str]) -> str | None:
        if not self.form.is_anchored or self.form.after is None:
            return None
        for link in self.block.links:
            after = self.form.after.match(self.block.text, link.end) if link.start >= found.end() else None
            if after and "A" in after.re.groupindex and after["A"]:
                return self._clean(after["A"])
        return None

    def _addresses(self, found: re.Match[str], source: _Source) -> tuple[str | None, str | None]:
        """(page, home): the deepest address that the sentence gives, and the source's own where that is another."""
        own = source.href
        titled = self._title_link(found)
        if own and names_a_page(own) and not titled:
            return own, None
        reference = titled or self._reference(source)
        if own and reference and not _same_place(own, reference):
            reference = None
        if reference and not _is_front_page(reference):
            return reference, own
        return None, own or reference

    def _title_link(self, found: re.Match[str]) -> str | None:
        if "T" not in found.re.groupindex or found["T"] is None:
            return None
        start, end = found.span("T")
        return next((link.href for link in self.block.links if link.start < end and link.end > start), None)

    def _reference(self, source: _Source) -> str | None:
        """The address that the sentence or its neighbour gives apart from the name: "this [article]", "read the original [here]"."""
        text = self.block.text
        for link in self.block.links:
            near = self.start <= link.start < source.start or source.end <= link.start <= source.end + 400
            if link is not source.link and near and self._says_original(link) and self._is_in_reference(link, source):
                return link.href
        for link in self.block.links:
            if not source.href and 0 <= link.start - source.end <= 4 and not any(c.isalnum() for c in text[source.end : link.start]):
                return link.href
        return self._spelled(source) or self._next_block(source)

    def _spelled(self, source: _Source) -> str | None:
        """A bare address right behind the name, or behind a word for the original ("original article: https://…")."""
        text = self.block.text
        for address in _ADDRESS.finditer(text, source.end, source.end + 400):
            before = text[max(source.end, address.start() - 25) : address.start()].casefold()
            is_next = not source.href and len(before) <= 4 and not any(character.isalnum() for character in before)
            if is_next or any(word in before for word in self.language.original):
                return address[1].rstrip(".,;:!?")
        return None

    def _is_in_reference(self, link: Link, source: _Source) -> bool:
        """ "Here" alone may lead anywhere ("subscribe here"); near the word for the original it leads there."""
        words = self.block.text[link.start : link.end].strip(_QUOTES).casefold()
        if link.start < source.start or any(word in words for word in ("origin", "оригин", "orig")):
            return True
        around = self.block.text[max(source.end, link.start - 90) : link.end].casefold()
        return "origin" in around

    def _next_block(self, source: _Source) -> str | None:
        """The address in a short neighbour that says nothing but "original article: …"."""
        following = self.following
        if following is None or len(following.text) > 300 or source.end < len(self.block.text) - 200:
            return None
        if not following.text.strip(_QUOTES + "([").casefold().startswith(tuple(self.language.original)):
            return None
        address = _ADDRESS.search(following.text)
        return following.links[0].href if following.links else address[1] if address else None

    def _vias(self, source: _Source) -> tuple[tuple[str, str], ...]:
        if self.language.via is None:
            return ()
        hops: list[tuple[str, str]] = []
        for found in self.language.via.finditer(self.block.text, source.end, source.end + 400):
            link = self._link_at(found.end())
            address = None if link else _ADDRESS.match(self.block.text, found.end())
            if link and link is not source.link:
                name = self._clean(self.block.text[max(link.start, found.end()) : link.end], is_linked=link.start >= found.end())
                hops.append((name, link.href))
            elif address:
                hops.append((_host_name(address[1]), address[1].rstrip(".,;:!?")))
        return tuple(hops)


def names_a_page(href: str) -> bool:
    """Whether an address looks like one article rather than a front page or a section.

    >>> names_a_page("https://a.example/2020/why-we-left"), names_a_page("https://a.example/blog/"), names_a_page("https://a.example")
    (True, False, False)
    """
    try:
        parts = urlsplit(href)
    except ValueError:
        return False
    pieces = [piece for piece in parts.path.split("/") if piece and piece.lower() not in _SECTIONS]
    if not pieces:
        return bool(re.search(r"(?:^|&)(?:p|id|story|article|v|t)=\w", parts.query)) or len(parts.fragment) > 8
    if len(parts.fragment) > 8 and "/" in parts.fragment:  # the page of an application that lives in one document
        return True
    return (
        len(pieces) > 1 or "-" in pieces[0] or bool(_PAGE_LIKE.search(pieces[0])) or bool(parts.query) or pieces[0] != parts.path.strip("/")
    )


def has_own_path(href: str) -> bool:
    """Whether an address has a path that is neither a section's nor an account's: `/hello-world` is, `/`, `/blog/` and `/@ann` are not.

    >>> [has_own_path(f"https://a.example{path}") for path in ("/hello", "/", "/blog/", "/@ann", "/~ann/")]
    [True, False, False, False, False]
    """
    try:
        path = urlsplit(href).path
    except ValueError:
        return False
    pieces = [piece for piece in path.split("/") if piece and piece.lower() not in _SECTIONS]
    return bool(pieces) and not pieces[0].startswith(("@", "~"))


def _is_front_page(href: str) -> bool:
    try:
        parts = urlsplit(href)
    except ValueError:
        return True
    return parts.path.strip("/") == "" and not parts.query and not parts.fragment


def _same_place(one: str, other: str) -> bool:
    """The same host, www. aside, or one below the other."""
    a, b = sorted((_host_name(one), _host_name(other)), key=len)
    return bool(a) and (a == b or b.endswith(f".{a}"))


def _host_name(href: str) -> str:
    try:
        return (urlsplit(href).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
