"""The door that stands on requests: its adapter, with connections that are guarded, one deadline over it all."""

import http.client
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, NoReturn

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util.ssl_ import create_urllib3_context

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
    WITH_BODY,
    Answer,
    Errand,
    Fields,
    NoAnswer,
)
from aggregator.collect.resuming import ResumingContext

_POOLS: Final = 32
# 101 changes what is spoken; nobody asked for that.
_INTERIM: Final = range(102, 200)
_CONNECTIONS_PER_HOST: Final = 2
# A proxy is the one host that all are asked through: as many as feeds are polled at once (run.poller.WORKERS).
_CONNECTIONS_TO_A_PROXY: Final = 32


@dataclass(slots=True)
class _Trip:
    """An errand under way, as the connection that carries it out must know it. `dialed` tells that the connection is a new one."""

    errand: Errand
    target: str
    dialer: Dialer
    tls: Callable[[], ssl.SSLContext]
    dialed: bool = field(default=False)

    def dial(self, host: str, port: int) -> socket.socket:
        deadline = self.errand.deadline
        connected = self.dialer.dial(host, port, allow_private=self.errand.allow_private, deadline=deadline)
        deadline.watch(connected)
        self.dialed = True
        return connected


_trip: ContextVar[_Trip] = ContextVar("trip")
"""What the connection of this thread is for. urllib3 offers no other way from a request to the connection that it opens."""


class _FinalResponse(http.client.HTTPResponse):
    """An answer behind whatever a server says before it, as early hints (1xx, RFC 9110 section 15.2): http.client passes over 100 alone."""

    def begin(self) -> None:
        super().begin()
        while self.status in _INTERIM:
            self.headers = None  # type: ignore[assignment]  # else it has begun already
            super().begin()


class _GuardedConnection(HTTPConnection):
    response_class = _FinalResponse

    def _new_conn(self) -> socket.socket:
        return _trip.get().dial(self.host, self.port)

    def putrequest(self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False) -> None:
        trip = _trip.get()
        if self.sock is not None and not trip.dialed:
            trip.errand.deadline.watch(self.sock)
        # Sent as it was given: urllib3 has rewritten the escapes in `url` by now.
        super().putrequest(method, trip.target, skip_host=skip_host, skip_accept_encoding=skip_accept_encoding)


class _GuardedTlsConnection(_GuardedConnection, HTTPSConnection):
    def connect(self) -> None:
        self.ssl_context = _trip.get().tls()
        super().connect()


class _GuardedPool(HTTPConnectionPool):
    ConnectionCls = _GuardedConnection


class _GuardedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTlsConnection


class _GuardedAdapter(HTTPAdapter):
    """requests' adapter, with pools whose connections are guarded, and with one TLS context for all of them."""

    def __init__(self, tls: Callable[[], ssl.SSLContext]) -> None:
        self._tls = tls
        super().__init__(pool_connections=_POOLS, pool_maxsize=_CONNECTIONS_PER_HOST, max_retries=Retry(0, read=False))

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: object) -> None:
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs)
        _guard(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: object) -> PoolManager:
        context = self._tls() if proxy.startswith("https:") else None
        manager: PoolManager = super().proxy_manager_for(proxy, proxy_ssl_context=context, **proxy_kwargs)
        manager.connection_pool_kw["maxsize"] = _CONNECTIONS_TO_A_PROXY
        _guard(manager)
        return manager

    def request_url(self, request: requests.PreparedRequest, proxies: Mapping[str, str] | None) -> str:
        """What urllib3 thinks is asked for; `_GuardedConnection` asks for what was given."""
        return super().request_url(request, proxies) if proxies else "/"

    def build_response(self, req: requests.PreparedRequest, resp: BaseHTTPResponse) -> requests.Response:
        """Nothing but what is read of it: no cookies are kept, and what the text would be written in is nobody's question here."""
        made = requests.Response()
        made.status_code, made.raw, made.request = resp.status, resp, req
        made.headers = CaseInsensitiveDict(resp.headers)
        return made

    def cert_verify(self, conn: HTTPSConnectionPool, url: str, verify: object, cert: object) -> None:
        """Always; by the context's own certificates. requests would have every connection read the bundle anew, 30 ms each."""
        conn.cert_reqs = "CERT_REQUIRED"


