"""One conditional GET per poll through the door to the network, within limits of time and size, redirects followed by hand.

Also reads local files. Whatever goes wrong is a `FetchError` in plain words, which shows an address without its secrets.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final

from aggregator.collect.deadline import Deadline, Late
from aggregator.collect.dial import NoConnection, NoNetwork, NoSuchName, Refused, Resolver, look_up
from aggregator.collect.door import WITH_BODY, Answer, Errand, NoAnswer, is_about_tls, open_door
from aggregator.collect.freshness import fresh_for, retry_after
from aggregator.collect.hub_links import linked
from aggregator.collect.inflate import CutShort, Damaged, Oversized, UnknownCoding, inflated
from aggregator.collect.place import NotAnAddress, Place, holds_secret, shown_host, shown_place, shown_target
from aggregator.collect.posting import post
from aggregator.errors import (
    BadStatus,
    Blocked,
    Challenged,
    Distrusted,
    FetchError,
    Gone,
    Nameless,
    NoFile,
    Offline,
    Private,
    TimedOut,
    TooLarge,
    Truncated,
    Unreachable,
)
from aggregator.model import Client, Document, FeedSpec, Pause, Posted, Redirect, Traffic, Unchanged, Validators
from aggregator.web.text import fingerprint

_TIMEOUT_S: Final = 20.0
_MAX_BYTES: Final = 10 * 1024 * 1024
_MAX_REDIRECTS: Final = 5
_MAX_VALIDATOR_CHARS: Final = 4096
# No field can hold a line break or NUL, nor what Latin-1 has not.
_CANNOT_BE_SENT: Final = re.compile(r"[\r\n\0]|[^\0-\xff]")
_ACCEPT: Final = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
# A server that is busy and says how long its refusal holds is asking to be left alone for so long.
_BUSY: Final = frozenset({429, 503})
_FILE_PIECE_BYTES: Final = 64 * 1024


class _BrokenOff(Exception):
    """The connection ended before the body was whole."""


@dataclass(slots=True)
class _Meter:
    """Counts what a fetch costs while it is under way."""

    requests: int = 0
    received_bytes: int = 0
    server: str | None = None
    pause: Pause | None = None

    @contextmanager
    def asking(self, server: str) -> Iterator[None]:
        """Count a request, be it answered or not; none where no connection was made."""
        self.server = server
        self.requests += 1
        try:
            yield
        except (Refused, NoSuchName, NoConnection):
            self.requests -= 1
            raise

    def note(self, answer: Answer) -> None:
        self.received_bytes += sum(map(len, answer.pieces))

    def waits(self, span: timedelta | None) -> None:
        """Note what the server that was asked last wishes on the way to an answer that is taken: the longest counts."""
        if span and self.server and (self.pause is None or span > self.pause.span):
            self.pause = Pause(span=span, server=self.server)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Poll:
    """What stays the same over all hops of one fetch."""

    spec: FeedSpec
    validators: Validators
    sent_hash: str | None
    deadline: Deadline
    meter: _Meter = field(default_factory=_Meter)


class WebFetcher:
    """`ports.Fetcher` over HTTP and for local files. Safe to use from several threads at once.

    `client` names the library below; `resolver` looks hosts up; `ca_file` holds the certificates to trust instead of the bundled ones. A
    fetch takes at most `timeout_s` of wall clock and `max_bytes` of inflated body. `clock` tells when an answer came whose server does
    not. Raises `AggregatorError` where the client's library is missing or too old.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        client: Client = "requests",
        proxy: str | None = None,
        timeout_s: float = _TIMEOUT_S,
        max_bytes: int = _MAX_BYTES,
        resolver: Resolver = look_up,
        ca_file: Path | None = None,
        clock: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._user_agent = user_agent
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._door = open_door(client, resolver=resolver, proxy=proxy, ca_file=ca_file)

    def fetch(self, spec: FeedSpec, validators: Validators, body_hash: str | None, sent_hash: str | None = None) -> Document | Unchanged:
        """Get a feed's document with one conditional GET, or read its file.

        `Unchanged` on 304, when the body as it was sent has the hash `sent_hash`, or when it has `body_hash` inflated; it carries the
        validators to keep. A private feed's redirects are followed but not told, since their targets may hold its secret. Raises
        `FetchError`.
        """
        with Deadline(self._timeout_s) as deadline:
            poll = _Poll(spec=spec, validators=validators, sent_hash=sent_hash, deadline=deadline)
            try:
                got = self._got(poll)
            except FetchError as error:
                meter = poll.meter
                error.requests, error.received_bytes, error.server = meter.requests, meter.received_bytes, meter.server
                error.pause = (meter.pause.span, meter.pause.server) if meter.pause else None
                raise
        traffic = Traffic(requests=poll.meter.requests, received_bytes=poll.meter.received_bytes)
        got = replace(got, traffic=traffic, pause=poll.meter.pause, server=poll.meter.server)
        if isinstance(got, Document) and got.body_hash == body_hash:
            # Servers exist whose validators change with every answer: kept, they may match next time.
            kept = Unchanged(validators=got.validators, fresh_for=got.fresh_for, redirects=got.redirects, sent_hash=got.sent_hash)
            return replace(kept, hub_links=got.hub_links, traffic=traffic, pause=got.pause, server=got.server)
        return got

    def post(self, address: str, form: Mapping[str, str], *, allow_private: bool) -> Posted:
        """Send a form to a hub; whatever goes wrong is said in what is returned."""
        return post(self._door, address, form, user_agent=self._user_agent, allow_private=allow_private, timeout_s=self._timeout_s)

    def close(self) -> None:
        """Close all kept connections."""
        self._door.close()

    def _got(self, poll: _Poll) -> Document | Unchanged:
        try:
            return self._file(poll) if poll.spec.path else self._walk(poll)
        except Late as error:
            raise TimedOut(poll.spec.shown_url, f"not done within {self._timeout_s:g} seconds") from error

    # ── over HTTP ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _walk(self, poll: _Poll) -> Document | Unchanged:
        try:
            start = Place.of(poll.spec.url)
        except NotAnAddress as error:
            raise Blocked(poll.spec.shown_url, f"cannot be asked: {error}") from error
        places, redirects = [start], list[Redirect]()
        while True:
            place = places[-1]
            own = _secret_fields(poll.spec, start) if place.origin == start.origin else {}
            answer = self._get(poll, place, own)
            location = _location(answer)
            if location is None:
                return self._answered(poll, place, answer, _told(poll.spec, redirects))
            poll.meter.waits(retry_after(answer.fields, self._clock()))
            places.append(_next_place(poll.spec, places, location))
            redirects.append(Redirect(status=answer.status, target=places[-1].url))

    def _get(self, poll: _Poll, place: Place, own: Mapping[str, str]) -> Answer:
        spec = poll.spec
        errand = Errand(
            scheme=place.scheme,
            host=place.ascii_host,
            port=place.port,
            target=place.target,
            fields={"User-Agent": self._user_agent, "Accept": _ACCEPT, "Accept-Encoding": "gzip", **_conditions(poll.validators), **own},
            allow_private=spec.allow_private,
            deadline=poll.deadline,
            max_bytes=self._max_bytes,
        )
        try:
            with poll.meter.asking(place.server):
                answer = self._door.run(errand)
        except Refused as error:
            message = f"{shown_host(spec, place)} is at {error}, which is not a public address (allow_private permits it for one feed)"
            raise Private(spec.shown_url, message) from error
        except NoSuchName as error:
            raise Nameless(spec.shown_url, f"the name {shown_host(spec, place)} cannot be found") from error
        except NoNetwork as error:
            raise Offline(spec.shown_url, f"{shown_host(spec, place)}: {error}") from error
        except (NoConnection, NoAnswer) as error:
            kind = Distrusted if is_about_tls(str(error)) else Unreachable
            raise kind(spec.shown_url, f"{shown_host(spec, place)}: {error}") from error
        poll.meter.note(answer)
        return answer

    def _answered(self, poll: _Poll, place: Place, answer: Answer, redirects: tuple[Redirect, ...]) -> Document | Unchanged:
        fields, came = answer.fields, self._clock()
        # Of a private feed nobody else may be asked, so its hub is of no use.
        hub_links = None if poll.spec.is_private else linked(fields.get("Link"), place.url)
        if answer.status == HTTPStatus.NOT_MODIFIED and _conditions(poll.validators):
            kept, fresh = _renewed(poll.validators, fields), fresh_for(fields, came)
            poll.meter.waits(retry_after(fields, came))
            return Unchanged(validators=kept, fresh_for=fresh, redirects=redirects, is_304=True, hub_links=hub_links)
        if answer.status not in WITH_BODY or "cf-mitigated" in fields:
            raise _bad_status(poll.spec.shown_url, answer, came)
        sent = _sent_hash(answer)
        if sent is not None and sent == poll.sent_hash:
            # It was whole the last time, and is the same: nothing need be inflated.
            same = Unchanged(validators=_validators(fields), fresh_for=fresh_for(fields, came), redirects=redirects, sent_hash=sent)
            return replace(same, hub_links=hub_links)
        body = self._inflated(poll, _pieces(answer), fields.get("Content-Encoding", ""))
        return Document(
            url=shown_place(poll.spec, place),
            body=body,
            content_type=fields.get("Content-Type"),
            validators=_validators(fields),
            body_hash=fingerprint(body),
            sent_hash=sent,
            has_known_end=_has_known_end(fields),
            fresh_for=fresh_for(fields, came),
            redirects=redirects,
            hub_links=hub_links,
        )

    def _inflated(self, poll: _Poll, pieces: Iterator[bytes], codings: str) -> bytes:
        url = poll.spec.shown_url
        try:
            return inflated(pieces, codings, max_bytes=self._max_bytes, check=poll.deadline.remaining)
        except Oversized as error:
            raise TooLarge(url, f"larger than {self._max_bytes / 2**20:g} MiB") from error
        except (_BrokenOff, CutShort) as error:
            raise Truncated(url, "ended before it was whole") from error
        except Damaged as error:
            raise FetchError(url, "its compressed data is damaged") from error
        except UnknownCoding as error:
            raise FetchError(url, f"came compressed in a way that was not asked for: {error}") from error

    # ── from a file ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _file(self, poll: _Poll) -> Document:
        path, shown_url = poll.spec.path, poll.spec.shown_url
        assert path is not None  # noqa: S101 — asked by the caller
        try:
            if not path.is_file():
                raise NoFile(shown_url, "is not a file" if path.exists() else "there is no such file")
            with path.open("rb") as opened:
                body = self._inflated(poll, iter(lambda: opened.read(_FILE_PIECE_BYTES), b""), "")
        except (OSError, ValueError) as error:
            raise NoFile(shown_url, f"cannot be read: {getattr(error, 'strerror', None) or 'not a path'}".lower()) from error
        return Document(url=poll.spec.url, body=body, content_type=None, validators=Validators(), body_hash=fingerprint(body))


