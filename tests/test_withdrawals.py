"""What was given and is taken back: by opting out, by forgetting, by a tombstone. Readers are told, and what comes back floods nobody."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import feedparser
import pytest

from aggregator.collect.tombstones import tombstones
from aggregator.forget import forget, forgettable
from aggregator.model import OutputSpec
from aggregator.pipeline import publish
from tests.e2e.running import feed
from tests.fakes import document
from tests.pace import within
from tests.test_pipeline import ATOM, GARDEN, Walk, good
from tests.validation import atom_complaints

PLANET = replace(GARDEN, id="planet", url="https://planet.example.org/feed", shown_url="https://planet.example.org/feed")
OPML = OutputSpec(path="opml.xml", format="opml")
NS = 'xmlns:at="http://purl.org/atompub/tombstones/1.0"'
ID = "tag:garden.example,2026:{}"


def stone(number: int, when: str = "2026-10-09T08:00:00Z") -> str:
    return f'<at:deleted-entry {NS} ref="{ID.format(number)}" when="{when}"><at:comment>Words</at:comment></at:deleted-entry>'


def with_stones(*texts: str, stones: Sequence[str] = (), name: str = "garden") -> object:
    body = feed(name, *texts).replace(b"</feed>", "".join(stones).encode() + b"</feed>")
    return document(body, f"https://{name}.example/feed.xml")


def published(walk: Walk) -> tuple[list[str], list[str]]:
    """(the ids of entries, those called deleted) of the Atom output."""
    publish(walk.ports)
    body = walk.folder.files["atom.xml"]
    assert atom_complaints(body) == []
    read = feedparser.parse(body)
    assert not read.bozo
    numbers = [entry.id.rpartition(":")[2] for entry in read.entries]
    return numbers, [one.ref.rpartition(":")[2] for one in tombstones(body.decode().partition("?>")[2])]


def configured(walk: Walk, *specs: object, outputs: tuple[OutputSpec, ...] = (ATOM,)) -> None:
    """An edited feeds.yaml."""
    walk.ports = replace(walk.ports, config=replace(walk.ports.config, feeds=specs, outputs=outputs))  # type: ignore[arg-type]
    walk.store.sync([spec for spec in walk.ports.config.feeds if not spec.opt_out], walk.clock())


# ── opting out ──


def test_who_opts_out_leaves_every_output_and_readers_are_told_and_who_comes_back_floods_nobody() -> None:
    walk = Walk()
    walk.answers(good("One.", "Two."))
    assert published(walk) == (["2", "1"], [])
    before = walk.folder.files["atom.xml"]
    walk.clock.forward(timedelta(days=1))
    configured(walk, replace(GARDEN, opt_out=True))
    assert published(walk) == ([], ["1", "2"])
    assert b"Garden" not in walk.folder.files["atom.xml"]
    quiet = walk.folder.files["atom.xml"]
    walk.clock.forward(timedelta(days=200))
    assert published(walk) == ([], ["1", "2"]), "time alone changes nothing"
    assert walk.folder.files["atom.xml"] == quiet
    configured(walk, GARDEN)
    assert published(walk) == (["2", "1"], [])
    assert walk.folder.files["atom.xml"] == before, "the same ids, places and dates"


def test_who_opted_out_stays_told_as_deleted_when_it_leaves_feeds_yaml() -> None:
    walk = Walk()
    walk.answers(good("One."))
    published(walk)
    configured(walk, replace(GARDEN, opt_out=True))
    published(walk)
    configured(walk)
    assert published(walk) == ([], ["1"])


def test_a_feed_that_is_only_removed_is_not_called_deleted() -> None:
    walk = Walk()
    walk.answers(good("One."))
    published(walk)
    configured(walk)
    assert published(walk) == ([], [])


def test_what_was_never_listed_is_not_called_deleted() -> None:
    walk = Walk(replace(GARDEN, opt_out=True))
    configured(walk, GARDEN, outputs=())
    walk.answers(good("One."))
    configured(walk, replace(GARDEN, opt_out=True))
    assert published(walk) == ([], [])


def test_copies_in_other_feeds_go_along_and_no_list_names_the_source() -> None:
    walk = Walk(GARDEN, PLANET, outputs=(ATOM,))
    walk.answers(good("One."))
    copy = feed("garden", "One.").replace(b"<title>Garden</title>", b"<title>Planet</title>", 1)
    source = b'<source><id>tag:garden.example,2026:feed</id><title>Garden</title><link href="https://garden.example/"/></source></entry>'
    home = b'<link href="https://garden.example/"/>'
    body = copy.replace(home, b'<link href="https://planet.example.org/"/>', 1).replace(b"</entry>", source)
    walk.answers(document(body, PLANET.url), id_="planet")
    assert published(walk) == (["1"], [])
    configured(walk, replace(GARDEN, opt_out=True), PLANET)
    assert published(walk) == ([], ["1"])


# ── forgetting ──


def test_what_is_forgotten_is_told_as_deleted() -> None:
    walk = Walk()
    walk.answers(good("One.", "Two."))
    published(walk)
    what = forgettable("https://garden.example/1", walk.store)
    assert what is not None
    forget(what, walk.store, walk.clock(), "00" * 16)
    assert published(walk) == (["2"], ["1"])
    assert b"One." not in walk.folder.files["atom.xml"]
    walk.answers(good("One.", "Two.", "Three."))
    assert published(walk) == (["3", "2"], ["1"])


# ── tombstones ──


def test_a_publishers_tombstone_withdraws_its_entry_and_says_no_word() -> None:
    walk = Walk()
    walk.answers(good("One.", "Two."))
    published(walk)
    walk.answers(with_stones("One.", stones=[stone(2)]))
    assert walk.counts == [(0, 1)]
    assert published(walk) == (["1"], ["2"])
    assert b"Words" not in walk.folder.files["atom.xml"]
    ((_, (member,)),) = walk.store.find(ID.format(2))
    assert member.withdrawn == "deleted by its publisher on 2026-10-09"
    assert member.entry.content, "what the publisher may give again is kept"
    walk.answers(with_stones("One.", stones=[stone(2), stone(7)]))
    assert walk.counts == [(0, 0)]


def test_a_tombstone_withdraws_also_what_its_entry_was_before_its_id_was_another_one() -> None:
    walk = Walk()
    walk.answers(good("One.", "Two."))
    published(walk)
    flipped = [
        body.replace(b"garden.example,2026:", b"garden.example,2027:") for body in (feed("garden", "One.", "Two."), feed("garden", "One."))
    ]
    walk.clock.forward(timedelta(days=1))
    walk.answers(document(flipped[0], GARDEN.url))
    assert published(walk) == (["2", "1"], [])
    walk.clock.forward(timedelta(days=1))
    own = stone(2, walk.clock().isoformat()).replace("2026:2", "2027:2")
    walk.answers(document(flipped[1].replace(b"</feed>", own.encode() + b"</feed>"), GARDEN.url))
    assert published(walk) == (["1"], ["2"])


def test_an_entry_that_its_publisher_gives_again_is_back_where_it_was() -> None:
    walk = Walk()
    walk.answers(good("One.", "Two."))
    published(walk)
    before = walk.folder.files["atom.xml"]
    walk.answers(with_stones("One.", stones=[stone(2)]))
    published(walk)
    walk.answers(good("One.", "Two."))
    assert walk.counts == [(0, 1)]
    assert published(walk) == (["2", "1"], [])
    assert walk.folder.files["atom.xml"] == before


def test_what_stands_in_the_document_is_not_deleted() -> None:
    walk = Walk()
    walk.answers(with_stones("One.", stones=[stone(1)]))
    assert published(walk) == (["1"], [])
    walk.answers(with_stones("One.", stones=[stone(1), stone(9)]))
    assert walk.counts == [(0, 0)], "nor is it taken back and given again"
    assert published(walk) == (["1"], [])


def test_a_tombstone_from_before_an_entrys_last_update_is_over() -> None:
    """Deleted, restored, and by now scrolled out of the document, in which the old tombstone still stands."""
    walk = Walk()
    walk.answers(good("One.", "Two."))
    walk.answers(with_stones("One.", stones=[stone(2, "2026-10-01T08:00:00Z")]))
    assert published(walk) == (["2", "1"], [])


def test_a_tombstone_counts_for_its_own_feed_only() -> None:
    walk = Walk(GARDEN, PLANET)
    walk.answers(good("One."))
    walk.answers(with_stones("Other.", stones=[stone(1)], name="planet"), id_="planet")
    assert "1" in published(walk)[0]


def test_a_copy_does_not_stand_in_for_what_its_publisher_deleted() -> None:
    walk = Walk(GARDEN, replace(PLANET, republisher=True))
    walk.answers(good("One.", "Two."))
    copy = feed("garden", "One.").replace(b"<title>Garden</title>", b"<title>Planet</title>", 1)
    walk.answers(document(copy, PLANET.url), id_="planet")
    assert published(walk) == (["2", "1"], [])
    walk.answers(
        document(
            feed("garden", "One.")
            .replace(b"2026:1", b"2026:2")
            .replace(b"example/1", b"example/2")
            .replace(b"</feed>", stone(1).encode() + b"</feed>"),
            GARDEN.url,
        )
    )
    assert published(walk) == (["2"], ["1"])


# ── reading them ──


def test_only_what_stands_directly_in_a_feed_is_a_tombstone() -> None:
    inside = f"<entry><content type='xhtml'>{stone(1)}</content></entry>"
    assert tombstones(f'<feed xmlns="http://www.w3.org/2005/Atom">{inside}</feed>') == ()
    assert tombstones(f"<opml>{stone(1)}</opml>") == ()
    assert [one.ref for one in tombstones(f"<rss><channel>{stone(1)}</channel></rss>")] == [ID.format(1)]


@pytest.mark.parametrize(
    "body",
    [
        f'<feed xmlns="http://www.w3.org/2005/Atom">{stone(1)}<entry>&nope; & < ',
        f'<feed xmlns="http://www.w3.org/2005/Atom">{stone(1)}',
        f'<feed xmlns="http://www.w3.org/2005/Atom">{stone(1)}</feed>behind',
    ],
)
def test_a_damaged_document_still_tells_what_it_told_before_the_damage(body: str) -> None:
    assert [one.ref for one in tombstones(body)] == [ID.format(1)]


def test_dates_that_nobody_can_read_are_none_and_repeated_stones_are_one() -> None:
    body = f'<feed xmlns="http://www.w3.org/2005/Atom">{stone(1, "soon")}{stone(1)}{stone(2)}<at:deleted-entry {NS}/></feed>'
    assert [(one.ref, one.when_s) for one in tombstones(body)] == [(ID.format(1), None), (ID.format(2), 1791532800)]


@pytest.mark.parametrize(
    "hostile",
    ["<a>" * 200_000, "<a " + " ".join(f'b{n}="c"' for n in range(50_000)) + ">", "&e;" * 100_000, "<!--" + "-" * 500_000],
    ids=["deep", "wide", "references", "comment"],
)
def test_hostile_documents_cost_little(hostile: str) -> None:
    with within(2.0):
        found = tombstones(f'<feed xmlns="http://www.w3.org/2005/Atom">{stone(1)}{hostile}')
    assert [one.ref for one in found] == [ID.format(1)]
