"""As a subscriber: the fourteen tests of websub.rocks (100–104, 200–205, 300–302), and what else a hostile or failing hub may try.

The hub, the feeds and our web server are real and on loopback; the clock is handed in, and jobs run when a test says so.
"""

import gzip
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import pytest

from aggregator.app import RENDERERS, App, new_secret
from aggregator.cli.status import feed_lines
from aggregator.collect.fetch import WebFetcher
from aggregator.collect.hub_links import linked
from aggregator.collect.websub import is_due, told
from aggregator.model import Config, FeedSpec, FeedState, HubSubscription, OutputSpec, PollReport
from aggregator.pipeline import Ports, poll, publish
from aggregator.ports import Store
from aggregator.refine.stories import same_story
from aggregator.refine.succession import successors
from aggregator.rereading import reread
from aggregator.run.callbacks import Callbacks
from aggregator.run.server import WebServer
from aggregator.status import statuses
from aggregator.store.sql import SqlStore
from aggregator.subscribing import ask_hubs, bring_in_line
from aggregator.web.url import resource
from tests.fakes import FakeClock, FakeFolder, FakeStore
from tests.hub import Hub, ask, signature
from tests.ledger import sqlite_store
from tests.planet import NOON

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
ENTRY = (
    "<entry><id>tag:blog.example,2026:{n}</id><title>Post {n}</title><link href='https://blog.example/{n}'/>"
    "<updated>2026-11-01T0{n}:00:00Z</updated><content>Words of post {n}, which are enough for an entry.</content></entry>"
)


def atom(*numbers: int, own: str = "", hub: str = "", title: str = "The Blog") -> bytes:
    links = "".join(f"<link rel='{rel}' href='{url}'/>" for rel, url in (("self", own), ("hub", hub)) if url)
    entries = "".join(ENTRY.format(n=number) for number in numbers)
    return (
        f"<feed xmlns='http://www.w3.org/2005/Atom'><id>tag:blog.example,2026:feed</id><title>{title}</title>"
        f"<link href='https://blog.example/'/>{links}<updated>2026-11-01T00:00:00Z</updated>{entries}</feed>"
    ).encode()


class Subscriber:
    """Our side: a web server with its callbacks, over a store, with the real way to the network."""

    def __init__(self, hub: Hub, store: Store, feed: FeedSpec, opened: ExitStack) -> None:
        self.hub, self.clock, self.reports = hub, FakeClock(NOON), list[PollReport]()
        root = Path(opened.enter_context(TemporaryDirectory()))
        self.callbacks = Callbacks(lambda: self.app, report=self.reports.append, wait=lambda seconds: self.waited.append(seconds))
        self.waited: list[float] = []
        self.server = WebServer(root=root, host="127.0.0.1", port=0, token=None, health=dict, callbacks=self.callbacks)
        self.server.start()
        opened.callback(self.server.stop)
        fetcher = WebFetcher(user_agent="a", timeout_s=5)
        opened.callback(fetcher.close)
        outputs = (OutputSpec(path="feed.json", format="json"),)
        config = Config(
            path=root / "feeds.yaml",
            root=root,
            store="",
            link=resource(self.server.address),
            contact="me@example.org",
            feeds=(feed,),
            outputs=outputs,
            websub_subscribe=True,
            newcomer_entries=100,
        )
        ports = Ports(
            config=config,
            clock=self.clock,
            fetcher=fetcher,
            reader=reread,
            store=store,
            publisher=FakeFolder(),
            renderers=RENDERERS,
        )
        self.app = App(config=config, written=config, ports=ports, free_bytes=lambda: 1 << 40)
        store.sync(config.feeds, NOON)

    @property
    def store(self) -> Store:
        return self.app.ports.store

    @property
    def state(self) -> FeedState:
        (state,) = self.store.feeds(active_only=False)
        return state

    @property
    def subscription(self) -> HubSubscription:
        (one,) = self.store.hubs.subscriptions()
        return one

    def configured(self, **changes: object) -> None:
        config = replace(self.app.config, **changes)  # type: ignore[arg-type]
        self.app = replace(self.app, config=config, ports=replace(self.app.ports, config=config))
        self.store.sync(config.feeds, self.clock())

    def later(self, span: timedelta) -> None:
        self.clock.forward(span)

    def polls(self) -> PollReport:
        self.later(3 * timedelta(seconds=1))
        ((state, lease),) = self.store.lease(self.clock(), 3 * MINUTE, 1, feeds=[self.state.id], ignore_holds=True)
        result, report = poll(self.app.config.feeds[0], state, lease, self.app.ports)
        self.store.record([result], same_story, successors)
        return report

    def works(self) -> None:
        """What the daemon does every few seconds."""
        bring_in_line(self.app.ports, new_secret)
        self.callbacks.note_forged()
        ask_hubs(self.app.ports)

    def asks(self) -> dict[str, str]:
        """The form that the hub got when the feed was polled and the jobs have run."""
        self.polls()
        self.works()
        return self.hub.forms[-1]

    def subscribes(self) -> dict[str, str]:
        """Until the hub has verified; the form that it was sent."""
        form = self.asks()
        assert self.hub.verify(form).status == 200
        return form

    def titles(self) -> list[str]:
        """What is published."""
        publish(self.app.ports)
        listed = self.store.listing("feed.json", 99, per_feed=None, not_before=None)
        return sorted(one.entry.title.text for _, members in listed for one in members if one.entry.title)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as hub:
        yield hub