# ── what is sent ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _conditions(validators: Validators) -> dict[str, str]:
    """The stored validators as they came, byte for byte; what cannot stand in a header field is not sent."""
    asked = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    return {name: value for name, value in asked.items() if value and _can_be_sent(value)}


def _secret_fields(spec: FeedSpec, start: Place) -> dict[str, str]:
    """What goes to the configured server only."""
    given = dict(spec.headers)
    if start.login and "authorization" not in map(str.lower, given):
        given["Authorization"] = start.login
    return given


def _told(spec: FeedSpec, redirects: Sequence[Redirect]) -> tuple[Redirect, ...]:
    """The redirects that may be stored and shown: none of a private feed, and none that carries a secret along."""
    return () if spec.is_private or any(holds_secret(spec, hop.target) for hop in redirects) else tuple(redirects)


def _next_place(spec: FeedSpec, places: list[Place], location: str) -> Place:
    """Where a redirect leads. Raises `Blocked` where it must not be followed."""
    here = places[-1]
    try:
        place = here.leads_to(location)
    except NotAnAddress as error:
        raise Blocked(spec.shown_url, f"is redirected to what cannot be asked: {error}") from error
    way = " → ".join(shown_target(spec, hop) for hop in (*places, place))
    if here.scheme == "https" and place.scheme == "http":
        raise Blocked(spec.shown_url, f"is redirected from https to http: {way}")
    if place.url in (hop.url for hop in places):
        raise Blocked(spec.shown_url, f"is redirected in a circle: {way}")
    if len(places) > _MAX_REDIRECTS:
        raise Blocked(spec.shown_url, f"is redirected more than {_MAX_REDIRECTS} times: {way}")
    return place


