"""The judge of the benches: it must see every loss, and must not see one where normalizing only did its work."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aggregator.model import Claim, Entry, Hop, Origin, Person, SafeHtml, Title, Url
from aggregator.web.tracking import tracks
from bench.hostile_checks import poisoned, poisoned_html
from bench.oracle import Loss, PlainEntry, losses, read_plain, same_address, visible, words_missing
from bench.readback import read_json_output, read_xml_output, readback_errors

NOW = datetime(2025, 6, 1, tzinfo=UTC)
RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Blog</title><link>https://blog.example.org/</link>
<item><title>Bread &amp;amp; butter</title><link>/2025/bread?utm_source=rss</link><guid isPermaLink="false"> b-1 </guid>
<pubDate>Mon, 06 Jan 2025 10:00:00 +0100</pubDate><dc:creator>Ann Baker</dc:creator>
<description>&lt;p&gt;Knead the &lt;b&gt;dough&lt;/b&gt;.&lt;/p&gt;&lt;script&gt;track()&lt;/script&gt;</description></item>
</channel></rss>"""


def _plain() -> list[PlainEntry]:
    return read_plain(RSS.encode(), "https://blog.example.org/feed.xml", "application/xml")


def _entry(**changes: object) -> Entry:
    entry = Entry(
        raw_key="k",
        raw_id=" b-1 ",
        id_from="id",
        published_id="urn:uuid:1",
        site="blog.example.org",
        link=Url("https://blog.example.org/2025/bread"),
        title=Title(text="Bread & butter"),
        content=SafeHtml("<p>Knead the <b>dough</b>.</p>"),
        authors=(Person(name="Ann Baker"),),
        published=datetime(2025, 1, 6, 9, tzinfo=UTC),
    )
    return replace(entry, **changes)  # type: ignore[arg-type]


def _fields(entry: Entry) -> list[str]:
    return [loss.field for loss in losses(_plain(), [entry], now=NOW)]


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        (RSS.replace("</channel>", "<item><title>&#55357;</title></item></channel>"), []),
        (RSS.replace("Mon, 06 Jan 2025 10:00:00 +0100", "0000-00-00 00:00:00"), ["b-1"]),
        ("", []),
    ],
    ids=["half of a character", "a date of zeros", "nothing"],
)
def test_what_plain_feedparser_cannot_read_ends_no_replay(body: str, ids: list[str]) -> None:
    read = read_plain(body.encode(), "https://blog.example.org/feed.xml", "application/xml")
    assert [(plain.id or "").strip() for plain in read] == ids


def test_what_was_only_normalized_is_no_loss() -> None:
    assert _fields(_entry()) == []


def test_a_guid_that_is_no_address_makes_no_link_that_could_be_lost() -> None:
    body = RSS.replace("<link>/2025/bread?utm_source=rss</link>", "").replace(' isPermaLink="false"', "")
    read = read_plain(body.encode(), "https://blog.example.org/feed.xml", "application/xml")
    assert read[0].link == "https://blog.example.org/b-1"
    assert [loss.field for loss in losses(read, [_entry(link=None)], now=NOW)] == []
    asked = read_plain(body.replace(" b-1 ", "/b/1").encode(), "https://blog.example.org/feed.xml", "application/xml")
    assert [loss.field for loss in losses(asked, [_entry(raw_id="/b/1", link=None)], now=NOW)] == ["link"]


@pytest.mark.parametrize("parameter", ["fbclid=1", "utm-source=rss", "_ga=2", "hsa_net=x", "at_link_type=web", "spref=tw", "wickedid=3"])
def test_a_parameter_that_only_tracks_may_be_missing(parameter: str) -> None:
    assert tracks(parameter)
    assert same_address(f"https://a.example/x?{parameter}&p=1", "https://a.example/x?p=1")


@pytest.mark.parametrize(("zone", "lost"), [("CET", []), ("GMT", ["date"]), ("+0000", ["date"])])
def test_a_zone_that_feedparser_does_not_know_is_no_loss(zone: str, lost: list[str]) -> None:
    read = read_plain(RSS.replace("10:00:00 +0100", f"10:00:00 {zone}").encode(), "https://blog.example.org/feed.xml", "application/xml")
    assert [loss.field for loss in losses(read, [_entry()], now=NOW)] == lost


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": None}, "title"),
        ({"title": Title(text="Bread")}, "title"),
        ({"link": Url("https://blog.example.org/2025/cake")}, "link"),
        ({"link": None}, "link"),
        ({"published": None}, "date"),
        ({"published": datetime(2025, 1, 6, 10, tzinfo=UTC)}, "date"),
        ({"authors": ()}, "authors"),
        ({"content": SafeHtml("<p>Knead the .</p>")}, "content"),
        ({"content": None}, "content"),
    ],
)
def test_every_field_that_is_missing_or_wrong_is_a_loss(changes: dict[str, object], field: str) -> None:
    assert _fields(_entry(**changes)) == [field]


def test_an_entry_that_is_not_stored_is_lost_as_a_whole() -> None:
    assert losses(_plain(), [], now=NOW) == [Loss(entry="b-1", field="entry", missing="the whole entry")]
    assert [loss.field for loss in losses(_plain(), [_entry(raw_id="other")], now=NOW)] == ["entry"]


def test_a_link_that_became_the_page_of_the_origin_or_of_a_claim_is_kept() -> None:
    page = Url("https://blog.example.org/2025/bread")
    assert _fields(_entry(link=None, origin=Origin(chain=(Hop(name="Blog", page=page),)))) == []
    assert _fields(_entry(link=None, claims=(Claim(kind="permalink", page=page),))) == []


