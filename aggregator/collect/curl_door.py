"""The door that stands on libcurl: the same promises as the default one for less than half of its CPU.

libcurl is given no address to dial: it asks for each connection, and is handed one that `Dialer` has made. So it looks up no name.
"""

import os
import re
from collections import deque
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import urlsplit

import certifi
import pycurl

from aggregator.collect.addresses import literal_address
from aggregator.collect.deadline import Late
from aggregator.collect.dial import Dialer, NoConnection, Resolver, look_up
from aggregator.collect.door import (
    NO_ANSWER,
    NO_TLS,
    NO_TUNNEL,
    PIECE_BYTES,
    TLS_WORDS,
    UNREADABLE,
    UNSENDABLE,
    UNTRUSTED,
    UNUSABLE,
    Answer,
    Errand,
    NoAnswer,
)
from aggregator.collect.reception import Reception
from aggregator.errors import AggregatorError
from aggregator.web.url import ascii_host

# The oldest that a wheel of a supported pycurl brings, and that the tests ran over.
_FLOOR: Final = (8, 11, 0)
_KEPT_CONNECTIONS: Final = 4
# An address for documentation (RFC 5737), which leads nowhere: what libcurl would dial if it did.
_NOWHERE: Final = "192.0.2.1"
_PROXY_PORTS: Final = {"http": 80, "https": 443}
# CURLOPT_SUPPRESS_CONNECT_HEADERS, which pycurl does not name.
_SUPPRESS_CONNECT_HEADERS: Final = 265
_NAME: Final = re.compile(r"[^:\s][^:\r\n\0]*")
_VALUE: Final = re.compile(r"(?:\S[^\r\n\0]*)?")

_UNTRUSTED_CODES: Final = frozenset({pycurl.E_PEER_FAILED_VERIFICATION, pycurl.E_SSL_CACERT})
_TLS_CODES: Final = frozenset(
    {
        pycurl.E_SSL_CONNECT_ERROR,
        pycurl.E_SSL_CERTPROBLEM,
        pycurl.E_SSL_CIPHER,
        pycurl.E_SSL_CACERT_BADFILE,
        pycurl.E_SSL_ISSUER_ERROR,
        pycurl.E_SSL_SHUTDOWN_FAILED,
    }
)
_NO_ANSWER_CODES: Final = frozenset(
    {
        pycurl.E_UNSUPPORTED_PROTOCOL,  # so libcurl calls an answer without a status line
        pycurl.E_FTP_WEIRD_SERVER_REPLY,  # of HTTP servers, too
        pycurl.E_WRITE_ERROR,  # a header beyond our limits
        pycurl.E_PARTIAL_FILE,
        pycurl.E_GOT_NOTHING,
        pycurl.E_SEND_ERROR,
        pycurl.E_RECV_ERROR,
    }
)
# What X509_get_verify_result says when the chain is good: libcurl compares the name by itself.
_CHAIN_IS_GOOD: Final = frozenset({0, 1})


def check_library(release: str, tls: str) -> None:
    """Raise `AggregatorError` where libcurl is too old, or speaks TLS by another library, whose verdicts have other numbers.

    >>> check_library("8.11.0", "OpenSSL/3.4.0")
    """
    if tuple(map(int, re.findall(r"\d+", release)[:3])) < _FLOOR:
        raise AggregatorError(f"it needs libcurl {'.'.join(map(str, _FLOOR))} or newer, and this pycurl has {release}")
    if "openssl" not in tls.lower():
        raise AggregatorError(f"it needs a libcurl with OpenSSL, and this one has {tls or 'no TLS'}")


