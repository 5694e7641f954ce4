"""What every store promises (`aggregator.ports.Store`): feeds, leases, entries. Stories and listings: test_store_stories.py."""

import threading
from dataclasses import replace
from datetime import timedelta

from aggregator.model import (
    Claim,
    Entry,
    FeedHead,
    FeedState,
    Hop,
    Origin,
    PollResult,
    RawEntry,
    RawText,
    Retain,
    SafeHtml,
    SeenDocument,
    SeenItem,
    StoryKey,
    Url,
    Validators,
)
from aggregator.ports import Store
from tests.ledger import HOLD, HOUR, blogs, only, poll, post, publish, raws, result, row_counts, same_story, stories, titled, unchanged
from tests.makers import NOON, spec

MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)


# ── sync ──


def test_a_new_feed_is_due_now(store: Store) -> None:
    store.sync([spec("blog")], NOON)
    (state,) = store.feeds()
    assert (state.id, state.shown_url, state.active, state.next_poll_at) == ("blog", "https://blog.example/feed.xml", True, NOON)
    assert store.next_due(NOON) == NOON


def test_syncing_twice_changes_nothing(store: Store) -> None:
    store.sync(blogs("a", "b"), NOON)
    made = result(store, "a", [post()])
    store.record([replace(made, state=replace(made.state, validators=Validators(etag='"1"', last_modified="then")))], same_story)
    before = store.feeds()
    assert before[0].validators == Validators(etag='"1"', last_modified="then")
    store.sync(blogs("b", "a"), NOON + HOUR)
    assert store.feeds() == before


def test_a_feed_that_moves_under_its_given_id_keeps_its_row_and_is_due_at_once(store: Store) -> None:
    store.sync([spec("blog", id_given=True)], NOON)
    key = store.feeds()[0].key
    made = result(store, "blog", [post()])
    store.record([replace(made, state=replace(made.state, validators=Validators(etag='"1"'), body_hash="1"))], same_story)
    store.sync([spec("blog", id_given=True, shown_url="https://new.example/feed")], NOON + HOUR / 2)
    (state,) = store.feeds()
    assert (state.key, state.shown_url, state.next_poll_at) == (key, "https://new.example/feed", NOON + HOUR / 2)
    assert (state.validators, state.body_hash) == (Validators(), None), "another server's validators must not be sent"
    assert state.first_success_at == NOON, "what it publishes next is no backlog"


def test_a_feed_is_found_by_any_address_it_ever_had(store: Store) -> None:
    store.sync([spec("blog", id_given=True)], NOON)
    store.sync([spec("blog", id_given=True, shown_url="https://new.example/feed")], NOON)
    (state,) = store.feeds()
    for query in ("blog", "https://blog.example/feed.xml", "http://blog.example/feed.xml/", "https://new.example/feed"):
        assert store.feed(query) == state
    assert store.feed("https://elsewhere.example/") is None


def test_a_feed_that_gets_another_id_keeps_its_row(store: Store) -> None:
    store.sync([spec("blog")], NOON)
    key = store.feeds()[0].key
    store.sync([spec("diary", id_given=True, shown_url="https://blog.example/feed.xml")], NOON)
    assert [(state.key, state.id) for state in store.feeds(active_only=False)] == [(key, "diary")]


def test_a_feed_that_turns_to_https_keeps_its_row(store: Store) -> None:
    store.sync([spec("blog", shown_url="http://blog.example/feed.xml/")], NOON)
    key = store.feeds()[0].key
    store.sync([spec("other", shown_url="https://blog.example/feed.xml")], NOON)
    assert [(state.key, state.shown_url) for state in store.feeds()] == [(key, "https://blog.example/feed.xml")]


def test_entries_stay_with_their_address_where_given_ids_are_swapped_or_passed_on(store: Store) -> None:
    a, b = spec("a", id_given=True), spec("b", id_given=True)
    store.sync([a, b], NOON)
    keys = {state.shown_url: state.key for state in store.feeds()}
    store.sync([replace(a, shown_url=b.shown_url), replace(b, shown_url=a.shown_url)], NOON)
    assert {state.id: (state.key, state.shown_url) for state in store.feeds()} == {
        "a": (keys[b.shown_url], b.shown_url),
        "b": (keys[a.shown_url], a.shown_url),
    }
    found = store.feed(a.shown_url)
    assert found is not None
    assert found.id == "b"
    store.sync([replace(a, id="c"), replace(b, id="b", shown_url="https://new.example/feed")], NOON)
    states = {state.id: state for state in store.feeds()}
    assert states["c"].key == keys[a.shown_url]
    assert states["b"].key not in keys.values()
    store.sync([replace(a, id="b")], NOON)
    assert {state.id: state.key for state in store.feeds()} == {"b": keys[a.shown_url]}, "its own feed was taken out in the same edit"