def test_two_entries_of_one_id_and_one_link_count_once() -> None:
    assert losses(_plain() * 2, [_entry()], now=NOW) == []
    other = replace(_plain()[0], link="https://blog.example.org/other", others=())
    assert [loss.field for loss in losses([*_plain(), other], [_entry()], now=NOW)] == ["link"]


def test_a_document_beyond_the_limit_may_lose_only_its_surplus() -> None:
    read = [PlainEntry(id=str(number), link=None, title=f"t{number}") for number in range(1003)]
    stored = [_entry(raw_id=str(number), title=Title(text=f"t{number}")) for number in range(1000)]
    assert losses(read, stored, now=NOW) == []
    assert len(losses(read, stored[:-1], now=NOW)) == 1


def test_unreadable_and_absurd_dates_may_be_missing() -> None:
    for seconds in (-62_135_596_800, 4_102_444_800):
        read = replace(_plain()[0], dates=((seconds, "?"),))
        assert losses([read], [_entry(published=None)], now=NOW) == []


def test_ids_that_feedparser_resolved_against_the_base_are_recognised() -> None:
    document = RSS.replace('isPermaLink="false"> b-1 ', ">12345")
    read = read_plain(document.encode(), "https://blog.example.org/feed.xml", "application/xml")
    assert [loss.field for loss in losses(read, [_entry(raw_id="12345")], now=NOW)] in ([], ["link"])


def test_json_feeds_are_read_plainly() -> None:
    document = b'{"items": [{"id": 7, "url": "/7", "content_text": "hi", "authors": [{"name": "A"}]}]}'
    read = read_plain(document, "https://blog.example.org/feed.json", "application/feed+json")
    assert read == [PlainEntry(id="7", link="https://blog.example.org/7", title=None, authors=("A",), texts=("hi",))]


def test_addresses_are_the_same_only_if_they_select_the_same_page() -> None:
    assert same_address("https://b.example/r?u=https%3A%2F%2Forig.example%2Fa", "https://orig.example/a")
    assert not same_address("https://b.example/a?page=2", "https://b.example/a")
    assert not same_address("https://b.example/a", "https://c.example/a")
    assert not same_address("https://b.example/a", "https://b.example/")


def test_visible_words_survive_broken_and_deep_markup() -> None:
    assert visible("<p>a<script>b</script><i>c").split() == ["a", "c"]
    assert visible("<b>" * 60_000 + "deep").strip() == "deep"
    assert words_missing("ein Wort", "<p>EIN</p> wor t") == []


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>urn:x</id><updated>2025-01-06T09:00:00Z</updated>
<entry><id>urn:uuid:1</id><title>Bread &amp; butter</title><link href="https://blog.example.org/2025/bread"/><updated>2025-01-06T09:00:00Z</updated>
<published>2025-01-06T09:00:00Z</published><author><name>Ann Baker</name></author><source><title>Blog</title></source>
<content type="html">&lt;p class="aggregator-origin"&gt;From&lt;/p&gt;</content></entry></feed>"""
JSON = """{"items":
[{"id": "urn:uuid:1", "title": "Bread & butter",
"url": "https://blog.example.org/2025/bread", "_provenance": {"x": 1},
"date_published": "2025-01-06T09:00:00Z", "authors": [{"name": "Ann Baker"}],
"content_html": "<p class=\\"aggregator-origin\\">From</p>"}]}"""


def _errors(atom: str = ATOM, json: str = JSON) -> list[str]:
    outputs = {"atom.xml": read_xml_output(atom.encode()), "feed.json": read_json_output(json.encode())}
    return readback_errors(outputs, {"urn:uuid:1": [_entry()]})


def test_outputs_that_agree_with_the_store_and_one_another_have_no_errors() -> None:
    assert _errors() == []


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("urn:uuid:1", "urn:uuid:2", "is missing"),
        ("Bread", "Cake", "another title"),
        ("/2025/bread", "/2025/cake", "a link that no copy has"),
        ("<source><title>Blog</title></source>", "", "no source"),
        ("aggregator-origin", "origin", "no visible line"),
        ("<name>Ann Baker</name>", "<name>Bob</name>", "other authors"),
    ],
)
def test_what_an_output_says_differently_is_an_error(old: str, new: str, error: str) -> None:
    assert any(error in found for found in _errors(atom=ATOM.replace(old, new)))


def test_an_output_that_is_not_well_formed_is_an_error() -> None:
    with pytest.raises(ValueError, match="not well-formed"):
        read_xml_output(ATOM.replace("</entry>", "").encode())


@pytest.mark.parametrize(
    "html",
    [
        "<script>x</script>",
        '<a href="javascript:x">y</a>',
        '<a href="jAva\tscript:x">y</a>',
        "<img src=data:x>",
        "<p onclick=x>y</p>",
        "<p style='x'>y</p>",
        "<p>open",
        "close</p>",
        "<p><b>cross</p></b>",
    ],
)
def test_active_or_unbalanced_html_is_seen(html: str) -> None:
    assert poisoned_html(html)
    escaped = html.replace("&", "&amp;").replace("<", "&lt;")
    assert list(
        poisoned("x.atom.xml", f'<feed xmlns="http://www.w3.org/2005/Atom"><content type="html">{escaped}</content></feed>'.encode())
    )


def test_plain_published_html_is_not_poisoned() -> None:
    line = '<p class="aggregator-origin">From <a href="https://ok.example/" rel="nofollow">x</a></p>'
    assert poisoned_html(line + '<img src="https://ok.example/a.png" alt=""><br>') == []
