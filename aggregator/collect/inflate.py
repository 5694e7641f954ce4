"""Undo content codings (RFC 9110 section 8.4) piece by piece, within limits: a few kilobytes can hold gigabytes."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from aggregator.collect.charset import is_charset

_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_PIECE_BYTES: Final = 64 * 1024
_MAX_CODINGS: Final = 3
# Real multi-part files have a part per 64 kB; a body of thousands of empty parts only burns time.
_MAX_PARTS: Final = 1024
_NO_CODING: Final = frozenset({"", "identity", "none"})
# Servers that announce deflate and send plain text do exist; a deflate stream that begins so does not.
_TEXT_STARTS: Final = (b"<?xml", b"<rss", b"<feed", b"<rdf", b"<!", b"<html", b"{", b"\xef\xbb\xbf")


class UnknownCoding(Exception):
    """The body is in a coding that was not asked for. The argument is its name."""


class Oversized(Exception):
    """More bytes than allowed, before or after inflating."""


class CutShort(Exception):
    """The compressed data ends before its own end mark."""


class Damaged(Exception):
    """The compressed data cannot be read."""


def inflated(pieces: Iterable[bytes], codings: str, *, max_bytes: int, check: Callable[[], object] = lambda: None) -> bytes:
    """The whole body without its codings, which are a Content-Encoding field as sent, outermost last.

    gzip that is announced but was not done is read as it is; gzip that was done but not announced is undone. A charset that stands there,
    as servers set up by hand have it (`Content-Encoding: UTF-8`), is no coding. No layer may be longer than `max_bytes`. `check` is called
    before each piece of at most 64 KiB and may raise. Raises `UnknownCoding`, `Oversized`, `CutShort`, `Damaged`.

    >>> import gzip
    >>> inflated([gzip.compress(b"<rss/>")], "gzip", max_bytes=100)
    b'<rss/>'
    """
    names = [name for name in (part.strip().lower() for part in codings.split(",")) if not _is_none(name)]
    if len(names) > _MAX_CODINGS:
        raise UnknownCoding(f"{len(names)} layers")
    stream = _counted(pieces, max_bytes, check)
    for name in reversed(names):
        if name not in _UNDO:
            raise UnknownCoding(name[:40])
        stream = _counted(_UNDO[name](stream), max_bytes, check)
    if not names:
        stream = _counted(_ungzip(stream), max_bytes, check)
    return b"".join(stream)


def _is_none(name: str) -> bool:
    return name in _NO_CODING or (name not in _UNDO and is_charset(name))


def _counted(pieces: Iterable[bytes], max_bytes: int, check: Callable[[], object]) -> Iterator[bytes]:
    total = 0
    for piece in pieces:
        check()
        total += len(piece)
        if total > max_bytes:
            raise Oversized
        if piece:
            yield piece


def _ungzip(pieces: Iterator[bytes]) -> Iterator[bytes]:
    start = _start(pieces, len(_GZIP_MAGIC))
    if start.startswith(_GZIP_MAGIC):
        return _unpacked(start, pieces, _GZIP_WINDOW)
    return _after(start, pieces)


def _undeflate(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """RFC 9110 means the zlib format; many servers send bare deflate instead."""
    start = _start(pieces, 5)
    if start.startswith(_GZIP_MAGIC):
        return _unpacked(start, pieces, _GZIP_WINDOW)
    if not start or start.lstrip().lower().startswith(_TEXT_STARTS):
        return _after(start, pieces)
    has_zlib_header = len(start) > 1 and start[0] & 0x0F == 8 and int.from_bytes(start[:2], "big") % 31 == 0
    return _unpacked(start, pieces, zlib.MAX_WBITS if has_zlib_header else -zlib.MAX_WBITS)


_UNDO: Final = {"gzip": _ungzip, "x-gzip": _ungzip, "deflate": _undeflate}


def _start(pieces: Iterator[bytes], wanted: int) -> bytes:
    start = b""
    while len(start) < wanted and (piece := next(pieces, b"")):
        start += piece
    return start


def _after(start: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield start
    yield from pieces


def _unpacked(start: bytes, pieces: Iterator[bytes], window: int) -> Iterator[bytes]:
    """Inflate, also gzip of several parts; what follows the last part and is none is ignored, as gzip itself does."""
    parts = 1
    part = zlib.decompressobj(window)
    rest = b""
    for piece in _after(start, pieces):
        data = rest + piece
        rest = b""
        while data:
            if part.eof:
                if len(data) < len(_GZIP_MAGIC):
                    rest = data
                    break
                if window < _GZIP_WINDOW or not data.startswith(_GZIP_MAGIC):
                    return
                parts += 1
                if parts > _MAX_PARTS:
                    raise Oversized
                part = zlib.decompressobj(window)
            yield _inflate(part, data)
            data = part.unused_data if part.eof else part.unconsumed_tail
    while not part.eof and (more := _inflate(part, b"")):
        yield more
    if not part.eof:
        raise CutShort


def _inflate(part: "zlib._Decompress", data: bytes) -> bytes:
    try:
        return part.decompress(data, _PIECE_BYTES)
    except zlib.error as error:
        raise Damaged(str(error)) from error
