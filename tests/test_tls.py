"""Over TLS a server is who it says, or nothing is asked; also through a proxy."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from aggregator.collect.fetch import WebFetcher
from aggregator.errors import Blocked, Unreachable
from aggregator.model import Document, FeedSpec, Validators
from tests.conftest import OpenFetcher
from tests.wire import Wire, answer

NONE = Validators()


class Authority:
    """Signs certificates with the openssl command; `file` is what to trust."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("needs the openssl command, to make a certificate")
        self.folder = folder
        self.file = folder / "authority.pem"
        # As an authority says it (RFC 5280 section 4.2.1.3): Python 3.13 trusts none that does not.
        usage = ["-addext", "keyUsage=critical,keyCertSign"]
        self._run("req", "-x509", *self._new_key("authority"), *usage, "-days", "2", "-out", str(self.file))

    def context(self, name: str, alternative: str | None = None, days: int = 2) -> ssl.SSLContext:
        """What a server of that name shows; with 0 days it has just expired."""
        request, extensions, made = (str(self.folder / f"{name}.{kind}") for kind in ("csr", "ext", "pem"))
        Path(extensions).write_text(f"subjectAltName={alternative or 'DNS:' + name}\n")
        self._run("req", *self._new_key(name), "-out", request)
        signed = ["-CA", str(self.file), "-CAkey", str(self.folder / "authority.key"), "-CAcreateserial", "-extfile", extensions]
        self._run("x509", "-req", "-in", request, *signed, "-days", str(days), "-out", made)
        return _context(made, str(self.folder / f"{name}.key"))

    def signed_by_itself(self, name: str) -> ssl.SSLContext:
        made = str(self.folder / "self.pem")
        self._run("req", "-x509", *self._new_key(name), "-days", "2", "-addext", f"subjectAltName=DNS:{name}", "-out", made)
        return _context(made, str(self.folder / f"{name}.key"))

    def _new_key(self, name: str) -> list[str]:
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(self.folder / f"{name}.key")]
        return [*key, "-subj", f"/CN={name}"]

    def _run(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def _context(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


class TlsServer:
    """Gives one answer to whoever agrees on TLS; keeps the names that were asked for and the requests."""

    def __init__(self, context: ssl.SSLContext, reply: bytes = answer(b"<rss/>")) -> None:
        self.names: list[str | None] = []
        self.heads: list[bytes] = []
        self.resumed: list[bool | None] = []
        self._reply = reply
        self._context = context
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)

    def listen(self, listener: socket.socket) -> int:
        # A descriptor of its own: once the fixture has closed its own, another listener may have that number, and be taken for this one.
        threading.Thread(target=self._accept, args=(listener.dup(),), daemon=True).start()
        return int(listener.getsockname()[1])

    def speak(self, connection: socket.socket) -> None:
        try:
            with self._context.wrap_socket(connection, server_side=True) as secured:
                self.resumed.append(secured.session_reused)
                while head := secured.recv(4096):
                    self.heads.append(head)
                    secured.sendall(self._reply)
                    if b"Connection: close" in self._reply:
                        secured.unwrap()
        except OSError:
            connection.close()

    def _accept(self, listener: socket.socket) -> None:
        with listener:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=self.speak, args=(connection,), daemon=True).start()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    # In a folder that is called in more than ASCII, as a user's may be.
    return Authority(tmp_path_factory.mktemp("autorité"))


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)  # wakes who waits for a connection


def spec(url: str) -> FeedSpec:
    return FeedSpec(id="feed", url=url, shown_url=url, allow_private=True)


def at_home(open_fetcher: OpenFetcher, **given: object) -> WebFetcher:
    return open_fetcher(timeout_s=5, resolver=lambda host, port: ["127.0.0.1"], **given)


def test_a_server_with_a_good_certificate_is_asked_by_its_name_over_a_kept_connection(
    authority: Authority, listener: socket.socket, open_fetcher: OpenFetcher
) -> None:
    server = TlsServer(authority.context("feed.example"))
    fetcher, port = at_home(open_fetcher, ca_file=authority.file), server.listen(listener)
    for _ in range(2):
        assert isinstance(fetcher.fetch(spec(f"https://feed.example:{port}/feed"), NONE, None), Document)
    assert server.names == ["feed.example"]
    assert [head.partition(b"\r\n")[0] for head in server.heads] == [b"GET /feed HTTP/1.1"] * 2


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_closes_connections_agrees_on_tls_once_and_resumes(
    version: ssl.TLSVersion, authority: Authority, listener: socket.socket, open_fetcher: OpenFetcher
) -> None:
    context = authority.context("feed.example", "DNS:feed.example,DNS:other.example")
    context.maximum_version = version
    server = TlsServer(context, answer(b"<rss/>", "Connection: close"))
    fetcher, port = at_home(open_fetcher, ca_file=authority.file), server.listen(listener)
    for host in ("feed", "feed", "feed", "other"):
        assert isinstance(fetcher.fetch(spec(f"https://{host}.example:{port}/feed"), NONE, None), Document)
    assert server.resumed == [False, True, True, False], "and nobody resumes what was agreed on with another name"


