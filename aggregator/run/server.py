"""A small web server for the outputs, in a thread of the daemon: what a feed reader or a reverse proxy asks, and how the daemon is.

It serves what the publisher wrote and nothing else: a file counts as an output only if its content is a feed, a subscription list or
a page, so that a `root` which also holds feeds.yaml or the store gives nothing away.
"""

import asyncio
import errno
import socket
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path

import h11
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from aggregator.errors import AggregatorError
from aggregator.model import JsonValue
from aggregator.run.access import Access
from aggregator.run.board import Board, answer, routes
from aggregator.run.callbacks import Callbacks
from aggregator.run.outputs import Outputs, Served, accepted, is_not_modified
from aggregator.run.push_routes import push_routes
from aggregator.web.host import is_loopback

MAX_AGE_S = 300  # A reader that asks again within five minutes is not told anything new often enough to matter.
HEADERS_WITHIN_S = 10.0  # A client that trickles its request in is cut off here ...
ANSWERED_WITHIN_S = 60.0  # ... and one that does not take its answer here.
KEEP_ALIVE_S = 5
MAX_CONNECTIONS = 256
STOP_WITHIN_S = 3

Health = Callable[[], Mapping[str, JsonValue]]
LinkField = Callable[[str], str | None]


def no_link(path: str) -> str | None:
    """No output has a hub."""
    return None


_PAGE_POLICY = "default-src 'none'; img-src https:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# Browsers show these as text or offer to save them; as XML they show them by the stylesheet that they lead to.
_FEEDS = ("application/atom+xml", "application/rss+xml")
Hosts = Callable[[], Collection[str]]
"""The names by which a server may be asked for now."""

_ALWAYS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


