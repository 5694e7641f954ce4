"""The page about one story: what it tells, what it never tells, and when it is written."""

import re
import tomllib
from dataclasses import replace
from datetime import date
from importlib import resources
from pathlib import Path

import pytest
from lxml import html

from aggregator.model import Edition, Enclosure, Item, OutputSpec, Seen, Trail, Url
from aggregator.publish.attribution import languages
from aggregator.publish.files import Folder
from aggregator.publish.page import page
from aggregator.publish.storypage import StoryPages, shown_by
from aggregator.publish.trail import path_of
from aggregator.storypages import bring_up
from tests import makers as make
from tests.planet import JSON, Planet, atom, post, subscription

HTML = OutputSpec(path="index.html", format="html")
DAY = date(2026, 3, 1)


def told(number: int = 1, **fields: object) -> Item:
    """An item with a page."""
    seen = ((Seen(name="Repub", url=Url("https://repub.example/1")), DAY), (Seen(name="Third"), DAY))
    made = make.item(number)
    return replace(made, **{"trail": Trail(path=path_of(made.id), listed_since=DAY, seen=seen), **fields})  # type: ignore[arg-type]


def edition(*items: Item, path: str = "index.html", **fields: object) -> Edition:
    return make.edition(*(items or (told(),)), path=path, **fields)


def parsed(item: Item, of: Edition | None = None) -> html.HtmlElement:
    return html.document_fromstring(StoryPages(of or edition(item)).page(item), parser=html.HTMLParser(encoding="utf-8"))


def texts(document: html.HtmlElement, selector: str) -> list[str]:
    return [" ".join(found.text_content().split()) for found in document.cssselect(selector)]


# ── what it tells ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_tells_the_way_how_we_know_and_where_it_was_seen() -> None:
    document = parsed(told())
    assert texts(document, ".way li") == [
        "Orig first appeared here",
        "Repub passed it on",
        "Planet Example listed here since 2026-03-01",
    ]
    assert [link.get("href") for link in document.cssselect(".way a")][:2] == ["https://orig.example/1", "https://repub.example/1"]
    knows, seen = texts(document, ".known li"), texts(document, ".seen li")
    assert knows == ["The entry names its source in its markup.", "A sentence in its text says so."]
    assert texts(document, ".sure") == ["How sure: 90%"]
    assert seen == ["Repub since 2026-03-01", "Third since 2026-03-01"]
    assert texts(document, "h1, h2") == ["Post 1 & more", "Where this comes from"]
    assert [source.text_content() for source in document.cssselect(".byline > :first-child")] == ["Orig"]
    assert texts(document, ".attribution") == ["This article originally appeared at Orig, via Repub."]
    assert texts(document, ".e-content") == ["Content 1 &"], "the whole text, as far as it may be shown"
    assert "CC BY 4.0" in texts(document, "dd")


def test_two_feeds_of_one_name_are_told_apart_by_their_addresses() -> None:
    seen = tuple((Seen(name=name, feed_url=Url(f"https://blog.example/{end}")), DAY) for name, end in (("Blog", "atom"), ("Blog", "rss")))
    item = told(trail=Trail(path=path_of("x"), seen=((Seen(name="Repub", feed_url=Url("https://repub.example/")), DAY), *seen)))
    (text,) = texts(parsed(item), "main")
    assert "Blog (blog.example/atom)" in text
    assert "Blog (blog.example/rss)" in text
    assert "Repub (" not in text


