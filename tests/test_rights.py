"""What may be shown of a text, and what its publisher gets for it: licence, credit line, counters."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import feedparser
import pytest

from aggregator.explain import explain
from aggregator.model import Credit, Entry, FeedSpec, Item, Person, RawEntry, RawText, SafeHtml, Title, Url
from aggregator.pipeline import publish
from aggregator.publish.check import RENDERERS
from aggregator.publish.edition import compose
from aggregator.refine import normalize
from aggregator.refine.credit import counters, credit_line
from aggregator.telling import tell
from aggregator.web.text import visible_text
from tests import makers as make
from tests.e2e.running import feed
from tests.fakes import document
from tests.test_pipeline import GARDEN, JSON, Walk
from tests.validation import atom_complaints, rss_complaints

LONG = SafeHtml("<p>" + "One sentence of several words. " * 60 + "</p>")
TEASER = SafeHtml("<p>Its own words.</p>")
CC = "https://creativecommons.org/licenses/"


def one(spec: FeedSpec, credit: Credit | None = None, *, max_bytes: int = 2 << 20, **fields: object) -> Item:
    lead = make.stored(1, **{"content": LONG, **fields})  # type: ignore[arg-type]
    feeds, by_key = make.feeds_of(spec)
    owed: Mapping[int, Credit] = {lead.pk: credit} if credit else {}
    output = make.output(max_bytes=max_bytes)
    return compose(output, make.config(), [make.published(lead)], feeds, by_key, owed=owed).items[0]


# ── no derivatives ──


@pytest.mark.parametrize(
    ("code", "chosen", "content", "summary"),
    [
        ("by-nd/4.0/", "excerpt", LONG, TEASER),
        ("by-nc-nd/4.0/", "full", LONG, TEASER),
        ("by-nc-nd/4.0/", "excerpt", None, TEASER),
        ("by-nd/4.0/", "link", None, None),
    ],
)
def test_what_may_not_be_changed_is_shown_as_it_is_or_not_at_all(
    code: str, chosen: str, content: SafeHtml | None, summary: SafeHtml | None
) -> None:
    item = one(make.spec(republish=chosen), license=Url(CC + code), summary=TEASER)
    assert (item.content, item.summary) == (content, summary)


def test_no_part_is_cut_out_of_what_may_not_be_changed() -> None:
    item = one(make.spec(republish="excerpt"), license=Url(CC + "by-nc-nd/4.0/"))
    assert (item.content, item.summary) == (None, None)
    assert item.cut == (
        "republish: excerpt (CC BY-NC-ND 4.0: the licence allows no changes; the licence allows more, but only where nothing is sold)"
    )


def test_what_was_stripped_may_not_be_shown_under_a_licence_that_allows_no_changes() -> None:
    item = one(make.spec(republish="full"), license=Url(CC + "by-nd/4.0/"), stripped=("auto: share-bar",))
    assert (item.content, item.summary) == (None, None)
    assert "blocks were stripped" in (item.cut or "")


BODY = "It rained all day, and nobody left the house."
THAT_DAY = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)  # where the author is, it is the next one already
PRINTED = [
    f"<h2>A day out</h2><p>{BODY}</p>",
    f"A day out\nAnn Bell\n<time>Thu, 26/11/2026 - 10:00</time><div><p>{BODY}</p></div>",
    f"<p><b>A DAY OUT</b></p><p>Ann Bell</p><p>26 November 2026</p><p>{BODY}</p>",
    f"<h1>A day out · Ann Bell, 26.11.2026</h1>{BODY}",
]


@pytest.mark.parametrize("html", PRINTED)
@pytest.mark.parametrize("name", ["summary", "content"])
def test_an_excerpt_does_not_begin_with_what_stands_above_it(name: str, html: str) -> None:
    texts = {"content": None, "summary": None, name: SafeHtml(html)}
    above = {"title": Title(text="A day out"), "authors": (Person(name="Ann Bell"),), "published": THAT_DAY}
    item = one(make.spec(republish="excerpt"), **above, **texts)
    assert visible_text(item.summary or "") == BODY


@pytest.mark.parametrize(
    "html",
    [
        f"<p>A day out in the rain. {BODY}</p>",
        f"<p>A day out of 2026</p><p>{BODY}</p>",
        "<p>A day out</p>",
        "<p>A day out</p><p>Ann Bell</p>",
        f"<p>{BODY}</p><p>A day out</p>",
        f"<p>A day out: 28 November 2026, 10:00</p><p>{BODY}</p>",
    ],
)
def test_an_excerpt_that_begins_otherwise_or_says_nothing_else_stays(html: str) -> None:
    item = one(
        make.spec(republish="excerpt"),
        title=Title(text="A day out"),
        authors=(Person(name="Ann Bell"),),
        published=THAT_DAY,
        content=None,
        summary=SafeHtml(html),
    )
    assert item.summary == html


def test_nor_does_one_that_stands_for_a_text_too_long_for_its_output() -> None:
    html = SafeHtml(f"<p>A day out</p><p>Ann Bell</p><p>1 March 2026</p><p>{BODY}</p>{LONG * 9}")
    above = {"title": Title(text="A day out"), "authors": (Person(name="Ann Bell"),), "published": datetime(2026, 3, 1, tzinfo=UTC)}
    item = one(make.spec(republish="full"), content=html, max_bytes=10_240, **above)
    assert item.cut == "max_bytes"
    assert visible_text(item.summary or "").startswith(BODY)


def test_a_line_as_long_as_a_text_is_no_date_and_costs_its_length() -> None:
    html = SafeHtml(f"<p>A day out 2026 {'a1 ' * 300_000}</p>")
    item = one(make.spec(republish="excerpt"), title=Title(text="A day out"), published=THAT_DAY, content=html)
    assert visible_text(item.summary or "").startswith("A day out 2026 a1 a1")


def test_a_whole_text_keeps_its_headline() -> None:
    item = one(make.spec(republish="full"), title=Title(text="A day out"), content=SafeHtml(PRINTED[0]))
    assert item.content == PRINTED[0]


def test_an_excerpt_begins_with_the_text_and_not_with_what_stands_below_its_picture() -> None:
    figure = "<figure><img src='https://a.example/1.jpg'><figcaption>A lift. Photo: Bo</figcaption></figure>"
    item = one(make.spec(republish="excerpt"), license=None, summary=None, content=SafeHtml(f"{figure}<p>Ski towns wait for snow.</p>"))
    assert item.summary == "<p>Ski towns wait for snow.</p>"
    alone = one(make.spec(republish="excerpt"), license=None, summary=None, content=SafeHtml(figure))
    assert alone.summary == "<p>A lift. Photo: Bo</p>"


def test_a_too_large_output_gives_up_such_a_text_instead_of_cutting_it() -> None:
    item = one(make.spec(republish="full"), license=Url(CC + "by-nd/4.0/"), content=SafeHtml(LONG * 9), max_bytes=10_240)
    assert (item.content, item.summary, item.cut) == (None, None, "max_bytes")


def test_readers_that_know_no_content_get_all_of_such_a_text() -> None:
    def described(code: str) -> str:
        item = one(make.spec(republish="full"), license=Url(CC + code))
        return feedparser.parse(RENDERERS["rss"](make.edition(item))).entries[0].summary

    assert visible_text(LONG) in visible_text(described("by-nd/4.0/"))
    assert len(described("by/4.0/")) < 300


def test_nothing_is_stripped_from_such_a_text_in_the_first_place() -> None:
    plea = RawText(value="<p>Words of the text, and more of them.</p><p>Support us.</p>", type="html")
    spec = make.spec(strip=("Support us.",))

    def made(raw: RawEntry, **of_feed: object) -> Entry:
        return normalize.entry(raw, normalize.context(spec, "key", make.head(**of_feed), "https://blog.example/feed.xml"))

    by_nd = f"{CC}by-nd/4.0/"
    assert made(RawEntry(id="1", contents=(plea,))).stripped
    assert not made(RawEntry(id="1", contents=(plea,), license=by_nd)).stripped
    assert not made(RawEntry(id="1", contents=(plea,), rights="CC BY-ND 4.0")).stripped
    assert not made(RawEntry(id="1", contents=(plea,)), license=Url(by_nd)).stripped
    assert made(RawEntry(id="1", contents=(plea,), rights="All rights reserved"), license=Url(by_nd)).stripped


# ── what else a licence does ──


def test_a_non_commercial_licence_is_noted_and_left_to_the_editor() -> None:
    item = one(make.spec(republish="excerpt"), license=Url(CC + "by-nc/4.0/"))
    assert item.content is None
    assert item.cut == "republish: excerpt (CC BY-NC 4.0: the licence allows more, but only where nothing is sold)"
    assert one(make.spec(republish="full"), license=Url(CC + "by-nc/4.0/")).content == LONG


def test_an_entry_that_reserves_all_rights_has_not_the_licence_of_its_feed() -> None:
    feeds, specs = make.feeds_of(make.spec(republish="excerpt"), heads=[make.head(license=make.BY)])
    for rights, is_full in ((None, True), ("© Ann", True), ("© Ann. All rights reserved.", False)):
        item = compose(make.output(), make.config(), [make.published(make.stored(1, content=LONG, rights=rights))], feeds, specs).items[0]
        assert (item.content is not None, item.license is not None) == (is_full, is_full)


def test_a_text_that_is_given_whole_names_its_authors_and_its_licence() -> None:
    item = one(make.spec(), license=make.BY, authors=(Person(name="Ann"), Person(name="Bo")))
    assert item.notice == '<p class="aggregator-license">Ann, Bo · <a href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a></p>'
    assert one(make.spec(republish="link"), license=make.BY).notice == ""
    assert one(make.spec(), license=None).notice == ""
    assert one(make.spec(), license=Url("https://creativecommons.org/publicdomain/zero/1.0/")).notice == ""


def test_what_the_text_says_already_is_not_said_again() -> None:
    said = SafeHtml(LONG + "<p>Ann · <a href='https://creativecommons.org/licenses/by/4.0/'>CC&nbsp;BY 4.0</a></p>")
    assert one(make.spec(), license=make.BY, authors=(Person(name="Ann"),), content=said).notice == ""
    credit = Credit(html=SafeHtml("<p>One sentence of <b>several</b> words.</p>"))
    assert one(make.spec(republish="full"), credit).credit == ""


def test_explain_tells_the_licence_and_what_it_does() -> None:
    found = Walk(replace(GARDEN, republish="excerpt"), outputs=(JSON,))
    body = feed("garden", "One.").replace(
        b"<id>tag:garden.example,2026:1</id>", b"<id>tag:garden.example,2026:1</id><rights>CC BY 4.0</rights>"
    )
    found.answers(document(body, GARDEN.url))
    told = {line.label: line.text for line in tell(explain("https://garden.example/1", found.store, found.ports.config, found.clock()))}
    assert told["licence"] == "https://creativecommons.org/licenses/by/4.0/"
    assert told["shown"] == "full: CC BY 4.0: the licence lets anybody republish the whole"


# ── a licence in the text ──

BY_ND = f'<a rel="license" href="{CC}by-nd/4.0/">Creative Commons Attribution-NoDerivatives 4.0</a>'
TEXT = "".join(f"<p>Paragraph {number} of a text that goes on about lamps, as texts about lamps do.</p>" for number in range(4))


def licence_of(html: str, **fields: object) -> str | None:
    raw = RawEntry(id="1", title=RawText(value="A lamp at noon"), contents=(RawText(value=html, type="html"),), **fields)  # type: ignore[arg-type]
    return normalize.entry(raw, normalize.context(make.spec(), "key", make.head(), "https://blog.example/feed.xml")).license


@pytest.mark.parametrize(
    "footer",
    [
        f"<p>This work is licensed under a {BY_ND} licence.</p>",
        f'<a rel="license" href="{CC}by-nd/4.0/"><img alt="CC" src="https://i.example/88x31.png"></a><br>Under a {BY_ND}.',
        f"<p>Text: {BY_ND}</p>",
        f"<p>Ann Bell, 2026. Cet article est mis à disposition sous {BY_ND}.</p>",
        f"<p>本作品采用{BY_ND}进行许可。</p>",
        f'<p><span property="dct:title">A lamp at noon</span> by Ann Bell is under {BY_ND}.</p>',
        f"<p><small>{BY_ND.replace('license', 'license noopener', 1).replace('https:', 'http:')}</small></p>",
    ],
)
def test_a_licence_that_the_text_links_is_the_entrys(footer: str) -> None:
    assert licence_of(TEXT + footer) == licence_of(footer + TEXT) == CC + "by-nd/4.0/"


@pytest.mark.parametrize(
    "html",
    [
        f"{TEXT}<figure><img src='https://i.example/1.jpg'><figcaption>A lamp, {BY_ND}</figcaption></figure>",
        f"{TEXT}<p>Photo: Ann, {BY_ND}</p>",
        f"{TEXT}<p>“A ferry” by Ann Bell is licensed under {BY_ND}.</p>",
        f"{TEXT}<p>Ann Bell / {BY_ND}</p>",
        f"{TEXT}<p>The photographs in this article are under {BY_ND}.</p>",
        f"{TEXT}<p>This article’s pictures are under {BY_ND}.</p>",
        f"{TEXT}<blockquote>This is under {BY_ND}.</blockquote>",
        f"{TEXT * 4}<p>Under {BY_ND}.</p>{TEXT * 4}",
        f"{TEXT}<p>Text under {BY_ND}, code under {BY_ND.replace('-nd', '')}</p>",
        f"{TEXT}<p>I like {BY_ND.replace(' rel=', ' class=')}.</p>",
    ],
)
def test_the_licence_of_a_picture_or_a_quotation_is_not(html: str) -> None:
    assert licence_of(html) is None


def test_what_the_entry_says_beside_its_text_goes_first() -> None:
    assert licence_of(f"{TEXT}<p>Under {BY_ND}.</p>", license=f"{CC}by/4.0/") == f"{CC}by/4.0/"
    assert licence_of(f"{TEXT}<p>Under {BY_ND}.</p>", rights="All rights reserved") is None


# ── credit lines ──


def entry(**fields: object) -> Entry:
    return replace(make.entry(1), title=Title(text="Cats & <Dogs>"), authors=(Person(name="Ann"), Person(name="Bo")), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("template", "html"),
    [
        ("Republished with leave.", "<p>Republished with leave.</p>"),
        ("{title}, by {author}", "<p>Cats &amp; &lt;Dogs&gt;, by Ann, Bo</p>"),
        (
            'Read the <a href="{link}">original</a>.',
            '<p>Read the <a href="https://blog.example/1" rel="noopener noreferrer">original</a>.</p>',
        ),
        ('<div onclick="x()">Ours<script>x()</script></div>', "<div>Ours</div>"),
        ("{nothing}", "<p>{nothing}</p>"),
        ("<br>", ""),
    ],
)
def test_a_credit_line_is_filled_in_and_made_safe(template: str, html: str) -> None:
    assert credit_line(template, entry(), make.entry(1).link).html == html


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Republished from {title}, by {author}.", "Republished from Cats & <Dogs>."),
        ('From <a href="{link}">{title}</a> by <b>{author}</b>.', "From Cats & <Dogs>."),
        ("By {author}, for {title}.", "for Cats & <Dogs>."),
        ("<p>{title}</p><p>Text: {author}</p>", "Cats & <Dogs>"),
        ("{title} ({author})", "Cats & <Dogs>"),
        ("{author}: {title}", "Cats & <Dogs>"),
        ("Von {author} | {title}", "Cats & <Dogs>"),
        ("{title}. With thanks to {author}.", "Cats & <Dogs>."),
        ("Written by {author}.", ""),
    ],
)
def test_a_credit_line_of_an_entry_without_an_author_names_none(template: str, text: str) -> None:
    line = visible_text(credit_line(template, replace(entry(), authors=()), make.entry(1).link).html)
    assert line.removesuffix(".") == text.removesuffix(".")
    assert " ." not in line


COUNTER = "https://count.example/1.gif?content=1&amp;utm_source=x"
WANTED = COUNTER.replace("&amp;", "&")


@pytest.mark.parametrize(
    ("image", "counts"),
    [
        (f'<img src="{COUNTER}" width="1" height="1" alt="x">', True),
        (f"<IMG HEIGHT=1px SRC='{COUNTER}'>", True),
        (f'<img src="{COUNTER}" style="border:0; width: 1px;height:1px">', True),
        (f'<img src="{COUNTER}" width="0" height="0">', True),
        (f'<img src="{COUNTER}" width="10" height="10">', False),
        (f'<img src="{COUNTER}" style="max-width:100%">', False),
        ('<img src="http://count.example/1.gif" width="1" height="1">', False),
        ('<img src="data:image/gif;base64,R0" width="1" height="1">', False),
        (f'<!-- <img src="{COUNTER}" width="1"> -->', False),
    ],
)
def test_images_of_one_pixel_by_https_count_readers(image: str, counts: bool) -> None:
    assert counters(f"<p>Text</p>{image}") == ((WANTED,) if counts else ())


def test_a_few_counters_are_kept_each_once() -> None:
    many = "".join(f'<img src="https://count.example/{number % 9}" width="1">' for number in range(20))
    assert counters(many) == tuple(f"https://count.example/{number}" for number in range(3))


def walk(**fields: object) -> tuple[Walk, str]:
    """One entry with a counter in a block that is stripped; the text of the JSON Feed that comes of it."""
    spec = replace(GARDEN, strip=("css:.tail",), **fields)  # type: ignore[arg-type]
    found = Walk(spec, outputs=(JSON,))
    body = f"""<rss version="2.0"><channel><title>Garden</title><link>https://garden.example/</link><item><guid>urn:x:1</guid>
    <link>https://garden.example/1</link><title>T</title><description><![CDATA[<p>Words of a text, and more of them.</p>
    <div class="tail">Share <img src="{COUNTER}" width="1" height="1"></div>]]></description></item></channel></rss>"""
    found.answers(document(body, GARDEN.url))
    publish(found.ports)
    return found, found.folder.files["feed.json"].decode()


def test_counters_survive_only_where_feeds_yaml_says_so() -> None:
    assert "count.example" not in walk()[1]
    kept = walk(keep_counters=True)[1]
    assert f'<img src=\\"{COUNTER}\\" width=\\"1\\" height=\\"1\\" alt=\\"\\">' in kept
    assert "Share" not in kept
    assert "count.example" not in walk(keep_counters=True, republish="excerpt")[1], "readers of an excerpt are not counted"


def test_a_credit_line_is_printed_with_every_entry_and_taken_up_at_the_next_publish() -> None:
    found, before = walk(republish="link")
    assert "By leave" not in before
    spec = replace(found.ports.config.feeds[0], credit=f'By leave of <a href="{{link}}">Garden</a> <img src="{COUNTER}" width="1">')
    for republish, counted in (("link", 0), ("excerpt", 0), ("full", 0)):
        found.ports = replace(found.ports, config=replace(found.ports.config, feeds=(replace(spec, republish=republish),)))
        publish(found.ports)
        text = found.folder.files["feed.json"].decode()
        assert text.count("By leave") == 1
        assert text.count("count.example") == counted
    found.ports = replace(found.ports, config=replace(found.ports.config, feeds=(replace(spec, republish="full", keep_counters=True),)))
    publish(found.ports)
    assert found.folder.files["feed.json"].decode().count("count.example") == 1


@pytest.mark.parametrize("place", ["top", "bottom", "none"])
@pytest.mark.parametrize("format_", ["atom", "rss", "json", "html"])
def test_what_is_owed_stands_behind_the_text_in_every_format(format_: str, place: str) -> None:
    item = make.item(
        1,
        place=place,
        credit=SafeHtml("<p>By leave of Orig.</p>"),
        notice=SafeHtml("<p>Ann · CC</p>"),
        counters=(Url("https://count.example/1"),),
        content=SafeHtml("<p>The text itself.</p>"),
    )
    edition = make.edition(item, path={"atom": "a.xml", "rss": "rss.xml", "json": "a.json", "html": "a.html"}[format_])
    body = RENDERERS[format_](edition)  # type: ignore[index]
    text = body.decode()
    places = [text.find(words) for words in ("The text itself", "By leave of Orig", "count.example/1")]
    assert -1 not in places
    assert places == sorted(places)
    if format_ in ("atom", "rss"):
        assert (atom_complaints if format_ == "atom" else rss_complaints)(body, self_url=edition.self_url) == []
