"""Reading feeds: every thing a publisher said ends in its own field, and no document takes the reader down."""

import csv
import gzip
import warnings
from pathlib import Path

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.collect.parse import read
from aggregator.collect.parse_feedparser import expat_driver
from aggregator.errors import ParseError
from aggregator.model import Document, RawEntry, RawFeed, RawPerson
from tests.fakes import document
from tests.pace import IS_LONG, some

RSS = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"
 xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
 xmlns:creativeCommons="http://backend.userland.com/creativeCommonsRssModule" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"
 xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"><channel><title>Notes</title><link>https://blog.example/</link>{}</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" {}><id>urn:x:feed</id><title>Notes</title>{}</feed>"""


def rss(inner: str, **fields: object) -> RawFeed:
    return read(document(RSS.format(inner), **fields))


def item(inner: str) -> RawEntry:
    (entry,) = rss(f"<item>{inner}</item>").entries
    return entry


def atom(inner: str, attributes: str = "") -> RawEntry:
    (entry,) = read(document(ATOM.format(attributes, f"<entry>{inner}</entry>"))).entries
    return entry


def titles(feed: RawFeed) -> list[str]:
    return [entry.title.value if entry.title else "" for entry in feed.entries]


def test_the_signs_of_windows_are_put_right_beside_any_other_letters() -> None:
    # Between the two, Unicode has controls where Windows has quotation marks.
    assert item("<description>\x93Привет\x94 – it\x92s</description>").summary.value == "“Привет” – it’s"  # type: ignore[union-attr]
    assert item("<description>Привет – it’s</description>").summary.value == "Привет – it’s"  # type: ignore[union-attr]


# ── identity ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("raw_id", ["12345", "/post/1", "a b", "Ã©", "tag:x,2020:1", "HTTP://EXAMPLE.org:80/../a"])
def test_an_id_is_kept_as_it_was_sent_and_never_resolved(raw_id: str) -> None:
    assert item(f"<guid>{raw_id}</guid>").id == raw_id
    assert atom(f"<id>{raw_id}</id>", 'xml:base="https://base.example/"').id == raw_id


def test_an_id_of_a_megabyte_is_kept_whole() -> None:
    long = "https://blog.example/" + "x" * (1 << 20)
    entry = item(f"<guid>{long}</guid>")
    assert entry.id == long
    assert entry.link is None


def test_an_id_reads_the_same_strictly_and_as_tag_soup() -> None:
    guid = "<guid>https://blog.example/?a=1&amp;b=2</guid>"
    soup = rss(f"<item>{guid}<description>unclosed <b> here</description></item>")
    assert soup.entries[0].id == item(guid).id == "https://blog.example/?a=1&b=2"
    assert any("tag soup" in oddity for oddity in soup.oddities)


def test_a_permalink_guid_is_the_link_of_an_item_without_one() -> None:
    assert item("<guid>https://blog.example/1</guid>").link == "https://blog.example/1"
    assert item("<guid>/2026/1</guid>").link == "/2026/1"
    assert item("<guid>abc-1</guid>").link is None
    assert item('<guid isPermaLink="false">https://blog.example/1</guid>').link is None
    assert item("<guid>https://blog.example/1</guid><link>https://blog.example/2</link>").link == "https://blog.example/2"


def test_a_link_that_leads_to_no_page_gives_way_to_the_permalink() -> None:
    magnet = "<link>magnet:?xt=urn:btih:AAAA1111&amp;dn=one</link>"
    assert item(f"<guid>https://tracker.example/view/9</guid>{magnet}").link == "https://tracker.example/view/9"
    assert item(f'<guid isPermaLink="false">https://tracker.example/9</guid>{magnet}').link == "magnet:?xt=urn:btih:AAAA1111&dn=one"
    assert item("<guid>https://blog.example/1</guid><link>/2026/1</link>").link == "/2026/1"


def test_an_atom_entry_without_a_link_has_none() -> None:
    entry = atom("<id>https://blog.example/1</id><title>x</title>")
    assert (entry.link, entry.id_is_link) == (None, False)


def test_an_empty_id_is_as_if_absent() -> None:
    assert item("<guid> </guid><title>x</title>").id is None


def test_an_id_inside_an_author_is_not_the_entrys() -> None:
    assert atom("<author><name>A</name><id>urn:x:person</id></author><title>x</title>").id is None


def test_rdf_items_are_known_by_their_address() -> None:
    text = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
    <channel rdf:about="https://blog.example/"><title>Notes</title></channel>
    <item rdf:about="https://blog.example/1"><title>One</title><dc:date>2025-01-06T10:00:00Z</dc:date></item></rdf:RDF>"""
    (entry,) = read(document(text)).entries
    assert (entry.id, entry.link, entry.published_s) == ("https://blog.example/1", "https://blog.example/1", 1736157600)