class WebServer:
    """Serves the outputs below `root`, `/healthz` and the pages of `board` from its own thread, between `start()` and `stop()`.

    The outputs are public. What `health` gives is answered with 200 where its key `ok` is true, else 503; its details, and the board, are
    shown to whom `access.Access` lets see them. `secret` stands in the forms of the board. A server on
    loopback answers only to loopback names, to `host` and to `hosts` (the public names a reverse proxy passes on), so that a
    page in a browser cannot read it through a name of its own (DNS rebinding). `link_field` gives the Link field of an output, by its path;
    `callbacks` answer hubs.
    """

    def __init__(
        self,
        *,
        root: Path,
        host: str,
        port: int,
        token: str | None,
        health: Health,
        hosts: Hosts = tuple,
        link_field: LinkField = no_link,
        board: Board | None = None,
        secret: str = "",
        callbacks: Callbacks | None = None,
    ) -> None:
        self._host, self._port = host, port
        access = Access(token=token, is_local=is_loopback(host), secret=secret)
        told = [*(routes(board, access) if board else ()), *(push_routes(callbacks) if callbacks else ())]
        self._app = application(root=root, access=access, health=health, host=host, hosts=hosts, link_field=link_field, told=told)
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """The server's address, with the real port where 0 was asked for: `http://127.0.0.1:8080/`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}/"

    def start(self) -> None:
        """Bind the port and answer from now on.

        Raises: AggregatorError when the port is taken or the address cannot be bound.
        """
        listener = _listen(self._host, self._port)
        self._port = int(listener.getsockname()[1])
        self._server = uvicorn.Server(_uvicorn_config(self._app))
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="web server", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop answering; requests under way get a few seconds. Does nothing when it is not running."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(STOP_WITHIN_S + 5)
        self._server = self._thread = None


def application(
    *, root: Path, access: Access, health: Health, host: str, hosts: Hosts, link_field: LinkField, told: Sequence[Route]
) -> ASGIApp:
    """Make the ASGI application of a `WebServer`; see there."""
    outputs = Outputs(root)

    def healthz(request: Request) -> Response:
        report = dict(health())
        is_ok = report.get("ok") is True
        return answer(report if access.may_see(request) else {"ok": is_ok}, is_good=is_ok)

    def output(request: Request) -> Response:
        served = outputs.find(request.path_params["path"] or "index.html")
        if served is None:
            return PlainTextResponse("not found\n", HTTPStatus.NOT_FOUND, _ALWAYS)
        return _answer(request, served, link_field(request.path_params["path"]))

    # Starlette adds HEAD to GET, answers 405 with Allow to the rest, and runs these plain functions in its thread pool.
    app = Starlette(routes=[Route("/healthz", healthz), *told, Route("/{path:path}", output)])
    return _HostCheck(app, lambda: {host, *hosts()}) if access.is_local else app


class _HostCheck:
    """Answers 421 (RFC 9110 section 15.5.20) to a request whose Host is neither loopback nor among `known`."""

    def __init__(self, app: ASGIApp, known: Hosts) -> None:
        self._app = app
        self._known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._is_known(_host_names(scope)):
            await self._app(scope, receive, send)
        else:
            await PlainTextResponse("this server does not go by that name\n", HTTPStatus.MISDIRECTED_REQUEST)(scope, receive, send)

    def _is_known(self, names: list[str]) -> bool:
        known = {name.lower() for name in self._known()}
        return bool(names) and all(name in known or is_loopback(name) for name in names)


def _host_names(scope: Scope) -> list[str]:
    """The names of all Host headers, lower case and without port or brackets."""
    values = [value.decode("latin-1").strip().lower() for key, value in scope["headers"] if key == b"host"]
    return [value[1:].partition("]")[0] if value.startswith("[") else value.partition(":")[0].rstrip(".") for value in values]


def _answer(request: Request, served: Served, link: str | None) -> Response:
    is_styled = served.media_type in _FEEDS
    if is_styled and request.headers.get("sec-fetch-dest") == "document":
        served = served.shown()
    copy = served.copy(accepted(request.headers.get("accept-encoding", "")))
    headers = {
        **_ALWAYS,
        "Cache-Control": f"public, max-age={MAX_AGE_S}",
        "ETag": copy.etag,
        "Last-Modified": served.last_modified,
        "Vary": "Accept-Encoding, Sec-Fetch-Dest" if is_styled else "Accept-Encoding",
    }
    if link is not None:
        headers["Link"] = link
    if copy.coding is not None:
        headers["Content-Encoding"] = copy.coding
    if served.media_type == "text/html":
        headers["Content-Security-Policy"] = _PAGE_POLICY
    if is_not_modified(request.headers, copy.etag, served.modified_s):
        headers.pop("Content-Encoding", None)
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    headers["Content-Type"] = f"{served.media_type}; charset=utf-8"
    return Response(copy.body, headers=headers)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        if is_loopback(host) and not is_loopback(str(address[0])):
            # Its name says that nobody else can reach it, so it has no token; somebody's resolver says otherwise.
            raise AggregatorError(f"{host} is {address[0]} here, which other machines can reach; name an address in http.listen")
        return socket.create_server(address[:2], family=family, backlog=128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise AggregatorError(f"port {port} on {host} is taken; set http.listen in feeds.yaml") from error
        raise AggregatorError(f"cannot listen on {host}:{port}: {error.strerror or error}; set http.listen in feeds.yaml") from error


def _uvicorn_config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="asyncio",
        http=_HurriedProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="error",  # Below that it warns of every malformed request, which lets anybody fill the log.
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_WITHIN_S,
        limit_concurrency=MAX_CONNECTIONS,
        h11_max_incomplete_event_size=16 * 1024,
    )


class _HurriedProtocol(H11Protocol):
    """HTTP/1.1 with deadlines: uvicorn times out idle connections only after their first answer, and never a trickled request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._waiting = self.loop.call_later(HEADERS_WITHIN_S, self._expect_request)

    def connection_lost(self, exc: Exception | None) -> None:
        self._waiting.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._waiting.cancel()
        self._waiting = self.loop.call_later(HEADERS_WITHIN_S, self._expect_request)

    def _expect_request(self) -> None:
        if self.conn.their_state is h11.IDLE:
            self.transport.abort()
        else:
            self._waiting = self.loop.call_later(ANSWERED_WITHIN_S, self.transport.abort)
