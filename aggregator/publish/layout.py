"""Where the pages of an HTML output stand, and how they lead to one another (pure).

An output's own pages stand beside it: those of `index.html` in its folder, those of `news.html` in the folder `news/`. Only the pages about
single stories (`publish.trail`) stand in one folder for all outputs.
"""

import posixpath
import re
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Final
from urllib.parse import quote

ARCHIVED: Final = 100
"""How many entries a page of the archive holds: by their numbers in the output, so that a page which is full stays as it is."""

_PLAIN: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MAX_SLUG: Final = 40


@cache
def folder_of(output: str) -> str:
    """The folder of an output's own pages; empty for the folder of outputs itself.

    >>> folder_of("index.html"), folder_of("news.html"), folder_of("de/index.html")
    ('', 'news', 'de')
    """
    folder, stem = posixpath.dirname(output), posixpath.splitext(posixpath.basename(output))[0]
    return folder if stem == "index" else posixpath.join(folder, stem)


def source_path(output: str, feed_id: str) -> str:
    """The page about one feed."""
    return posixpath.join(folder_of(output), "source", f"{feed_id}.html")


def tag_path(output: str, tag: str) -> str:
    """The page of one tag. What is no plain word gets a digest behind it, so that no two tags share a page on any file system.

    >>> tag_path("index.html", "news"), tag_path("index.html", "C++")
    ('tag/news.html', 'tag/c-f1d81f50.html')
    """
    slug = "-".join(re.findall(r"[a-z0-9]+", tag.lower()))[:_MAX_SLUG]
    if slug != tag or not _PLAIN.fullmatch(tag):
        slug = "-".join(filter(None, (slug.strip("-"), blake2b(tag.encode("utf-8", "replace"), digest_size=4).hexdigest())))
    return posixpath.join(folder_of(output), "tag", f"{slug}.html")


def archive_path(output: str, number: int) -> str:
    """One page of the archive, counted from 1, the oldest."""
    return posixpath.join(folder_of(output), "archive", f"{number}.html")


def sources_path(output: str) -> str:
    """The list of all feeds."""
    return posixpath.join(folder_of(output), "sources.html")


def archives_path(output: str) -> str:
    """The list of the archive's pages."""
    return posixpath.join(folder_of(output), "archive.html")


def archive_number(sequence: int) -> int:
    """The page of the archive on which the entry of this number stands.

    >>> archive_number(1), archive_number(100), archive_number(101)
    (1, 1, 2)
    """
    return (sequence - 1) // ARCHIVED + 1


@dataclass(frozen=True, slots=True)
class Here:
    """The place of one page, from which others are linked."""

    path: str

    def to(self, path: str) -> str:
        """The address of another file below the folder of outputs, as this page links to it.

        >>> Here("de/tag/news.html").to("de/a b.html"), Here("index.html").to("tag/news.html"), Here("tag/news.html").to("tag/news.html")
        ('../a%20b.html', 'tag/news.html', 'news.html')
        """
        own, other = self.path.split("/")[:-1], path.split("/")
        shared = len(posixpath.commonprefix([own, other[:-1]]))
        return quote("/".join([*([".."] * (len(own) - shared)), *other[shared:]]))
