"""Only what is new in a document is read, and whatever was read is what it would be if all had been."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.collect.items import NotSplit
from aggregator.collect.parse import opened
from aggregator.model import Document, Printed, SeenDocument, Surroundings
from aggregator.rereading import Reading, news_of, read
from bench.delta import KEY, SPEC, Found, Ledger, document
from tests.ledger import sqlite_store
from tests.pace import examples
from tests.planet import Planet, atom, older, post

HEAD = "<title>Blog</title><link>https://blog.example/</link><language>en</language>"


MANY = "".join(f"<category>{number}</category>" for number in range(70))

LONG = "A title that goes on. " * 60  # no longer than what the parser reads of one, and longer than what is published of it


def item(number: int, *, more: str = "") -> str:
    words = " ".join(f"{word}{number}" for word in "Post says that which no other post of that long and wordy blog".split())  # noqa: SIM905
    return (
        f"<item><title>Post {number}</title><link>https://blog.example/{number}</link><guid>https://blog.example/{number}</guid>"
        f"<pubDate>Mon, 0{number} Jun 2026 12:00:00 GMT</pubDate><description>{words}</description>{more}</item>"
    )


def rss(*items: str, head: str = HEAD, root: str = "<rss version='2.0'>") -> str:
    return f"{root}<channel>{head}<lastBuildDate>now</lastBuildDate>{''.join(items)}</channel></rss>"


BEFORE = rss(item(1), item(2), item(3), item(4))


def seen(body: str | bytes = BEFORE) -> SeenDocument | None:
    return read(made(body), SPEC, KEY, Surroundings()).seen


def made(body: str | bytes) -> Document:
    return document(body.encode() if isinstance(body, str) else body)


def reading(given: Document) -> Reading:
    return Reading(SPEC, KEY, Surroundings(), Printed(), given.url)


def why_whole(body: str | bytes, known: SeenDocument | None) -> str:
    """Why all of a document is read."""
    assert known is not None
    with pytest.raises(NotSplit) as caught:
        news_of(opened(made(body)), reading(made(body)), known)
    return str(caught.value)


def test_of_a_document_with_one_new_entry_that_one_is_read() -> None:
    known, now = seen(), made(rss(item(5), item(1), item(2), item(3)))
    assert known is not None
    news, whole = news_of(opened(now), reading(now), known), read(now, SPEC, KEY, Surroundings())
    assert news is not None
    assert (news.entries, news.raw, news.places) == (whole.entries[:1], whole.raw[:1], (0,))
    assert news.standing == tuple(entry.raw_key for entry in whole.entries[1:])
    assert (news.head, news.seen, list(news.dates)) == (whole.head, whole.seen, list(whole.dates))


@pytest.mark.parametrize(
    "body", [BEFORE + "\n", BEFORE.replace("now", "a moment later"), BEFORE.replace("</item><item>", "</item>\n  <item>")]
)
def test_what_differs_by_white_space_and_its_own_date_is_the_same(body: str) -> None:
    known, now = seen(), made(body)
    assert known is not None
    assert news_of(opened(now), reading(now), known) is None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (rss(item(5), item(1), item(2)).replace("says5 that5", "says & that5"), "it is not well-formed"),
        (rss(item(5), item(1), item(2), root="<rss version='2.0' xml:base='https://else.example/'>"), "what holds its entries is another"),
        (rss(item(5), item(1), item(2), head=HEAD.replace("Blog", "Slot")), "what the feed says of itself is something else"),
        (rss(item(1), f"<item>{item(5)}</item>", item(2), item(3)), "an entry seems to stand in another"),
        (rss(item(5), item(6), item(7), item(1), item(2)), "most of its entries are new"),
        (rss(item(1), item(2), item(3), item(1)), "one of its entries stands in it twice"),
        (
            rss(item(1), item(2), item(3), item(5).replace(".example/5<", ".example/3<")),
            "its entries share an id, a page, a title or words",
        ),
        (rss(item(1), item(2), item(3), item(5).replace("//blog.", "//casino.")), "the pages of its new entries are on another site"),
        (rss(item(1), item(2), item(3), item(5, more=MANY)), "something of it is cut"),
        (rss(item(1), item(2), item(3), item(5).replace(">Post 5<", f">{LONG}<")), "something of it is cut"),
        (rss(item(1), item(2), item(3), item(5, more="<x:y/>")), "it is damaged"),
        (rss(item(1), item(2), item(3), item(5).replace("<item>", "<item xml:base='/a'>")), "what holds its entries is another"),
        ("<!DOCTYPE rss [<!ENTITY b 'c'>]>" + rss(item(5), item(1), item(2)), "it defines entities"),
        (rss(item(5), item(1), item(2), head=f"{HEAD}<!-- deleted-entry -->"), "it says what was deleted"),
        (rss(), "no entries were found in it"),
        ('{"version": "https://jsonfeed.org/version/1.1", "title": "Blog", "items": []}', "it is a JSON Feed"),
    ],
)
def test_all_is_read_where_it_may_matter(body: str, why: str) -> None:
    assert why_whole(body, seen()) == why


def test_an_origin_that_others_name_too_is_looked_at_among_all_of_them() -> None:
    credit = "&lt;p&gt;This article originally appeared at &lt;a href='https://mag.example/author/ann'&gt;The Mag&lt;/a&gt;.&lt;/p&gt;"
    credited = [item(number).replace("</description>", f"{credit}</description>") for number in range(1, 6)]
    assert why_whole(rss(*credited), seen(rss(*credited[:4]))) == "its entries share an id, a page, a title or words"


def test_words_that_many_entries_share_count_those_that_are_not_read() -> None:
    opening = "Welcome back to the weekly letter of the harbour, which goes out to all who asked for it on Fridays at noon."
    letters = [item(number).replace("<description>", f"<description>{opening} ") for number in range(1, 8)]
    assert "share" in why_whole(rss(*letters[:4], item(8), item(9)), seen(rss(*letters[:3], item(8), item(9))))
    known, now = seen(rss(*letters[:5])), made(rss(*letters[:6]))
    assert known is not None
    news, whole = news_of(opened(now), reading(now), known), read(now, SPEC, KEY, Surroundings())
    assert news is not None
    assert news.entries == whole.entries[5:]
    assert "share" in why_whole(rss(*letters[:3], item(8)), seen(rss(*letters[:4], item(8))))


@pytest.mark.parametrize(
    "body",
    [
        BEFORE.replace("says1 that1", "says & that1"),
        rss(item(1), item(2), item(1)),
        rss(item(1), item(2, more=MANY)),
        rss(item(1), item(2).replace(">Post 2<", f">{LONG}<")),
        rss(item(1), item(2).replace("<item>", "<image><item>").replace("</item>", "</item></image>")),
        '{"version": "https://jsonfeed.org/version/1.1", "title": "Blog", "items": [{"id": "1", "content_text": "a"}]}',
    ],
)
def test_what_cannot_be_told_apart_is_read_whole_next_time(body: str) -> None:
    assert seen(body) is None


def test_other_rules_and_another_program_read_all_again() -> None:
    known, now = seen(), made(rss(item(5), item(1), item(2)))
    assert known is not None
    with pytest.raises(NotSplit, match="by other rules"):
        news_of(opened(now), Reading(replace(SPEC, strip=("x",)), KEY, Surroundings(), Printed(), now.url), known)
    assert "another program" in why_whole(now.body, replace(known, made_by="0.0.1"))


@pytest.mark.parametrize(
    ("encoding", "served"), [("gb2312", None), ("utf-16", None), ("shift_jis", None), ("latin-1", "iso-8859-1"), ("utf-8", "big5")]
)
def test_the_encoding_of_a_document_does_not_matter(encoding: str, served: str | None) -> None:
    declared = "" if encoding in ("utf-16", "latin-1") else f"<?xml version='1.0' encoding='{encoding}'?>"
    letter = "é" if encoding == "latin-1" else "日"
    head, fresh = HEAD.replace("Blog", f"Blog {letter}"), item(5).replace("says5", letter)

    def sent(*items: str) -> Document:
        given = made((declared + rss(*items, head=head)).encode(encoding))
        return replace(given, content_type=served and f"text/xml; charset={served}")

    known, now = read(sent(item(1), item(2), item(3)), SPEC, KEY, Surroundings()).seen, sent(fresh, item(1), item(2), item(3))
    assert known is not None
    news = news_of(opened(now), reading(now), known)
    assert news is not None
    assert news.entries == read(now, SPEC, KEY, Surroundings()).entries[:1]
    assert letter in str(news.entries[0].summary)


# ── whatever the feed ──────────────────────────────────────────────────────────────────────────────────────────────────

_FEW = st.integers(1, 4)
_TEXTS = st.sampled_from(
    ["Text.", "One of the words that begin many posts of this blog, as its readers know by now, goes on.", "&lt;a href='x'&gt;a&lt;/a&gt;"]
)
_items = st.builds(
    lambda name, page, title, text, more: (
        f"<item{more[0]}><guid>{name}</guid><link>{page}</link><title>{title}</title><description>{text}</description>{more[1]}</item>"
    ),
    st.integers(1, 12),
    st.one_of(st.integers(1, 9).map(lambda number: f"https://blog.example/{number}"), st.sampled_from(["/own", "https://else.example/"])),
    _FEW.map(lambda number: f"Title {number}"),
    _TEXTS,
    st.sampled_from(
        [
            ("", ""),
            (" xml:base='https://base.example/a/'", ""),
            (" xml:lang='de'", "<author>ann@blog.example (Ann)</author>"),
            (" xmlns:dc='http://purl.org/dc/elements/1.1/'", "<dc:creator>Bo</dc:creator>"),
            ("", "<pubDate>Mon, 01 Jun 2026 12:00:00 GMT</pubDate>"),
            ("", "<media:title xmlns:media='http://search.yahoo.com/mrss/'>M</media:title>"),
        ]
    ),
)


@examples(15)
@given(first=st.lists(_items, min_size=3, max_size=9), edits=st.lists(st.tuples(st.integers(0, 9), _items), min_size=1, max_size=4))
def test_whatever_is_read_of_a_feed_is_what_all_of_it_says(first: Sequence[str], edits: Sequence[tuple[int, str]]) -> None:
    found, entries = Found(), list(first)
    ledger = Ledger(found)
    ledger.takes(made(rss(*entries)))
    for place, one in edits:
        entries = [one, *entries[:place], *entries[place + 1 :]]
        ledger.takes(made(rss(*entries)))
    assert found.differing == {}


# ── from poll to poll ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_entries_that_are_not_read_again_are_seen_again() -> None:
    with sqlite_store() as store:
        planet = Planet("blog", store=store)
        first, rest = post("blog"), older("blog")
        planet.polls({"blog": atom("blog", rest)})
        planet.later(timedelta(days=2))
        planet.polls({"blog": atom("blog", [first, *rest])})
        ((_, (stood,)),) = store.find(rest[0].link)
        assert stood.last_seen - stood.first_seen > timedelta(days=2)
        assert [last for _, _, last in store.sightings(stood.pk)] == [stood.last_seen]
        ((_, (new,)),) = store.find(first.link)
        assert new.first_seen == stood.last_seen
        assert len(store.last_document(stood.feed_key).items) == 5  # type: ignore[union-attr]


def test_all_is_read_again_once_a_week_and_what_is_forgotten_is_not_remembered() -> None:
    with sqlite_store() as store:
        planet = Planet("blog", store=store)
        posts = older("blog", 6)
        planet.polls({"blog": atom("blog", posts[1:])})
        began = planet.clock()
        planet.later(timedelta(days=4))
        planet.polls({"blog": atom("blog", posts)})
        (state,) = store.feeds()
        assert store.last_document(state.key).read_at < began  # type: ignore[union-attr, operator]
        planet.later(timedelta(days=4))
        planet.polls({"blog": atom("blog", posts[:-1])})
        assert store.last_document(state.key).read_at > began + timedelta(days=7)  # type: ignore[union-attr, operator]
        ((_, (gone,)),) = store.find(posts[0].link)
        store.forget([(gone.pk, True)], planet.clock(), "0" * 32)
        assert store.last_document(state.key) is None
