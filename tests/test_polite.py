"""When a feed is asked next, and why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.collect.polite import failed as failure
from aggregator.collect.polite import lasting_redirect, operator_wish, plan, redirected, words
from aggregator.errors import BadStatus, Gone, Offline
from aggregator.model import FeedHead, FeedSpec, FeedState, Redirect, Validators

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SPEC = FeedSpec(id="feed", url="https://feed.example/", shown_url="https://feed.example/")
STATE = FeedState(key="k1", id="feed", shown_url="https://feed.example/", next_poll_at=NOW, validators=Validators(etag='"1"'))


def waits(spec: FeedSpec = SPEC, state: FeedState = STATE, *, has_contact: bool = True, now: datetime = NOW, **told: object) -> timedelta:
    return plan(spec=spec, state=state, now=now, has_contact=has_contact, **told)[0] - now  # type: ignore[arg-type]


def reason(spec: FeedSpec = SPEC, state: FeedState = STATE, *, has_contact: bool = True, **told: object) -> str:
    return plan(spec=spec, state=state, now=NOW, has_contact=has_contact, **told)[1]  # type: ignore[arg-type]


def about(span: timedelta, expected: timedelta) -> bool:
    return expected <= span <= expected * 1.1


def asking(**head: object) -> FeedState:
    return replace(STATE, head=FeedHead(**head))  # type: ignore[arg-type]


OFFLINE = Offline(SPEC.shown_url, "no name server answers")
BROKEN = BadStatus(SPEC.shown_url, "answered 500", status=500)


def failed(times: int, since: timedelta = timedelta()) -> FeedState:
    return replace(STATE, failures=times, failing_since=NOW - since)


def test_a_feed_is_asked_every_hour_and_never_early() -> None:
    assert about(waits(), HOUR)
    assert reason() == "every 60 min, the default"
    quick = replace(SPEC, every=timedelta(minutes=15), every_given=True)
    assert about(waits(quick), timedelta(minutes=15))
    assert reason(quick) == "every 15 min, as feeds.yaml says"


def test_feeds_drift_apart_and_the_same_feed_always_alike() -> None:
    spread = {waits(state=replace(STATE, key=f"k{number}")) for number in range(50)}
    assert len(spread) > 40
    assert waits() == waits()


def test_without_a_contact_no_feed_is_asked_more_than_every_two_hours() -> None:
    assert about(waits(replace(SPEC, every=timedelta(minutes=5), every_given=True), has_contact=False), 2 * HOUR)
    assert "contact" in reason(has_contact=False)
    assert about(waits(replace(SPEC, every=3 * HOUR), has_contact=False), 3 * HOUR)


def test_a_feed_without_validators_is_asked_once_a_day_unless_feeds_yaml_says_otherwise() -> None:
    bare = replace(STATE, validators=Validators())
    # To the minute: any less would be more than once a day, and no entry waits longer than a day because of the planner.
    assert waits(state=bare) == DAY
    assert about(waits(replace(SPEC, every_given=True), bare), HOUR)


def test_a_local_file_is_read_every_minute_whatever_else() -> None:
    local = replace(SPEC, path=Path("/feeds/notes.xml"))
    assert waits(local, failed(9), has_contact=False) == timedelta(seconds=60)
    assert waits(replace(local, every=HOUR, every_given=True)) == HOUR


@pytest.mark.parametrize(
    ("fresh", "expected"), [(2 * HOUR, 2 * HOUR), (timedelta(minutes=5), HOUR), (12 * HOUR, 12 * HOUR), (7 * DAY, 7 * DAY)]
)
def test_a_fresh_answer_is_not_asked_for_again(fresh: timedelta, expected: timedelta) -> None:
    assert about(waits(fresh_for=fresh), expected)


def test_nothing_is_put_off_beyond_31_days() -> None:
    for told in ({"fresh_for": timedelta(days=400)}, {"fresh_for": timedelta(days=31)}):
        assert waits(**told) == timedelta(days=31)
    assert waits(state=failed(1), status=503, retry_after=timedelta(days=400)) == timedelta(days=31)
    assert waits(replace(SPEC, every=timedelta(days=90), every_given=True)) == timedelta(days=31)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ({"ttl": 4 * HOUR}, 4 * HOUR),
        ({"ttl": timedelta(minutes=5)}, HOUR),
        ({"update_interval": 12 * HOUR}, 12 * HOUR),
        ({"ttl": 4 * HOUR, "update_interval": 6 * HOUR}, 6 * HOUR),
    ],
)
def test_a_feeds_own_wishes_lengthen_the_wait_and_never_shorten_it(head: dict[str, timedelta], expected: timedelta) -> None:
    assert about(waits(state=asking(**head)), expected)


def test_a_feeds_own_wishes_never_cost_more_than_a_day() -> None:
    assert waits(state=asking(ttl=timedelta(days=365))) == DAY
    assert waits(state=asking(update_interval=timedelta(days=7))) == DAY
    assert waits(state=asking(skip_hours=tuple(range(24)))) <= DAY
    assert waits(state=asking(skip_days=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"))) <= DAY


def test_hours_and_days_to_skip_are_skipped() -> None:
    at, why = plan(spec=SPEC, state=asking(skip_hours=(13, 14, 15)), now=NOW, has_contact=True)
    assert at.hour == 16
    assert "skip" in why
    at, _ = plan(spec=SPEC, state=asking(skip_days=("monday",)), now=NOW, has_contact=True)
    assert (at.weekday(), at.hour) == (1, 0)
    assert waits(state=asking(skip_hours=(5,))) == waits()


def test_failures_double_the_wait_up_to_a_day_and_are_weekly_after_a_month() -> None:
    spans = [waits(state=failed(times)) for times in range(1, 9)]
    assert about(spans[0], 2 * HOUR)
    assert about(spans[1], 4 * HOUR)
    assert all(later > earlier for earlier, later in pairwise(spans[:5]))
    assert about(spans[-1], DAY)
    assert about(waits(state=failed(10_000)), DAY)
    assert about(waits(state=failed(40, timedelta(days=30))), 7 * DAY)
    assert "since 2026-10-24" in reason(state=failed(40, timedelta(days=30)))


def test_without_a_network_no_feed_is_called_failing_and_all_are_tried_soon() -> None:
    state, now, tried = failure(STATE, OFFLINE, NOW), NOW, [NOW]
    while now < NOW + 40 * DAY:
        now, why = plan(spec=SPEC, state=state, now=now, has_contact=False)
        state = failure(state, OFFLINE, now)
        tried.append(now)
    assert "no network" in why
    spans = [later - earlier for earlier, later in pairwise(tried)]
    assert about(spans[0], timedelta(minutes=5))
    assert all(later >= earlier for earlier, later in pairwise(spans[:4]))
    assert all(HOUR <= span <= 1.1 * HOUR for span in spans[6:]), "however long it lasts"
    assert waits(replace(SPEC, every=timedelta(minutes=1)), failure(STATE, OFFLINE, NOW)) < timedelta(minutes=2)
    # A server that fails when the network is back fails for the first time.
    back = failure(state, BROKEN, now)
    assert (back.failures, back.failing_since) == (1, now)
    assert about(waits(state=back, now=now), 2 * HOUR)


def test_a_server_that_failed_before_the_network_did_goes_on_from_there() -> None:
    away = failure(failed(5, 3 * DAY), OFFLINE, NOW)
    assert about(waits(state=away), HOUR)
    back = failure(away, BROKEN, NOW)
    assert about(waits(state=back), DAY)
    assert back.failing_since == NOW - 3 * DAY, "else, where the network is away now and then, it never fails for long"


def test_retry_after_is_obeyed_to_the_second_or_longer() -> None:
    assert about(waits(state=failed(1), status=503, retry_after=7 * DAY), 7 * DAY)
    assert "Retry-After" in reason(state=failed(1), status=503, retry_after=7 * DAY)
    assert waits(state=failed(1), status=503, retry_after=timedelta(seconds=5)) >= HOUR


@pytest.mark.parametrize("status", [403, 429])
def test_a_refusal_without_words_is_taken_for_four_hours_and_more_each_time(status: int) -> None:
    assert about(waits(state=failed(1), status=status), 4 * HOUR)
    assert about(waits(state=failed(2), status=status), 8 * HOUR)
    assert about(waits(state=failed(5), status=status), DAY)


def test_a_feed_that_is_gone_is_asked_twice_and_then_left_alone() -> None:
    once = replace(failed(1), gone_count=1)
    assert waits(state=once, status=410) == DAY
    twice = replace(failed(2), gone_count=2)
    assert timedelta(days=30) < waits(state=twice, status=410) < timedelta(days=31)
    assert "gone" in reason(state=twice, status=410)


def test_a_feed_is_gone_where_its_server_says_so_twice_in_a_row() -> None:
    gone, broken = Gone(SPEC.shown_url, "gone", status=410), BadStatus(SPEC.shown_url, "broken", status=500)
    state = STATE
    for error, count in ((gone, 1), (broken, 0), (gone, 1), (gone, 2)):
        state = failure(state, error, NOW)
        assert state.gone_count == count


@given(
    every=st.timedeltas(timedelta(minutes=1), timedelta(days=60)),
    fresh=st.none() | st.timedeltas(timedelta(0), timedelta(days=500)),
    ttl=st.none() | st.timedeltas(timedelta(0), timedelta(days=500)),
    failures=st.integers(0, 50),
    status=st.sampled_from([None, 403, 404, 410, 429, 500, 503]),
    retry=st.none() | st.timedeltas(timedelta(0), timedelta(days=500)),
    hours=st.sets(st.integers(0, 23)),
    has_contact=st.booleans(),
    key=st.text(max_size=5),
)
def test_the_wait_is_never_below_every_nor_beyond_31_days(
    every: timedelta,
    fresh: timedelta | None,
    ttl: timedelta | None,
    failures: int,
    status: int | None,
    retry: timedelta | None,
    hours: set[int],
    has_contact: bool,
    key: str,
) -> None:
    state = replace(
        STATE, key=key, failures=failures, failing_since=NOW if failures else None, head=FeedHead(ttl=ttl, skip_hours=tuple(hours))
    )
    spec = replace(SPEC, every=every, every_given=True)
    told = {"status": status, "retry_after": retry} if failures else {"fresh_for": fresh}
    at, why = plan(spec=spec, state=state, now=NOW, has_contact=has_contact, **told)  # type: ignore[arg-type]
    assert at - NOW <= timedelta(days=31)
    assert at - NOW >= min(every, timedelta(days=31))
    assert why


# ── operators ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_servers_other_feeds_wait_when_it_asks_for_it() -> None:
    assert operator_wish(429, HOUR) == HOUR
    assert operator_wish(404, HOUR) == HOUR
    assert operator_wish(503, timedelta(days=90)) == timedelta(days=31)
    assert operator_wish(429, None) == timedelta(minutes=10)
    for status in (None, 403, 404, 410, 500, 503):
        assert operator_wish(status, None) is None
    assert operator_wish(503, timedelta()) is None


# ── redirects ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def seen(*hops: tuple[int, str], polls: int, days: float) -> FeedState:
    state = STATE
    for poll in range(polls):
        state = redirected(
            state, [Redirect(status=status, target=target) for status, target in hops], NOW + poll * days * DAY / (polls - 1)
        )
    return state


NEW = "https://new.example/feed"


def test_a_permanent_redirect_is_believed_after_seven_days_and_five_polls() -> None:
    proved = seen((301, NEW), polls=10, days=8)
    assert lasting_redirect(proved, NOW + 8 * DAY) == NEW
    assert lasting_redirect(seen((308, NEW), polls=10, days=6), NOW + 6 * DAY) is None
    assert lasting_redirect(seen((301, NEW), polls=4, days=20), NOW + 20 * DAY) is None


def test_once_believed_it_stays_while_the_target_answers() -> None:
    proved = seen((301, NEW), polls=10, days=8)
    later = redirected(proved, [], NOW + 9 * DAY)
    assert lasting_redirect(later, NOW + 9 * DAY) == NEW
    assert lasting_redirect(replace(later, failures=1), NOW + 9 * DAY) is None


def test_a_temporary_redirect_never_sticks() -> None:
    assert seen((302, NEW), polls=20, days=40).redirect_target is None
    assert seen((302, NEW), (301, "https://b.example/"), polls=20, days=40).redirect_target is None
    assert seen((301, NEW), (307, "https://b.example/"), polls=20, days=40).redirect_target == NEW
    assert seen((301, "https://a.example/"), (308, NEW), polls=20, days=40).redirect_target == NEW


def test_another_target_or_none_begins_anew() -> None:
    nearly = seen((301, NEW), polls=4, days=6)
    moved = redirected(nearly, [Redirect(status=301, target="https://b.example/")], NOW + 7 * DAY)
    assert (moved.redirect_target, moved.redirect_count) == ("https://b.example/", 1)
    assert redirected(nearly, [], NOW + 7 * DAY).redirect_target is None


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(0), "0 s"),
        (timedelta(minutes=2), "2 min"),
        (2 * HOUR, "2 h"),
        (timedelta(minutes=150), "2 h 30 min"),
        (7 * DAY, "7 d"),
        (timedelta(days=1, hours=2, minutes=3), "1 d 2 h"),
    ],
)
def test_spans_are_said_as_people_say_them(span: timedelta, said: str) -> None:
    assert words(span) == said
