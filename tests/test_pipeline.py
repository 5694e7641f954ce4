"""The walk with plain fakes: what one poll does to a feed's state, and what one publish does to the outputs."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.app import RENDERERS
from aggregator.errors import BadStatus, Gone, PublishError, Unreachable
from aggregator.model import (
    Config,
    Edition,
    FeedSpec,
    FeedState,
    Hop,
    Kept,
    OutputSpec,
    Pause,
    Redirect,
    Surroundings,
    Traffic,
    Validators,
    Written,
)
from aggregator.pipeline import Ports, poll, publish
from aggregator.publish.stylesheet import STYLESHEETS
from aggregator.refine.known import known_sources, our_addresses, our_home, our_names
from aggregator.refine.stories import same_story
from aggregator.refine.succession import successors
from aggregator.rereading import reread
from aggregator.web.url import link
from tests.e2e.running import feed
from tests.fakes import FakeClock, FakeFetcher, FakeFolder, FakeStore, document

GARDEN = FeedSpec(id="garden", url="https://garden.example/feed.xml", shown_url="https://garden.example/feed.xml", republish="full")
NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
ATOM = OutputSpec(path="atom.xml", format="atom")
JSON = OutputSpec(path="feed.json", format="json")
OPML = OutputSpec(path="feeds.opml", format="opml")


class Walk:
    """A pipeline over fakes: one feed, a clock that is moved by hand."""

    def __init__(
        self, *specs: FeedSpec, outputs: tuple[OutputSpec, ...] = (ATOM,), contact: str | None = "https://planet.example/about"
    ) -> None:
        self.clock, self.fetcher, self.store, self.folder = FakeClock(NOW), FakeFetcher(), FakeStore(), FakeFolder()
        config = Config(
            path=Path("/srv/feeds.yaml"),
            root=Path("/srv/public"),
            store=":memory:",
            link=link("https://planet.example/"),
            contact=contact,
            feeds=specs or (GARDEN,),
            outputs=outputs,
        )
        self.ports = Ports(
            config=config,
            clock=self.clock,
            fetcher=self.fetcher,
            reader=reread,
            store=self.store,
            publisher=self.folder,
            renderers=RENDERERS,
            surroundings=lambda: Surroundings(ours=our_addresses(config)),
        )
        self.store.sync(config.feeds, self.clock())

    def answers(self, *given: object, id_: str = "garden") -> FeedState:
        """Let the feed answer so, one poll after the other, each when it is due; return its last state."""
        for answer in given:
            self.fetcher.answers[id_] = answer  # type: ignore[assignment]
            ((state, lease),) = self.store.lease(self.clock(), timedelta(minutes=3), 1, feeds=[id_], ignore_holds=True)
            spec = next(spec for spec in self.ports.config.feeds if spec.id == id_)
            result, self.report = poll(spec, state, lease, self.ports)
            self.counts = self.store.record([result], same_story, successors)
            self.clock.forward(max(result.state.next_poll_at - self.clock(), timedelta(seconds=3)))
        found = self.store.feed(id_)
        assert found is not None
        return found

    def until_next(self, state: FeedState) -> timedelta:
        assert state.last_poll_at is not None
        return state.next_poll_at - state.last_poll_at


def good(*texts: str, **fields: object) -> object:
    return document(feed("garden", *texts), GARDEN.url, **fields)


MOVED = FeedSpec(id="old", url="https://old.example/feed", shown_url="https://old.example/feed", republish="full")
TO_GARDEN = (Redirect(status=301, target="https://garden.example/feed.xml/"),)


def twins(*outputs: OutputSpec, garden: FeedSpec = GARDEN) -> Walk:
    """A feed that has moved for good to the address of another."""
    walk = Walk(garden, MOVED, outputs=outputs or (ATOM,))
    walk.answers(good("One."))
    for number in range(6):
        walk.answers(good(f"{number}.", redirects=TO_GARDEN), id_="old")
        walk.clock.forward(timedelta(days=2))
    return walk


def is_asked(walk: Walk, answer: object) -> bool:
    """Is the feed that has moved asked when its time comes?"""
    before = len(walk.fetcher.asked)
    walk.answers(answer, id_="old")
    return len(walk.fetcher.asked) > before


@pytest.mark.parametrize(
    ("garden", "output", "is_missed"),
    [
        (GARDEN, ATOM, False),
        (GARDEN, replace(ATOM, feeds=("old",)), True),
        (replace(GARDEN, every=timedelta(days=7), every_given=True), ATOM, True),
        (replace(GARDEN, republish="link"), ATOM, True),
        (replace(GARDEN, url="https://me:secret@garden.example/feed.xml"), ATOM, True),
    ],
)
def test_a_feed_that_has_moved_to_where_another_is_asked_is_not_asked_as_well_unless_something_of_it_would_be_missed(
    garden: FeedSpec, output: OutputSpec, is_missed: bool
) -> None:
    walk = twins(output, garden=garden)
    assert is_asked(walk, good("Two.")) == is_missed
    found = walk.store.feed("old")
    assert found is not None
    assert ("the same feed as garden" in found.why) != is_missed


def test_a_feed_that_has_moved_is_asked_again_at_its_old_address_once_the_new_one_fails() -> None:
    walk = twins()
    assert not is_asked(walk, good("Two."))
    walk.answers(BadStatus(GARDEN.url, "answered 404", status=404))
    assert is_asked(walk, BadStatus(GARDEN.url, "answered 404", status=404))
    assert is_asked(walk, good("Two."))
    assert walk.fetcher.asked[-1][0].url == MOVED.url


def test_of_two_feeds_that_lead_to_one_another_in_turn_one_is_always_asked() -> None:
    walk = twins()
    assert not is_asked(walk, good("Two."))
    for number in range(6):
        walk.answers(good(f"{number} more.", redirects=(Redirect(status=301, target=MOVED.url),)))
        walk.clock.forward(timedelta(days=2))
    assert is_asked(walk, good("Three."))


def test_validators_are_kept_only_from_a_body_that_was_parsed() -> None:
    walk = Walk()
    kept = Validators(etag='"a"', last_modified="Mon, 06 Jan 2025 10:00:00 GMT")
    page = document(b"<!doctype html><p>Sign in", validators=Validators(etag='"page"'))
    state = walk.answers(good("One.", validators=kept), page)
    assert state.validators == kept
    assert state.last_error is not None
    walk.answers(good("One.", "Two.", validators=kept))
    assert walk.fetcher.asked[-1][1] == kept
    assert walk.counts == [(1, 0)]


def test_an_error_is_the_feeds_own_and_is_forgotten_when_it_works_again() -> None:
    walk = Walk()
    state = walk.answers(good("One."), Unreachable(GARDEN.shown_url, "the name cannot be found"))
    assert (state.failures, state.last_error) == (1, "the name cannot be found")
    assert walk.report.outcome == "failed"
    assert walk.report.next_poll_at == state.next_poll_at
    state = walk.answers(good("One."))
    assert (state.failures, state.last_error, state.failing_since) == (0, None, None)


def test_failures_wait_twice_as_long_each_time_up_to_a_day() -> None:
    walk = Walk()
    walk.answers(good("One."))
    waits = [walk.until_next(walk.answers(Unreachable(GARDEN.shown_url, "no connection"))) for _ in range(8)]
    assert waits[0] < waits[1] < waits[2] < waits[3]
    assert waits[0] >= timedelta(hours=2)
    assert timedelta(hours=24) <= waits[-1] <= timedelta(hours=27)


def test_a_server_that_asks_for_a_pause_gets_it_for_all_its_feeds() -> None:
    other = replace(GARDEN, id="other", url="https://garden.example/other.xml", shown_url="https://garden.example/other.xml")
    walk = Walk(GARDEN, other)
    walk.answers(BadStatus(GARDEN.shown_url, "busy (503)", status=503, retry_after=timedelta(hours=5)))
    now = walk.clock.now - timedelta(hours=2)
    assert walk.store.lease(now, timedelta(minutes=3), 9, feeds=["other"]) == []
    assert walk.store.lease(now, timedelta(minutes=3), 9, feeds=["other"], ignore_holds=True) != []


def test_a_pause_binds_the_server_that_asked_for_it_and_not_the_one_that_led_there() -> None:
    other, host = replace(GARDEN, id="other"), replace(GARDEN, id="host", url="https://host.example/x", shown_url="https://host.example/x")
    walk = Walk(GARDEN, replace(other, url="https://garden.example/2", shown_url="https://garden.example/2"), host)
    busy = BadStatus(GARDEN.shown_url, "busy (503)", status=503, retry_after=timedelta(hours=5))
    busy.server = "https://feeds.host.example"
    walk.answers(busy)
    now = walk.clock.now - timedelta(hours=2)
    assert [state.id for state, _ in walk.store.lease(now, timedelta(minutes=3), 9, feeds=["other", "host"])] == ["other"]
    walk.clock.forward(timedelta(days=1))
    paused = Pause(span=timedelta(hours=9), server="https://garden.example")
    state = walk.answers(good("One.", pause=paused))
    assert state.last_poll_at
    assert state.not_before
    assert state.not_before - state.last_poll_at >= timedelta(hours=9)
    assert walk.store.lease(state.last_poll_at + timedelta(hours=8), timedelta(minutes=3), 9, feeds=["other"]) == []


def test_a_feed_counts_as_one_of_the_server_that_it_leads_to() -> None:
    host = replace(GARDEN, id="host", url="https://host.example/x", shown_url="https://host.example/x")
    walk = Walk(GARDEN, host)
    walk.answers(good("One.", server="https://feeds.host.example"))
    assert walk.store.lease(walk.clock(), timedelta(minutes=3), 1, feeds=["garden"])
    assert walk.store.lease(walk.clock(), timedelta(minutes=3), 1, feeds=["host"]) == []


def test_what_cannot_be_read_was_asked_for_all_the_same() -> None:
    walk = Walk()
    walk.answers(document(b"<!doctype html><p>Sign in", GARDEN.url, traffic=Traffic(requests=2, received_bytes=900)))
    ((_, spent),) = walk.store.tallies.spent(NOW.date()).items()
    assert (spent.failed, spent.requests, spent.received_bytes) == (1, 2, 900)


def test_gone_twice_is_gone() -> None:
    walk = Walk()
    state = walk.answers(good("One."), *[Gone(GARDEN.shown_url, "gone (410)", status=410)] * 2)
    assert "gone" in state.why
    assert walk.until_next(state) > timedelta(days=29)
    asked = len(walk.fetcher.asked)
    state = walk.answers(good("One."))
    assert (len(walk.fetcher.asked), state.gone_count) == (asked, 3), "nor in a month"
    assert walk.report.error == "gone (410)"
    walk.clock.forward(-timedelta(days=20))
    assert walk.answers(good("One.")).failures == 0, "but by name"


def test_without_a_contact_no_feed_is_asked_more_than_every_two_hours() -> None:
    walk = Walk(replace(GARDEN, every=timedelta(minutes=10), every_given=True), contact=None)
    assert walk.until_next(walk.answers(good("One."))) >= timedelta(hours=2)


def test_a_page_is_asked_once_and_then_its_feed() -> None:
    walk = Walk()
    page = document(b'<!doctype html><link rel="alternate" type="application/rss+xml" href="/blog.xml"><p>Hello', GARDEN.url)
    state = walk.answers(page)
    assert state.discovered == "https://garden.example/blog.xml"
    assert "blog.xml" in (walk.report.error or "")
    walk.answers(good("One."))
    assert walk.fetcher.asked[-1][0].url == "https://garden.example/blog.xml"


def test_a_page_whose_feed_gave_an_error_is_asked_again_and_may_name_another() -> None:
    walk, body = Walk(), '<!doctype html><link rel="alternate" type="application/rss+xml" href="/{}.xml"><p>Hello'
    first, second = (document(body.format(name), GARDEN.url) for name in ("blog", "news"))
    assert walk.answers(first, good("One."), BadStatus(GARDEN.url, "answered 500", status=500)).failures == 1
    assert walk.answers(first, good("One.", "Two.")).last_error is None
    assert walk.fetcher.asked[-1][0].url == "https://garden.example/blog.xml"
    walk.answers(BadStatus(GARDEN.url, "answered 404", status=404), second, good("Three."))
    assert walk.fetcher.asked[-1][0].url == "https://garden.example/news.xml"


def test_a_feed_that_worked_never_follows_a_page() -> None:
    walk = Walk()
    page = document(b'<!doctype html><link rel="alternate" type="application/rss+xml" href="/other.xml"><p>Hello', GARDEN.url)
    assert walk.answers(good("One."), page).discovered is None


def test_a_page_never_sends_us_to_another_publisher() -> None:
    walk = Walk()
    page = document(
        b'<!doctype html><link rel="alternate" type="application/rss+xml" href="https://evil.example/x.xml"><p>Hello', GARDEN.url
    )
    assert walk.answers(page).discovered is None


@pytest.mark.parametrize(
    ("named", "goes"),
    [
        ("https://garden.example/blog.xml", True),
        ("https://feeds.garden.example/blog.xml", False),
        ("http://garden.example/blog.xml", False),
        ("https://garden.example:8443/blog.xml", False),
    ],
)
def test_secrets_are_sent_to_the_very_server_that_feeds_yaml_names(named: str, goes: bool) -> None:
    secret = replace(GARDEN, headers=(("Authorization", "Bearer 1"),), every=timedelta(days=2), every_given=True)
    page = f'<!doctype html><link rel="alternate" type="application/rss+xml" href="{named}"><p>Hello'
    walk, moved = Walk(secret), Walk(secret)
    walk.answers(document(page.encode(), GARDEN.url), good("One."))
    moved.answers(*[good(f"Text {number}.", redirects=(Redirect(status=301, target=named),)) for number in range(6)])
    for each in (walk, moved):
        asked = each.fetcher.asked[-1][0]
        assert (asked.url, bool(asked.headers)) == (named, goes)


def test_a_redirect_that_ends_in_nothing_is_forgotten_when_the_old_address_answers() -> None:
    walk = Walk(replace(GARDEN, every=timedelta(days=2), every_given=True))
    moved = (Redirect(status=301, target="https://new.example/feed"),)
    walk.answers(*[good(f"Text {number}.", redirects=moved) for number in range(5)])
    elsewhere = replace(GARDEN, id="new", url="https://new.example/other", shown_url="https://new.example/other")
    walk.store.sync([*walk.ports.config.feeds, elsewhere], walk.clock())
    assert walk.store.lease(walk.clock(), timedelta(minutes=3), 1, feeds=["garden"])
    assert walk.store.lease(walk.clock(), timedelta(minutes=3), 1, feeds=["new"]) == [], "it is the new server that is asked now"
    walk.clock.forward(timedelta(hours=1))
    walk.answers(BadStatus("", "not found (404)", status=404), good("One."), good("One."), good("One."))
    assert [spec.url for spec, _, _ in walk.fetcher.asked[-4:]] == [moved[0].target, *[GARDEN.url] * 3]


def test_a_document_that_may_have_been_broken_off_is_asked_for_again() -> None:
    walk = Walk()
    kept = Validators(etag='"whole"')
    state = walk.answers(good("One.", validators=kept))
    cut = feed("garden", "Three.", "Two.", "One.")[:-60]
    state = walk.answers(document(cut, GARDEN.url, validators=Validators(etag='"new"'), has_known_end=False))
    assert (state.validators, walk.counts[0][0]) == (kept, 1)
    assert walk.answers(document(cut, GARDEN.url, validators=Validators(etag='"new"'))).validators.etag == '"new"'


def test_a_permanent_redirect_is_asked_directly_only_after_it_proved_itself() -> None:
    walk = Walk(replace(GARDEN, every=timedelta(days=2), every_given=True))
    moved = "https://garden.example/new.xml"
    answers = [good(f"Text {number}.", redirects=(Redirect(status=301, target=moved),)) for number in range(6)]
    walk.answers(*answers[:5])
    assert {spec.url for spec, _, _ in walk.fetcher.asked} == {GARDEN.url}
    walk.answers(answers[5])
    assert walk.fetcher.asked[-1][0].url == moved


def test_changed_rules_read_the_same_body_again() -> None:
    walk = Walk()
    walk.answers(good("Support us.", validators=Validators(etag='"a"')))
    config = replace(walk.ports.config, feeds=(replace(GARDEN, strip=("Support us.",)),))
    walk.ports = replace(walk.ports, config=config)
    walk.answers(good("Support us.", validators=Validators(etag='"a"')))
    assert walk.fetcher.asked[-1][1:] == (Validators(), None)


# ── publish ──


def test_publishing_twice_changes_nothing() -> None:
    walk = Walk(outputs=(ATOM, JSON))
    walk.answers(good("One.", "Two."))
    assert [report.changed for report in publish(walk.ports)] == [True, True, True], "two outputs and the stylesheets"
    walk.clock.forward(timedelta(days=3))
    assert [report.changed for report in publish(walk.ports)] == [False, False]


def test_one_output_that_cannot_be_written_leaves_the_others() -> None:
    walk = Walk(outputs=(ATOM, JSON))
    walk.answers(good("One."))

    def refused(edition: Edition, kept: Kept | None) -> Written:
        raise PublishError(edition.spec.path, "does not parse back")

    walk.ports = replace(walk.ports, renderers={**walk.ports.renderers, "atom": refused})
    reports = publish(walk.ports)
    assert [(report.path, report.error) for report in reports] == [
        ("atom.xml", "does not parse back"),
        ("feed.json", None),
        ("stylesheets", None),
    ]
    assert "atom.xml" not in walk.folder.files
    assert b"One." in walk.folder.files["feed.json"]


def test_after_one_new_entry_nothing_else_is_serialized_unless_somebody_changed_the_file() -> None:
    walk, made = Walk(GARDEN, replace(GARDEN, id="yard", shown_url="https://yard.example/feed"), outputs=(ATOM,)), list[int]()

    def counted(edition: Edition, kept: Kept | None) -> Written:
        written = RENDERERS["atom"](edition, kept)
        made.append(len(written.fresh))
        return written

    walk.ports = replace(walk.ports, renderers={"atom": counted})
    walk.answers(good("One.", "Two."))
    publish(walk.ports)
    walk.answers(document(feed("yard", "Three."), "https://yard.example/feed"), id_="yard")
    publish(walk.ports)
    publish(walk.ports)
    joined = walk.folder.files["atom.xml"]
    walk.folder.files["atom.xml"] = joined.replace(b"One.", b"Forged.")
    publish(walk.ports)
    assert made == [2, 1, 0, joined.count(b"<entry>")]
    assert walk.folder.files["atom.xml"] == joined


def test_an_output_that_left_feeds_yaml_loses_its_file_and_comes_back_as_it_was() -> None:
    walk = Walk(outputs=(ATOM, JSON, OPML))
    walk.answers(good("One.", "Two."))
    publish(walk.ports)
    before = dict(walk.folder.files)
    both = walk.ports
    walk.ports = replace(both, config=replace(both.config, outputs=(ATOM,)))
    reports = publish(walk.ports)
    assert [(report.path, report.changed, report.error) for report in reports] == [
        ("atom.xml", False, None),
        ("feed.json", True, None),
        ("feeds.opml", True, None),
    ]
    assert walk.folder.files == {path: before[path] for path in ("atom.xml", *STYLESHEETS)}
    assert [report.path for report in publish(walk.ports)] == ["atom.xml"]
    walk.answers(good("Three.", "One.", "Two."))
    publish(both)
    items = [item["id"] for item in json.loads(walk.folder.files["feed.json"])["items"]]
    assert items[1:] == [item["id"] for item in json.loads(before["feed.json"])["items"]]
    assert walk.folder.files["feeds.opml"] == before["feeds.opml"]


def test_a_file_that_is_not_ours_is_never_removed() -> None:
    walk = Walk(outputs=(ATOM, JSON))
    walk.answers(good("One."))
    publish(walk.ports)
    walk.folder.files |= {"feed.json": b"somebody's own", "other.json": b"somebody else's"}
    walk.ports = replace(walk.ports, config=replace(walk.ports.config, outputs=(ATOM,)))
    assert [report.path for report in publish(walk.ports)] == ["atom.xml"]
    assert set(walk.folder.files) == {"atom.xml", "feed.json", "other.json", *STYLESHEETS}


def test_a_file_that_cannot_be_removed_is_said_and_tried_again() -> None:
    walk = Walk(outputs=(ATOM, JSON))
    walk.answers(good("One."))
    publish(walk.ports)
    walk.ports = replace(walk.ports, config=replace(walk.ports.config, outputs=(ATOM,)))
    walk.folder.broken.add("feed.json")
    assert publish(walk.ports)[1].error == "the disk is full"
    walk.folder.broken.clear()
    publish(walk.ports)
    assert set(walk.folder.files) == {"atom.xml", *STYLESHEETS}


def test_a_feed_that_left_feeds_yaml_leaves_the_output_and_comes_back_with_the_same_ids() -> None:
    walk = Walk()
    walk.answers(good("One."))
    publish(walk.ports)
    first = walk.folder.files["atom.xml"]
    with_it = walk.ports
    walk.ports = replace(with_it, config=replace(with_it.config, feeds=()))
    walk.store.sync((), walk.clock())
    publish(walk.ports)
    assert b"One." not in walk.folder.files["atom.xml"]
    walk.store.sync((GARDEN,), walk.clock())
    publish(with_it)
    assert walk.folder.files["atom.xml"] == first


def test_a_newly_added_feed_shows_only_its_newest_entries() -> None:
    other = replace(GARDEN, id="other", url="https://other.example/feed.xml", shown_url="https://other.example/feed.xml")
    walk = Walk(GARDEN)
    walk.answers(good("One."))
    publish(walk.ports)
    walk.clock.forward(timedelta(days=1))
    walk.ports = replace(walk.ports, config=replace(walk.ports.config, feeds=(GARDEN, other)))
    walk.store.sync((GARDEN, other), walk.clock())
    walk.answers(document(feed("other", *(f"Old {number}." for number in range(1, 9)))), id_="other")
    publish(walk.ports)
    body = walk.folder.files["atom.xml"].decode()
    assert [number for number in range(1, 9) if f"Old {number}." in body] == [6, 7, 8]


def test_max_age_cuts_at_midnight() -> None:
    walk = Walk(outputs=(replace(ATOM, max_age=timedelta(days=30)),))
    walk.clock.now = datetime.fromisoformat("2026-10-20T12:00:00+00:00")
    walk.answers(good("One.", "Two."))
    entries = [
        publish(walk.ports, today=datetime.fromisoformat(at))[0].entries
        for at in ("2026-10-31T23:59:00+00:00", "2026-11-01T00:01:00+00:00")
    ]
    assert entries == [2, 1]


# ── loops ──


def test_our_outputs_are_known_by_every_address_that_we_give_them() -> None:
    walk = Walk(outputs=(ATOM, replace(JSON, path="news/feed.json")))
    assert our_addresses(walk.ports.config) == {
        "https://planet.example/atom.xml",
        "https://planet.example/news/feed.json",
        "https://127.0.0.1:8080/atom.xml",
        "https://127.0.0.1:8080/news/feed.json",
        "https://localhost:8080/atom.xml",
        "https://localhost:8080/news/feed.json",
        "file:///srv/public/atom.xml",
        "file:///srv/public/news/feed.json",
    }


def test_what_our_outputs_are_called_is_ours_unless_others_are_called_so() -> None:
    walk = Walk(outputs=(replace(ATOM, title="River News"), replace(JSON, title="News")))
    config = replace(walk.ports.config, title="Our Planet")
    assert our_names(config, {}) == {"river news", "our planet"}
    assert our_names(walk.ports.config, {}) == {"river news"}, "nobody chose that one"
    assert our_names(config, {"our planet": Hop(name="Our Planet", site="other.example")}) == {"river news"}


def test_a_home_page_that_a_polled_feed_shares_with_us_is_not_ours_alone() -> None:
    walk = Walk()
    assert our_home(walk.ports.config, walk.store.feeds()) == "https://planet.example/"
    shared = document(feed("garden", "One.").replace(b"https://garden.example/", b"https://planet.example/"), GARDEN.url)
    walk.answers(shared)
    assert our_home(walk.ports.config, walk.store.feeds()) is None


# ── names ──


@pytest.mark.parametrize("is_private", [False, True])
def test_subscribed_feeds_are_known_by_name_and_private_ones_without_their_address(is_private: bool) -> None:
    walk = Walk(replace(GARDEN, name="Garden Notes", is_private=is_private))
    walk.answers(good("One."))
    hop = known_sources(walk.store.feeds(), walk.ports.config.feeds)["garden notes"]
    assert hop.site == "garden.example"
    assert is_private is (hop.feed_id is None)