def test_two_feeds_that_swap_derived_ids_keep_their_addresses(store: Store) -> None:
    a, b = spec("a"), spec("b")
    store.sync([a, b], NOON)
    keys = {state.shown_url: state.key for state in store.feeds()}
    store.sync([replace(a, id="b"), replace(b, id="a")], NOON)
    assert {state.shown_url: (state.key, state.id) for state in store.feeds()} == {
        a.shown_url: (keys[a.shown_url], "b"),
        b.shown_url: (keys[b.shown_url], "a"),
    }


def test_an_id_that_an_old_feed_had_can_be_given_to_another(store: Store) -> None:
    store.sync([spec("blog"), spec("other")], NOON)
    store.sync([spec("other")], NOON)
    store.sync([spec("blog", shown_url="https://other.example/feed.xml")], NOON)
    (state,) = store.feeds()
    assert (state.id, state.shown_url) == ("blog", "https://other.example/feed.xml")
    assert len(store.feeds(active_only=False)) == 2


def test_a_removed_feed_is_kept_and_comes_back_as_it_was(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post()])])
    (before,) = store.feeds()
    store.sync([], NOON)
    assert store.feeds() == []
    assert [state.active for state in store.feeds(active_only=False)] == [False]
    assert store.lease(NOON + 2 * HOUR, HOLD, 9) == []
    assert store.next_due(NOON) is None
    store.sync(blogs("blog"), NOON + HOUR / 2)
    assert store.feeds() == [before], "its next poll is still ahead"
    assert poll(store, [("blog", [post()])], NOON + HOUR) == [(0, 0)]


def test_a_page_replaced_by_the_feed_that_it_named_keeps_its_row(store: Store) -> None:
    store.sync([spec("blog", shown_url="https://blog.example/")], NOON)
    made = result(store, "blog", [])
    store.record([replace(made, state=replace(made.state, discovered="https://blog.example/feed.xml"))], same_story)
    key = store.feeds()[0].key
    store.sync([spec("feed", shown_url="https://blog.example/feed.xml")], NOON)
    assert [state.key for state in store.feeds(active_only=False)] == [key]


def test_a_secret_address_is_stored_as_it_is_shown(store: Store) -> None:
    secret = spec("blog", url="https://blog.example/feed?key=hunter2", shown_url="https://blog.example/feed?key=${KEY}")
    store.sync([secret], NOON)
    store.sync([secret], NOON)
    (state,) = store.feeds(active_only=False)
    assert "hunter2" not in repr(state)
    assert store.feed(secret.shown_url) == state


# ── lease ──


