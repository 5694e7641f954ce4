"""Link blogs: entries whose link is somebody else's page are never credited to it, and lead to a page of their own where they have one."""

import json
from dataclasses import replace

import pytest

from aggregator.collect.parse import read as parse
from aggregator.model import Entry, FeedHead, FeedSpec, Hop, Item, Origin, StoredEntry, Title, Url
from aggregator.publish.check import RENDERERS
from aggregator.publish.edition import compose
from aggregator.refine import normalize
from aggregator.refine.leading import lead
from aggregator.refine.stories import same_story
from aggregator.web.text import visible_text
from tests.fakes import document
from tests.makers import config, edition, feeds_of, output, published, spec, stored

THERE = "https://maker.example/2026/a-thing"
REMARK = "A remark of its own on a thing that somebody made, long enough to be read by those who would like to know."
FEED = "https://links.example/feed"


def rss(*items: str) -> bytes:
    channel = "<title>Links</title><link>https://links.example/</link><description>d</description>"
    return f'<rss version="2.0"><channel>{channel}{"".join(items)}</channel></rss>'.encode()


def atom(entry: str) -> bytes:
    head = (
        '<id>tag:links.example,2020:f</id><title>Links</title><updated>2026-01-01T00:00:00Z</updated><link href="https://links.example/"/>'
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{head}{entry}</feed>'.encode()


def item(inner: str) -> bytes:
    """A link blog with one link to elsewhere among entries of its own."""
    own = "".join(f"<item><title>{n}</title><link>https://links.example/{n}</link></item>" for n in "ab")
    return rss(f"<item><title>A thing</title><link>{THERE}</link><description>{REMARK}</description>{inner}</item>", own)


def refined(body: bytes) -> tuple[FeedHead, Entry]:
    raw = parse(document(body, url=FEED))
    head = normalize.head(raw, FEED)
    entries = normalize.entries(raw, normalize.context(FeedSpec(id="links", url=FEED, shown_url=FEED), "key-links", head, FEED))
    assert entries[0] is not None
    return head, entries[0]


def shown(body: bytes) -> Item:
    head, entry = refined(body)
    feeds, specs = feeds_of(spec("links", republish="full"), heads=[head])
    (made,) = compose(output(), config(), [published(_stored(entry))], feeds, specs).items
    return made


def _stored(entry: Entry) -> StoredEntry:
    return replace(stored(1, "links"), entry=entry)


OWN_PAGES = {
    # A guid that is said to be a page.
    "rss": (item("<guid>https://links.example/2026/thing</guid>"), "https://links.example/2026/thing"),
    # Blogs that link with the title and name their own page as related.
    "atom": (
        atom(
            f'<entry><id>tag:links.example,2026:1</id><title>A thing</title><link href="{THERE}"/><updated>2026-01-01T00:00:00Z</updated>'
            f'<link rel="related" href="https://links.example/linked/thing"/><summary>{REMARK}</summary></entry>'
        ),
        "https://links.example/linked/thing",
    ),
    # Forums: the guid repeats the link, what is theirs is the discussion.
    "forum": (
        rss(
            f"<item><title>A thing</title><link>{THERE}</link><guid>{THERE}</guid><comments>https://links.example/item?id=7</comments></item>"
        ),
        "https://links.example/item?id=7",
    ),
    # Blogs whose guid is no page: the comments stand below it.
    "comments": (
        item('<guid isPermaLink="false">17</guid><comments>https://links.example/2026/thing#comments</comments>'),
        "https://links.example/2026/thing",
    ),
}


@pytest.mark.parametrize("kind", OWN_PAGES)
def test_a_link_blogs_entry_leads_to_its_own_page_and_names_what_it_is_about(kind: str) -> None:
    body, page = OWN_PAGES[kind]
    made = shown(body)
    assert (made.link, made.related, made.via) == (page, THERE, ())
    assert (made.original, made.chain_known) == ((page, True) if kind != "forum" else (None, False))
    assert f'<a href="{page}">Links</a>' in made.line
    assert THERE not in made.line
    as_json = json.loads(RENDERERS["json"](edition(made)))["items"][0]
    assert (as_json["url"], as_json["external_url"]) == (page, THERE)
    assert THERE not in json.dumps(as_json["_provenance"].get("original"))
    as_rss = RENDERERS["rss"](edition(made, path="rss.xml")).decode()
    assert f"<link>{page}</link>" in as_rss
    for text in (as_rss, RENDERERS["atom"](edition(made)).decode()):
        assert f'href="{THERE}" rel="related"' in text or f'rel="related" href="{THERE}"' in text
        assert text.count(THERE) == (1 if made.id != THERE else 2)


@pytest.mark.parametrize("guid", ["", f"<guid>{THERE}</guid>", '<guid isPermaLink="false">17</guid>'])
def test_bookmarks_without_a_page_of_their_own_lead_where_they_link_and_are_credited_to_who_keeps_them(guid: str) -> None:
    made = shown(item(guid))
    assert (made.link, made.related, made.original, made.via) == (THERE, THERE, None, ())
    assert visible_text(made.line) == "This article originally appeared at Links."
    assert '<a href="https://links.example/">Links</a>' in made.line
    assert THERE not in made.line
    assert b"dcterms:source" not in RENDERERS["atom"](edition(made)).partition(b"<entry>")[2]


def test_a_front_page_a_feed_of_comments_or_another_site_is_no_page_of_its_own() -> None:
    for inner in (
        "<guid>https://links.example/</guid>",
        "<guid>https://forum.example/1</guid>",
        "<comments>https://forum.example/1</comments>",
        f"<guid>{FEED}</guid>",
    ):
        assert refined(item(inner))[1].link == THERE
    blog = f'<link href="{THERE}"/><link rel="replies" type="application/atom+xml" href="https://links.example/1/comments"/>'
    assert refined(atom(f"<entry><id>urn:x:1</id><title>t</title>{blog}</entry>"))[1].link == THERE


def test_what_a_link_blog_that_links_to_itself_calls_related_is_kept() -> None:
    links = (
        f'<link href="https://links.example/1"/><link rel="related" href="https://links.example/0"/><link rel="related" href="{THERE}"/>'
    )
    made = shown(atom(f"<entry><id>urn:x:1</id><title>t</title>{links}</entry>"))
    assert (made.link, made.original, made.related) == ("https://links.example/1", "https://links.example/1", THERE)


# ── stories ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def article(title: Title | None, text: str) -> StoredEntry:
    """The page that is linked to, in its own feed."""
    return stored(2, "maker", link=THERE, title=title, text_start=text)


def test_a_remark_is_another_story_than_the_page_that_it_is_about_though_it_has_its_title() -> None:
    body, _ = OWN_PAGES["rss"]
    _, said = refined(body)
    remark, other = _stored(said), article(said.title, "the article itself" * 9)
    copy = replace(
        other, feed_key="key-planet", entry=replace(other.entry, link=None, origin=Origin(chain=(Hop(name="M", page=Url(THERE)),)))
    )
    for kind in ("link", "third"):
        for page in (other, copy):
            assert not same_story(remark, page, kind)
            assert not same_story(page, remark, kind)


def test_a_bare_link_or_a_copy_joins_the_page_that_it_leads_to_which_speaks_for_both() -> None:
    for body, text in ((OWN_PAGES["forum"][0], "the article itself" * 9), (OWN_PAGES["rss"][0], REMARK.casefold())):
        _, copy = refined(body)
        linked, other = _stored(copy), article(copy.title, text)
        assert THERE in {key.value for key in copy.keys}
        assert same_story(linked, other, "link")
        assert lead([linked, other]) is other
