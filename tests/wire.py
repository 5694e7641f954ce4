"""A loopback server that sends exactly the bytes a test wrote, and keeps exactly the bytes that it was sent."""

import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self

Reply = bytes | Iterable[bytes] | Callable[[socket.socket], None]


class Wire:
    """Answers each path from a script of replies; the last one repeats. A callable gets the socket and may do what it likes with it."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.connections = 0
        self._replies: dict[bytes, list[Reply]] = {}
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        # A descriptor of its own: once ours is closed, another listener may have that number, and be taken for this one.
        threading.Thread(target=self._accept, args=(self._listener.dup(),), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who waits for a connection
        self._listener.close()
        for connection in self._open:
            connection.close()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def ended(self) -> threading.Event:
        """Set when the test is over: what a stalling reply waits for."""
        return self._ended

    def url(self, target: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{target}"

    def on(self, path: str, *replies: Reply) -> str:
        """Set the replies of a path (without its query) and return its address."""
        self._replies[path.encode().partition(b"?")[0]] = list(replies)
        return self.url(path)

    def targets(self) -> list[bytes]:
        return [head.split(b" ", 2)[1] for head in self.heads]

    def field(self, name: str, at: int = -1) -> bytes | None:
        """One field of a request as it came, without the space that follows the colon."""
        for line in self.heads[at].split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.lower() == name.lower().encode():
                return value[1:]
        return None

    def _accept(self, listener: socket.socket) -> None:
        with listener:
            while not self._ended.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                self.connections += 1
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            while head := _read_head(connection):
                self.heads.append(head)
                if not self._answer(connection, head.split(b" ", 2)[1]):
                    break
        except OSError:
            pass
        finally:
            connection.close()

    def _answer(self, connection: socket.socket, target: bytes) -> bool:
        """Send the next reply; tell whether the connection stays open."""
        replies = self._replies.get(target.partition(b"?")[0], [answer(b"", status=404)])
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if callable(reply):
            reply(connection)
            return False
        for piece in [reply] if isinstance(reply, bytes) else reply:
            connection.sendall(piece)
        return isinstance(reply, bytes) and b"Connection: close" not in reply


def answer(body: bytes = b"<rss/>", *fields: str, status: int = 200, length: int | None = None) -> bytes:
    """A whole answer; `fields` are lines of its header."""
    head = [f"HTTP/1.1 {status} Words", f"Content-Length: {len(body) if length is None else length}", *fields]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def _read_head(connection: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = connection.recv(4096)
        if not piece:
            return b""
        head += piece
    return head[:-4]
