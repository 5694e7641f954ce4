"""The guarded connection: resolves a host once, checks every address, dials that very address, and keeps one deadline over it all.

Between the check and the dialing nothing is looked up again, so a name that changes its address meanwhile (DNS rebinding) reaches
nothing else. TLS and the Host header keep the name. `Door` is the only way out; `fetch` walks through it once per redirect hop.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from aggregator.collect.addresses import is_public, literal_address, names_this_machine
from aggregator.collect.deadline import Deadline, Late

Resolver = Callable[[str, int], Sequence[str]]
"""Look a host up: (host, port) → addresses as text. Raises `OSError` where there are none."""

# One dead address of several must leave time for the others.
_CONNECT_S: Final = 10.0
_POOLS: Final = 32
_CONNECTIONS_PER_HOST: Final = 2
_PIECE_BYTES: Final = 64 * 1024
# OpenSSL's verdicts on a certificate (X509_V_ERR_…).
_TLS_WORDS: Final = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    18: "its certificate is self-signed",
    19: "its certificate is signed by an unknown authority",
    20: "its certificate is signed by an unknown authority, or an intermediate one is missing",
    21: "its certificate is signed by an unknown authority, or an intermediate one is missing",
    62: "its certificate is for another name",
    64: "its certificate is for another address",
}


class Refused(Exception):
    """The host resolves to an address that this feed may not reach."""


class NoSuchName(Exception):
    """The host cannot be resolved."""


class NoConnection(Exception):
    """No address of the host takes a connection that can be trusted. The argument says why, in words."""


class NoAnswer(Exception):
    """What came over the connection is no answer in HTTP. The argument says why, in words."""


class BrokenOff(Exception):
    """The connection ended before the body was whole."""


def look_up(host: str, port: int) -> list[str]:
    """Ask the system's resolver."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(slots=True, kw_only=True)
class _Errand:
    """One request, as the connection that carries it out must know it. `dialed` tells that the connection is a new one."""

    target: str
    deadline: Deadline
    resolver: Resolver
    allow_private: bool
    dialed: bool = field(default=False)

    def dial(self, host: str, port: int) -> socket.socket:
        addresses = self._addresses(host, port)
        trouble: OSError | None = None
        for tried, address in enumerate(addresses):
            share = self.deadline.remaining() / (len(addresses) - tried)
            try:
                return self._connected(address, port, min(_CONNECT_S, share))
            except OSError as error:
                trouble = error
        self.deadline.remaining()
        raise NoConnection(_reason(trouble)) from trouble

    def _addresses(self, host: str, port: int) -> list[str]:
        host = host.strip("[]").rstrip(".")
        found = list(dict.fromkeys(_within(self.deadline, self.resolver, host, port)))
        if not found:
            raise NoSuchName(host)
        refused = [address for address in found if not is_public(address)]
        if refused and not self.allow_private:
            raise Refused(refused[0])
        return found

    def _connected(self, address: str, port: int, timeout_s: float) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        dialing = socket.socket(family, socket.SOCK_STREAM)
        try:
            dialing.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            dialing.settimeout(timeout_s)
            dialing.connect((address, port))
            dialing.settimeout(self.deadline.remaining())
            self.deadline.watch(dialing)
        except BaseException:
            dialing.close()
            raise
        self.dialed = True
        return dialing


_errand: ContextVar[_Errand] = ContextVar("errand")
"""What the connection of this thread is for. urllib3 offers no other way from a request to the connection that it opens."""


class _GuardedConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _errand.get().dial(self.host, self.port)

    def putrequest(self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False) -> None:
        errand = _errand.get()
        if self.sock is not None and not errand.dialed:
            errand.deadline.watch(self.sock)
        # Sent as it was given: urllib3 has rewritten the escapes in `url` by now.
        super().putrequest(method, errand.target, skip_host=skip_host, skip_accept_encoding=skip_accept_encoding)


class _GuardedTlsConnection(_GuardedConnection, HTTPSConnection):
    pass


class _GuardedPool(HTTPConnectionPool):
    ConnectionCls = _GuardedConnection


class _GuardedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTlsConnection


class _GuardedAdapter(HTTPAdapter):
    """requests' adapter, with pools whose connections are guarded."""

    def __init__(self) -> None:
        super().__init__(pool_connections=_POOLS, pool_maxsize=_CONNECTIONS_PER_HOST, max_retries=Retry(0, read=False))

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: object) -> None:
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs)
        _guard(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: object) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(proxy, **proxy_kwargs)
        _guard(manager)
        return manager


