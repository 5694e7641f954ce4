"""What libcurl hands over during one transfer, received within limits: it asks for the connection, then tells header and body."""

import re
import socket
from collections.abc import Iterator
from typing import Final

from aggregator.collect.dial import Dialer
from aggregator.collect.door import MAX_FIELD_BYTES, MAX_FIELDS, WITH_BODY, Errand, Fields

_NO_SOCKET: Final = -1
_STOP: Final = 0  # so few bytes taken end the transfer
_NO_BODY: Final = frozenset({204, 304})
_STATUS_LINE: Final = re.compile(rb"HTTP/[0-9.]+ ([1-9][0-9]{2})(?![0-9])")


class Reception:
    """Takes what libcurl hands over during one transfer. It knows nothing of the handle, so that both go when the line goes."""

    def __init__(self, dialer: Dialer, proxy: tuple[str, int] | None) -> None:
        self.trouble: BaseException | None = None
        self.has_head = False
        self.has_all_that_is_wanted = False
        self._dialer = dialer
        self._proxy = proxy
        self._socket: socket.socket | None = None
        self._errand: Errand | None = None
        self._status = 0
        self._lines: list[bytes] = []
        self._pieces: list[bytes] = []
        self._size = 0

    def begin(self, errand: Errand) -> None:
        self._errand = errand
        self.has_head = False
        self.has_all_that_is_wanted = False

    def end(self) -> tuple[int, Fields, tuple[bytes, ...]]:
        """Hand out status, header and body, and keep nothing of them."""
        received = self._status, Fields(_pairs(self._lines)), tuple(self._pieces)
        self._errand = self.trouble = None
        self._status, self._lines, self._pieces, self._size = 0, [], [], 0
        self._let_go()
        return received

    def connect(self, purpose: int, nowhere: object) -> "socket.socket | int":
        """Make the connection that libcurl asks for. It duplicates the socket."""
        errand = self._errand
        assert errand is not None  # noqa: S101 - libcurl asks during a transfer only
        host, port = self._proxy or (errand.host, errand.port)
        self._let_go()
        try:
            self._socket = self._dialer.dial(host, port, allow_private=errand.allow_private, deadline=errand.deadline)
        except BaseException as trouble:  # noqa: BLE001 - nothing can be raised through libcurl; raised when it has returned
            self.trouble = trouble
            return _NO_SOCKET
        return self._socket

    def head(self, line: bytes) -> int | None:
        """One line of a header, its end mark, or one of the trailers that may follow a body in chunks."""
        if self.has_head:
            return None
        if not self._status:
            self._status = _status(line)
            return None if self._status else _STOP
        if line.rstrip(b"\r\n"):
            return self._field(line)
        if self._status < 200:
            # An interim answer: the real one follows.
            self._status, self._lines = 0, []
            return None
        # Two lengths that differ tell nothing; older releases take one of them.
        if len({line.split(b":", 1)[1].strip() for line in self._lines if line[:15].lower() == b"content-length:"}) > 1:
            return _STOP
        self.has_head = True
        self.has_all_that_is_wanted = self._status not in WITH_BODY
        return _STOP if self.has_all_that_is_wanted and self._status not in _NO_BODY else None

    def _field(self, line: bytes) -> int | None:
        # Older releases hand over what is folded line by line.
        if line[:1] in b" \t" and self._lines:
            line = self._lines.pop() + line
        self._lines.append(line)
        return _STOP if len(self._lines) > MAX_FIELDS or len(line) > MAX_FIELD_BYTES else None

    def body(self, piece: bytes) -> int | None:
        self._pieces.append(piece)
        self._size += len(piece)
        self.has_all_that_is_wanted = self._errand is not None and self._size > self._errand.max_bytes
        return _STOP if self.has_all_that_is_wanted else None

    def _let_go(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _status(line: bytes) -> int:
    """The status that a status line tells, 0 if none."""
    found = _STATUS_LINE.match(line)
    return int(found[1]) if found else 0


def _pairs(lines: list[bytes]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, _, value = line.decode("latin-1").partition(":")
        yield name, value.lstrip(" \t").rstrip("\r\n")
