"""Their words become ours: dates, people, links, texts, and what is said of what was cut."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.collect.parse import read
from aggregator.errors import ParseError
from aggregator.model import Document, FeedSpec, RawCategory, RawEntry, RawFeed, RawLink, RawPerson, RawText, Validators
from aggregator.refine import fields, normalize
from aggregator.refine.identity import noticed, text_hash
from aggregator.refine.markup import clean_html
from tests.pace import some

FEED = "https://blog.example/feed.xml"
KEY = "0b6c1d5e-54a5-4f3b-9a63-6d2a4f6f1c11"


def feed_context(raw: RawFeed | None = None, base: str = FEED, **spec):
    raw = raw or RawFeed(version="rss20", title=RawText(value="Blog"), link="https://blog.example/", language="en-us")
    return normalize.context(FeedSpec(id="blog", url=FEED, shown_url=FEED, **spec), KEY, normalize.head(raw, base), base)


def refined(raw: RawEntry, **spec):
    return normalize.entry(raw, feed_context(**spec))


def html(value: str, **more) -> RawText:
    return RawText(value=value, type="html", **more)


def test_a_text_without_any_element_keeps_its_lines():
    shown = {
        "Track list\n1. Sea\n2. Sand &amp; shells": "<p>Track list<br>1. Sea<br>2. Sand &amp; shells</p>",
        "On Friday Ann wrote:\r\n> It slips\r\n\r\nYes.": "<p>On Friday Ann wrote:<br>&gt; It slips</p><p>Yes.</p>",
        "One line.": "One line.",
        "<b>One</b>\nand two": "<b>One</b>\nand two",
        "See <https://rope.example/wet>": "See &lt;https://rope.example/wet&gt;",
        "<p>Ask Jo <jo@rope.example></p>": "<p>Ask Jo &lt;jo@rope.example&gt;</p>",
    }
    for said, html_of in shown.items():
        assert refined(RawEntry(id="1", summary=html(said))).summary == html_of


def test_prose_that_a_program_wrapped_runs_on():
    prose = (
        "The status of the rope source package in testing now\nhas changed, and nobody who was asked about that\nchange so far knew why."
    )
    made = refined(RawEntry(id="1", summary=html(f"{prose}\n\n  Previous version: 1\n  Current version: 2"))).summary
    assert made == f"<p>{prose}</p><p>Previous version: 1<br>Current version: 2</p>"


def test_a_player_leads_to_the_page_of_what_it_plays_and_that_is_no_edit_of_a_stored_entry():
    player = '<p>See</p><iframe src="https://www.youtube.com/embed/aqz-KE_bpKQ?rel=0"></iframe>'
    entry = refined(RawEntry(id="1", contents=(html(player),)))
    assert 'href="https://www.youtube.com/watch?v=aqz-KE_bpKQ"' in (entry.content or "")
    assert entry.text_hash == text_hash(None, ("", noticed(clean_html(player))), ()), "the digest is as it was made when it was stored"


def test_lines_of_a_text_are_no_other_words():
    one, other = (
        refined(RawEntry(id="1", summary=html(text))) for text in ("Track list\n1. Sea\n\n2. Sand", "<p>Track list 1. Sea 2. Sand</p>")
    )
    assert one.content_hash == other.content_hash


# ── the feed ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_feed_says_of_itself_what_can_be_used():
    raw = RawFeed(
        version="atom10",
        id=" tag:blog.example,2024:feed ",
        title=RawText(value="A &amp; B", type="html"),
        link="/",
        self_url="feed.xml",
        hubs=("https://hub.example/", "javascript:x", "https://other.example/hub"),
        language="en_us",
        authors=(RawPerson(name="Jane Roe"), RawPerson()),
        updated_s=1_700_000_000,
        ttl_minutes=90,
        skip_hours=(25, 3, 3),
        update_period="hourly",
        update_frequency=2,
        icon="javascript:x",
    )
    head = normalize.head(raw, FEED)
    assert (head.title, head.home, head.self_url, head.feed_id) == ("A & B", "https://blog.example/", FEED, "tag:blog.example,2024:feed")
    assert (head.language, head.ttl, head.update_interval) == ("en-US", timedelta(minutes=90), timedelta(minutes=30))
    assert [author.name for author in head.authors] == ["Jane Roe"]
    assert head.updated == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert (head.skip_hours, head.icon) == ((3,), None)
    assert (head.hub, head.other_hubs) == ("https://hub.example/", ("https://other.example/hub",))


def test_a_feed_whose_entries_live_elsewhere_says_so():
    own = RawFeed(version="rss20", entries=(RawEntry(link="https://blog.example/1"), RawEntry(link="https://other.example/1")))
    foreign = replace(own, entries=(*own.entries, RawEntry(link="https://third.example/1")))
    assert not normalize.head(own, FEED).permalinks_foreign
    assert normalize.head(foreign, FEED).permalinks_foreign


@pytest.mark.parametrize(
    ("feed", "home", "page", "is_foreign"),
    [
        (
            "https://www.youtube.com/feeds/videos.xml?channel_id=a",
            "https://www.youtube.com/channel/a",
            "https://www.youtube.com/watch?v=1",
            False,
        ),
        ("https://www.youtube.com/feeds/videos.xml?channel_id=a", "https://www.youtube.com/channel/a", "https://www.youtube.com/@b", True),
        ("https://www.patreon.com/rss/ann", "https://www.patreon.com/ann", "https://www.patreon.com/posts/a-1", False),
        ("https://medium.com/feed/@ann", "https://medium.com/@ann", "https://medium.com/@bob/a-1", True),
    ],
)
def test_a_page_of_a_platform_that_names_no_account_is_not_somebody_elses(feed: str, home: str, page: str, is_foreign: bool):
    head = normalize.head(RawFeed(version="atom10", link=home, entries=(RawEntry(link=page),)), feed)
    assert head.permalinks_foreign == is_foreign


def test_a_publishers_other_hosts_are_no_other_site():
    raw = RawFeed(version="rss20", link="https://www.news.co.uk/", entries=(RawEntry(link="https://www.newsroom.example/1"),))
    assert normalize.head(raw, "https://feeds.news.co.uk/rss").permalinks_foreign
    assert not normalize.head(raw, "https://feeds.news.co.uk/rss", ["newsroom.example"]).permalinks_foreign
    assert not normalize.head(replace(raw, self_url="https://newsroom.example/rss"), "https://feeds.news.co.uk/rss").permalinks_foreign
    below = replace(raw, entries=(RawEntry(link="https://www.news.com/1"),))
    assert not normalize.head(below, "https://feeds.news.co.uk/rss").permalinks_foreign


def test_a_redirector_is_nobodys_site():
    def of(*links: tuple[str, str | None]) -> bool:
        entries = tuple(RawEntry(link=written, feedburner_origlink=original) for written, original in links)
        return normalize.head(RawFeed(version="rss20", link="https://blog.example/", entries=entries), FEED).permalinks_foreign

    counted = "http://feeds.example.org/~r/blog/~3/Xyz/"
    assert not of((counted, None), (counted, "https://blog.example/1"))
    assert not of(("https://t.co/Xyz", None), (counted, None))
    medium = RawLink(href="https://sends.example/1.mp3", rel="enclosure")
    episode = RawFeed(version="rss20", link="https://blog.example/", entries=(RawEntry(link=medium.href, enclosures=(medium,)),))
    assert not normalize.head(episode, FEED).permalinks_foreign
    assert of((counted, "https://other.example/1"))
    assert of(("https://www.google.com/url?q=https://other.example/1", None))


def test_a_feed_knows_its_own_sites():
    context = feed_context(RawFeed(version="rss20", link="https://www.home.example/"), aliases=("alias.example",))
    assert context.site == "home.example"
    assert context.own_sites == {"home.example", "blog.example", "alias.example"}


@pytest.mark.parametrize("says", [{"link": "https://blog.example/"}, {"self_url": "https://blog.example/feed.xml"}])
def test_addresses_in_a_local_file_count_from_where_it_says_that_it_can_be_had(says: dict[str, str]):
    path = Path("/var/feeds/blog.xml")
    context = feed_context(RawFeed(version="rss20", **says), base=path.as_uri(), path=path)
    entry = normalize.entry(RawEntry(id="1", link="/2026/a", enclosures=(RawLink(href="a.mp3"),), thumbnail="i.png"), context)
    assert (entry.link, entry.thumbnail) == ("https://blog.example/2026/a", "https://blog.example/i.png")
    assert [one.url for one in entry.enclosures] == ["https://blog.example/a.mp3"]


# ── texts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_summary_and_content_stay_apart():
    entry = refined(RawEntry(id="1", summary=html("<p>Short.</p>"), contents=(html("<p>Long text.</p>"),)))
    assert (entry.summary, entry.content) == ("<p>Short.</p>", "<p>Long text.</p>")
    assert refined(RawEntry(id="1", summary=html("<p>Only this.</p>"))).content is None


def test_a_summary_that_repeats_the_content_is_none():
    entry = refined(RawEntry(id="1", summary=html("<p>Text.</p>"), contents=(html("<p class='x'>Text.</p>"),)))
    assert (entry.summary, entry.content) == (None, "<p>Text.</p>")


def test_a_text_that_shows_nothing_is_none():
    entry = refined(RawEntry(id="1", summary=html("<script>x()</script><p> </p>"), contents=(html("  "),)))
    assert (entry.summary, entry.content) == (None, None)
    assert refined(RawEntry(id="1", summary=html('<img src="https://a.example/i.png">'))).summary


def test_a_text_that_its_template_indents_is_kept():
    indented = "<div>\n" + " " * 50 + "<p>\n" + " " * 60 + "The harbour opens at nine.\n" + " " * 50 + "</p>\n</div>"
    entry = refined(RawEntry(summary=html(indented)))
    assert entry.summary
    assert "The harbour opens at nine." in entry.summary


@pytest.mark.parametrize(
    "heavy",
    [
        f'<p><img src="data:image/png;base64,{"A" * 60_000}"></p>',
        f"<!--{'x' * 60_000}-->",
        f"<style>{'.a{}' * 15_000}</style>",
        f"<script>{'a();' * 15_000}</script>",
    ],
    ids=["picture", "comment", "style", "script"],
)
def test_what_is_never_shown_hides_no_credit_line(heavy: str):
    text = "".join(f"<p>On day {day} the harbour opens at nine, and ships may enter it until noon.</p>" for day in range(20))
    credit = '<p>This article originally appeared at <a href="https://orig.example/2026/a-harbour">Orig</a>.</p>'
    for body in (heavy + credit + text, text + credit + heavy):
        entry = refined(RawEntry(link="https://blog.example/1", contents=(html(body),)))
        assert [hop.site for hop in entry.origin.chain] == ["orig.example"]
        assert entry.content
        assert "originally" not in entry.content


def test_data_that_is_shown_as_text_is_kept():
    shown = f'<pre>src="data:image/png;base64,{"A" * 30_000}"</pre>'
    entry = refined(RawEntry(contents=(html(shown),)))
    assert entry.content
    assert entry.content.count("A" * 30_000) == 1


def test_of_several_contents_the_marked_up_one_is_taken():
    entry = refined(RawEntry(id="1", contents=(RawText(value="plain " * 9), html("<p>rich</p>"))))
    assert entry.content == "<p>rich</p>"


def test_plain_text_is_shown_as_text():
    assert refined(RawEntry(id="1", summary=RawText(value="a <b>\nc"))).summary == "<p>a &lt;b&gt;<br>c</p>"


@pytest.mark.parametrize(
    ("version", "text", "raw", "expected"),
    [
        ("rss20", html('<img src="i.png">'), RawEntry(link="https://blog.example/2024/post/"), "https://blog.example/2024/post/i.png"),
        ("rss20", html('<img src="i.png">'), RawEntry(link="https://other.example/x/"), "https://blog.example/i.png"),
        ("atom10", html('<img src="i.png">'), RawEntry(link="https://blog.example/2024/post/"), "https://blog.example/i.png"),
        ("atom10", html('<img src="i.png">', base="/b/"), RawEntry(link="https://blog.example/p"), "https://blog.example/b/i.png"),
        ("atom10", html('<img src="i.png">'), RawEntry(base="https://blog.example/e/"), "https://blog.example/e/i.png"),
        ("atom10", html('<img src="i.png">', base="javascript:x"), RawEntry(), "https://blog.example/i.png"),
    ],
)
def test_relative_addresses_count_from_where_they_were_written(version, text, raw, expected):
    context = feed_context(RawFeed(version=version, link="https://blog.example/"))
    assert f'src="{expected}"' in (normalize.entry(replace(raw, id="1", summary=text), context).summary or "")


def test_a_feed_behind_a_proxy_counts_from_its_home():
    context = feed_context(RawFeed(version="atom10", link="https://blog.example/"), base="https://proxy.test/blog")
    entry = normalize.entry(RawEntry(id="1", summary=html('<a href="/a">a</a>')), context)
    assert "https://blog.example/a" in (entry.summary or "")


def test_what_is_stripped_is_listed():
    entry = refined(RawEntry(id="1", summary=html('<p>Text</p><div class="sharedaddy">Tweet</div>')), strip=("auto",))
    assert entry.summary == "<p>Text</p>"
    assert entry.stripped == ("auto: sharedaddy",)


def test_the_start_of_the_text_is_kept_for_comparing():
    entry = refined(RawEntry(id="1", contents=(html("<p>Some <b>TEXT</b></p><p>and more</p>"),)))
    assert entry.text_start == "some text and more"


# ── small fields ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_dates_are_utc_and_published_falls_back_to_updated():
    entry = refined(RawEntry(id="1", updated="2023-11-14T22:13:20Z", updated_s=1_700_000_000))
    assert entry.published == entry.updated == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    both = refined(RawEntry(id="1", published_s=1_600_000_000, updated_s=1_700_000_000))
    assert both.published
    assert both.updated
    assert both.published < both.updated


@pytest.mark.parametrize("seconds", [None, 0, -62135596800, 10**12, 10**30, -(10**30)])
def test_an_absurd_date_is_none_and_is_told(seconds):
    entry = refined(RawEntry(id="1", published="Mon, 01 Jan 0001 00:00:00 GMT", published_s=seconds))
    assert entry.published is None
    assert entry.oddities == ("published date not readable: Mon, 01 Jan 0001 00:00:00 GMT",)


@pytest.mark.parametrize(
    ("raw", "name", "email"),
    [
        (RawPerson(name="jane@blog.example (Jane Roe)"), "Jane Roe", "jane@blog.example"),
        (RawPerson(name="Jane Roe <jane@blog.example>"), "Jane Roe", "jane@blog.example"),
        (RawPerson(name="Jane Roe", email="jane@blog.example"), "Jane Roe", "jane@blog.example"),
        (RawPerson(name="noreply@blog.example (Jane)"), "Jane", None),
        (RawPerson(email="jane@blog.example"), "jane", "jane@blog.example"),
        (RawPerson(name="(Jane) \n Roe"), "(Jane) Roe", None),
        (RawPerson(name="Jane O&#8217;Roe"), "Jane O’Roe", None),
        (RawPerson(name='<a href="/jane">Jane Roe</a>'), "Jane Roe", None),
        (RawPerson(name="Jane &lt;jane@blog.example&gt;"), "Jane", "jane@blog.example"),
        (RawPerson(name="R&D <3"), "R&D <3", None),
        (RawPerson(name="<script>alert(1)</script>"), "<script>alert(1)</script>", None),
    ],
)
def test_an_author_is_a_name(raw, name, email):
    person = fields.person(raw)
    assert person
    assert (person.name, person.email) == (name, email)


def test_a_link_without_its_scheme_leads_to_the_host_that_it_names():
    assert refined(RawEntry(id="1", link=" www.blog.example/a?b=1")).link == "http://www.blog.example/a?b=1"
    assert normalize.head(RawFeed(version="rss20", link="www.blog.example"), FEED).home == "http://www.blog.example/"
    assert refined(RawEntry(id="1", link="www/a.html")).link == "https://blog.example/www/a.html"


def test_the_marks_of_a_section_that_was_escaped_twice_hide_nothing():
    title, text = RawText(value="<![CDATA[Rain &amp; wind]]>"), html(" <![CDATA[<p>It rained.</p>]]>\n")
    entry = refined(RawEntry(id="1", title=title, contents=(text,), authors=(RawPerson(name="<![CDATA[Jane Roe]]>"),)))
    assert entry.title
    assert (entry.title.text, entry.content, [author.name for author in entry.authors]) == (
        "Rain & wind",
        "<p>It rained.</p>",
        ["Jane Roe"],
    )
    about = html("<p>A <code>&lt;![CDATA[</code> begins</p>")
    assert refined(RawEntry(id="1", contents=(about,))).content == about.value


def test_what_a_program_prints_where_there_is_no_name_is_no_author():
    people = [RawPerson(name=name) for name in ("null", "undefined", "[object Object]", "Null", "Ann Null")]
    assert [one.name for one in fields.people(people)] == ["Null", "Ann Null"]


def test_nobody_is_no_author():
    assert fields.people([RawPerson(), RawPerson(name=" "), RawPerson(name="A"), RawPerson(name="a")])[0].name == "A"
    assert refined(RawEntry(id="1", authors=(RawPerson(name="@" * 50_000),))).authors
    assert (
        fields.people([RawPerson(name="Unknown", email="noreply@blog.example"), RawPerson(name="noreply@blog.example (Anonymous)")]) == ()
    )
    assert [one.name for one in fields.people([RawPerson(name="Unknown"), RawPerson(name="Anonymous", email="a@blog.example")])] == [
        "Unknown",
        "Anonymous",
    ]


def test_a_category_is_called_as_it_is_meant() -> None:
    terms = ("Arts &amp; Culture", "Arts & Culture", "AT&T", "<b>Loud</b>", "a < b")
    found = refined(RawEntry(id="1", categories=tuple(RawCategory(term=term) for term in terms))).categories
    assert [category.term for category in found] == ["Arts & Culture", "AT&T", "Loud", "a < b"]


def test_enclosures_and_categories_are_capped_and_said_so():
    entry = refined(
        RawEntry(
            id="1",
            enclosures=(
                *(RawLink(href=f"/{n}.mp3", rel="enclosure", type="Audio/MPEG; x=1", length="7") for n in range(20)),
                RawLink(href="javascript:x"),
            ),
            categories=(*(RawCategory(term=f"t{n}") for n in range(70)), RawCategory(term=" T1 ", label="x")),
        )
    )
    assert len(entry.enclosures) == 16
    assert (entry.enclosures[0].url, entry.enclosures[0].type, entry.enclosures[0].length) == (
        "https://blog.example/0.mp3",
        "audio/mpeg",
        7,
    )
    assert len(entry.categories) == 64
    assert entry.oddities == ("20 enclosures: the first 16 are kept", "70 categories: the first 64 are kept")


def test_an_entry_has_its_own_language_else_that_of_its_feed():
    assert refined(RawEntry(id="1", summary=html("x", language="pt_br"))).language == "pt-BR"
    assert refined(RawEntry(id="1", language="de")).language == "de"
    assert refined(RawEntry(id="1", language="not a language")).language == "en-US"
    assert refined(RawEntry(id="1", title=html("x", language="fr"), summary=html("x", language="en-us"))).language == "fr"
    unnamed = feed_context(RawFeed(version="rss20"), language="fr")
    assert normalize.entry(RawEntry(id="1"), unnamed).language == "fr"


def test_a_link_to_the_feed_itself_is_no_page():
    assert refined(RawEntry(id="1", link=FEED)).link is None
    assert refined(RawEntry(id="1", link="https://blog.example/1")).link == "https://blog.example/1"


# ── documents ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_repeated_entry_stands_once_and_the_newest_wins():
    old = RawEntry(id="1", link="https://blog.example/1", title=RawText(value="Old"), updated_s=1_600_000_000)
    new = replace(old, title=RawText(value="New"), updated_s=1_700_000_000)
    for document in ((old, new), (new, old)):
        made = normalize.entries(RawFeed(version="rss20", entries=document), feed_context())
        assert [entry.title.text if entry and entry.title else None for entry in made] == [
            "New" if raw is new else None for raw in document
        ]


def test_a_page_about_several_entries_makes_them_no_story():
    document = tuple(
        RawEntry(id=name, link="https://blog.example/changes", title=RawText(value=name), summary=html(name)) for name in ("one", "two")
    )
    made = normalize.entries(RawFeed(version="rss20", entries=document), feed_context())
    assert not [key for entry in made if entry for key in entry.keys if key.kind == "link"]
    alone = normalize.entry(document[0], feed_context())
    assert [key.value for key in alone.keys if key.kind == "link"] == ["https://blog.example/changes"]


SECTION = "https://mag.example/author/ann"


def credited(*names: str) -> tuple[RawEntry, ...]:
    credit = f'<p>This article originally appeared at <a href="{SECTION}">The Mag</a>.</p>'
    return tuple(
        RawEntry(
            id=name,
            link=f"https://blog.example/{name}",
            title=RawText(value=f"About {name}"),
            summary=html(f"<p>All of {name}.</p>{credit}"),
        )
        for name in names
    )


def test_a_page_that_several_entries_name_as_their_origin_is_none_of_theirs():
    made = normalize.entries(RawFeed(version="rss20", entries=credited("one", "two", "three")), feed_context())
    for entry in made:
        assert entry
        (hop,) = entry.origin.chain
        assert (hop.name, hop.site, hop.page, hop.home) == ("The Mag", "mag.example", None, SECTION)
        assert [key.value for key in entry.keys if key.kind == "link"] == [f"https://blog.example/{entry.raw_id}"]


def test_a_page_that_few_entries_name_is_their_origin():
    """A translation into two languages, one article under two titles."""
    document = credited("one", "two")
    copies = (*document, replace(document[0], id="three", link="https://blog.example/three"))
    for entries in (document, copies):
        made = normalize.entries(RawFeed(version="rss20", entries=entries), feed_context())
        assert {entry.origin.chain[0].page for entry in made if entry} == {SECTION}


def test_an_id_that_others_share_is_no_sign_of_a_story():
    document = tuple(RawEntry(id="https://blog.example/x", link=f"https://blog.example/{n}") for n in (1, 2))
    made = normalize.entries(RawFeed(version="rss20", entries=document), feed_context())
    assert not [key for entry in made if entry for key in entry.keys if key.kind == "id"]


def test_the_raw_id_is_kept_byte_for_byte():
    assert refined(RawEntry(id="\n g-1 ")).raw_id == "\n g-1 "
    long = refined(RawEntry(id="x" * 10_000))
    assert long.raw_id is None
    assert long.id_from == "id"
    assert "hash" in long.oddities[0]


def _parsed(path: Path) -> RawFeed | None:
    body = path.read_bytes()
    document = Document(url=FEED, body=body, content_type=None, validators=Validators(), body_hash="")
    try:
        return read(document)
    except ParseError:
        return None


def test_hostile_feeds_lose_no_entry_to_refining(shared: Path):
    for path in some(sorted((shared / "corpus" / "hostile-feeds").glob("*.xml"), reverse=True), 3):
        raw = _parsed(path)
        if raw is None:
            continue
        made = normalize.entries(raw, feed_context(raw))
        assert len(made) == len(raw.entries)
        kept = [entry for entry in made if entry]
        assert len({entry.raw_key for entry in kept}) == len(kept) == len({entry.published_id for entry in kept})
        assert not [entry for entry in kept if any("could not be refined" in oddity for oddity in entry.oddities)], path.name


def test_titles_of_every_type_read_as_they_should(shared: Path):
    raw = _parsed(shared / "corpus" / "hostile-feeds" / "title-types.xml")
    assert raw
    made = normalize.entries(raw, feed_context(raw))
    assert [entry.title.text for entry in made if entry and entry.title] == ["<b>not bold</b>", "bold & co", "x y", "A &lt; B"]


def test_real_feeds_give_the_same_entries_twice_and_keep_their_words(shared: Path):
    from aggregator.web.text import visible_text

    seen = lost = 0
    for path in some(sorted((shared / "corpus" / "real").iterdir()), 160):
        raw = _parsed(path)
        if raw is None:
            continue
        context = feed_context(raw)
        made = normalize.entries(raw, context)
        assert made == normalize.entries(raw, context)
        for source, entry in zip(raw.entries, made, strict=True):
            if entry and source.contents and entry.content:
                seen += 1
                before, after = (len("".join(visible_text(text).split())) for text in (source.contents[0].value, entry.content))
                lost += after < before * 0.95
    assert seen == 0 or lost <= seen * 0.02
