"""What the one door to the network promises, on a loopback server that speaks byte for byte."""

import errno
import gzip
import hashlib
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from time import monotonic
from typing import NoReturn

import pytest

from aggregator.collect import dial
from aggregator.collect.dial import NoNetwork
from aggregator.collect.fetch import WebFetcher
from aggregator.collect.secrets import without_secrets
from aggregator.errors import BadStatus, Blocked, FetchError, Gone, Offline, TimedOut, TooLarge, Truncated, Unreachable
from aggregator.model import Document, FeedSpec, Pause, Redirect, Traffic, Unchanged, Validators
from tests.conftest import OpenFetcher
from tests.wire import Wire, answer

NONE = Validators()
FEED = b"<rss version='2.0'/>"


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as running:
        yield running


@pytest.fixture
def fetcher(open_fetcher: OpenFetcher) -> WebFetcher:
    return open_fetcher(user_agent="aggregator/1 (+https://planet.example.org/about)", timeout_s=5)


@pytest.fixture
def hasty(open_fetcher: OpenFetcher) -> WebFetcher:
    return open_fetcher(timeout_s=0.3)


def spec(url: str, **given: object) -> FeedSpec:
    return FeedSpec(**{"id": "feed", "url": url, "shown_url": url, "allow_private": True, **given})  # type: ignore[arg-type]


def document(got: Document | Unchanged) -> Document:
    assert isinstance(got, Document)
    return got


def digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=16).hexdigest()


# ── what is asked ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_poll_is_one_get_that_says_who_asks_and_for_what(wire: Wire, fetcher: WebFetcher) -> None:
    got = document(fetcher.fetch(spec(wire.on("/feed", answer(FEED, "Content-Type: application/rss+xml"))), NONE, None))
    assert (got.body, got.content_type, got.body_hash) == (FEED, "application/rss+xml", digest(FEED))
    assert len(wire.heads) == 1
    assert wire.heads[0].startswith(b"GET /feed HTTP/1.1\r\n")
    assert wire.field("User-Agent") == b"aggregator/1 (+https://planet.example.org/about)"
    assert wire.field("Accept-Encoding") == b"gzip"
    assert b"application/atom+xml" in (wire.field("Accept") or b"")
    for never in ("Cookie", "Referer", "Origin", "Authorization", "If-None-Match", "If-Modified-Since"):
        assert wire.field(never) is None


@pytest.mark.parametrize(
    "target",
    [
        "/a%7eb/%c3%BC?q=%20+%zz&&x",
        "/feed?",
        "/?null",
        "//double//slash/",
        "/a/../b/./c",
        "/x;y=1?a[]=1&b='(*)'",
        "/p?u=http://example.org/?a=1",
        "/caf%E9",
        '/a|b{c}^`"<>\\',
        "/feed?token=a%2Bb",
    ],
)
def test_the_address_is_asked_byte_for_byte(wire: Wire, fetcher: WebFetcher, target: str) -> None:
    wire.on(target, answer())
    fetcher.fetch(spec(wire.url(target) + "#fragment"), NONE, None)
    assert wire.targets() == [target.encode()]


def test_only_what_cannot_be_sent_is_escaped(wire: Wire, fetcher: WebFetcher) -> None:
    wire.on("/b%C3%BCcher%20liste", answer())
    fetcher.fetch(spec(wire.url("/bücher liste?%41=ü")), NONE, None)
    assert wire.targets() == [b"/b%C3%BCcher%20liste?%41=%C3%BC"]


ODD_VALIDATORS = [
    Validators(etag='W/"a"'),
    Validators(etag="a"),
    Validators(etag='""'),
    Validators(etag='"a,b"'),
    Validators(etag='"\xe9\xff"'),
    Validators(etag='"a b"  "c"'),
    Validators(etag="W/unquoted,two"),
    Validators(last_modified="yesterday"),
    Validators(last_modified="Tue, 1 Sep 2026 10:00:00 +0200"),
    Validators(last_modified="0"),
    Validators(etag='"x-gzip"', last_modified="Tue, 01 Sep 2026 10:00:00 GMT"),
]


@pytest.mark.parametrize("odd", ODD_VALIDATORS)
def test_validators_go_back_byte_for_byte(wire: Wire, fetcher: WebFetcher, odd: Validators) -> None:
    fields = [f"ETag: {odd.etag}"] if odd.etag else []
    fields += [f"Last-Modified: {odd.last_modified}"] if odd.last_modified else []
    feed = spec(wire.on("/feed", answer(FEED, *fields), answer(b"", status=304)))
    got = fetcher.fetch(feed, NONE, None)
    assert got.validators == odd
    again = fetcher.fetch(feed, got.validators, None)
    assert isinstance(again, Unchanged)
    assert wire.field("If-None-Match") == (odd.etag.encode("latin-1") if odd.etag else None)
    assert wire.field("If-Modified-Since") == (odd.last_modified.encode("latin-1") if odd.last_modified else None)


