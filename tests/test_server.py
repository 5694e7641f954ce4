"""The web server as a feed reader, a browser and an attacker see it."""

import gzip
import http.client
import json
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import brotli
import pytest

from aggregator.errors import AggregatorError
from aggregator.model import JsonValue
from aggregator.publish.stylesheet import STYLESHEETS, stylesheet
from aggregator.run import server as server_module
from aggregator.run.outputs import Outputs, media_type
from aggregator.run.server import WebServer

ATOM = '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><title>Grüße</title></feed>\n' + " " * 4000
RSS = '<?xml version="1.0"?>\n<!-- made by hand -->\n<rss version="2.0"><channel/></rss>'
JSON_FEED = '{"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": []}'
PAGE = "<!doctype html>\n<html><body>Merged feed</body></html>"
OPML = '<opml version="2.0"><head/><body/></opml>'


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


class Site:
    """A started server with what its health says, and a client for it."""

    def __init__(self, root: Path, *, host: str = "127.0.0.1", token: str | None = None, hosts: tuple[str, ...] = ()) -> None:
        self.health: dict[str, JsonValue] = {"ok": True, "feeds": 3}
        self.server = WebServer(root=root, host=host, port=0, token=token, health=lambda: self.health, hosts=lambda: hosts)
        self.server.start()

    @property
    def port(self) -> int:
        return int(self.server.address.rstrip("/").rpartition(":")[2])

    def ask(self, path: str, *, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
        finally:
            connection.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "public"
    (root / "planet").mkdir(parents=True)
    for name, text in {"atom.xml": ATOM, "rss.xml": RSS, "feed.json": JSON_FEED, "index.html": PAGE, "opml.xml": OPML}.items():
        (root / name).write_text(text, encoding="utf-8")
    (root / "planet" / "news").write_text(ATOM, encoding="utf-8")
    return root


@pytest.fixture
def site(root: Path) -> Iterator[Site]:
    site = Site(root)
    yield site
    site.server.stop()


TYPES = [
    ("/", "text/html; charset=utf-8"),
    ("/index.html", "text/html; charset=utf-8"),
    ("/atom.xml", "application/atom+xml; charset=utf-8"),
    ("/rss.xml", "application/rss+xml; charset=utf-8"),
    ("/feed.json", "application/feed+json; charset=utf-8"),
    ("/opml.xml", "text/x-opml; charset=utf-8"),
    ("/planet/news", "application/atom+xml; charset=utf-8"),
]


def test_an_output_is_served_under_the_type_of_its_content(site: Site) -> None:
    for path, type_ in TYPES:
        answer = site.ask(path)
        assert (answer.status, answer.headers["content-type"]) == (200, type_)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_a_browser_gets_a_feed_as_xml_that_it_shows_by_its_stylesheet_and_readers_get_it_as_a_feed(site: Site, root: Path) -> None:
    for path in STYLESHEETS:
        (root / path).write_bytes(stylesheet(path))
    feed, shown = site.ask("/atom.xml"), site.ask("/atom.xml", Sec_Fetch_Dest="document")
    assert (shown.headers["content-type"], shown.body) == ("application/xml; charset=utf-8", feed.body)
    assert shown.headers["etag"] != feed.headers["etag"]
    assert shown.headers["vary"] == feed.headers["vary"] == "Accept-Encoding, Sec-Fetch-Dest"
    assert site.ask("/atom.xml", If_None_Match=shown.headers["etag"], Sec_Fetch_Dest="document").status == 304
    assert [site.ask(f"/{path}").headers["content-type"] for path in STYLESHEETS] == [
        "application/xslt+xml; charset=utf-8",
        "text/css; charset=utf-8",
    ]
    (root / "feeds.css").write_text("somebody else's", encoding="utf-8")
    assert site.ask("/feeds.css").status == 404


def test_a_page_may_run_and_load_nothing_but_its_own_style_and_images(site: Site) -> None:
    policy = site.ask("/").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert "content-security-policy" not in site.ask("/atom.xml").headers


def test_each_coding_has_a_validator_of_its_own(site: Site) -> None:
    plain, packed = site.ask("/atom.xml"), site.ask("/atom.xml", Accept_Encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body == ATOM.encode()
    assert plain.headers["etag"] != packed.headers["etag"]
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding, Sec-Fetch-Dest"
    assert site.ask("/atom.xml", If_None_Match=plain.headers["etag"]).status == 304
    assert site.ask("/atom.xml", If_None_Match=plain.headers["etag"], Accept_Encoding="gzip").status == 200
    assert site.ask("/atom.xml", Accept_Encoding="gzip;q=0").body == plain.body
    smallest = site.ask("/atom.xml", Accept_Encoding="gzip, deflate, br")
    assert (smallest.headers["content-encoding"], brotli.decompress(smallest.body)) == ("br", plain.body)
    assert len({plain.headers["etag"], packed.headers["etag"], smallest.headers["etag"]}) == 3


def test_a_reader_that_holds_the_output_gets_a_304_without_a_body(site: Site) -> None:
    first = site.ask("/atom.xml")
    etag, modified = first.headers["etag"], first.headers["last-modified"]
    for asked in ({"If_None_Match": f'"other", W/{etag}'}, {"If_None_Match": "*"}, {"If_Modified_Since": modified}):
        answer = site.ask("/atom.xml", **asked)
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag)
    assert site.ask("/atom.xml", If_None_Match='"other"', If_Modified_Since=modified).status == 200
    assert site.ask("/atom.xml", If_Modified_Since="yesterday").status == 200


def test_a_new_version_is_served_at_once_and_an_equal_one_keeps_its_validator(site: Site, root: Path) -> None:
    etag = site.ask("/atom.xml").headers["etag"]
    replacement = root / "atom.xml.tmp"
    replacement.write_text(ATOM, encoding="utf-8")
    replacement.replace(root / "atom.xml")
    assert site.ask("/atom.xml").headers["etag"] == etag
    replacement.write_text(ATOM.replace("Grüße", "Hallo"), encoding="utf-8")
    replacement.replace(root / "atom.xml")
    assert site.ask("/atom.xml", If_None_Match=etag).status == 200


def test_head_gives_the_headers_and_other_methods_are_refused(site: Site) -> None:
    head = site.ask("/atom.xml", method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(ATOM.encode()))
    refused = site.ask("/atom.xml", method="POST")
    assert refused.status == 405
    assert "GET" in refused.headers["allow"]


NO_OUTPUTS = [
    "/absent.xml",
    "/.secret.xml",
    "/atom.xml.tmp",
    "/planet",
    "/planet/",
    "/../outside.xml",
    "/%2e%2e/outside.xml",
    "/planet/..%2f..%2foutside.xml",
    "/..\\outside.xml",
    "/link-out.xml",
    "/folder-out/outside.xml",
    "/pipe.xml",
    "/feeds.yaml",
    "/aggregator.db",
    "/atom.xml%00",
    "//atom.xml",
    "/loop.xml",
]


def test_nothing_is_served_but_outputs_below_the_root(site: Site, root: Path) -> None:
    (root.parent / "outside.xml").write_text(ATOM)
    (root / ".secret.xml").write_text(ATOM)
    (root / "atom.xml.tmp").write_text(ATOM)
    (root / "feeds.yaml").write_text("feeds:\n  - https://secret@blog.example.net/\n")
    (root / "aggregator.db").write_bytes(b"SQLite format 3\0" + b"<feed>" * 9)
    (root / "link-out.xml").symlink_to(root.parent / "outside.xml")
    (root / "folder-out").symlink_to(root.parent)
    (root / "loop.xml").symlink_to(root / "loop.xml")
    os.mkfifo(root / "pipe.xml")
    assert [path for path in NO_OUTPUTS if site.ask(path).status != 404] == []


def test_a_link_that_stays_below_the_root_is_followed(root: Path) -> None:
    (root / "latest.xml").symlink_to(root / "atom.xml")
    assert Outputs(root).find("latest.xml") == Outputs(root).find("atom.xml")


def test_a_text_that_only_mentions_a_feed_is_no_output() -> None:
    assert media_type(b"note: <feed> and <rss>") is None
    assert media_type(b'{"openapi": "3.1"}') is None
    assert media_type(b"<svg/>") is None


def test_a_page_cannot_read_the_local_server_under_a_name_of_its_own(site: Site) -> None:
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::2]", ""):
        assert site.ask("/healthz", Host=host).status == 421, host