def test_a_leased_feed_is_nobody_elses_until_the_hold_is_over(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    ((state, token),) = store.lease(NOON, HOLD, 9)
    assert state.id == "blog"
    assert store.lease(NOON + HOLD / 2, HOLD, 9) == []
    assert store.lease(NOON + HOLD / 2, HOLD, 9, feeds=["blog"], ignore_holds=True) == []
    ((_, again),) = store.lease(NOON + HOLD, HOLD, 9)
    assert again != token


def test_a_lease_that_is_given_back_leaves_its_feed_due_and_is_nobodys_any_more(store: Store) -> None:
    store.sync(blogs("a", "b"), NOON)
    leased = {state.id: (state, token) for state, token in store.lease(NOON, HOLD, 9)}
    store.give_back([leased["a"][1], "none"], NOON + timedelta(seconds=1))
    now = NOON + timedelta(seconds=9)
    ((state, again),) = store.lease(now, HOLD, 9)
    assert state.id == "a"
    store.give_back([leased["a"][1]], now)
    assert store.lease(now, HOLD, 9) == [], "whoever has it now keeps it"
    assert store.record([result_of(state, leased["a"][1])], same_story) == [(0, 0)]
    assert store.feeds()[0].next_poll_at == now + HOLD
    assert again != leased["a"][1]


def test_the_longest_overdue_come_first_and_no_more_than_asked_for(store: Store) -> None:
    store.sync(blogs("c", "a", "b"), NOON)
    for place, feed in enumerate(("b", "c", "a")):
        poll(store, [(feed, [])], NOON + place * timedelta(minutes=1))
    leased = store.lease(NOON + 2 * HOUR, HOLD, 2)
    assert [state.id for state, _ in leased] == ["b", "c"]
    assert len({token for _, token in leased}) == 2
    assert [state.id for state, _ in store.lease(NOON + 2 * HOUR, HOLD, 2)] == ["a"]


def test_what_is_not_due_is_leased_only_by_name(store: Store) -> None:
    store.sync(blogs("a", "b"), NOON)
    poll(store, [("a", []), ("b", [])])
    assert store.next_due(NOON) == NOON + HOUR
    assert store.lease(NOON + HOUR / 2, HOLD, 9) == []
    assert [state.id for state, _ in store.lease(NOON + HOUR / 2, HOLD, 9, feeds=["b", "nobody"])] == ["b"]


def test_feeds_of_one_operator_are_polled_one_by_one_two_seconds_apart(store: Store) -> None:
    urls = [f"https://{name}.host.example/feed" for name in ("one", "two")]
    store.sync([spec(url[8:11], shown_url=url) for url in urls], NOON)
    ((state, token),) = store.lease(NOON, HOLD, 9)
    second = timedelta(seconds=1)
    assert store.lease(NOON + 10 * second, HOLD, 9) == [], "the other one is under way"
    made = unchanged(result_of(state, token))
    store.record([made], same_story)
    assert store.lease(NOON + second, HOLD, 9) == [], "it started a moment ago"
    assert store.next_due(NOON + second) == NOON + 2 * second
    assert [state.id for state, _ in store.lease(NOON + 2 * second, HOLD, 9)] == ["two"]


def result_of(state: FeedState, token: str) -> PollResult:
    return PollResult(state=replace(state, next_poll_at=NOON + HOUR), lease=token, outcome="new", polled_at=NOON)


def test_loopback_addresses_and_local_files_wait_for_nobody(store: Store) -> None:
    urls = ["http://127.0.0.2:80/a", "http://127.0.0.3:80/a", "./one.xml", "./two.xml"]
    store.sync([spec(f"feed-{place}", shown_url=url) for place, url in enumerate(urls)], NOON)
    assert len(store.lease(NOON, HOLD, 9)) == 4


def test_an_operator_that_asked_to_be_left_alone_is(store: Store) -> None:
    store.sync([*blogs("blog"), spec("twin", shown_url="https://www.blog.example/other")], NOON)
    made = result(store, "blog", [])
    store.record([replace(made, operator_until=NOON + 3 * HOUR, operator_why="503")], same_story)
    assert store.lease(NOON + 2 * HOUR, HOLD, 9) == []
    assert store.lease(NOON + 2 * HOUR, HOLD, 9, feeds=["twin"]) == []
    assert store.next_due(NOON + 2 * HOUR) == NOON + 3 * HOUR
    assert [state.id for state, _ in store.lease(NOON + 2 * HOUR, HOLD, 9, feeds=["twin"], ignore_holds=True)] == ["twin"]
    assert [state.id for state, _ in store.lease(NOON + 3 * HOUR, HOLD, 9)] == ["blog"]


def test_a_pause_binds_the_server_that_asked_for_it(store: Store) -> None:
    store.sync([*blogs("blog"), spec("host", shown_url="https://host.example/other")], NOON)
    made = replace(result(store, "blog", []), operator_until=NOON + 3 * HOUR, operator_at="https://feeds.host.example")
    store.record([replace(made, asks="https://www.host.example/feed")], same_story)
    assert store.lease(NOON + 2 * HOUR, HOLD, 9) == [], "the feed is asked there from now on"
    assert store.next_due(NOON + 2 * HOUR) == NOON + 3 * HOUR
    assert len(store.lease(NOON + 3 * HOUR, HOLD, 9)) == 1


def test_feeds_that_lead_to_one_server_are_polled_one_by_one_and_with_its_own(store: Store) -> None:
    store.sync(blogs("a", "b", "host"), NOON)
    led = [replace(result(store, name, []), server="https://feeds.host.example") for name in ("a", "b")]
    store.record([*led, replace(result(store, "host", []), server="https://host.example")], same_story)
    due, polled = NOON + 2 * HOUR, []
    for _ in range(3):
        assert (store.next_due(due) or NOON) <= due
        ((state, token),) = store.lease(due, HOLD, 9)
        assert store.lease(due + timedelta(seconds=5), HOLD, 9) == [], "one request at a time"
        later = replace(state, next_poll_at=due + 9 * HOUR)
        store.record([PollResult(state=later, lease=token, outcome="failed", polled_at=due)], same_story)
        polled.append(state.id)
        due += timedelta(seconds=2)
    assert sorted(polled) == ["a", "b", "host"]
    paused = replace(result(store, "host", [], due + HOUR), operator_until=due + 9 * HOUR, operator_at="https://host.example")
    store.record([paused], same_story)
    assert [until for until, _ in store.pauses(due + HOUR).values()] == [due + 9 * HOUR] * 3


def test_an_address_that_was_asked_all_along_may_be_written_down_and_nobody_is_asked_for_it(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    new, made = "https://new.example/feed", result(store, "blog", [])
    state = replace(made.state, validators=Validators(etag='"a"'), redirect_target=new, redirect_since=NOON, redirect_count=9)
    store.record([replace(made, state=state)], same_story)
    (before,) = store.feeds()
    store.sync([spec("blog", shown_url=new, url=new)], NOON + HOUR)
    kept = {"shown_url": new, "redirect_target": None, "redirect_since": None, "redirect_count": 0}
    assert store.feeds() == [replace(before, **kept)]


def test_a_clock_that_was_wrong_stalls_nothing(store: Store) -> None:
    store.sync(blogs("a", "b", "c"), NOON)
    ahead = NOON + timedelta(days=400)
    made = result(store, "a", [], ahead)
    store.record([replace(made, operator_until=ahead + HOUR)], same_story)
    store.lease(ahead, HOLD, 1, feeds=["b"])
    assert store.next_due(NOON) == NOON
    assert [state.id for state, _ in store.lease(NOON, HOLD, 9)] == ["c", "b", "a"]


def test_a_feed_that_a_wrong_clock_put_off_for_a_year_wakes_the_daemon_by_itself(store: Store) -> None:
    store.sync(blogs("a"), NOON)
    store.record([result(store, "a", [], NOON + timedelta(days=400))], same_story)
    assert store.next_due(NOON) == NOON


def test_what_was_planned_while_the_clock_was_days_ahead_is_planned_anew(store: Store) -> None:
    store.sync(blogs("ahead", "right"), NOON)
    ahead = NOON + timedelta(days=9)
    poll(store, [("ahead", [])], ahead)
    poll(store, [("right", [])])
    assert store.next_due(NOON + HOUR / 2) == NOON + HOUR
    store.sync(blogs("ahead", "right"), NOON + HOUR / 2)
    ((state, _),) = store.lease(NOON + HOUR / 2, HOLD, 9)
    assert (state.id, state.why) == ("ahead", "when it was last asked, the clock was ahead")
    # The clock of another process on the store may be a little behind.
    poll(store, [("ahead", [])], NOON + HOUR)
    store.sync(blogs("ahead", "right"), NOON + HOUR - timedelta(minutes=1))
    assert [one.next_poll_at for one in store.feeds()] == [NOON + 2 * HOUR, NOON + HOUR]


def test_many_threads_never_lease_one_feed_twice(store: Store) -> None:
    store.sync(blogs(*(f"feed-{number}" for number in range(40))), NOON)
    taken: list[str] = []

    def work() -> None:
        while leased := store.lease(NOON, HOLD, 3):
            taken.extend(state.id for state, _ in leased)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(f"feed-{number}" for number in range(40))


# ── record ──


def test_a_poll_writes_state_and_entries(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    made = result(store, "blog", [post(1), post(2)])
    head = FeedHead(title="Blog", home=Url("https://blog.example/"), ttl=HOUR, updated=NOON, skip_hours=(1, 2))
    state = replace(made.state, head=head, validators=Validators(etag='W/"\xe9"', last_modified="yesterday"), body_hash="abc", hold="odd")
    assert store.record([replace(made, state=state)], same_story) == [(2, 0)]
    assert store.feed("blog") == state
    found = only(store, "https://blog.example/1")
    assert (found.entry, found.feed_id, found.feed_key) == (post(1), "blog", state.key)
    assert (found.first_seen, found.last_seen, found.is_backlog, found.withdrawn) == (NOON, NOON, True, None)
    assert store.counts("entry", "story") == {"entry": 2, "story": 2, "generation": store.counts()["generation"]}
    assert store.counts() | {"entry": 2, "raw": 2, "story": 2, "story_member": 2, "feed": 1} == store.counts()


def test_recording_twice_adds_nothing(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    made = result(store, "blog", [post(1)])
    assert store.record([made, made], same_story) == [(1, 0), (0, 0)]
    before = row_counts(store)
    assert store.record([made], same_story) == [(0, 0)]
    assert poll(store, [("blog", [post(1)])], NOON + HOUR) == [(0, 0)]
    assert row_counts(store) == before


def test_a_worker_that_slept_past_its_lease_writes_nothing(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    late = result(store, "blog", [post(1)])
    store.lease(NOON + HOLD, HOLD, 1)
    before = store.feed("blog")
    assert store.record([late], same_story) == [(0, 0)]
    assert (store.feed("blog"), store.find(post(1).published_id)) == (before, [])


def test_a_feed_that_moved_while_it_was_polled_is_not_written(store: Store) -> None:
    store.sync([spec("blog", id_given=True)], NOON)
    late = result(store, "blog", [post(1)])
    store.sync([spec("blog", id_given=True, shown_url="https://new.example/feed")], NOON)
    assert store.record([late], same_story) == [(0, 0)]


def test_an_unknown_feed_is_not_written(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    made = result(store, "blog", [post(1)])
    stranger = replace(made, state=replace(made.state, key="00000000-0000-0000-0000-000000000000"))
    assert store.record([stranger, made], same_story) == [(0, 0), (1, 0)]
    assert store.record([], same_story) == []


def test_only_the_first_document_is_backlog(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1)])])
    poll(store, [("blog", [post(2), post(1)])], NOON + HOUR)
    assert [only(store, post(number).published_id).is_backlog for number in (1, 2)] == [True, False]


def test_entries_without_a_date_keep_the_order_of_their_document(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(number, published=None) for number in range(3)])])
    keys = [only(store, post(number).published_id).sort_key for number in range(3)]
    assert keys == [NOON, NOON - MICROSECOND, NOON - 2 * MICROSECOND]