def test_a_validator_that_the_newest_answer_lacks_is_dropped(wire: Wire, fetcher: WebFetcher) -> None:
    feed = spec(wire.on("/feed", answer(FEED, 'ETag: "2"')))
    got = fetcher.fetch(feed, Validators(etag='"1"', last_modified="Tue, 01 Sep 2026 10:00:00 GMT"), None)
    assert got.validators == Validators(etag='"2"')


def test_validators_that_no_field_can_hold_are_not_sent(wire: Wire, fetcher: WebFetcher) -> None:
    feed = spec(wire.on("/feed", answer()))
    fetcher.fetch(feed, Validators(etag="a\r\nX-Injected: 1", last_modified="ноябрь"), None)
    assert wire.field("If-None-Match") is None
    assert wire.field("X-Injected") is None


def test_an_equal_body_is_unchanged_and_brings_its_new_validators(wire: Wire, fetcher: WebFetcher) -> None:
    got = fetcher.fetch(spec(wire.on("/feed", answer(FEED, 'ETag: "new"'))), Validators(etag='"old"'), digest(FEED))
    traffic = Traffic(requests=1, received_bytes=len(FEED))
    assert got == Unchanged(validators=Validators(etag='"new"'), traffic=traffic, server=wire.url(""))


def test_a_304_renews_only_the_validators_that_it_carries(wire: Wire, fetcher: WebFetcher) -> None:
    sent = Validators(etag='"1"', last_modified="old")
    reply = answer(b"", "Last-Modified: new", "Cache-Control: max-age=7200", status=304)
    got = fetcher.fetch(spec(wire.on("/feed", reply)), sent, None)
    kept = Validators(etag='"1"', last_modified="new")
    assert got == Unchanged(validators=kept, fresh_for=timedelta(hours=2), is_304=True, traffic=Traffic(requests=1), server=wire.url(""))


def test_a_304_that_nobody_asked_for_is_an_error(wire: Wire, fetcher: WebFetcher) -> None:
    with pytest.raises(BadStatus) as caught:
        fetcher.fetch(spec(wire.on("/feed", answer(b"", status=304))), NONE, None)
    assert caught.value.status == 304


@pytest.mark.parametrize("body", [b"", b"0\r\n\r\n", b"nonsense\r\n"])
def test_a_304_ends_with_its_header_whatever_that_announces(wire: Wire, hasty: WebFetcher, body: bytes) -> None:
    reply = b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    wire.on("/feed", reply)
    assert isinstance(hasty.fetch(spec(wire.url("/feed")), Validators(etag="1"), None), Unchanged)
    assert isinstance(
        hasty.fetch(spec(wire.on("/b", answer(b"", "Content-Length: 9", status=304, length=9))), Validators(etag="1"), None), Unchanged
    )


def test_cookies_are_never_sent_back(wire: Wire, fetcher: WebFetcher) -> None:
    wire.on("/feed", answer(b"", "Location: /final", "Set-Cookie: a=1; Path=/", status=302))
    wire.on("/final", answer(FEED, "Set-Cookie: b=2; Path=/"))
    for _ in range(2):
        fetcher.fetch(spec(wire.url("/feed")), NONE, None)
    assert len(wire.heads) == 4
    assert not any(b"cookie" in head.lower() for head in wire.heads)