def test_loopback_names_and_the_public_name_behind_a_proxy_are_answered(root: Path) -> None:
    site = Site(root, hosts=("planet.example.org",))
    for host in (
        "localhost",
        "LOCALHOST:9",
        "127.0.0.1:1",
        "[::1]:80",
        "[::ffff:127.0.0.1]",
        "localhost.",
        "planet.localhost",
        "planet.example.org",
    ):
        assert site.ask("/atom.xml", Host=host).status == 200, host
    site.server.stop()


def test_health_is_503_when_something_is_wrong(site: Site) -> None:
    assert json.loads(site.ask("/healthz").body) == {"ok": True, "feeds": 3}
    site.health = {"ok": False, "why": "no feed could be polled for a day"}
    answer = site.ask("/healthz")
    assert (answer.status, json.loads(answer.body)["why"]) == (503, "no feed could be polled for a day")
    assert answer.headers["cache-control"] == "no-store"


def test_with_a_token_the_outputs_are_public_and_the_details_are_not(root: Path) -> None:
    site = Site(root, host="0.0.0.0", token="s3cret")
    assert site.ask("/atom.xml", Host="planet.example.org").status == 200
    assert json.loads(site.ask("/healthz").body) == {"ok": True}
    assert json.loads(site.ask("/healthz", Authorization="Bearer wrong").body) == {"ok": True}
    assert json.loads(site.ask("/healthz", Authorization="Bearer s3cret").body)["feeds"] == 3
    site.server.stop()


