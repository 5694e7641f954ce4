"""The pages of an output's archive (RFC 5005 section 4): where they stand, and how an entry is taken out of one (pure)."""

from collections.abc import Collection
from pathlib import PurePosixPath

from aggregator.model import Kept, Written
from aggregator.publish.shelf import Frame, places, reindexed


def archive_page(output: str, number: int | str) -> str:
    """The path of a page of an output's archive.

    >>> archive_page("news/atom.xml", 7)
    'news/archive/atom-7.xml'
    """
    path = PurePosixPath(output)
    return str(path.parent / "archive" / f"{path.stem}-{number}{path.suffix}")


def is_archive_page(path: str, output: str) -> bool:
    """Whether a path is that of some page of an output's archive."""
    start, end = archive_page(output, "\0").split("\0")
    return path.startswith(start) and path.endswith(end) and path[len(start) : len(path) - len(end)].isdigit()


def without(kept: Kept, gone: Collection[int]) -> Written:
    """A file without some of its entries, given by their places in it (from 0); every other byte stays."""
    found = places(kept)
    _, first, _ = found[0]
    _, last, length = found[-1]
    between = kept.file[found[0][1] + found[0][2] : found[1][1]] if len(found) > 1 else b""
    frame = Frame(head=kept.file[:first], tail=kept.file[last + length :], between=between)
    left = [(key, kept.file[start : start + size]) for place, (key, start, size) in enumerate(found) if place not in gone]
    return reindexed(frame, [key for key, _ in left], [piece for _, piece in left])
