"""The composition root: what it refuses, what it takes up while running, and when it stops storing."""

import gc
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from threading import Event

import pytest
from apscheduler.job import Job

from aggregator import __version__
from aggregator.app import MIN_FREE_BYTES, App, build, user_agent
from aggregator.config import load_text
from aggregator.errors import AggregatorError, Gone, StoreError
from aggregator.model import PollReport
from aggregator.run.daemon import Daemon
from aggregator.run.poller import anything_due, poll_due
from aggregator.run.steady import Steady
from tests.e2e.running import feed, lent
from tests.fakes import FakeClock, FakeFetcher


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    (tmp_path / "garden.xml").write_bytes(feed("garden", "One."))
    made = lent(load_text("feeds:\n  - ./garden.xml\n", tmp_path / "feeds.yaml", {}))
    yield made
    made.close()


def test_a_clock_from_before_the_release_is_refused(tmp_path: Path) -> None:
    config = load_text("feeds:\n  - ./garden.xml\n", tmp_path / "feeds.yaml", {})
    with pytest.raises(AggregatorError, match="1970-01-01"):
        build(config, lambda: datetime(1970, 1, 1, tzinfo=UTC))
    assert not (tmp_path / "aggregator.db").exists()


def test_without_free_space_nothing_is_polled_and_then_it_goes_on(app: App) -> None:
    assert poll_due(lambda: replace(app, free_bytes=lambda: MIN_FREE_BYTES - 1)) == []
    (report,) = poll_due(lambda: app)
    assert (report.outcome, report.new) == ("new", 1)


def test_a_store_whose_folder_is_gone_is_named_and_polling_goes_on_when_it_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (planet := tmp_path / "planet").mkdir()
    (planet / "garden.xml").write_bytes(feed("garden", "One."))
    app = lent(load_text("feeds:\n  - ./garden.xml\n", planet / "feeds.yaml", {}))
    with closing(app):
        daemon = Daemon(app, load=lambda: app.config, tell=lambda line: None, report=lambda report: None, serve=False)
        planet.rename(tmp_path / "elsewhere")
        daemon._poll()
        assert {*daemon.health.trouble.values()} == {f"{planet}, where the store is, cannot be reached: No such file or directory"}
        assert "Traceback" not in caplog.text
        (tmp_path / "elsewhere").rename(planet)
        daemon._poll()
        assert daemon.health.trouble == {}


def test_what_ailed_the_polls_is_over_when_one_is_recorded(app: App) -> None:
    daemon = Daemon(app, load=lambda: app.config, tell=lambda line: None, report=lambda report: None, serve=False)
    daemon.health.trouble["poll"] = "the store is locked"
    daemon._reported(PollReport(feed_id="garden", shown_url="./garden.xml", outcome="new"))
    assert daemon.health.trouble == {}


def test_a_daemon_that_looks_what_its_feeds_are_called_keeps_nothing_of_what_they_were(app: App) -> None:
    gc.collect()
    before = sum(isinstance(one, App) for one in gc.get_objects())
    current = app
    for _ in range(20):
        current = current.with_known_sources()
    gc.collect()
    assert sum(isinstance(one, App) for one in gc.get_objects()) == before + 1, "each second of a daemon's life has one"
    assert current.ports.surroundings()


def test_what_was_polled_is_not_due_again(app: App) -> None:
    assert anything_due(app)
    assert len(poll_due(lambda: app)) == 1
    assert not anything_due(app)
    assert poll_due(lambda: app) == []
    (named,) = poll_due(lambda: app, feeds=["garden"])
    assert named.outcome == "unchanged"


def test_what_is_gone_for_good_is_asked_only_by_name_however_long_ago_that_was(app: App) -> None:
    clock, fetcher = FakeClock(app.ports.clock()), FakeFetcher({"garden": Gone("garden.xml", "answered 410 Gone", status=410)})
    later = replace(app, ports=replace(app.ports, clock=clock, fetcher=fetcher))
    for _ in range(3):
        poll_due(lambda: later)
        clock.forward(timedelta(days=31))
    assert len(fetcher.asked) == 2
    poll_due(lambda: later, feeds=["garden"])
    assert len(fetcher.asked) == 3


def test_a_poll_that_the_stop_cuts_short_leaves_its_feed_due(app: App) -> None:
    stop, ended = Event(), Event()

    def stopped(*asked: object) -> None:
        stop.set()
        ended.wait(30)

    slow = replace(app, ports=replace(app.ports, reader=stopped))  # type: ignore[arg-type]
    assert poll_due(lambda: slow, stop=stop) == []
    (report,) = poll_due(lambda: app)
    assert (report.outcome, report.new) == ("new", 1)
    ended.set()


def test_a_bug_in_one_poll_is_logged_and_costs_only_that_feed(app: App, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*asked: object) -> None:
        raise ZeroDivisionError("a bug")

    ports = replace(app.ports, reader=broken)  # type: ignore[arg-type]
    assert poll_due(lambda: replace(app, ports=ports)) == []
    assert "a bug" in caplog.text
    assert "garden" in caplog.text


