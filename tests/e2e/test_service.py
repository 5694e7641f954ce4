"""The daemon as a service: what its manager hears, what its log says, how its store is backed up, lost and put back."""

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aggregator.run.lock import DaemonLock
from tests.e2e.running import feed, files_below, inside, started

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="service managers that are told of readiness are Linux's")


class Manager:
    """What a service manager hears on the socket that it laid."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._heard: list[str] = []

    def heard(self) -> list[str]:
        try:
            while True:
                self._heard += self._line.recv(4096).decode().splitlines()
        except BlockingIOError:
            return self._heard


@contextmanager
def manager(address: Path) -> Iterator[Manager]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(address))
        line.setblocking(False)
        yield Manager(line)


def test_a_service_from_its_first_word_to_its_store_put_back(tmp_path: Path) -> None:
    (tmp_path / "garden.xml").write_bytes(feed("garden", "First.", "Second."))
    head = 'contact: a@planet.example.org\nlink: https://planet.example.org/\nhttp: { listen: "127.0.0.1:0" }\noutputs: [atom.xml]\n'
    (tmp_path / "feeds.yaml").write_text(f"{head}feeds:\n  - ./garden.xml\n")
    copy, atom = str(tmp_path / "copy.db"), tmp_path / "public/atom.xml"
    with manager(tmp_path / "notify") as told:
        environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "1000000", "AGGREGATOR_LOG": "json"}
        with started(tmp_path, environ=environ) as daemon:
            daemon.until(lambda: atom.exists() and "Second." in atom.read_text() and told.heard().count("WATCHDOG=1") >= 2)
            assert told.heard()[0] == "READY=1"
            assert any(line.startswith("STATUS=1 feed, last poll ") for line in told.heard())
            assert inside(tmp_path, "backup", copy).stdout.startswith(f"{copy}: 2 entries of 1 feed")
            refused = inside(tmp_path, "restore", copy)
            assert refused.returncode == 1
            assert f"process {daemon.process.pid}" in refused.stderr
            daemon.process.kill()
            daemon.process.wait()
            lines = [json.loads(line) for line in daemon.says().splitlines()]
    (poll,) = [line for line in lines if line.get("event") == "poll"]
    assert (poll["feed"], poll["outcome"], poll["new"], poll["level"]) == ("garden", "new", 2, "info")
    assert all({"time", "level", "message"} <= line.keys() for line in lines)

    before = atom.read_bytes()
    for file in (*tmp_path.glob("aggregator.db*"), *files_below(tmp_path / "public")):
        file.unlink()
    assert "2 entries of 1 feed" in inside(tmp_path, "restore", copy).stdout, "a daemon that was killed is in nobody's way"
    assert inside(tmp_path, "publish").returncode == 0
    assert atom.read_bytes() == before
    with DaemonLock(tmp_path / "aggregator.db"):
        pass
