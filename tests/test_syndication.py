"""Atom and RSS as subscribers get them. Tests named `trap` fail when a way round one of feedgen's traps is taken out."""

import contextlib
import io
import locale
import logging
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import feedparser
import pytest
from lxml import etree

from aggregator.collect.tombstones import tombstones
from aggregator.model import Category, Enclosure, Hop, Item, Person, SafeHtml, Source, Title, Url
from aggregator.publish.syndication import atom, rss
from tests import makers as make
from tests.validation import atom_complaints, rss_complaints

NS = {
    "a": "http://www.w3.org/2005/Atom",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "media": "http://search.yahoo.com/mrss/",
}
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def tree(body: bytes) -> etree._Element:
    return etree.fromstring(body)


def found(element: etree._Element, path: str) -> list[etree._Element]:
    return element.findall(path, NS)


def text(element: etree._Element, path: str) -> str | None:
    return element.findtext(path, None, NS)


def entry_of(item: Item) -> etree._Element:
    return found(tree(atom(make.edition(item))), "a:entry")[0]


def rss_item_of(item: Item) -> etree._Element:
    return found(tree(rss(make.edition(item))), "channel/item")[0]


# ── Atom ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_atom_output_is_valid(shared: Path) -> None:
    edition = make.edition(make.item(1), make.item(2), make.bare_item(3))
    assert atom_complaints(atom(edition), self_url=edition.self_url, schemas=shared / "corpus" / "schemas") == []


def test_what_was_withdrawn_is_told_by_id_and_time_only(shared: Path) -> None:
    gone = (("https://blog.example/1", make.NOON), ("urn:uuid:6ba7b811-9dad-11d1-80b4-00c04fd430c8", make.NOON - timedelta(days=1)))
    edition = make.edition(make.item(1), deleted=gone)
    body = atom(edition)
    assert atom_complaints(body, self_url=edition.self_url, schemas=shared / "corpus" / "schemas") == []
    stones = tree(body).findall("{http://purl.org/atompub/tombstones/1.0}deleted-entry")
    assert [(dict(stone.attrib), stone.text, len(stone)) for stone in stones] == [
        ({"ref": "https://blog.example/1", "when": "2026-03-01T12:00:00+00:00"}, None, 0),
        ({"ref": "urn:uuid:6ba7b811-9dad-11d1-80b4-00c04fd430c8", "when": "2026-02-28T12:00:00+00:00"}, None, 0),
    ]
    read = feedparser.parse(body)
    assert (read.bozo, [entry.id for entry in read.entries]) == (False, [make.item(1).id])
    assert [stone.ref for stone in tombstones(body.decode().partition("?>")[2])] == [name for name, _ in gone]
    assert b"tombstones" not in atom(make.edition(make.item(1))), "said only where there is something to say"
    assert rss_complaints(rss(edition), self_url=edition.self_url) == []


def test_an_atom_output_without_public_address_or_items_is_valid() -> None:
    bare = replace(make.edition(make.bare_item()), self_url=None, home=None, hub=None, id="urn:uuid:6ba7b811-9dad-11d1-80b4-00c04fd430c8")
    for edition in (bare, replace(bare, items=())):
        assert atom_complaints(atom(edition)) == []
        assert rss_complaints(rss(edition)) == []


def test_trap_entry_links_keep_relation_type_title_and_length() -> None:
    links = [dict(link.attrib) for link in found(entry_of(make.item(1)), "a:link")]
    assert links == [
        {"rel": "alternate", "href": "https://orig.example/1"},
        {"rel": "via", "href": "https://orig.example/1", "title": "Orig"},
        {"rel": "via", "href": "https://repub.example/1", "title": "Repub"},
        {"rel": "license", "href": make.BY},
        {"rel": "related", "href": "https://about.example/this"},
        {"rel": "replies", "href": "https://orig.example/1/comments", "type": "text/html"},
        {"rel": "enclosure", "href": "https://orig.example/1.mp3", "type": "audio/mpeg", "length": "1234", "title": "Sound"},
        {"rel": "enclosure", "href": "https://orig.example/1.webm", "type": "video/webm"},
    ]