# ── texts ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_summary_and_content_are_kept_apart_in_any_order() -> None:
    description, content = "<description>short</description>", "<content:encoded>&lt;p&gt;long&lt;/p&gt;</content:encoded>"
    for inner in (description + content, content + description):
        entry = item(inner)
        assert entry.summary is not None
        assert (entry.summary.value, [text.value for text in entry.contents]) == ("short", ["<p>long</p>"])


def test_a_content_alone_is_no_summary() -> None:
    assert item("<content:encoded>long</content:encoded>").summary is None
    assert atom('<content type="html">long</content>').summary is None


def test_a_podcasts_summary_is_never_taken_for_the_content() -> None:
    entry = item(
        "<description>&lt;p&gt;notes&lt;/p&gt;</description><itunes:summary>plain</itunes:summary><media:description>photo</media:description>"
    )
    assert entry.contents == ()
    assert entry.summary is not None
    assert entry.summary.value == "<p>notes</p>"
    alone = item("<itunes:summary>plain</itunes:summary>")
    assert alone.summary is not None
    assert alone.summary.value == "plain"


def test_the_caption_of_a_picture_is_no_summary_and_what_a_video_is_about_is() -> None:
    caption = "<media:description>The minister leaves.</media:description>"
    text = "<description/><content:encoded>She resigned.</content:encoded>"
    for picture in (
        f'<media:content url="https://a.example/1.jpg" medium="image">{caption}</media:content>',
        f'<media:group><media:content url="https://a.example/1.jpg" type="image/jpeg">{caption}</media:content></media:group>',
    ):
        assert item(text + picture).summary is None
    for video in (
        f"<media:group><media:content url='https://a.example/1.jpg' medium='image'/>{caption}</media:group>",
        f'<media:content url="https://a.example/1.mp4" type="video/mp4">{caption}</media:content>',
        caption,
    ):
        about = item(video).summary
        assert about is not None
        assert about.value == "The minister leaves."


@pytest.mark.parametrize(
    ("construct", "kind", "value"),
    [
        ('<title type="text">&lt;b&gt;not bold&lt;/b&gt;</title>', "text", "<b>not bold</b>"),
        ('<title type="html">&lt;b&gt;bold&lt;/b&gt;</title>', "html", "<b>bold</b>"),
        ('<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">x <em>y</em></div></title>', "xhtml", "x <em>y</em>"),
        ("<title>A &amp;lt; B</title>", "text", "A &lt; B"),
    ],
)
def test_a_text_is_read_by_its_type(construct: str, kind: str, value: str) -> None:
    title = atom(construct).title
    assert title is not None
    assert (title.type, title.value) == (kind, value)


def test_base_and_language_travel_with_a_text() -> None:
    entry = atom(
        '<id>1</id><content type="html" xml:base="posts/" xml:lang="de">Text</content>', 'xml:base="https://other.example/" xml:lang="en"'
    )
    (content,) = entry.contents
    assert (content.base, content.language) == ("https://other.example/posts/", "de")
    assert (entry.base, entry.language) == ("https://other.example/", None), "which language a feed has is said of the feed"


def test_without_a_base_links_stay_relative() -> None:
    entry = item("<link>/1.html</link>")
    assert (entry.link, entry.base) == ("/1.html", None)


def test_a_base_that_is_no_address_is_ignored() -> None:
    assert atom('<link href="x"/>', 'xml:base="javascript:alert(1)//"').link == "https://blog.example/x"


def test_html_is_left_as_it_was_sent() -> None:
    entry = item('<description><![CDATA[<a href="/x" onclick="y()">x</a><script>z</script>]]></description>')
    assert entry.summary is not None
    assert entry.summary.value == '<a href="/x" onclick="y()">x</a><script>z</script>'


def test_a_text_beyond_a_mebibyte_is_cut_outside_a_tag_and_said_so() -> None:
    feed = rss(f"<item><guid>1</guid><description>{'x' * ((1 << 20) - 3)}&lt;b class=''&gt;y&lt;/b&gt;</description></item>")
    assert feed.entries[0].summary is not None
    assert feed.entries[0].summary.value == "x" * ((1 << 20) - 3)
    assert "texts cut at 1 MiB: 1" in feed.oddities


# ── people, links, media, categories ─────────────────────────────────────────────────────────────────────────────────────