class RequestsDoor:
    """`door.Door` over requests."""

    def __init__(self, *, resolver: Resolver = look_up, proxy: str | None = None, ca_file: Path | None = None) -> None:
        self._dialer = Dialer(resolver, behind_proxy=proxy is not None)
        self._proxies = {"http": proxy, "https": proxy} if proxy else {}
        self._tls = cache(lambda: _trusting(ca_file))
        self._strict = _GuardedAdapter(self._tls)
        self._private = _GuardedAdapter(self._tls)

    def run(self, errand: Errand) -> Answer:
        self._dialer.admit(errand.host, allow_private=errand.allow_private)
        with closing(self._response(errand)) as response:
            pieces, is_whole = _body(response, errand)
            return Answer(response.status_code, Fields(response.headers.items()), pieces, is_whole)

    def close(self) -> None:
        self._strict.close()
        self._private.close()

    def _response(self, errand: Errand) -> requests.Response:
        for _ in range(2):
            trip = self._trip(errand)
            try:
                response = self._sent(trip)
                errand.deadline.remaining()
                return response
            except (requests.RequestException, HTTPError, OSError, UnicodeError) as error:
                if errand.deadline.passed or isinstance(error, requests.Timeout):
                    raise Late from error
                stale = isinstance(error, requests.ConnectionError) and not trip.dialed
                if not stale:
                    _explain(error)
        raise NoAnswer("the connection breaks off again and again")

    def _trip(self, errand: Errand) -> _Trip:
        # RFC 9112 section 3.2.2: a proxy is asked for the whole address; through a tunnel, the server itself is asked.
        is_whole = bool(self._proxies) and errand.scheme == "http"
        return _Trip(errand, errand.server + errand.target if is_whole else errand.target, self._dialer, self._tls)

    def _sent(self, trip: _Trip) -> requests.Response:
        errand = trip.errand
        request = _prepared(errand)
        adapter = self._private if errand.allow_private else self._strict
        mark = _trip.set(trip)
        try:
            return adapter.send(request, stream=True, timeout=errand.deadline.remaining(), proxies=self._proxies)
        finally:
            _trip.reset(mark)


def _prepared(errand: Errand) -> requests.PreparedRequest:
    """The request, its fields checked. Its address is one already, and there are no cookies, parameters and logins to put in: to have
    requests look for them would take an eighth of a fetch.
    """
    made = requests.PreparedRequest()
    made.prepare_method(errand.method)
    made.url = errand.server + "/"
    made.prepare_headers(dict(errand.fields))
    if errand.body is not None:
        made.prepare_body(errand.body, None)
    return made


def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    """A context for many connections that trusts the given certificates, else the bundled ones."""
    context = ResumingContext(ssl.PROTOCOL_TLS_CLIENT)
    usual = create_urllib3_context()
    context.minimum_version, context.verify_flags = usual.minimum_version, usual.verify_flags
    # In TLS 1.2 most servers resume by tickets only.
    context.options = usual.options & ~ssl.OP_NO_TICKET
    context.hostname_checks_common_name = False
    context.load_verify_locations(ca_file or DEFAULT_CA_BUNDLE_PATH)
    return context


def _guard(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _GuardedPool, "https": _GuardedTlsPool}


def _body(response: requests.Response, errand: Errand) -> tuple[tuple[bytes, ...], bool]:
    """What came of the body, and whether that is all of it. Raises `Late`."""
    if response.status_code not in WITH_BODY:
        if response.status_code == requests.codes.not_modified and not response.raw.chunked:
            # Nothing follows, and reading it gives the connection back. http.client would wait for the chunks that some servers announce.
            response.raw.read(1, decode_content=False)
        return (), True
    pieces: list[bytes] = []
    size = 0
    try:
        while size <= errand.max_bytes and (piece := response.raw.read(PIECE_BYTES, decode_content=False)):
            pieces.append(piece)
            size += len(piece)
    except (HTTPError, OSError) as error:
        if errand.deadline.passed:
            raise Late from error
        return tuple(pieces), False
    # A connection that was cut at the deadline looks like one that has ended.
    errand.deadline.remaining()
    return tuple(pieces), True


def _explain(error: Exception) -> NoReturn:
    """Say in our own words what happened: the libraries' words carry addresses and nested representations."""
    if isinstance(error, requests.exceptions.SSLError):
        raise NoConnection(_tls_words(error)) from error
    if isinstance(error, requests.exceptions.ProxyError):
        raise NoConnection(NO_TUNNEL) from error
    if isinstance(error, requests.exceptions.InvalidHeader | UnicodeError):
        # urllib3's own is about the answer: two lengths that differ.
        raise NoAnswer(NO_ANSWER if isinstance(error.args[0], HTTPError) else UNSENDABLE) from error
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        raise NoAnswer(UNUSABLE) from error
    if isinstance(error, requests.ConnectionError):
        raise NoAnswer(NO_ANSWER) from error
    raise NoAnswer(UNREADABLE) from error


def _tls_words(error: BaseException) -> str:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return TLS_WORDS.get(cause.verify_code, UNTRUSTED)
    return NO_TLS


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
