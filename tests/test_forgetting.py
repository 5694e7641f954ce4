"""Forgetting for good: not in the file, not from a backup, not by a sudden death; and what exactly is chosen."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.errors import StoreError
from aggregator.forget import forget, forgettable
from aggregator.model import Entry, Hop, Origin, StoryKey, Url
from aggregator.store.sql import SqlStore
from aggregator.store.stops import Stop, StopFile
from tests.ledger import HOUR, blogs, held, memory_folder, poll, post, sqlite_store
from tests.makers import NOON

SECRET = "00112233445566778899aabbccddeeff"
OTHER = "ffeeddccbbaa99887766554433221100"
WORDS = "Marmalade and other confessions"


@pytest.fixture
def path() -> Iterator[Path]:
    with memory_folder() as folder:
        yield folder / "store.db"


def opened(path: Path) -> SqlStore:
    store = SqlStore(str(path))
    store.sync(blogs("blog", "planet"), NOON)
    return store


def forget_one(store: SqlStore, number: int = 1, secret: str = SECRET) -> None:
    store.forget([(held(store, number).pk, True)], NOON + HOUR, secret)


def written(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


# ── for good ──


def test_no_word_of_it_is_left_in_any_file_of_the_store(path: Path) -> None:
    store = opened(path)
    text = f"{WORDS} " * 300  # longer than a page, so that it had pages of its own
    poll(store, [("blog", [post(1, text=text, title=post(1).title, rights=WORDS), post(2)])])
    poll(store, [("blog", [post(1, text=text + "changed")])], NOON + HOUR)
    assert WORDS.encode() in written(path.parent)
    forget_one(store)
    assert WORDS.encode() not in written(path.parent)
    assert b"blog.example/1?" not in (path.parent / "store.db.forgotten").read_bytes()
    store.close()


def test_an_older_copy_of_the_store_forgets_again_when_it_is_opened(path: Path) -> None:
    store = opened(path)
    poll(store, [("blog", [post(1, text=WORDS), post(2)]), ("planet", [post(7, "planet", page="https://blog.example/1")])])
    store.close()
    shutil.copy(path, path.with_suffix(".backup"))
    store = opened(path)
    forget_one(store)
    store.close()
    shutil.copy(path.with_suffix(".backup"), path)
    store = opened(path)
    assert held(store, 1).withdrawn == "forgotten on 2026-03-01"
    assert held(store, 7, "planet").withdrawn == "forgotten on 2026-03-01", "a copy of the page goes, too"
    assert held(store, 2).withdrawn is None
    assert poll(store, [("blog", [post(1)])], NOON + 2 * HOUR) == [(0, 0)]
    assert WORDS.encode() not in path.read_bytes()
    store.close()


def test_a_store_begun_anew_knows_what_was_forgotten(path: Path) -> None:
    store = opened(path)
    poll(store, [("blog", [post(1)])])
    forget_one(store)
    store.close()
    for file in path.parent.iterdir():
        if not file.name.endswith(".forgotten"):
            file.unlink()
    store = opened(path)
    assert poll(store, [("blog", [post(1), post(2)])]) == [(1, 0)]
    store.close()


def test_a_file_that_was_lost_is_written_anew(path: Path) -> None:
    store = opened(path)
    poll(store, [("blog", [post(1)])])
    forget_one(store)
    store.close()
    file = StopFile(path)
    before = set(file.read())
    file.path.unlink()
    opened(path).close()
    assert set(file.read()) == before
    assert file.path.stat().st_mode & 0o077 == 0, "for nobody else"


def test_a_death_between_the_file_and_the_store_is_made_up_for(path: Path) -> None:
    """The file was written, then the power went: the store erases when it is opened."""
    store = opened(path)
    poll(store, [("blog", [post(1)])])
    store.close()
    marks = path.with_suffix(".copy")
    shutil.copy(path, marks)
    store = opened(path)
    forget_one(store)
    store.close()
    shutil.copy(marks, path)
    with StopFile(path).path.open("a") as file:
        file.write("00112233 torn li")
    store = opened(path)
    assert held(store, 1).withdrawn is not None
    poll(store, [("blog", [post(2)])], NOON + 2 * HOUR)
    forget_one(store, 2)
    assert len(StopFile(path).read()) == 6, "two entries, each with its page and what is told of it; half a line spoils none"
    store.close()


def test_opening_a_store_that_is_in_line_writes_nothing(path: Path) -> None:
    store = opened(path)
    poll(store, [("blog", [post(1)])])
    forget_one(store)
    store.close()
    before = written(path.parent)
    SqlStore(str(path)).close()
    assert written(path.parent) == before


def test_stops_of_another_store_hold_too(path: Path) -> None:
    """Two installations were put together: each has a secret of its own."""
    store = opened(path)
    poll(store, [("blog", [post(1), post(2)])])
    forget_one(store)
    store.close()
    with memory_folder() as elsewhere:
        other = opened(elsewhere / "store.db")
        poll(other, [("blog", [post(2)])])
        forget_one(other, 2, OTHER)
        other.close()
        StopFile(path).append(StopFile(elsewhere / "store.db").read())
    store = opened(path)
    assert held(store, 2).withdrawn is not None
    assert {stop.secret for stop in StopFile(path).read()} == {SECRET, OTHER}
    assert store.counts()["stop_key"] == 6
    store.close()


def test_the_secret_is_kept_once_it_is_there(path: Path) -> None:
    store = opened(path)
    poll(store, [("blog", [post(1), post(2)])])
    forget_one(store)
    forget_one(store, 2, OTHER)
    assert {stop.secret for stop in StopFile(path).read()} == {SECRET}
    store.close()


def test_nothing_is_erased_that_could_not_be_written_down(path: Path) -> None:
    store = opened(path)
    poll(store, [("blog", [post(1)])])
    StopFile(path).path.mkdir()
    with pytest.raises(StoreError, match="forgotten: cannot be written"):
        forget_one(store)
    assert held(store, 1).entry.content is not None
    store.close()


def test_lines_that_say_nothing_are_passed_over(tmp_path: Path) -> None:
    file = StopFile(tmp_path / "store.db")
    file.append([Stop(SECRET, OTHER, NOON)])
    with file.path.open("a") as more:
        more.write("# a remark\n\nnot three words of it\n" + f"{SECRET} short 12\n{SECRET} {OTHER} soon\n")
    assert file.read() == [Stop(SECRET, OTHER, NOON)]


# ── what is chosen ──


def copy_of(number: int, feed: str, page: str) -> Entry:
    return post(number, feed, page=page, origin=Origin(chain=(Hop(name="Blog", site="blog.example", page=Url(page)),)))


def chosen(store: SqlStore, query: str) -> set[str]:
    what = forgettable(query, store)
    assert what is not None
    assert forget(what, store, NOON + HOUR, SECRET) == len(what.chosen)
    every = [member for batch in store.changed_stories("never judged", "") for _, members in batch for member in members]
    return {f"{member.feed_id} {member.entry.published_id.rpartition('/')[2]}" for member in every if member.withdrawn}


def filled(store: SqlStore) -> None:
    store.sync(blogs("blog", "planet", "scraper"), NOON)
    stolen = post(9, "scraper", keys=(StoryKey(kind="link", value="https://scraper.example/9"), StoryKey(kind="id", value="urn:x:1")))
    first = post(1, keys=(StoryKey(kind="link", value="https://blog.example/1"), StoryKey(kind="id", value="urn:x:1")))
    polls = [("blog", [first, post(2)]), ("planet", [copy_of(7, "planet", "https://blog.example/1"), post(8, "planet")])]
    poll(store, [*polls, ("scraper", [replace(stolen, title=first.title)])])


def test_of_a_feed_its_entries_go_and_the_copies_that_name_them() -> None:
    with sqlite_store() as store:
        filled(store)
        assert chosen(store, "blog") == {"blog 1", "blog 2", "planet 7"}


def test_forgetting_a_republisher_leaves_the_original_alone() -> None:
    with sqlite_store() as store:
        filled(store)
        assert chosen(store, "planet") == {"planet 7", "planet 8"}
        assert poll(store, [("blog", [post(1, text="Changed.")])], NOON + 2 * HOUR) == [(0, 1)]


def test_nor_does_one_who_took_its_id_take_it_along() -> None:
    with sqlite_store() as store:
        filled(store)
        assert chosen(store, "scraper") == {"scraper 9"}


def test_a_story_that_is_named_goes_with_every_copy() -> None:
    with sqlite_store() as store:
        filled(store)
        assert chosen(store, "https://blog.example/1") == {"blog 1", "planet 7", "scraper 9"}


def test_a_feed_that_left_feeds_yaml_can_be_forgotten_by_any_address() -> None:
    with sqlite_store() as store:
        filled(store)
        store.sync(blogs("planet"), NOON)
        assert chosen(store, "http://blog.example/feed.xml/") == {"blog 1", "blog 2", "planet 7"}


def test_what_is_forgotten_is_not_counted_again() -> None:
    with sqlite_store() as store:
        filled(store)
        chosen(store, "blog")
        what = forgettable("blog", store)
        assert what is not None
        assert (what.chosen, what.feeds, what.outputs) == ((), {}, {})
        assert forgettable("https://nowhere.example/", store) is None