def test_all_authors_are_kept_in_order() -> None:
    assert [author.name for author in item("<dc:creator>Ann</dc:creator><dc:creator>Bo</dc:creator>").authors] == ["Ann", "Bo"]
    entry = atom(
        "<author><name>Ann</name><uri>https://ann.example/</uri></author><author><name>Bo</name><email>bo@x.example</email></author>"
    )
    assert entry.authors == (RawPerson(name="Ann", uri="https://ann.example/"), RawPerson(name="Bo", email="bo@x.example"))


def test_an_rss_author_is_split_into_name_and_address() -> None:
    assert item("<author>bo@x.example (Bo)</author>").authors == (RawPerson(name="Bo", email="bo@x.example"),)


@pytest.mark.parametrize("letters", ["a", "a.", "a@", "@.", "a-"])
def test_a_name_of_any_length_is_read_at_once(letters: str) -> None:
    (author,) = item(f"<author>{letters * 40_000}</author><guid>1</guid>").authors
    assert len(author.name or "") <= 256


@pytest.mark.parametrize("mangled", ["", "<x>"], ids=["strict", "tag soup"])
@pytest.mark.parametrize("name", ["image", "textInput"])
def test_what_a_picture_of_an_item_says_of_itself_is_not_the_items(name: str, mangled: str) -> None:
    said = "<title>Picture</title><link>https://a.example/i</link><description>Of it</description>"
    aside = f"<{name}><url>https://a.example/i.png</url>{said}</{name}>"
    own = "<title>Own</title><link>https://a.example/1</link><description>Text</description>"
    for inner in (aside + own, own + aside, own + aside + "<wrap><title>Deep</title></wrap>"):
        read_ = item(inner + mangled)
        assert read_.title
        assert read_.summary
        assert (read_.title.value, read_.link, read_.summary.value) == ("Own", "https://a.example/1", "Text")


def test_a_link_within_an_element_that_nobody_knows_is_not_the_items_page() -> None:
    other = "<related><title>Other</title><link>https://b.example/other</link></related>"
    own = "<title>Own</title><link>https://a.example/1</link>"
    for inner in (other + own, own + other):
        assert (item(inner).link, [link.href for link in item(inner).links]) == ("https://a.example/1", ["https://a.example/1"])


def test_links_keep_relation_type_title_and_length() -> None:
    entry = atom('<link rel="via" href="https://x.example/1" title="X" type="text/html"/><link rel="related" href="https://y.example/"/>')
    assert [(link.rel, link.href, link.title, link.type) for link in entry.links] == [
        ("via", "https://x.example/1", "X", "text/html"),
        ("related", "https://y.example/", None, None),
    ]


def test_the_permalink_is_a_page_before_anything_else() -> None:
    entry = atom('<link type="application/json" href="https://x.example/1.json"/><link type="text/html" href="https://x.example/1"/>')
    assert entry.link == "https://x.example/1"


def test_all_media_are_enclosures_each_once() -> None:
    entry = item(
        '<enclosure url="https://x.example/1.mp3" type="audio/mpeg" length="1234"/><media:content url="https://x.example/1.mp3"/>'
        '<media:group><media:content url="https://x.example/2.mp4" type="video/mp4" fileSize="99"/></media:group>'
        '<media:thumbnail url="https://x.example/t.png"/>'
    )
    assert [(e.href, e.type, e.length) for e in entry.enclosures] == [
        ("https://x.example/1.mp3", "audio/mpeg", "1234"),
        ("https://x.example/2.mp4", "video/mp4", "99"),
    ]
    assert entry.thumbnail == "https://x.example/t.png"


def test_what_goes_over_the_limits_is_left_out_and_said_so() -> None:
    feed = rss(
        "<item><guid>1</guid>"
        + "".join(f'<enclosure url="https://x.example/{n}"/>' for n in range(50))
        + "".join(f"<category>c{n}</category>" for n in range(300))
        + "</item>"
    )
    assert (len(feed.entries[0].enclosures), len(feed.entries[0].categories)) == (16, 64)
    assert any("34 enclosures" in oddity for oddity in feed.oddities)
    assert any("236 categories" in oddity for oddity in feed.oddities)


def test_an_address_beyond_4_kib_is_left_out() -> None:
    assert item(f"<guid>1</guid><link>https://x.example/{'y' * 5000}</link>").link is None


def test_thirty_thousand_attributes_are_read_at_once() -> None:
    attributes = " ".join(f'a{n}="1"' for n in range(30_000))
    assert titles(rss(f"<item {attributes}><title>x</title></item>")) == ["x"]


def test_categories_keep_scheme_and_label() -> None:
    (category,) = atom('<category term="a" scheme="https://x.example/s" label="A"/>').categories
    assert (category.term, category.scheme, category.label) == ("a", "https://x.example/s", "A")


