"""What a subscriber must never see: an entry twice, a secret, an address that was meant for us alone."""

import re
import sys
from pathlib import Path

import feedparser
import pytest

from bench.loopback import LoopbackSite, Reply
from tests.e2e.running import feed, files_below, inside

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs all of 127.0.0.0/8 on loopback, which Linux has")

HEAD = "title: Planet\ncontact: https://planet.example.org/about\ndefaults: { allow_private: true, every: 5s, republish: full }\nfeeds:\n"


def updated(folder: Path, feeds: str, **environ: str) -> list[str]:
    """Update under these feeds and give the ids that a subscriber sees."""
    (folder / "feeds.yaml").write_text(HEAD + feeds)
    done = inside(folder, "update", environ=environ)
    assert done.returncode == 0, done.stderr
    return [entry.id for entry in feedparser.parse((folder / "public/atom.xml").read_bytes()).entries]


def test_a_feed_removed_and_added_again_floods_nobody(tmp_path: Path) -> None:
    with LoopbackSite({"a": Reply(body=feed("a", "One.", "Two.")), "b": Reply(body=feed("b", "Three."))}) as site:
        both = f"  - {site.url('a')}\n  - {site.url('b')}\n"
        first = updated(tmp_path, both)
        assert len(first) == 3
        assert updated(tmp_path, f"  - {site.url('b')}\n") == [id_ for id_ in first if ":b." in id_ or "b.example" in id_]
        assert updated(tmp_path, both) == first


def test_an_edited_title_updates_the_entry_in_place(tmp_path: Path) -> None:
    document, edited = feed("a", "One.", "Two."), feed("a", "One.", "Two.", titles={2: "A better title"})
    with LoopbackSite({"a": [Reply(body=document), Reply(body=edited)]}) as site:
        first = updated(tmp_path, f"  - {{ url: {site.url('a')}, id: a }}\n")
        assert inside(tmp_path, "poll", "a").returncode == 0
        assert inside(tmp_path, "publish").returncode == 0
        parsed = feedparser.parse((tmp_path / "public/atom.xml").read_bytes())
        assert [entry.id for entry in parsed.entries] == first
        assert "A better title" in [entry.title for entry in parsed.entries]


def test_a_feed_under_a_new_address_keeps_its_entries(tmp_path: Path) -> None:
    # Entries without absolute ids get theirs from the feed's row, so the row must be found again.
    document = feed("a", "One.", "Two.").replace(b"tag:a.example,2026:", b"post-")
    with LoopbackSite({"a": {"/feed.xml": Reply(body=document), "/new.xml": Reply(body=document)}}) as site:
        first = updated(tmp_path, f"  - {{ url: {site.url('a')}, id: a }}\n")
        assert len(first) == 2
        assert updated(tmp_path, f"  - {{ url: {site.url('a', '/new.xml')}, id: a }}\n") == first


def test_a_secret_is_written_nowhere(tmp_path: Path) -> None:
    secret = "s3cr3t-4f9a1c"
    # As feeds made for one reader do, it repeats its own address in an id, a link and the text.
    own = feed("a", f"One. See https://a.example/1?key={secret}.").replace(
        b"https://a.example/1", f"https://a.example/1?key={secret}".encode()
    )
    with LoopbackSite({"a": {f"/feed.xml?key={secret}": Reply(body=own), "/feed.xml": Reply(status=404)}}) as site:
        feeds = f'  - url: "{site.url("a", "/feed.xml")}?key=${{FEED_KEY}}"\n    headers: {{ X-Token: "${{FEED_KEY}}" }}\n'
        assert len(updated(tmp_path, feeds, FEED_KEY=secret)) == 1
        assert site.requests()[0].headers["x-token"] == secret
        said = [
            inside(tmp_path, *command, environ={"FEED_KEY": secret})
            for command in (["status"], ["status", "--json"], ["config"], ["export"])
        ]
    for done in said:
        assert secret not in done.stdout + done.stderr
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        assert secret.encode() not in path.read_bytes(), path


def test_a_private_feeds_address_is_in_no_output(tmp_path: Path) -> None:
    with LoopbackSite({"a": Reply(body=feed("a", "One."))}) as site:
        updated(tmp_path, f"  - {{ url: {site.url('a')}, public: false }}\n")
        host = re.escape(site.url("a").split("/")[2])
    for path in files_below(tmp_path / "public"):
        assert not re.search(host.encode(), path.read_bytes()), path.name


def test_one_broken_feed_costs_only_itself(tmp_path: Path) -> None:
    with LoopbackSite(
        {"a": Reply(body=b"<html><body>not a feed</body></html>", content_type="text/html"), "b": Reply(body=feed("b", "Fine."))}
    ) as site:
        (tmp_path / "feeds.yaml").write_text(HEAD + f"  - {site.url('a')}\n  - {site.url('b')}\n  - ./absent.xml\n")
        done = inside(tmp_path, "update")
    assert done.returncode == 0
    assert "HTML page, not a feed" in done.stderr
    assert "next try" in done.stderr
    assert "Fine." in (tmp_path / "public/atom.xml").read_text()


def test_a_pages_feed_is_discovered_and_asked_in_its_place(tmp_path: Path) -> None:
    page = b'<!doctype html><title>Blog</title><link rel="alternate" type="application/atom+xml" href="/feed.xml"><p>Hello.</p>'
    with LoopbackSite({"a": {"/": Reply(body=page, content_type="text/html"), "/feed.xml": Reply(body=feed("a", "Found."))}}) as site:
        (tmp_path / "feeds.yaml").write_text(HEAD + f"  - {{ url: {site.url('a', '/')}, id: a }}\n")
        first = inside(tmp_path, "update")
        assert "/feed.xml" in first.stderr
        assert "a: 1 new of 1 entry" in first.stderr, "at once: the next run of cron may be an hour away"
        assert [asked.path for asked in site.requests()] == ["/", "/feed.xml"]
    assert "Found." in (tmp_path / "public/atom.xml").read_text()


def test_a_publisher_who_opts_out_leaves_every_output_and_is_not_asked_again(tmp_path: Path) -> None:
    with LoopbackSite({"a": Reply(body=feed("a", "One.")), "b": Reply(body=feed("b", "Two."))}) as site:
        both = f"  - {{ url: {site.url('a')}, id: a }}\n  - {site.url('b')}\n"
        assert len(updated(tmp_path, both)) == 2
        assert len(updated(tmp_path, both.replace("id: a", "id: a, opt_out: true"))) == 1
        assert inside(tmp_path, "poll", "--force").returncode == 0
        assert [asked.host for asked in site.requests()].count("a") == 1
    assert b"One." not in b"".join(path.read_bytes() for path in files_below(tmp_path / "public"))