def test_trap_the_source_is_full_and_stands_once() -> None:
    license_url = Url("https://creativecommons.org/licenses/by-sa/4.0/")
    sources = found(entry_of(make.item(1, source=make.source(license=license_url, language="de"))), "a:source")
    assert len(sources) == 1
    source = sources[0]
    assert text(source, "a:id") == "https://orig.example/feed"
    assert text(source, "a:title") == "Orig"
    assert text(source, "a:updated") == "2026-03-01T12:00:00+00:00"
    assert {link.get("rel"): link.get("href") for link in found(source, "a:link")} == {
        "self": "https://orig.example/feed",
        "alternate": "https://orig.example/",
        "license": license_url,
    }
    assert text(source, "a:author/a:name") == "Orig staff"
    assert text(source, "a:rights") == "(c) Orig"
    assert source.get(LANG) == "de"


def test_the_original_page_is_the_dcterms_source() -> None:
    assert text(entry_of(make.item(1)), "dcterms:source") == "https://orig.example/1"
    assert found(entry_of(make.item(1, original=None)), "dcterms:source") == []


def test_extension_elements_have_the_names_everybody_knows() -> None:
    assert b"ns0:" not in atom(make.edition())
    assert b"<dcterms:source>" in atom(make.edition())
    assert b"ns0:" not in rss(make.edition())


def test_trap_an_untitled_entry_has_an_empty_title() -> None:
    titles = found(entry_of(make.bare_item()), "a:title")
    assert [(title.text, len(title.attrib)) for title in titles] == [(None, 0)]


def test_a_title_with_markup_says_that_it_is_html() -> None:
    title = found(entry_of(make.item(1, title=Title(text="a < b", html=SafeHtml("a &lt; <em>b</em>")))), "a:title")[0]
    assert (title.get("type"), title.text) == ("html", "a &lt; <em>b</em>")
    assert found(entry_of(make.item(1, title=Title(text="a < b"))), "a:title")[0].text == "a < b"


def test_texts_stand_apart_and_carry_their_language() -> None:
    entry = entry_of(make.item(1, language="pt_BR"))
    assert text(entry, "a:summary") == "<p>Summary 1</p>"
    assert "Content 1" in (text(entry, "a:content") or "")
    assert "Summary 1" not in (text(entry, "a:content") or "")
    assert [found(entry, f"a:{name}")[0].get(LANG) for name in ("title", "summary", "content")] == ["pt-BR"] * 3
    assert found(entry_of(make.item(1, language="English!")), "a:content")[0].get(LANG) is None


def test_the_visible_line_is_the_first_block_of_the_content() -> None:
    item = make.item(1)
    assert (text(entry_of(item), "a:content") or "").startswith(item.line)
    assert (text(entry_of(replace(item, place="bottom")), "a:content") or "").endswith(item.line)
    assert item.line not in (text(entry_of(item), "a:summary") or "")


def test_without_content_the_line_stands_in_the_summary_and_without_both_it_is_the_content() -> None:
    item = make.item(1, content=None)
    assert text(entry_of(item), "a:summary") == f"{item.line}\n{item.summary}"
    assert found(entry_of(item), "a:content") == []
    assert text(entry_of(replace(item, summary=None)), "a:content") == item.line
    assert text(entry_of(replace(item, summary=None, place="none", line=SafeHtml(""))), "a:content") is None


def test_the_merged_feed_has_neither_author_nor_rights() -> None:
    feed = tree(atom(make.edition()))
    assert found(feed, "a:author") == []
    assert found(feed, "a:rights") == []
    assert text(feed, "a:entry/a:rights") == "(c) Ann"