# ── provenance ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_rss_source_and_an_atom_source_do_not_mix() -> None:
    inner = '<source url="https://o.example/rss">O</source>'
    alone = item(inner).source
    assert alone is not None
    assert (alone.kind, alone.self_url, alone.title, alone.id) == ("rss", "https://o.example/rss", "O", None)
    both = item(inner + "<atom:source><atom:id>urn:x:o</atom:id><atom:title>Atom O</atom:title></atom:source><title>Mine</title>")
    assert both.source is not None
    assert (both.source.kind, both.source.id, both.source.title, both.source.self_url) == ("atom", "urn:x:o", "Atom O", None)
    assert both.title is not None
    assert both.title.value == "Mine"


def test_a_full_atom_source_keeps_all_its_parts() -> None:
    entry = atom(
        "<id>urn:x:1</id><source><id>urn:x:o</id><title>O</title><updated>2025-01-01T00:00:00Z</updated><rights>CC BY</rights>"
        '<link href="https://o.example/"/><link rel="self" href="https://o.example/atom"/><link rel="license" href="https://o.example/terms"/>'
        "<author><name>Ann</name></author></source><title>t</title>"
    )
    assert entry.source is not None
    assert (entry.source.link, entry.source.self_url, entry.source.rights) == ("https://o.example/", "https://o.example/atom", "CC BY")
    assert (entry.source.updated, entry.source.updated_s) == ("2025-01-01T00:00:00Z", 1735689600)
    assert (entry.source.license, entry.source.authors) == ("https://o.example/terms", (RawPerson(name="Ann"),))
    assert entry.license is None
    assert (entry.id, entry.link, entry.authors) == ("urn:x:1", None, ())


def test_a_source_does_not_leak_into_the_next_entry() -> None:
    feed = rss('<item><source url="https://o.example/rss">O</source></item><item><title>x</title></item>')
    assert feed.entries[1].source is None


@pytest.mark.parametrize(
    "form",
    [
        "<{0}>https://o.example/1</{0}>",
        '<{0} rdf:resource="https://o.example/1"/>',
        '<{0} xsi:type="dcterms:URI">https://o.example/1</{0}>',
    ],
)
def test_dublin_core_sources_are_read_in_every_form(form: str) -> None:
    assert item(form.format("dc:source")).dc_source == "https://o.example/1"
    assert item(form.format("dcterms:source")).dcterms_source == "https://o.example/1"


def test_feedburners_original_link_is_kept() -> None:
    entry = item("<link>https://proxy.example/1</link><feedburner:origLink>https://o.example/1</feedburner:origLink>")
    assert (entry.link, entry.feedburner_origlink) == ("https://proxy.example/1", "https://o.example/1")


@pytest.mark.parametrize(
    "form",
    [
        "<creativeCommons:license>{}</creativeCommons:license>",
        '<cc:license xmlns:cc="http://web.resource.org/cc/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" rdf:resource="{}"/>',
        '<cc:license xmlns:cc="http://creativecommons.org/ns#">{}</cc:license>',
        '<atom:link rel="license" href="{}"/>',
    ],
)
def test_a_licence_is_read_in_every_form(form: str) -> None:
    assert item(form.format("https://creativecommons.org/licenses/by/4.0/")).license == "https://creativecommons.org/licenses/by/4.0/"


def test_addresses_in_xhtml_count_from_the_bases_that_stand_there() -> None:
    inner = '<p xml:base="e/"><a href="x">x</a><a href="#f">f</a><a href="http://[">b</a></p><img src="y"/>'
    entry = (
        f'<entry><id>1</id><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml" xml:base="/d/">{inner}</div></content></entry>'
    )
    made = read(document(f'<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>{entry}</feed>'))
    value = made.entries[0].contents[0].value
    assert 'href="https://blog.example/d/e/x"' in value
    assert 'href="#f"' in value
    assert 'src="https://blog.example/d/y"' in value


def test_a_line_break_in_xhtml_is_one() -> None:
    entry = atom('<id>1</id><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">a<br/>b<hr></hr><i>c</i></div></content>')
    assert entry.contents[0].value == "a<br>b<hr><i>c</i>"


def test_where_one_date_cannot_be_read_another_is() -> None:
    given = "<pubDate>am 10. des Monats</pubDate><dc:date>2026-11-12T00:00:00Z</dc:date>"
    assert item(given).published == "2026-11-12T00:00:00Z"
    assert item("<pubDate>am 10. des Monats</pubDate>").published == "am 10. des Monats"


