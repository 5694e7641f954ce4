"""Two aggregators that read each other: what came by three hops says so for ever, and nothing comes back as news."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import feedparser
import pytest

from tests.e2e.running import feed, inside
from tests.validation import atom_complaints, json_complaints, rss_complaints

ORIGINAL, REPUB, MEMBER = "https://orig.example/2026/bells", "https://repub.example/bells", "https://member.example/"
# An article of Orig, taken over by Repub, which says so in words; the Member Planet took it from there, and says so in markup.
CHAIN = f"""<feed xmlns="http://www.w3.org/2005/Atom">
  <id>tag:member.example,2026:feed</id> <title>Member Planet</title> <link href="{MEMBER}"/> <updated>2026-10-05T10:00:00Z</updated>
  <link rel="self" href="https://member.example/atom.xml"/>
  <entry>
    <id>tag:repub.example,2026:bells</id> <title>Bells</title> <link href="{REPUB}"/> <updated>2026-10-05T10:00:00Z</updated>
    <author><name>Ann Example</name></author>
    <source> <id>tag:repub.example,2026:feed</id> <title>Repub</title> <updated>2026-10-05T10:00:00Z</updated>
      <link href="https://repub.example/"/> <link rel="self" href="https://repub.example/feed.xml"/> </source>
    <content type="html">&lt;p&gt;This article originally appeared at &lt;a href="{ORIGINAL}"&gt;Orig&lt;/a&gt;.&lt;/p&gt;
      &lt;p&gt;The bells of the town ring at noon.&lt;/p&gt;&lt;p&gt;All but one.&lt;/p&gt;</content>
  </entry>
</feed>"""
WAY = [("Orig", ORIGINAL), ("Repub", REPUB), ("Member Planet", MEMBER)]
LINE = (
    f'<p class="aggregator-origin">This article originally appeared at <a href="{ORIGINAL}">Orig</a>, via <a href="{REPUB}">Repub</a>, '
    f'<a href="{MEMBER}">Member Planet</a>.</p>'
)


@dataclass(frozen=True, slots=True)
class Instance:
    """One aggregator; it has a feed of its own and reads an output of the other one."""

    folder: Path

    def output(self, path: str) -> bytes:
        return (self.folder / "public" / path).read_bytes()

    def round(self) -> None:
        self.does("poll", "--force")
        self.does("publish")

    def does(self, *arguments: str) -> str:
        done = inside(self.folder, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


def instance(folder: Path, name: str, own: bytes, other: str, outputs: str) -> Instance:
    (folder / name).mkdir()
    (folder / name / "own.xml").write_bytes(own)
    (folder / name / "feeds.yaml").write_text(
        f"title: Planet {name.upper()}\nlink: https://{name}.example/\nnewcomer_entries: 9\noutputs: {outputs}\n"
        f"defaults: {{ republish: full }}\nfeeds:\n  - ./own.xml\n  - {{ url: {other}, id: other }}\n"
    )
    return Instance(folder / name)


def items(made: Instance) -> Mapping[str, dict[str, object]]:
    return {item["title"]: item for item in json.loads(made.output("feed.json"))["items"]}


def vias(entry: feedparser.FeedParserDict) -> list[tuple[str, str]]:
    return [(link.title, link.href) for link in entry.links if link.rel == "via"]


@pytest.mark.parametrize("path", ["atom.xml"])  # the other formats in memory: test_own_line.py
def test_three_rounds_between_two_instances_change_no_attribution_and_stack_no_line(tmp_path: Path, path: str) -> None:
    outputs = "[atom.xml, rss.xml, feed.json]"
    a = instance(tmp_path, "a", CHAIN.encode(), f"../b/public/{path}", outputs)
    b = instance(tmp_path, "b", feed("two", "A remark.", titles={1: "Remark"}), f"../a/public/{path}", outputs)
    given: list[dict[str, bytes]] = []
    for _ in range(3):
        a.round()
        b.round()
        given.append({f"{one.folder.name}/{name}": one.output(name) for one in (a, b) for name in ("atom.xml", "rss.xml", "feed.json")})

    assert given[1] == given[2], "nothing moves any more, once each has read the other"
    for made, way, line in ((a, WAY, LINE), (b, [*WAY, ("Planet A", "https://a.example/")], None)):
        item = items(made)["Bells"]
        assert (item["id"], item["url"]) == ("tag:repub.example,2026:bells", ORIGINAL)
        assert str(item["content_html"]).count("originally appeared") == 1
        assert str(item["content_html"]).startswith(line or LINE.removesuffix(".</p>"))
        for name in ("atom.xml", "rss.xml"):
            parsed = feedparser.parse(made.output(name))
            assert not parsed.bozo
            (entry,) = [entry for entry in parsed.entries if entry.title == "Bells"]
            assert vias(entry) == way
            assert entry.link == ORIGINAL
        assert not atom_complaints(made.output("atom.xml"), self_url=f"https://{made.folder.name}.example/atom.xml")
        assert not rss_complaints(made.output("rss.xml"), self_url=f"https://{made.folder.name}.example/rss.xml")
        assert not json_complaints(made.output("feed.json"), self_url=f"https://{made.folder.name}.example/feed.json")

    assert set(items(a)) == set(items(b)) == {"Bells", "Remark"}
    assert "Also appeared" not in a.output("feed.json").decode() + b.output("feed.json").decode(), "a copy of our own is named nowhere"
    assert "our own output https://a.example/" in a.does("explain", ORIGINAL)
    assert "our own output https://b.example/" in b.does("explain", "https://two.example/1")


def test_a_feed_that_is_our_own_output_gives_no_entries(tmp_path: Path) -> None:
    (tmp_path / "mirror.xml").write_bytes(b"")
    made = instance(tmp_path, "a", feed("two", "A remark."), "./public/atom.xml", "[atom.xml, feed.json]")
    for _ in range(2):
        made.round()
    assert len(items(made)) == 1
    assert "its feed is our own output" in made.does("explain", "https://two.example/1")