Make = Callable[..., Subscriber]


@pytest.fixture
def make(hub: Hub) -> Iterator[Make]:
    """Makes a subscriber to the feed at `/feed`, which has one post."""
    with ExitStack() as opened:

        def made(store: Store | None = None, **fields: object) -> Subscriber:
            url = hub.url(str(fields.pop("path", "/feed")))
            feed = replace(FeedSpec(id="blog", url=url, shown_url=url, republish="full", allow_private=True), **fields)  # type: ignore[arg-type]
            return Subscriber(hub, store or FakeStore(), feed, opened)

        serves(hub, atom(1, own=hub.url("/feed"), hub=hub.url("/hub")))
        yield made


def serves(hub: Hub, body: bytes, path: str = "/feed", status: int = 200, **fields: str) -> None:
    hub.pages[path] = (status, {"Content-Type": "application/xml", **fields}, body)


# ── 100–104: where the hub is found ──


def links(*named: tuple[str, str]) -> str:
    return ", ".join(f'<{url}>; rel="{rel}"' for rel, url in named)


@pytest.mark.parametrize("number", [100, 101, 102, 103, 104])
def test_a_hub_is_found_in_the_header_the_page_or_the_document(number: int, hub: Hub, make: Make) -> None:
    feed, where = hub.url("/feed"), hub.url("/hub")
    in_header = {"Link": links(("hub", where), ("self", feed))}
    if number == 100:
        serves(hub, atom(1), **in_header)
    elif number == 101:
        named = f"<link rel=alternate type=application/atom+xml href=/feed><link rel=hub href='{where}'><link rel=self href='{feed}'>"
        serves(hub, f"<!doctype html><html><head>{named}</head><body>Hello</body></html>".encode(), "/page")
        serves(hub, atom(1))
    elif number == 103:
        own = f"<atom:link rel='self' href='{feed}'/><atom:link rel='hub' href='{where}'/>"
        item = "<item><title>Post 1</title><link>https://blog.example/1</link></item>"
        rss = f"<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom'><channel><title>Blog</title>{own}{item}</channel></rss>"
        serves(hub, rss.encode())
    elif number == 104:
        serves(hub, atom(1, own=hub.url("/wrong"), hub=hub.url("/wrong-hub")), **in_header)
    ours = make(path="/page" if number == 101 else "/feed")
    if number == 101:
        assert "names its feed" in ours.polls().why
    form = ours.asks()
    assert (form["hub.mode"], form["hub.topic"], hub.asked[-1][:2]) == ("subscribe", feed, ("POST", "/hub"))


# ── 200–205: what is subscribed to, and where ──


def test_200_the_topic_is_what_the_feed_calls_its_own_address(hub: Hub, make: Make) -> None:
    serves(hub, atom(1, own=hub.url("/canonical"), hub=hub.url("/hub")))
    assert make().asks()["hub.topic"] == hub.url("/canonical")


