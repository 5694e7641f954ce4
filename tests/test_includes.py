"""feeds.yaml in several files: one configuration, and whatever is wrong or edited is wrong or edited in the file where it stands."""

import json
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from aggregator.cli import asking, editing, holding, keeping, ledger, moving, running, status, stories  # noqa: F401 - they add the commands
from aggregator.cli.main import cli
from aggregator.config import load
from aggregator.errors import ConfigError
from aggregator.model import Config
from aggregator.run.daemon import Daemon
from tests.e2e.running import lent
from tests.fakes import FakeFolder

MAIN = """\
defaults: { every: 3h, attribution: { place: bottom, text: "Seen at {origin}." } }
feeds:
  - https://a.example/feed
include:
  - friends.yaml
  - { file: sub/work.yaml, tags: [work], defaults: { every: 4h, strip: [auto] } }
"""
FRIENDS = "feeds:\n  - https://ann.example/feed   # Ann\n  - https://bob.example/feed\n"
WORK = """\
defaults: { republish: full, attribution: { place: none } }
feeds:
  - url: https://w.example/feed
    tags: [desk]
    every: 5h
  - https://a.example/feed/
  - ./local.xml
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path, {"feeds.yaml": MAIN, "friends.yaml": FRIENDS, "sub/work.yaml": WORK})


def written(folder: Path, texts: Mapping[str, str]) -> Path:
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["-c", str(folder / "feeds.yaml"), *arguments], obj=lent)


def problems(folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        load(folder / "feeds.yaml", {})
    return [line.removeprefix(f"{folder}/") for line in raised.value.lines()]


def test_the_feeds_of_all_files_are_read_each_with_what_it_inherits_there(folder: Path) -> None:
    config = load(folder / "feeds.yaml", {})
    assert [spec.id for spec in config.feeds] == ["a-example", "ann-example", "bob-example", "w-example", "local"]
    ann, work, local = config.feeds[1], config.feeds[3], config.feeds[4]
    assert (ann.every, ann.republish, ann.tags, ann.attribution.place) == (timedelta(hours=3), "excerpt", (), "bottom")
    assert (work.every, work.republish, work.tags, work.strip) == (timedelta(hours=5), "full", ("work", "desk"), ("auto",))
    assert (work.attribution.place, work.attribution.text) == ("none", "Seen at {origin}."), "the visible line goes key by key"
    assert (local.every, local.path) == (timedelta(hours=4), folder / "sub/local.xml")
    (again,) = [line for line in config.warnings if "again" in line]
    assert (
        again == f"{folder}/sub/work.yaml:6: https://a.example/feed/ is the feed of feeds.yaml:3 again: it is read once, as that line says"
    )


def test_every_mistake_is_said_with_its_own_file_and_line(folder: Path) -> None:
    main = MAIN.replace("every: 3h", "evry: 3h") + "  - https://list.example/opml\n  - nowhere.yaml\n  - friends.yaml\n"
    friends = FRIENDS + "  - { url: https://c.example/, evry: 2h }\n  - ann.example\ntitle: Friends\ndefaluts: { every: 1m }\n"
    work = "defaults: { every: 1m }\nfeeds: [https://w.example/]\ninclude: [../feeds.yaml]\n"
    written(folder, {"feeds.yaml": main, "friends.yaml": friends, "sub/work.yaml": work})
    assert problems(folder) == [
        "feeds.yaml:1: unknown key 'evry' (did you mean 'every'?)",
        "feeds.yaml:7: include: 'https://list.example/opml' is not a file: a list of feeds on the web stands below 'lists:'",
        "feeds.yaml:8: include: nowhere.yaml: there is no such file",
        "feeds.yaml:9: include: friends.yaml is read already: each file is included once, and none includes itself",
        "friends.yaml:4: unknown key 'evry' (did you mean 'every'?)",
        "friends.yaml:5: url: 'ann.example' has no scheme: write https://ann.example (or ./ann.example for a local file)",
        "friends.yaml:6: 'title' stands in the file that includes this one",
        "friends.yaml:7: unknown key 'defaluts' (did you mean 'defaults'?)",
        "sub/work.yaml:1: every: at least 5m, so that no server is hammered (local files and feeds with allow_private may say less)",
        "sub/work.yaml:3: include: ../feeds.yaml is read already: each file is included once, and none includes itself",
    ]
    written(
        folder, {"feeds.yaml": MAIN, "friends.yaml": "feeds: [", "sub/work.yaml": "feeds: [https://${KEY}.example/, https://a.example]"}
    )
    assert [line.partition(": ")[0] for line in problems(folder)] == ["friends.yaml:1", "sub/work.yaml:1"]


def test_what_is_included_is_not_published(folder: Path) -> None:
    written(folder, {"public/more.yaml": FRIENDS, "feeds.yaml": "include: [public/more.yaml]\n"})
    assert problems(folder) == ["feeds.yaml:1: include: more.yaml stands in the folder that is published: put it elsewhere"]


def test_a_feed_is_taken_out_of_the_file_where_it_stands_and_no_other_byte_moves(folder: Path) -> None:
    assert run(folder, "remove", "ann-example").exit_code == 0
    assert (folder / "friends.yaml").read_text() == FRIENDS.replace("  - https://ann.example/feed   # Ann\n", "")
    assert run(folder, "remove", "a-example").exit_code == 0
    left = (folder / "feeds.yaml").read_text(), (folder / "sub/work.yaml").read_text()
    assert left == (MAIN.replace("  - https://a.example/feed\n", ""), WORK.replace("  - https://a.example/feed/\n", "")), "it would live on"
    known = run(folder, "add", "https://w.example/feed", "--no-fetch")
    assert (known.exit_code, "work.yaml:3: https://w.example/feed is listed here already" in known.stderr) == (2, True)


def test_each_setting_of_a_feed_is_shown_with_where_it_comes_from(folder: Path) -> None:
    told = json.loads(run(folder, "config", "w-example", "--json").stdout)
    assert (told["every"], told["tags"]) == ("5h", ["work", "desk"])
    where = told["sources"]
    assert where["every"] == "work.yaml:5"
    assert where["republish"] == "work.yaml:1, defaults"
    assert where["strip"] == "feeds.yaml:6, defaults"
    assert where["tags"] == "feeds.yaml:6 and work.yaml:4"
    assert (where["attribution.place"], where["attribution.text"]) == ("work.yaml:1, defaults", "feeds.yaml:1, defaults")
    assert (where["id"], where["allow_private"]) == ("made from the address", "built in")
    lines = run(folder, "config", "w-example").stdout.splitlines()
    assert next(line.split() for line in lines if "  every:" in line) == ["every:", "5h", "#", "work.yaml:5"]
    assert {key.partition(".")[0] for key in where} == set(told) - {"sources"}


def test_a_save_of_any_of_the_files_is_taken_up(folder: Path) -> None:
    config = load(folder / "feeds.yaml", {})
    said: list[str] = []
    daemon = Daemon(lent(config), load=lambda: load(folder / "feeds.yaml", {}), tell=said.append, report=print, serve=False)
    watcher = threading.Thread(target=daemon.saves.watch, daemon=True)
    try:
        watcher.start()
        until(lambda: bool(daemon.health.config_problems), lambda: written(folder, {"friends.yaml": "feds: []\n"}))
        until(lambda: feeds(daemon.app.config) == 4, lambda: written(folder, {"friends.yaml": "feeds: [https://ann.example/feed]\n"}))
        moved = MAIN.replace("friends.yaml", "far/friends.yaml")
        written(folder, {"far/friends.yaml": FRIENDS})
        until(lambda: feeds(daemon.app.config) == 5, lambda: written(folder, {"feeds.yaml": moved}))
        until(lambda: feeds(daemon.app.config) == 3, lambda: written(folder, {"far/friends.yaml": "feeds: []\n"}))
    finally:
        daemon.stop.set()
        watcher.join(10)
        daemon.app.close()
    assert daemon.health.config_problems == ()


def test_a_save_during_a_publish_is_answered_at_once_and_taken_up_after_it(folder: Path) -> None:
    said: queue.SimpleQueue[str] = queue.SimpleQueue()
    publishes, goes_on = threading.Event(), threading.Event()
    app = lent(load(folder / "feeds.yaml", {}))
    slow = SlowFolder(lambda: (publishes.set(), goes_on.wait(10)))
    app = replace(app, ports=replace(app.ports, publisher=slow))
    daemon = Daemon(app, load=lambda: load(folder / "feeds.yaml", {}), tell=said.put, report=print, serve=False)
    daemon._stored(1)
    written(folder, {"friends.yaml": "feeds: []\n"})
    job = threading.Thread(target=daemon._publish, daemon=True)
    try:
        job.start()
        assert publishes.wait(10)
        daemon.saves.read()
        assert said.get(timeout=10) == "feeds.yaml has no mistakes: taken up when the publish that runs is done"
        written(folder, {"friends.yaml": "feds: []\n"})
        daemon.saves.read()
        assert "friends.yaml:1" in said.get(timeout=10), "a mistake that follows is named at once, too"
        assert said.get(timeout=10) == "feeds.yaml has problems: the last good one stays in force"
        goes_on.set()
        job.join(10)
        while "taken up: 3 feeds" not in said.get(timeout=10):
            pass
        assert feeds(daemon.app.config) == 3
        assert daemon.health.config_problems, "the file is broken all the same"
    finally:
        goes_on.set()
        daemon.app.close()


class SlowFolder(FakeFolder):
    """A folder of outputs in which nothing is written before somebody says so."""

    def __init__(self, waits: Callable[[], object]) -> None:
        super().__init__()
        self.waits = waits

    def put(self, path: str, body: bytes) -> bool:
        self.waits()
        return super().put(path, body)


def feeds(config: Config) -> int:
    return len(config.feeds)


def test_what_a_link_leads_to_is_watched_and_edited_in_its_place(tmp_path: Path) -> None:
    """feeds.yaml may lie in another repository, or in a folder that a deployment swaps."""
    for release in ("one", "two"):
        (tmp_path / release).mkdir()
        written(tmp_path / release, {"feeds.yaml": "feeds: [https://ann.example/feed]\n"})
    folder = tmp_path / "planet"
    folder.mkdir()
    (folder / "now").symlink_to("../one")
    (folder / "feeds.yaml").symlink_to("now/feeds.yaml")
    three = "feeds: [https://ann.example/feed, https://bob.example/feed, https://c.example/feed]\n"
    said: queue.Queue[str] = queue.Queue()
    config = load(folder / "feeds.yaml", {})
    daemon = Daemon(lent(config), load=lambda: load(folder / "feeds.yaml", {}), tell=said.put, report=print, serve=False)
    watcher = threading.Thread(target=daemon.saves.watch, daemon=True)
    (tmp_path / "one" / "feeds.yaml").chmod(0o640)
    assert run(folder, "add", "--no-fetch", "https://bob.example/feed").exit_code == 0
    assert (folder / "feeds.yaml").is_symlink()
    assert (tmp_path / "one" / "feeds.yaml").stat().st_mode & 0o777 == 0o640
    try:
        watcher.start()
        assert "taken up: 2 feeds" in said.get(timeout=20), "also what was saved before the watch began"
        until(lambda: feeds(daemon.app.config) == 3, lambda: written(tmp_path / "one", {"feeds.yaml": three}))
        (folder / "next").symlink_to("../two")
        (folder / "next").replace(folder / "now")
        while "taken up: 1 feed," not in said.get(timeout=20):
            pass
        written(tmp_path / "two", {"feeds.yaml": "feds: []\n"})
        while "feeds.yaml:1: unknown key 'feds'" not in said.get(timeout=20):
            pass
    finally:
        daemon.stop.set()
        watcher.join(10)
        daemon.app.close()


def until(holds: Callable[[], bool], save: Callable[[], object]) -> None:
    """Save again and again until it is taken up: a watch begins a moment after its thread."""
    for _ in range(40):
        save()
        for _ in range(10):
            if holds():
                return
            threading.Event().wait(0.05)
    raise AssertionError("it was not taken up")
