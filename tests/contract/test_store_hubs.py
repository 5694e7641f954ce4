"""What every store promises of hubs: which output ours was told of last, and what is subscribed to at those of feeds."""

from dataclasses import replace

from aggregator.model import HubSubscription, Notice
from aggregator.ports import Store
from tests.ledger import HOLD, HOUR, blogs, poll, post, result, same_story
from tests.makers import NOON


def test_of_each_file_it_is_known_what_the_hub_was_told(store: Store) -> None:
    store.note_file("atom.xml", "one")
    store.note_file("rss.xml", "two")
    assert store.hubs.notices() == [Notice(path="atom.xml", written="one"), Notice(path="rss.xml", written="two")]
    told = Notice(path="atom.xml", written="one", told="one", told_at=NOON, next_at=NOON + HOUR, failures=2, error="answered 500")
    store.hubs.note_told(told)
    store.note_file("atom.xml", "three")
    store.note_file("rss.xml", None)
    assert store.hubs.notices() == [replace(told, written="three")]


def subscribed(store: Store, path: str = "p", feed: str = "blog", **fields: object) -> HubSubscription:
    state = store.feed(feed)
    assert state is not None
    given = {"topic": f"https://{feed}.example/feed", "callback": f"https://planet.example/websub/{path}", "secret": "s", "next_at": NOON}
    made = HubSubscription(path=path, feed_key=state.key, hub="https://hub.example/", **given | fields)  # type: ignore[arg-type]
    assert store.hubs.revise(path, lambda found: made if found is None else found) == made
    return made


def test_a_subscription_is_kept_changed_and_removed(store: Store) -> None:
    store.sync(blogs("blog", "other"), NOON)
    one, other = subscribed(store), subscribed(store, "q", "other")
    assert (store.hubs.subscriptions(), store.hubs.subscriptions(other.feed_key)) == ([one, other], [other])
    changed = store.hubs.revise("p", lambda found: found and replace(found, verified_at=NOON, lease_until=NOON + HOUR, seen=("a", "b")))
    assert changed == store.hubs.subscription("p") == replace(one, verified_at=NOON, lease_until=NOON + HOUR, seen=("a", "b"))
    assert store.hubs.revise("p", lambda found: None) is None
    assert (store.hubs.subscription("p"), store.hubs.subscriptions()) == (None, [other])
    store.sync(blogs("blog"), NOON)
    assert store.hubs.subscriptions() == [other], "it is to be ended at its hub"


def test_what_came_by_push_and_what_did_not_is_noted_with_the_entries(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    subscribed(store, lease_until=NOON + 9 * HOUR)
    store.record([result(store, "blog", [post(1)], outcome="pushed", came_by=("p", "digest"))], same_story)
    after = store.hubs.subscription("p")
    assert after
    assert (after.pushed_at, after.pushes, after.is_trusted, after.seen) == (NOON, 1, True, ("digest",))
    store.record([result(store, "blog", [post(2)], NOON + HOUR, is_missed=True)], same_story)
    assert store.hubs.subscription("p") == replace(after, is_trusted=False)


def test_a_feed_is_taken_for_a_push_whether_due_or_not_but_never_from_another_worker(store: Store) -> None:
    store.sync(blogs("blog", "other"), NOON)
    key = store.feeds()[0].key
    # A moment after its server was asked: nobody is asked for a push.
    poll(store, [("blog", [post(1)])])
    planned = store.feeds()[0].next_poll_at
    taken = store.hubs.take(key, NOON, HOLD)
    assert taken is not None
    assert taken[0].key == key
    assert taken[0].next_poll_at == planned, "a crash in between has nobody asked sooner"
    assert store.hubs.take(key, NOON, HOLD) is None
    assert store.hubs.take(key, NOON + HOLD, HOLD) is not None
    store.sync(blogs("other"), NOON)
    assert store.hubs.take(key, NOON + 2 * HOLD, HOLD) is None


def test_a_poll_is_brought_forward_and_never_put_off(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1)])])
    key = store.feeds()[0].key
    store.hubs.bring_forward(key, NOON + 2 * HOUR, "later")
    assert (store.feeds()[0].next_poll_at, store.feeds()[0].why) == (NOON + HOUR, "in an hour")
    store.hubs.bring_forward(key, NOON, "sooner")
    assert (store.feeds()[0].next_poll_at, store.feeds()[0].why) == (NOON, "sooner")
    store.hubs.take(key, NOON, HOLD)
    store.hubs.bring_forward(key, NOON - HOUR, "meanwhile")
    assert (store.feeds()[0].next_poll_at, store.feeds()[0].why) == (NOON, "sooner")