def test_a_date_in_the_future_counts_as_first_seen(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1, published=NOON + HOUR, updated=NOON + 2 * HOUR)])])
    found = only(store, post(1).published_id)
    assert (found.sort_key, found.public_updated) == (NOON, NOON)
    assert found.entry.published == NOON + HOUR, "the publisher's words stay"


def test_a_real_change_moves_updated_and_keeps_id_and_place(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1)])])
    before = only(store, post(1).published_id)
    changed = post(1, text="Better.", published_id="urn:x:other", published=NOON + HOUR)
    assert poll(store, [("blog", [changed])], NOON + HOUR) == [(0, 1)]
    after = only(store, before.entry.published_id)
    assert after.entry == replace(changed, published_id=before.entry.published_id)
    assert (after.pk, after.first_seen, after.sort_key, after.is_backlog) == (before.pk, NOON, before.sort_key, True)
    assert after.public_updated == NOON + HOUR
    assert store.counts()["version"] == 1


def test_a_change_that_is_dated_no_later_than_the_last_one_counts_from_when_it_was_found(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1, updated=NOON - HOUR)])])
    poll(store, [("blog", [post(1, updated=NOON - HOUR, text="Better.")])], NOON + HOUR)
    assert only(store, post(1).published_id).public_updated == NOON + HOUR
    poll(store, [("blog", [post(1, updated=NOON + 3 * HOUR / 2, text="Best.")])], NOON + 2 * HOUR)
    assert only(store, post(1).published_id).public_updated == NOON + 3 * HOUR / 2