def test_a_taken_port_is_a_plain_error(site: Site, root: Path) -> None:
    other = WebServer(root=root, host="127.0.0.1", port=site.port, token=None, health=dict)
    with pytest.raises(AggregatorError, match=rf"port {site.port} on 127\.0\.0\.1 is taken; set http\.listen in feeds\.yaml"):
        other.start()
    other.stop()


def test_an_address_of_another_machine_is_a_plain_error(root: Path) -> None:
    with pytest.raises(AggregatorError, match=r"cannot listen on 192\.0\.2\.1:0"):
        WebServer(root=root, host="192.0.2.1", port=0, token=None, health=dict).start()


def test_a_stopped_server_frees_its_port_and_leaves_no_thread(root: Path) -> None:
    before = threading.active_count()
    site = Site(root)
    held = socket.create_connection(("127.0.0.1", site.port))  # an idle connection does not hold it up
    assert site.ask("/").status == 200
    port = site.port
    site.server.stop()
    held.close()
    assert threading.active_count() <= before + 1  # the loop's own worker threads end with it
    again = WebServer(root=root, host="127.0.0.1", port=port, token=None, health=dict)
    again.start()
    again.stop()


def test_a_client_that_trickles_its_request_is_cut_off(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "HEADERS_WITHIN_S", 0.2)
    site = Site(root)
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        try:
            received = slow.recv(1)
        except ConnectionResetError:
            received = b""
        assert received == b""
    site.server.stop()


def test_a_name_below_localhost_that_leads_elsewhere_is_not_listened_on(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("0.0.0.0", 0))]
    monkeypatch.setattr(server_module.socket, "getaddrinfo", lambda *args, **named: found)
    server = WebServer(root=root, host="planet.localhost", port=0, token=None, health=dict)
    with pytest.raises(AggregatorError, match=r"planet.localhost is 0\.0\.0\.0 here, which other machines can reach"):
        server.start()