# ── dates ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_date_keeps_its_words_beside_its_reading() -> None:
    entry = item("<pubDate>Wed, 01 Jan 2025 24:00:00 GMT</pubDate>")
    assert (entry.published, entry.published_s) == ("Wed, 01 Jan 2025 24:00:00 GMT", 1735776000)
    assert (entry.updated, entry.updated_s) == (None, None)
    unreadable = item("<pubDate>yesterday</pubDate>")
    assert (unreadable.published, unreadable.published_s) == ("yesterday", None)


def test_a_zone_is_read_in_german_too() -> None:
    assert (
        item("<pubDate>Wed, 01 Jan 2025 10:00:00 MEZ</pubDate>").published_s
        == item("<pubDate>Wed, 01 Jan 2025 09:00:00 GMT</pubDate>").published_s
    )


@pytest.mark.parametrize(("zone", "hour"), [("WIB", 3), ("PHT", 2), ("TRT", 7), ("SAST", 8), ("COT", 15)])
def test_zones_are_read_all_over_the_world(zone: str, hour: int) -> None:
    there, here = (item(f"<pubDate>Wed, 01 Jan 2025 {at}</pubDate>").published_s for at in (f"10:00:00 {zone}", f"{hour:02}:00:00 GMT"))
    assert there == here


# ── the feed itself ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_feeds_wishes_about_polling_are_read() -> None:
    feed = rss(
        "<ttl>90</ttl><skipHours><hour>3</hour><hour>24</hour><hour>x</hour></skipHours><skipDays><day>Sunday</day><day>monday</day></skipDays>"
        "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>"
    )
    assert (feed.ttl_minutes, feed.skip_hours, feed.skip_days) == (90, (0, 3), ("Sunday", "Monday"))
    assert (feed.update_period, feed.update_frequency) == ("daily", 2)


def test_a_feed_that_excludes_every_hour_is_an_oddity() -> None:
    feed = rss("<skipHours>" + "".join(f"<hour>{hour}</hour>" for hour in range(24)) + "</skipHours>")
    assert any("skipHours" in oddity for oddity in feed.oddities)


def test_the_head_of_a_feed_is_read() -> None:
    feed = rss(
        '<atom:link rel="self" href="https://blog.example/feed.xml"/><atom:link rel="hub" href="https://hub.example/"/>'
        '<atom:link rel="hub" href="/hub"/><description>About</description>'
        "<language>en-GB</language><lastBuildDate>Mon, 06 Jan 2025 10:00:00 GMT</lastBuildDate><generator>Gen 1</generator>"
        "<copyright>(c) Ann</copyright><image><url>https://blog.example/i.png</url><title>I</title><link>https://other.example/</link></image>"
        "<itunes:subtitle>Other</itunes:subtitle>"
    )
    assert (feed.link, feed.self_url) == ("https://blog.example/", "https://blog.example/feed.xml")
    assert (feed.hubs[0], len(feed.hubs)) == ("https://hub.example/", 2)
    assert (feed.language, feed.updated_s, feed.generator, feed.rights) == ("en-GB", 1736157600, "Gen 1", "(c) Ann")
    assert feed.icon == "https://blog.example/i.png"
    assert feed.title is not None
    assert feed.subtitle is not None
    assert (feed.title.value, feed.subtitle.value) == ("Notes", "About")


def test_a_feed_without_entries_is_a_feed() -> None:
    assert rss("").entries == ()
    assert read(document("<feed xmlns='http://www.w3.org/2005/Atom'/>")).entries == ()


@pytest.mark.parametrize(
    "content_type", [None, "text/html; charset=iso-8859-1", "application/octet-stream", "text/xml; charset=utf-16", "nonsense"]
)
def test_the_content_type_never_stops_a_feed(content_type: str | None) -> None:
    feed = rss("<item><title>café</title></item>", content_type=content_type)
    assert titles(feed) == ["café"]


@pytest.mark.parametrize(
    ("title", "read_as"), [(b"it\xe2\x80\x99s \xff", "it’s ÿ"), (b"caf\xe9", "café"), (b"caf\xe9 \xc3\xa9 \xe8\xe0", "café Ã© èà")]
)
def test_a_stray_byte_does_not_make_utf_8_another_encoding(title: bytes, read_as: str) -> None:
    body = b"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><item><title>%b</title></item></channel></rss>" % title
    assert titles(read(document(body))) == [read_as]


