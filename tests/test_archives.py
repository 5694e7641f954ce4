"""Archives (RFC 5005): everything that was ever listed is found by following the links, and a closed page never changes."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from aggregator import prune
from aggregator.model import OutputSpec, Retain
from aggregator.publish.archive import is_archive_page
from tests.ledger import sqlite_store
from tests.planet import HOUR, JSON, NOON, Planet, atom, older, post
from tests.validation import atom_complaints, json_complaints, rss_complaints

NS = {"a": "http://www.w3.org/2005/Atom", "fh": "http://purl.org/syndication/history/1.0"}
ATOM = OutputSpec(path="news/atom.xml", format="atom", max_entries=4, archive=3)
RSS = OutputSpec(path="rss.xml", format="rss", max_entries=4, archive=3)
FEED = OutputSpec(path="feed.json", format="json", max_entries=4, archive=3)
AT = "https://planet.example/"
FIRST, SECOND, THIRD = (f"news/archive/atom-{number}.xml" for number in (1, 2, 3))


def planet(*outputs: OutputSpec, **fields: object) -> Planet:
    return Planet("harbour", "quarry", outputs=outputs or (ATOM, JSON), **fields)  # type: ignore[arg-type]


def brings(world: Planet, *numbers: int, feed: str = "harbour", **fields: object) -> None:
    """One publish for each new post, in a document that holds the latest four."""
    for number in numbers:
        shown = range(max(1, number - 3), number + 1)
        world.later()
        world.polls({feed: atom(feed, [post(feed, one, at=NOON + timedelta(minutes=one), **fields) for one in shown])})
        world.publishes()


def links(body: bytes) -> dict[str, str]:
    return {one.get("rel") or "": (one.get("href") or "").removeprefix(AT) for one in etree.fromstring(body).findall("a:link", NS)}


def ids(body: bytes) -> list[int]:
    return sorted(int(one.rpartition(":")[2]) for one in etree.fromstring(body).xpath("//a:entry/a:id/text()", namespaces=NS))


def is_closed(body: bytes) -> bool:
    return etree.fromstring(body).find("fh:archive", NS) is not None


def walked(world: Planet, path: str) -> Iterator[list[int]]:
    """What a reader finds who follows the links from an output to its oldest page."""
    while path:
        body = world.folder.files[path]
        yield ids(body)
        path = links(body).get("prev-archive", "")


def test_a_reader_that_follows_the_links_finds_all_that_was_ever_listed() -> None:
    world = planet()
    brings(world, *range(1, 9))
    files = world.folder.files
    assert [len(found) for found in walked(world, "news/atom.xml")] == [4, 3, 3]
    assert {one for found in walked(world, "news/atom.xml") for one in found} == set(range(1, 9))
    assert links(files["news/atom.xml"])["prev-archive"] == SECOND
    assert links(files[SECOND]) == {
        "self": SECOND,
        "alternate": "",
        "current": "news/atom.xml",
        "prev-archive": FIRST,
        "next-archive": THIRD,
    }
    assert links(files[THIRD]) == {"self": THIRD, "alternate": "", "current": "news/atom.xml", "prev-archive": SECOND}
    assert [is_closed(files[path]) for path in (FIRST, SECOND, THIRD, "news/atom.xml")] == [True, True, False, False]
    roots = [etree.fromstring(files[path]).findtext("a:id", None, NS) for path in (FIRST, SECOND, "news/atom.xml")]
    assert roots == [f"{AT}news/atom.xml"] * 3, "all are documents of one feed"


def test_a_closed_page_never_changes_whatever_comes_after() -> None:
    world = planet()
    brings(world, 1, 2, 3, 4)
    closed = world.folder.files[FIRST]
    world.folder.writes.clear()
    brings(world, 4, text="<p>The harbour changed what it says in all four posts, and each of them reads otherwise now.</p>")
    world.polls({"quarry": atom("quarry", older("quarry", 9))})
    world.later()
    world.publishes()
    world.ports = replace(world.ports, config=replace(world.ports.config, title="Other"))
    world.publishes()
    assert ids(closed) == [1, 2, 3]
    assert world.folder.files[FIRST] == closed
    assert FIRST not in world.folder.writes
    before = dict(world.folder.files)
    world.later()
    world.publishes()
    assert world.folder.files == before


@pytest.mark.parametrize("kept", ["changed", "as they were"])
def test_what_is_withdrawn_is_cut_out_and_every_other_byte_stays(kept: str) -> None:
    world = planet(ATOM, RSS, FEED)
    world.polls({"quarry": atom("quarry", [post("quarry", 99)])})
    brings(world, 1, 2, 3, 4)
    if kept == "changed":
        brings(world, 4, text="<p>The harbour says something else in each of its posts by now, at some length and with care.</p>")
    before = {path: body.decode() for path, body in world.folder.files.items() if "archive" in path}
    assert all("quarry.example,2026:99" in before[path] for path in (FIRST, "archive/rss-1.xml", "archive/feed-1.json"))
    feeds = tuple(replace(spec, opt_out=spec.id == "quarry") for spec in world.ports.config.feeds)
    world.ports = replace(world.ports, config=replace(world.ports.config, feeds=feeds))
    world.publishes()
    for path, body in before.items():
        after = world.folder.files[path].decode()
        assert "quarry" not in after
        assert set(after.splitlines()) <= set(body.splitlines()), "nothing else was written anew"
    world.ports = replace(world.ports, config=replace(world.ports.config, feeds=tuple(replace(one, opt_out=False) for one in feeds)))
    world.publishes()
    assert "quarry.example,2026:99" in world.folder.files[FIRST].decode(), "who comes back is listed again"


@pytest.mark.parametrize("index", [b"", b"\x01another form"])
def test_what_is_withdrawn_leaves_a_page_of_which_an_earlier_program_noted_something_else(index: bytes) -> None:
    world = planet()
    world.polls({"quarry": atom("quarry", [post("quarry", 99)])})
    brings(world, 1, 2, 3, 4)
    page = world.store.archives.page(FIRST)
    assert page is not None
    world.store.archives.note_page(ATOM.path, replace(page, places=index))
    world.ports = replace(
        world.ports,
        config=replace(world.ports.config, feeds=tuple(replace(one, opt_out=one.id == "quarry") for one in world.ports.config.feeds)),
    )
    world.publishes()
    assert ids(world.folder.files[FIRST]) == [1, 2]


def test_pages_of_all_formats_are_valid_and_lead_to_one_another(shared: Path) -> None:
    world = planet(ATOM, RSS, FEED)
    brings(world, *range(1, 8))
    files, schemas = world.folder.files, shared / "corpus" / "schemas"
    assert atom_complaints(files[SECOND], self_url=AT + SECOND, schemas=schemas) == []
    assert rss_complaints(files["archive/rss-2.xml"], self_url=f"{AT}archive/rss-2.xml") == []
    assert json_complaints(files["archive/feed-2.json"], self_url=f"{AT}archive/feed-2.json", schemas=schemas) == []
    assert b'rel="prev-archive"' in files["archive/rss-2.xml"]
    assert b"<fh:archive/>" in files["archive/rss-2.xml"]
    page = json.loads(files["archive/feed-2.json"])
    assert page["next_url"] == f"{AT}archive/feed-1.json", "a reader of JSON Feed goes on to what is older"
    assert json.loads(files["feed.json"])["next_url"] == f"{AT}archive/feed-2.json"


def test_every_document_names_its_own_address_below_any_path() -> None:
    base = "https://h.example/some/planet/"
    world = planet(ATOM, RSS, FEED, link_=base)
    brings(world, *range(1, 8))
    for path, body in world.folder.files.items():
        if path.startswith("feeds."):
            continue
        own = json.loads(body)["feed_url"] if path.endswith(".json") else etree.fromstring(body).xpath("(//*[@rel='self'])[1]/@href")
        assert own in (base + path, [base + path]), path
        relative = re.findall(r'href="(?!https?://)([^"]*)"', body.decode())
        assert all(one.endswith(("feeds.xsl", "feeds.css")) for one in relative), "and leads to others by whole addresses"


def test_a_lost_page_comes_back_and_pages_that_are_not_wanted_any_more_go() -> None:
    world = planet()
    brings(world, *range(1, 8))
    before = dict(world.folder.files)
    del world.folder.files[FIRST]
    world.publishes()
    assert world.folder.files == before
    ports = world.ports
    larger = replace(ports.config, outputs=(replace(ATOM, archive=4), JSON))
    world.ports = replace(ports, config=larger)
    world.publishes()
    assert [ids(world.folder.files[path]) for path in (FIRST, SECOND)] == [[1, 2, 3, 4], [5, 6, 7]]
    assert THIRD not in world.folder.files
    world.ports = replace(ports, config=replace(ports.config, outputs=(JSON,)))
    world.publishes()
    assert not [path for path in world.folder.files if is_archive_page(path, ATOM.path)]
    world.ports = ports
    world.publishes()
    assert world.folder.files == before, "an archive that comes back is as it was"


def walked_json(world: Planet) -> Iterator[list[str]]:
    at = f"{AT}feed.json"
    while at:
        page = json.loads(world.folder.files[at.removeprefix(AT)])
        yield [item["id"] for item in page["items"]]
        at = page.get("next_url", "")


def test_what_an_output_has_no_room_for_is_found_in_its_archive_at_once() -> None:
    world = planet(ATOM, FEED)
    world.polls({"quarry": atom("quarry", [post("quarry", number, at=NOON - number * HOUR) for number in (1, 2, 3, 4)])})
    world.publishes()
    first = world.folder.files[FIRST]
    world.polls({"harbour": atom("harbour", older("harbour", 1))})
    world.publishes()
    files = world.folder.files
    assert "harbour" not in files["news/atom.xml"].decode(), "what answers later is chosen by its date"
    assert links(files["news/atom.xml"])["prev-archive"] == SECOND
    assert [is_closed(files[path]) for path in (SECOND, THIRD)] == [True, False], "a page is never led to while it grows"
    assert [files[path].count(b"<entry>") for path in ("news/atom.xml", FIRST, SECOND, THIRD)] == [4, 3, 2, 0]
    assert len({one for found in walked_json(world) for one in found}) == 5
    second, before = files[SECOND], dict(files)
    world.publishes()
    assert files == before, "and closed once"
    brings(world, 1, 2, 3)
    assert (files[FIRST], files[SECOND]) == (first, second), "and stays as it is"
    assert files[THIRD].count(b"<entry>") == 3
    assert len({one for found in walked_json(world) for one in found}) == 8


def test_a_reader_finds_all_of_a_feed_of_which_the_output_shows_little() -> None:
    world = planet(replace(ATOM, per_feed=1), JSON)
    brings(world, *range(1, 8))
    assert [len(found) for found in walked(world, ATOM.path)] == [1, 2, 2, 2]
    assert {one for found in walked(world, ATOM.path) for one in found} == set(range(1, 8))


def test_texts_that_an_archive_lists_are_not_pruned() -> None:
    with sqlite_store() as store:
        world = planet(store=store)
        brings(world, *range(1, 8))
        much_later = world.clock() + timedelta(days=900)
        assert prune.prunable(store, world.ports.config, much_later).entries == 0
        without = replace(world.ports.config, outputs=(replace(ATOM, archive=None, max_entries=1),), retain=Retain())
        assert prune.prunable(store, without, much_later).entries > 0