@pytest.mark.parametrize("status", [302, 301])  # 201, 202
def test_a_topic_that_redirects_is_followed(status: int, hub: Hub, make: Make) -> None:
    serves(hub, b"", "/old", status, Location="/feed")
    assert make(path="/old").asks()["hub.topic"] == hub.url("/feed")


@pytest.mark.parametrize("status", [307, 308, 301, 302])  # 203, 204
def test_a_hub_that_redirects_gets_the_same_form_elsewhere(status: int, hub: Hub, make: Make) -> None:
    hub.answers = [(status, {"Location": "/moved"})]
    ours = make()
    form = ours.asks()
    assert [path for method, path, _ in hub.asked if method == "POST"] == ["/hub", "/moved"]
    assert hub.forms == [form, form]
    assert hub.verify(form).status == 200


def test_205_a_verification_for_another_topic_is_refused(hub: Hub, make: Make) -> None:
    ours = make()
    form = ours.asks()
    for wrong in ({"topic": hub.url("/other")}, {"mode": "unsubscribe"}, {"mode": "publish"}, {"topic": None}):
        assert hub.verify(form, **wrong).status == 404  # type: ignore[arg-type]
    assert hub.verify({**form, "hub.callback": form["hub.callback"] + "0"}).status == 404
    assert not ours.subscription.is_standing(ours.clock())


def test_a_challenge_comes_back_as_plain_text_and_as_nothing_else(hub: Hub, make: Make) -> None:
    form = make().asks()
    for unsafe in ("<script>alert(1)</script>", "a b", "é", "x" * 201, ""):
        assert hub.verify(form, unsafe).status == 404
    said = hub.verify(form, "x" * 200)
    assert (said.status, said.body) == (200, b"x" * 200)
    assert said.headers["content-type"] == "text/plain; charset=utf-8"
    assert said.headers["x-content-type-options"] == "nosniff"
    head = urlencode({"hub.mode": "subscribe", "hub.topic": form["hub.topic"], "hub.challenge": "x"})
    assert ask("HEAD", f"{form['hub.callback']}?{head}").status == 404


def test_nothing_is_confirmed_that_is_not_pending(hub: Hub, make: Make) -> None:
    ours = make()
    form = ours.subscribes()
    assert hub.verify(form).status == 200, "the hub did not hear the first answer"
    ours.later(11 * MINUTE)
    assert hub.verify(form).status == 404


def test_each_subscription_has_an_address_and_a_secret_that_nobody_can_guess(hub: Hub, make: Make) -> None:
    one, other = make().asks(), make().asks()
    for name in ("hub.callback", "hub.secret"):
        assert one[name] != other[name]
        assert len(one[name].rpartition("/")[2]) >= 32
    assert len(one["hub.secret"].encode()) <= 200
    assert one["hub.secret"] not in one["hub.callback"]
    assert one["hub.lease_seconds"] == "864000"


# ── 300–302: pushes ──


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_300_a_signed_push_is_taken_and_published(method: str, hub: Hub, make: Make) -> None:
    ours = make()
    form = ours.subscribes()
    assert hub.push(form, atom(2, own=hub.url("/feed")), method).status == 202
    assert ours.titles() == ["Post 1", "Post 2"]
    assert [(report.outcome, report.new) for report in ours.reports] == [("pushed", 1)]


def test_301_302_a_wrong_or_missing_signature_has_no_effect_and_is_counted(hub: Hub, make: Make) -> None:
    ours = make()
    form = ours.subscribes()
    body = atom(2, own=hub.url("/feed"))
    right, weak = signature("sha256", form["hub.secret"], body), signature("sha1", form["hub.secret"], body)
    forged = [
        hub.push(form, body, secret="guessed"),
        hub.push(form, body, None),
        hub.push(form, body, None, **{"X-Hub-Signature": "sha256=" + "0" * 64}),
        hub.push(form, body, None, **{"X-Hub-Signature": right[:-1]}),
        hub.push(form, body, None, **{"X-Hub-Signature": signature("md5", form["hub.secret"], body)}),
        hub.push(form, body + b" ", None, **{"X-Hub-Signature": right}),
        hub.push(form, body, None, **{"X-Hub-Signature": f"{weak}, sha512={'0' * 128}"}),
    ]
    assert {said.status for said in forged} == {202}
    ours.works()
    assert (ours.subscription.forged, ours.subscription.pushes, ours.titles()) == (7, 0, ["Post 1"])
    assert hub.push(form, body, None, **{"X-Hub-Signature": right.upper()}).status == 202
    assert ours.titles() == ["Post 1", "Post 2"]


