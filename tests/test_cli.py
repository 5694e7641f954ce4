"""Every command explains itself; calls that are wrong say what is wrong and exit with 2."""

import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import NoReturn

import click
import pytest
from click.testing import CliRunner, Result

from aggregator.app import App, build
from aggregator.cli import asking, editing, holding, keeping, ledger, moving, running, status, stories  # noqa: F401 - they add the commands
from aggregator.cli.feeds_file import write
from aggregator.cli.log import set_up_logging
from aggregator.cli.main import cli, main
from aggregator.cli.show import Session
from aggregator.config import load
from aggregator.errors import ParseError
from aggregator.model import Config, JsonValue, Outcome, PollReport
from aggregator.run.daemon import Daemon
from aggregator.run.lock import DaemonLock
from aggregator.run.poller import poll_due
from aggregator.splice import add_feed
from aggregator.store.sql import SqlStore
from tests.e2e.running import feed, lent
from tests.wire import Wire

FEEDS = "title: Planet\nfeeds:\n  - ./garden.xml   # the first\n"


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["-c", str(folder / "feeds.yaml"), *arguments], obj=lent)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "feeds.yaml").write_text(FEEDS)
    (tmp_path / "garden.xml").write_text(
        '<rss version="2.0"><channel><title>Garden</title><link>https://garden.example/</link></channel></rss>'
    )
    return tmp_path


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_under_stdout_is_one_plain_line_and_under_the_log_it_stops_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with TextIOWrapper(Path("/dev/full").open("wb", buffering=0), write_through=True) as full:
        with redirect_stdout(full), pytest.raises(SystemExit) as ended:
            cli.main(["-c", str(folder / "feeds.yaml"), "config"], standalone_mode=False, obj=lent)
        assert ended.value.code == 1
        assert capsys.readouterr().err == "what is to be printed cannot be written: No space left on device\n"
    with TextIOWrapper(Path("/dev/full").open("wb", buffering=0), write_through=True) as full, redirect_stderr(full):
        cli.main(["-c", str(folder / "feeds.yaml"), "update"], standalone_mode=False, obj=lent)
    assert "public/" in capsys.readouterr().out


def test_export_is_the_same_bytes_in_every_locale(folder: Path) -> None:
    (folder / "feeds.yaml").write_text("feeds:\n  - {url: https://a.example/feed, name: Zoë}\n", "utf-8")
    exported = CliRunner(charset="latin-1").invoke(cli, ["-c", str(folder / "feeds.yaml"), "export"], obj=lent)
    assert 'text="Zoë"'.encode() in exported.stdout_bytes


def test_what_the_locale_cannot_write_is_spelled_out_and_json_is_json_in_every_one(folder: Path) -> None:
    (folder / "feeds.yaml").write_text("feeds:\n  - {url: https://a.example/feed, id: a, name: “Zoë” 🎉}\n", "utf-8")
    call = ["-c", str(folder / "feeds.yaml"), "config"]
    printed = BytesIO()
    with TextIOWrapper(printed, "latin-1", write_through=True) as stdout, redirect_stdout(stdout):
        with pytest.raises(SystemExit) as ended:
            main([*call, "a"], lent)
        assert ended.value.code == 0
        assert "\\u201cZoë\\u201d".encode("latin-1") in printed.getvalue()
        printed.truncate(printed.seek(0))
        with pytest.raises(SystemExit):
            main([*call, "--json"], lent)
        assert json.loads(printed.getvalue().decode("ascii"))["feeds"][0]["name"] == "“Zoë” 🎉"


def test_feeds_that_commands_add_at_once_are_all_there(tmp_path: Path) -> None:
    session, urls = Session(tmp_path / "feeds.yaml", build), [f"https://{name}.example/feed" for name in "abcdefghijkl"]
    with ThreadPoolExecutor(len(urls)) as at_once:
        list(at_once.map(lambda url: write(session, lambda text: add_feed(text, url)), urls))
    assert sorted(spec.url for spec in session.config().feeds) == urls
    assert [path.name for path in tmp_path.iterdir()] == ["feeds.yaml"]