def test_what_a_cache_brings_from_before_an_edit_is_passed_over(store: Store) -> None:
    """Of two servers one answers for some time with the document from before an edit; an edit that is taken back is another one."""
    store.sync(blogs("blog"), NOON)
    old = post(1, text="All is well.", updated=NOON)
    new = post(1, text="All is lost.", updated=NOON + HOUR)
    back = replace(old, updated=NOON + 4 * HOUR)
    told = []
    for hour, came in enumerate((old, new, old, new, old, back)):
        counted = poll(store, [("blog", [came])], NOON + hour * HOUR)
        found = only(store, post(1).published_id)
        told.append((found.entry.content, (found.public_updated - NOON) / HOUR, counted))
    assert told[1:] == [(new.content, 1, [(0, 1)]), *[(new.content, 1, [(0, 0)])] * 3, (old.content, 4, [(0, 1)])]
    poll(store, [("blog", [replace(new, updated=NOON + 3 * HOUR)])], NOON + timedelta(days=9))
    assert only(store, post(1).published_id).entry.content == new.content, "no cache has a document for days"


def test_what_no_reader_would_notice_moves_nothing(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1)])])
    before = only(store, post(1).published_id)
    refined = replace(post(1), claims=(Claim(kind="phrase", name="Orig", where="first block"),))
    assert poll(store, [("blog", [refined])], NOON + HOUR) == [(0, 0)]
    after = only(store, post(1).published_id)
    assert (after.entry, after.public_updated) == (refined, before.public_updated)
    assert (store.counts()["claim"], store.counts()["version"]) == (1, 0)


def test_an_entry_keeps_its_latest_versions(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    for number in range(9):
        poll(store, [("blog", [post(1, text=f"Text {number}")])], NOON + number * HOUR)
    assert store.counts()["version"] == 5
    store.prune(NOON, Retain(versions=2))
    assert store.counts()["version"] == 2


def test_every_page_that_an_entry_had_is_remembered(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1)])])
    moved = post(1, link=Url("https://blog.example/moved"), text="Moved.")
    poll(store, [("blog", [moved])], NOON + HOUR)
    poll(store, [("blog", [moved])], NOON + 3 * DAY)
    found = only(store, "https://blog.example/1")
    assert found == only(store, "https://blog.example/moved")
    assert store.sightings(found.pk) == [
        ("https://blog.example/1", NOON, NOON),
        ("https://blog.example/moved", NOON + HOUR, NOON + 3 * DAY),
    ]
    assert found.last_seen == NOON + 3 * DAY


