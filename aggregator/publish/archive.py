"""Where the pages of an output's archive stand (RFC 5005 section 4) (pure)."""

from pathlib import PurePosixPath


def page_path(output: str, number: int | str) -> str:
    """The path of a page of an output's archive.

    >>> page_path("news/atom.xml", 7)
    'news/archive/atom-7.xml'
    """
    path = PurePosixPath(output)
    return str(path.parent / "archive" / f"{path.stem}-{number}{path.suffix}")


def is_archive_page(path: str, output: str) -> bool:
    """Whether a path is that of some page of an output's archive."""
    start, end = page_path(output, "\0").split("\0")
    return path.startswith(start) and path.endswith(end) and path[len(start) : len(path) - len(end)].isdigit()
