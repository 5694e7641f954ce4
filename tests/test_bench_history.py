"""The judge of replayed feeds: it must see what a subscriber would see twice."""

from dataclasses import replace
from datetime import UTC, datetime

from aggregator.model import Entry, StoredEntry, Title, Url
from bench.history import Subscriber, ambiguous_names, last_read
from bench.oracle import PlainEntry

THEN = datetime(2025, 1, 6, tzinfo=UTC)
LINK = "https://blog.example.org/bread"


def _stored(raw_id: str = "b-1", link: str = LINK, title: str = "How to bake bread") -> StoredEntry:
    entry = Entry(
        raw_key="k", raw_id=raw_id, id_from="id", published_id="-", site="blog.example.org", link=Url(link), title=Title(text=title)
    )
    return StoredEntry(pk=1, feed_key="f", feed_id="f", entry=entry, first_seen=THEN, last_seen=THEN, sort_key=THEN, public_updated=THEN)


def test_an_entry_that_comes_again_under_another_published_id_is_doubled() -> None:
    subscriber = Subscriber(frozenset())
    subscriber.read({"urn:1": [_stored()]})
    subscriber.read({"urn:1": [_stored()], "urn:2": [_stored(raw_id="b-2")]})
    assert subscriber.doubled("id", "link") == [(("f", "link", LINK), ["urn:1", "urn:2"])]
    assert subscriber.changed == []


def test_a_published_id_that_is_replaced_is_changed_and_doubled() -> None:
    subscriber = Subscriber(frozenset())
    subscriber.read({"urn:1": [_stored()]})
    subscriber.read({"urn:2": [_stored()]})
    assert subscriber.changed == [(("f", "id", "b-1"), "urn:2")]
    assert len(subscriber.doubled("id")) == 1


def test_entries_that_share_a_link_are_not_one_entry() -> None:
    subscriber = Subscriber(frozenset())
    subscriber.read({"urn:1": [_stored()]})
    subscriber.read({"urn:2": [_stored(raw_id="c-1", title="Cake, at last")]})
    assert subscriber.doubled("id", "link") == []
    read = [PlainEntry(id=None, link=LINK, title="one"), PlainEntry(id=None, link=LINK, title="two")]
    ambiguous = ambiguous_names("f", read)
    assert ambiguous == {("f", "link", LINK)}
    subscriber = Subscriber(frozenset(ambiguous))
    subscriber.read({"urn:1": [_stored()], "urn:2": [_stored(raw_id="b-2")]})
    assert subscriber.doubled("link") == []


def test_the_last_version_of_an_entry_is_what_must_be_kept() -> None:
    old, new = PlainEntry(id="1", link="https://old.example/", title="t"), PlainEntry(id="1", link="https://new.example/", title="t")
    gone = PlainEntry(id="2", link=None, title="gone")
    assert last_read([[old, gone], [new]]) == [new, gone]
    assert last_read([[old, new], [new]]) == [old, new]
    twice = [replace(old, title="one"), replace(old, title="two")]
    assert last_read([twice]) == twice
    assert last_read([twice, [new]]) == [new]
