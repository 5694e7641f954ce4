"""The pages beside an HTML output: what they list, when they are written, and when they go."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import html

from aggregator.model import FeedSpec, OutputSpec
from aggregator.publish.layout import ARCHIVED, tag_path
from tests.planet import JSON, NOON, Planet, Post, atom, post, subscription

HTML = OutputSpec(path="index.html", format="html", max_entries=10)


def planet(*feeds: str | FeedSpec, outputs: tuple[OutputSpec, ...] = (JSON, HTML)) -> Planet:
    return Planet(*(feeds or ("orig", subscription("other", tags=("news", "C++")))), outputs=outputs)


def many(feed: str, count: int) -> list[Post]:
    return [post(feed, number, at=NOON - timedelta(hours=number)) for number in range(1, count + 1)]


def titles(made: Planet, path: str) -> list[str]:
    document = html.document_fromstring(made.folder.files[path], parser=html.HTMLParser(encoding="utf-8"))
    return [title.text_content() for title in document.cssselect("article h3")]


def links(made: Planet, path: str, selector: str) -> list[str]:
    return [link.get("href") or "" for link in html.document_fromstring(made.folder.files[path]).cssselect(selector)]


def side_pages(made: Planet) -> set[str]:
    return {path for path in made.folder.files if path.endswith(".html") and path != "index.html" and not path.startswith("story/")}


def test_each_source_each_tag_and_the_archive_have_pages_that_lead_to_one_another() -> None:
    made = planet()
    made.polls({"orig": atom("orig", many("orig", 3)), "other": atom("other", many("other", 2))})
    made.publishes()
    news, cpp = tag_path("index.html", "news"), tag_path("index.html", "C++")
    assert side_pages(made) == {"sources.html", "archive.html", "archive/1.html", "source/orig.html", "source/other.html", news, cpp}
    assert titles(made, "source/orig.html") == ["Post 1 of orig", "Post 2 of orig", "Post 3 of orig"]
    assert titles(made, news) == titles(made, cpp) == titles(made, "source/other.html") == ["Post 1 of other", "Post 2 of other"]
    assert len(titles(made, "archive/1.html")) == 5
    for path in [*side_pages(made), "index.html"]:
        folder = path.rpartition("/")[0]
        for link in links(made, path, "a:not([href^=http]):not([href^='#'])"):
            target = f"{folder}/{link}" if folder and not link.startswith("../") else link.removeprefix("../")
            assert target in made.folder.files, (path, link)


def test_a_local_file_that_nobody_else_can_subscribe_to_has_its_pages_too() -> None:
    local = subscription("other", tags=("news",), path=Path("/srv/other.xml"))
    made = planet("orig", local, outputs=(JSON, HTML, OutputSpec(path="opml.xml", format="opml")))
    made.polls({"orig": atom("orig", many("orig", 1)), "other": re.sub(b"<link rel=.self.[^>]*>", b"", atom("other", many("other", 2)))})
    made.publishes()
    assert titles(made, "source/other.html") == titles(made, tag_path("index.html", "news")) == ["Post 1 of other", "Post 2 of other"]
    assert links(made, "source/other.html", "main a.feed") == []
    for path in ("sources.html", "index.html"):
        assert "source/other.html" in links(made, path, "main a")
    assert b"other" not in made.folder.files["opml.xml"]


def test_an_entry_changes_the_pages_that_list_it_and_no_others() -> None:
    made = planet()
    made.polls({"orig": atom("orig", many("orig", 3)), "other": atom("other", many("other", 2))})
    made.publishes()
    made.folder.writes.clear()
    made.later()
    made.publishes()
    assert made.folder.writes == [], "time alone changes nothing"
    made.polls({"orig": atom("orig", [post("orig", 9, at=NOON), *many("orig", 3)])})
    made.publishes()
    written = {path for path in made.folder.writes if path.endswith(".html") and not path.startswith("story/")}
    assert written == {"index.html", "source/orig.html", "archive/1.html"}


def test_what_its_publisher_changes_or_takes_back_changes_on_every_page() -> None:
    made = planet("orig", subscription("other", tags=("news",)))
    made.polls({"orig": atom("orig", many("orig", 2)), "other": atom("other", many("other", 2))})
    made.publishes()
    made.later()
    made.polls({"other": atom("other", [post("other", 1, title="Corrected", at=NOON - timedelta(hours=1)), many("other", 2)[1]])})
    made.publishes()
    for path in ("source/other.html", "tag/news.html", "archive/1.html"):
        assert "Corrected" in titles(made, path)
        assert "Post 1 of other" not in titles(made, path)
    feeds = (made.ports.config.feeds[0], subscription("other", tags=("news",), opt_out=True))
    made.ports = replace(made.ports, config=replace(made.ports.config, feeds=feeds))
    made.publishes()
    assert {path for path, body in made.folder.files.items() if b"other" in body.replace(b"others", b"")} == set()


def test_a_page_of_the_archive_that_is_full_stays_as_it_is_whatever_the_date_of_what_comes_later() -> None:
    made = planet("orig", "late")
    made.polls({"orig": atom("orig", many("orig", ARCHIVED))})
    made.publishes()
    made.polls({"orig": atom("orig", [post("orig", 900, at=NOON), *many("orig", ARCHIVED)])})
    made.publishes()
    full = made.folder.files["archive/1.html"]
    made.later()
    made.polls({"late": atom("late", [post("late", 1, at=NOON - timedelta(days=3))])})
    made.publishes()
    assert made.folder.files["archive/1.html"] == full
    assert titles(made, "archive/2.html") == ["Post 900 of orig", "Post 1 of late"]
    assert links(made, "archive/2.html", ".pages a") == ["../index.html", "1.html"]
    assert links(made, "archive/1.html", ".pages a") == ["2.html"]
    assert links(made, "archive.html", "main a") == ["archive/2.html", "archive/1.html"]


def test_what_was_changed_or_deleted_is_written_again_and_only_what_we_wrote_is_removed() -> None:
    made = planet("orig", subscription("other", tags=("news",)))
    made.polls({"orig": atom("orig", many("orig", 1)), "other": atom("other", many("other", 1))})
    made.publishes()
    before = dict(made.folder.files)
    made.folder.files["sources.html"] += b"<!-- a note -->"
    del made.folder.files["source/orig.html"]
    made.publishes()
    assert made.folder.files == before
    made.folder.files["tag/news.html"] += b"<!-- mine -->"
    made.ports = replace(made.ports, config=replace(made.ports.config, feeds=made.ports.config.feeds[:1]))
    made.publishes()
    assert "source/other.html" not in made.folder.files
    assert "tag/news.html" in made.folder.files
    assert "Post 1 of other" not in titles(made, "archive/1.html")


def test_a_file_of_somebody_else_where_a_page_would_be_stays_and_pages_of_a_lost_store_are_taken_up() -> None:
    made = planet("orig")
    made.polls({"orig": atom("orig", many("orig", 1))})
    made.publishes()
    again = planet("orig", "other")
    again.folder.files |= made.folder.files | {"source/orig.html": b"<!doctype html><title>Mine</title>"}
    again.polls({"orig": atom("orig", many("orig", 2)), "other": atom("other", many("other", 1))})
    again.publishes()
    assert again.folder.files["source/orig.html"] == b"<!doctype html><title>Mine</title>"
    assert len(titles(again, "archive/1.html")) == 3


def test_without_html_there_are_no_pages_and_they_go_with_their_output() -> None:
    made = planet()
    made.polls({"orig": atom("orig", many("orig", 1)), "other": atom("other", [])})
    made.publishes()
    made.ports = replace(made.ports, config=replace(made.ports.config, outputs=(JSON,)))
    made.publishes()
    assert set(made.folder.files) == {"feed.json"}


def test_no_page_tells_of_private_feeds() -> None:
    made = planet("orig", subscription("quiet", is_private=True, tags=("secret",), name="A friend"))
    made.polls({"orig": atom("orig", many("orig", 1)), "quiet": atom("quiet", many("quiet", 1), home="https://elsewhere.example/")})
    made.publishes()
    assert side_pages(made) == {"sources.html", "archive.html", "archive/1.html", "source/orig.html"}
    assert all(not re.search(b"quiet.example/feed|source/quiet|secret", body) for body in made.folder.files.values())


@pytest.mark.parametrize(("first", "second"), [("index.html", "news.html"), ("news.html", "de/index.html")])
def test_each_html_output_has_pages_of_its_own_beside_it(first: str, second: str) -> None:
    outputs = (JSON, replace(HTML, path=first), replace(HTML, path=second, feeds=("other",)))
    made = planet(outputs=outputs)
    made.polls({"orig": atom("orig", many("orig", 1)), "other": atom("other", many("other", 1))})
    made.publishes()
    folders = ["" if path == "index.html" else "de/" if path == "de/index.html" else "news/" for path in (first, second)]
    assert titles(made, f"{folders[0]}archive/1.html") == ["Post 1 of orig", "Post 1 of other"]
    assert titles(made, f"{folders[1]}archive/1.html") == ["Post 1 of other"]
    assert f"{folders[1]}source/orig.html" not in made.folder.files


def test_an_output_that_stands_where_a_page_would_be_is_left_alone() -> None:
    made = planet(outputs=(JSON, HTML, replace(HTML, path="tag/news.html", max_entries=1)))
    made.polls({"orig": atom("orig", many("orig", 2)), "other": atom("other", many("other", 2))})
    made.publishes()
    assert titles(made, "tag/news.html") == ["Post 1 of orig"]
    assert links(made, "index.html", ".tags a[href$='news.html']") == ["tag/news.html"]
