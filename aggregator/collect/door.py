"""The seam to the HTTP libraries: what is asked, what came, and what can go wrong, in words that are the same over each of them.

`guard.RequestsDoor` stands on requests, `curl_door.CurlDoor` on libcurl. `fetch` knows neither: it walks through a `Door`, once per
redirect hop. The same tests run over both.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from aggregator.collect.deadline import Deadline
from aggregator.collect.dial import Resolver, look_up
from aggregator.errors import AggregatorError
from aggregator.model import Client

# The statuses whose body is read; what others carry is left unread, of whatever size it is.
WITH_BODY: Final = frozenset({200, 203})
# More fields in an answer than this, or a longer one, are no answer of a feed's server.
MAX_FIELDS: Final = 100
MAX_FIELD_BYTES: Final = 64 * 1024
PIECE_BYTES: Final = 64 * 1024

NO_ANSWER: Final = "the connection was closed without an answer that can be read"
UNREADABLE: Final = "the answer cannot be read"
UNSENDABLE: Final = "a header field of this feed cannot be sent"
UNUSABLE: Final = "the address or the proxy cannot be used"
NO_TUNNEL: Final = "the proxy lets no connection through"
NO_TLS: Final = "no secure connection (TLS) could be agreed on"
UNTRUSTED: Final = "its certificate cannot be trusted"
# OpenSSL's verdicts on a certificate (X509_V_ERR_…).
TLS_WORDS: Final = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    18: "its certificate is self-signed",
    19: "its certificate is signed by an unknown authority",
    20: "its certificate is signed by an unknown authority, or an intermediate one is missing",
    21: "its certificate is signed by an unknown authority, or an intermediate one is missing",
    62: "its certificate is for another name",
    64: "its certificate is for another address",
}
_TLS: Final = frozenset({NO_TLS, UNTRUSTED, *TLS_WORDS.values()})
_PORTS: Final = {"http": 80, "https": 443}


def is_about_tls(words: str) -> bool:
    """Whether a connection failed because of TLS, by the words that say why."""
    return words in _TLS


class NoAnswer(Exception):
    """What came over the connection is no answer in HTTP. The argument says why, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One GET, or a POST where there is a `body` to send: `target` (path and query) of a server, sent byte for byte.

    `host` is in ASCII, an IPv6 address without brackets. `fields` are the request's header; nothing else is added but what the protocol
    needs. Of the answer's body no more is read than shows that it is larger than `max_bytes`.
    """

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)
    fields: Mapping[str, str] = field(repr=False)
    allow_private: bool
    deadline: Deadline
    max_bytes: int
    body: bytes | None = field(default=None, repr=False)

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"

    @property
    def authority(self) -> str:
        """What the Host field says: the port only where it is not the usual one, a name without the dot that it may end in."""
        host = f"[{self.host}]" if ":" in self.host else self.host.rstrip(".")
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def server(self) -> str:
        """The address of the server alone."""
        return f"{self.scheme}://{self.authority}"


class Fields(Mapping[str, str]):
    """The header of an answer: values as Latin-1 text by name, in any case.

    What came several times is one value, joined by ", "; what was folded over several lines is one line (RFC 9112 section 5.2).

    >>> Fields([("ETag", '"a"'), ("Vary", "A"), ("vary", "B")]).get("VARY")
    'A, B'
    """

    __slots__ = ("_by_name",)

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._by_name: dict[str, str] = {}
        for name, value in pairs:
            key, value = name.lower(), value if "\n" not in value else " ".join(map(str.strip, value.splitlines()))
            self._by_name[key] = f"{self._by_name[key]}, {value}" if key in self._by_name else value

    def __getitem__(self, name: str) -> str:
        return self._by_name[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came. `pieces` are the body as it was sent, content codings not undone; not `is_whole` if the connection ended before it."""

    status: int
    fields: Fields
    pieces: tuple[bytes, ...] = field(default=(), repr=False)
    is_whole: bool = True


class Door(Protocol):
    """The way out: one request over a connection to an address that was checked. Safe to use from several threads at once.

    A host is resolved once, every address is checked, and that very address is dialed: between the check and the dialing nothing is looked
    up again, so a name that changes its address meanwhile (DNS rebinding) reaches nothing else. TLS and the Host field keep the name.
    Feeds that may reach private addresses never share a connection with others. Redirects are not followed. No cookies, no netrc, no
    settings from the environment; the bundled certificates are trusted. With a proxy, the proxy is dialed and it resolves; what is
    private by its very name or number is refused all the same.
    """

    def run(self, errand: Errand) -> Answer:
        """Run one errand within its deadline. A kept connection that the server had closed meanwhile is replaced, its TLS
        session resumed.

        Raises `Refused`, `NoSuchName`, `NoConnection`, `NoAnswer` and `Late`.
        """
        ...

    def close(self) -> None:
        """Close all kept connections."""
        ...


def open_door(client: Client, *, resolver: Resolver = look_up, proxy: str | None = None, ca_file: Path | None = None) -> Door:
    """Open the door that feeds.yaml names; `ca_file` holds the certificates to trust instead of the bundled ones.

    Raises `AggregatorError` where its library is missing or too old.
    """
    # Each library takes a tenth of a second to import, and one of them may not be installed.
    if client == "requests":
        from aggregator.collect.guard import RequestsDoor

        return RequestsDoor(resolver=resolver, proxy=proxy, ca_file=ca_file)
    try:
        from aggregator.collect.curl_door import CurlDoor
    except ImportError as error:
        raise AggregatorError(
            f"it needs pycurl, which cannot be imported here ({error}): pip install 'pycurl>=7.45.4', or leave the key out"
        ) from error
    return CurlDoor(resolver=resolver, proxy=proxy, ca_file=ca_file)
