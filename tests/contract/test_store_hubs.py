"""What every store promises of hubs: which output ours was told of last."""

from dataclasses import replace

from aggregator.model import Notice
from aggregator.ports import Store
from tests.ledger import HOUR
from tests.makers import NOON


def test_of_each_file_it_is_known_what_the_hub_was_told(store: Store) -> None:
    store.note_file("atom.xml", "one")
    store.note_file("rss.xml", "two")
    assert store.notices() == [Notice(path="atom.xml", written="one"), Notice(path="rss.xml", written="two")]
    told = Notice(path="atom.xml", written="one", told="one", told_at=NOON, next_at=NOON + HOUR, failures=2, error="answered 500")
    store.note_told(told)
    store.note_file("atom.xml", "three")
    store.note_file("rss.xml", None)
    assert store.notices() == [replace(told, written="three")]
