"""A site that moves, or whose ids flip, shows its subscribers nothing twice."""

import re
from datetime import UTC, datetime, timedelta

from aggregator.model import RawEntry, RawFeed, RawText
from aggregator.refine import normalize
from tests.e2e.running import feed
from tests.fakes import document
from tests.test_pipeline import GARDEN, Walk, publish

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