# ── what came ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _pieces(answer: Answer) -> Iterator[bytes]:
    yield from answer.pieces
    if not answer.is_whole:
        raise _BrokenOff


def _location(answer: Answer) -> str | None:
    """The Location field of a redirect; fields are read as Latin-1, but what servers write beyond ASCII is UTF-8."""
    location = answer.fields.get("Location", "") if answer.status in _REDIRECTS else ""
    try:
        return location.encode("latin-1").decode("utf-8") or None
    except UnicodeError:
        return location


def _validators(fields: Mapping[str, str]) -> Validators:
    return Validators(etag=_kept(fields.get("ETag")), last_modified=_kept(fields.get("Last-Modified")))


def _renewed(sent: Validators, fields: Mapping[str, str]) -> Validators:
    """RFC 9111 section 4.3.4: what a 304 carries replaces what is stored, the rest stays."""
    new = _validators(fields)
    return Validators(etag=new.etag or sent.etag, last_modified=new.last_modified or sent.last_modified)


def _kept(value: str | None) -> str | None:
    # A lone star would be answered with 304 for ever: it matches whatever there is (RFC 9110 section 13.1.2).
    return value if value and value != "*" and _can_be_sent(value) else None


def _can_be_sent(value: str) -> bool:
    return len(value) <= _MAX_VALIDATOR_CHARS and not _CANNOT_BE_SENT.search(value)