def test_what_stands_in_a_document_unread_is_seen_and_what_is_new_beside_it_keeps_its_place(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    undated = [post(number, published=None) for number in range(4)]
    poll(store, [("blog", undated[:2])])
    poll(store, [("blog", [undated[2]])], NOON + HOUR, places=(2,), standing=(undated[0].raw_key, undated[1].raw_key))
    poll(store, [("blog", [undated[3]])], NOON + 2 * DAY, places=(1,), standing=(undated[0].raw_key,))
    stored = [only(store, entry.published_id) for entry in undated]
    assert [one.last_seen for one in stored] == [NOON + 2 * DAY, NOON, NOON + HOUR, NOON + 2 * DAY]
    assert [one.sort_key for one in stored[2:]] == [NOON + HOUR - 2 * MICROSECOND, NOON + 2 * DAY - MICROSECOND]
    assert store.sightings(stored[0].pk) == [(undated[0].link, NOON, NOON + 2 * DAY)]


def test_what_is_remembered_of_a_document_stays_until_another_one_is_read(store: Store) -> None:
    store.sync(blogs("blog", "other"), NOON)
    item = SeenItem(b"bytes", b"key", None, None, (b"mark",), ())
    seen = SeenDocument(made_by="1", frame=b"f", envelope=b"e", head=b"h", items=(item,), read_at=NOON)
    store.record([result(store, "blog", [post(1)], seen=seen), result(store, "other", [post(1, "other")])], same_story)
    keys = {state.id: state.key for state in store.feeds()}
    assert [store.last_document(keys[name]) for name in ("blog", "other")] == [seen, None]
    store.record([unchanged(result(store, "blog", [], NOON + HOUR))], same_story)
    assert store.last_document(keys["blog"]) == seen
    poll(store, [("blog", [post(1)])], NOON + 2 * HOUR)
    assert store.last_document(keys["blog"]) is None


def test_an_entry_is_found_by_each_of_its_names(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1, raw_id=" 4711 ", published_id="urn:x:4711"), post(2)])])
    for query in (" 4711 ", "urn:x:4711", "https://blog.example/1", "http://www.blog.example/1/?utm_source=feed"):
        assert only(store, query).entry.raw_id == " 4711 "
    assert store.find("4711") == []


def test_an_entry_without_a_link_was_seen_in_its_feed(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1, link=None)])])
    found = only(store, post(1).published_id)
    assert store.sightings(found.pk) == [("https://blog.example/feed.xml", NOON, NOON)]


def test_raw_forms_come_back_as_they_were(store: Store) -> None:
    store.sync(blogs("a", "b"), NOON)
    raw = RawEntry(id="1", contents=(RawText(value="<p>\x00 \U0001f600", type="html"),), published="gestern", published_s=-1)
    made = result(store, "a", [post(1, "a")])
    store.record([replace(made, raw=(raw,)), result(store, "b", [post(1, "b")])], same_story)
    assert [(stored.feed_id, source) for stored, source in raws(store, "a")] == [("a", raw)]
    assert len(raws(store)) == 2
    newer = replace(raw, published="heute")
    again = result(store, "a", [post(1, "a")], NOON + HOUR)
    store.record([replace(again, raw=(newer,))], same_story)
    assert [source for _, source in raws(store, "a")] == [newer]


def test_half_a_character_spoils_nothing(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    made = result(store, "blog", [post(1, raw_id="a\ud800")])
    assert store.record([replace(made, raw=(RawEntry(id="a\ud800"),))], same_story) == [(1, 0)]


def test_an_id_that_stands_twice_in_a_document_is_one_entry(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    assert poll(store, [("blog", [post(1), post(1, text="Again.")])]) == [(1, 0)]
    assert only(store, post(1).published_id).entry == post(1)


# ── rewrite ──


def _again(store: Store, feed: str = "blog", **fields: object) -> list[tuple[int, RawEntry, Entry]]:
    return [(stored.pk, raw, replace(stored.entry, **fields)) for stored, raw in raws(store, feed)]  # type: ignore[arg-type]


def test_what_is_refined_again_keeps_ids_dates_and_places(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1), post(2)])])
    before = [stored for stored, _ in raws(store)]
    marked = _again(store, rights="All kept", content_hash="other")
    assert store.rewrite(marked, "2", NOON + HOUR, same_story) == (2, 0)
    assert [stored for stored, _ in raws(store)] == [replace(old, entry=entry) for old, (_, _, entry) in zip(before, marked, strict=True)]
    assert [refined_by for _, refined_by in store.refined(before[0].feed_key)] == ["2", "2"]
    assert store.counts()["version"] == 0
    assert store.rewrite(_again(store), "2", NOON + 2 * HOUR, same_story) == (0, 0)


def test_only_another_text_is_an_update(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1)])])
    assert store.rewrite(_again(store, content_hash="other", text_hash="other"), "2", NOON + HOUR, same_story) == (1, 1)
    after = only(store, post(1).published_id)
    assert (after.public_updated, after.last_seen) == (NOON + HOUR, NOON)
    assert store.counts()["version"] == 1


