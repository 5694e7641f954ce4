"""What every store promises of archives: pages by sequence number, and what to look at again."""

from dataclasses import replace

from aggregator.model import ArchivePage
from aggregator.ports import Store
from tests.ledger import HOUR, blogs, listed, poll, post, publish
from tests.makers import NOON

PAGE = ArchivePage(path="archive/atom-1.xml", number=1, is_closed=True, shows="s", written="w", places=b"p")


def filled(store: Store) -> None:
    store.sync(blogs("a", "b"), NOON)
    poll(store, [("a", [post(number, "a") for number in (1, 2, 3)])])
    publish(store)


def numbers(store: Store, first: int = 1, last: int = 100) -> list[int | None]:
    return sorted(publication.sequence for publication, _ in store.archives.stories("atom.xml", first, last))  # type: ignore[type-var]


def test_stories_are_found_by_the_numbers_that_they_were_given_with_all_their_members(store: Store) -> None:
    filled(store)
    assert (numbers(store), numbers(store, 2, 3), numbers(store, 4, 9)) == ([1, 2, 3], [2, 3], [])
    found = store.archives.stories("atom.xml", 1, 100)
    assert [publication for publication, _ in found] == listed(store)
    assert store.archives.entries(["atom.xml"]) == {member.pk for _, members in found for member in members}
    assert store.archives.entries(["other.xml"]) == frozenset()


def test_what_is_to_be_looked_at_is_what_changed_since_the_archive_was_kept(store: Store) -> None:
    filled(store)
    begun = store.archives.upkeep("atom.xml", "mark")
    assert (begun.last_sequence, begun.last_closed, begun.touched) == (3, 0, None), "nothing was kept yet"
    store.archives.note_kept("atom.xml", "mark", begun.generation)
    assert store.archives.upkeep("atom.xml", "mark").touched == ()
    assert store.archives.upkeep("atom.xml", "other").touched is None
    poll(store, [("a", [post(2, "a", text="Changed.")])], NOON + HOUR)
    publish(store, NOON + HOUR)
    (touched,) = store.archives.upkeep("atom.xml", "mark").touched or ()
    assert [p.published_id for p, _ in store.archives.stories("atom.xml", touched, touched)] == [post(2, "a").published_id]


def test_numbers_that_are_left_out_are_given_to_no_story(store: Store) -> None:
    filled(store)
    store.archives.leave_out("atom.xml", 6)
    store.archives.leave_out("atom.xml", 4)
    store.archives.leave_out("other.xml", 9)
    assert store.archives.upkeep("atom.xml", "mark").left_out == 6
    poll(store, [("a", [post(number, "a") for number in (1, 2, 3, 4)])], NOON + HOUR)
    publish(store, NOON + HOUR)
    assert numbers(store) == [1, 2, 3, 7]
    store.archives.note_page("atom.xml", replace(PAGE, path="archive/atom-4.xml", number=4))
    assert store.archives.stale({"atom.xml": 2}) == []
    assert store.archives.stale({"atom.xml": 3}) == [("archive/atom-4.xml", "w")]


def test_pages_are_remembered_and_those_that_are_not_wanted_any_more_are_told(store: Store) -> None:
    filled(store)
    store.archives.note_page("atom.xml", replace(PAGE, written="v"))
    store.archives.note_page("atom.xml", PAGE)
    store.archives.note_page("atom.xml", replace(PAGE, path="archive/atom-2.xml", number=2, is_closed=False))
    assert store.archives.page("archive/atom-1.xml") == PAGE
    assert store.archives.upkeep("atom.xml", "mark").last_closed == 1
    assert store.archives.stale({"atom.xml": 2}) == []
    assert store.archives.stale({"atom.xml": 3}) == [("archive/atom-2.xml", "w")]
    assert store.archives.stale({}) == [("archive/atom-1.xml", "w"), ("archive/atom-2.xml", "w")]
    store.archives.note_kept("atom.xml", "mark", 1)
    store.archives.drop_page("archive/atom-1.xml")
    assert store.archives.page("archive/atom-1.xml") is None
    assert store.archives.upkeep("atom.xml", "mark").touched is None, "a page that is gone is written again when it is wanted again"