# ── damage ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("title", "read_as"),
    [
        ("AT&T & Co", "AT&T & Co"),
        ("Caf&eacute; &mdash; ok", "Café — ok"),
        ("&foo; &amp; b", "&foo; & b"),
        ("1 < 2", "1 < 2"),
        ("a\x08b", "ab"),
        ("a&#8;b&#xD800;c&#1114112;d", "abcd"),
        ("&#xD83D;&#xDE00;", "😀"),
        (f"&#{'9' * 6000};x", "x"),
    ],
)
def test_a_bare_or_forbidden_character_costs_nothing_but_itself(title: str, read_as: str) -> None:
    feed = rss(f"<item><title>{title}</title><link>https://blog.example/?a=1&b=2</link></item><item><title>next</title></item>")
    assert titles(feed) == [read_as, "next"]
    assert feed.entries[0].link == "https://blog.example/?a=1&b=2"
    assert any(oddity.startswith("not well-formed XML") for oddity in feed.oddities)


def test_an_undeclared_prefix_keeps_its_usual_meaning() -> None:
    text = "<rss version='2.0'><channel><item><dc:creator>Ann</dc:creator><x:y>z</x:y><title>t</title></item></channel></rss>"
    (entry,) = read(document(text)).entries
    assert [author.name for author in entry.authors] == ["Ann"]


def test_what_stands_around_the_document_is_left_out() -> None:
    text = RSS.format("<item><title>x</title></item>")
    for before, after in (
        ("\ufeff \n", ""),
        ("<br />\n<b>Warning</b>: x in <b>y.php</b>\n", ""),
        ("", text),
        ("", "<!-- late"),
        ("", "\x00garbage"),
    ):
        assert titles(read(document(before + text + after))) == ["x"], before + "…" + after


@pytest.mark.parametrize(
    "after",
    [
        "</rss>",
        "\n</body></html>",
        "&nbsp;",
        "\ufffd",
        "]]>",
        "<!-- a -- b -->",
        '<?xml version="1.0"?><p>x</p>',
        "<!DOCTYPE html><p>x<br>",
    ],
)
def test_what_no_document_may_be_followed_by_does_not_make_it_tag_soup(after: str) -> None:
    picture = '<img src="https://blog.example/p.png" alt="He: &amp;quot;No&amp;quot;">'
    text = RSS.format(f"<item><title>x</title><description>{picture.replace('<', '&lt;')}</description></item>")
    found = read(document(text + after))
    assert found.entries == read(document(text)).entries
    assert found.oddities == ("something follows after the end of the document and was left out",)


SOUP = {
    "a quotation in an attribute": "<description>&lt;img alt=&quot;He: &amp;quot;No&amp;quot;&quot;&gt;</description>",
    "code": "<description>&lt;pre&gt;a &amp;amp;&amp;amp; b &amp;lt;p&amp;gt; &amp;quot;q&amp;quot; &amp;apos;&lt;/pre&gt;</description>",
    "the same in CDATA": "<description><![CDATA[<pre>&amp;amp; &lt;p&gt; &quot;q&quot; &#8217;</pre>]]></description>",
    "an address": '<enclosure url="https://blog.example/?a=1&#38;b=2&amp;c=3&#x26;d=4&#038;e" type="image/png" length="1"/>',
    "an apostrophe in an attribute": "<media:content url='https://blog.example/p.png?a=Ann&#39;s&amp;lt;'/>",
    "a quote in an attribute": '<category domain="a&#34;b">&amp;amp; &#39;x&#39; &amp;quot;</category>',
    "ends of lines": "<description>&lt;pre&gt;a\r\nb\rc&lt;/pre&gt;</description>",
    "XHTML": '<atom:summary type="xhtml"><div><a title="&amp;copy; &quot;A&quot;">b &amp;lt; c</a></div></atom:summary>',
}


@pytest.mark.parametrize("item", SOUP.values(), ids=SOUP.keys())
def test_tag_soup_says_what_the_same_says_in_well_formed_xml(item: str) -> None:
    item = f"<item><title>Tom &amp;amp; Jerry&#39;s</title>{item}</item>"
    strict, soup = read(document(RSS.format(item))), read(document(RSS.format(f"{item}<b><i></b>")))
    assert "read leniently, as tag soup" in soup.oddities
    assert not strict.oddities
    assert soup.entries == strict.entries


@pytest.mark.parametrize(
    "broken", ["<title>y</itle>", "<itle>y</title>", "<description>y", "<description>y</title></descripton>", "</item>"]
)
def test_what_a_broken_entry_leaves_open_or_closes_twice_costs_no_other_entry_anything(broken: str) -> None:
    one = "<item><title>{0}</title><guid>{0}</guid><description>Text of {0}</description></item>".format
    feed = read(document(RSS.format(f"{one('a')}<item>{broken}<guid>x</guid></item>{one('b')}{one('c')}")))
    assert "read leniently, as tag soup" in feed.oddities
    others = {entry.id: entry for entry in feed.entries}
    whole = read(document(RSS.format("".join(map(one, "abc"))))).entries
    assert [others[entry.id] for entry in whole] == list(whole)