def test_what_comes_along_can_be_played_and_discussed_from_there() -> None:
    sound = Enclosure(url=Url("https://orig.example/bells.mp3"), type="audio/mpeg")
    picture = Enclosure(url=Url("https://orig.example/bells.jpg"), type="image/jpeg")
    item = told(enclosures=(sound, picture), comments=Url("https://orig.example/1#comments"), related=Url("https://other.example/a"))
    links = [(link.get("href"), link.text_content()) for link in parsed(item).cssselect(".more a")]
    assert links == [
        ("https://other.example/a", "other.example"),
        ("https://orig.example/bells.mp3", "bells.mp3"),
        ("https://orig.example/1#comments", "Comments"),
    ]
    assert parsed(told(enclosures=(), comments=None, related=None)).cssselect(".more") == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"via": (), "evidence": ()}, ["It came in this publisher’s own feed."]),
        ({"via": (), "evidence": (), "chain_known": False}, ["This feed repeats what others wrote and does not say whom."]),
        ({"evidence": ("phrase", "confirmed")}, ["A sentence in its text says so.", "The publisher’s own feed has it, too."]),
        ({"evidence": ("rel=via", "dcterms:source")}, ["The entry names its source in its markup."]),
    ],
)
def test_evidence_is_said_in_words(fields: dict[str, object], said: list[str]) -> None:
    assert texts(parsed(told(**fields)), ".known li") == said


def test_who_only_passed_it_on_is_not_said_to_be_the_first() -> None:
    way = texts(parsed(told(via=(), evidence=(), chain_known=False, source=make.source(name="Repub"))), ".way li")
    assert way[0] == "Repub passed it on"


def test_it_is_kept_out_of_search_engines_and_names_the_original_as_the_true_page() -> None:
    document = parsed(told())
    assert document.cssselect("meta[name=robots][content=noindex]")
    assert document.cssselect("link[rel=canonical]")[0].get("href") == "https://orig.example/1"
    assert not document.cssselect("script")
    policy = document.cssselect("meta[http-equiv=Content-Security-Policy]")[0].get("content") or ""
    assert policy.startswith("default-src 'none'; img-src https:; style-src 'sha256-")


def test_nothing_that_a_feed_says_becomes_markup() -> None:
    evil = "</title></a><script>alert(1)</script>\"' onload=x"
    item = told(source=make.source(name=evil), rights=evil, raw_id=evil, trail=Trail(path=path_of("x"), seen=((Seen(name=evil), DAY),)))
    document = parsed(item, edition(item, title=evil))
    assert not document.cssselect("script")
    assert not document.xpath("//@onload")
    assert f"{evil} since 2026-03-01" in texts(document, "li")


def test_every_language_has_all_words_and_their_slots() -> None:
    tables = tomllib.loads((resources.files("aggregator.publish") / "story.toml").read_text("utf-8"))
    assert set(tables) == set(languages()), "whoever words the visible line words this page, too"
    for language, words in tables.items():
        assert words.keys() == tables["en"].keys(), language
        for name, text in words.items():
            assert text.strip() == text != "", (language, name)
            assert re.findall(r"\{\w+\}", text) == re.findall(r"\{\w+\}", tables["en"][name]), (language, name)


@pytest.mark.parametrize(
    ("tag", "heading"),
    [
        ("de-AT", "Woher das kommt"),
        ("tlh", "Where this comes from"),
        ("no", "Hvor dette kommer fra"),
        ("zh_TW", "文章出處"),
        ("zh-CN", "文章出处"),
        ("sr-Latn-RS", "Odakle ovo dolazi"),
        ("iw", "מאיפה זה הגיע"),
    ],
)
def test_a_tag_finds_its_words_as_the_visible_line_does(tag: str, heading: str) -> None:
    assert texts(parsed(told(), edition(told(), language=tag)), "h2") == [heading]