def test_a_daemon_says_how_much_of_an_output_was_cut(tmp_path: Path) -> None:
    (tmp_path / "garden.xml").write_bytes(feed("garden", *(f"Note {number}: {'word ' * 900}" for number in range(6))))
    said: list[str] = []
    output = "outputs: [{ path: atom.xml, max_bytes: 16 KiB }]\n"
    config = load_text(f"{output}feeds:\n  - {{ url: ./garden.xml, republish: full }}\n", tmp_path / "feeds.yaml", {})
    made = lent(config)
    with closing(made):
        poll_due(lambda: made)
        daemon = Daemon(made, load=lambda: config, tell=said.append, report=lambda report: None, serve=False)
        daemon._publish()
        daemon._dirty.set()
        daemon._publish()
    assert [line for line in said if "were cut: the output would exceed max_bytes" in line] == [said[1]], "once, and where it changed"


def test_a_daemon_asks_what_its_feeds_are_called_when_one_is_due_or_was_stored(app: App) -> None:
    daemon = Daemon(app, load=lambda: app.config, tell=lambda line: None, report=lambda report: None, serve=False)
    daemon._poll()
    assert daemon.app is not app, "the garden was due"
    daemon._poll()
    known = daemon.app
    daemon._poll()
    assert daemon.app is known
    daemon._stored(1)
    daemon._poll()
    assert daemon.app is not known, "a hub may have pushed it"


def test_each_job_of_a_daemon_has_a_thread_of_its_own(app: App) -> None:
    jobs = Daemon(app, load=lambda: app.config, tell=lambda line: None, report=lambda report: None)._scheduler().get_jobs()
    assert len(jobs) > 5
    assert len({job.executor for job in jobs}) == len(jobs)


def test_a_clock_that_jumps_by_years_has_each_job_of_a_daemon_run_once(app: App) -> None:
    # The scheduler collects all times until now before it runs a job once; of three years' seconds that are ten gigabytes.
    def missed(job: Job, now: datetime) -> Iterator[datetime]:
        at = job.trigger.get_next_fire_time(None, app.ports.clock())
        while at <= now:
            yield at
            at = job.trigger.get_next_fire_time(at, now)

    jobs = Daemon(app, load=lambda: app.config, tell=lambda line: None, report=lambda report: None)._scheduler().get_jobs()
    later = app.ports.clock() + timedelta(days=3 * 365)
    assert {job.id: len(list(islice(missed(job, later), 5))) for job in jobs} == {job.id: 1 for job in jobs}


def test_a_daemon_whose_clock_was_ahead_for_a_moment_goes_on_polling(app: App) -> None:
    told: list[PollReport] = []
    clock = FakeClock(app.ports.clock() + timedelta(days=9))
    ahead = replace(app, ports=replace(app.ports, clock=clock))
    daemon = Daemon(ahead, load=lambda: app.config, tell=lambda line: None, report=told.append, serve=False)
    apart = daemon._clocks_apart()
    daemon._poll()
    clock.forward(timedelta(days=-9))
    daemon._poll()
    assert len(told) == 1, "it is planned nine days from now"
    daemon._heed_the_clock(daemon._scheduler(), apart)
    daemon._poll()
    assert len(told) == 2


def test_no_text_is_dropped_for_its_age_by_a_clock_that_has_just_jumped(app: App) -> None:
    clock = FakeClock(app.ports.clock())
    config = replace(app.config, outputs=())
    moving = replace(app, config=config, ports=replace(app.ports, config=config, clock=clock))
    poll_due(lambda: moving)
    daemon = Daemon(moving, load=lambda: config, tell=lambda line: None, report=lambda report: None, serve=False)

    clock.forward(timedelta(days=3 * 365))
    daemon._maintain()
    assert app.ports.store.prunable(clock(), config.retain).entries == 1, "it is there still"
    daemon._maintain()
    assert app.ports.store.prunable(clock(), config.retain).entries == 0, "the clock goes on to say so"


def test_jobs_that_are_late_keep_their_step() -> None:
    every, now = timedelta(seconds=10), datetime(2026, 12, 1, tzinfo=UTC)
    steady = Steady(every)
    assert steady.get_next_fire_time(None, now) == now + every
    assert steady.get_next_fire_time(now, now + timedelta(seconds=9)) == now + every
    assert steady.get_next_fire_time(now, now + timedelta(days=9)) == now + timedelta(days=9) + every


def test_another_store_is_taken_up_only_by_a_restart(app: App, tmp_path: Path) -> None:
    other = load_text("store: other.db\nfeeds:\n  - ./garden.xml\n", tmp_path / "feeds.yaml", {})
    with pytest.raises(AggregatorError, match="next start"):
        app.reconfigured(other)
    assert app.reconfigured(replace(app.config, title="Another title")).config.title == "Another title"


def test_a_store_in_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "in-the-way").write_text("")
    config = load_text("store: in-the-way/a.db\nfeeds:\n  - ./garden.xml\n", tmp_path / "feeds.yaml", {})
    with pytest.raises(StoreError, match="in-the-way"):
        build(config)


def test_the_user_agent_is_honest_and_names_whom_to_write_to(app: App) -> None:
    assert user_agent(app.config) == f"aggregator/{__version__}"
    assert user_agent(replace(app.config, contact="https://planet.example/about")).endswith(" (+https://planet.example/about)")