def test_of_a_thousand_forged_pushes_none_is_stored_and_nobody_is_asked(hub: Hub, make: Make) -> None:
    with sqlite_store() as store:
        ours = make(store)
        form = ours.subscribes()
        path, before = form["hub.callback"].rpartition("/")[2], (len(hub.asked), store.counts())
        for number in range(1000):
            body = atom(2 + number % 7, title=f"Forged {number}", own=hub.url("/feed"))
            given = {"x-hub-signature": signature(("sha1", "sha256", "sha512")[number % 3], str(number), body)}
            assert ours.callbacks.deliver(path, given if number % 4 else {}, body).status == 202
        assert (len(hub.asked), store.counts()) == before
        ours.callbacks.note_forged()
        assert (ours.subscription.forged, ours.titles()) == (1000, ["Post 1"])


def test_a_push_that_is_sent_again_adds_nothing(hub: Hub, make: Make) -> None:
    ours = make()
    form = ours.subscribes()
    for body in (atom(2, own=hub.url("/feed")), atom(2, own=hub.url("/feed")), atom(2, own=hub.url("/feed")) + b"\n"):
        assert hub.push(form, body).status == 202
    assert [report.new for report in ours.reports] == [1, 0]


def test_a_push_leaves_alone_what_only_the_feeds_server_can_say(hub: Hub, make: Make) -> None:
    serves(hub, atom(1, own=hub.url("/feed"), hub=hub.url("/hub")), ETag='"one"')
    ours = make()
    form = ours.subscribes()
    before = ours.state
    hub.push(form, atom(2))
    after = ours.state
    assert (after.validators, after.body_hash, after.head, after.last_success_at) == (
        before.validators,
        before.body_hash,
        before.head,
        before.last_success_at,
    )
    ours.polls()
    assert hub.asked[-1][2]["If-None-Match"] == '"one"'


def test_a_feed_that_is_being_polled_is_waited_for_and_then_pushed_again_later(hub: Hub, make: Make) -> None:
    ours = make()
    form = ours.subscribes()
    ours.later(MINUTE)
    ours.store.lease(ours.clock(), 3 * MINUTE, 1, feeds=["blog"], ignore_holds=True)
    assert hub.push(form, atom(2)).status == 503
    assert 2 < sum(ours.waited) < 10
    ours.later(4 * MINUTE)
    assert hub.push(form, atom(2)).status == 202
    assert ours.titles() == ["Post 1", "Post 2"]


def test_what_is_pushed_is_held_to_the_limits_of_a_fetch(hub: Hub, make: Make) -> None:
    ours = make()
    form = ours.subscribes()
    assert hub.push(form, b"x" * (10 * 1024 * 1024 + 1)).status == 413
    assert hub.push(form, gzip.compress(b" " * (11 * 1024 * 1024)), **{"Content-Encoding": "gzip"}).status == 415
    assert hub.push(form, gzip.compress(atom(2)), **{"Content-Encoding": "gzip"}).status == 202
    assert ours.titles() == ["Post 1", "Post 2"]
    hub.push(form, atom(3).replace(b"<title>Post 3", b"<title>Post 3" + b" and on" * 200))
    (status,) = statuses(ours.store, ours.app.config, ours.clock())
    assert (status.trouble, status.limits) == ("cut", ("cut: titles beyond 1,000 characters in 1 entry",))


def test_a_push_that_is_no_feed_or_another_feeds_has_the_feed_asked(hub: Hub, make: Make) -> None:
    ours = make(every=2 * HOUR, every_given=True)
    form = ours.subscribes()
    polled = ours.clock()
    for body in (b"<html>Hello</html>", atom(2, own="https://other.example/feed")):
        ours.later(MINUTE)
        assert hub.push(form, body).status == 202
        assert (ours.titles(), ours.state.next_poll_at) == (["Post 1"], polled + 2 * HOUR)
    assert ours.state.why == "its hub pushed what cannot be read, so it is asked: the hub pushed the document of https://other.example/feed"


