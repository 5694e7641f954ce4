"""What an edition says of each story: where it links, whom it credits, how much text it shows, and what it never tells."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.model import Attribution, Claim, Enclosure, FeedSpec, Hop, Item, Person, SafeHtml, Seen, Source, Title, Url
from aggregator.publish.check import RENDERERS
from aggregator.publish.edition import EMPTY, compose
from aggregator.publish.rights import EXCERPT_CHARS, first_sentences
from aggregator.web.text import visible_text
from tests import makers as make

BY_ND = Url("https://creativecommons.org/licenses/by-nd/4.0/")
BY_NC = Url("https://creativecommons.org/licenses/by-nc/4.0/")


def one(lead: object, *others: object, specs: tuple[FeedSpec, ...] = (), **fields: object) -> Item:
    """The only item of an edition made of one story."""
    feeds, by_key = make.feeds_of(*(specs or (make.spec("blog", republish="full"), make.spec("repub", republish="full"))))
    edition = compose(make.output(**fields), make.config(), [make.published(lead, *others)], feeds, by_key)  # type: ignore[arg-type]
    assert not edition.notes
    return edition.items[0]


# ── what was withdrawn ─────────────────────────────────────────────────────────────────────────────────────────────────


def deleted(gone: Sequence[tuple[int, timedelta]], *, newest: timedelta | None = None) -> list[str]:
    """The ids that an edition names as deleted, of (number, how long before NOON it was withdrawn)."""
    feeds, by_key = make.feeds_of(make.spec("blog"))
    withdrawn = [replace(make.published(make.stored(number))[0], listed=False, withdrawn_at=make.NOON - before) for number, before in gone]
    listing = [make.published(make.stored(900, updated=make.NOON - newest))] if newest is not None else []
    found = compose(make.output(), make.config(), listing, feeds, by_key, withdrawn).deleted
    assert compose(make.output(), make.config(), listing, feeds, by_key, withdrawn[::-1]).deleted == found
    return [name.rpartition("/")[2] for name, _ in found]


def test_the_latest_withdrawn_come_first_and_sixty_at_most() -> None:
    hours = [(number, timedelta(hours=number)) for number in range(1, 70)]
    assert deleted(hours) == [str(number) for number in range(1, 61)]


def test_what_was_withdrawn_long_before_the_last_change_is_told_no_more() -> None:
    long_ago = [(1, timedelta(days=100)), (2, timedelta(days=80))]
    assert deleted(long_ago) == ["2", "1"], "nothing has changed since, so the file does not either"
    assert deleted(long_ago, newest=timedelta(0)) == ["2"]
    assert deleted(long_ago, newest=timedelta(days=150)) == ["2", "1"]


def test_what_is_listed_is_not_called_deleted() -> None:
    assert deleted([(900, timedelta(0)), (2, timedelta(0))], newest=timedelta(0)) == ["2"]


# ── who is credited ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_plain_feed_is_the_origin_of_its_entries() -> None:
    item = one(make.stored(1))
    assert item.link == item.original == "https://blog.example/1"
    assert item.source.id == "tag:blog.example,2020:feed"
    assert item.source.feed_url == "https://blog.example/feed.xml"
    assert item.via == ()
    assert item.line == ('<p class="aggregator-origin">This article originally appeared at <a href="https://blog.example/1">Blog</a>.</p>')


def test_a_republished_entry_links_and_credits_its_original() -> None:
    item = one(make.republished_entry(1))
    assert item.link == item.original == "https://orig.example/1"
    assert [(hop.name, hop.page) for hop in item.via] == [("Orig", "https://orig.example/1"), ("Repub", "https://repub.example/1")]
    assert visible_text(item.line) == "This article originally appeared at Orig, via Repub."
    assert (item.evidence, item.confidence) == (("phrase",), 0.9)


@pytest.mark.parametrize("page", [None, Url("https://orig.example/?p=1")])
def test_who_links_to_the_original_has_no_page_of_its_own(page: Url | None) -> None:
    hop = Hop(name="Orig", site="orig.example", page=page, home=Url("https://orig.example/"))
    planet = make.republished_entry(1, origin=hop, link=Url("https://orig.example/2026/post"))
    item = one(planet)
    assert [(hop.name, hop.page) for hop in item.via] == [("Orig", page), ("Repub", None)]
    assert 'via <a href="https://repub.example/">Repub</a>' in item.line
    copy = replace(planet, feed_key="key-blog", feed_id="blog", entry=replace(planet.entry, site="blog.example"))
    assert [seen.url for seen in one(planet, copy).also_seen] == ["https://blog.example/"]


def test_the_source_is_the_originals_feed_where_we_poll_it() -> None:
    item = one(make.republished_entry(1), specs=(make.spec("repub"), make.spec("orig", name="The Original")))
    assert item.source.feed_url == "https://orig.example/feed.xml"
    assert visible_text(item.line) == "This article originally appeared at The Original, via Repub."


def test_the_source_that_came_in_is_kept_with_the_id_it_gave_itself() -> None:
    hop = Hop(
        name="Orig",
        page=Url("https://orig.example/1"),
        feed_url=Url("https://orig.example/f"),
        feed_id="tag:orig.example,2001:f",
        rights="(c)",
    )
    source = one(make.republished_entry(1, origin=hop)).source
    assert (source.id, source.feed_url, source.name, source.rights) == ("tag:orig.example,2001:f", "https://orig.example/f", "Orig", "(c)")


def test_the_feed_nearest_to_the_origin_is_the_source_when_the_origins_own_is_not_known() -> None:
    lead = make.republished_entry(1)
    middle = Hop(name="Middle", page=Url("https://middle.example/1"), feed_url=Url("https://middle.example/feed"))
    chain = (*lead.entry.origin.chain, middle)
    lead = replace(lead, entry=replace(lead.entry, origin=replace(lead.entry.origin, chain=chain)))
    item = one(lead)
    assert item.source.feed_url == "https://middle.example/feed"
    assert [hop.name for hop in item.via] == ["Orig", "Middle", "Repub"]
    assert visible_text(item.line) == "This article originally appeared at Orig, via Middle, Repub."


def test_no_feed_id_is_invented_for_an_origin_whose_feed_is_not_known() -> None:
    source = one(make.republished_entry(1)).source
    assert source.id == "tag:repub.example,2020:feed"
    assert source.name == "Repub"


ANN = Person(name="Ann", uri=Url("https://orig.example/ann"))
CC_BY = Url("https://creativecommons.org/licenses/by/4.0/")
CAME_IN = Hop(
    name="Orig",
    site="orig.example",
    page=Url("https://orig.example/1"),
    home=Url("https://orig.example/"),
    feed_url=Url("https://orig.example/f"),
    feed_id="tag:orig.example,2001:f",
    authors=(ANN,),
    rights="(c) Orig",
    license=CC_BY,
    updated=make.NOON,
)


def test_the_source_that_came_in_is_whole_and_signs_and_licenses_what_its_entry_does_not() -> None:
    item = one(make.republished_entry(1, origin=CAME_IN), specs=(make.spec("repub"),))
    assert item.source == Source(
        name="Orig",
        id="tag:orig.example,2001:f",
        feed_url=Url("https://orig.example/f"),
        home=Url("https://orig.example/"),
        updated=make.NOON,
        authors=(ANN,),
        rights="(c) Orig",
        license=CC_BY,
    )
    assert (item.license, item.cut) == (CC_BY, None)
    made = json.loads(RENDERERS["json"](make.edition(item)))["items"][0]
    assert made["authors"] == [{"name": "Ann", "url": "https://orig.example/ann"}]
    assert (made["_provenance"]["original"]["rights"], made["_provenance"]["original"]["license"]) == ("(c) Orig", CC_BY)
    assert b"<dc:rights>(c) Orig</dc:rights>" in RENDERERS["rss"](make.edition(item))


def test_a_feed_that_we_poll_is_completed_by_what_came_in() -> None:
    item = one(make.republished_entry(1, origin=CAME_IN), specs=(make.spec("repub"), make.spec("orig")))
    assert (item.source.id, item.source.authors, item.source.rights) == ("tag:orig.example,2020:feed", (ANN,), "(c) Orig")


def test_who_republished_lends_neither_rights_nor_licence() -> None:
    feeds, specs = make.feeds_of(make.spec("repub"), heads=[make.head("repub", rights="(c) Repub", license=CC_BY)])
    item = compose(make.output(), make.config(), [make.published(make.republished_entry(1))], feeds, specs).items[0]
    assert (item.source.rights, item.license, item.cut) == ("(c) Repub", None, "republish: excerpt")
    assert "rights" not in json.loads(RENDERERS["json"](make.edition(item)))["items"][0]["_provenance"]["original"]
    assert b"(c) Repub" not in RENDERERS["rss"](make.edition(item))


def test_a_publisher_who_merges_several_feeds_says_which_one_it_was() -> None:
    claim = Claim(
        kind="atom:source", standing="self", name="Notes", feed_url=Url("https://blog.example/notes.xml"), feed_id="tag:n", authors=(ANN,)
    )
    item = one(make.stored(1, claims=(claim,)))
    assert (item.source.name, item.source.feed_url, item.source.authors) == ("Notes", "https://blog.example/notes.xml", (ANN,))
    assert visible_text(item.line) == "This article originally appeared at Blog."
    again = one(make.stored(1, claims=(replace(claim, feed_url=Url("https://blog.example/feed.xml")),)))
    assert (again.source.name, again.source.id, again.source.authors) == ("Blog", "tag:blog.example,2020:feed", (ANN,))
    private = one(make.stored(1, claims=(claim,)), specs=(make.spec("blog", is_private=True),))
    assert (private.source.feed_url, private.source.authors) == (None, (ANN,))


def test_a_planet_is_never_taken_for_the_origin_of_its_own_site() -> None:
    planet = make.spec("orig", republisher=True)
    assert one(make.republished_entry(1), specs=(make.spec("repub"), planet)).source.name == "Repub"


def test_of_several_feeds_of_one_publisher_only_the_named_one_is_the_source() -> None:
    news = make.spec("news", url="https://orig.example/news.xml", shown_url="https://orig.example/news.xml", name="Orig")
    talk = replace(news, id="talk", url="https://orig.example/talk.xml", shown_url="https://orig.example/talk.xml", name="Orig Talk")
    heads = [
        make.head("repub"),
        make.head("orig", feed_id=None, self_url=None),
        make.head("orig", feed_id=None, self_url=None, title="Talk", home=Url("https://orig.example/talk/")),
    ]
    of_news, of_talk, of_repub = (f"https://{where}.xml" for where in ("orig.example/news", "orig.example/talk", "repub.example/feed"))
    for named, home, expected in (
        ("Orig Talk", None, of_talk),
        ("Elsewhere", "https://orig.example/talk", of_talk),
        ("Elsewhere", "https://orig.example/", of_news),
        ("Elsewhere", None, of_repub),
    ):
        hop = Hop(name=named, site="orig.example", page=Url("https://orig.example/1"), home=Url(home) if home else None)
        feeds, specs = make.feeds_of(make.spec("repub"), news, talk, heads=heads)
        edition = compose(make.output(), make.config(), [make.published(make.republished_entry(1, origin=hop))], feeds, specs)
        assert edition.items[0].source.feed_url == expected


def test_a_republisher_whose_origin_is_unknown_is_where_it_comes_from() -> None:
    item = one(make.stored(1, "repub"), specs=(make.spec("repub", republisher=True),))
    assert visible_text(item.line) == "From Repub."
    assert (item.chain_known, item.original, item.via) == (False, None, ())
    assert item.link == "https://repub.example/1"


def test_a_feed_whose_permalinks_lead_elsewhere_is_a_republisher_too() -> None:
    feeds, specs = make.feeds_of(make.spec("repub"), heads=[make.head("repub", permalinks_foreign=True)])
    edition = compose(make.output(), make.config(), [make.published(make.stored(1, "repub"))], feeds, specs)
    assert visible_text(edition.items[0].line) == "From Repub."


def test_other_copies_are_listed_once_each_and_in_an_order_of_their_own() -> None:
    specs = (make.spec("blog"), make.spec("b"), make.spec("a", name="Alpha"))
    lead, others = make.stored(1), [make.stored(7, "b"), make.stored(8, "a"), make.stored(9, "a"), make.stored(2, "blog")]
    expected = (
        Seen(name="Alpha", url=Url("https://a.example/8"), feed_url=Url("https://a.example/feed.xml")),
        Seen(name="B", url=Url("https://b.example/7"), feed_url=Url("https://b.example/feed.xml")),
    )
    for _ in range(5):
        random.Random(1).shuffle(others)
        item = one(lead, *others, specs=specs)
        assert item.also_seen == expected
        assert visible_text(item.line).endswith("Also appeared at Alpha, B.")


def test_another_feed_of_the_same_blog_is_no_other_place_and_a_namesake_elsewhere_is_told_by_its_host() -> None:
    twin = make.stored(7, "twin", link=Url("https://blog.example/1"))
    mirror, copy = make.stored(8, "mirror"), make.stored(9, "copy")
    feeds, specs = make.feeds_of(
        make.spec("blog"),
        make.spec("twin", name="Blog"),
        make.spec("mirror", name="blog"),
        make.spec("copy", name="Blog"),
        heads=[make.head("blog"), make.head("blog"), make.head("mirror"), make.head("mirror")],
    )
    (item,) = compose(make.output(), make.config(), [make.published(make.stored(1), twin, mirror, copy)], feeds, specs).items
    assert [seen.name for seen in item.also_seen] == ["Blog (copy.example)", "blog (mirror.example)"]
    assert (
        visible_text(item.line) == "This article originally appeared at Blog. Also appeared at Blog (copy.example), blog (mirror.example)."
    )


def test_a_planet_that_links_to_the_original_has_no_page_of_its_own() -> None:
    planet = make.stored(7, "planet", link=Url("https://blog.example/1"))
    item = one(make.stored(1), planet, specs=(make.spec("blog"), make.spec("planet")))
    assert item.also_seen[0].url == "https://planet.example/"


def test_copies_that_are_withdrawn_or_whose_feed_is_gone_are_not_listed() -> None:
    withdrawn = replace(make.stored(7, "a"), withdrawn="tombstone")
    item = one(
        make.stored(1),
        withdrawn,
        make.stored(8, "gone"),
        make.stored(9, "out"),
        specs=(make.spec("blog"), make.spec("a"), make.spec("out", opt_out=True)),
    )
    assert item.also_seen == ()


def test_who_is_on_the_way_is_not_listed_again_as_another_place() -> None:
    item = one(make.republished_entry(1), make.stored(1, "orig"), specs=(make.spec("repub"), make.spec("orig")))
    assert [hop.name for hop in item.via] == ["Orig", "Repub"]
    assert item.also_seen == ()


def test_the_outputs_wording_and_language_beat_the_feeds() -> None:
    feed = make.spec("blog", attribution=Attribution(text="feed: {origin}", place="bottom"))
    assert visible_text(one(make.stored(1), specs=(feed,)).line) == "feed: Blog"
    item = one(make.stored(1), specs=(feed,), attribution=Attribution(), language="de-AT")
    assert visible_text(item.line) == "Dieser Artikel erschien ursprünglich bei Blog."
    assert item.place == "top"


def test_names_come_from_feeds_yaml_then_from_the_feed_then_from_its_host() -> None:
    lead = make.stored(1)
    for spec, head, expected in (
        (make.spec("blog", name="Named"), make.head(), "Named"),
        (make.spec("blog"), make.head(title=" Its\nown "), "Its own"),
        (make.spec("blog"), make.head(title=None), "blog.example"),
        (make.spec("blog"), make.head(title=None, home=None), "blog.example"),
    ):
        feeds, specs = make.feeds_of(spec, heads=[head])
        assert compose(make.output(), make.config(), [make.published(lead)], feeds, specs).items[0].source.name == expected


def test_a_film_that_nothing_plays_any_more_is_no_enclosure() -> None:
    flash = Enclosure(url=Url("https://video.example/v/1?version=3"), type="application/x-shockwave-flash")
    film = Enclosure(url=Url("https://video.example/1.mp4"), type="video/mp4")
    item = one(make.stored(1, enclosures=(flash, film)))
    assert item.enclosures == (film,)


# ── what is never told ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("format_", list(RENDERERS))
def test_a_private_feeds_address_stands_in_no_output(format_: str) -> None:
    secret = "s3cr3t-token"
    url = f"https://me:{secret}@paid.example/{secret}/feed?key={secret}"
    private = make.spec("paid", url=url, shown_url="https://paid.example/${KEY}/feed", is_private=True, republish="full")
    head = make.head("paid", self_url=Url(url), feed_id=url, home=Url(f"https://paid.example/{secret}/"))
    for lead, others in ((make.stored(1, "paid"), []), (make.stored(1), [make.stored(2, "paid")]), (make.republished_entry(3, "paid"), [])):
        feeds, specs = make.feeds_of(private, make.spec("blog"), heads=[head])
        edition = compose(make.output(), make.config(), [make.published(lead, *others)], feeds, specs)
        assert len(edition.items) == 1
        assert secret not in repr(edition)
        assert "paid.example/feed" not in repr(edition)
        assert secret.encode() not in RENDERERS[format_](edition)  # type: ignore[index]


def test_a_page_that_is_called_as_a_private_feed_is_not_told() -> None:
    url = "https://letters.example/feeds/q7x2m9k4secret.xml"
    private = make.spec("letters", url=url, shown_url=url, is_private=True)
    feeds, specs = make.feeds_of(private, heads=[make.head("letters", home=Url(url.removesuffix(".xml")), self_url=Url(url), feed_id=url)])
    edition = compose(make.output(), make.config(), [make.published(make.stored(1, "letters"))], feeds, specs)
    assert "q7x2m9k4secret" not in repr(edition)
    taken_out = make.head("letters", home=Url("https://letters.example/feeds/redacted"))
    feeds, specs = make.feeds_of(private, heads=[taken_out])
    assert compose(make.output(), make.config(), [make.published(make.stored(1, "letters"))], feeds, specs).items[0].source.home is None


@pytest.mark.parametrize("format_", list(RENDERERS))
def test_a_feed_that_is_private_for_its_headers_is_named_without_its_address(format_: str) -> None:
    private = make.spec("paid", headers=(("Authorization", "Bearer x"),), is_private=True, name="Paid News")
    feeds, specs = make.feeds_of(private, make.spec("blog"), heads=[make.head("paid", feed_id="https://paid.example/feed.xml")])
    listing = [make.published(make.stored(1, "paid"), make.stored(2)), make.published(make.stored(3), make.stored(4, "paid"))]
    edition = compose(make.output(), make.config(), listing, feeds, specs)
    assert edition.items[0].source.name == "Paid News"
    assert "https://paid.example/feed.xml" not in repr(edition)
    assert b"https://paid.example/feed.xml" not in RENDERERS[format_](edition)  # type: ignore[index]


def test_a_private_feed_is_no_subscription_and_no_source_for_others() -> None:
    feeds, specs = make.feeds_of(make.spec("orig", is_private=True), make.spec("repub"))
    edition = compose(make.output(), make.config(), [make.published(make.republished_entry(1))], feeds, specs)
    assert [feed.name for feed in edition.subscriptions] == ["Repub"]
    assert edition.items[0].source.name == "Repub"


def test_an_address_with_a_placeholder_is_not_published_even_of_a_public_feed() -> None:
    feed = make.spec("blog", url="https://blog.example/?key=abc", shown_url="https://blog.example/?key=${KEY}")
    item = one(make.stored(1), specs=(feed,))
    assert item.source.feed_url is None


def test_a_local_files_path_is_not_published() -> None:
    feed = make.spec("blog", path=make.Path("/home/me/feed.xml"), url="file:///home/me/feed.xml", shown_url="./feed.xml")
    assert one(make.stored(1), specs=(feed,)).source.feed_url == "https://blog.example/feed.xml"


# ── how much is shown ──────────────────────────────────────────────────────────────────────────────────────────────────

LONG = SafeHtml("<p>" + "One sentence of the article stands here. " * 40 + "</p>")


def test_an_excerpt_ends_at_a_sentence_and_leads_on() -> None:
    item = one(make.stored(1, content=LONG), specs=(make.spec("blog", republish="excerpt"),))
    assert item.content is None
    text = visible_text(item.summary or "")
    assert text.endswith("stands here. Continue reading")
    assert len(text) < EXCERPT_CHARS + 20
    assert '<a href="https://blog.example/1">Continue reading</a>' in (item.summary or "")
    assert item.cut == "republish: excerpt"


def test_a_feeds_own_short_summary_is_the_excerpt() -> None:
    summary = SafeHtml("<p>Its <em>own</em> words.</p>")
    item = one(make.stored(1, content=LONG, summary=summary), specs=(make.spec("blog", republish="excerpt"),))
    assert (item.summary, item.content) == (summary, None)


def test_a_summary_that_is_the_whole_article_is_no_excerpt() -> None:
    item = one(make.stored(1, content=None, summary=LONG), specs=(make.spec("blog", republish="excerpt"),))
    assert len(visible_text(item.summary or "")) < EXCERPT_CHARS + 20


def test_link_shows_no_text_beyond_the_line() -> None:
    item = one(make.stored(1, content=LONG, summary=SafeHtml("<p>s</p>")), specs=(make.spec("blog", republish="link"),))
    assert (item.summary, item.content, item.cut) == (None, None, "republish: link")
    assert item.line


@pytest.mark.parametrize(
    ("license_url", "is_full"),
    [
        (make.BY, True),
        ("http://www.creativecommons.org/licenses/by-sa/3.0/de/", True),
        ("https://creativecommons.org/publicdomain/zero/1.0/", True),
        (BY_ND, True),
        (BY_NC, False),
        ("https://creativecommons.org/licenses/by-nc-nd/4.0/", False),
        ("https://evil.example/?creativecommons.org/licenses/by/4.0/", False),
        ("https://creativecommons.org/licenses/bytes/4.0/", False),
        (None, False),
    ],
)
def test_a_licence_that_lets_anybody_republish_makes_an_excerpt_full(license_url: Url | None, is_full: bool) -> None:
    item = one(make.stored(1, content=LONG, license=license_url), specs=(make.spec("blog", republish="excerpt"),))
    assert (item.content == LONG) is is_full
    assert item.license == license_url


def test_a_feeds_licence_holds_for_its_own_entries_but_not_for_what_it_repeats() -> None:
    heads = [make.head("repub", license=make.BY)]
    feeds, specs = make.feeds_of(make.spec("repub", republish="excerpt"), heads=heads)
    for lead, is_full in ((make.stored(1, "repub", content=LONG), True), (make.republished_entry(1, content=LONG), False)):
        item = compose(make.output(), make.config(), [make.published(lead)], feeds, specs).items[0]
        assert (item.content is not None) is is_full


def test_a_work_that_may_not_be_changed_is_not_shown_in_full_once_something_was_stripped() -> None:
    spec = (make.spec("blog", republish="excerpt"),)
    assert one(make.stored(1, content=LONG, license=BY_ND, stripped=("share buttons",)), specs=spec).content is None
    assert one(make.stored(1, content=LONG, license=make.BY, stripped=("share buttons",)), specs=spec).content == LONG


def test_a_licence_does_not_overrule_an_editor_who_wants_the_link_only() -> None:
    assert one(make.stored(1, content=LONG, license=make.BY), specs=(make.spec("blog", republish="link"),)).content is None


def test_a_too_large_output_cuts_its_oldest_texts_and_says_so() -> None:
    feeds, specs = make.feeds_of(make.spec("blog", republish="full"))
    listing = [
        make.published(make.stored(number, content=SafeHtml("<p>" + "Word after word. " * 2000 + "</p>"))) for number in range(1, 11)
    ]
    edition = compose(make.output(max_bytes=200_000), make.config(), listing, feeds, specs)
    whole = [item.cut is None for item in edition.items]
    assert whole == sorted(whole, reverse=True)
    assert 0 < sum(whole) < 10
    assert all((item.content is None) == (item.cut == "max_bytes") for item in edition.items)
    assert any("max_bytes" in note for note in edition.notes)
    for format_ in ("atom", "rss", "json"):
        assert len(RENDERERS[format_](edition)) <= 200_000


def test_short_notes_keep_their_words_in_a_file_that_has_room_for_them() -> None:
    feeds, specs = make.feeds_of(make.spec("blog", republish="full"))
    people = tuple(Person(name=f"Ann{number}", uri=Url("https://ann.example/about")) for number in range(3))
    notes = [make.published(make.stored(number, authors=people * (number % 2))) for number in range(1, 61)]
    whole = compose(make.output(), make.config(), notes, feeds, specs)
    for path, format_ in (("atom.xml", "atom"), ("rss.xml", "rss"), ("feed.json", "json")):
        room = len(RENDERERS[format_](whole)) * 3 // 2
        fitting = compose(make.output(path, max_bytes=room), make.config(), notes, feeds, specs)
        assert (fitting.items, fitting.notes) == (whole.items, ()), path


def test_the_text_is_given_up_where_excerpts_are_still_too_large() -> None:
    feeds, specs = make.feeds_of(make.spec("blog", republish="full"))
    listing = [make.published(make.stored(number, content=LONG)) for number in range(1, 11)]
    edition = compose(make.output(max_bytes=13_000), make.config(), listing, feeds, specs)
    assert edition.items[0].summary
    assert edition.items[-1].summary is None
    assert len(edition.items) == 10


@pytest.mark.parametrize("length", [1, 10, 40, 200, 600])
def test_sentences_are_never_longer_than_asked(length: int) -> None:
    for text in ("word " * 300, "x" * 900, "Ein Satz. Noch einer! " * 50, "文。" * 400, "a\nb\n" * 300):
        assert len(first_sentences(text, length)) <= length


# ── the whole ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_edition_does_not_depend_on_the_order_of_what_it_is_made_of() -> None:
    made = make.feeds_of(make.spec("blog"), make.spec("a"), make.spec("b"))
    listing = [make.published(make.stored(number), make.stored(number + 50, "a"), make.stored(number + 70, "b")) for number in range(1, 9)]
    first = compose(make.output(), make.config(), listing, *made)
    turned = [(publication, replace(story, members=story.members[::-1])) for publication, story in reversed(listing)]
    assert compose(make.output(), make.config(), turned, *({key: each[key] for key in reversed(each)} for each in made)) == first  # type: ignore[call-overload]


def test_newest_come_first_and_the_newest_change_dates_the_edition() -> None:
    feeds, specs = make.feeds_of(make.spec("blog"))
    changed = replace(make.stored(5), public_updated=make.NOON + timedelta(days=1))
    edition = compose(make.output(), make.config(), [make.published(changed), make.published(make.stored(2))], feeds, specs)
    assert [item.id for item in edition.items] == ["https://blog.example/2", "https://blog.example/5"]
    assert edition.updated == make.NOON + timedelta(days=1)


def test_an_empty_edition_never_changes() -> None:
    assert compose(make.output(), make.config(), [], {}, {}).updated == EMPTY


def test_one_story_that_cannot_be_published_costs_only_itself_and_is_named() -> None:
    feeds, specs = make.feeds_of(make.spec("blog"))
    bad, twin = make.stored(2, published_id="not an iri"), make.stored(3, published_id="https://blog.example/1")
    listing = [make.published(each) for each in (make.stored(1), bad, twin, make.stored(4, "gone"))]
    edition = compose(make.output(), make.config(), listing, feeds, specs)
    assert [item.id for item in edition.items] == ["https://blog.example/1"]
    assert len(edition.notes) == 3
    assert "not an iri" in " ".join(edition.notes)


def test_an_id_is_what_subscribers_were_given_even_if_another_copy_leads_now() -> None:
    feeds, specs = make.feeds_of(make.spec("blog"))
    publication, story = make.published(make.stored(1))
    item = compose(
        make.output(), make.config(), [(replace(publication, published_id="tag:old.example,2020:1"), story)], feeds, specs
    ).items[0]
    assert item.id == "tag:old.example,2020:1"
    assert item.raw_id == "https://blog.example/1"


def test_addresses_follow_from_the_link_and_ids_are_stable_without_one() -> None:
    served = compose(make.output("sub/atom.xml"), make.config(link=Url("https://planet.example.org/x")), [], {}, {})
    assert served.id == served.self_url == "https://planet.example.org/x/sub/atom.xml"
    local = [compose(make.output(path), make.config(link=None), [], {}, {}) for path in ("atom.xml", "atom.xml", "b.xml")]
    assert local[0].id == local[1].id != local[2].id
    assert local[0].id.startswith("urn:uuid:")
    assert local[0].self_url is None


def test_the_other_outputs_are_linked_relatively() -> None:
    outputs = (make.output("atom.xml"), make.output("sub/news.json"), make.output("a b.html"))
    edition = compose(outputs[1], make.config(outputs=outputs), [], {}, {})
    assert edition.alternates == (("atom", "../atom.xml"), ("html", "../a%20b.html"))


def test_subscriptions_are_the_public_feeds_of_the_outputs_tags_and_feeds() -> None:
    specs = (
        make.spec("b", tags=("news",)),
        make.spec("a"),
        make.spec("c", tags=("news",), opt_out=True),
        make.spec("d", name="An early name"),
    )
    feeds, by_key = make.feeds_of(*specs)
    everything = compose(make.output(), make.config(), [], feeds, by_key)
    assert [feed.name for feed in everything.subscriptions] == ["A", "An early name", "B"]
    some = compose(make.output(tags=("news",), feeds=("a",)), make.config(), [], feeds, by_key)
    assert [feed.name for feed in some.subscriptions] == ["A", "B"]


def test_a_title_is_at_most_a_thousand_characters_on_one_line() -> None:
    item = one(make.stored(1, title=Title(text="a\n b" + "c" * 2000, html=SafeHtml("<b>x</b>" * 300))))
    assert item.title is not None
    assert len(item.title.text) == 1000
    assert item.title.text.startswith("a bc")
    assert item.title.html is None


def test_an_untitled_note_stays_untitled() -> None:
    assert one(make.stored(1, title=Title(text=" \n "))).title is None


def test_a_date_in_the_future_is_not_published() -> None:
    item = one(make.stored(1, published=make.NOON + timedelta(days=365)))
    assert item.published == make.NOON


def test_authors_and_texts_pass_as_they_are() -> None:
    item = one(make.stored(1, authors=(Person(name="Ann"), Person(name="Bob"))))
    assert [author.name for author in item.authors] == ["Ann", "Bob"]
    assert item.content == "<p>Text of post 1.</p>"