def _has_known_end(fields: Mapping[str, str]) -> bool:
    """Would it show if the connection ended before the body? Without a length and chunks, only what is compressed has an end mark."""
    is_compressed = fields.get("Content-Encoding", "").strip().lower() not in ("", "identity")
    return is_compressed or bool(fields.get("Content-Length") or fields.get("Transfer-Encoding"))


def _sent_hash(answer: Answer) -> str | None:
    """The digest of a whole body as it was sent, with its codings; None where it has none: then it is what is read."""
    codings = answer.fields.get("Content-Encoding", "")
    if not codings or not answer.is_whole:
        return None
    digest = hashlib.blake2b(codings.encode("latin-1", "replace") + b"\n", digest_size=16)
    for piece in answer.pieces:
        digest.update(piece)
    return digest.hexdigest()


def _bad_status(url: str, answer: Answer, came: datetime | None) -> BadStatus:
    status, wait = answer.status, retry_after(answer.fields, came)
    if wait is None and status in _BUSY:
        wait = fresh_for(answer.fields, came)
    if answer.fields.get("cf-mitigated") == "challenge":
        return Challenged(url, f"asks for proof of a browser instead of answering (challenge, {status})", status=status, retry_after=wait)
    try:
        words = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        words = str(status)
    kind = Gone if status == HTTPStatus.GONE else BadStatus
    return kind(url, f"answered {words}", status=status, retry_after=wait)