class CurlDoor:
    """`door.Door` over libcurl. Raises `AggregatorError` where the library is too old."""

    def __init__(self, *, resolver: Resolver = look_up, proxy: str | None = None, ca_file: Path | None = None) -> None:
        check_library(pycurl.version_info()[1], pycurl.version_info()[5] or "")
        self._dialer = Dialer(resolver, behind_proxy=proxy is not None)
        self._proxy = proxy
        # As bytes: pycurl takes a text in ASCII only, and the folder may be called otherwise.
        self._ca_file = os.fsencode(ca_file or certifi.where())
        # Handles that nobody uses at the moment, those of trusted feeds apart. libcurl's handles must not be used by two threads at
        # once, and what they could share, connections above all, is not safe to share.
        self._idle: dict[bool, deque[_Line]] = {False: deque(), True: deque()}
        self._is_closed = False

    def run(self, errand: Errand) -> Answer:
        self._dialer.admit(errand.host, allow_private=errand.allow_private)
        idle = self._idle[errand.allow_private]
        try:
            # The one used last is the likeliest to have a connection that still stands.
            line = idle.pop()
        except IndexError:
            line = _Line(self._dialer, self._proxy, self._ca_file)
        try:
            return line.ask(errand)
        finally:
            idle.append(line)
            if self._is_closed:
                self.close()

    def close(self) -> None:
        self._is_closed = True
        for idle in self._idle.values():
            while idle:
                idle.pop().close()


class _Line:
    """One of libcurl's handles with the connections that it keeps; for one thread at a time."""

    def __init__(self, dialer: Dialer, proxy: str | None, ca_file: bytes) -> None:
        self._reception = Reception(dialer, _proxy_server(proxy))
        self._asks_for_whole_address = proxy is not None
        self._curl = _handle(self._reception, proxy, ca_file)

    def ask(self, errand: Errand) -> Answer:
        got = self._reception
        got.begin(errand)
        try:
            self._set(errand)
            self._curl.perform()
            is_whole = True
        except pycurl.error as error:
            is_whole = self._is_whole(error, errand)
        finally:
            status, fields, pieces = got.end()
        # libcurl takes a header that breaks off for a whole one.
        if not got.has_head:
            raise NoAnswer(NO_ANSWER)
        return Answer(status, fields, pieces, is_whole)

    def close(self) -> None:
        self._curl.close()

    def _set(self, errand: Errand) -> None:
        curl = self._curl
        is_whole = self._asks_for_whole_address and errand.scheme == "http"
        curl.setopt(pycurl.URL, errand.server + "/")
        curl.setopt(pycurl.REQUEST_TARGET, errand.server + errand.target if is_whole else errand.target)
        curl.setopt(pycurl.HTTPHEADER, _lines(errand))
        if errand.body is None:
            curl.setopt(pycurl.HTTPGET, 1)
        else:
            # libcurl copies it, and makes a POST of what has one.
            curl.setopt(pycurl.POSTFIELDS, errand.body)
        curl.setopt(pycurl.TIMEOUT_MS, int(errand.deadline.remaining() * 1000) + 1)

    def _is_whole(self, error: pycurl.error, errand: Errand) -> bool:
        """Did we get all that we wanted, though the transfer ended so? Raises what the end means where there is no answer."""
        got = self._reception
        if got.trouble is not None:
            raise got.trouble
        if got.has_all_that_is_wanted:
            return True
        if error.args[0] == pycurl.E_OPERATION_TIMEDOUT or errand.deadline.passed:
            raise Late from error
        if not got.has_head:
            self._explain(error, errand.host)
        return False

    def _explain(self, error: pycurl.error, host: str) -> NoReturn:
        code = error.args[0]
        if code in _UNTRUSTED_CODES:
            raise NoConnection(self._certificate_words(host)) from error
        if code in _TLS_CODES:
            raise NoConnection(NO_TLS) from error
        if self._curl.getinfo(pycurl.HTTP_CONNECTCODE) not in (0, 200):
            raise NoConnection(NO_TUNNEL) from error
        if code in _NO_ANSWER_CODES:
            raise NoAnswer(NO_ANSWER) from error
        raise NoAnswer(UNUSABLE if code == pycurl.E_URL_MALFORMAT else UNREADABLE) from error

    def _certificate_words(self, host: str) -> str:
        verdict = self._curl.getinfo(pycurl.SSL_VERIFYRESULT)
        if verdict in _CHAIN_IS_GOOD:
            verdict = 62 if literal_address(host) is None else 64
        return TLS_WORDS.get(verdict, UNTRUSTED)


