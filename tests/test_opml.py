"""Subscriptions to OPML and back, from whatever other programs call OPML."""

from dataclasses import replace
from itertools import pairwise

import pytest
from lxml import etree

from aggregator.errors import ParseError
from aggregator.model import Subscription, Url
from aggregator.publish.opml import opml, read_opml
from tests import makers as make


def doc(body: str, head: str = "") -> bytes:
    return f'<?xml version="1.0"?>{head}<opml version="1.1"><head/><body>{body}</body></opml>'.encode()


def test_subscriptions_come_back_as_they_went() -> None:
    edition = make.edition()
    listed = [replace(feed, id="") for feed in edition.subscriptions]
    assert sorted(read_opml(opml(edition)), key=repr) == sorted(listed, key=repr)


def test_feeds_stand_in_the_folder_of_their_first_tag() -> None:
    root = etree.fromstring(opml(make.edition()))
    assert root.findtext("head/title") == "Planet Example"
    assert [outline.get("text") for outline in root.findall("body/outline")] == ["news", "Third"]
    assert [outline.get("xmlUrl") for outline in root.findall("body/outline/outline")] == ["https://orig.example/feed"]


def test_new_entries_do_not_change_the_file() -> None:
    edition = make.edition()
    assert opml(edition) == opml(replace(edition, items=(), updated=edition.updated.replace(year=2030)))


def test_nested_outlines_become_tags() -> None:
    body = '<outline text="News"><outline title="Local"><outline type="rss" text="A" xmlUrl="https://a.example/f"/></outline></outline>'
    assert read_opml(doc(body)) == [Subscription(name="A", feed_url="https://a.example/f", tags=("News", "Local"))]


def test_categories_beat_folders_and_lose_their_slashes() -> None:
    body = '<outline text="Folder"><outline text="A" xmlUrl="https://a.example/f" category="/news, /python/web,"/></outline>'
    assert read_opml(doc(body))[0].tags == ("news", "python/web")


@pytest.mark.parametrize("name", ["xmlUrl", "xmlurl", "XMLURL", "xmlURL"])
def test_attribute_names_may_be_in_any_case(name: str) -> None:
    assert read_opml(doc(f'<outline TITLE="A" {name}="https://a.example/f" htmlURL="https://a.example/"/>')) == [
        Subscription(name="A", feed_url="https://a.example/f", home=Url("https://a.example/"))
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("feed://a.example/f", "http://a.example/f"),
        ("feed:https://a.example/f", "https://a.example/f"),
        ("feed://https://a.example/f", "https://a.example/f"),
        ("itpc://a.example/f", "http://a.example/f"),
        (" https://a.example/f?a=1&amp;b=2 ", "https://a.example/f?a=1&b=2"),
    ],
)
def test_addresses_of_readers_own_schemes_are_understood(written: str, meant: str) -> None:
    assert [feed.feed_url for feed in read_opml(doc(f'<outline text="A" xmlUrl="{written}"/>'))] == [meant]


def test_a_title_names_a_feed_else_its_text_else_its_address() -> None:
    body = '<outline title="T" text="X" xmlUrl="https://a.example/1"/><outline text=" X  Y " xmlUrl="https://a.example/2"/><outline xmlUrl="https://a.example/3"/>'
    assert [feed.name for feed in read_opml(doc(body))] == ["T", "X Y", "https://a.example/3"]


def test_a_feed_that_stands_twice_is_read_once_with_both_tags() -> None:
    body = '<outline text="a"><outline text="A" xmlUrl="https://a.example/f"/></outline><outline text="b"><outline text="A2" xmlUrl="http://a.example/f/"/></outline>'
    assert [(feed.name, feed.tags) for feed in read_opml(doc(body))] == [("A", ("a", "b"))]


def test_what_is_no_feed_is_left_out() -> None:
    body = '<outline text="page" type="link" url="https://a.example/"/><outline text="list" type="include" url="https://a.example/o.opml"/>'
    body += "".join(f'<outline text="x" xmlUrl="{other}"/>' for other in ("/feed", "javascript:alert(1)", "mailto:a@b.example"))
    assert read_opml(doc(body)) == []
    assert [feed.feed_url for feed in read_opml(doc('<outline text="A" type="rss" url="https://a.example/f"/>'))] == ["https://a.example/f"]


def test_what_many_programs_write_and_xml_does_not_know_makes_no_other_address_or_name() -> None:
    written = """<opml><body><outline text="News & more&nbsp;caf\xe9 &eacute;\x08 &amp;amp; &#38;" xmlUrl="https://a.example/feed?a=1&b=2&amp;c=3&copy"/></body></opml>"""
    (found,) = read_opml(written.encode("cp1252"))
    assert (found.name, found.feed_url) == ("News & more café é &amp; &", "https://a.example/feed?a=1&b=2&c=3&copy")
    declared = f'<?xml version="1.0" encoding="windows-1251"?>{written}'.encode("cp1252")
    assert "café" not in read_opml(declared)[0].name, "an encoding that is declared and holds is kept"


def test_broken_xml_is_read_as_far_as_it_goes() -> None:
    body = '<outline text="Q & A" xmlUrl="https://a.example/f"/><outline text="B" xmlUrl="https://b.example/f">'
    assert [feed.feed_url for feed in read_opml(doc(body))] == ["https://a.example/f", "https://b.example/f"]


@pytest.mark.parametrize("data", [b"", b"   ", b"not xml", b"<html><body>no</body></html>", b"\x00\xff", b'{"a": 1}'])
def test_what_is_not_opml_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(ParseError, match="OPML"):
        read_opml(data)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_not_expanded(encoding: str) -> None:
    head = '<!DOCTYPE opml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]>'
    document = doc('<outline text="&b;&x;" xmlUrl="https://a.example/f"/>', head).decode()
    with pytest.raises(ParseError, match="entities"):
        read_opml(document.replace('<?xml version="1.0"?>', f'<?xml version="1.0" encoding="{encoding}"?>').encode(encoding))


def test_entities_that_multiply_are_refused_without_being_multiplied() -> None:
    names = "abcdefghijklmnop"
    laughs = "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in pairwise(names))
    head = f'<!DOCTYPE opml [<!ENTITY a "ha">{laughs}]>'
    for body in ('<outline text="&p;" xmlUrl="https://a.example/f"/>', '<outline text="x">&p;</outline>'):
        with pytest.raises(ParseError):
            read_opml(doc(body, head))


def test_depth_and_size_are_bounded() -> None:
    deep = "<outline text='x'>" * 100 + '<outline text="A" xmlUrl="https://a.example/f"/>' + "</outline>" * 100
    assert read_opml(doc(deep)) == []
    with pytest.raises(ParseError, match="MiB"):
        read_opml(doc(" " * (8 * 1024 * 1024)))
    assert isinstance(read_opml(doc("<outline>" * 20_000)), list)
