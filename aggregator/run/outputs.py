"""The published files as HTTP sees them: media type, codings, validators. Pure but for reading the files."""

import hashlib
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

from aggregator.publish.compress import SUFFIXES, compressed
from aggregator.publish.stylesheet import STYLESHEETS, stylesheet

MAX_FILE_BYTES = 64 * 1024 * 1024  # What we publish is a few MiB; something larger below `root` is not ours.
MAX_CACHED = 128

_HEAD_BYTES = 4096
_ROOT_ELEMENTS = {
    b"feed": "application/atom+xml",
    b"rss": "application/rss+xml",
    b"opml": "text/x-opml",
    b"html": "text/html",
}
# A prolog may hold declarations, comments and processing instructions; what follows is the root element.
_ROOT_ELEMENT = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?[^>]*\?>\s*|<!--(?:(?!-->).)*-->\s*|<!doctype[^>\[]*>\s*)*<([A-Za-z]+)[\s>/]", re.I | re.S
)
_JSON_FEED = re.compile(rb'\A\s*\{.*?"version"\s*:\s*"https://jsonfeed\.org/version/', re.S)


def media_type(head: bytes) -> str | None:
    """Tell what an output is by how it starts; None for whatever is none.

    >>> media_type(b'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">')
    'application/atom+xml'
    >>> media_type(b"feeds:") is None
    True
    """
    if _JSON_FEED.match(head):
        return "application/feed+json"
    root = _ROOT_ELEMENT.match(head)
    return _ROOT_ELEMENTS.get(root[1].lower()) if root else None


@dataclass(frozen=True, slots=True)
class Copy:
    """One representation of an output: its bytes, their coding (None for identity) and their own strong validator."""

    body: bytes = field(repr=False)
    coding: str | None
    etag: str


@dataclass(frozen=True, slots=True)
class Served:
    """One output, ready to be sent. `coded` are its copies in the codings that pay; `modified_s` counts seconds since 1970."""

    media_type: str
    modified_s: int
    identity: Copy
    coded: tuple[Copy, ...] = ()

    @property
    def last_modified(self) -> str:
        return format_datetime(datetime.fromtimestamp(self.modified_s, UTC), usegmt=True)

    def shown(self) -> "Served":
        """The same as XML, for a browser that shows it by its stylesheet: another representation, so with validators of its own."""
        as_xml = [replace(copy, etag=f'{copy.etag[:-1]}-xml"') for copy in (self.identity, *self.coded)]
        return replace(self, media_type="application/xml", identity=as_xml[0], coded=tuple(as_xml[1:]))

    def copy(self, codings: Sequence[str]) -> Copy:
        """The copy in the first of these codings that there is, else the bytes as they are."""
        found = {copy.coding: copy for copy in self.coded}
        return next((found[coding] for coding in codings if coding in found), self.identity)


class Outputs:
    """The outputs below a folder, each read and compressed once and kept until its file changes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._cache: dict[str, tuple[tuple[int, int, int], Served | None]] = {}

    def find(self, path: str) -> Served | None:
        """Give the output at this path below the folder; None for anything else.

        Never a dotfile, a temporary file, a folder, a file outside (through `..` or a symbolic link), or one that is no feed, page
        or subscription list by its content.
        """
        if not _is_plain(path):
            return None
        file = self._root / path
        try:
            if not file.resolve(strict=True).is_relative_to(self._root.resolve()):
                return None
            # Not blocking: a named pipe below the folder must not hang the server.
            fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except (OSError, ValueError, RuntimeError):  # no such file, a NUL or a lone surrogate, a loop of links
            return None
        try:
            return self._read(path, fd)
        finally:
            os.close(fd)

    def _read(self, path: str, fd: int) -> Served | None:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE_BYTES:
            return None
        version = (status.st_mtime_ns, status.st_size, status.st_ino)
        known = self._cache.get(path)
        if known is None or known[0] != version:
            known = (version, _served(path, fd, int(status.st_mtime)))
            if len(self._cache) >= MAX_CACHED:
                self._cache.clear()
            self._cache[path] = known
        return known[1]


def _is_plain(path: str) -> bool:
    parts = path.split("/")
    return "\\" not in path and all(part and not part.startswith(".") and not part.endswith((".tmp", "~")) for part in parts)


def _served(path: str, fd: int, modified_s: int) -> Served | None:
    kind = STYLESHEETS.get(path) or media_type(os.pread(fd, _HEAD_BYTES, 0))
    if kind is None:
        return None
    with os.fdopen(os.dup(fd), "rb") as file:
        body = file.read(MAX_FILE_BYTES)
    if path in STYLESHEETS and body != stylesheet(path):
        return None
    digest = hashlib.blake2b(body, digest_size=12).hexdigest()
    packed = [(coding, compressed(coding, body)) for coding in SUFFIXES]
    coded = tuple(Copy(copy, coding, f'"{digest}-{coding}"') for coding, copy in packed if copy is not None)
    return Served(kind, modified_s, Copy(body, None, f'"{digest}"'), coded)


def accepted(accept_encoding: str) -> list[str]:
    """The codings of ours that an Accept-Encoding header (RFC 9110 section 12.5.3) allows, the most wanted first.

    >>> accepted("gzip, br"), accepted("br;q=0.2, x-gzip;q=0.5"), accepted("gzip;q=0, *"), accepted("")
    (['br', 'gzip'], ['gzip', 'br'], ['br'], [])
    """
    weights = {name.removeprefix("x-"): weight for name, weight in _codings(accept_encoding)}
    found = {coding: weights.get(coding, weights.get("*", 0.0)) for coding in SUFFIXES}
    return sorted((coding for coding, weight in found.items() if weight > 0), key=lambda coding: -found[coding])


def _codings(accept_encoding: str) -> list[tuple[str, float]]:
    found = []
    for part in accept_encoding.split(","):
        name, _, parameters = part.partition(";")
        weight = re.search(r"q\s*=\s*([01](?:\.\d{0,3})?)", parameters, re.I)
        found.append((name.strip().lower(), float(weight[1]) if weight else 1.0))
    return found


def is_not_modified(headers: Mapping[str, str], etag: str, modified_s: int) -> bool:
    """Does the asker hold this very representation already (RFC 9110 section 13.2.2)?

    If-None-Match decides where it is given (lists, `*`, weak comparison), else If-Modified-Since. `headers` has lower-case names or
    ignores case.

    >>> is_not_modified({"if-none-match": '"x", W/"abc"'}, '"abc"', 0)
    True
    """
    tags = headers.get("if-none-match")
    if tags is not None:
        return tags.strip() == "*" or etag in re.findall(r'"[^"]*"', tags)
    since = _http_date(headers.get("if-modified-since"))
    return since is not None and modified_s <= since.timestamp()


def _http_date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text) if text else None
    except (ValueError, IndexError, OverflowError):
        return None
    return date.replace(tzinfo=date.tzinfo or UTC) if date else None