class Door:
    """The way out: sends one GET over a guarded connection. Feeds that may reach private addresses never share a connection with others.

    It knows no cookies, no netrc and no settings from the environment; it trusts the certificates in `ca_file`, else the bundled ones.
    With a proxy, the proxy is dialed and it resolves; what is private by its very name or number is refused all the same.
    """

    def __init__(self, *, resolver: Resolver = look_up, proxy: str | None = None, ca_file: Path | None = None) -> None:
        self._resolver = resolver
        self._proxies = {"http": proxy, "https": proxy} if proxy else {}
        self._verify = str(ca_file) if ca_file else True
        self._strict = _GuardedAdapter()
        self._private = _GuardedAdapter()

    def get(self, server: str, target: str, fields: Mapping[str, str], *, allow_private: bool, deadline: Deadline) -> requests.Response:
        """Ask `server` ("https://host:port") for `target` (path and query, sent byte for byte); the body is left unread (`pieces`).

        A kept connection that the server had closed meanwhile is replaced once. Raises `Refused`, `NoSuchName`, `NoConnection`,
        `NoAnswer` and `Late`.
        """
        for _ in range(2):
            errand = self._errand(server, target, allow_private, deadline)
            try:
                response = self._send(server, fields, errand, allow_private)
                deadline.remaining()
                return response
            except (requests.RequestException, HTTPError, OSError, UnicodeError) as error:
                if deadline.passed or isinstance(error, requests.Timeout):
                    raise Late from error
                stale = isinstance(error, requests.ConnectionError) and not errand.dialed
                if not stale:
                    _explain(error)
        raise NoAnswer("the connection breaks off again and again")

    def pieces(self, response: requests.Response, deadline: Deadline) -> Iterator[bytes]:
        """The body as it came, in pieces of at most 64 KiB, content codings not undone. Raises `BrokenOff`, `Late`."""
        try:
            while piece := response.raw.read(_PIECE_BYTES, decode_content=False):
                yield piece
        except (HTTPError, OSError) as error:
            if deadline.passed:
                raise Late from error
            raise BrokenOff from error
        # A connection that was cut at the deadline looks like one that has ended.
        deadline.remaining()

    def close(self) -> None:
        """Close all kept connections."""
        self._strict.close()
        self._private.close()

    def _errand(self, server: str, target: str, allow_private: bool, deadline: Deadline) -> _Errand:
        if not self._proxies:
            return _Errand(target=target, deadline=deadline, resolver=self._resolver, allow_private=allow_private)
        host = urlsplit(server).hostname or ""
        literal = literal_address(host)
        if not allow_private and (names_this_machine(host) or (literal is not None and not is_public(literal))):
            raise Refused(literal or host)
        # RFC 9112 section 3.2.2: a proxy is asked for the whole address; through a tunnel, the server itself is asked.
        asked = server + target if server.startswith("http:") else target
        return _Errand(target=asked, deadline=deadline, resolver=self._resolver, allow_private=True)

    def _send(self, server: str, fields: Mapping[str, str], errand: _Errand, allow_private: bool) -> requests.Response:
        request = requests.Request("GET", server + "/", headers=dict(fields)).prepare()
        adapter = self._private if allow_private else self._strict
        mark = _errand.set(errand)
        try:
            return adapter.send(request, stream=True, timeout=errand.deadline.remaining(), verify=self._verify, proxies=self._proxies)
        finally:
            _errand.reset(mark)


def _guard(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _GuardedPool, "https": _GuardedTlsPool}


def _within(deadline: Deadline, resolver: Resolver, host: str, port: int) -> Sequence[str]:
    """Resolve, but no longer than the deadline allows: the system's resolver can be neither limited nor interrupted."""
    if (literal := literal_address(host)) is not None:
        return [literal]
    answer: list[Sequence[str]] = []

    def ask() -> None:
        with suppress(OSError, UnicodeError):
            answer.append(resolver(host, port))

    asking = threading.Thread(target=ask, name=f"look up {host}", daemon=True)
    asking.start()
    asking.join(deadline.remaining())
    if asking.is_alive():
        raise Late
    return answer[0] if answer else []


def _explain(error: Exception) -> NoReturn:
    """Say in our own words what happened: the libraries' words carry addresses and nested representations."""
    if isinstance(error, requests.exceptions.SSLError):
        raise NoConnection(_tls_words(error)) from error
    if isinstance(error, requests.exceptions.ProxyError):
        raise NoConnection("the proxy lets no connection through") from error
    if isinstance(error, requests.exceptions.InvalidHeader | UnicodeError):
        raise NoAnswer("a header field of this feed cannot be sent") from error
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        raise NoAnswer("the address or the proxy cannot be used") from error
    if isinstance(error, requests.ConnectionError):
        raise NoAnswer("the connection was closed without an answer that can be read") from error
    raise NoAnswer("the answer cannot be read") from error


def _tls_words(error: BaseException) -> str:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _TLS_WORDS.get(cause.verify_code, "its certificate cannot be trusted")
    return "no secure connection (TLS) could be agreed on"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and all that it wraps: requests and urllib3 keep causes in arguments and in `reason`."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            inner = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
            waiting += [cause for cause in inner if isinstance(cause, BaseException)]


def _reason(error: OSError | None) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, TimeoutError):
        return "no answer to the attempt to connect"
    return (error.strerror or "no connection").lower() if error else "no connection"