def test_settings_of_the_environment_are_not_used(wire: Wire, fetcher: WebFetcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    fetcher.fetch(spec(wire.on("/feed", answer())), NONE, None)
    assert wire.field("Authorization") is None


def test_a_feeds_own_fields_are_sent_as_they_are(wire: Wire, fetcher: WebFetcher) -> None:
    given = (("X-Empty", ""), ("X-Latin", "caf\xe9 "), ("x-case", "a:b, c"), ("Accept", "text/x-own"))
    fetcher.fetch(spec(wire.on("/feed", answer()), headers=given), NONE, None)
    assert [wire.field(name) for name, _ in given] == [b"", b"caf\xe9 ", b"a:b, c", b"text/x-own"]
    assert b"x-case: a:b, c" in wire.heads[0]


@pytest.mark.parametrize("field", [("X-Token", "a\r\nX-Injected: 1"), ("X-Token", "снег"), ("X-Token", " a"), ("X\nY", "a")])
def test_a_field_that_cannot_be_sent_is_said_so(wire: Wire, fetcher: WebFetcher, field: tuple[str, str]) -> None:
    with pytest.raises(Unreachable, match="a header field of this feed cannot be sent"):
        fetcher.fetch(spec(wire.on("/feed", answer()), headers=(field,)), NONE, None)
    assert wire.heads == []


def test_nothing_is_asked_beside_the_request(wire: Wire, fetcher: WebFetcher) -> None:
    fetcher.fetch(spec(wire.on("/feed", answer())), NONE, None)
    names = {line.partition(b":")[0].lower() for line in wire.heads[0].split(b"\r\n")[1:]}
    assert names == {b"host", b"user-agent", b"accept", b"accept-encoding"}


def test_a_connection_is_used_again_and_replaced_when_the_server_closed_it(wire: Wire, fetcher: WebFetcher) -> None:
    feed = spec(wire.on("/feed", answer(FEED, 'ETag: "1"'), answer(b"", status=304), answer(FEED)))
    fetcher.fetch(feed, NONE, None)
    fetcher.fetch(feed, Validators(etag='"1"'), None)
    fetcher.fetch(feed, NONE, None)
    assert wire.connections == 1

    def slam(connection: socket.socket) -> None:
        connection.close()

    wire.on("/feed", slam, answer(FEED))
    assert document(fetcher.fetch(feed, NONE, None)).body == FEED
    assert wire.connections == 2


def test_what_comes_beyond_the_announced_length_is_no_part_of_any_answer(wire: Wire, fetcher: WebFetcher) -> None:
    stray = answer(b"", "ETag: stray", status=304)
    feed = spec(wire.on("/feed", answer(FEED) + stray, answer(FEED, "ETag: own")))
    assert document(fetcher.fetch(feed, NONE, None)).body == FEED
    assert document(fetcher.fetch(feed, Validators(etag="own"), None)).validators == Validators(etag="own")


def test_several_threads_each_get_their_own_document(wire: Wire, open_fetcher: OpenFetcher) -> None:
    fetcher = open_fetcher(timeout_s=10)
    feeds = [spec(wire.on(f"/{number}", answer(b"%d" % number * 9999, f"ETag: {number}"))) for number in range(8)] * 8
    with ThreadPoolExecutor(8) as pool:
        got = [document(one) for one in pool.map(lambda feed: fetcher.fetch(feed, NONE, None), feeds)]
    assert [(one.body[:1], one.validators.etag, one.url) for one in got] == [
        (b"%d" % number, str(number), wire.url(f"/{number}")) for number in list(range(8)) * 8
    ]


# ── secrets ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def private_spec(wire: Wire, target: str) -> FeedSpec:
    url = wire.url(target)
    with_login = url.replace("//", "//me:p%40ss@")
    return spec(with_login, shown_url=url.replace("s3cr3t", "${TOKEN}"), headers=(("X-Token", "s3cr3t-too"),), is_private=True)


def test_secrets_go_to_the_configured_server_only(wire: Wire, fetcher: WebFetcher) -> None:
    with Wire() as other:
        wire.on("/feed", answer(b"", "Location: /moved", status=301))
        wire.on("/moved", answer(b"", f"Location: {other.on('/taken', answer(FEED))}", status=302))
        got = document(fetcher.fetch(private_spec(wire, "/feed"), NONE, None))
        assert wire.field("X-Token", 0) == wire.field("X-Token", 1) == b"s3cr3t-too"
        assert wire.field("Authorization", 1) == b"Basic bWU6cEBzcw=="
        assert other.field("X-Token") is None
        assert other.field("Authorization") is None
        assert got.redirects == ()


def test_a_private_document_does_not_carry_its_secret(wire: Wire, fetcher: WebFetcher) -> None:
    wire.on("/s3cr3t/feed", answer(FEED))
    got = document(fetcher.fetch(private_spec(wire, "/s3cr3t/feed?key=s3cr3t"), NONE, None))
    assert got.url == wire.url("/${TOKEN}/feed")
    assert wire.targets() == [b"/s3cr3t/feed?key=s3cr3t"]


def test_what_a_document_repeats_of_the_secrets_in_its_address_is_taken_out() -> None:
    asked = spec("https://me:pass%40word@blog.example/ab12cd/feed?key=k3y-k3y", shown_url="https://blog.example/${TOKEN}/feed?key=${KEY}")
    said = b"https://blog.example/ab12cd/1?key=k3y-k3y, for pass@word and pass%40word"
    found = Document(url="https://blog.example/", body=said, content_type=None, validators=NONE, body_hash="")
    assert without_secrets(found, asked).body == b"https://blog.example/redacted/1?key=redacted, for redacted and redacted"


def test_what_a_document_repeats_of_a_key_that_is_written_into_its_address_is_taken_out_unless_that_may_be_shown() -> None:
    url = "https://git.example/ann.atom?feed_token=s3cr3t-X9"
    said = Document(url=url, body=b"https://git.example/1?t=s3cr3t-X9", content_type=None, validators=NONE, body_hash="")
    assert without_secrets(said, spec(url, is_private=True)).body == b"https://git.example/1?t=redacted"
    assert without_secrets(said, spec(url)).body == said.body


@pytest.mark.parametrize(
    "reply",
    [
        answer(b"", status=403),
        answer(b"", "Location: /s3cr3t/feed?key=s3cr3t", status=302),
        answer(b"", "Location: ftp://127.0.0.1/s3cr3t", status=302),
        answer(b"x", length=9) + b"",
        b"nonsense\r\n\r\n",
        answer(b"x", "Content-Encoding: br"),
    ],
)
def test_no_message_shows_a_secret(wire: Wire, fetcher: WebFetcher, reply: bytes) -> None:
    wire.on("/s3cr3t/feed", [reply])
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(private_spec(wire, "/s3cr3t/feed?key=s3cr3t"), NONE, None)
    assert "s3cr3t" not in f"{caught.value} {caught.value.url} {caught.value.message}"
    assert "p%40ss" not in str(caught.value)


def test_a_secret_is_not_told_by_redirects_and_hosts_of_a_feed_whose_address_may_be_shown(wire: Wire, fetcher: WebFetcher) -> None:
    url = wire.url("/feed?key=s3cr3t")
    asked = spec(url, shown_url=url.replace("s3cr3t", "${TOKEN}"))
    wire.on("/feed?key=s3cr3t", answer(b"", "Location: /new?key=s3cr3t", status=301))
    wire.on("/new?key=s3cr3t", answer(FEED))
    got = document(fetcher.fetch(asked, NONE, None))
    assert (got.url, got.redirects) == (wire.url("/new?key=${TOKEN}"), ())
    wire.on("/new?key=s3cr3t", answer(b"", "Location: /feed?key=s3cr3t", status=301))
    for one in (asked, spec("http://S3cr3t.invalid/", shown_url="http://${TOKEN}.invalid/")):
        with pytest.raises(FetchError, match="TOKEN") as caught:
            fetcher.fetch(one, NONE, None)
        assert "s3cr3t" not in str(caught.value).lower()


# ── redirects ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_redirects_are_followed_and_told(wire: Wire, fetcher: WebFetcher) -> None:
    wire.on("/a", answer(b"", "Location: b/c?x=1", status=301))
    wire.on("/b/c", answer(b"", f"Location: //me:you@127.0.0.1:{wire.port}/d#part", status=308))
    wire.on("/d", answer(FEED))
    got = document(fetcher.fetch(spec(wire.url("/a")), NONE, None))
    assert got.url == wire.url("/d")
    assert got.redirects == (Redirect(status=301, target=wire.url("/b/c?x=1")), Redirect(status=308, target=wire.url("/d")))
    assert got.traffic == Traffic(requests=3, received_bytes=len(FEED))
    assert wire.field("Authorization") is None


def test_five_redirects_are_followed_and_a_sixth_is_not(wire: Wire, fetcher: WebFetcher) -> None:
    for step in range(6):
        wire.on(f"/{step}", answer(b"", f"Location: /{step + 1}", status=302))
    wire.on("/6", answer(FEED))
    assert document(fetcher.fetch(spec(wire.url("/1")), NONE, None)).body == FEED
    with pytest.raises(Blocked, match="more than 5 times"):
        fetcher.fetch(spec(wire.url("/0")), NONE, None)


def test_a_circle_of_redirects_is_named(wire: Wire, fetcher: WebFetcher) -> None:
    wire.on("/a", answer(b"", "Location: /b", status=302))
    wire.on("/b", answer(b"", "Location: /a", status=302))
    with pytest.raises(Blocked, match=r"in a circle: http://127.0.0.1:\d+/a → http://127.0.0.1:\d+/b → http://127.0.0.1:\d+/a"):
        fetcher.fetch(spec(wire.url("/a")), NONE, None)
    assert wire.targets() == [b"/a", b"/b"]


@pytest.mark.parametrize("location", ["file:///etc/passwd", "gopher://127.0.0.1:70/", "data:text/xml,<rss/>", "http://["])
def test_a_redirect_to_anything_but_http_is_refused(wire: Wire, fetcher: WebFetcher, location: str) -> None:
    with pytest.raises(Blocked, match="redirected to what cannot be asked"):
        fetcher.fetch(spec(wire.on("/a", answer(b"", f"Location: {location}", status=302))), NONE, None)


def test_what_a_redirect_asks_for_holds_no_control_character(wire: Wire, fetcher: WebFetcher) -> None:
    wire.on("/a", answer(b"", "Location: /b\x01c", status=302))
    wire.on("/b%01c", answer(FEED))
    assert document(fetcher.fetch(spec(wire.url("/a")), NONE, None)).body == FEED


def test_a_redirect_without_a_target_and_one_with_a_body_of_any_size_cost_nothing(wire: Wire, hasty: WebFetcher) -> None:
    with pytest.raises(BadStatus, match="302 Found"):
        hasty.fetch(spec(wire.on("/a", answer(b"", status=302))), NONE, None)
    wire.on("/b", drip(answer(b"", "Location: /c", status=302, length=10**9), b"", wire))
    wire.on("/c", answer(FEED))
    assert document(hasty.fetch(spec(wire.url("/b")), NONE, None)).body == FEED


# ── limits ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def drip(start: bytes, piece: bytes, wire: Wire) -> Callable[[socket.socket], None]:
    def reply(connection: socket.socket) -> None:
        connection.sendall(start)
        while not wire.ended.wait(0.02):
            connection.sendall(piece)

    return reply


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"),
        (b"HTTP/1.1 200 OK\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"a"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"a"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 65536, b""),  # just one piece, so that the next is empty
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1000000\r\n\r\n\x1f\x8b", b""),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["stall", "header", "stall after status", "body", "endless body", "stall after body", "chunks", "stall in gzip", "continue"],
)
def test_a_slow_server_frees_its_caller_at_the_deadline(wire: Wire, hasty: WebFetcher, start: bytes, piece: bytes) -> None:
    feed = spec(wire.on("/slow", drip(start, piece, wire)))
    started = monotonic()
    with pytest.raises(TimedOut, match=r"not done within 0.3 seconds"):
        hasty.fetch(feed, NONE, None)
    assert monotonic() - started < 2


def test_a_resolver_that_does_not_answer_frees_its_caller(wire: Wire, open_fetcher: OpenFetcher) -> None:
    def silent(host: str, port: int) -> list[str]:
        wire.ended.wait(30)
        return []

    with pytest.raises(TimedOut):
        open_fetcher(timeout_s=0.2, resolver=silent).fetch(spec("http://feed.example/"), NONE, None)


def test_a_tls_server_that_says_nothing_frees_its_caller(wire: Wire, hasty: WebFetcher) -> None:
    with pytest.raises((TimedOut, Unreachable)):
        hasty.fetch(spec(wire.url("/").replace("http:", "https:")), NONE, None)


def test_a_body_is_limited_after_inflating(wire: Wire, open_fetcher: OpenFetcher) -> None:
    fetcher = open_fetcher(timeout_s=5, max_bytes=100_000)
    assert len(document(fetcher.fetch(spec(wire.on("/just", answer(b"a" * 100_000))), NONE, None)).body) == 100_000
    for path, reply in bombs().items():
        with pytest.raises(TooLarge):
            fetcher.fetch(spec(wire.on(path, reply)), NONE, None)


@cache
def bombs() -> dict[str, bytes]:
    """Answers that are small, and large when they are inflated; made once for both doors."""
    once = gzip.compress(bytes(50_000_000), 9, mtime=0)
    return {
        "/plain": answer(b"a" * 100_001),
        "/gzip": answer(once, "Content-Encoding: gzip"),
        "/unsaid": answer(once),
        "/twice": answer(gzip.compress(once, mtime=0), "Content-Encoding: gzip, gzip"),
        "/deflate": answer(zlib.compress(bytes(50_000_000), 9), "Content-Encoding: deflate"),
        "/parts": answer(gzip.compress(b"", mtime=0) * 4000, "Content-Encoding: gzip"),
    }


def test_an_endless_body_is_left_at_the_limit(wire: Wire, open_fetcher: OpenFetcher) -> None:
    feed = spec(wire.on("/endless", drip(b"HTTP/1.1 200 OK\r\n\r\n", bytes(30_000), wire)))
    with pytest.raises(TooLarge):
        open_fetcher(timeout_s=20, max_bytes=100_000).fetch(feed, NONE, None)


@pytest.mark.parametrize(
    "reply",
    [
        answer(FEED, length=len(FEED) + 1),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss/\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n<rss/>",
        answer(gzip.compress(FEED, mtime=0)[:-1], "Content-Encoding: gzip"),
        answer(gzip.compress(FEED * 100, mtime=0)[:40], "Content-Encoding: gzip"),
        answer(gzip.compress(FEED, mtime=0)[:-9]),
        answer(zlib.compress(FEED)[:-3], "Content-Encoding: deflate"),
    ],
)
def test_a_body_that_is_cut_is_an_error(wire: Wire, fetcher: WebFetcher, reply: bytes) -> None:
    with pytest.raises(Truncated):
        fetcher.fetch(spec(wire.on("/cut", [reply])), NONE, None)


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(FEED, mtime=0), "gzip"),
        (gzip.compress(FEED, mtime=0), "X-GZIP"),
        (gzip.compress(FEED, mtime=0), None),
        (gzip.compress(FEED[:7], mtime=0) + gzip.compress(FEED[7:], mtime=0), "gzip"),
        (gzip.compress(FEED, mtime=0) + b"\0\0garbage", "gzip"),
        (gzip.compress(gzip.compress(FEED, mtime=0), mtime=0), "gzip, gzip"),
        (zlib.compress(FEED), "deflate"),
        (raw_deflate(FEED), "deflate"),
        (gzip.compress(zlib.compress(FEED), mtime=0), "deflate,gzip"),
        (FEED, "gzip"),
        (FEED, "deflate"),
        (FEED, "identity"),
        (FEED, "UTF-8"),
        (FEED, "iso-8859-1"),
        (FEED, "none"),
    ],
)
def test_a_body_is_read_however_it_is_packed(wire: Wire, fetcher: WebFetcher, body: bytes, coding: str | None) -> None:
    fields = [f"Content-Encoding: {coding}"] if coding else []
    assert document(fetcher.fetch(spec(wire.on("/packed", answer(body, *fields))), NONE, None)).body == FEED