def test_all_authors_sign_and_a_broken_address_is_left_out() -> None:
    entry = entry_of(make.item(1, authors=(Person(name="Ann", email="ann at example"), Person(name=" "), Person(name="Bob"))))
    assert [author.findtext("a:name", None, NS) for author in found(entry, "a:author")] == ["Ann", "Bob"]
    assert found(entry, "a:author/a:email") == []


def test_an_entry_that_nobody_signs_is_signed_by_its_source() -> None:
    entry = entry_of(make.item(1, authors=(), source=make.source(authors=())))
    assert found(entry, "a:author") == []
    assert text(entry, "a:source/a:author/a:name") == "Orig"
    assert found(entry_of(make.item(1, source=make.source(authors=()))), "a:source/a:author") == []


def test_categories_keep_scheme_and_label_and_stand_once() -> None:
    doubled = (
        Category(term="a", scheme="https://x.example/", label="A"),
        Category(term="a", scheme="https://x.example/"),
        Category(term=" "),
        Category(term="b", scheme="no iri"),
    )
    entry = entry_of(make.item(1, categories=doubled))
    assert [dict(each.attrib) for each in found(entry, "a:category")] == [
        {"term": "a", "scheme": "https://x.example/", "label": "A"},
        {"term": "b"},
    ]


def test_a_source_without_public_address_has_no_id_and_no_self() -> None:
    source = found(entry_of(make.item(1, source=Source(name="Private"))), "a:source")[0]
    assert [child.tag.rpartition("}")[2] for child in source] == ["title"]


def test_hops_without_an_address_are_no_links_and_no_address_stands_twice() -> None:
    page = Url("https://a.example/1")
    hops = (Hop(name="A", page=page), Hop(name="A again", page=page), Hop(name="Nowhere"), Hop(name="Home", home=Url("https://h.example/")))
    vias = [link.get("href") for link in found(entry_of(make.item(1, via=hops)), "a:link") if link.get("rel") == "via"]
    assert vias == ["https://a.example/1", "https://h.example/"]


def test_trap_dates_are_the_editions_never_now() -> None:
    feed = tree(atom(make.edition(make.item(1))))
    assert text(feed, "a:updated") == "2026-03-01T11:05:00+00:00"
    assert (text(feed, "a:entry/a:updated"), text(feed, "a:entry/a:published")) == (
        "2026-03-01T11:05:00+00:00",
        "2026-03-01T11:00:00+00:00",
    )
    channel = found(tree(rss(make.edition(make.item(1)))), "channel")[0]
    assert [date.text for date in found(channel, "lastBuildDate")] == ["Sun, 01 Mar 2026 11:05:00 +0000"]


