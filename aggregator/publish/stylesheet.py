"""The stylesheets by which a browser shows our Atom and RSS: files below root, to which each feed leads (pure).

A browser takes the first that it understands: feeds.xsl makes a page of the feed. Browsers are about to give up XSLT; without it,
feeds.css shows what style alone can show.
"""

import posixpath
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

STYLESHEETS: Final[Mapping[str, str]] = {"feeds.xsl": "application/xslt+xml", "feeds.css": "text/css"}
"""Where they stand below root, and their media types."""
_INSTRUCTED: Final = {"feeds.xsl": "text/xsl", "feeds.css": "text/css"}  # browsers know no other name of XSLT here


@cache
def stylesheet(path: str) -> bytes:
    """The stylesheet that stands there."""
    return (resources.files("aggregator.publish") / path).read_bytes()


def styled(document: bytes, path: str) -> bytes:
    """An XML document with the instruction to show it so; from where it stands, so that it holds below any public address.

    >>> styled(b"<?xml version='1.0'?>\\n<rss/>", "news/rss.xml").splitlines()[1]
    b'<?xml-stylesheet type="text/xsl" href="../feeds.xsl"?>'
    """
    declaration, end, rest = document.partition(b"?>\n")
    folder = posixpath.dirname(path) or "."
    lines = [f'<?xml-stylesheet type="{kind}" href="{posixpath.relpath(name, folder)}"?>\n' for name, kind in _INSTRUCTED.items()]
    return declaration + end + "".join(lines).encode() + rest