@pytest.mark.parametrize("language", ["ar", "iw-IL", "az-Arab"])
def test_what_is_written_from_right_to_left_runs_that_way_and_turns_no_day_or_name_about(language: str) -> None:
    item = told(language=None)
    made = edition(item, language=language)
    document = parsed(item, made)
    assert document.getroottree().getroot().get("dir") == "rtl"
    assert all("\u20682026-03-01\u2069" in note for note in texts(document, ".way li:last-child span, .seen span"))
    assert {link.get("dir") for link in document.cssselect(".way a")} == {"auto"}
    assert document.cssselect("h1")[0].get("dir") == "ltr", "its own words are English"
    assert document.cssselect("code")[0].get("dir") == "ltr"
    listing = html.document_fromstring(page(replace(made, items=(replace(item, language="en"),))))
    assert {part.get("dir") for part in listing.cssselect("h3, .text")} == {"ltr"}
    assert {part.get("dir") for part in listing.cssselect(".byline, .attribution, .more")} == {None}, "our words, beside a text of theirs"


@pytest.mark.parametrize(
    ("path", "back", "there"), [("index.html", "../index.html", "story/"), ("a b/x.html", "../a%20b/x.html", "../story/")]
)
def test_the_pages_link_to_each_other(path: str, back: str, there: str) -> None:
    item = told()
    made = edition(item, path=path)
    assert [link.get("href") for link in parsed(item, made).cssselect(".masthead .title a")] == [back]
    (link,) = html.document_fromstring(page(made)).cssselect("a.trail")
    assert link.get("href") == there + path_of(item.id).removeprefix("story/")
    assert link.text_content() == "Where this comes from"


def test_an_item_without_a_line_links_to_its_page_all_the_same() -> None:
    item = make.bare_item(trail=Trail(path=path_of("x")))
    assert html.document_fromstring(page(edition(item))).cssselect(".byline a.trail")
    assert not html.document_fromstring(page(edition(make.bare_item()))).cssselect("a.trail")


# ── when it is written ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_page_says_what_it_shows_and_whether_it_is_as_we_wrote_it() -> None:
    item, other = told(), told(rights="Somebody")
    body = StoryPages(edition(item)).page(item)
    assert body == StoryPages(edition(item)).page(item)
    assert shown_by(body) == StoryPages(edition(item)).shows(item) != StoryPages(edition(other)).shows(other)
    assert shown_by(body.replace(b"Orig", b"Evil")) is None
    assert shown_by(b"<!doctype html><html></html>") is None