@pytest.mark.parametrize("broken", ['<a:summary type="html">y', '<a:content type="xhtml">y</a:nix>', "<a:title>y</a:summary></a:title>"])
def test_nor_where_all_names_have_a_prefix(broken: str) -> None:
    one = '<a:entry><a:id>urn:x:{0}</a:id><a:title>{0}</a:title><a:summary type="html">Text of {0}</a:summary></a:entry>'.format
    form = '<a:feed xmlns:a="http://www.w3.org/2005/Atom">{}</a:feed>'
    feed = read(document(form.format(f"{one('a')}<a:entry>{broken}<a:id>urn:x:x</a:id></a:entry>{one('b')}{one('c')}")))
    others = {entry.id: entry for entry in feed.entries}
    whole = read(document(form.format("".join(map(one, "abc"))))).entries
    assert [others.get(entry.id) for entry in whole] == list(whole)


@pytest.mark.parametrize("half", ["<description><![CDATA[<p>half of it", "<description>half of it", "<title><![CDATA[half"])
def test_a_document_that_was_cut_anywhere_in_an_entry_gives_the_whole_ones_as_they_are(half: str) -> None:
    text = RSS.format('<item><title>x</title><description>&lt;img alt="&amp;quot;a"&gt;</description></item>')
    whole = read(document(text))
    cut = read(document(text.partition("</channel>")[0] + f"<item>{half}"))
    assert cut.entries == whole.entries
    assert "the document is cut off at its end" in cut.oddities


def test_a_feed_wrapped_in_a_page_is_read() -> None:
    text = '<!DOCTYPE html><html><body><feed xmlns="http://www.w3.org/2005/Atom"><entry><title>x</title></entry></feed></body></html>'
    assert titles(read(document(text))) == ["x"]


def test_of_a_document_that_was_cut_the_whole_entries_are_read() -> None:
    text = RSS.format("<item><title>x</title></item><item><title>y</title><guid>2</guid><description>half of it")
    feed = read(document(text[: text.index(" of it")]))
    assert titles(feed) == ["x"]
    assert "the document is cut off at its end" in feed.oddities


BOMBS = {
    "laughs": "<!ENTITY l0 'ha'>" + "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9)),
    "quadratic": f"<!ENTITY l9 '{'x' * 900}'>",
    "file": '<!ENTITY l9 SYSTEM "file:///etc/passwd">',
    "parameter": '<!ENTITY % p SYSTEM "file:///etc/passwd">%p;<!ENTITY l9 "%p;">',
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("tail", ["", "<br>"], ids=["well-formed", "soup"])
def test_no_entity_grows_or_opens_anything(bomb: str, tail: str) -> None:
    body = f"<!DOCTYPE rss [{BOMBS[bomb]}]>" + RSS.format(f"<item><title>{'&l9;' * 2000}</title>{tail}<guid>1</guid></item>").split("?>")[1]
    feed = read(document(body))
    assert len(titles(feed)[0]) < 1 << 21
    assert "root:" not in titles(feed)[0]


def test_a_harmless_entity_is_read() -> None:
    text = '<!DOCTYPE rss [<!ENTITY me "Ann &#233;">]><rss version="2.0"><channel><item><title>by &me;</title></item></channel></rss>'
    assert titles(read(document(text))) == ["by Ann é"]


# ── limits ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def many(number: int, text: str = "x") -> str:
    return "".join(
        f"<item><guid>{n}</guid><pubDate>{1 + n % 28:02d} Jan {1990 + n // 100} 10:00 GMT</pubDate><description>{text}</description></item>"
        for n in range(number)
    )


@pytest.mark.parametrize("text", ["x", "a & b", "a <br> b"], ids=["well-formed", "mended", "soup"])
def test_of_many_entries_the_newest_are_kept(text: str) -> None:
    feed = rss(many(1300, text))
    assert len(feed.entries) == 1000
    assert {entry.id for entry in feed.entries} >= {str(n) for n in range(400, 1300)}
    assert "300 entries beyond 1,000 were left out" in feed.oddities


def test_without_dates_the_first_entries_are_kept_byte_for_byte() -> None:
    feed = rss("".join(f"<item><guid>{n}</guid><description><![CDATA[<item>]]></description></item>" for n in range(1100)))
    assert [entry.id for entry in feed.entries] == [str(n) for n in range(1000)]
    assert all(entry.summary and entry.summary.value == "<item>" for entry in feed.entries)


# ── what is no feed ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "an empty document"),
        (b" \n", "an empty document"),
        (b"x", "text, not a feed"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "a PNG image"),
        (bytes(range(256)), "not a feed"),
        (b"<!doctype html><title>Just a moment...</title>", "challenge"),
        (b"<!doctype html><title>Just a moment...</title>" + b"<script></script>" * 200, "challenge"),
        (b"<html><body>hello</body></html>", "an HTML page, not a feed"),
        (b"<?xml version='1.0'?><opml version='2.0'><body/></opml>", "an OPML list, not a feed"),
        (b"<redirect><newLocation>https://x.example/</newLocation></redirect>", "redirect"),
        (b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'/>", "a sitemap"),
        (b"<Error><Code>AccessDenied</Code></Error>", "<error>"),
    ],
)
def test_what_is_no_feed_is_named(body: bytes, words: str) -> None:
    with pytest.raises(ParseError) as caught:
        read(document(body))
    assert words in caught.value.message


