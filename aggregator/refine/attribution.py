"""Our own visible line in somebody's HTML: recognised by its class or, since sanitizers eat classes, by its words; read, and taken out.

It is a claim like any other. It is taken out so that the new line replaces it and two never stand above each other.
"""

from collections.abc import Sequence
from typing import Final

from aggregator.refine.blocks import Block, Edges
from aggregator.refine.phrasebook import languages
from aggregator.refine.reading import Statement, names_a_page
from aggregator.web.host import site

CLASS: Final = "aggregator-origin"
_LINK: Final = "\0"


def might_hold_line(html: str) -> bool:
    """Whether our class occurs in the HTML."""
    return CLASS in html


def without_our_line(html: str, read: Edges, claimed_sites: Sequence[str]) -> tuple[str, Statement | None]:
    """(the HTML without our line, what the line said), the HTML as it came and None where there is no line.

    `claimed_sites` are the sites that the entry's markup names: "From X." alone is taken for ours only where the markup says X, too.
    """
    lines = [block for block in _candidates(read) if _is_ours(block, claimed_sites)]
    said = next((statement for block in lines if (statement := _read(block, _where(block, read)))), None)
    for block in sorted(lines, key=lambda block: -block.start):
        html = html[: block.start] + html[block.end :]
    return html, said


def _candidates(read: Edges) -> list[Block]:
    """Blocks by class anywhere at the edges; by words only the two outermost at either end, where a line is put."""
    blocks = {block.start: block for block in (*read.first, *read.last)}
    outer = {block.start for block in (*read.first[:2], *read.last[-2:])}
    return [block for block in blocks.values() if CLASS in block.classes.split() or (block.start in outer and block.kind == "text")]


def _is_ours(block: Block, claimed_sites: Sequence[str]) -> bool:
    if CLASS in block.classes.split():
        return True
    role = _role(block)
    if role == "from":
        return len(block.links) == 1 and site(block.links[0].href) in claimed_sites
    return role is not None


def _role(block: Block) -> str | None:
    """Which of our lines the words of a block are, where every name is a link: `origin`, `also`, `from`, or None."""
    if not block.links or len(block.text) > 2000:
        return None
    skeleton = _skeleton(block)
    return next((role for language in languages() for role, pattern in language.lines if pattern.fullmatch(skeleton)), None)


def _skeleton(block: Block) -> str:
    pieces, at = [], 0
    for link in block.links:
        pieces += [block.text[at : link.start], _LINK]
        at = link.end
    return "".join([*pieces, block.text[at:]])


def _where(block: Block, read: Edges) -> str:
    return "first block" if block in read.first else "last block"


def _read(block: Block, where: str) -> Statement | None:
    """What a line says: the first link is the origin, the others are the hops since. "Also appeared" and "From" name no origin."""
    role = _role(block)
    if not block.links or role in ("also", "from") or (role is None and len(block.links) < 2):
        return None
    names = [(block.text[link.start : link.end], link.href) for link in block.links]
    (name, href), vias = names[0], names[1:]
    return Statement(
        rule="attribution line",
        role="note",
        where=where,
        evidence=block.text[:300],
        name=name,
        page=href if names_a_page(href) else None,
        home=None if names_a_page(href) else href,
        vias=tuple(vias),
    )
