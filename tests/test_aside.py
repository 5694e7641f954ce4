"""The log of a daemon: whoever reads it may pause, or go away."""

import io
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest

from aggregator.cli.aside import MOST_WAITING, Aside
from aggregator.cli.log import log_aside, set_up_logging
from aggregator.cli.show import say
from tests.e2e.running import REPOSITORY, Running, feed


class Paused(io.StringIO):
    """A stream that takes nothing until `goes_on` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = Event()

    def write(self, text: str) -> int:
        self.goes_on.wait(60)
        return super().write(text)


class Refusing(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError("a full disk")


@pytest.fixture
def paused() -> Iterator[Paused]:
    stream = Paused()
    yield stream
    stream.goes_on.set()


def test_who_writes_waits_for_no_reader_and_all_of_it_arrives_in_order(paused: Paused) -> None:
    aside = Aside(paused, str)
    for number in range(100):
        print(number, file=aside)  # type: ignore[call-overload]
    paused.goes_on.set()
    assert aside.end()
    assert paused.getvalue() == "".join(f"{number}\n" for number in range(100))


def test_what_nobody_reads_is_left_out_and_counted(paused: Paused) -> None:
    aside = Aside(paused, "{} left out".format)
    for _ in range(MOST_WAITING + 50):
        aside.write("a line\n")
    paused.goes_on.set()
    assert aside.end()
    *lines, last = paused.getvalue().splitlines()
    assert lines == ["a line"] * len(lines)
    assert last == f"{MOST_WAITING + 50 - len(lines)} left out"
    assert MOST_WAITING <= len(lines) <= MOST_WAITING + 1


def test_a_reader_who_stays_away_holds_no_end_up(paused: Paused) -> None:
    aside = Aside(paused, str)
    aside.write("a line\n")
    assert not aside.end()


def test_a_log_that_cannot_be_written_is_lost_and_nothing_else() -> None:
    aside = Aside(Refusing(), str)
    aside.write("a line\n")
    assert aside.end()


def test_messages_of_both_kinds_go_aside_and_what_comes_after_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    real = io.StringIO()
    monkeypatch.setattr(sys, "stderr", real)
    set_up_logging(verbose=False)
    with log_aside() as end:
        say("one")
        logging.getLogger("aggregator").warning("two")
        assert sys.stderr is not real
        assert end()
    say("three")
    first, second, third = real.getvalue().splitlines()
    assert (first, second.split(" ", 1)[1], third) == ("one", "warning two", "three")
    assert sys.stderr is real


def fill(pipe: int) -> None:
    """Write until nothing more goes in; then whoever writes waits for a reader."""
    os.set_blocking(pipe, False)
    for size in (65536, 1):
        with suppress(BlockingIOError):
            while True:
                os.write(pipe, b"." * size)
    os.set_blocking(pipe, True)


def test_a_daemon_whose_log_nobody_reads_polls_publishes_and_ends(tmp_path: Path) -> None:
    (tmp_path / "garden.xml").write_bytes(feed("garden", "One."))
    (tmp_path / "feeds.yaml").write_text("outputs: [atom.xml]\nfeeds:\n  - ./garden.xml\n")
    unread, log = os.pipe()
    try:
        fill(log)
        command = [sys.executable, "-m", "aggregator", "-c", str(tmp_path / "feeds.yaml"), "run", "--no-server"]
        process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=log)
        (tmp_path / "log").touch()
        with Running(process, tmp_path / "log") as daemon:
            daemon.until((tmp_path / "public" / "atom.xml").exists)
            daemon.stop(signal.SIGTERM)
        assert process.returncode == 0
    finally:
        os.close(unread)
        os.close(log)
