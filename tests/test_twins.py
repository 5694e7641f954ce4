"""A site that moves, or whose ids flip, shows its subscribers nothing twice."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aggregator.model import RawEntry, RawFeed, RawText
from aggregator.refine import normalize
from aggregator.refine.stories import same_story
from tests.e2e.running import feed
from tests.fakes import document
from tests.test_pipeline import GARDEN, Walk, publish
from tests.test_stories import NOON, stored

TEXT = "A text that is long enough to be told from another one by its beginning alone, number {}."


def moved(host: str, *numbers: int) -> bytes:
    body = feed("garden", *(TEXT.format(number) for number in numbers))
    return body.replace(b"https://garden.example/", f"https://{host}/".encode()).replace(
        b"tag:garden.example,2026:", f"https://{host}/id/".encode()
    )


def ids(walk: Walk) -> list[str]:
    import feedparser

    publish(walk.ports)
    return [entry.id for entry in feedparser.parse(walk.folder.files["atom.xml"]).entries]


def test_a_site_that_moves_to_another_host_with_other_ids_floods_nobody() -> None:
    walk = Walk()
    walk.answers(document(moved("garden.example", 1, 2, 3), GARDEN.url))
    first = ids(walk)
    walk.answers(document(moved("new.example", 1, 2, 3), GARDEN.url))
    assert ids(walk) == first
    assert b"https://new.example/1" in walk.folder.files["atom.xml"]
    assert b"Also appeared" not in walk.folder.files["atom.xml"]


def test_a_new_entry_of_the_moved_site_is_new() -> None:
    walk = Walk()
    walk.answers(document(moved("garden.example", 1, 2), GARDEN.url))
    first = ids(walk)
    walk.answers(document(moved("new.example", 1, 2, 3), GARDEN.url))
    assert len(ids(walk)) == 3
    assert set(first) < set(ids(walk))


def test_a_blog_on_another_platform_floods_nobody() -> None:
    """Other ids, other paths on another host, and all dates are that of the import."""
    walk = Walk()
    walk.answers(document(moved("garden.example", 1, 2, 3, 4), GARDEN.url))
    first = ids(walk)
    body = re.sub(rb"(<published>|<updated>)[^<]*", rb"\g<1>2026-11-02T00:00:00Z", moved("new.example", 1, 2, 3, 4, 5))
    walk.clock.forward(timedelta(days=2))
    walk.answers(document(re.sub(rb"(https://new.example/)(?:id/)?(\d)", rb"\1?post=\2", body), GARDEN.url))
    now = ids(walk)
    assert len(now) == 5
    assert now[1:] == first, "they stand where they stood"
    assert b"https://new.example/?post=1" in walk.folder.files["atom.xml"]
    dates = re.findall(rb"<entry>.*?<published>([^<]*).*?</entry>", walk.folder.files["atom.xml"], re.DOTALL)
    assert sum(date.startswith(b"2026-11-02") for date in dates) == 1, "nor do readers put the others before all else by their dates"
    assert walk.folder.files["atom.xml"].count(b"\n    <updated>2026-11-02") == 1, "nor as changed"


def test_one_moved_blog_in_a_planet_floods_nobody_though_its_dates_changed() -> None:
    walk = Walk()
    walk.answers(document(moved("garden.example", *range(1, 13)), GARDEN.url))
    first = ids(walk)
    body = (
        moved("garden.example", *range(1, 13)).replace(b"garden.example/id/3<", b"n.example/3<").replace(b"2026-10-03T10", b"2026-10-05T17")
    )
    walk.answers(document(body.replace(b"https://garden.example/3", b"https://n.example/3.html"), GARDEN.url))
    assert walk.counts == [(1, 0)]
    assert ids(walk) == first
    assert b"https://n.example/3.html" in walk.folder.files["atom.xml"]


def test_what_a_planet_asked_of_all_is_no_twin() -> None:
    """The same title and path on another host, with other words."""
    here, there = (
        stored(number, "planet.example", f"https://{host}.example/rust-2020", text=text, published=NOON + timedelta(hours=number))
        for number, host, text in ((1, "a", TEXT.format(1)), (2, "b", "What I want of the coming year is more time to read."))
    )
    assert not same_story(here, there, "path")
    assert same_story(here, replace(there, entry=replace(there.entry, text_start=here.entry.text_start)), "path")


def test_two_entries_of_one_document_stay_two_however_alike() -> None:
    at = int((datetime(2026, 10, 1, tzinfo=UTC) + timedelta(hours=1)).timestamp())
    twins = [
        RawEntry(id=f"job-{number}", link=f"https://jobs.example/{number}", title=RawText(value="Gardener"), published="x", published_s=at)
        for number in (1, 2)
    ]
    raw = RawFeed(version="rss20", entries=tuple(twins))
    context = normalize.context(GARDEN, "00000000-0000-0000-0000-000000000000", normalize.head(raw, GARDEN.url), GARDEN.url)
    for entry in normalize.entries(raw, context):
        assert entry is not None
        assert not [key for key in entry.keys if key.kind == "twin"]