def test_a_body_that_came_compressed_in_the_same_way_before_is_unchanged(wire: Wire, fetcher: WebFetcher) -> None:
    packed, better = gzip.compress(FEED * 50, 1, mtime=0), gzip.compress(FEED * 50, 9, mtime=0)
    url = wire.on("/feed", answer(packed, "Content-Encoding: gzip", 'ETag: "1"'))
    first = fetcher.fetch(spec(url), NONE, None)
    assert isinstance(first, Document)
    same = fetcher.fetch(spec(url), NONE, "of another body", first.sent_hash)
    assert isinstance(same, Unchanged)
    assert (same.sent_hash, same.validators, same.is_304) == (first.sent_hash, Validators(etag='"1"'), False)
    wire.on("/feed", answer(better, "Content-Encoding: gzip"))
    otherwise = fetcher.fetch(spec(url), NONE, first.body_hash, first.sent_hash)
    assert isinstance(otherwise, Unchanged)
    assert otherwise.sent_hash not in (None, first.sent_hash)
    wire.on("/feed", answer(packed, "Content-Encoding: deflate"))
    assert isinstance(fetcher.fetch(spec(url), NONE, "of another body", first.sent_hash), Document), "other codings make another body"


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br", "gzip, gzip, gzip, gzip", "\x1b[31mred"])
def test_a_coding_that_was_not_asked_for_is_an_error_in_words(wire: Wire, fetcher: WebFetcher, coding: str) -> None:
    with pytest.raises(FetchError, match="compressed in a way that was not asked for"):
        fetcher.fetch(spec(wire.on("/packed", answer(gzip.compress(FEED, mtime=0), f"Content-Encoding: {coding}"))), NONE, None)


def test_damaged_gzip_is_an_error(wire: Wire, fetcher: WebFetcher) -> None:
    damaged = bytearray(gzip.compress(FEED * 9, mtime=0))
    damaged[-6] ^= 255
    with pytest.raises(FetchError, match="damaged"):
        fetcher.fetch(spec(wire.on("/bad", answer(bytes(damaged), "Content-Encoding: gzip"))), NONE, None)


# ── what comes back ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fields", "span"),
    [
        (["Retry-After: 120"], timedelta(seconds=120)),
        (["Retry-After: 0"], timedelta()),
        (["Retry-After: -5"], None),
        (["Retry-After: soon"], None),
        (["Retry-After: 99999999999999999999"], timedelta(days=31)),
        (["Retry-After: 604800"], timedelta(days=7)),
        (["Date: Sun, 06 Nov 1994 08:00:00 GMT", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT"], timedelta(minutes=49, seconds=37)),
        (["Date: Sun, 06 Nov 1994 09:00:00 GMT", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT"], timedelta()),
        (["Retry-After: Sun, 06 Nov 1994 08:49:37 GMT"], None),
        (["Cache-Control: max-age=3600"], timedelta(hours=1)),
        ([], None),
    ],
)
def test_a_refusal_says_for_how_long(wire: Wire, fetcher: WebFetcher, fields: list[str], span: timedelta | None) -> None:
    with pytest.raises(BadStatus) as caught:
        fetcher.fetch(spec(wire.on("/busy", answer(b"", *fields, status=429))), NONE, None)
    assert (caught.value.status, caught.value.retry_after) == (429, span)
    assert "429 Too Many Requests" in caught.value.message


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        (["ETag: a", "etag: b"], Validators(etag="a, b")),
        (["ETag:\t a\xff \t"], Validators(etag="a\xff \t")),
        (["ETag: a", " b", "\tc"], Validators(etag="a b c")),
        (["ETag:", "Last-Modified:x"], Validators(last_modified="x")),
        ([f"ETag: {'a' * 4096}"], Validators(etag="a" * 4096)),
        ([f"ETag: {'a' * 4097}"], NONE),
    ],
)
def test_fields_are_read_in_one_way(wire: Wire, fetcher: WebFetcher, fields: list[str], kept: Validators) -> None:
    assert fetcher.fetch(spec(wire.on("/feed", answer(FEED, *fields))), NONE, None).validators == kept


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_an_answer_is_read_whatever_its_line_ends(wire: Wire, fetcher: WebFetcher, end: str) -> None:
    lines = ["HTTP/1.0 200", "etag:1", "Content-Length: 6", ""]
    got = document(fetcher.fetch(spec(wire.on("/feed", [end.join([*lines, "<rss/>"]).encode()])), NONE, None))
    assert (got.body, got.validators.etag) == (b"<rss/>", "1")


def test_what_follows_the_last_chunk_is_no_field(wire: Wire, fetcher: WebFetcher) -> None:
    head = b"HTTP/1.1 200 OK\r\nETag: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    got = fetcher.fetch(spec(wire.on("/feed", head + b"6;x=y\r\n<rss/>\r\n0\r\nETag: b\r\nHTTP/1.1 304: c\r\n\r\n")), NONE, None)
    assert (document(got).body, got.validators) == (b"<rss/>", Validators(etag="a"))


@pytest.mark.parametrize("status", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
def test_an_interim_answer_is_passed_over(status: bytes, wire: Wire, fetcher: WebFetcher) -> None:
    reply = b"HTTP/1.1 %s\r\nETag: interim\r\n\r\n" % status * 3 + answer(FEED)
    got = fetcher.fetch(spec(wire.on("/feed", reply)), NONE, None)
    assert (document(got).body, got.validators) == (FEED, NONE)


def test_410_says_gone_and_other_errors_do_not(wire: Wire, fetcher: WebFetcher) -> None:
    with pytest.raises(Gone):
        fetcher.fetch(spec(wire.on("/gone", answer(b"", status=410))), NONE, None)
    for status in (204, 206, 300, 305, 401, 403, 404, 500, 503, 599, 999):
        with pytest.raises(BadStatus) as caught:
            fetcher.fetch(spec(wire.on("/bad", answer(b"", status=status))), NONE, None)
        assert type(caught.value) is BadStatus


def test_a_server_that_says_no_time_is_taken_at_ours(wire: Wire, open_fetcher: OpenFetcher) -> None:
    noon = datetime(1994, 11, 6, 12, tzinfo=UTC)
    fetcher = open_fetcher(clock=lambda: noon)
    with pytest.raises(BadStatus) as caught:
        fetcher.fetch(spec(wire.on("/busy", answer(b"", "Retry-After: Sun, 06 Nov 1994 14:00:00 GMT", status=503))), NONE, None)
    assert caught.value.retry_after == timedelta(hours=2)
    got = fetcher.fetch(spec(wire.on("/fresh", answer(b"<rss/>", "Expires: Sun, 06 Nov 1994 15:00:00 GMT"))), NONE, None)
    assert got.fresh_for == timedelta(hours=3)


def test_who_asks_for_a_pause_on_the_way_is_heard(wire: Wire, fetcher: WebFetcher) -> None:
    way = wire.on("/way", answer(b"", f"Location: {wire.url('/feed')}", "Retry-After: 7200", status=302))
    wire.on("/feed", answer(b"<rss/>"), answer(b"", "Retry-After: 86400", status=304))
    got = fetcher.fetch(spec(way), NONE, None)
    assert got.pause == Pause(span=timedelta(hours=2), server=f"http://127.0.0.1:{wire.port}")
    again = fetcher.fetch(spec(way), Validators(etag='"a"'), None)
    assert again.pause
    assert again.pause.span == timedelta(days=1)


def test_a_request_counts_whether_it_is_answered_or_not(wire: Wire, fetcher: WebFetcher) -> None:
    def hangs_up(connection: socket.socket) -> None:
        connection.close()

    for reply, requests in ((hangs_up, 1), (answer(b"", status=404), 1)):
        with pytest.raises(FetchError) as caught:
            fetcher.fetch(spec(wire.on("/feed", reply)), NONE, None)
        assert (caught.value.requests, caught.value.server) == (requests, f"http://127.0.0.1:{wire.port}")
    with pytest.raises(Unreachable) as refused:
        fetcher.fetch(spec("http://127.0.0.1:1/"), NONE, None)
    assert refused.value.requests == 0


def test_a_validator_that_matches_everything_is_none(wire: Wire, fetcher: WebFetcher) -> None:
    assert fetcher.fetch(spec(wire.on("/feed", answer(b"<rss/>", "ETag: *"))), NONE, None).validators == NONE


@pytest.mark.parametrize(
    ("fields", "is_known"),
    [
        (b"Content-Length: 6", True),
        (b"Transfer-Encoding: chunked", True),
        (b"Connection: close", False),
        (b"Connection: close\r\nContent-Encoding: identity", False),
    ],
)
def test_whether_a_body_ends_where_it_should_is_known_or_not(fields: bytes, is_known: bool, wire: Wire, fetcher: WebFetcher) -> None:
    body = b"6\r\n<rss/>\r\n0\r\n\r\n" if b"chunked" in fields else b"<rss/>"
    got = fetcher.fetch(spec(wire.on("/feed", [b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n\r\n" + body])), NONE, None)
    assert isinstance(got, Document)
    assert got.has_known_end is is_known


def test_a_challenge_is_called_one(wire: Wire, fetcher: WebFetcher) -> None:
    for status in (200, 403, 503):
        reply = answer(b"<html>Just a moment", "cf-mitigated: challenge", status=status)
        with pytest.raises(BadStatus, match="challenge"):
            fetcher.fetch(spec(wire.on("/feed", reply)), NONE, None)


@pytest.mark.parametrize(
    ("fields", "span"),
    [
        (["Cache-Control: public, max-age=7200"], timedelta(hours=2)),
        (['Cache-Control: max-age="7200"', "Age: 200"], timedelta(seconds=7000)),
        (["Cache-Control: MAX-AGE = 60, max-age=9"], timedelta(seconds=60)),
        (["Cache-Control: max-age=60", "Age: 60"], None),
        (["Cache-Control: max-age=7200, no-cache"], None),
        (["Cache-Control: no-store", "Cache-Control: max-age=7200"], None),
        (["Cache-Control: max-age=-1"], None),
        (["Cache-Control: max-age=1.5"], None),
        (["Cache-Control: max-age=999999999999"], timedelta(days=31)),
        (["Cache-Control: s-maxage=60"], None),
        (["Expires: 0"], None),
        (["Date: Sun, 06 Nov 1994 08:00:00 GMT", "Expires: Sun, 06 Nov 1994 09:00:00 GMT"], timedelta(hours=1)),
        (["Date: Sun, 06 Nov 1994 08:00:00 GMT", "Expires: Sun, 06 Nov 2094 09:00:00 GMT", "Age: x"], timedelta(days=31)),
        (["Date: Sun, 06 Nov 1994 08:00:00 GMT", "Expires: Mon, 31 Feb 99999 25:00:00"], None),
        (["Cache-Control: max-age=60", "Date: x", "Expires: y"], timedelta(seconds=60)),
    ],
)
def test_a_document_says_how_long_it_stays_fresh(wire: Wire, fetcher: WebFetcher, fields: list[str], span: timedelta | None) -> None:
    assert fetcher.fetch(spec(wire.on("/feed", answer(FEED, *fields))), NONE, None).fresh_for == span


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200,
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 101 + b"\r\n<rss/>",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 66_000 + b"\r\n\r\n<rss/>",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        answer(FEED, "Content-Length: 7"),
    ],
)
def test_what_is_no_answer_is_unreachable_in_words(wire: Wire, fetcher: WebFetcher, reply: bytes) -> None:
    with pytest.raises(Unreachable, match="without an answer that can be read"):
        fetcher.fetch(spec(wire.on("/feed", [reply])), NONE, None)


def test_no_server_and_no_name_are_unreachable_in_words(fetcher: WebFetcher, open_fetcher: OpenFetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable, match="the connection was refused"):
        fetcher.fetch(spec(f"http://127.0.0.1:{port}/"), NONE, None)

    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(Unreachable, match=r"the name feed\.example cannot"):
        open_fetcher(resolver=unknown).fetch(spec("http://feed.example/"), NONE, None)


def test_no_network_is_not_the_servers_fault(open_fetcher: OpenFetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    def unanswered(host: str, port: int) -> list[str]:
        raise NoNetwork("no name server answers")

    with pytest.raises(Offline, match=r"feed\.example: no name server answers"):
        open_fetcher(resolver=unanswered).fetch(spec("http://feed.example/"), NONE, None)
    with pytest.raises(Offline, match=r"the name of the proxy cannot be looked up: no name server answers"):
        open_fetcher(resolver=unanswered, proxy="http://proxy.example:3128").fetch(spec("http://feed.example/"), NONE, None)

    def no_way(*asked: object) -> NoReturn:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(dial, "_connected", no_way)
    with pytest.raises(Offline, match=r"feed\.example: network is unreachable"):
        open_fetcher(resolver=lambda host, port: ["127.0.0.1", "127.0.0.2"]).fetch(spec("http://feed.example/"), NONE, None)


@pytest.mark.parametrize(
    ("number", "way_out", "raised"),
    [
        (socket.EAI_AGAIN, True, NoNetwork),
        (socket.EAI_AGAIN, False, NoNetwork),
        (socket.EAI_NONAME, False, NoNetwork),
        (socket.EAI_NONAME, True, socket.gaierror),
    ],
)
def test_a_name_that_nobody_could_be_asked_for_is_not_one_that_is_unknown(
    number: int, way_out: bool, raised: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*asked: object, **more: object) -> NoReturn:
        raise socket.gaierror(number, "nothing")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    monkeypatch.setattr(dial, "_has_way_out", lambda: way_out)
    with pytest.raises(raised):
        dial.look_up("feed.example", 80)


@pytest.mark.parametrize("url", ["ftp://example.org/", "http://", "http://[", "example.org/feed", "http://a:b:c/", ""])
def test_what_is_no_address_is_never_asked(fetcher: WebFetcher, url: str) -> None:
    with pytest.raises(FetchError):
        fetcher.fetch(spec(url), NONE, None)


def test_a_server_that_speaks_no_tls_is_said_so(wire: Wire, fetcher: WebFetcher) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(10)
        connection.sendall(b"220 mail.example ESMTP\r\n")
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=lambda: talk(listener.accept()[0]), daemon=True).start()
        with pytest.raises(Unreachable, match=r"no secure connection \(TLS\)"):
            fetcher.fetch(spec(f"https://127.0.0.1:{listener.getsockname()[1]}/"), NONE, None)


# ── files ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def file_spec(path: Path) -> FeedSpec:
    return spec(path.as_uri(), path=path)


def test_a_file_is_read_and_unchanged_the_second_time(tmp_path: Path, fetcher: WebFetcher) -> None:
    path = tmp_path / "notes.xml"
    path.write_bytes(FEED)
    got = document(fetcher.fetch(file_spec(path), NONE, None))
    assert (got.body, got.url, got.validators) == (FEED, path.as_uri(), NONE)
    assert isinstance(fetcher.fetch(file_spec(path), NONE, got.body_hash), Unchanged)
    path.write_bytes(gzip.compress(FEED, mtime=0))
    assert document(fetcher.fetch(file_spec(path), NONE, None)).body == FEED


def test_a_file_that_cannot_be_read_is_said_so(tmp_path: Path, fetcher: WebFetcher) -> None:
    with pytest.raises(Unreachable, match="no such file"):
        fetcher.fetch(file_spec(tmp_path / "missing.xml"), NONE, None)
    with pytest.raises(Unreachable, match="is not a file"):
        fetcher.fetch(file_spec(tmp_path), NONE, None)
    (tmp_path / "large.xml").write_bytes(bytes(2000))
    with pytest.raises(TooLarge):
        WebFetcher(user_agent="a", max_bytes=1000).fetch(file_spec(tmp_path / "large.xml"), NONE, None)
