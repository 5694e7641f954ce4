"""A TLS context that resumes what was agreed on with a server before: polls are an hour apart, and no server keeps a connection so long."""

import socket
import ssl
import threading
from contextlib import suppress
from typing import Final

# A few kilobytes each: the certificates of the server are kept with it.
_MOST: Final = 512

_Server = tuple[str | bytes | None, int]
"""Name and port; nothing that was agreed on with one name is ever used for another, since no certificate is looked at again."""


class ResumingContext(ssl.SSLContext):
    """A client's context; its connections remember their session when they are closed. Safe to use from several threads at once."""

    def __init__(self, *arguments: object) -> None:
        self._sessions: dict[_Server, ssl.SSLSession] = {}
        self._lock = threading.Lock()
        self.sslsocket_class = _Remembering

    def wrap_socket(
        self,
        sock: socket.socket,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        suppress_ragged_eofs: bool = True,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLSocket:
        server = server_hostname, int(sock.getpeername()[1])
        with self._lock:
            session = session or self._sessions.get(server)
        made = super().wrap_socket(sock, server_side, do_handshake_on_connect, suppress_ragged_eofs, server_hostname, session)
        if isinstance(made, _Remembering):
            made.server = server
        return made

    def remember(self, server: _Server, session: ssl.SSLSession) -> None:
        with self._lock:
            self._sessions.pop(server, None)
            self._sessions[server] = session
            if len(self._sessions) > _MOST:
                del self._sessions[next(iter(self._sessions))]


class _Remembering(ssl.SSLSocket):
    """Only at the end a session is whole: in TLS 1.3 it comes after the handshake."""

    server: _Server | None = None

    def close(self) -> None:
        # There is none where nothing was agreed on.
        with suppress(ValueError):
            if self.server and self.session and isinstance(self.context, ResumingContext):
                self.context.remember(self.server, self.session)
        super().close()
