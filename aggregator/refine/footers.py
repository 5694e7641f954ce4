"""A feed's own footers: "The post T appeared first on S", where S is the feed itself. They differ by the entry's title and link."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from aggregator.model import Claim, Url
from aggregator.refine import claims
from aggregator.refine.blocks import Block, Edges, edges, read, without
from aggregator.refine.context import Context
from aggregator.refine.reading import Statement
from aggregator.refine.repeated import is_owed
from aggregator.refine.sentences import might_speak, statements
from aggregator.web.sentences import ends
from aggregator.web.text import folded_name

# With a long title and a long name.
_MAX_CHARS: Final = 600
# A footer stands behind the text, before what else is printed there.
_LAST: Final = 5
_MARKS: Final = re.compile(r"[.!?…。！？]")


def claimed(statement: Statement, page: Url | None, context: Context, authors: Sequence[str] = ()) -> list[Claim]:
    """The claims of a footer on an entry that has this page.

    Where it prints the feed's own title it is about the feed, whatever site its links lead to: who moved, or has a second host, prints them
    as before. Unless the entry's page is elsewhere as well: then the feed is a copy that has taken the title along.
    """
    made = claims.spoken(statement, 1, context, authors)
    is_at_home = page is not None and claims.is_own(page, context)
    return [replace(claim, standing="self") if is_at_home and _prints_title(claim, context) else claim for claim in made]


def _prints_title(claim: Claim, context: Context) -> bool:
    titles = {folded_name(title) for title in (context.head.title, context.spec.name) if title}
    return claim.standing == "outranked" and folded_name(claim.name or "") in titles


def without_own_footers(html: str, title: str | None, context: Context) -> tuple[str, tuple[str, ...]]:
    """(the HTML without its last blocks that only say that it appeared first in the feed itself, the words of each).

    A block that says anything else stays, one that links to another site, and the last one of a text that shows nothing else.
    """
    if "<" not in html or not might_speak(html):
        return html, ()
    gone = [block for block in edges(html, last=_LAST).last if _is_own_footer(html, block, title or "", context)]
    rest = without(html, gone) if gone else html
    if not gone or not read(rest):
        return html, ()
    return rest, tuple(" ".join(block.text.split()) for block in gone)


def _is_own_footer(html: str, block: Block, title: str, context: Context) -> bool:
    if block.kind != "text" or len(block.text) > _MAX_CHARS or is_owed(html, block) or not _is_one_sentence(block, title):
        return False
    found = statements(Edges((block,), (block,)), title)
    said = [claim for one in found for claim in claims.spoken(one, 1, context)]
    return bool(said) and all(one.role == "footer" for one in found) and all(claim.standing == "self" for claim in said)


def _is_one_sentence(block: Block, title: str) -> bool:
    """Whether a block says one thing only. A title and the words of links may hold any marks."""
    text = block.text
    for link in reversed(block.links):
        text = text[: link.start] + _MARKS.sub(" ", text[link.start : link.end]) + text[link.end :]
    if title:
        text = text.replace(title, "T")
    return len(list(ends(text.strip()))) <= 1
