"""A web of many hosts on one machine: each document under a loopback address of its own, served by a process of its own.

    with LoopbackSite({"blog": Reply(body=b"<rss ...>"), "news": [Reply(body=first), Reply(body=second)]}) as site:
        requests.get(site.url("blog"))
        site.requests()          # what was asked, when, with which headers

The hosts are 127.10.0.1 and up, so that a politeness budget per host or operator is met as on the real web. That needs a system on
which all of 127.0.0.0/8 is loopback without further ado: Linux; macOS has 127.0.0.1 only.
"""

import asyncio
import contextlib
import gzip
import hashlib
import multiprocessing
import resource
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Literal, Self, cast

PATH = "/feed.xml"  # where a host serves its document, unless it was given paths
LAST_MODIFIED = "Mon, 06 Jan 2025 10:00:00 GMT"
_FIRST_HOST = (127 << 24) + (10 << 16) + 1
_MAX_HEAD_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer. By default a whole 200 with validators, gzipped for whoever accepts it, and a 304 for whoever holds it.

    `etag` and `last_modified` are header values, None to leave them out; "auto" derives the ETag from the body. `encoding` says
    that `body` is sent under this Content-Encoding as it is, true or not; without `may_gzip` it is never gzipped for the asker.
    `headers` come last and are sent as they are. With `pause_s` the body is trickled, 16 KiB at a time; `cut_after` closes the
    connection after so many bytes of the body.
    """

    body: bytes = field(default=b"", repr=False)
    status: int = 200
    content_type: str | None = "application/xml"
    etag: str | None = "auto"
    last_modified: str | None = LAST_MODIFIED
    encoding: str | None = None
    may_gzip: bool = True
    headers: tuple[tuple[str, str], ...] = ()
    pause_s: float = 0.0
    cut_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came in: `at` is `time.monotonic()`, `host` the name given to the site, header names are lower case."""

    at: float
    host: str
    path: str
    method: str
    headers: Mapping[str, str]
    status: int


Replies = Reply | Sequence[Reply]
Documents = Mapping[str, Replies | Mapping[str, Replies]]
Paths = dict[str, list[Reply]]


class LoopbackSite:
    """Serves `documents` between `__enter__` and `__exit__`; keys name the hosts.

    A value is one reply, or a list of which each request gets the next (the last one for ever), or a mapping from paths to
    either. All other paths are 404.
    """

    def __init__(self, documents: Documents) -> None:
        self._documents = {host: _paths(given) for host, given in documents.items()}
        self._addresses = {host: address(number) for number, host in enumerate(documents)}
        self._port = 0

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._port = cast("int", self._call("start", {self._addresses[host]: (host, paths) for host, paths in self._documents.items()}))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pipe.close()  # which ends the process
        self._process.join(5)
        if self._process.is_alive():
            self._process.kill()

    def url(self, host: str, path: str | None = None) -> str:
        """The address of a host's document, or of another path there."""
        return f"http://{self._addresses[host]}:{self._port}{path or next(iter(self._documents[host]))}"

    def replace(self, host: str, given: Replies | Mapping[str, Replies]) -> None:
        """Let a host serve something else from now on."""
        self._documents[host] = _paths(given)
        self._call("replace", (self._addresses[host], host, self._documents[host]))

    def requests(self) -> list[Asked]:
        """What was asked so far, oldest first."""
        return cast("list[Asked]", self._call("requests", None))

    def _call(self, name: str, argument: object) -> object:
        self._pipe.send((name, argument))
        answer = self._pipe.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


def address(number: int) -> str:
    """The loopback address of the n-th host, counted from 0.

    >>> address(0), address(255)
    ('127.10.0.1', '127.10.1.0')
    """
    return socket.inet_ntoa((_FIRST_HOST + number).to_bytes(4, "big"))


def _paths(given: Replies | Mapping[str, Replies]) -> Paths:
    if isinstance(given, Mapping):
        return {path: _listed(replies) for path, replies in given.items()}
    return {PATH: _listed(given)}


def _listed(replies: Replies) -> list[Reply]:
    return [replies] if isinstance(replies, Reply) else list(replies)


# ── the process that serves ────────────────────────────────────────────────────────────────────────────────────────────


def _serve(pipe: Connection) -> None:
    with contextlib.suppress(KeyboardInterrupt):  # that is the parent's business
        asyncio.run(_Server(pipe).run())