def test_what_an_editor_saves_while_a_command_edits_feeds_yaml_stays(folder: Path) -> None:
    session, saved = Session(folder / "feeds.yaml", build), iter(["# mine\n"])

    def edit(text: str) -> str:
        for line in saved:
            session.path.write_text(line + text)
        return add_feed(text, "https://a.example/feed")

    write(session, edit)
    assert session.path.read_text().startswith("# mine\n")
    assert [spec.id for spec in session.config().feeds] == ["garden", "a-example"]


def test_a_command_that_is_told_to_end_leaves_what_it_polled_due(folder: Path) -> None:
    goes_on = threading.Event()

    def told(config: Config) -> App:
        def reader(*asked: object) -> NoReturn:
            signal.raise_signal(signal.SIGTERM)
            goes_on.wait(30)
            raise ParseError("./garden.xml", "too late")

        app = build(config)
        return replace(app, ports=replace(app.ports, reader=reader))

    try:
        with pytest.raises(SystemExit) as ended:
            main(["-c", str(folder / "feeds.yaml"), "update"], told)
    finally:
        goes_on.set()
    assert ended.value.code == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    (state,) = json.loads(run(folder, "status", "--json").stdout)["feeds"]
    assert datetime.fromisoformat(state["next_poll"]) <= datetime.now(UTC), "not leased for three minutes"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_daemon_that_is_told_to_end_before_it_has_begun_ends_well(folder: Path, number: signal.Signals) -> None:
    """Whoever minds services would call another exit code a failure."""

    def told(config: Config) -> App:
        signal.raise_signal(number)
        return build(config)

    with pytest.raises(SystemExit) as ended:
        main(["-c", str(folder / "feeds.yaml"), "run"], told)
    assert ended.value.code == 0
    assert signal.getsignal(number) == signal.SIG_DFL


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_has_help_that_says_what_it_does(name: str) -> None:
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0
    assert len((cli.commands[name].help or "").split()) >= 5
    for parameter in cli.commands[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_all_commands_of_the_contract_are_there() -> None:
    wanted = {
        "init",
        "check",
        "config",
        "add",
        "remove",
        "import",
        "export",
        "poll",
        "publish",
        "update",
        "run",
        "status",
        "explain",
        "confirm",
        "join",
        "split",
        "release",
        "reprocess",
        "forget",
        "backup",
        "restore",
        "prune",
        "version",
    }
    assert wanted <= set(cli.commands)


def test_a_wrong_configuration_exits_with_2_and_names_every_line(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("titel: x\nfeeds:\n  - url: https://a.example/\n    strp: [auto]\n")
    result = run(tmp_path, "check")
    assert result.exit_code == 2
    assert "feeds.yaml:1: " in result.stderr
    assert "did you mean 'title'" in result.stderr
    assert "feeds.yaml:4: " in result.stderr
    assert "did you mean 'strip'" in result.stderr


def test_a_missing_feeds_yaml_is_named(tmp_path: Path) -> None:
    result = run(tmp_path, "update")
    assert result.exit_code == 2
    assert "feeds.yaml" in result.stderr


def test_init_writes_a_file_that_loads_and_never_overwrites(tmp_path: Path) -> None:
    assert run(tmp_path, "init", "https://blog.example/feed").exit_code == 0
    written = (tmp_path / "feeds.yaml").read_text()
    assert "https://blog.example/feed" in written
    assert run(tmp_path, "check").exit_code == 0
    assert run(tmp_path, "init").exit_code == 2
    assert (tmp_path / "feeds.yaml").read_text() == written


def test_add_and_remove_leave_every_other_byte(folder: Path) -> None:
    assert run(folder, "add", "--no-fetch", "https://news.example/rss", "--name", "News").exit_code == 0
    added = (folder / "feeds.yaml").read_text()
    assert added.startswith(FEEDS)
    assert "https://news.example/rss" in added
    assert run(folder, "remove", "https://news.example/rss").exit_code == 0
    assert (folder / "feeds.yaml").read_text() == FEEDS


@pytest.mark.parametrize("text", ["title: Mine\nfeeds:\n# none yet\n", "feeds: []\n", "title: Mine\n", ""])
def test_a_file_that_names_no_feed_yet_is_added_to(tmp_path: Path, text: str) -> None:
    (tmp_path / "list.txt").write_text("https://b.example/feed\n")
    for command in (["add", "--no-fetch", "https://a.example/feed"], ["import", str(tmp_path / "list.txt")]):
        (tmp_path / "feeds.yaml").write_text(text)
        result = run(tmp_path, *command)
        assert result.exit_code == 0, result.output
        assert run(tmp_path, "check").exit_code == 0
        assert set(text.split()) - {"[]"} <= set((tmp_path / "feeds.yaml").read_text().split())


def test_what_else_is_wrong_with_a_file_without_feeds_is_told_in_its_own_line(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("feeds:\nevry: 2h\n")
    result = run(tmp_path, "add", "--no-fetch", "https://a.example/feed")
    assert result.exit_code == 2
    assert ":2: unknown key 'evry'" in result.stderr


def test_an_unknown_feed_is_named_with_what_was_close(folder: Path) -> None:
    (folder / "feeds.yaml").write_text("feeds:\n  - { url: ./garden.xml, id: garden }\n")
    result = run(folder, "poll", "gardn")
    assert result.exit_code == 2
    assert "did you mean 'garden'" in result.stderr


def test_import_takes_over_opml_once(folder: Path) -> None:
    opml = '<opml version="2.0"><body><outline text="Blogs"><outline text="A" xmlUrl="https://a.example/feed"/></outline></body></opml>'
    (folder / "list.opml").write_text(opml)
    first = run(folder, "import", str(folder / "list.opml"))
    assert first.exit_code == 0, first.output
    assert "1 feed added" in first.stdout
    assert "0 feeds added, 1 was there already" in run(folder, "import", str(folder / "list.opml")).stdout
    assert "https://a.example/feed" in run(folder, "export").stdout


def test_import_names_what_it_could_not_take_with_its_reason(folder: Path) -> None:
    outlines = '<outline text="A" xmlUrl="https://a.example/feed"/><outline text="B" xmlUrl="gopher://b.example/feed"/>'
    (folder / "list.opml").write_text(f"<opml version='2.0'><body>{outlines}</body></opml>")
    why = "“B” gopher://b.example/feed: not an address that begins with http:// or https://"
    result = run(folder, "import", str(folder / "list.opml"), "--json")
    nothing: dict[str, object] = {"settings": {}, "settings_left": []}
    assert json.loads(result.stdout) == {"added": ["https://a.example/feed"], "already_there": 0, "not_carried_over": [why], **nothing}
    assert f"not carried over: {why}" in result.stderr
    assert "0 feeds added, 1 was there already, 1 not carried over" in run(folder, "import", str(folder / "list.opml")).stdout


def test_a_planets_settings_that_do_not_hold_here_are_named(tmp_path: Path) -> None:
    (tmp_path / "config.ini").write_text("[Planet]\nname = A: B\nlink = https://a.example/?x=1\n\n[https://ann.example/feed]\nname = Ann\n")
    moved = run(tmp_path, "import", str(tmp_path / "config.ini"))
    assert moved.stdout == "title: A: B\n1 feed added, 0 were there already, 0 not carried over\n"
    assert "not carried over: link: 'https://a.example/?x=1' has a query" in moved.stderr
    assert 'title: "A: B"\n# link:' in (tmp_path / "feeds.yaml").read_text()
    assert "title: A: B: feeds.yaml is there already" in run(tmp_path, "import", str(tmp_path / "config.ini")).stderr


def test_the_log_speaks_json_where_programs_read_it(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("feeds:\n  - ./absent.xml\n")
    result = run(tmp_path, "--log", "json", "poll")
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    (poll,) = [line for line in lines if line.get("event") == "poll"]
    assert (poll["outcome"], poll["error_type"]) == ("failed", "NoFile")
    assert {line["level"] for line in lines} == {"info", "warning", "error"}


def test_an_answer_that_breaks_off_is_told_in_words(tmp_path: Path) -> None:
    with Wire() as wire:
        address = wire.on("/feed", lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nCon"))
        (tmp_path / "feeds.yaml").write_text(f"defaults: {{ allow_private: true }}\nfeeds:\n  - {address}\n")
        result = run(tmp_path, "poll")
    assert "Traceback" not in result.stderr
    assert "next try in" in result.stderr


def test_config_shows_what_is_in_force_without_secrets(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEED_KEY", "hush-4711")
    (folder / "feeds.yaml").write_text('feeds:\n  - { id: a, url: "https://a.example/${FEED_KEY}", headers: { X-Key: "${FEED_KEY}" } }\n')
    result = run(folder, "config", "a", "--json")
    shown = json.loads(result.stdout)
    assert shown["every"] == "1h"
    assert shown["public"] is False
    told = run(folder, "config", "a")
    assert told.stdout.startswith('feeds:\n  - url: "https://a.example/${FEED_KEY}"  # feeds.yaml:2\n    id: a  ')
    assert "hush-4711" not in result.output + told.output
    whole = run(folder, "config")
    assert whole.stdout.startswith("# 1 feed: aggregator config FEED shows one\ntitle: Merged feed\n")
    assert (shown.pop("sources")["every"], json.loads(run(folder, "config", "--json").stdout)["feeds"]) == ("built in", [shown])


def test_status_and_version_speak_json(folder: Path) -> None:
    assert run(folder, "update").exit_code == 0
    told = json.loads(run(folder, "status", "--json").stdout)
    assert told["feeds"][0]["last_error"] is None
    assert "aggregator" in json.loads(run(folder, "version", "--json").stdout)


def test_the_table_of_feeds_is_as_wide_as_a_terminal_of_80_columns(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    (folder / "feeds.yaml").write_text(f"feeds:\n  - {{ url: ./garden.xml, id: {'long-name-' * 5}feed }}\n  - ./absent.xml\n")
    run(folder, "poll")
    blocks, _, table = run(folder, "status").stdout.partition(" feed ")
    assert "Look whether the file is there" in blocks, "trouble comes first"
    table, totals, _ = table.partition("2 feeds, 1 in trouble")
    assert totals
    assert max(map(len, table.splitlines()[1:])) <= 80
    assert all(word in table for word in ("success", "change", "next poll", "why", "a local file"))
    assert "saved by 304s" in run(folder, "status", "absent").stdout


def test_publish_names_no_file_that_is_not_there(folder: Path) -> None:
    named = [Path(line.partition(": ")[0]) for line in run(folder, "update").stdout.splitlines()]
    assert folder / "public/atom.xml" in named
    assert [path for path in named if path.is_absolute() and not path.exists()] == []


def test_a_held_feed_is_shown_and_published_once_it_is_confirmed(folder: Path) -> None:
    (folder / "garden.xml").write_bytes(feed("garden", "First."))
    assert run(folder, "update").exit_code == 0
    (folder / "garden.xml").write_bytes(feed("casino", "Jackpot!"))
    polled = run(folder, "poll", "garden")
    assert "kept back: the feed is held" in polled.output
    assert "no longer “" in run(folder, "status").stdout.replace("\n", " ")
    assert "no longer “" in json.loads(run(folder, "status", "--json").stdout)["feeds"][0]["hold"]
    assert "garden" in health(folder)["held"]  # type: ignore[operator]
    assert run(folder, "publish").exit_code == 0
    assert "Jackpot!" not in (folder / "public/atom.xml").read_text()
    confirmed = run(folder, "confirm", "garden")
    assert "garden is confirmed: 1 entry" in confirmed.stdout, confirmed.output
    assert run(folder, "publish").exit_code == 0
    assert "Jackpot!" in (folder / "public/atom.xml").read_text()
    assert health(folder)["held"] == {}
    again = run(folder, "confirm", "garden")
    assert (again.exit_code, "garden is not held" in again.stderr) == (2, True)


def health(folder: Path) -> dict[str, JsonValue]:
    """What a daemon there would answer to `/healthz`."""
    config = load(folder / "feeds.yaml", {})
    app = build(config)
    try:
        return Daemon(app, load=lambda: config, tell=print, report=print, serve=False).told_health()
    finally:
        app.close()


def test_reprocess_applies_new_rules_to_old_entries_and_a_second_run_says_so(folder: Path) -> None:
    item = (
        "<item><guid>1</guid><title>T</title><description>&lt;p&gt;Long words.&lt;/p&gt;&lt;p&gt;Support us.&lt;/p&gt;</description></item>"
    )
    garden = (folder / "garden.xml").read_text()
    (folder / "garden.xml").write_text(garden.replace("</channel>", f"{item}</channel>"))
    assert run(folder, "update").exit_code == 0
    (folder / "garden.xml").write_text(garden)
    (folder / "feeds.yaml").write_text("feeds:\n  - { url: ./garden.xml, strip: [Support us.] }\n")
    first = run(folder, "reprocess", "garden")
    assert first.stdout == "garden: 1 of 1 entry changed, 0 of them have another text\n1 of 1 entry changed\n"
    assert run(folder, "reprocess").stdout == "0 of 1 entry changed\n"
    told = json.loads(run(folder, "reprocess", "--all", "--json").stdout)
    assert told == {
        "entries": 1,
        "changed": 0,
        "texts": 0,
        "feeds": [{"feed": "garden", "entries": 1, "refined": 1, "changed": 0, "texts": 0}],
    }
    assert run(folder, "publish").exit_code == 0
    assert "Support us" not in (folder / "public/feed.json").read_text()
    assert run(folder, "reprocess", "gardn").exit_code == 2


def test_join_and_split_correct_what_was_taken_for_two_stories(folder: Path) -> None:
    (folder / "feeds.yaml").write_text("outputs: [feed.json]\nfeeds:\n  - ./garden.xml\n  - ./field.xml\n")
    (folder / "garden.xml").write_bytes(feed("garden", "A short note."))
    (folder / "field.xml").write_bytes(feed("field", "Quite another one."))

    def ids() -> list[str]:
        run(folder, "publish")
        return sorted(item["id"] for item in json.loads((folder / "public/feed.json").read_text())["items"])

    assert run(folder, "update").exit_code == 0
    both = ids()
    assert len(both) == 2
    joined = run(folder, "join", *both)
    assert joined.stdout.startswith("one story of 2 entries, from ")
    assert len(ids()) == 1
    assert run(folder, "join", *both).exit_code == 2, "they are one story already"
    assert json.loads(run(folder, "split", both[1], "--json").stdout)["published_id"] == both[1]
    assert ids() == both
    assert run(folder, "split", both[1]).exit_code == 2, "it is alone"
    assert run(folder, "join", both[0], "https://nobody.example/").exit_code == 2


def test_a_poll_says_why_it_passes_over_what_a_killed_process_was_polling(folder: Path) -> None:
    assert run(folder, "update").exit_code == 0
    with closing(sqlite3.connect(folder / "aggregator.db")) as store, store:
        store.execute("UPDATE feed SET lease_until = ?", (int(datetime.now(UTC).timestamp() * 1_000_000) + 60_000_000,))
    assert "garden: not polled: another process is polling it; if that was killed" in run(folder, "poll", "--force").stderr
    assert "(--force asks in spite of a pause)" in run(folder, "poll", "garden").stderr


def test_a_poll_that_finds_nothing_new_is_told_to_who_wants_all_of_it(folder: Path) -> None:
    assert run(folder, "update").exit_code == 0
    assert "garden: nothing new" not in run(folder, "poll", "garden").stderr
    assert "garden: nothing new" in run(folder, "-v", "poll", "garden").stderr


def test_a_daemon_is_silent_of_a_file_that_it_reads_every_minute_until_it_has_changed(capsys: pytest.CaptureFixture[str]) -> None:
    same = PollReport(feed_id="garden", shown_url="./garden.xml", outcome="unchanged", is_as_before=True)
    gone = replace(same, outcome="failed", error="there is no such file", why="a local file")
    set_up_logging(verbose=False)
    for report in (
        same,
        replace(same, outcome="new", new=1, total=5, is_as_before=False),
        replace(same, shown_url="https://garden.example/feed"),
    ):
        running.tell(report)
    assert capsys.readouterr().err == "garden: 1 new of 5 entries\ngarden: nothing new\n"
    for report in (replace(gone, is_as_before=False), gone, replace(same, is_as_before=False)):
        running.tell(report)
    assert capsys.readouterr().err == "garden: there is no such file (a local file)\ngarden: nothing new\n"
    offline = replace(gone, shown_url="https://garden.example/feed", error="no name server answers", error_type="Offline", why="no network")
    for report in (replace(offline, is_as_before=False), offline, replace(offline, error_type="TimedOut", error="too slow")):
        running.tell(report)
    assert capsys.readouterr().err.splitlines() == ["garden: no name server answers (no network)", "garden: too slow (no network)"]


def test_a_file_that_is_gone_is_as_before_from_the_second_look_on_and_not_when_it_is_back(folder: Path) -> None:
    garden = folder / "garden.xml"
    before = garden.read_bytes()
    with Session(folder / "feeds.yaml").app() as app:

        def looks() -> list[bool]:
            return [report.is_as_before for _ in range(2) for report in poll_due(lambda: app, feeds=["garden"])]

        assert looks() == [False, True]
        garden.unlink()
        assert looks() == [False, True]
        garden.write_bytes(before)
        assert looks() == [False, True]


def test_ctrl_c_while_commands_are_imported_leaves_no_traceback() -> None:
    # Behind a script's `&` it would be ignored from the start.
    heard = "import os, signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    pressed = "class Pressed:\n def find_spec(self, name, *more): name == 'aggregator.cli.moving' and os.kill(os.getpid(), 2)\n"
    called = f"{heard}{pressed}sys.meta_path.insert(0, Pressed())\nfrom aggregator.cli import main\nmain(['version'])"
    done = subprocess.run([sys.executable, "-c", called], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_what_is_held_back_is_shown_and_released_by_one_command(folder: Path) -> None:
    (folder / "feeds.yaml").write_text("outputs: [feed.json]\nfeeds:\n  - ./garden.xml\n")
    (folder / "garden.xml").write_bytes(feed("garden", "A short note."))
    assert run(folder, "update").exit_code == 0
    with (folder / "feeds.yaml").open("a") as more:
        more.write("  - ./field.xml\n")
    (folder / "field.xml").write_bytes(feed("field", *(f"Note {number} of the field." for number in range(8))))
    assert run(folder, "update").exit_code == 0
    told = run(folder, "status").stdout
    assert "5 entries are held back as backlog" in told
    assert "aggregator release field" in told
    assert {one["id"]: one["held_back"] for one in json.loads(run(folder, "status", "--json").stdout)["feeds"]} == {"garden": 0, "field": 5}
    assert "to publish it: aggregator release field" in run(folder, "explain", "tag:field.example,2026:1").stdout
    assert run(folder, "release", "field").stdout == "5 entries of field held back no longer\n"
    assert run(folder, "publish").exit_code == 0
    assert len(json.loads((folder / "public/feed.json").read_text())["items"]) == 9
    assert run(folder, "release", "field").stdout == "nothing of field is held back\n"
    assert "held back" not in run(folder, "status").stdout


def test_forget_asks_first_and_erases_for_good(folder: Path) -> None:
    item = (
        "<item><guid>1</guid><link>https://garden.example/1</link><title>Hedgehogs</title><description>Prickly words.</description></item>"
    )
    garden = (folder / "garden.xml").read_text()
    (folder / "garden.xml").write_text(garden.replace("</channel>", f"{item}</channel>"))
    assert run(folder, "update").exit_code == 0
    refused = run(folder, "forget", "garden")
    assert refused.exit_code == 2
    assert "--yes" in refused.stderr
    assert "“Hedgehogs”" in refused.stderr
    assert "1 in atom.xml" in refused.stderr
    done = run(folder, "forget", "garden", "--yes")
    assert (done.exit_code, done.stdout) == (0, "1 entry forgotten\n")
    assert "feeds.yaml still has this feed" in done.stderr
    assert run(folder, "update").exit_code == 0
    assert run(folder, "poll", "--force").exit_code == 0
    assert run(folder, "publish").exit_code == 0
    files = [path.read_bytes() for path in (folder / "public").rglob("*.*")]
    assert not any(b"Prickly" in (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body) for body in files)
    assert b"Prickly" not in (folder / "aggregator.db").read_bytes()
    assert "was forgotten on" in run(folder, "explain", "https://garden.example/1").stdout
    told = json.loads(run(folder, "forget", "garden", "--yes", "--json").stdout)
    assert told == {"forgotten": 0, "feeds": {}, "outputs": {}}


def test_forget_says_what_it_does_not_know(folder: Path) -> None:
    result = run(folder, "forget", "https://nowhere.example/", "--yes")
    assert result.exit_code == 2
    assert "nothing that is stored is called" in result.stderr


def test_backup_and_restore_bring_back_what_was_there(folder: Path) -> None:
    assert run(folder, "status").exit_code == 0
    copy = str(folder / "copy.db")
    assert "0 entries of 1 feed" in run(folder, "backup", copy).stdout
    assert "say --replace" in run(folder, "backup", copy).stderr
    assert json.loads(run(folder, "backup", copy, "--replace", "--json").stdout)["feeds"] == 1
    assert run(folder, "backup", str(folder / "aggregator.db"), "--replace").exit_code == 2
    with DaemonLock(folder / "aggregator.db"):
        refused = run(folder, "restore", copy)
    assert refused.exit_code == 1
    assert f"process {os.getpid()}" in refused.stderr
    (folder / "aggregator.db").write_text("spoilt")
    assert run(folder, "status").exit_code == 1
    done = run(folder, "restore", copy)
    assert done.exit_code == 0, done.stderr
    (kept,) = folder.glob("aggregator.db.replaced-*")
    assert kept.name in done.stderr
    assert kept.read_text() == "spoilt"
    assert run(folder, "status").exit_code == 0


def test_a_second_daemon_touches_nothing_of_the_firsts_store(folder: Path) -> None:
    """Not even with other feeds: opening a store brings its feeds in line with feeds.yaml."""
    assert run(folder, "status").exit_code == 0
    (folder / "other").mkdir()
    (folder / "other/feeds.yaml").write_text("store: ../aggregator.db\nfeeds:\n  - ../garden.xml\n  - https://other.example/feed\n")
    with DaemonLock(folder / "aggregator.db"):
        second = run(folder / "other", "run")
    assert second.exit_code == 1
    assert f"another daemon (process {os.getpid()})" in second.stderr
    with closing(SqlStore(str(folder / "aggregator.db"))) as store:
        assert len(store.feeds(active_only=False)) == 1


def test_prune_says_what_it_frees_before_and_after(folder: Path) -> None:
    items = "".join(f"<item><guid>{number}</guid><description>{'Words. ' * 99}</description></item>" for number in range(2))
    (folder / "garden.xml").write_text(f'<rss version="2.0"><channel><title>G</title>{items}</channel></rss>')
    assert run(folder, "poll").exit_code == 0
    told = run(folder, "prune", "--older-than", "0d", "--dry-run")
    done = run(folder, "prune", "--older-than", "0d", "--compact")
    assert told.stdout.startswith("the texts of 2 entries and 0 earlier versions would be dropped: ")
    assert done.stdout.splitlines()[0] == told.stdout.strip().replace("would be dropped", "dropped")
    assert "given back to the disk" in done.stdout
    assert json.loads(run(folder, "prune", "--older-than", "0d", "--json").stdout)["entries"] == 0
    assert "no unit" in run(folder, "prune", "--older-than", "90").stderr


def test_strict_makes_one_failing_feed_an_error(folder: Path) -> None:
    (folder / "feeds.yaml").write_text("feeds:\n  - ./garden.xml\n  - ./absent.xml\n")
    assert run(folder, "update").exit_code == 0
    assert run(folder, "poll", "--force", "--strict").exit_code == 1


def test_a_page_whose_feed_is_read_in_the_same_run_has_not_failed() -> None:
    from aggregator.cli.running import failing

    def told(feed: str, outcome: Outcome) -> PollReport:
        return PollReport(feed_id=feed, shown_url="https://a.example/", outcome=outcome)

    assert failing([told("page", "failed"), told("gone", "failed"), told("page", "new")]) == {"gone"}
    assert failing([told("page", "failed"), told("page", "failed")]) == {"page"}


def test_terminal_escapes_from_a_feed_are_written_out() -> None:
    from aggregator.cli.show import plain

    assert plain("\x1b]0;owned\x07\n2026 forged") == "\\x1b]0;owned\\x07\\n2026 forged"
