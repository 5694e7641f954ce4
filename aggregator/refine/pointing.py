"""Where a sentence of origin leads: the page that it gives, and the source's own address."""

import re
from dataclasses import dataclass
from itertools import dropwhile, pairwise
from typing import Final

from aggregator.refine.blocks import Link
from aggregator.refine.fit import Fit, Source
from aggregator.refine.marking import pieces
from aggregator.refine.pages import has_own_path, is_front_page, names_a_page, same_place
from aggregator.refine.shapes import group
from aggregator.web.url import unwrap

ADDRESS: Final = re.compile(r"https?://[^\s<>\"'“”’)\]]{4,2000}", re.IGNORECASE)
WAYS_THERE: Final = frozenset(
    {"orig", "text", "the", "read", "this", "place", "fill", "be", "at", "here", "from", "crosspost", "first", "version"}
)
"""What a link says that has no name: "read the original article here"."""

BEHIND: Final = 400
"""How far behind a source the sentence may name its page, or a later hop."""

# Of what a link on the verb consists, and what it must have.
_VERBS: Final = frozenset({"first", "published", "again", "premiered", "crosspost", "version", "variant"})
_VERBAL: Final = _VERBS | {"be", "fill", "at", "from", "the", "this", "text", "bare", "when", "date"}


@dataclass(frozen=True, slots=True)
class Pointing:
    """The links and bare addresses of a sentence and of what stands next to it."""

    fit: Fit

    def addresses(self, source: Source) -> tuple[str | None, str | None]:
        """(page, home): the deepest address that the sentence gives, and the source's own where that is another."""
        own = _unwrapped(source.href)
        titled = self._title_link(source)
        if own and names_a_page(own) and not titled:
            return own, None
        reference = _unwrapped(titled or self.reference(source))
        if own and reference and not same_place(own, reference):
            reference = None
        if reference and not is_front_page(reference):
            return reference, own
        return (own, None) if own and has_own_path(own) else (None, own or reference)

    def _title_link(self, source: Source) -> str | None:
        """Where the title leads that the sentence gives: "the post [T] …", "as [T] …"."""
        span = group(self.fit.found, "t")
        if span:
            return next((self.fit.block.links[mark.link].href for mark in self.fit.said(span) if mark.link is not None), None)
        linked = group(self.fit.found, "k")
        if linked:
            link = next(self.fit.block.links[mark.link] for mark in self.fit.said(linked) if mark.link is not None)
            return link.href if self.fit.is_title(self.fit.block.text[link.start : link.end]) else None
        row = self.fit.said(self.fit.found.span())
        titled = (
            after.link for mark, after in pairwise(row) if "as" in mark.classes and after.link is not None and after.end <= source.start
        )
        return next((self.fit.block.links[number].href for number in titled), None)

    def says_original(self, link: Link, *, plainly: bool = False) -> bool:
        """Whether all that the words of a link say is where to go: "the original article", "here"."""
        inside = [mark for mark in self.fit.marks if mark.link is not None and self.fit.block.links[mark.link] is link]
        said = frozenset().union(*(mark.classes for mark in inside)) if inside else frozenset()
        if not inside or not all(mark.classes & WAYS_THERE for mark in inside):
            return False
        return bool(said & {"orig", "crosspost"}) or (not plainly and bool(said & {"here", "text", "this"}))

    def reference(self, source: Source) -> str | None:
        """The address that the sentence or its neighbour gives apart from the name: "this [article]", "read the original [here]"."""
        text = self.fit.block.text
        if said := self._verb_link(source):
            return said.href
        for link in self.fit.block.links:
            near = self.fit.start <= link.start < source.start or source.end <= link.start <= source.end + BEHIND
            if link is not source.link and near and self.says_original(link) and self._is_in_reference(link, source):
                return link.href
        for link in self.fit.block.links:
            if source.link is None and 0 <= link.start - source.end <= 4 and not any(map(str.isalnum, text[source.end : link.start])):
                return link.href
        return self._spelled(source) or self._next_block(source)

    def _verb_link(self, source: Source) -> Link | None:
        """The link that stands on the verb: "this was [originally published] in the Post"."""
        row = self.fit.said(self.fit.found.span())
        for link in self.fit.block.links:
            inside = [mark for mark in row if mark.link is not None and self.fit.block.links[mark.link] is link]
            says_so = all(mark.classes & _VERBAL for mark in inside) and any(mark.classes & _VERBS for mark in inside)
            if link is not source.link and says_so:
                return link
        return None

    def _is_in_reference(self, link: Link, source: Source) -> bool:
        """ "Here" alone may lead anywhere ("subscribe here"); near the word for the original it leads there."""
        if link.start < source.start or self.says_original(link, plainly=True):
            return True
        return any("orig" in mark.classes and max(source.end, link.start - 90) <= mark.start < link.end for mark in self.fit.marks)

    def _spelled(self, source: Source) -> str | None:
        """A bare address right behind the name, or behind a word for the original ("original article: https://…")."""
        text = self.fit.block.text
        for address in ADDRESS.finditer(text, source.end, source.end + BEHIND):
            before = text[max(source.end, address.start() - 4) : address.start()]
            is_next = source.link is None and source.end >= address.start() - 4 and not any(map(str.isalnum, before))
            marks = (mark for mark in self.fit.marks if max(source.end, address.start() - 25) <= mark.start < address.start())
            if is_next or any("orig" in mark.classes for mark in marks):
                return address[0].rstrip(".,;:!?")
        return None

    def _next_block(self, source: Source) -> str | None:
        """The address in a short neighbour that says nothing but "original article: …"."""
        following = self.fit.following
        if following is None or len(following.text) > 300 or source.end < len(self.fit.block.text) - 200:
            return None
        found = pieces(following.text, following.links, 0, len(following.text))
        marks = self.fit.language.marker.marked(following.text, found, following.links).marks
        said = next(dropwhile(lambda mark: bool(mark.classes & {"read", "the", "fill", "open"}), marks), None)
        if said is None or "orig" not in said.classes:
            return None
        address = ADDRESS.search(following.text)
        return following.links[0].href if following.links else address[0] if address else None


def _unwrapped(href: str | None) -> str | None:
    """Where a redirector leads, if its address says so: whether that is a page is to be asked of the one behind it."""
    return (unwrap(href) or href) if href else None