def test_other_rules_at_a_poll_are_no_update_of_the_same_raw_form(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1)])])
    before = only(store, post(1).published_id)
    stripped = post(1, content=SafeHtml("<p>Less.</p>"), content_hash="stripped")
    assert poll(store, [("blog", [stripped])], NOON + HOUR, refined_by="2") == [(0, 0)]
    after = only(store, post(1).published_id)
    assert (after.entry, after.public_updated) == (stripped, before.public_updated)


def test_other_rules_are_no_update_though_the_raw_form_is_another_too(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1), post(2)])])
    before = {number: only(store, post(number).published_id) for number in (1, 2)}
    dated = tuple(RawEntry(id=post(number).raw_id, link=post(number).link, updated="today") for number in (1, 2))
    made = [post(1, content_hash="by other rules"), post(2, content_hash="by other rules", text_hash="edited")]
    assert poll(store, [("blog", made)], NOON + HOUR, refined_by="2", raw=dated) == [(0, 1)]
    assert only(store, post(1).published_id).public_updated == before[1].public_updated
    assert only(store, post(2).published_id).public_updated > before[2].public_updated


def test_the_latest_versions_of_an_entry_are_kept_with_when_each_was_first_seen(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    for hour in range(8):
        poll(store, [("blog", [post(1, text=f"Version {hour}.")])], NOON + hour * HOUR)
        poll(store, [("blog", [post(1, text=f"Version {hour}.")])], NOON + hour * HOUR + HOUR / 2)
    found = store.versions(only(store, post(1).published_id).pk)
    assert [((at - NOON) / HOUR, said.content_hash) for at, said in found] == [(hour, f"Version {hour}.") for hour in range(2, 8)]


def test_words_of_which_only_what_moves_by_itself_has_moved_stand(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    counts = {n: post(1, content=SafeHtml(f"<p>{n} views</p>"), content_hash="same", text_hash=str(n), still="same") for n in (3, 5, 9)}
    raw = {n: (RawEntry(id=post(1).raw_id, title=RawText(value=str(n))),) for n in counts}
    poll(store, [("blog", [counts[3]])], raw=raw[3])
    publish(store, NOON)
    before = only(store, post(1).published_id)
    assert poll(store, [("blog", [counts[5]])], NOON + HOUR, raw=raw[5]) == [(0, 0)]
    after = only(store, post(1).published_id)
    assert (after.entry.content, after.public_updated) == (before.entry.content, before.public_updated)
    assert publish(store, NOON + HOUR) == 1, "it is judged again"
    assert poll(store, [("blog", [counts[5]])], NOON + 2 * HOUR, raw=raw[5]) == [(0, 0)]
    assert publish(store, NOON + 2 * HOUR) == 0, "what came again has not changed"
    edited = replace(counts[9], content_hash="edited", still="edited")
    assert poll(store, [("blog", [edited])], NOON + 3 * HOUR, raw=raw[9]) == [(0, 1)]
    assert only(store, post(1).published_id).entry.content == counts[9].content


def test_other_rules_take_up_what_had_moved_by_itself(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    counts = {n: post(1, content=SafeHtml(f"<p>{n} views</p>"), content_hash="same", text_hash=str(n), still="same") for n in (3, 5)}
    poll(store, [("blog", [counts[3]])])
    assert poll(store, [("blog", [counts[5]])], NOON + HOUR, refined_by="2") == [(0, 0)]
    assert only(store, post(1).published_id).entry.content == counts[5].content


def test_what_came_in_anew_meanwhile_is_left_alone(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1)])])
    old = _again(store, title=titled("From the old raw form"))
    made = result(store, "blog", [post(1, text="New.")], NOON + HOUR)
    store.record([replace(made, raw=(RawEntry(id="new"),))], same_story)
    assert store.rewrite(old, "2", NOON + HOUR, same_story) == (0, 0)
    assert only(store, post(1).published_id).entry == post(1, text="New.")


def test_a_page_read_otherwise_is_found_and_joins_the_story_it_belongs_to(store: Store) -> None:
    store.sync(blogs("blog", "planet"), NOON)
    poll(store, [("blog", [post(1)]), ("planet", [post(9, "planet")])])
    keys = (StoryKey(kind="link", value="https://blog.example/1"),)
    store.rewrite(_again(store, "planet", keys=keys, link=Url("https://blog.example/1?copy")), "2", NOON, same_story)
    assert len(stories(store)) == 1
    assert len(store.find("https://blog.example/1?copy")) == 1


# ── what a feed prints around its entries ──


