"""Today's rules for what is stored: without asking anybody, without moving anything, and only once."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.model import FeedSpec, Hop, StoredEntry, Surroundings
from aggregator.pipeline import publish
from aggregator.refine import rules
from aggregator.reprocess import Reprocessed, reprocess, work
from tests.e2e.running import feed
from tests.fakes import document
from tests.ledger import raws
from tests.planet import Planet, atom, post
from tests.test_pipeline import GARDEN, Walk, good

PLEA = "&lt;/p&gt;&lt;p&gt;Support this garden with a coffee."


def numbered(number: int, text: str) -> object:
    """A document with this one entry only."""
    body = feed("garden", text).replace(b"2026:1", f"2026:{number}".encode())
    return document(body.replace(b"example/1", f"example/{number}".encode()))


def with_spec(walk: Walk, **fields: object) -> FeedSpec:
    """The feed as an edited feeds.yaml asks for it."""
    spec = replace(GARDEN, **fields)  # type: ignore[arg-type]
    walk.ports = replace(walk.ports, config=replace(walk.ports.config, feeds=(spec,)))
    return spec


def run(walk: Walk, **fields: bool) -> Reprocessed:
    (todo,) = work(walk.ports, **fields)
    return reprocess(todo, walk.ports)


def entries(walk: Walk) -> list[StoredEntry]:
    return [stored for stored, _ in raws(walk.store)]


def contents(walk: Walk) -> list[str]:
    return [stored.entry.content or "" for stored in entries(walk)]


def test_a_new_strip_rule_reaches_what_left_the_feed_long_ago() -> None:
    walk = Walk()
    walk.answers(good(f"One.{PLEA}"), numbered(2, "Other."))
    publish(walk.ports)
    before = entries(walk)
    with_spec(walk, strip=("Support this .*",))
    asked = len(walk.fetcher.asked)
    assert run(walk) == Reprocessed(feed="garden", entries=len(before), refined=len(before), changed=1, texts=0)
    assert not any("coffee" in content for content in contents(walk))
    assert [(one.pk, one.first_seen, one.last_seen, one.sort_key, one.public_updated, one.entry.published_id) for one in entries(walk)] == [
        (one.pk, one.first_seen, one.last_seen, one.sort_key, one.public_updated, one.entry.published_id) for one in before
    ]
    assert len(walk.fetcher.asked) == asked, "nobody is asked"


def test_a_second_run_changes_nothing_and_a_poll_after_it_neither() -> None:
    walk = Walk()
    walk.answers(good(f"One.{PLEA}", "Two."))
    with_spec(walk, strip=("Support this .*",))
    run(walk)
    publish(walk.ports)
    after, files = entries(walk), dict(walk.folder.files)
    assert run(walk) == Reprocessed(feed="garden", entries=2, refined=0, changed=0, texts=0)
    assert run(walk, everything=True) == Reprocessed(feed="garden", entries=2, refined=2, changed=0, texts=0)
    walk.answers(good(f"One.{PLEA}", "Two."))
    publish(walk.ports)
    assert [replace(one, last_seen=after[0].last_seen) for one in entries(walk)] == after
    assert walk.folder.files == files


def test_a_rule_that_is_taken_back_brings_the_words_back() -> None:
    walk = Walk()
    with_spec(walk, strip=("Support this .*",))
    walk.answers(good(f"One.{PLEA}"))
    with_spec(walk)
    assert run(walk).changed == 1
    assert "coffee" in contents(walk)[0]


def test_a_text_that_our_rules_had_spoilt_counts_as_updated() -> None:
    walk = Walk()
    walk.answers(good("One."))
    publish(walk.ports)
    ((stored, raw),) = raws(walk.store)
    # As an older version of the program would have left it.
    spoilt = replace(stored.entry, content=None, content_hash="old", text_hash="old")
    walk.store.rewrite([(stored.pk, raw, spoilt)], "older rules", walk.clock(), lambda a, b, kind: False)
    walk.clock.forward(timedelta(days=1))
    assert run(walk) == Reprocessed(feed="garden", entries=1, refined=1, changed=1, texts=1)
    assert entries(walk)[0].public_updated > stored.public_updated
    publish(walk.ports)
    assert b"One." in walk.folder.files["atom.xml"]


def test_a_run_that_is_broken_off_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.reprocess.BATCH", 2)
    walk = Walk()
    walk.answers(good(*(f"Text {number}.{PLEA}" for number in range(5))))
    with_spec(walk, strip=("Support this .*",))
    (todo,) = work(walk.ports)

    def broken_off(count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reprocess(todo, walk.ports, broken_off)
    assert sum("coffee" in content for content in contents(walk)) == 3
    (todo,) = work(walk.ports)
    assert len(todo.stale) == 3
    assert reprocess(todo, walk.ports).changed == 3


def test_what_a_feed_prints_around_its_entries_is_found_over_all_of_them() -> None:
    """One entry a document: no document repeats anything."""
    walk = Walk()
    with_spec(walk, strip=("auto",))
    walk.answers(*(numbered(number, f"The {number}. text, which says more than any plea for support does.{PLEA}") for number in range(5)))
    assert sum("coffee" in content for content in contents(walk)) == 2, "the first two have nothing to be compared with"
    assert run(walk).changed == 2
    assert not any("coffee" in content for content in contents(walk))
    assert all(any("Support this garden" in item for item in one.entry.stripped) for one in entries(walk))


def test_what_neighbours_in_a_document_decided_of_an_entrys_keys_stays() -> None:
    """Two entries with one page, one title and one date: the page tells no story, and neither takes the other's place."""
    walk = Walk()
    body = feed("garden", "Long text of the first one.", "Another text of the second one.", titles={1: "Notes", 2: "Notes"})
    walk.answers(document(body.replace(b"garden.example/2", b"garden.example/1").replace(b"2026-10-02T", b"2026-10-01T")))
    before = {one.pk: one.entry.keys for one in entries(walk)}
    run(walk, everything=True)
    assert {one.pk: one.entry.keys for one in entries(walk)} == before


