"""The rules of polite fetching (docs/politeness.md), black-box: a daemon with a stepped clock asks a loopback server for days on end.

A rule that is about one answer, or about how a request is written, has its tests in test_fetch.py and test_polite.py; here are those that
only show over many polls.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from aggregator.collect.fetch import WebFetcher
from aggregator.model import FeedSpec, FeedState
from aggregator.pipeline import poll
from aggregator.refine.stories import same_story
from tests.planet import Planet, atom, post
from tests.wire import Wire, answer

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FEED = atom("blog", [post("blog")])
ETAG = 'ETag: "1"'
NOT_MODIFIED = answer(b"", ETAG, status=304)


class Daemon:
    """An aggregator that polls what is due, over a real client, by a clock that jumps from one poll to the next."""

    def __init__(self, wire: Wire, client: WebFetcher, **fields: object) -> None:
        self._wire = wire
        self.spec = FeedSpec(**{"id": "blog", "url": wire.url("/feed"), "shown_url": wire.url("/feed"), "allow_private": True, **fields})  # type: ignore[arg-type]
        self._planet = Planet(self.spec)
        self._planet.ports = replace(self._planet.ports, fetcher=client)
        self.clock = self._planet.clock
        self.asked: list[tuple[timedelta, bytes]] = []
        self._began = self.clock()

    @property
    def state(self) -> FeedState:
        (state,) = self._planet.store.feeds()
        return state

    def runs(self, span: timedelta) -> list[timedelta]:
        """Poll what is due, for so long; tell when requests were made, counted from the first day."""
        end = self.clock() + span
        while (due := self.state.next_poll_at) <= end:
            self.clock.now = max(due, self.clock())
            self.polls()
        self.clock.now = end
        return [at for at, _ in self.asked]

    def polls(self, *, by_hand: bool = False) -> None:
        """Poll once, if anything is due or somebody asks for it."""
        feeds = [self.spec.id] if by_hand else None
        for state, lease in self._planet.store.lease(self.clock(), timedelta(minutes=3), 8, feeds=feeds, ignore_holds=by_hand):
            before = len(self._wire.heads)
            result, _ = poll(self.spec, state, lease, self._planet.ports)
            self._planet.store.record([result], same_story)
            self.asked += [(self.clock() - self._began, head) for head in self._wire.heads[before:]]

    def restarts(self) -> None:
        """Start anew over the same store."""
        self._planet.store.sync([self.spec], self.clock())


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as running:
        yield running


@pytest.fixture
def client() -> Iterator[WebFetcher]:
    with closing(WebFetcher(user_agent="aggregator/1 (+https://planet.example/about)", timeout_s=5, client="requests")) as opened:
        yield opened


def is_unconditional(head: bytes) -> bool:
    return b"\r\nif-" not in head.lower()


def gaps(times: list[timedelta]) -> list[timedelta]:
    return [later - earlier for earlier, later in pairwise(times)]


def test_rule_7_9_11_nothing_is_asked_unconditionally_but_once_nor_before_its_time(wire: Wire, client: WebFetcher) -> None:
    wire.on("/feed", answer(FEED, ETAG), NOT_MODIFIED)
    daemon = Daemon(wire, client, every=6 * HOUR, every_given=True)
    daemon.runs(3 * DAY)
    before = len(daemon.asked)
    for _ in range(20):
        daemon.restarts()
        daemon.polls()
    assert len(daemon.asked) == before, "a restart asks nothing that is not due"
    for _ in range(5):
        daemon.polls(by_hand=True)
    daemon.runs(20 * DAY)
    assert [is_unconditional(head) for _, head in daemon.asked].count(True) == 1


def test_rule_2_and_8_a_server_without_validators_is_asked_once_a_day_and_never_with_one(wire: Wire, client: WebFetcher) -> None:
    wire.on("/feed", answer(FEED))
    daemon = Daemon(wire, client)
    assert all(DAY <= gap < DAY + timedelta(minutes=1) for gap in gaps(daemon.runs(9.5 * DAY)))
    assert len(daemon.asked) == 10
    assert all(is_unconditional(head) for _, head in daemon.asked)


def test_rule_3_4_5_only_what_the_newest_answer_said_goes_back(wire: Wire, client: WebFetcher) -> None:
    wire.on(
        "/feed",
        answer(FEED, ETAG, "Last-Modified: yesterday"),
        answer(FEED, 'ETag: "2"'),  # the same body
        answer(b"", 'ETag: "3"', status=304),
        NOT_MODIFIED,
    )
    daemon = Daemon(wire, client, every=6 * HOUR, every_given=True)
    daemon.runs(DAY)
    sent = [(_field(head, b"if-none-match"), _field(head, b"if-modified-since")) for _, head in daemon.asked[:4]]
    assert sent == [(b"", b""), (b'"1"', b"yesterday"), (b'"2"', b""), (b'"3"', b"")]


def test_rule_6_an_answer_that_was_not_read_whole_renews_nothing(wire: Wire, client: WebFetcher) -> None:
    page = b"<!doctype html><html><head><title>Closed</title></head><body>Back soon</body></html>"
    cut = answer(FEED[:-40], 'ETag: "cut"', "Connection: close", length=len(FEED))
    wire.on("/feed", answer(FEED, ETAG), [cut], answer(page, 'ETag: "page"', "Content-Type: text/html"), NOT_MODIFIED)
    daemon = Daemon(wire, client, every=HOUR, every_given=True)
    daemon.runs(DAY)
    assert {_field(head, b"if-none-match") for _, head in daemon.asked[1:]} == {b'"1"'}


def test_rule_10_over_fifty_polls_none_is_early(wire: Wire, client: WebFetcher) -> None:
    wire.on("/feed", answer(FEED, ETAG), NOT_MODIFIED)
    times = Daemon(wire, client, every=HOUR, every_given=True).runs(54 * HOUR)
    assert len(times) >= 50
    assert all(HOUR <= gap <= 1.1 * HOUR for gap in gaps(times))


@pytest.mark.parametrize(
    ("asked_for", "at_least"),
    [
        ("Retry-After: 72000", 20 * HOUR),
        ("Retry-After: 0", timedelta()),
        ("Retry-After: -5", timedelta()),
        ("Retry-After: soon", timedelta()),
        ("Date: Sun, 01 Nov 2026 08:00:00 GMT\r\nRetry-After: Mon, 02 Nov 2026 04:00:00 GMT", 20 * HOUR),
        ("Date: Sun, 01 Nov 2026 08:00:00 GMT\r\nRetry-After: Sun, 01 Nov 2026 07:00:00 GMT", timedelta()),
        ("Retry-After: 604800", 7 * DAY),
    ],
)
def test_rule_14_16_who_asks_to_be_left_alone_is(wire: Wire, client: WebFetcher, asked_for: str, at_least: timedelta) -> None:
    wire.on("/feed", *[answer(b"", asked_for, status=429)] * 2, answer(FEED, ETAG))
    times = Daemon(wire, client, every=6 * HOUR, every_given=True).runs(max(3 * DAY, 3 * at_least))
    first, second = gaps(times[:3])
    assert first >= max(at_least, 6 * HOUR)
    assert second >= max(at_least, 12 * HOUR)


def test_rule_14_who_leads_on_is_left_alone_as_it_asks_though_the_target_fails(wire: Wire, client: WebFetcher) -> None:
    wire.on("/feed", answer(b"", f"Location: {wire.url('/new')}", "Retry-After: 72000", status=302))
    wire.on("/new", answer(b"", status=500))
    daemon = Daemon(wire, client, every=HOUR, every_given=True)
    asked = daemon.runs(3 * DAY)[::2]
    assert len(asked) > 1
    assert all(gap >= 20 * HOUR for gap in gaps(asked))


def test_rule_17_five_refusals_without_a_word_are_answered_by_ever_longer_waits(wire: Wire, client: WebFetcher) -> None:
    wire.on("/feed", *[answer(b"", status=503)] * 5, answer(FEED, ETAG))
    waits = gaps(Daemon(wire, client, every=HOUR, every_given=True).runs(5 * DAY))[:5]
    assert waits == sorted(waits)
    assert waits[4] > 3 * waits[0]
    assert max(waits) <= DAY * 1.1


@pytest.mark.parametrize(
    ("said", "at_least"),
    [
        ("Cache-Control: max-age=7200", 2 * HOUR),
        ("Cache-Control: max-age=10800\r\nAge: 3600", 2 * HOUR),
        ("Expires: 0", HOUR),
        ("Cache-Control: no-cache, max-age=7200", HOUR),
    ],
)
def test_rule_18_an_answer_that_is_fresh_is_not_asked_for_again_nor_a_304(
    wire: Wire, client: WebFetcher, said: str, at_least: timedelta
) -> None:
    wire.on("/feed", answer(FEED, ETAG, said), answer(b"", ETAG, said, status=304))
    waits = gaps(Daemon(wire, client, every=HOUR, every_given=True).runs(DAY))
    assert len(waits) > 5
    assert all(at_least <= gap <= 1.1 * at_least for gap in waits)


def test_rule_20_21_22_32_in_thirty_days_nothing_but_the_feed_is_asked_for(wire: Wire, client: WebFetcher) -> None:
    wire.on(
        "/feed", answer(FEED, ETAG, "Set-Cookie: who=you", "Link: </hub>; rel=hub"), answer(b"", ETAG, "Set-Cookie: who=you", status=304)
    )
    daemon = Daemon(wire, client, every=6 * HOUR, every_given=True)
    times = daemon.runs(30 * DAY)
    assert len(times) == len({*times}) > 50, "one request a poll"
    assert {head.split(b"\r\n")[0] for _, head in daemon.asked} == {b"GET /feed HTTP/1.1"}
    assert not any(_field(head, name) for _, head in daemon.asked for name in (b"cookie", b"referer", b"origin"))


def test_rule_25_a_permanent_redirect_is_believed_after_a_week(wire: Wire, client: WebFetcher) -> None:
    wire.on("/feed", answer(b"", f"Location: {wire.url('/new')}", status=301))
    wire.on("/new", answer(FEED, ETAG), NOT_MODIFIED)
    daemon = Daemon(wire, client, every=DAY, every_given=True)
    daemon.runs(16 * DAY)
    paths = [head.split(b" ")[1] for _, head in daemon.asked]
    assert paths[:14] == [b"/feed", b"/new"] * 7
    assert paths[-4:] == [b"/new"] * 4
    assert daemon.state.shown_url.endswith("/feed")


def test_rule_25_a_temporary_redirect_never_sticks(wire: Wire, client: WebFetcher) -> None:
    wire.on("/feed", answer(b"", f"Location: {wire.url('/new')}", status=302))
    wire.on("/new", answer(FEED, ETAG), NOT_MODIFIED)
    daemon = Daemon(wire, client, every=DAY, every_given=True)
    daemon.runs(16 * DAY)
    assert [head.split(b" ")[1] for _, head in daemon.asked][-2:] == [b"/feed", b"/new"]


def test_rule_27_what_is_gone_is_asked_twice(wire: Wire, client: WebFetcher) -> None:
    wire.on("/feed", answer(FEED, ETAG), answer(b"", status=410))
    daemon = Daemon(wire, client, every=HOUR, every_given=True)
    times = daemon.runs(30 * DAY)
    assert len(times) == 3
    assert times[2] - times[1] >= DAY
    assert "gone for good" in daemon.state.why
    assert daemon.state.first_success_at is not None


def test_rule_27_a_feed_that_fails_for_long_is_asked_once_a_week(wire: Wire, client: WebFetcher) -> None:
    wire.on("/feed", answer(FEED, ETAG), answer(b"", status=404))
    waits = gaps(Daemon(wire, client, every=HOUR, every_given=True).runs(70 * DAY))
    assert waits[8] >= DAY * 0.99
    assert waits[-1] >= 7 * DAY


@pytest.mark.parametrize(
    ("status", "fields"),
    [*((status, ["cf-mitigated: challenge"]) for status in (200, 403, 503)), (200, []), (403, ["Retry-After: 60"])],
)
def test_rule_28_a_challenge_is_left_alone_for_hours(status: int, fields: list[str], wire: Wire, client: WebFetcher) -> None:
    wire.on("/feed", answer(b"<!doctype html><title>Just a moment...</title>", *fields, "Content-Type: text/html", status=status))
    daemon = Daemon(wire, client, every=HOUR, every_given=True)
    assert gaps(daemon.runs(DAY))[0] >= 4 * HOUR
    assert ("challenge" in (daemon.state.last_error or "").lower()) == (fields != ["Retry-After: 60"])


def _field(head: bytes, name: bytes) -> bytes:
    lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return next((value.strip() for key, _, value in lines if key.lower() == name), b"")
