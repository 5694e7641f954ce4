"""How often a feed had new entries, and when it is asked again because of that."""

from array import array
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.collect import rhythm
from aggregator.collect.polite import plan
from aggregator.model import FeedSpec, FeedState, Validators
from bench import schedule
from bench.posting import History, all_posts
from tests.planet import NOON, Planet, atom, post

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)  # a Monday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
QUARTER = timedelta(minutes=15)
SPEC = FeedSpec(id="feed", url="https://feed.example/", shown_url="https://feed.example/", every=QUARTER)
STATE = FeedState(key="k1", id="feed", shown_url="https://feed.example/", next_poll_at=NOW, validators=Validators(etag='"1"'))


def waits(dates: Sequence[datetime | None], now: datetime = NOW, seen_at: datetime | None = None) -> timedelta:
    return rhythm.wait(rhythm.seen(None, dates, seen_at or now), now, at_least=QUARTER)


def every(span: timedelta, count: int = 30) -> list[datetime]:
    """So often, but at no hour and on no day of the week more than at others."""
    return [NOW - span * number - number * number % 7 * span / 9 for number in range(count)]


def test_a_busy_feed_is_asked_often_and_a_silent_one_a_few_times_a_day() -> None:
    assert waits(every(timedelta(minutes=10))) == QUARTER
    assert waits(every(DAY)) < HOUR < waits(every(7 * DAY)) < waits(every(60 * DAY)) < DAY
    assert 8 * HOUR < waits([NOW - 300 * DAY, NOW - 310 * DAY], NOW + 1000 * DAY, NOW) <= DAY


def test_a_feed_that_writes_in_the_morning_is_asked_in_the_morning() -> None:
    mornings = [datetime(2026, 11, 23, 8, 5 * number % 60, tzinfo=UTC) - number * DAY for number in range(60)]
    known = rhythm.seen(None, mornings, NOW)
    at_night = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
    in_the_morning = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    asked_at_night, asked_then = (rhythm.wait(known, at, at_least=QUARTER) for at in (at_night, in_the_morning))
    assert 3 * asked_then < asked_at_night
    assert at_night + asked_at_night < datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def test_who_gives_all_entries_the_date_of_the_request_is_not_taken_for_busy() -> None:
    known = rhythm.seen(None, [NOW - 9 * DAY] * 20, NOW - 9 * DAY)
    for day in range(8, 0, -1):
        known = rhythm.seen(known, [NOW - day * DAY] * 20, NOW - day * DAY)
    assert rhythm.rate(known, NOW) <= 3


def test_undated_and_future_entries_and_those_counted_before_say_nothing() -> None:
    known = rhythm.seen(None, every(DAY), NOW)
    assert rhythm.seen(known, [*every(DAY), None, NOW + 300 * DAY], NOW) == known
    assert rhythm.rate(rhythm.seen(None, [None] * 20, NOW), NOW) < 0.2


@given(st.lists(st.integers(-330, 40).map(lambda day: NOW + day * DAY + day % 24 * HOUR), max_size=25), st.integers(0, 600))
def test_no_feed_waits_less_than_it_may_or_more_than_a_day_and_the_store_keeps_all_that_is_known(dates: list[datetime], days: int) -> None:
    known = rhythm.seen(None, dates, NOW)
    assert QUARTER <= rhythm.wait(known, NOW + days * DAY, at_least=QUARTER) <= DAY
    assert rhythm.wait(known, NOW, at_least=2 * DAY) == 2 * DAY
    kept = rhythm.decoded(rhythm.encoded(known))
    assert kept is not None
    assert rhythm.rate(kept, NOW) == pytest.approx(rhythm.rate(known, NOW), rel=0.01)


@pytest.mark.parametrize("text", [None, "", "1 2 3", "x" * 40, " ".join(["nan"] * 35), " ".join(["1e99"] * 35)])
def test_what_no_version_wrote_is_nothing_known(text: str | None) -> None:
    assert rhythm.decoded(text) is None


def test_the_plan_says_what_it_expects_but_never_goes_below_or_beyond_what_feeds_yaml_says() -> None:
    state = replace(STATE, rhythm=rhythm.encoded(rhythm.seen(None, every(7 * DAY), NOW)))
    at, why = plan(spec=SPEC, state=state, now=NOW, has_contact=True)
    assert HOUR < at - NOW < 12 * HOUR
    assert why.startswith("it has about 1 new entry a week, asked again after ")
    slow = replace(SPEC, every=DAY)
    assert plan(spec=slow, state=state, now=NOW, has_contact=True)[1] == "every 1 d, the default"
    own = replace(SPEC, every_given=True)
    at, why = plan(spec=own, state=state, now=NOW, has_contact=True)
    assert QUARTER <= at - NOW < 2 * QUARTER
    assert why == "every 15 min, as feeds.yaml says"


def test_a_poll_counts_what_it_found() -> None:
    planet = Planet("quiet")
    planet.polls({"quiet": atom("quiet", [post("quiet", number, at=NOON - 20 * number * DAY) for number in range(1, 6)])})
    (state,) = planet.store.feeds()
    known = rhythm.decoded(state.rhythm)
    assert known is not None
    assert rhythm.told(known, NOON) == "a new entry in about 22 days"


def test_the_simulation_asks_less_often_than_every_half_hour_and_loses_less_by_it_than_a_longer_interval_would() -> None:
    runs = [schedule.Run(schedule.planner, 3, 25.0, learns=True), schedule.Run(schedule.fixed, 3, 25.0)]
    for number, posts in all_posts(30, (), 3, seed=7):
        for made in runs:
            made.follow(number, posts)
    ours, fixed = (made.figures() for made in runs)
    assert ours["requests_per_day"] * ours["mean_delay_s"] < 0.8 * fixed["requests_per_day"] * fixed["mean_delay_s"]
    assert ours["requests_per_day"] < 0.7 * fixed["requests_per_day"]
    assert len(runs[0].delays) == pytest.approx(len(runs[1].delays), rel=0.05)


def test_made_up_feeds_are_the_real_ones_at_other_times_and_no_busier() -> None:
    week = 7 * DAY.total_seconds()
    weekly = History(array("d", [number * week for number in range(-150, 0)]))
    silent, at_once = History(array("d", [0.0])), History(array("d", [number / 100 for number in range(20)]))
    made = dict(all_posts(400, [weekly, silent, at_once], 7, seed=1))
    assert {number: [*posts] for number, posts in all_posts(400, [weekly, silent, at_once], 7, seed=1, part=1, parts=2)} == {
        number: [*posts] for number, posts in made.items() if number % 2
    }, "parts make the whole"
    within = sorted(sum(0 <= post < week for post in posts) for posts in made.values())
    assert within.count(0) > 100, "who has written once is silent"
    assert 100 < within.count(1) + within.count(2) < 200, "who writes weekly writes weekly"
    assert 100 < within[-40] < 200, "what came at once is taken for a day's"
