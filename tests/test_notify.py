"""What the service manager is told, and what it is not."""

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic

import pytest

from aggregator.app import build
from aggregator.config import load_text
from aggregator.run import daemon as daemons
from aggregator.run.daemon import Daemon
from aggregator.run.notify import Notifier, from_environment


@pytest.fixture
def line(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.setblocking(False)
        yield heard


def heard(line: socket.socket) -> list[str]:
    messages = []
    try:
        while True:
            messages.append(line.recv(4096).decode())
    except BlockingIOError:
        return messages


def test_signs_of_life_come_as_often_as_they_are_wanted(tmp_path: Path, line: socket.socket) -> None:
    notifier = Notifier(str(tmp_path / "notify"), watchdog_s=3600)
    for _ in range(3):
        notifier.alive()
        notifier.status("8 feeds\nfaked=1")
    assert heard(line) == ["WATCHDOG=1", "STATUS=8 feeds faked=1"]


@pytest.mark.parametrize(
    "environ",
    [{}, {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}, {"NOTIFY_SOCKET": "/nobody/listens", "WATCHDOG_USEC": "soon"}],
)
def test_where_nobody_listens_nothing_happens(environ: dict[str, str]) -> None:
    notifier = from_environment(environ)
    notifier.tell("READY=1")
    notifier.alive()


def test_names_without_a_file_are_understood() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind("")  # Linux gives it a name in the abstract namespace
        line.setblocking(False)
        name = line.getsockname()
        from_environment({"NOTIFY_SOCKET": "@" + name[1:].decode(), "WATCHDOG_USEC": "5000000"}).alive()
        assert heard(line) == ["WATCHDOG=1"]


def test_a_daemon_whose_polling_hangs_gives_no_sign_of_life(tmp_path: Path, line: socket.socket) -> None:
    app = build(load_text("feeds:\n  - ./garden.xml\n", tmp_path / "feeds.yaml", {}))
    with closing(app):
        daemon = Daemon(
            app,
            load=lambda: app.config,
            tell=lambda line: None,
            report=lambda report: None,
            notifier=Notifier(str(tmp_path / "notify"), watchdog_s=0.0001),
        )
        daemon._give_a_sign()
        assert heard(line) == ["WATCHDOG=1", "STATUS=1 feed, last poll to come"]
        daemon._moved = monotonic() - daemons.MAX_SILENCE_S - 1
        daemon._give_a_sign()
        (status,) = heard(line)
        assert status.startswith("STATUS=polling has not moved for 90")
        assert daemon.health.told()["ok"] is False
        daemon._current()
        daemon._give_a_sign()
        assert heard(line) == ["WATCHDOG=1", "STATUS=1 feed, last poll to come"]
        assert daemon.health.told()["ok"] is True