class _Server:
    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._sites: dict[str, tuple[str, Paths]] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._log: list[Asked] = []
        self._gzipped: dict[bytes, bytes] = {}
        self._etags: dict[bytes, str] = {}
        self._servers: list[asyncio.Server] = []
        self._tasks: list[asyncio.Task[None]] = []  # the loop itself keeps only weak references

    async def run(self) -> None:
        done = asyncio.Event()
        loop = asyncio.get_running_loop()

        def on_command() -> None:
            try:
                name, argument = self._pipe.recv()
            except (EOFError, OSError):
                done.set()
                return
            self._tasks.append(loop.create_task(self._obey(name, argument)))

        loop.add_reader(self._pipe.fileno(), on_command)
        await done.wait()

    async def _obey(self, name: Literal["start", "replace", "requests"], argument: object) -> None:
        try:
            self._pipe.send(await self._do(name, argument))
        except OSError as error:
            self._pipe.send(error)

    async def _do(self, name: str, argument: object) -> object:
        if name == "requests":
            return list(self._log)
        if name == "replace":
            where, host, paths = cast("tuple[str, str, Paths]", argument)
            self._sites[where] = (host, paths)
            for path in paths:
                self._counts.pop((host, path), None)
            return None
        self._sites = cast("dict[str, tuple[str, Paths]]", argument)
        return await self._listen()

    async def _listen(self) -> int:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        sockets = bind(list(self._sites))
        loop = asyncio.get_running_loop()
        for listener in sockets:
            self._servers.append(await loop.create_server(lambda: _Connection(self), sock=listener, backlog=64))
        return int(sockets[0].getsockname()[1]) if sockets else 0

    def answer(self, where: str, method: str, path: str, headers: Mapping[str, str]) -> Reply:
        """Choose the reply for a request, conditional and coded as it asks for, and note the request."""
        host, paths = self._sites[where]
        reply = self._next(host, path, paths)
        reply = self._conditional(reply, headers)
        self._log.append(Asked(at=time.monotonic(), host=host, path=path, method=method, headers=headers, status=reply.status))
        return reply

    def _next(self, host: str, path: str, paths: Paths) -> Reply:
        replies = paths.get(path)
        if not replies:
            return Reply(status=404, body=b"nothing here\n", content_type="text/plain", etag=None, last_modified=None)
        count = self._counts.get((host, path), 0)
        self._counts[host, path] = count + 1
        return replies[min(count, len(replies) - 1)]

    def _conditional(self, reply: Reply, headers: Mapping[str, str]) -> Reply:
        reply = replace(reply, etag=self._etag(reply.body)) if reply.etag == "auto" else reply
        if reply.status == HTTPStatus.OK and _is_held(reply, headers):
            return replace(reply, status=304, body=b"", content_type=None, encoding=None, pause_s=0.0, cut_after=None)
        if reply.may_gzip and reply.encoding is None and len(reply.body) > 200 and "gzip" in headers.get("accept-encoding", ""):
            return replace(reply, body=self._gzip(reply.body), encoding="gzip")
        return reply

    def _etag(self, body: bytes) -> str:
        if body not in self._etags:
            self._etags[body] = f'"{hashlib.md5(body).hexdigest()}"'
        return self._etags[body]

    def _gzip(self, body: bytes) -> bytes:
        if body not in self._gzipped:
            self._gzipped[body] = gzip.compress(body, 1, mtime=0)
        return self._gzipped[body]


def _is_held(reply: Reply, headers: Mapping[str, str]) -> bool:
    tags = headers.get("if-none-match")
    if tags is not None:
        return reply.etag is not None and reply.etag in [tag.strip() for tag in tags.split(",")]
    return reply.last_modified is not None and headers.get("if-modified-since") == reply.last_modified


def bind(addresses: Sequence[str]) -> list[socket.socket]:
    """Listen on one port of all addresses; where it is taken on one of them, on another port."""
    for attempt in range(20):
        sockets: list[socket.socket] = []
        try:
            for where in addresses:
                port = sockets[0].getsockname()[1] if sockets else 0
                sockets.append(socket.create_server((where, port), backlog=64))
        except OSError:
            for opened in sockets:
                opened.close()
            if attempt == 19:
                raise
        else:
            return sockets
    return []


class _Connection(asyncio.Protocol):
    """HTTP/1.1 as far as a feed fetcher speaks it: GET and HEAD without bodies, one after the other on a kept connection."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._received = bytearray()
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._where: str = transport.get_extra_info("sockname")[0]

    def connection_lost(self, exc: Exception | None) -> None:
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) > _MAX_HEAD_BYTES:
            self._transport.abort()
        while self._task is None and (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._received[:end]).decode("latin-1")
            del self._received[: end + 4]
            self._respond(head)

    def _respond(self, head: str) -> None:
        first, *lines = head.split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        reply = self._server.answer(self._where, method, path, headers)
        body = b"" if method == "HEAD" else reply.body
        self._transport.write(_head(reply, len(reply.body)))
        if reply.pause_s or reply.cut_after is not None:
            self._task = asyncio.get_running_loop().create_task(self._trickle(reply, body))
        else:
            self._transport.write(body)

    async def _trickle(self, reply: Reply, body: bytes) -> None:
        for start in range(0, len(body), 16384):
            self._transport.write(body[start : start + 16384][: None if reply.cut_after is None else max(0, reply.cut_after - start)])
            await asyncio.sleep(reply.pause_s)
        if reply.cut_after is not None:
            self._transport.close()
        self._task = None


def _head(reply: Reply, length: int) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} {_phrase(reply.status)}"]
    for name, value in (
        ("Content-Type", reply.content_type),
        ("ETag", reply.etag),
        ("Last-Modified", reply.last_modified),
        ("Content-Encoding", reply.encoding),
        ("Content-Length", None if reply.status == 304 else str(length)),
        *reply.headers,
    ):
        if value is not None:
            lines.append(f"{name}: {value}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Odd"
