"""Lists of feeds from elsewhere move in whole, or say what did not."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import load_text
from aggregator.errors import ConfigError
from aggregator.migrate import Proposal, from_lines, from_opml, read
from aggregator.splice import NewFeed, add_feeds
from tests.pace import some

OPML = b"""<?xml version="1.0"?>
<opml version="2.0"><head><title>mine</title></head><body>
  <outline text="Tech"><outline text="Python">
    <outline type="rss" text="Ann &amp; Co" xmlUrl="https://ann.example/feed"/>
  </outline></outline>
  <outline type="rss" text="Bob" xmlUrl="http://bob.example/rss"/>
</body></opml>
"""


def test_an_opml_file_keeps_names_and_turns_folders_into_tags() -> None:
    taken = read(OPML)

    assert taken == from_opml(OPML)
    assert taken.feeds == (
        Proposal(url="https://ann.example/feed", name="Ann & Co", tags=("tech", "python")),
        Proposal(url="http://bob.example/rss", name="Bob"),
    )


def test_a_plain_list_is_read_with_its_names_tags_and_comments() -> None:
    taken = read(b'\xef\xbb\xbf# mine\r\n\r\nhttps://a.example/feed#x "~A\'s feed" Tech "two words"\r\n- feed://b.example/rss\r\n')

    assert taken.feeds == (
        Proposal(url="https://a.example/feed#x", name="A's feed", tags=("tech", "two words")),
        Proposal(url="https://b.example/rss"),
    )
    assert taken.refused == ()


def test_an_address_that_stands_twice_is_taken_once_with_the_tags_of_both() -> None:
    taken = from_lines("https://a.example/feed one\nhttp://a.example/feed/ two ~A\n")

    assert taken.feeds == (Proposal(url="https://a.example/feed", name="A", tags=("one", "two")),)
    assert taken.duplicates == 1


def test_a_line_is_read_with_a_tab_a_remark_or_brackets_and_who_hides_a_feed_is_told_so() -> None:
    taken = read("https://a.example/feed\tnews # mine\n<https://b.example/feed>\nhttps://c.example/feed !quiet news\n".encode("utf-16"))

    assert [(feed.url, feed.tags) for feed in taken.feeds] == [
        ("https://a.example/feed", ("news",)),
        ("https://b.example/feed", ()),
        ("https://c.example/feed", ("news",)),
    ]
    assert taken.refused == ()
    assert [one.partition(":")[0] for one in taken.left] == ["! (line 3)"]


def test_no_section_of_a_planet_is_passed_over_and_none_takes_the_name_of_another() -> None:
    text = """[Planet]
