"""The codings in which files are served: the same bytes give the same bytes, whenever and wherever they are compressed (pure)."""

import gzip
from collections.abc import Callable, Mapping
from typing import Final

import brotli

SUFFIXES: Final[Mapping[str, str]] = {"br": ".br", "gzip": ".gz"}
"""Codings by their names in HTTP, the better first, and what names of files in them end with, as static web servers look for them."""

MIN_BYTES: Final = 256
"""Below that the header of a coding eats what is won."""
# Beyond these both take several times as long for a few percent.
_BROTLI_QUALITY: Final = 6
_GZIP_LEVEL: Final = 6


def compressed(coding: str, body: bytes) -> bytes | None:
    """A body in a coding; None where that does not pay."""
    if len(body) < MIN_BYTES:
        return None
    packed = _CODERS[coding](body)
    return packed if len(packed) < len(body) else None


def _br(body: bytes) -> bytes:
    packed: bytes = brotli.compress(body, mode=brotli.MODE_TEXT, quality=_BROTLI_QUALITY)
    return packed


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, _GZIP_LEVEL, mtime=0)


_CODERS: Final[Mapping[str, Callable[[bytes], bytes]]] = {"br": _br, "gzip": _gzip}