def test_a_stranger_that_comes_by_push_is_held_like_one_that_was_fetched(hub: Hub, make: Make) -> None:
    ours = make()
    form = ours.subscribes()
    strange = (
        atom(2, 3, 4, title="Cheap Pills")
        .replace(b"https://blog.example/", b"https://pills.example/")
        .replace(b"blog.example,", b"pills.example,")
    )
    assert hub.push(form, strange.replace(b"<title>Cheap", b"<author><name>Pat</name></author><title xml:lang='ru'>Cheap")).status == 202
    assert ours.state.hold is not None
    assert ours.titles() == ["Post 1"]


# ── polls: a backup once a day, while pushes arrive ──


def test_a_feed_is_polled_as_ever_until_something_is_pushed_and_then_once_a_day(hub: Hub, make: Make) -> None:
    ours = make(every=2 * HOUR, every_given=True)
    form = ours.subscribes()
    assert ours.polls().why == "every 2 h, as feeds.yaml says"
    hub.push(form, atom(2))
    assert DAY <= ours.state.next_poll_at - ours.clock() <= 1.1 * DAY
    assert ours.state.why == "once a day, in case its hub 127.0.0.1 misses something: the hub pushes what is new"
    ours.later(DAY)
    serves(hub, atom(2, 1, own=hub.url("/feed"), hub=hub.url("/hub")))
    assert "once a day, in case its hub" in ours.polls().why
    (status,) = statuses(ours.store, ours.app.config, ours.clock())
    assert feed_lines(status, ours.clock())[-2].text == (
        "127.0.0.1 pushes until 2026-11-11 12:00 UTC and is asked again before; "
        "1 document, the last at 2026-11-01 12:00 UTC; polled once a day, in case the hub misses something"
    )


def test_pushes_put_off_no_daily_poll_however_many_there_are(hub: Hub, make: Make) -> None:
    ours = make(every=2 * HOUR, every_given=True)
    form = ours.subscribes()
    due = []
    for number in range(2, 8):
        ours.later(3 * HOUR)
        hub.push(form, atom(number))
        due.append(ours.state.next_poll_at)
    assert len(set(due)) == 1
    assert due[0] - (ours.state.last_poll_at or NOON) <= 1.1 * DAY
    serves(hub, atom(9, 7, 6, 5, 4, 3, 2, 1, own=hub.url("/feed"), hub=hub.url("/hub")))
    ours.later(8 * HOUR)
    assert ours.polls().next_poll_at == ours.state.next_poll_at < ours.clock() + 3 * HOUR, "what the hub lost shows"


@pytest.mark.parametrize(
    ("status", "fields", "least"),
    [
        (200, {"Cache-Control": "max-age=432000"}, 5 * DAY),
        (403, {}, 4 * HOUR),
        (503, {"Retry-After": "259200"}, 3 * DAY),
        (410, {}, DAY),
    ],
)
def test_no_hub_has_a_server_asked_before_it_wishes(status: int, fields: Mapping[str, str], least: timedelta, hub: Hub, make: Make) -> None:
    ours = make(every=HOUR, every_given=True)
    form = ours.subscribes()
    serves(hub, atom(1, own=hub.url("/feed"), hub=hub.url("/hub")), status=status, **fields)
    ours.polls()
    asked, why = ours.clock(), ours.state.why
    for body in (atom(2), b"<html>Hello</html>"):
        ours.later(MINUTE)
        assert hub.push(form, body).status == 202
        assert ours.state.next_poll_at >= asked + least
    ours.later(MINUTE)
    hub.verify(form, mode="denied")
    ours.works()
    assert ours.state.next_poll_at >= asked + least
    assert status == 200 or ours.state.why == why


def test_polls_are_resumed_when_one_finds_what_was_not_pushed(hub: Hub, make: Make) -> None:
    ours = make(every=2 * HOUR, every_given=True)
    form = ours.subscribes()
    hub.push(form, atom(2))
    serves(hub, atom(3, 2, 1, own=hub.url("/feed"), hub=hub.url("/hub")))
    ours.later(DAY)
    ours.polls()
    assert ours.state.next_poll_at - ours.clock() < 3 * HOUR
    assert "what was not pushed, so the feed is polled as ever" in told(ours.subscription, ours.clock())
    hub.push(form, atom(4))
    assert ours.state.next_poll_at - ours.clock() >= DAY


