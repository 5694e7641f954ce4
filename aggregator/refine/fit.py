"""A shape that fits at a place of a block, and what stands there."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from aggregator.refine.blocks import Block, BlockKind, Link
from aggregator.refine.marking import Mark, Marked
from aggregator.refine.phrasebook import Language
from aggregator.refine.shapes import Row, Shape, Stand, group

QUOTES: Final = "\"'“”‘’«»„*_「」『』《》 "


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block stands: `depth` blocks from the nearer end of the text, and what kind of block it follows."""

    where: str
    is_first: bool
    is_last: bool
    depth: int = 0
    follows: BlockKind | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """What the sentence names: its place in the text, its name, its address (as written) and the link, if it is one."""

    start: int
    end: int
    name: str | None
    href: str | None = None
    link: Link | None = None


@dataclass(frozen=True)
class Fit:
    """One shape that fits at one place of one block. `following` is the next block, `title` the entry's."""

    block: Block
    place: Place
    following: Block | None
    title: str
    language: Language
    marked: Marked
    row: Row
    shape: Shape
    found: re.Match[str]

    @cached_property
    def start(self) -> int:
        return self.said(self.found.span())[0].start

    @property
    def marks(self) -> tuple[Mark, ...]:
        return self.marked.marks

    def said(self, letters: tuple[int, int]) -> tuple[Mark, ...]:
        """The marks behind some letters of the row."""
        start, end = self.row.marks(*letters)
        return self.marks[start:end]

    @cached_property
    def stand(self) -> Stand:
        stands: tuple[Stand, ...] = ("strong", "bare", "weak")
        return next((stand for stand in stands if group(self.found, stand)), "weak" if self.shape.is_alone else "none")

    def is_title(self, said: str) -> bool:
        said = said.strip(QUOTES).casefold()
        return len(said) > 3 and said == self.title.strip(QUOTES).casefold()
