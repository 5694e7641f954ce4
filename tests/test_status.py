"""What `status` says of each feed: what is the matter, what to do, what comes first."""

import inspect
from datetime import timedelta

import pytest

from aggregator import errors, status
from aggregator.cli.status import feed_lines, print_table
from aggregator.errors import BadStatus, FeedError, Nameless
from aggregator.model import Tally, Traffic, Unchanged, Validators
from aggregator.model.status import FeedStatus
from tests.fakes import document
from tests.makers import NOON, head, spec, state
from tests.planet import Planet, atom, older, post

DAY = timedelta(days=1)


def of(**fields: object) -> FeedStatus:
    given = {"last_success_at": NOON, **fields}
    return status.status(state(**given), spec(), NOON)


def words(one: FeedStatus) -> str:
    return "\n".join(f"{line.label or ''}: {line.text}" for line in feed_lines(one, NOON))


def test_trouble_comes_first_and_what_began_last_before_what_has_lasted() -> None:
    planet = Planet("good", "long", "fresh", "odd")
    planet.polls({"good": atom("good", older("good")), "odd": atom("odd", older("odd")).replace(b"</feed>", b"</feed")})
    planet.fails("long", Nameless("", "the name long.example cannot be found"))
    planet.clock.forward(DAY)
    planet.fails("fresh", BadStatus("", "answered 404 Not Found", status=404))
    found = status.statuses(planet.store, planet.ports.config, planet.clock())
    assert [(one.state.id, one.trouble) for one in found] == [("fresh", "failing"), ("long", "failing"), ("odd", "odd"), ("good", "none")]


@pytest.mark.parametrize(
    "kind",
    sorted({one.kind for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, FeedError)} | {"403", "challenge"}),
)
def test_every_kind_of_error_comes_with_something_to_do(kind: str) -> None:
    told = of(last_error="it failed", last_error_kind=kind, failures=3, failing_since=NOON - DAY)
    assert told.advice
    assert "{" not in told.advice.replace("{ Authorization: … }", "").replace("${NAME}", "")
    assert told.reason == "it failed (3 times in a row, for 1 d)"


def test_an_error_that_was_stored_without_its_kind_is_advised_on_all_the_same() -> None:
    assert of(last_error="the name cannot be found").advice


def test_what_is_held_or_held_back_names_the_command_that_ends_it() -> None:
    assert "aggregator confirm blog" in str(of(hold="since 2026-02-01: another title").advice)
    assert "aggregator release blog" in str(status.status(state(), spec(), NOON, held_back=5).advice)


def test_a_feed_that_a_list_on_the_web_names_is_left_out_by_a_line_not_by_a_command() -> None:
    gone = state(last_error="answered 410 Gone", last_error_kind="410")
    assert "aggregator remove blog" in str(status.status(gone, spec(), NOON).advice)
    told = str(status.status(gone, spec(listed_by="friends"), NOON).advice)
    assert ("opt_out: true }" in told, "remove" in told) == (True, False)


def test_limits_that_cut_something_are_told_from_what_is_only_odd() -> None:
    told = of(head=head(oddities=("left out: 7 links beyond 64 of one entry", "not well-formed: no end")))
    assert (told.trouble, told.limits, told.oddities) == (
        "cut",
        ("left out: 7 links beyond 64 of one entry",),
        ("not well-formed: no end",),
    )


def test_a_redirect_that_is_being_proved_is_told_with_how_far_it_is() -> None:
    told = of(redirect_target="https://new.example/feed", redirect_since=NOON - 3 * DAY, redirect_count=4)
    assert "to https://new.example/feed since 2026-02-26: seen in 4 of 5 polls, for 3 of 7 days" in words(told)
    proved = of(redirect_target="https://new.example/feed", redirect_since=NOON - 8 * DAY, redirect_count=9)
    assert "aggregator check --fetch --fix" in words(proved)


def test_the_table_tells_of_a_redirect_and_of_what_is_due(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    moves = of(redirect_target="https://new.example/feed", redirect_since=NOON - 3 * DAY, redirect_count=4, next_poll_at=NOON - DAY)
    print_table([moves], NOON)
    told = " ".join(capsys.readouterr().out.split())
    assert " due " in told
    assert "moves to https://new.example/feed" in told


def test_a_pause_that_the_server_asked_for_comes_before_the_plan() -> None:
    until = NOON + timedelta(hours=5)
    told = status.status(state(last_success_at=NOON), spec(), NOON, pause=(until, "blog: answered 503"))
    assert (told.trouble, told.next_poll_at) == ("paused", until)
    assert "in 5 h: its server asked for a pause (blog: answered 503)" in words(told)


def test_what_polls_cost_and_what_304s_saved_is_added_up() -> None:
    planet = Planet("blog")
    planet.answers("blog", document(atom("blog", older("blog")), traffic=Traffic(requests=2, received_bytes=900)))
    (key,) = (one.key for one in planet.store.feeds())
    planet.answers("blog", Unchanged(validators=Validators(etag='"1"'), is_304=True, traffic=Traffic(requests=1)))
    planet.fails("blog", BadStatus("", "answered 503", status=503))
    planet.polls({"blog": atom("blog", [post("blog", at=planet.clock()), *older("blog")])})
    spent = planet.store.tallies.spent(planet.clock().date())[key]
    assert spent == Tally(polls=4, not_modified=1, failed=1, requests=3, received_bytes=900, saved_bytes=900, entries=1, backlog=4)
    found = status.overview(planet.store, planet.ports.config, planet.clock())
    assert found.spent == spent
    assert [(one.name, one.entries[-1]) for one in found.sources] == [("The Blog", 1)]
    assert len(found.hours) == status.HOURS
    assert status.told(found.feeds[0])["spent"] == status.spent(spent)


def test_a_feed_whose_page_was_asked_and_that_was_never_read_says_what_comes_next() -> None:
    assert of(last_success_at=None, last_poll_at=None).reason == "not polled yet"
    why = "the page names its feed https://garden.example/news.xml, which is asked next"
    led_on = of(last_success_at=None, last_poll_at=NOON, why=why)
    assert (led_on.trouble, led_on.reason) == ("unread", f"nothing of it was read yet: {why}")
