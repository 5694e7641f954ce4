"""The first run of a newcomer: the shipped documents, offline, through the real command."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import feedparser
import pytest

from tests.e2e.running import REPOSITORY, aggregator, files_below, inside

LOCAL = "feeds:\n  - ./examples/feeds/garden-notes.xml\n  - ./examples/feeds/harbour-courier.xml\n  - ./examples/feeds/evening-reader.xml\n"


@pytest.fixture(scope="module")
def planet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planet")
    shutil.copytree(REPOSITORY / "examples", folder / "examples")
    (folder / "feeds.yaml").write_text(f"title: A planet\nlink: https://planet.example.org/\ndefaults: {{ republish: full }}\n{LOCAL}")
    done = inside(folder, "update")
    assert done.returncode == 0, done.stderr
    return folder


def shared_story(planet: Path) -> Mapping[str, object]:
    items = json.loads((planet / "public/feed.json").read_text())["items"]
    (story,) = [item for item in items if item["_provenance"].get("also_seen")]
    return story


def test_the_republished_article_comes_out_once_led_by_the_newsroom(planet: Path) -> None:
    story = shared_story(planet)
    assert "courier" in str(story["url"])
    (also,) = story["_provenance"]["also_seen"]  # type: ignore[index]
    assert "reader" in also["url"]


def test_its_visible_line_names_the_newsroom_and_the_republisher(planet: Path) -> None:
    html = str(shared_story(planet)["content_html"])
    assert html.startswith('<p class="aggregator-origin">This article originally appeared at <a href="https://')
    first = html.split("</p>")[0]
    assert "Harbour Courier" in first
    assert "Also appeared at" in first
    assert "Evening Reader" in first


def test_atom_rss_and_json_tell_the_same_of_every_entry(planet: Path) -> None:
    atom = feedparser.parse((planet / "public/atom.xml").read_bytes())
    rss = feedparser.parse((planet / "public/rss.xml").read_bytes())
    items = json.loads((planet / "public/feed.json").read_text())["items"]
    assert not atom.bozo
    assert not rss.bozo
    assert [entry.id for entry in atom.entries] == [entry.id for entry in rss.entries] == [item["id"] for item in items]
    assert [entry.get("link") for entry in atom.entries] == [item.get("url") for item in items]
    assert all("source" in entry for entry in atom.entries)


def test_a_second_update_adds_nothing_and_touches_no_file(planet: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in files_below(planet / "public")}
    done = inside(planet, "update", "--json")
    assert done.returncode == 0, done.stderr
    reports = json.loads(done.stdout)
    assert not any(output["changed"] for output in reports["outputs"])
    assert sum(poll["new"] for poll in reports["polls"]) == 0
    assert before == {path: path.stat().st_mtime_ns for path in files_below(planet / "public")}


def test_explain_tells_the_way_of_the_shared_story(planet: Path) -> None:
    done = inside(planet, "explain", str(shared_story(planet)["url"]))
    assert done.returncode == 0
    assert "One story, seen in 2 feeds" in done.stdout
    assert "A sentence (" in done.stdout
    assert re.search(r"atom.xml +at place", done.stdout)


def test_explain_of_an_unknown_page_names_the_feed_that_should_have_had_it(planet: Path) -> None:
    story = shared_story(planet)
    done = inside(planet, "explain", str(story["url"]) + "-never-written")
    assert "was never seen" in done.stdout
    assert "harbour-courier" in done.stdout
    assert "next read" in done.stdout


def test_the_command_gives_the_same_bytes_elsewhere_from_a_fresh_store(planet: Path, tmp_path: Path) -> None:
    """…in another zone and locale, without pycurl, and with streams that were closed before it began."""
    shutil.copytree(planet / "examples", tmp_path / "examples")
    shutil.copy(planet / "feeds.yaml", tmp_path)
    (tmp_path / "pycurl.py").write_text("raise ImportError('No module named pycurl')\n")
    environ = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONPATH": str(tmp_path)}
    assert aggregator(tmp_path, "update", environ=environ, by=("/bin/sh", "-c", '"$@" <&- >&- 2>&-', "sh")).returncode == 0
    for path in files_below(planet / "public"):
        assert path.read_bytes() == (tmp_path / path.relative_to(planet)).read_bytes(), path.name
