"""A small WebSub hub on loopback, and the site whose feeds it pushes. It remembers every form and answers as it is told; tests make it
verify and push."""

import hashlib
import hmac
import http.client
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import parse_qsl, urlencode, urlsplit


class Said(NamedTuple):
    """What a subscriber answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Hub:
    """Use as a context manager. `answers` are (status, header fields) of its next replies to forms; when there are none left, 202.

    `pages` are what it serves: by path, status, header fields and body.
    """

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.asked: list[tuple[str, str, Mapping[str, str]]] = []
        self.answers: list[tuple[int, Mapping[str, str]]] = []
        self.pages: dict[str, tuple[int, Mapping[str, str], bytes]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def verify(self, form: Mapping[str, str], challenge: str = "3f2a.b-c_9", **changes: str | None) -> Said:
        """Ask whether a form was meant, as W3C WebSub section 5.3 has it; `changes` replace or leave out parameters."""
        asked: dict[str, str | None] = {
            "mode": form["hub.mode"],
            "topic": form["hub.topic"],
            "challenge": challenge,
            "lease_seconds": "864000" if form["hub.mode"] == "subscribe" else None,
            **changes,
        }
        query = urlencode({f"hub.{name}": value for name, value in asked.items() if value is not None})
        return ask("GET", f"{form['hub.callback']}?{query}")

    def push(self, form: Mapping[str, str], body: bytes, method: str | None = "sha256", secret: str | None = None, **fields: str) -> Said:
        """Deliver a document, signed by `method` with the subscription's own secret, or another."""
        headers = {"Content-Type": "application/atom+xml", **fields}
        headers["Link"] = f'<{self.url()}>; rel="hub", <{form["hub.topic"]}>; rel="self"'
        if method:
            headers["X-Hub-Signature"] = signature(method, secret or form["hub.secret"], body)
        return ask("POST", form["hub.callback"], headers, body)


def signature(method: str, secret: str, body: bytes) -> str:
    return f"{method}={hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()}"


def ask(method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> Said:
    """One request of our own web server."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, dict(headers or {}))
        answer = connection.getresponse()
        return Said(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self, status: int, fields: Mapping[str, str], body: bytes = b"") -> None:
            hub.asked.append((self.command, self.path, dict(self.headers.items())))
            self.send_response(status)
            for name, value in {**fields, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self._answer(*hub.pages.get(self.path, (404, {}, b"")))

        def do_POST(self) -> None:
            hub.forms.append(dict(parse_qsl(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())))
            self._answer(*(hub.answers.pop(0) if hub.answers else (202, {})))

        def log_message(self, *words: object) -> None:
            """Nobody reads it."""

    return Handler
