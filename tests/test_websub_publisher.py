"""As a publisher: outputs name their hub, and the hub is told when one of them changed, only then, and as often as it takes."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree, html

from aggregator.announcing import announce
from aggregator.model import OutputSpec, Posted
from aggregator.publish.websub import link_field
from aggregator.run.server import WebServer
from aggregator.store.sql import SqlStore
from tests.conftest import OpenFetcher
from tests.e2e.running import feed, inside
from tests.hub import Hub, ask
from tests.planet import Planet, atom, post

HUB = "https://hub.example/"
MINUTE = timedelta(minutes=1)
OUTPUTS = (
    OutputSpec(path="atom.xml", format="atom"),
    OutputSpec(path="rss.xml", format="rss"),
    OutputSpec(path="feed.json", format="json"),
    OutputSpec(path="index.html", format="html"),
)
LINKS = [("hub", HUB), ("self", "https://planet.example/{}")]


def planet_with(*outputs: OutputSpec, hub: str | None = HUB, **given: object) -> Planet:
    planet = Planet("blog", outputs=outputs or OUTPUTS[2:3], **given)  # type: ignore[arg-type]
    planet.ports = replace(planet.ports, config=replace(planet.ports.config, hub=hub))
    return planet


def brings(planet: Planet, *numbers: int) -> None:
    """The blog has these posts now, and they are published."""
    planet.polls({"blog": atom("blog", [post("blog", number) for number in numbers])})
    planet.publishes()


def refuses(address: str, form: object) -> Posted:
    return Posted(status=503, words="answered 503 Service Unavailable")


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as hub:
        yield hub


# ── the links ──


def test_every_format_names_its_hub_and_itself_in_the_document() -> None:
    planet = planet_with(*OUTPUTS)
    brings(planet, 1)
    files = planet.folder.files
    in_atom = etree.fromstring(files["atom.xml"]).findall("{*}link")
    in_rss = etree.fromstring(files["rss.xml"])[0].findall("{http://www.w3.org/2005/Atom}link")
    in_page = html.fromstring(files["index.html"]).findall("head/link")
    for name, links in (("atom.xml", in_atom), ("rss.xml", in_rss), ("index.html", in_page)):
        found = sorted((link.get("rel"), link.get("href")) for link in links if link.get("rel") in ("hub", "self"))
        assert found == [(rel, address.format(name)) for rel, address in LINKS]
    in_json = json.loads(files["feed.json"])
    assert (in_json["hubs"], in_json["feed_url"]) == ([{"type": "WebSub", "url": HUB}], "https://planet.example/feed.json")


def test_the_web_server_says_the_same_in_its_header(tmp_path: Path) -> None:
    planet = planet_with(*OUTPUTS)
    brings(planet, 1)
    for name, body in planet.folder.files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(body)
    (tmp_path / "opml.xml").write_text("<opml/>")
    config = planet.ports.config
    server = WebServer(root=tmp_path, host="127.0.0.1", port=0, token=None, health=dict, link_field=lambda path: link_field(config, path))
    server.start()
    try:
        for name in ("atom.xml", "rss.xml", "feed.json", "index.html"):
            wanted = f'<{HUB}>; rel="hub", <https://planet.example/{name}>; rel="self"'
            first = ask("GET", server.address + name)
            again = ask("GET", server.address + name, {"If-None-Match": first.headers["etag"]})
            assert (first.headers["link"], again.status, again.headers["link"]) == (wanted, 304, wanted)
        assert "index.html" in ask("GET", server.address).headers["link"]
        assert "link" not in ask("GET", server.address + "opml.xml").headers
    finally:
        server.stop()


# ── telling the hub ──


def test_the_hub_is_told_of_a_change_once_and_of_nothing_else() -> None:
    planet = planet_with()
    brings(planet, 1)
    assert [one.error for one in announce(planet.ports)] == [None]
    topic = "https://planet.example/feed.json"
    assert planet.fetcher.posted == [(HUB, {"hub.mode": "publish", "hub.topic": topic, "hub.url": topic})]
    planet.later()
    brings(planet, 1)
    assert announce(planet.ports) == []
    brings(planet, 2, 1)
    assert len(announce(planet.ports)) == 1


def test_changes_within_a_minute_are_told_in_one_go() -> None:
    planet = planet_with()
    for number in (1, 2, 3):
        brings(planet, number)
        announce(planet.ports)
    assert len(planet.fetcher.posted) == 1
    planet.later(MINUTE)
    announce(planet.ports)
    announce(planet.ports)
    assert len(planet.fetcher.posted) == 2


def test_a_hub_that_fails_is_asked_less_and_less_and_for_one_output_at_a_time() -> None:
    planet = planet_with(*OUTPUTS)
    planet.fetcher.hub = refuses
    brings(planet, 1)
    asked = []
    for minute in range(32):
        before = len(planet.fetcher.posted)
        announce(planet.ports)
        asked += [minute] * (len(planet.fetcher.posted) - before)
        planet.later(MINUTE)
    assert asked == [0, 1, 3, 7, 15, 31]
    assert {one.error for one in planet.store.hubs.notices()} == {"answered 503 Service Unavailable"}
    planet.later(timedelta(hours=1))
    planet.fetcher.hub = lambda address, form: Posted(status=204, words="")
    assert [one.error for one in announce(planet.ports)] == [None] * 4
    assert {one.error for one in planet.store.hubs.notices()} == {None}


def test_the_hub_is_left_alone_for_as_long_as_it_asks() -> None:
    planet = planet_with()
    planet.fetcher.hub = lambda address, form: Posted(status=429, words="answered 429", retry_after=timedelta(hours=2))
    brings(planet, 1)
    announce(planet.ports)
    planet.later(timedelta(minutes=119))
    assert announce(planet.ports) == []
    planet.later(MINUTE)
    assert len(announce(planet.ports)) == 1


def test_what_is_to_be_told_outlives_a_restart(tmp_path: Path) -> None:
    with closing(SqlStore(str(tmp_path / "a.db"))) as store:
        planet = planet_with(store=store)
        planet.fetcher.hub = refuses
        brings(planet, 1)
        announce(planet.ports)
    with closing(SqlStore(str(tmp_path / "a.db"))) as store:
        again = planet_with(store=store)
        assert announce(again.ports) == []
        again.later(2 * MINUTE)
        assert [one.error for one in announce(again.ports)] == [None]
        again.later(2 * MINUTE)
        assert announce(again.ports) == []


def test_without_a_hub_or_an_address_of_its_own_nobody_is_told() -> None:
    for planet in (planet_with(hub=None), planet_with(link_=None)):
        brings(planet, 1)
        assert announce(planet.ports) == []
        assert planet.fetcher.posted == []


def test_commands_tell_the_hub_and_a_hub_that_is_down_fails_nothing(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "garden.xml").write_bytes(feed("garden", "One."))
    settings = "link: https://planet.example.org/\ncontact: me@example.org\noutputs: [atom.xml, opml.xml]\nfeeds: [./garden.xml]\n"
    (tmp_path / "feeds.yaml").write_text(f"{settings}websub: {{ hub: '{hub.url()}' }}\n")
    assert "atom.xml: the hub 127.0.0.1 was told" in inside(tmp_path, "publish").stderr
    assert [form["hub.topic"] for form in hub.forms] == ["https://planet.example.org/atom.xml"]
    (tmp_path / "feeds.yaml").write_text(f"{settings}title: Another\nwebsub: {{ hub: 'http://127.0.0.1:9/' }}\n")
    with closing(SqlStore(str(tmp_path / "aggregator.db"))) as store:
        store.hubs.note_told(replace(store.hubs.notices()[0], next_at=None))
    done = inside(tmp_path, "publish")
    assert (done.returncode, "was not told: the connection was refused" in done.stderr) == (0, True)


# ── the way to a hub ──


def test_a_form_is_sent_along_with_each_redirect(open_fetcher: OpenFetcher, hub: Hub) -> None:
    fetcher = open_fetcher()
    for status in (301, 302, 307, 308):
        hub.answers = [(status, {"Location": "/moved"}), (204, {})]
        assert fetcher.post(hub.url("/?x=1"), {"hub.mode": "publish", "a": "ü&="}, allow_private=True).status == 204
        assert [(method, path) for method, path, _ in hub.asked[-2:]] == [("POST", "/?x=1"), ("POST", "/moved")]
        assert hub.forms[-2] == hub.forms[-1] == {"hub.mode": "publish", "a": "ü&="}
    hub.answers = [(303, {"Location": "/moved"})]
    assert fetcher.post(hub.url(), {}, allow_private=True).status == 303


def test_no_hub_leads_to_a_private_address(open_fetcher: OpenFetcher, hub: Hub) -> None:
    fetcher = open_fetcher()
    assert "not a public address" in fetcher.post(hub.url(), {"a": "b"}, allow_private=False).words
    assert hub.forms == []
    hub.answers = [(307, {"Location": f"http://localhost:{hub.port}/"})]
    assert "not a public address" in fetcher.post(hub.url(), {"a": "b"}, allow_private=True).words
    assert len(hub.forms) == 1


def test_a_hub_that_goes_in_circles_or_asks_for_patience_is_told_as_that(open_fetcher: OpenFetcher, hub: Hub) -> None:
    fetcher = open_fetcher()
    hub.answers = [(307, {"Location": "/"})] * 9
    assert fetcher.post(hub.url(), {}, allow_private=True).words == "redirects more than 5 times"
    hub.answers = [(429, {"Retry-After": "120"})]
    assert fetcher.post(hub.url(), {}, allow_private=True) == Posted(
        status=429, words="answered 429 Too Many Requests", retry_after=timedelta(seconds=120)
    )
    assert fetcher.post("ftp://hub.example/", {}, allow_private=True).status is None