def _handle(reception: Reception, proxy: str | None, ca_file: bytes) -> pycurl.Curl:
    """A handle with everything set that stays the same from errand to errand.

    What libcurl does only when it is told to is left out: following redirects, cookies, netrc, undoing content codings.
    """
    curl = pycurl.Curl()
    curl.setopt(pycurl.NOSIGNAL, 1)
    curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    curl.setopt(pycurl.PATH_AS_IS, 1)
    # pycurl names itself to a proxy otherwise; servers are told the errand's own field.
    curl.setopt(pycurl.USERAGENT, "")
    curl.setopt(pycurl.BUFFERSIZE, PIECE_BYTES)
    curl.setopt(pycurl.MAXCONNECTS, _KEPT_CONNECTIONS)
    curl.setopt(pycurl.CAINFO, ca_file)
    curl.setopt(pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2)
    curl.setopt(pycurl.SSL_VERIFYPEER, 1)
    curl.setopt(pycurl.SSL_VERIFYHOST, 2)
    curl.setopt(pycurl.OPENSOCKETFUNCTION, reception.connect)
    curl.setopt(pycurl.SOCKOPTFUNCTION, _is_connected)
    curl.setopt(pycurl.HEADERFUNCTION, reception.head)
    curl.setopt(pycurl.WRITEFUNCTION, reception.body)
    _set_way(curl, proxy, ca_file)
    return curl


def _set_way(curl: pycurl.Curl, proxy: str | None, ca_file: bytes) -> None:
    """Through the configured proxy or none: an empty text keeps libcurl from asking the environment. All names lead nowhere."""
    curl.setopt(pycurl.NOPROXY, "")
    if proxy is None:
        curl.setopt(pycurl.PROXY, "")
        curl.setopt(pycurl.CONNECT_TO, [f"::{_NOWHERE}:"])
        return
    host, port = _proxy_server(proxy) or ("", 0)
    parts = urlsplit(proxy)
    login = parts.netloc.rpartition("@")[0]
    server = f"{parts.scheme}://{login}{'@' if login else ''}{f'[{host}]' if ':' in host else host}:{port}"
    curl.setopt(pycurl.PROXY, server.encode())
    curl.setopt(pycurl.PROXY_CAINFO, ca_file)
    curl.setopt(pycurl.PROXYHEADER, ["Proxy-Connection:"])  # a field to leave out
    curl.setopt(_SUPPRESS_CONNECT_HEADERS, 1)
    if literal_address(host) is None:
        curl.setopt(pycurl.RESOLVE, [f"{host}:{port}:{_NOWHERE}"])


def _proxy_server(proxy: str | None) -> tuple[str, int] | None:
    if proxy is None:
        return None
    parts = urlsplit(proxy)
    return ascii_host(parts.hostname or ""), parts.port or _PROXY_PORTS[parts.scheme]


def _is_connected(descriptor: int, purpose: int) -> int:
    return int(pycurl.SOCKOPT_ALREADY_CONNECTED)


def _lines(errand: Errand) -> list[bytes]:
    """The header to send, fields in Latin-1. Raises `NoAnswer`."""
    try:
        lines = [_line(name, value) for name, value in errand.fields.items()]
    except ValueError as error:
        raise NoAnswer(UNSENDABLE) from error
    # Written here, since libcurl would write a number as it reads it: 127.1 as 127.0.0.1.
    return [f"Host: {errand.authority}".encode("ascii"), *lines]


def _line(name: str, value: str) -> bytes:
    if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise ValueError("no header can carry this")
    # libcurl takes a name with nothing behind its colon for a field to leave out.
    return (f"{name}: {value}" if value else f"{name};").encode("latin-1")