class Counting(Folder):
    """A folder that remembers what was put into it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.put_paths: list[str] = []

    def put(self, path: str, body: bytes) -> bool:
        self.put_paths.append(path)
        return super().put(path, body)


def test_only_pages_that_show_something_new_are_written(tmp_path: Path) -> None:
    folder = Counting(tmp_path)
    assert bring_up([edition(told(1), told(2))], folder, kept=(), is_whole=True) == (2, 0)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "story").iterdir()}
    folder.put_paths.clear()
    assert bring_up([edition(told(1), told(2), told(3))], folder, kept=(), is_whole=True) == (1, 0)
    assert folder.put_paths == [path_of(told(3).id)], "the others are not even made"
    assert before.items() <= {path: path.stat().st_mtime_ns for path in (tmp_path / "story").iterdir()}.items()


def test_a_page_that_was_changed_or_deleted_is_written_again(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    bring_up([edition(told(1), told(2))], folder, kept=(), is_whole=True)
    one, two = (tmp_path / path_of(told(number).id) for number in (1, 2))
    whole = one.read_bytes()
    one.write_bytes(whole[:-20])
    two.unlink()
    assert bring_up([edition(told(1), told(2))], folder, kept=(), is_whole=True) == (2, 0)
    assert one.read_bytes() == whole


def test_a_page_goes_when_its_story_has_left_all_outputs_and_only_if_it_is_ours(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    both = [edition(told(1), told(2)), edition(told(2), told(3), path="other.html")]
    bring_up(both, folder, kept=(), is_whole=True)
    theirs = tmp_path / "story" / "0123456789abcdef.html"
    theirs.write_text("<!doctype html><html>mine</html>")
    edited = tmp_path / path_of(told(3).id)
    edited.write_bytes(edited.read_bytes() + b"<!-- a note -->")
    assert bring_up(both[:1], folder, kept=(), is_whole=False) == (0, 0), "an output could not be written: its pages stay"
    assert bring_up([edition(told(2))], folder, kept=(), is_whole=True) == (0, 1)
    assert {path.name for path in (tmp_path / "story").iterdir()} == {theirs.name, edited.name, Path(path_of(told(2).id)).name}


# ── in a publish ───────────────────────────────────────────────────────────────────────────────────────────────────────


def pages(planet: Planet) -> dict[str, str]:
    return {path: body.decode() for path, body in planet.folder.files.items() if path.startswith("story/")}


def test_publishing_after_one_new_entry_writes_one_page_and_a_story_that_leaves_keeps_its_own_as_long_as_it_is_published() -> None:
    planet = Planet("orig", outputs=(JSON, replace(HTML, max_entries=2)))
    first, second, third = (post("orig", number) for number in (1, 2, 3))
    planet.polls({"orig": atom("orig", [first, second])})
    planet.publishes()
    planet.folder.writes.clear()
    planet.later()
    planet.polls({"orig": atom("orig", [first, second, third])})
    planet.publishes()
    assert [path for path in planet.folder.writes if path.startswith("story/")] == [path_of("tag:orig.example,2026:3")]
    left = next(
        path for path in (path_of(first.id or ""), path_of(second.id or "")) if path not in planet.folder.files["index.html"].decode()
    )
    gone = first if left == path_of(first.id or "") else second
    assert len(pages(planet)) == 3, "who was given its address finds it"
    planet.folder.writes.clear()
    planet.later()
    planet.polls({"orig": atom("orig", [replace(one, title="Corrected") if one is gone else one for one in (first, second, third)])})
    planet.publishes()
    assert "Corrected" in pages(planet)[left], "and what it says is kept up to date"
    assert [path for path in planet.folder.writes if path.startswith("story/")] == [left]
    before = pages(planet)
    planet.folder.files.clear()
    planet.publishes()
    assert pages(planet) == before, "a lost folder is written anew, with the pages of those that have left"
    planet.ports = replace(planet.ports, config=replace(planet.ports.config, feeds=(subscription("orig", opt_out=True),)))
    planet.publishes()
    assert pages(planet) == {}, "until it is taken back"


def test_no_page_tells_of_private_feeds_or_of_who_opted_out() -> None:
    feeds = ("orig", subscription("quiet", is_private=True), subscription("gone"))
    planet = Planet(*feeds, outputs=(JSON, HTML))
    real = post("orig")
    copies = {feed: atom(feed, [replace(real, source="orig", link=f"https://{feed}.example/secret")]) for feed in ("quiet", "gone")}
    own = atom("quiet", [replace(real, source="orig"), post("quiet", 7)])
    planet.polls({"orig": atom("orig", [real]), **copies})
    planet.polls({"quiet": own})
    config = planet.ports.config
    out = (*config.feeds[:2], subscription("gone", opt_out=True))
    planet.ports = replace(planet.ports, config=replace(config, feeds=out))
    assert {str(item["title"]) for item in planet.publishes()} == {real.title, "Post 7 of quiet"}
    (path,) = pages(planet)
    assert path == path_of(real.id or "")
    assert not re.search("quiet|gone|secret", pages(planet)[path], re.IGNORECASE)
    assert planet.folder.files["index.html"].decode().count('class="trail"') == 1


def test_days_and_not_the_order_of_polls_stand_in_a_page() -> None:
    real = post("orig")
    documents = {"orig": atom("orig", [real]), "copy": atom("copy", [replace(real, source="orig", id="https://copy.example/1")])}
    made = []
    for order in (["orig", "copy"], ["copy", "orig"]):
        planet = Planet("orig", "copy", outputs=(JSON, HTML))
        planet.polls({feed: documents[feed] for feed in order})
        planet.publishes()
        made.append(pages(planet))
    assert made[0] == made[1]
    assert "The copy in The Copy names it as its source." in next(iter(made[0].values()))