def test_dates_are_utc_and_whole_seconds_however_they_came() -> None:
    odd = datetime(2026, 3, 1, 0, 30, 15, 999999, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    item = make.item(1, published=odd, updated=datetime(999, 1, 1, tzinfo=UTC))
    assert text(entry_of(item), "a:published") == "2026-02-28T19:00:15+00:00"
    assert text(entry_of(item), "a:updated") == "0999-01-01T00:00:00+00:00"
    assert text(rss_item_of(item), "pubDate") == "Sat, 28 Feb 2026 19:00:15 +0000"
    at_once = rss_item_of(make.item(1, published=odd, updated=odd - timedelta(microseconds=5)))
    assert found(at_once, "a:updated") == [], "the same second is not said twice"


@pytest.mark.parametrize("write", [atom, rss])
def test_trap_entries_keep_the_editions_order(write: object) -> None:
    items = [make.item(number) for number in (3, 1, 2)]
    root = tree(write(make.edition(*items)))  # type: ignore[operator]
    ids = [text(entry, "a:id") or text(entry, "guid") for entry in (*found(root, "a:entry"), *found(root, "channel/item"))]
    assert ids == [item.id for item in items]


@pytest.mark.parametrize("write", [atom, rss])
def test_trap_one_bad_item_is_left_out_and_named_never_the_file(write: object, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        root = tree(write(make.edition(make.item(1), make.item(2, id=""), make.item(3))))  # type: ignore[operator]
    assert len(found(root, "a:entry") or found(root, "channel/item")) == 2
    assert "left out ''" in caplog.text


@pytest.mark.parametrize("write", [atom, rss])
def test_trap_characters_that_xml_forbids_do_not_cost_the_file(write: object) -> None:
    evil = "a\x00b\x1b\ud800\ufffe"
    item = make.item(
        1,
        title=Title(text=evil),
        authors=(Person(name=evil),),
        summary=SafeHtml(evil),
        content=SafeHtml(evil),
        categories=(Category(term=evil, label=evil),),
        rights=evil,
        source=make.source(name=evil, rights=evil, authors=(Person(name=evil),)),
        via=(Hop(name=evil, page=Url("https://a.example/1")),),
        enclosures=(Enclosure(url=Url("https://a.example/a.mp3"), title=evil, type=evil),),
        line=SafeHtml(evil),
    )
    edition = replace(make.edition(item), title=evil, generator=evil)
    root = tree(write(edition))  # type: ignore[operator]
    assert "ab\ufffd" in etree.tostring(root, encoding="unicode")
    assert len(found(root, "a:entry") or found(root, "channel/item")) == 1


def test_a_text_without_link_and_content_is_the_content_for_atom_wants_one_of_them() -> None:
    entry = entry_of(make.item(1, content=None, link=None))
    assert (text(entry, "a:content") or "").endswith("<p>Summary 1</p>")
    assert found(entry, "a:summary") == []


# ── RSS ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_rss_output_is_valid() -> None:
    edition = make.edition(make.item(1), make.item(2), make.bare_item(3), path="rss.xml")
    assert rss_complaints(rss(edition), self_url=edition.self_url) == []


def test_an_rss_item_says_the_same_as_the_atom_entry() -> None:
    item = rss_item_of(make.item(1))
    guid = found(item, "guid")[0]
    assert (guid.text, guid.get("isPermaLink")) == ("tag:orig.example,2026:1", "false")
    assert text(item, "link") == "https://orig.example/1"
    assert text(item, "title") == "Post 1 & more"
    assert text(item, "pubDate") == "Sun, 01 Mar 2026 11:00:00 +0000"
    assert text(item, "comments") == "https://orig.example/1/comments"
    assert [(each.text, each.get("domain")) for each in found(item, "category")] == [
        ("News", "https://orig.example/topics"),
        ("python", None),
    ]
    assert [(link.get("rel"), link.get("href")) for link in found(item, "a:link")] == [
        ("via", "https://orig.example/1"),
        ("via", "https://repub.example/1"),
        ("license", make.BY),
        ("related", "https://about.example/this"),
    ]


def test_the_rss_source_is_the_feeds_address_and_absent_where_there_is_none() -> None:
    source = found(rss_item_of(make.item(1)), "source")
    assert [(each.text, each.get("url")) for each in source] == [("Orig", "https://orig.example/feed")]
    assert found(rss_item_of(make.item(1, source=Source(name="Private"))), "source") == []
    assert found(rss_item_of(make.item(1)), "dc:source") == []
    assert found(rss_item_of(make.item(1)), "a:source") == []


def test_trap_authors_without_an_address_are_named_in_rss_too() -> None:
    item = rss_item_of(make.item(1))
    assert [creator.text for creator in found(item, "dc:creator")] == ["Ann", "Bob"]
    assert found(item, "author") == []
    assert [each.text for each in found(rss_item_of(make.item(1, authors=())), "dc:creator")] == ["Orig staff"]


def test_rss_description_is_the_summary_and_content_is_encoded_behind_it() -> None:
    item = make.item(1)
    element = rss_item_of(item)
    assert text(element, "description") == "<p>Summary 1</p>"
    assert (text(element, "content:encoded") or "").startswith(item.line)
    assert [child.tag for child in element][:3] == ["title", "description", f"{{{NS['content']}}}encoded"]


def test_rss_readers_that_know_only_descriptions_get_the_beginning() -> None:
    element = rss_item_of(make.item(1, summary=None, content=SafeHtml("<p>A &lt; b.</p>" * 200)))
    described = text(element, "description") or ""
    assert described.startswith("A &lt; b.")
    assert len(described) < 400
    assert found(rss_item_of(make.item(1, content=None)), "content:encoded") == []


def test_an_rss_item_with_nothing_but_its_line_describes_itself_by_it() -> None:
    item = make.item(1, content=None, summary=None, title=None)
    assert text(rss_item_of(item), "description") == item.line
    assert text(rss_item_of(make.bare_item()), "description") == "Private &amp; quiet"
    assert found(rss_item_of(make.bare_item()), "title") == []


def test_trap_the_first_medium_is_the_enclosure_and_the_others_are_kept() -> None:
    item = rss_item_of(make.item(1))
    assert [dict(each.attrib) for each in found(item, "enclosure")] == [
        {"url": "https://orig.example/1.mp3", "length": "1234", "type": "audio/mpeg"}
    ]
    assert [dict(each.attrib) for each in found(item, "media:content")] == [{"url": "https://orig.example/1.webm", "type": "video/webm"}]


def test_an_enclosure_always_has_a_length_and_a_type() -> None:
    for url, type_, expected in (
        ("a.mp3?x=1", None, "audio/mpeg"),
        ("a", "rubbish", "application/octet-stream"),
        ("a", "text/x-y", "text/x-y"),
    ):
        item = make.item(1, enclosures=(Enclosure(url=Url(f"https://a.example/{url}"), type=type_),))
        enclosure = found(rss_item_of(item), "enclosure")[0]
        assert (enclosure.get("length"), enclosure.get("type")) == ("0", expected)


def test_trap_the_channels_link_is_the_home_page_and_never_the_hub() -> None:
    channel = found(tree(rss(make.edition())), "channel")[0]
    assert text(channel, "link") == "https://planet.example.org/"
    assert {link.get("rel"): link.get("href") for link in found(channel, "a:link")} == {
        "self": "https://planet.example.org/atom.xml",
        "hub": "https://hub.example.org/",
    }
    lonely = replace(make.edition(), home=None, self_url=None, id="urn:uuid:6ba7b811-9dad-11d1-80b4-00c04fd430c8")
    assert text(tree(rss(lonely)), "channel/link") == lonely.id


def test_an_rss_item_in_another_language_says_so() -> None:
    assert text(rss_item_of(make.item(1, language="de")), "dc:language") == "de"
    assert found(rss_item_of(make.item(1, language="en")), "dc:language") == []


# ── bytes ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_trap_writing_never_touches_the_locale_of_the_process() -> None:
    touched: list[object] = []

    def watch(frame: object, event: str, function: object) -> None:
        if event == "call" and getattr(getattr(frame, "f_code", None), "co_name", "") == "setlocale":
            touched.append(frame)

    sys.setprofile(watch)
    try:
        atom(make.edition())
        rss(make.edition())
        assert touched == []
        locale.setlocale(locale.LC_TIME)
        assert touched, "the watch sees nothing"
    finally:
        sys.setprofile(None)


def test_the_same_edition_gives_the_same_bytes_in_any_process() -> None:
    script = (
        "import hashlib; from tests import makers as m; from aggregator.publish.check import RENDERERS;"
        "e = m.edition(m.item(1), m.item(2), m.bare_item(3));"
        "print(hashlib.sha256(b''.join(RENDERERS[f](e) for f in RENDERERS)).hexdigest())"
    )
    root = Path(__file__).resolve().parents[1]
    environment = os.environ | {"PYTHONHASHSEED": "42", "TZ": "Asia/Kolkata", "LC_ALL": "tr_TR.UTF-8", "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, cwd=root, capture_output=True, text=True, check=True)
    here = io.StringIO()
    with contextlib.redirect_stdout(here):
        exec(script, {})
    assert done.stdout == here.getvalue() != ""
