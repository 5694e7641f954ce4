"""Laws of the outputs, for any edition: they are valid, read back, and the same edition gives the same bytes."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from aggregator.model import Category, Edition, Enclosure, Hop, Item, Person, Subscription, Title
from aggregator.publish.attribution import Linked, paragraph
from aggregator.publish.check import RENDERERS, checked
from aggregator.publish.fitting import within
from aggregator.publish.opml import opml, read_opml
from aggregator.publish.rights import first_sentences
from aggregator.publish.syndication import atom, rss
from aggregator.web.text import one_line
from tests import makers as make
from tests.pace import examples
from tests.validation import atom_complaints, json_complaints, rss_complaints

# Everything that a Python string can hold, with what breaks writers made likely.
WORDS = st.text(max_size=20) | st.text(st.sampled_from("\x00\x1b\ud800\ufffe\r\n\t <>&\"'{}%]a"), max_size=12)
URLS = st.sampled_from([f"https://{name}.example/{path}" for name in "abc" for path in ("", "1?a=1&b=2", "%C3%BC", "x.mp3")])
DATES = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9990, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
PEOPLE = st.builds(Person, name=WORDS, uri=st.none() | URLS, email=st.none() | WORDS)
HOPS = st.builds(Hop, name=WORDS, page=st.none() | URLS, home=st.none() | URLS, feed_url=st.none() | URLS)
# Markup comes sanitized, so it is balanced; its words are anything.
HTML = WORDS.map(lambda words: paragraph([Linked(words), Linked(words)]))
SOURCES = st.builds(
    make.source,
    name=WORDS,
    id=st.none() | URLS | WORDS,
    feed_url=st.none() | URLS,
    home=st.none() | URLS,
    updated=st.none() | DATES,
    authors=st.lists(PEOPLE, max_size=2).map(tuple),
    rights=st.none() | WORDS,
    license=st.none() | URLS,
    language=st.none() | WORDS,
)
ITEMS = st.builds(
    make.bare_item,
    st.integers(1, 10**6),
    raw_id=st.none() | WORDS,
    updated=DATES,
    published=DATES,
    sort_key=DATES,
    link=st.none() | URLS,
    original=st.none() | URLS,
    title=st.none() | st.builds(Title, text=WORDS, html=st.none() | HTML),
    authors=st.lists(PEOPLE, max_size=2).map(tuple),
    summary=st.none() | HTML,
    content=st.none() | HTML,
    language=st.none() | st.sampled_from(["en", "pt_BR", "x" * 30, "<"]),
    categories=st.lists(st.builds(Category, term=WORDS, scheme=st.none() | URLS | WORDS, label=st.none() | WORDS), max_size=2).map(tuple),
    enclosures=st.lists(
        st.builds(Enclosure, url=URLS, type=st.none() | WORDS, length=st.none() | st.integers(-5, 10**12), title=st.none() | WORDS),
        max_size=2,
    ).map(tuple),
    thumbnail=st.none() | URLS,
    comments=st.none() | URLS,
    related=st.none() | URLS,
    rights=st.none() | WORDS,
    license=st.none() | URLS,
    source=SOURCES,
    via=st.lists(HOPS, max_size=3).map(tuple),
    place=st.sampled_from(["top", "bottom", "none"]),
    line=HTML,
)
EDITIONS = st.builds(
    lambda items, title: replace(make.edition(*items), title=title),
    st.lists(ITEMS, min_size=1, max_size=3, unique_by=lambda item: item.id),
    WORDS,
)


@examples(8)
@given(EDITIONS)
def test_every_output_is_valid_and_reads_back(edition: Edition) -> None:
    for format_, render in RENDERERS.items():
        body = render(edition)
        assert body == render(edition)
        checked("x", format_, body, edition)
    assert atom_complaints(atom(edition), self_url=edition.self_url) == []
    assert rss_complaints(rss(edition), self_url=edition.self_url) == []
    assert json_complaints(RENDERERS["json"](edition), self_url=edition.self_url) == []


@examples(12)
@given(st.lists(ITEMS, min_size=1, max_size=2, unique_by=lambda item: item.id))
def test_atom_and_json_say_the_same_of_title_authors_and_dates(items: list[Item]) -> None:
    edition = make.edition(*items)
    namespace = {"a": "http://www.w3.org/2005/Atom"}
    entries = etree.fromstring(atom(edition)).findall("a:entry", namespace)
    for entry, item, as_json in zip(entries, items, json.loads(RENDERERS["json"](edition))["items"], strict=True):
        names = [one_line(author.name) for author in item.authors if one_line(author.name)]
        assert [author.findtext("a:name", None, namespace) for author in entry.findall("a:author", namespace)] == names
        assert datetime.fromisoformat(entry.findtext("a:updated", "", namespace)) == item.updated.replace(microsecond=0)
        assert as_json["date_modified"] == entry.findtext("a:updated", None, namespace)
        assert len(entry.findall("a:source", namespace)) == 1


@examples(20)
@given(st.lists(ITEMS, max_size=6), st.integers(0, 20_000))
def test_cutting_keeps_every_item_and_only_ever_shortens_from_the_end(items: list[Item], max_bytes: int) -> None:
    kept, notes = within(items, make.output(max_bytes=max_bytes), "en")
    assert [one.item.id for one in kept] == [item.id for item in items]
    assert bool(notes) == ([one.item for one in kept] != items)
    whole, none = within(items, make.output(max_bytes=10**9), "en")
    assert ([one.item for one in whole], none) == (items, ())


@examples(20)
@given(st.lists(st.tuples(WORDS, URLS, st.lists(WORDS, max_size=3)), max_size=5, unique_by=lambda feed: feed[1]))
def test_subscriptions_survive_opml(feeds: list[tuple[str, str, list[str]]]) -> None:
    made = tuple(Subscription(name=name, feed_url=url, tags=tuple(tags)) for name, url, tags in feeds)
    again = {feed.feed_url: feed.name for feed in read_opml(opml(replace(make.edition(), subscriptions=made)))}
    assert again == {url: one_line(name) or url for name, url, _ in feeds}


@given(st.text(max_size=400), st.integers(1, 200))
def test_an_excerpt_is_the_beginning_and_never_longer(text: str, max_chars: int) -> None:
    start = first_sentences(text, max_chars)
    assert len(start) <= max_chars or start == text
    assert text.startswith((start, start.removesuffix("…")))
