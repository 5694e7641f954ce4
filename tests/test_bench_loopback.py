"""The loopback web that benches and end-to-end tests poll."""

import gzip
import http.client
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from bench.loopback import LoopbackSite, Reply

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs all of 127.0.0.0/8 to be loopback")

BODY = b"<rss>" + b"x" * 40_000 + b"</rss>"


@pytest.fixture(scope="module")
def site() -> Iterator[LoopbackSite]:
    with LoopbackSite(
        {
            "one": Reply(body=BODY),
            "two": [Reply(body=b"first"), Reply(body=b"second", status=503, headers=(("Retry-After", "120"),))],
            "three": {
                "/": Reply(body=b"page", content_type="text/html", etag=None, last_modified=None),
                "/lie": Reply(body=b"plain", encoding="gzip"),
            },
            "four": Reply(body=BODY, cut_after=20_000),
            "five": Reply(body=BODY, pause_s=0.01),
            "changing": Reply(body=b"old"),
        }
    ) as started:
        yield started


def _get(url: str, **headers: str) -> http.client.HTTPResponse:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    connection.request("GET", parts.path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return connection.getresponse()


def test_every_document_has_a_host_of_its_own_on_one_port(site: LoopbackSite) -> None:
    one, two = urlsplit(site.url("one")), urlsplit(site.url("two"))
    assert (one.hostname, two.hostname, one.port) == ("127.10.0.1", "127.10.0.2", two.port)
    assert _get(site.url("one")).read() == BODY


def test_a_held_document_is_a_304(site: LoopbackSite) -> None:
    first = _get(site.url("one"))
    assert _get(site.url("one"), If_None_Match=first.headers["ETag"]).status == 304
    assert _get(site.url("one"), If_Modified_Since=first.headers["Last-Modified"]).status == 304
    assert _get(site.url("one"), If_None_Match='"other"').status == 200


def test_gzip_is_for_those_who_accept_it(site: LoopbackSite) -> None:
    packed = _get(site.url("one"), Accept_Encoding="gzip, deflate")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.read()) == BODY


def test_a_list_of_replies_is_told_one_by_one(site: LoopbackSite) -> None:
    assert _get(site.url("two")).read() == b"first"
    for _ in range(2):
        second = _get(site.url("two"))
        assert (second.status, second.headers["Retry-After"]) == (503, "120")


def test_paths_headers_and_encodings_are_as_told(site: LoopbackSite) -> None:
    page = _get(site.url("three"))
    assert (page.headers["Content-Type"], page.headers["ETag"], page.read()) == ("text/html", None, b"page")
    lie = _get(site.url("three", "/lie"))
    assert (lie.headers["Content-Encoding"], lie.read()) == ("gzip", b"plain")
    assert _get(site.url("three", "/absent")).status == 404


def test_a_body_can_be_cut_or_trickled(site: LoopbackSite) -> None:
    with pytest.raises(http.client.IncompleteRead) as error:
        _get(site.url("four")).read()
    assert len(error.value.partial) == 20_000
    assert _get(site.url("five")).read() == BODY


def test_a_document_can_be_replaced(site: LoopbackSite) -> None:
    etag = _get(site.url("changing")).headers["ETag"]
    site.replace("changing", Reply(body=b"new"))
    assert _get(site.url("changing"), If_None_Match=etag).read() == b"new"


def test_requests_are_told_with_their_time_and_headers(site: LoopbackSite) -> None:
    before = time.monotonic()
    _get(site.url("three", "/seen"), User_Agent="probe")
    seen = site.requests()[-1]
    assert (seen.host, seen.path, seen.method, seen.headers["user-agent"], seen.status) == ("three", "/seen", "GET", "probe", 404)
    assert before <= seen.at <= time.monotonic()


def test_a_thousand_hosts_start_within_seconds() -> None:
    with LoopbackSite({f"h{number}": Reply(body=b"%d" % number) for number in range(1000)}) as many:
        assert _get(many.url("h999")).read() == b"999"