def test_a_long_page_that_only_mentions_a_challenge_is_none() -> None:
    with pytest.raises(ParseError) as caught:
        read(document(b"<!doctype html><title>Garden</title>" + b"<p>Just a moment of captcha." * 200))
    assert caught.value.kind != "challenge"


def test_a_page_proposes_the_feed_that_it_names() -> None:
    with pytest.raises(ParseError) as caught:
        read(document('<html><head><link rel="alternate" type="application/rss+xml" href="/rss"></head></html>'))
    assert caught.value.found == ("https://blog.example/rss",)
    assert "https://blog.example/rss" in caught.value.message


@given(st.binary(max_size=300) | st.text(alphabet=st.sampled_from('<>&;/"!-[]? =abitem#x0\n'), max_size=300).map(str.encode), st.booleans())
def test_no_bytes_raise_anything_but_a_parse_error(noise: bytes, is_inside: bool) -> None:
    body = RSS.format("<item><title>SPLIT</title></item>").encode().replace(b"SPLIT", noise) if is_inside else noise
    try:
        feed = read(document(body))
    except ParseError:
        return
    assert isinstance(feed, RawFeed)


# ── the engine ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_text_comes_in_large_pieces_not_line_by_line() -> None:
    """expat's own default is one call a line; feedparser then spends a fifth of its time on pieces."""
    pieces: list[str] = []
    driver = expat_driver(lambda name, attributes: None, lambda name: None, pieces.append)
    driver.Parse(b"<a>" + b"line &amp; line\n" * 1000 + b"</a>", True)
    assert len(pieces) == 1


def test_the_real_feeds_lose_no_entry(shared: Path) -> None:
    """A tenth of the corpus at most, beside feedparser on its own."""
    for path in some(sorted((shared / "corpus/real").glob("*.xml"))[::10], 6):
        body = path.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = feedparser.parse(
                body, response_headers={"content-type": "application/xml"}, sanitize_html=False, resolve_relative_uris=False
            )
        ours = read(document(body, content_type="application/xml"))
        assert len(ours.entries) == len(theirs.entries), path.name
        for raw, entry in zip(ours.entries, theirs.entries, strict=True):
            assert (raw.title.value if raw.title else "") == entry.get("title", ""), path.name
            assert (raw.id or "") == entry.get("id", ""), path.name
            # feedparser makes a link of an Atom id and prefers the last of several.
            assert raw.link is not None or entry.get("link") in (None, "", entry.get("id")), path.name


# Of documents that may be read or refused, so much is read: those nested without end have no end here, either.
_ENOUGH = 10_000_000 if IS_LONG else 70_000
OUTCOMES = {"keep": lambda entries, number: entries == number, "min": lambda entries, number: entries >= number}


def test_every_hostile_feed_reaches_its_outcome(shared: Path) -> None:
    folder = shared / "corpus/hostile-feeds"
    with (folder / "index.tsv").open() as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    for row in rows:
        body = (folder / row["file"]).read_bytes()
        if row["content_encoding"] != "-":
            try:
                body = gzip.decompress(body)
            except (OSError, EOFError):
                continue  # a matter of fetching
        outcome, _, number = row["outcome"].partition(":")
        if len(body) > 10 * 1024 * 1024:
            continue  # so is its size
        if outcome == "any":
            body = body[:_ENOUGH]
        found = entries_of(document(body, content_type=row["content_type"]))
        if outcome in OUTCOMES:
            assert found is not None, row["file"]
            assert OUTCOMES[outcome](found, int(number)), row["file"]
        elif outcome == "reject":
            assert found is None, row["file"]


def entries_of(doc: Document) -> int | None:
    try:
        return len(read(doc).entries)
    except ParseError:
        return None
