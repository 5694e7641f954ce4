"""`client: curl` is chosen in feeds.yaml, and says what it lacks; polls are the same over both."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.config import load_text
from aggregator.errors import AggregatorError
from aggregator.run.poller import poll_due
from tests.e2e.running import feed, inside, lent
from tests.wire import Wire, answer

pytest.importorskip("pycurl", reason="needs pycurl (the extra `fast`)")


@pytest.mark.parametrize("client", ["requests", "curl"])
def test_a_feed_is_polled_over_either_client(tmp_path: Path, client: str) -> None:
    with Wire() as wire:
        url = wire.on("/feed", answer(feed("garden", "One."), 'ETag: "1"'), answer(b"", status=304))
        text = f"client: {client}\ndefaults: {{ allow_private: true }}\nfeeds:\n  - {{ id: garden, url: '{url}' }}\n"
        app = lent(load_text(text, tmp_path / "feeds.yaml", {}))
        try:
            (first,) = poll_due(lambda: app)
            (second,) = poll_due(lambda: app, feeds=["garden"])
        finally:
            app.close()
        assert (first.outcome, first.new, second.outcome) == ("new", 1, "unchanged")
        assert wire.field("If-None-Match") == b'"1"'
        assert wire.connections == 1


def test_another_client_is_taken_up_when_feeds_yaml_is_saved_and_the_same_one_is_kept(tmp_path: Path) -> None:
    (tmp_path / "garden.xml").write_bytes(feed("garden", "One."))
    app = lent(load_text("feeds: [./garden.xml]\n", tmp_path / "feeds.yaml", {}))
    try:
        titled = app.reconfigured(replace(app.config, title="Another"))
        assert titled.ports.fetcher is app.ports.fetcher
        changed = app.reconfigured(replace(app.config, client="curl"))
        assert changed.ports.fetcher is not app.ports.fetcher
        assert len(poll_due(lambda: changed)) == 1
        changed.ports.fetcher.close()
    finally:
        app.close()


@pytest.mark.parametrize("command", ["check", "poll", "run"])
def test_without_pycurl_one_line_says_how_to_get_it(tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "garden.xml").write_bytes(feed("garden", "One."))
    (tmp_path / "feeds.yaml").write_text("client: curl\nfeeds: [./garden.xml]\n")
    monkeypatch.setitem(sys.modules, "pycurl", None)  # as if it were not there
    monkeypatch.delitem(sys.modules, "aggregator.collect.curl_door", raising=False)
    done = inside(tmp_path, command)
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if "client" in line]
    assert line.startswith(f"{tmp_path / 'feeds.yaml'}: client: curl cannot be used: it needs pycurl")
    assert "pip install 'pycurl>=7.45.4'" in line
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "aggregator.db").exists()


@pytest.mark.parametrize(
    ("release", "tls", "words"),
    [
        ("7.88.1", "OpenSSL/3.0.17", "it needs libcurl 8.11.0 or newer, and this pycurl has 7.88.1"),
        ("8.9.1-DEV", "OpenSSL/3.0.17", "8.11.0 or newer, and this pycurl has 8.9.1-DEV"),
        ("8.14.1", "GnuTLS/3.8.9", "it needs a libcurl with OpenSSL, and this one has GnuTLS/3.8.9"),
        ("8.14.1", "", "this one has no TLS"),
    ],
)
def test_a_libcurl_that_cannot_keep_the_promises_is_named(release: str, tls: str, words: str) -> None:
    from aggregator.collect.curl_door import check_library

    with pytest.raises(AggregatorError) as caught:
        check_library(release, tls)
    assert words in str(caught.value)
    check_library("8.11.0-DEV", "OpenSSL/3.4.0")
    check_library("10.0.0", "(OpenSSL/3.4.0) Schannel")


def test_config_shows_the_client(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("client: curl\nfeeds: [./garden.xml]\n")
    assert "client: curl" in inside(tmp_path, "config").stdout
    (tmp_path / "feeds.yaml").write_text("client: crul\nfeeds: [./garden.xml]\n")
    done = inside(tmp_path, "config")
    assert "feeds.yaml:1: client: 'crul' is none of requests, curl (did you mean 'curl'?)" in done.stderr