def test_a_certificate_for_an_address_is_good_for_it(authority: Authority, listener: socket.socket, open_fetcher: OpenFetcher) -> None:
    server = TlsServer(authority.context("address.example", "IP:127.0.0.1"))
    fetcher = at_home(open_fetcher, ca_file=authority.file)
    assert isinstance(fetcher.fetch(spec(f"https://127.0.0.1:{server.listen(listener)}/"), NONE, None), Document)


@pytest.mark.parametrize(
    ("host", "kind", "words"),
    [
        ("feed.example", "self", "feed.example: its certificate is self-signed"),
        ("feed.example", "unknown", "its certificate is signed by an unknown authority, or an intermediate one is missing"),
        ("feed.example", "expired", "its certificate has expired"),
        ("other.example", "good", "other.example: its certificate is for another name"),
        ("127.0.0.1", "good", "127.0.0.1: its certificate is for another address"),
    ],
)
def test_a_certificate_that_cannot_be_trusted_is_refused_in_words(
    authority: Authority, listener: socket.socket, open_fetcher: OpenFetcher, host: str, kind: str, words: str
) -> None:
    days = 0 if kind == "expired" else 2
    server = TlsServer(authority.signed_by_itself("feed.example") if kind == "self" else authority.context("feed.example", days=days))
    fetcher = at_home(open_fetcher, ca_file=authority.file if kind in ("expired", "good") else None)
    with pytest.raises(Unreachable) as caught:
        fetcher.fetch(spec(f"https://{host}:{server.listen(listener)}/"), NONE, None)
    assert caught.value.message.endswith(words)
    assert server.heads == []


def test_nothing_is_asked_over_http_when_https_redirects_there(
    authority: Authority, listener: socket.socket, open_fetcher: OpenFetcher
) -> None:
    with Wire() as wire:
        server = TlsServer(authority.context("feed.example"), answer(b"", f"Location: {wire.url()}", status=302))
        fetcher = at_home(open_fetcher, ca_file=authority.file)
        with pytest.raises(Blocked, match=r"redirected from https to http: https://feed\.example"):
            fetcher.fetch(spec(f"https://feed.example:{server.listen(listener)}/"), NONE, None)
        assert wire.heads == []


def test_a_server_behind_a_proxy_is_asked_through_a_tunnel_that_knows_nothing_of_the_feed(
    authority: Authority, open_fetcher: OpenFetcher
) -> None:
    server = TlsServer(authority.context("feed.example"))

    def tunnel(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\nETag: of-the-proxy\r\n\r\n")
        server.speak(connection)

    with Wire() as proxy:
        proxy.on("feed.example:443", tunnel)
        fetcher = at_home(open_fetcher, ca_file=authority.file, proxy=f"http://me:you@proxy.example:{proxy.port}")
        feed = FeedSpec(id="feed", url="https://feed.example/f?k=s3cr3t", shown_url="", headers=(("X-Token", "s3cr3t"),))
        got = fetcher.fetch(feed, NONE, None)
        assert isinstance(got, Document)
        assert (got.body, got.validators) == (b"<rss/>", NONE)
        (asked,) = proxy.heads
        assert asked.startswith(b"CONNECT feed.example:443 HTTP/1.")
        assert {line.partition(b":")[0].lower() for line in asked.split(b"\r\n")[1:]} - {b"host"} == {b"proxy-authorization"}
    assert server.heads[0].startswith(b"GET /f?k=s3cr3t HTTP/1.1\r\n")
    assert b"X-Token: s3cr3t\r\n" in server.heads[0]
    assert b"proxy-authorization" not in server.heads[0].lower()


@pytest.mark.parametrize("trusted", [True, False])
def test_a_proxy_is_trusted_over_tls_as_any_server_is(
    authority: Authority, listener: socket.socket, open_fetcher: OpenFetcher, trusted: bool
) -> None:
    proxy = TlsServer(authority.context("proxy.example"))
    address = f"https://proxy.example:{proxy.listen(listener)}"
    fetcher = at_home(open_fetcher, ca_file=authority.file if trusted else None, proxy=address)
    if trusted:
        assert isinstance(fetcher.fetch(spec("http://feed.example/f"), NONE, None), Document)
        assert proxy.heads[0].startswith(b"GET http://feed.example/f HTTP/1.1\r\n")
    else:
        with pytest.raises(Unreachable):
            fetcher.fetch(spec("http://feed.example/f"), NONE, None)
        assert proxy.heads == []
    assert set(proxy.names) == {"proxy.example"}


def test_a_server_behind_a_proxy_that_breaks_off_is_no_answer_of_the_proxy(authority: Authority, open_fetcher: OpenFetcher) -> None:
    with Wire() as proxy:
        proxy.on("feed.example:443", [b"HTTP/1.1 200 Connection established\r\n\r\n"])
        fetcher = at_home(open_fetcher, ca_file=authority.file, proxy=proxy.url().rstrip("/"))
        with pytest.raises(Unreachable, match=r"feed\.example: "):
            fetcher.fetch(spec("https://feed.example/"), NONE, None)
