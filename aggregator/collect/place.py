"""Where a request goes, byte for byte as configured, and what of it may be shown."""

import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import quote, unquote, urljoin, urlsplit

from aggregator.model import FeedSpec
from aggregator.web.url import ascii_host, shown

_PORTS: Final = {"http": 80, "https": 443}
# Everything that ASCII has but spaces and controls: nothing is escaped anew, nothing that is escaped changes.
_SENT_AS_IS: Final = "!\"#$%&'()*+,/:;<=>?@[\\]^_`{|}~"
_CANNOT_BE_SENT: Final = re.compile(r"[^\x21-\x7e]")
_PLACEHOLDER: Final = re.compile(r"\$\{\w+\}")
# Replacing a very short secret would garble every message and protect nothing.
_MIN_SECRET_CHARS: Final = 4


class NotAnAddress(ValueError):
    """The text is no http(s) address. The argument says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """What one request asks: `authority` is host and port as written; `target` path and query, byte for byte.

    `ascii_host` is the host as it is looked up (IDNA). `login` is the userinfo as a Basic Authorization field (RFC 7617), None where there
    is none.
    """

    scheme: str
    authority: str
    host: str
    ascii_host: str
    port: int
    target: str = field(repr=False)
    login: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, url: str) -> Self:
        """Read an address; the fragment is left out. Raises `NotAnAddress`."""
        text = quote(url.strip(), safe=_SENT_AS_IS) if _CANNOT_BE_SENT.search(url.strip()) else url.strip()
        scheme = url.strip().partition(":")[0].lower()
        if scheme not in _PORTS:
            raise NotAnAddress("only http and https are asked")
        try:
            parts = urlsplit(url.strip())
            host, port = parts.hostname or "", parts.port or _PORTS[scheme]
        except ValueError as error:
            raise NotAnAddress("it cannot be read as an address") from error
        if not host:
            raise NotAnAddress("it names no host")
        if not (in_ascii := ascii_host(host)):
            raise NotAnAddress("its host is no name that can be looked up")
        authority = parts.netloc.rpartition("@")[2]
        rest = text.partition("#")[0].partition("//")[2]
        slash = re.search(r"[/?]", rest)
        target = rest[slash.start() :] if slash else ""
        target = target if target.startswith("/") else "/" + target
        return cls(scheme, authority, host, in_ascii, port, target, _login(parts.username, parts.password))

    @property
    def origin(self) -> tuple[str, str, int]:
        """What must stay the same if secrets are to be sent along."""
        return self.scheme, self.host, self.port

    @property
    def server(self) -> str:
        """The address of the server alone."""
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        """The address without userinfo and fragment."""
        return self.server + self.target

    def leads_to(self, location: str) -> Self:
        """The place that a Location field names, relative to this one. Userinfo in it is not used. Raises `NotAnAddress`."""
        try:
            joined = urljoin(self.url, location.strip())
        except ValueError as error:
            raise NotAnAddress("it cannot be read as an address") from error
        return type(self).of(shown(joined))


def is_same_server(url: str, other: str) -> bool:
    """May what is secret of the one address be sent to the other: are scheme, host and port the same?"""
    try:
        return Place.of(url).origin == Place.of(other).origin
    except NotAnAddress:
        return False


def with_login_of(url: str, target: str) -> str:
    """Another address of the same server, with the user and password that stand in the first one.

    >>> with_login_of("https://me:secret@example.org/", "https://example.org/feed")
    'https://me:secret@example.org/feed'
    """
    login = urlsplit(url).netloc.rpartition("@")[0]
    return target.replace("://", f"://{login}@", 1) if login else target


def shown_place(spec: FeedSpec, place: Place) -> str:
    """The address as documents carry it: for a private feed without its query, and with `${NAME}` wherever its secret would stand."""
    return _without_secrets(spec, place.url.partition("?")[0] if spec.is_private else place.url)


def shown_target(spec: FeedSpec, place: Place) -> str:
    """The address as messages carry it: of a private feed the server only."""
    return _without_secrets(spec, place.server if spec.is_private else place.url)


def shown_host(spec: FeedSpec, place: Place) -> str:
    """The host as messages carry it."""
    return _without_secrets(spec, place.host)


def holds_secret(spec: FeedSpec, url: str) -> bool:
    """Does a secret of the feed's own address stand in this one, as where a server redirects with all that it was asked?"""
    return _without_secrets(spec, url) != url


def _without_secrets(spec: FeedSpec, text: str) -> str:
    """With `${NAME}` in place of each secret, in whatever case: hosts are written small."""
    for name, secret in secrets_in_address(spec):
        text = re.sub(re.escape(secret), name, text, flags=re.IGNORECASE)
    return text


def secrets_in_address(spec: FeedSpec) -> list[tuple[str, str]]:
    """Each `${NAME}` of a feed's address, and what stands in its place; user and password, which are never shown, aside."""
    names = _PLACEHOLDER.findall(spec.shown_url)
    if not names:
        return []
    pattern = "(.+?)".join(map(re.escape, _PLACEHOLDER.split(spec.shown_url)))
    found = re.fullmatch(pattern, shown(spec.url))
    return [(name, secret) for name, secret in zip(names, found.groups(), strict=True) if len(secret) >= _MIN_SECRET_CHARS] if found else []


def _login(user: str | None, password: str | None) -> str | None:
    if user is None:
        return None
    return "Basic " + b64encode(f"{unquote(user)}:{unquote(password or '')}".encode()).decode("ascii")