def test_the_edges_of_the_latest_entries_are_told(store: Store) -> None:
    store.sync(blogs("blog", "other"), NOON)
    posts = [post(number, edges=None if number == 2 else (f"mark {number}",)) for number in range(1, 6)]
    poll(store, [("blog", posts), ("other", [post(9, "other", edges=("x",))])])
    key = store.feeds()[0].key
    assert store.recent_edges(key, 20) == [(one.raw_key, one.edges) for one in posts if one.edges]
    assert [edges for _, edges in store.recent_edges(key, 3)] == [("mark 1",), ("mark 3",)]


def test_what_a_feed_prints_is_remembered_whoever_found_it(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    made = result(store, "blog", [post(1)])
    noted = store.note_printed(made.state.key, ["found meanwhile"])
    assert noted is not None
    assert noted.printed == ("found meanwhile",)
    store.record([replace(made, state=replace(made.state, printed=("polled",)))], same_story)
    assert store.feeds()[0].printed == ("found meanwhile", "polled")
    assert store.note_printed("no feed", ["x"]) is None


# ── prune ──


def test_pruning_drops_old_texts_and_keeps_the_ledger(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1), post(2)])])
    poll(store, [("blog", [post(2)])], NOON + 800 * DAY)
    assert store.prune(NOON + 800 * DAY, Retain(text=700 * DAY)).entries == 1
    assert store.prune(NOON + 800 * DAY, Retain(text=700 * DAY)).entries == 0
    old, kept = only(store, post(1).published_id), only(store, post(2).published_id)
    assert (old.entry.title, old.entry.content) == (post(1).title, None)
    assert kept.entry.content == post(2).content
    assert [stored.pk for stored, _ in raws(store)] == [kept.pk]
    assert len(stories(store)) == 2


def test_a_feed_that_only_says_unchanged_keeps_the_texts_that_stand_in_it(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1)])])
    store.record([unchanged(result(store, "blog", [], NOON + 800 * DAY))], same_story)
    assert store.prune(NOON + 800 * DAY, Retain(text=700 * DAY)).entries == 0


def test_a_pruned_entry_that_comes_back_is_not_a_change(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1)])])
    before = only(store, post(1).published_id)
    poll(store, [("blog", [post(2)])], NOON + 800 * DAY)
    store.prune(NOON + 800 * DAY, Retain(text=700 * DAY))
    assert poll(store, [("blog", [post(1)])], NOON + 801 * DAY) == [(0, 0)]
    after = only(store, post(1).published_id)
    assert (after.entry.content, after.public_updated) == (SafeHtml("<p>Text.</p>"), before.public_updated)
    assert len(raws(store)) == 2


def test_a_pruned_entry_that_never_had_a_text_has_its_raw_form_again_when_it_comes_back(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    bare = replace(post(1), content=None, summary=None)
    poll(store, [("blog", [bare])])
    poll(store, [("blog", [post(2)])], NOON + 800 * DAY)
    store.prune(NOON + 800 * DAY, Retain(text=700 * DAY))
    assert len(raws(store)) == 1
    poll(store, [("blog", [bare])], NOON + 801 * DAY)
    assert len(raws(store)) == 2


def test_that_a_source_has_other_news_is_no_news_of_its_entry(store: Store) -> None:
    store.sync(blogs("planet"), NOON)

    def copy(day: int, **fields: object) -> Entry:
        claim = Claim(kind="atom:source", name="Orig", updated=NOON + day * DAY, standing="chosen")
        return post(claims=(claim,), origin=Origin(chain=(Hop(name="Orig", updated=claim.updated),)), **fields)

    poll(store, [("planet", [copy(1)])], NOON)
    publish(store, NOON)
    assert poll(store, [("planet", [copy(2)])], NOON + HOUR) == [(0, 0)]
    assert publish(store, NOON + HOUR) == 0
    assert only(store, "https://blog.example/1").entry.origin.chain[0].updated == NOON + DAY
    assert poll(store, [("planet", [copy(3, text="Other.")])], NOON + 2 * HOUR) == [(0, 1)]
    assert only(store, "https://blog.example/1").entry.origin.chain[0].updated == NOON + 3 * DAY


def test_a_feed_without_news_was_not_updated_whatever_it_says(store: Store) -> None:
    store.sync(blogs("blog"), NOON)

    def polled(day: int, *entries: Entry) -> FeedHead:
        made = result(store, "blog", entries, NOON + day * HOUR)
        head = FeedHead(title=f"Day {day}", updated=NOON + day * DAY)
        store.record([replace(made, state=replace(made.state, head=head))], same_story)
        return store.feeds()[0].head

    assert polled(1, post()).updated == NOON + DAY
    assert polled(2, post()) == FeedHead(title="Day 2", updated=NOON + DAY)
    assert polled(3, post(2)).updated == NOON + 3 * DAY
    assert polled(4, post(2, text="Other.")).updated == NOON + 4 * DAY