def test_polls_are_resumed_when_the_hub_refuses_or_the_lease_ends(hub: Hub, make: Make) -> None:
    for ending in ("denied", "lease"):
        ours = make(every=2 * HOUR, every_given=True)
        form = ours.asks()
        hub.verify(form, lease_seconds="36000")
        hub.push(form, atom(2))
        ours.later(9 * HOUR + MINUTE)
        hub.answers = [(503, {})]
        ours.works()
        assert hub.forms[-1] == form, "renewed before it ends"
        assert ours.state.next_poll_at > ours.clock()
        if ending == "denied":
            assert hub.verify(form, mode="denied", reason="no <b>more</b>").status == 200
        ours.later(HOUR)
        ours.works()
        assert ours.state.next_poll_at <= ours.clock()
        assert "polled again" in ours.state.why
        assert "127.0.0.1 does not push, so the feed is polled" in told(ours.subscription, ours.clock())


def test_where_a_hub_refuses_or_fails_the_next_one_is_asked_and_in_the_end_the_first_again(hub: Hub, make: Make) -> None:
    first, second, third = (hub.url(f"/hub{number}") for number in (1, 2, 3))
    serves(hub, atom(1), Link=links(("hub", first), ("self", hub.url("/feed")), ("hub", second), ("hub", third)))
    ours = make()
    form = ours.asks()
    hub.verify(form, mode="denied")
    hub.answers = [(503, {})] * 3
    for span in (timedelta(), 20 * MINUTE, 20 * MINUTE):
        ours.later(span)
        ours.works()
    assert hub.forms[-1]["hub.callback"] != form["hub.callback"], "what one hub knows is no other's"
    assert hub.verify(form).status == 404
    for span in (MINUTE, 2 * HOUR, 9 * HOUR, 11 * MINUTE, 2 * HOUR, 2 * HOUR):
        ours.works()
        ours.later(span)
    ours.works()
    silent = ["/hub3"] * 3
    assert [path for method, path, _ in hub.asked if method == "POST"] == ["/hub1", "/hub2", "/hub2", "/hub2", *silent, "/hub1"]
    assert hub.verify(hub.forms[-1]).status == 200
    assert ours.subscription.hub == first


def test_a_lease_is_renewed_a_day_before_it_ends_and_keeps_its_address(hub: Hub, make: Make) -> None:
    ours = make()
    form = ours.subscribes()
    ours.later(9 * DAY - MINUTE)
    ours.works()
    assert hub.forms == [form]
    ours.later(MINUTE)
    ours.works()
    assert hub.forms == [form, form]
    assert hub.verify(form).status == 200
    assert ours.subscription.lease_until == ours.clock() + 10 * DAY


# ── hubs that fail ──


def test_a_hub_that_fails_is_asked_less_and_less(hub: Hub, make: Make) -> None:
    ours = make()
    hub.answers = [(500, {}), (500, {}), (500, {}), (503, {"Retry-After": "36000"})]
    ours.asks()
    asked = []
    for minute in range(0, 24 * 60, 10):
        before = len(hub.forms)
        ours.works()
        asked += [minute] * (len(hub.forms) - before)
        ours.later(10 * MINUTE)
    # Refused at once, and after 10, 20 and 40 minutes; then it asks for ten hours, takes the form and never verifies.
    assert asked == [10, 30, 70, 670]
    assert "took the request" not in told(ours.subscription, ours.clock())
    ours.later(DAY)
    ours.works()
    assert "never asked whether it was meant" in told(ours.subscription, ours.clock())


def test_no_feed_leads_us_to_post_to_a_private_address(hub: Hub, make: Make) -> None:
    ours = make()
    ours.polls()
    ours.configured(feeds=(replace(ours.app.config.feeds[0], allow_private=False),))
    ours.works()
    assert hub.forms == []
    assert "not a public address" in told(ours.subscription, ours.clock())


def test_what_feeds_yaml_does_not_allow_any_more_is_not_asked_any_more(hub: Hub, make: Make) -> None:
    ours = make()
    form = ours.subscribes()
    ours.configured(feeds=(replace(ours.app.config.feeds[0], allow_private=False),))
    ours.works()
    ours.works()
    assert (hub.forms, hub.push(form, atom(2)).status) == ([form], 410)