name = Wrapped
[DEFAULT]
place = Harbour
[https://a.example/feed] ; the first
name = %(place)s news, 100%% %(unknown)s
[https://b.example/feed?tags[1]]
name = Bracket
[https://c.example/feed
name = Open
stray words
[https://d.example/feed]
"""
    taken = read(text.encode("utf-16"))

    assert [(feed.url, feed.name) for feed in taken.feeds] == [
        ("https://a.example/feed", "Harbour news, 100% %(unknown)s"),
        ("https://b.example/feed?tags[1]", "Bracket"),
        ("https://c.example/feed", "Open"),
        ("https://d.example/feed", None),
    ]
    assert taken.refused == ("line 11: it sets nothing, and is no heading",)


def test_what_is_not_carried_over_is_said_with_its_reason() -> None:
    taken = from_lines("https://a.example/\nfile:///home/me/x.xml\nexec:~/bin/x\nnot an address\nhttps://\nhttps://${X}.example/\n")

    assert [feed.url for feed in taken.feeds] == ["https://a.example/"]
    assert taken.refused[0] == "line 2: file:///home/me/x.xml: a file on the machine where the list was written"
    assert "a program" in taken.refused[1]
    assert len(taken.refused) == 5


def test_feeds_of_an_opml_file_that_are_not_of_the_web_are_named_each_with_its_reason() -> None:
    outlines = (
        '<outline text="Mail" type="rss" xmlUrl="gemini://me:pw@a.example/feed"/><outline text="Here" type="rss" xmlUrl="/home/me/x.xml"/>'
        '<outline text="exec:~/x" type="rss" xmlUrl="exec:~/x"/><outline text="Lost" type="rss" xmlUrl=""/>'
        '<outline text="Old" type="atom"/>'
        '<outline text="A folder" type="rss"><outline text="Ann" xmlUrl="https://ann.example/"/></outline><outline text="A note"/>'
    )
    taken = from_opml(f"<opml version='2.0'><body>{outlines}</body></opml>".encode())

    assert [feed.url for feed in taken.feeds] == ["https://ann.example/"]
    assert taken.refused == (
        "“Mail” gemini://a.example/feed: not an address that begins with http:// or https://",
        "“Here” /home/me/x.xml: a file on the machine where the list was written",
        "exec:~/x: the output of a program, not an address",
        "“Lost”: no address is given",
        "“Old”: no address is given",
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<?xml version='1.0'?>\n<!-- x -->\n<rss version='2.0'/>", "is a feed itself"),
        (b"<!DOCTYPE html>\n<html></html>", "is a web page"),
        (b"<other/>", "not an OPML document"),
        (b'{"feeds": []}', "is JSON"),
        (b"feeds:\n  - https://a.example/\n", "is a feeds.yaml already"),
        (b"PNG\0\0", "is not a text"),
        (b"Dear reader,\nthis is a letter.\n", "holds no address"),
    ],
)
def test_another_kind_of_file_is_named_instead_of_half_read(data: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(data, "list")


VENUS = """# a planet
[Planet]
name = Planet Garden
link = https://planet.example.org/
owner_email = ann@planet.example.org
new_feed_items = 2
template_files:
  index.html.tmpl
  atom.xml.tmpl
filters = excerpt.py
items_per_page = 60  ; as before

[DEFAULT]
facewidth = 65

[index.html.tmpl]
days_per_page = 7
[excerpt.py]
width = 500
[http://lists.example/all.opml]
content_type = opml

[https://ann.example/feed]
name = Ann
face = ann.png
filters =
  excerpt.py?width=100

[http://ann.example/feed/]
name = Ann again
face = again.png
[feed://bob.example/rss?x=1&y=2]
name = B\u00f6b's
tags = news, old trains
[file:///home/ann/x.xml]
[cache/old.atom]
name = Old
"""

PLUTO = """
title = Planet Garden
url   = https://planet.example.org/

[ann]
  title = Ann's Garden
  link  = https://ann.example
  feed  = https://ann.example/feed?format=xml
  avatar = ann.png
[Dora's Old Trains]
  feed = https://dora.example/rss
[bob]
  title = Bob
  link = https://bob.example/
[carol]
  title = Carol
  group = carol
"""

FRESHRSS = """<opml xmlns:frss="https://freshrss.org/opml" version="2.0"><body>
<outline text="Blogs" frss:opmlUrl="https://lists.example/x.opml">
  <outline text="Ann" type="rss" xmlUrl="https://ann.example/feed" htmlUrl="https://ann.example/" description="d"
    frss:priority="feed" frss:ttl="7200" frss:cssFullContent="article"/>
  <outline text="Off" type="rss" xmlUrl="https://off.example/feed" frss:ttl="-3600"/>
  <outline text="Page" type="HTML+XPath" xmlUrl="https://page.example/" frss:xPathItem="//a" frss:xPathItemTitle="."/>
  <outline text="Jay" type="JSONFeed" xmlUrl="https://jay.example/feed.json" frss:priority="main"/>
</outline></body></opml>"""

MINIFLUX = """<opml version="2.0" xmlns:miniflux="https://miniflux.app/opml"><body><outline text="All">
  <outline title="Ann" text="Ann" type="rss" xmlUrl="https://ann.example/feed" miniflux:crawler="true" miniflux:disabled="false"/>
  <outline title="Off" text="Off" type="rss" xmlUrl="https://off.example/feed" miniflux:disabled="true"/>
</outline></body></opml>"""

WORDPRESS = """<opml version="1.0"><body><outline type="category" title="Contributors">
  <outline text="Ann" type="link" xmlUrl="https://ann.example/feed/" htmlUrl="https://ann.example" updated="2010-01-01 00:00:00" />
  <outline text="Bob" type="link" xmlUrl="" htmlUrl="https://bob.example/" updated="" />
  <outline text="Cid" htmlUrl="https://cid.example/" />
</outline><outline type="include" text="More" url="https://lists.example/x.opml"/></body></opml>"""


def test_a_planets_configuration_moves_in_with_its_settings() -> None:
    taken = read(VENUS.encode())

    assert taken.feeds == (
        Proposal(url="https://ann.example/feed", name="Ann"),
        Proposal(url="https://bob.example/rss?x=1&y=2", name="B\u00f6b's", tags=("news", "old trains")),
    )
    contact = "ann@planet.example.org"
    assert taken.settings == {
        "title": "Planet Garden",
        "link": "https://planet.example.org/",
        "contact": contact,
        "newcomer_entries": "2",
    }
    assert taken.duplicates == 1
    assert [line.split(": ")[1] for line in taken.refused] == [
        "file:///home/ann/x.xml",
        "[index.html.tmpl]",
        "[excerpt.py]",
        "[http://lists.example/all.opml]",
        "[cache/old.atom]",
    ]
    assert [line.split(":")[0] for line in taken.left] == [
        "template_files (line 7)",
        "filters (line 10)",
        "items_per_page (line 11)",
        "facewidth (line 14)",
        "face (line 25 and 1 more)",
        "filters (line 26)",
    ]
    assert read(VENUS.encode("cp1252")).feeds == taken.feeds, "from the time before UTF-8"


def test_plutos_configuration_moves_in_and_a_feed_without_address_is_named_with_its_page() -> None:
    taken = read(PLUTO.encode())

    assert taken.feeds == (
        Proposal(url="https://ann.example/feed?format=xml", name="Ann's Garden"),
        Proposal(url="https://dora.example/rss", name="Dora's Old Trains"),
    )
    assert taken.settings == {"title": "Planet Garden", "link": "https://planet.example.org/"}
    assert taken.refused == (
        "line 12: “Bob”: no address of a feed is given; 'aggregator add https://bob.example/' looks for one",
        "line 15: “Carol”: no address is given",
    )
    assert [line.split(":")[0] for line in taken.left] == ["link (line 7 and 1 more)", "avatar (line 9)", "group (line 17)"]


def test_what_feed_readers_say_beyond_opml_is_taken_over_or_named() -> None:
    taken = read(FRESHRSS.encode())

    assert taken.feeds == (
        Proposal(url="https://ann.example/feed", name="Ann", tags=("blogs",), every="120m"),
        Proposal(url="https://jay.example/feed.json", name="Jay", tags=("blogs",)),
    )
    assert taken.refused == (
        "“Off” https://off.example/feed: it is switched off there",
        "“Page” https://page.example/: a page that is taken apart by rules (HTML+XPath), not a feed",
    )
    assert [line.split(" (")[0] for line in taken.left] == ["frss:opmlurl", "frss:priority", "frss:cssfullcontent"]
    assert "“Ann” and 1 more" in taken.left[1]

    taken = read(MINIFLUX.encode())
    assert [feed.name for feed in taken.feeds] == ["Ann"]
    assert taken.refused == ("“Off” https://off.example/feed: it is switched off there",)
    assert [line.split(" (")[0] for line in taken.left] == ["miniflux:crawler"]


def test_links_without_a_feed_and_lists_within_lists_are_named() -> None:
    taken = read(WORDPRESS.encode())

    assert taken.feeds == (Proposal(url="https://ann.example/feed/", name="Ann", tags=("contributors",)),)
    assert taken.refused == (
        "“Bob”: no address of a feed is given; 'aggregator add https://bob.example/' looks for one",
        "“Cid”: no address of a feed is given; 'aggregator add https://cid.example/' looks for one",
        "“More” https://lists.example/x.opml: a list of feeds on the web: write its address below 'lists:'",
    )
    assert taken.left == ()


def test_a_real_planets_configuration_moves_in_whole(shared: Path) -> None:
    text = (shared / "corpus/subscriptions/planet-python-config.ini").read_text("utf-8")
    blocks = re.findall(r"^\[(https?://[^\]]+)\]\nname = (.*)$", text, re.MULTILINE)
    taken = read(text.encode())
    new = [NewFeed(url=feed.url, name=feed.name) for feed in taken.feeds]
    config = load_text(add_feeds("# empty\n", new), Path("/nowhere/feeds.yaml"), {})

    assert len(blocks) == 567
    assert [(feed.url, feed.name) for feed in taken.feeds] == blocks
    assert [(feed.url, feed.name) for feed in config.feeds] == blocks
    assert (taken.refused, taken.duplicates) == ((), 0)
    keys = set(re.findall(r"^(\w+) =", text.split("\n[")[0], re.MULTILINE))
    assert len(taken.settings) + len(taken.left) == len(keys), "each setting of the planet is carried over or named"


ODD_LINES = (
    *(
        "[Planet]",
        "[DEFAULT]",
        "[https://a.example/x]",
        "[x.tmpl]",
        "[x",
        "]",
        "[a b]",
        "[feed://e.example/r]",
        "[https://u:p@h.example/${Z}]",
    ),
    *("  feed = https://c.example/f", "link: http://d.example", "\tcontinued", "; c", "filters=", "content_type = opml", "\x00", "\u2028"),
    *("title = “x”: y", "name = ${Y}", "name = A\x7f\x9bB", "tags = a, b c", "category = ${X}", "name = - &a *b !c {d: e}"),
)


@given(st.lists(st.one_of(st.sampled_from(ODD_LINES), st.text(max_size=20)), max_size=15).map("\n".join))
def test_whatever_a_file_says_what_is_taken_from_it_makes_a_feeds_yaml(text: str) -> None:
    try:
        taken = read(text.encode("utf-8", "surrogatepass"))
    except ConfigError:
        return
    new = [NewFeed(url=feed.url, name=feed.name, tags=feed.tags) for feed in taken.feeds]
    if new:
        config = load_text(add_feeds("# empty\n", new), Path("/nowhere/feeds.yaml"), {})
        assert [feed.name for feed in config.feeds] == [feed.name for feed in new]


def test_an_empty_list_is_an_empty_list() -> None:
    assert read(b"").feeds == ()


def test_every_real_list_moves_in_and_loads(shared: Path) -> None:
    lists = [*sorted((shared / "corpus/subscriptions").glob("*.opml")), shared / "corpus/subscriptions/feeds.txt"]
    for path in some(lists, 6):
        taken = read(path.read_bytes())
        new = [NewFeed(url=feed.url, name=feed.name, tags=feed.tags) for feed in taken.feeds]
        config = load_text(add_feeds("# empty\n", new), Path("/nowhere/feeds.yaml"), {})

        assert [feed.url for feed in config.feeds] == [feed.url for feed in new], path.name
        assert len({feed.id for feed in config.feeds}) == len(new)
        assert not taken.refused


@pytest.mark.parametrize("ttl", ["²", "9" * 5000, "1e3", ""], ids=["a raised digit", "too long", "no whole number", "empty"])
def test_a_time_between_polls_that_is_none_is_left_out(ttl: str) -> None:
    data = f'<opml version="2.0"><body><outline text="A" xmlUrl="https://a.example/feed" frss:ttl="{ttl}" xmlns:frss="https://freshrss.org/opml"/></body></opml>'
    (feed,) = read(data.encode()).feeds
    assert feed.every is None