def test_a_page_that_neighbours_in_a_document_named_as_their_origin_too_does_not_come_back() -> None:
    walk = Walk()
    credit = "&lt;/p&gt;&lt;p&gt;This article originally appeared at &lt;a href='https://mag.example/author/ann'&gt;The Mag&lt;/a&gt;."
    walk.answers(document(feed("garden", *(f"Long text of number {number}.{credit}" for number in range(3)))))
    before = {one.pk: (one.entry.origin, one.entry.keys) for one in entries(walk)}
    assert [hop.page for origin, _ in before.values() for hop in origin.chain] == [None, None, None]
    run(walk, everything=True)
    assert {one.pk: (one.entry.origin, one.entry.keys) for one in entries(walk)} == before


def test_a_name_that_is_known_by_now_is_read_with_all_as_the_page_says() -> None:
    planet = Planet("copy", "orig")
    named = post("copy", text="<p>Words.</p><p>This article originally appeared at The Orig.</p>")
    planet.polls({"copy": atom("copy", [named]), "orig": atom("orig", [post("orig")])})

    def reread(**fields: bool) -> str | None:
        for todo in work(planet.ports, **fields):
            reprocess(todo, planet.ports)
        return planet.entry(named.link, "copy").origin.chain[0].site

    assert (reread(), reread(everything=True)) == (None, "orig.example")
    assert "with `aggregator reprocess --all`" in (Path(__file__).parents[1] / "docs/provenance.md").read_text("utf-8")


def test_what_cannot_be_refined_any_more_stays_as_it_was() -> None:
    class Refuses(dict[str, Hop]):
        def get(self, key: object, default: object = None) -> None:
            raise ValueError(key)

    walk = Walk()
    walk.answers(good("One.&lt;/p&gt;&lt;p&gt;This article originally appeared at Meadow Weekly."))
    before = entries(walk)
    walk.ports = replace(walk.ports, surroundings=lambda: Surroundings(known=Refuses()))
    assert run(walk, everything=True).changed == 0
    assert entries(walk) == before


@pytest.mark.parametrize(
    "fields",
    [
        {"strip": ("x",)},
        {"aliases": ("b.example",)},
        {"republisher": True},
        {"origin": "B"},
        {"name": "B"},
        {"language": "de"},
        {"allow_private": True},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_every_key_of_feeds_yaml_that_refining_reads_is_a_rule(fields: dict[str, object]) -> None:
    assert rules.mark(replace(GARDEN, **fields)) != rules.mark(GARDEN)  # type: ignore[arg-type]


def test_what_feeds_yaml_says_of_publishing_alone_refines_nothing_again() -> None:
    assert rules.mark(replace(GARDEN, republish="link", tags=("a",), opt_out=True, line=9)) == rules.mark(GARDEN)
