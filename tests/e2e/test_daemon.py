"""The daemon, black-box: it takes up edits, survives broken ones, refuses a second one, and ends when it is told to."""

import json
import os
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from bench.loopback import LoopbackSite, Reply
from tests.e2e.running import Running, feed, forked, free_port, inside
from tests.pace import IS_LONG

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs all of 127.0.0.0/8 on loopback, which Linux has")


def configured(folder: Path, *urls: str, port: int, title: str = "Planet", outputs: str = "[atom.xml, rss.xml]", link: str = "") -> None:
    lines = [
        f"outputs: {outputs}",
        f"title: {title}",
        f"link: {link}",
        "contact: https://planet.example.org/about",
        f"http: {{ listen: 127.0.0.1:{port} }}",
    ]
    lines += ["defaults: { allow_private: true, every: 1h, republish: full }", "feeds:", *(f"  - {url}" for url in urls)]
    saved = folder / "feeds.yaml.saved"
    saved.write_text("\n".join(lines) + "\n")
    saved.replace(folder / "feeds.yaml")  # as many editors save: by rename


def served(port: int, path: str = "atom.xml") -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=5) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, ConnectionError):
        return ""


def test_edits_are_taken_up_broken_ones_keep_the_last_good_feeds_yaml_and_commands_work_beside_the_daemon(tmp_path: Path) -> None:
    port = free_port()
    own = f"http://127.0.0.1:{port}/"
    with LoopbackSite({"garden": Reply(body=feed("garden", "First.")), "harbour": Reply(body=feed("harbour", "Other."))}) as site:
        garden, harbour = site.url("garden"), site.url("harbour")
        configured(tmp_path, garden, port=port)
        with forked(tmp_path) as daemon:
            daemon.until(lambda: "First." in served(port) and "First." in served(port, "rss.xml"))
            _broken_and_mended(daemon, tmp_path / "feeds.yaml", port)
            configured(tmp_path, garden, harbour, port=port, title="Planet Two", outputs="[atom.xml]", link=own)
            daemon.until(lambda: "Other." in served(port) and "Planet Two" in served(port))
            assert f'href="{own}atom.xml"' in served(port), "with its own address"
            assert served(port, "rss.xml") == "", "an output that left feeds.yaml is not served any more"
            daemon.until(lambda: "rss.xml: removed" in daemon.says())
            assert "atom.xml: 0 entries" not in daemon.says(), "it waited for the first ones"
            assert [asked.host for asked in site.requests()] == ["garden", "harbour"], "nothing else is asked again"

            second = inside(tmp_path, "run")
            assert second.returncode == 1
            assert str(daemon.process.pid) in second.stderr
            assert "nothing new" not in second.stderr
            assert inside(tmp_path, "status").returncode == 0
            named = inside(tmp_path, "poll", garden)
            assert named.returncode == 0, named.stderr
            assert site.requests()[-1].status == 304
            assert daemon.stop(signal.SIGHUP) < 10
            assert daemon.process.returncode == 0


def _broken_and_mended(daemon: Running, feeds: Path, port: int) -> None:
    good = feeds.read_text()
    feeds.write_text(good.replace("title:", "titel:"))
    daemon.until(lambda: "did you mean 'title'" in daemon.says())
    assert "feeds.yaml:2" in served(port, "healthz")
    assert "feeds.yaml:2" in served(port, "status"), "the page says so, too"
    assert "aggregator_config_problems 1.0" in served(port, "metrics")
    assert '"ready": true' in served(port, "readyz"), "what is served is fresh all the same"
    assert "First." in served(port)
    feeds.write_text(good)
    daemon.until(lambda: "feeds.yaml:2" not in served(port, "healthz"))


@pytest.mark.skipif(not IS_LONG, reason="waits for the whole time that jobs are given; `make soak` does")
def test_it_ends_in_time_while_a_publish_hangs(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "public").mkdir()
    os.mkfifo(tmp_path / "public/sources.html")  # whoever opens it waits for ever
    with LoopbackSite({"garden": Reply(body=feed("garden", "First."))}) as site:
        configured(tmp_path, site.url("garden"), port=port, outputs="[index.html]")
        with forked(tmp_path) as daemon:
            daemon.until(lambda: "First." in served(port, "index.html"))
            assert daemon.stop() < 10
            assert daemon.process.returncode == 0
            assert "Traceback" not in daemon.says()


def test_under_nohup_it_outlives_its_terminal(tmp_path: Path) -> None:
    port = free_port()
    with LoopbackSite({"garden": Reply(body=feed("garden", "First."))}) as site:
        configured(tmp_path, site.url("garden"), port=port)
        with forked(tmp_path, hup=signal.SIG_IGN) as daemon:
            daemon.until(lambda: "First." in served(port))
            daemon.process.send_signal(signal.SIGHUP)
            assert "First." in served(port)
            assert daemon.stop() < 10
            assert "SIGHUP" not in daemon.says()


def test_a_restart_asks_nothing_that_is_not_due(tmp_path: Path) -> None:
    port = free_port()
    with LoopbackSite({"garden": Reply(body=feed("garden", "First."))}) as site:
        configured(tmp_path, site.url("garden"), port=port)
        assert inside(tmp_path, "update").returncode == 0
        with forked(tmp_path) as daemon:
            daemon.until(lambda: "last_publish" in (told := served(port, "healthz")) and json.loads(told)["last_publish"])
            assert daemon.stop() < 10
        assert len(site.requests()) == 1


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        configured(tmp_path, "https://garden.invalid/feed", port=port)
        done = inside(tmp_path, "run")
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr


def test_sigterm_ends_it_while_a_server_keeps_silent(tmp_path: Path) -> None:
    port = free_port()
    with LoopbackSite({"slow": Reply(body=b"x" * 10_000_000, pause_s=5.0, may_gzip=False)}) as site:
        configured(tmp_path, site.url("slow"), port=port)
        with forked(tmp_path) as daemon:
            daemon.until(lambda: site.requests())
            assert daemon.stop() < 10
            assert daemon.process.returncode == 0


@pytest.mark.skipif(os.name != "posix" or not Path("/usr/bin/env").exists(), reason="needs POSIX")
def test_an_empty_feeds_yaml_and_a_folder_in_its_place_are_named(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("")
    empty = inside(tmp_path, "run")
    assert empty.returncode == 2
    assert "feeds" in empty.stderr
    (tmp_path / "feeds.yaml").unlink()
    (tmp_path / "feeds.yaml").mkdir()
    assert inside(tmp_path, "run").returncode == 2