@pytest.mark.parametrize("change", [{"is_private": True}, {"opt_out": True}])
def test_a_private_feeds_address_is_told_to_no_hub(change: Mapping[str, bool], hub: Hub, make: Make) -> None:
    ours = make(**change)
    ours.polls()
    ours.works()
    assert hub.forms == ours.store.hubs.subscriptions() == []


# ── the end ──


def test_a_feed_that_is_removed_is_unsubscribed_and_its_pushes_are_refused(hub: Hub, make: Make) -> None:
    ours = make()
    form = ours.subscribes()
    ours.later(MINUTE)
    ours.configured(feeds=())
    ours.works()
    leaving = hub.forms[-1]
    assert leaving == {"hub.mode": "unsubscribe", "hub.topic": form["hub.topic"], "hub.callback": form["hub.callback"]}
    assert hub.push(form, atom(2)).status == 410
    assert hub.verify({**leaving, "hub.mode": "subscribe"}).status == 404
    assert hub.verify(leaving).body == b"3f2a.b-c_9"
    assert ours.store.hubs.subscriptions() == []
    assert hub.push(form, atom(2)).status == 404


def test_a_hub_that_does_not_let_go_is_asked_three_times(hub: Hub, make: Make) -> None:
    ours = make()
    ours.subscribes()
    ours.configured(websub_subscribe=False)
    for _ in range(5):
        ours.works()
        ours.later(DAY)
    assert [form["hub.mode"] for form in hub.forms] == ["subscribe", *["unsubscribe"] * 3]
    assert ours.store.hubs.subscriptions() == []


def test_a_feed_that_moves_to_another_hub_is_subscribed_there(hub: Hub, make: Make) -> None:
    ours = make()
    old = ours.subscribes()
    serves(hub, atom(1, own=hub.url("/feed"), hub=hub.url("/other-hub")))
    ours.later(DAY - MINUTE)
    ours.asks()
    assert hub.forms == [old], "it may be another one at every request"
    ours.later(MINUTE)
    ours.works()
    ours.works()
    asked = dict(zip([path for method, path, _ in hub.asked if method == "POST"], hub.forms, strict=True))
    new, leaving = asked["/other-hub"], asked["/hub"]
    assert (new["hub.mode"], leaving["hub.mode"], leaving["hub.callback"]) == ("subscribe", "unsubscribe", old["hub.callback"])
    assert new["hub.secret"] != old["hub.secret"]


def test_a_restart_keeps_everything(hub: Hub, make: Make, tmp_path: Path) -> None:
    first = SqlStore(str(tmp_path / "a.db"))
    before = make(first)
    form = before.subscribes()
    hub.push(form, atom(2))
    standing = before.subscription
    first.close()
    second = SqlStore(str(tmp_path / "a.db"))
    after = make(second)
    after.clock.now = before.clock.now
    after.configured(link=before.app.config.link)
    after.works()
    assert (after.subscription, len(hub.forms)) == (standing, 1)
    path = form["hub.callback"].rpartition("/")[2]
    body = atom(3)
    assert after.callbacks.deliver(path, {"x-hub-signature": signature("sha256", form["hub.secret"], body)}, body).status == 202
    assert after.titles() == ["Post 1", "Post 2", "Post 3"]
    second.close()


# ── alone ──


def test_a_hub_that_a_wrong_clock_put_off_for_a_year_is_asked_now() -> None:
    one = HubSubscription(path="p", feed_key="k", hub="https://hub.example/", topic="t", callback="c", secret="s", next_at=NOON)
    due = [is_due(replace(one, next_at=NOON + ahead), NOON) for ahead in map(timedelta, (-1, 0, 1, 30, 400))]
    assert due == [True, True, False, False, True]


@pytest.mark.parametrize("about", ['; anchor="/other"', "; anchor=https://blog.example/other"])
def test_a_link_that_is_said_of_another_page_names_no_hub(about: str) -> None:
    hub = "<https://hub.example/>; rel=hub"
    assert linked(hub, "https://blog.example/feed") is not None
    assert linked(hub + about, "https://blog.example/feed") is None
