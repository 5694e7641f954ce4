"""Lists of feeds from elsewhere move in whole, or say what did not."""

from pathlib import Path

import pytest

from aggregator.config import load_text
from aggregator.errors import ConfigError
from aggregator.migrate import Proposal, from_lines, from_opml, read
from aggregator.splice import NewFeed, add_feeds

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
        (b"[Planet]\nname = Planet\n\n[https://a.example/]\nname = A\n", "config.ini .*later version"),
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


def test_an_empty_list_is_an_empty_list() -> None:
    assert read(b"").feeds == ()


def test_every_real_list_moves_in_and_loads(shared: Path) -> None:
    lists = [*sorted((shared / "corpus/subscriptions").glob("*.opml")), shared / "corpus/subscriptions/feeds.txt"]
    for path in lists:
        taken = read(path.read_bytes())
        new = [NewFeed(url=feed.url, name=feed.name, tags=feed.tags) for feed in taken.feeds]
        config = load_text(add_feeds("# empty\n", new), Path("/nowhere/feeds.yaml"), {})

        assert [feed.url for feed in config.feeds] == [feed.url for feed in new], path.name
        assert len({feed.id for feed in config.feeds}) == len(new)
        assert not taken.refused
