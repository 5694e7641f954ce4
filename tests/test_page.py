"""The HTML page: what a browser shows, and what it never does."""

import hashlib
import re
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta

import pytest
from lxml import html

from aggregator.model import THEMES, Edition, Enclosure, Item, Person, SafeHtml, Subscription, Title, Url
from aggregator.publish.page import page, sources_page
from tests import makers as make


def parsed(body: bytes) -> html.HtmlElement:
    return html.document_fromstring(body, parser=html.HTMLParser(encoding="utf-8"))


def test_each_item_stands_under_its_day_with_source_author_line_and_text() -> None:
    edition = make.edition(make.item(1), make.item(2), make.item(30))
    document = parsed(page(edition))
    assert [heading.text_content() for heading in document.cssselect("main h2")] == ["Sunday, 1 March 2026", "Saturday, 28 February 2026"]
    assert [len(day.cssselect("article")) for day in document.cssselect("section.day")] == [2, 1]
    article = document.cssselect("article")[0]
    assert article.cssselect("h3")[0].text_content() == "Post 1 & more"
    assert article.cssselect(".byline > :first-child")[0].text_content() == "Orig"
    assert [author.text_content() for author in article.cssselect(".p-author")] == ["Ann", "Bob"]
    assert article.cssselect("p.aggregator-origin")[0].text_content() == "This article originally appeared at Orig, via Repub."
    assert "Content 1 &" in article.cssselect(".e-content")[0].text_content()


def test_days_are_headed_in_the_pages_language() -> None:
    assert "Sonntag, 1. März 2026" in page(replace(make.edition(), language="de")).decode()
    assert "2026年3月1日（日）" in page(replace(make.edition(), language="ja")).decode()


def test_machines_find_ids_links_and_the_original() -> None:
    article = parsed(page(make.edition())).cssselect("article.h-entry")[0]
    assert article.cssselect("data.u-uid")[0].get("value") == "tag:orig.example,2026:1"
    assert article.cssselect("h3 a.u-url")[0].get("href") == "https://orig.example/1"
    assert article.cssselect("a[property~=isBasedOn]")[0].get("href") == "https://orig.example/1"
    assert article.cssselect("time.dt-published")[0].get("datetime") == "2026-03-01T11:00Z"


@pytest.mark.parametrize("theme", THEMES)
def test_a_date_that_is_a_day_alone_shows_no_time(theme: str) -> None:
    whole, dated = make.item(1), make.item(2)
    dated = replace(dated, published=dated.published.replace(hour=0, minute=0, second=0, microsecond=0))
    edition = make.edition(whole, dated)
    document = parsed(page(replace(edition, spec=replace(edition.spec, theme=theme))))
    times = [one.text_content() for one in document.cssselect("time.dt-published")]
    assert "11:00" in times
    assert "00:00" not in times


def test_the_policy_allows_our_style_and_https_images_and_nothing_else() -> None:
    body = page(make.edition()).decode()
    policy = parsed(body.encode()).cssselect("meta[http-equiv=Content-Security-Policy]")[0].get("content") or ""
    style = re.search(r"<style>(.*?)</style>", body, re.DOTALL)
    assert style is not None
    digest = b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy == f"default-src 'none'; img-src https:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "<script" not in body
    assert " style=" not in body


def test_search_engines_are_kept_out_unless_the_editor_lets_them_in() -> None:
    robots = "meta[name=robots][content=noindex]"
    assert parsed(page(make.edition())).cssselect(robots)
    assert not parsed(page(replace(make.edition(), noindex=False))).cssselect(robots)


def test_images_load_late_and_tell_nobody_where_they_are_shown() -> None:
    content = SafeHtml(
        '<p title="&quot;<img src=x>"><img loading="eager" src="https://a.example/a.png" alt="<img x>" referrerpolicy="unsafe-url"></p>'
    )
    images = parsed(page(make.edition(make.item(1, content=content)))).cssselect("article img")
    assert [dict(image.attrib) for image in images] == [
        {"loading": "lazy", "decoding": "async", "referrerpolicy": "no-referrer", "src": "https://a.example/a.png", "alt": "<img x>"}
    ]


def test_a_picture_without_words_is_decoration_unless_it_is_what_a_link_says() -> None:
    text = '<p><img src="https://a.example/b.png"><a href="https://a.example/"><img src="https://a.example/the_hill-2.jpg?x" alt=""></a>'
    content = SafeHtml(f'{text}<a href="https://a.example/c"> </a></p>')
    article = parsed(page(make.edition(make.item(1, content=content)))).cssselect(".text")[0]
    assert [image.get("alt") for image in article.cssselect("img")] == ["", "the_hill 2"]
    assert len(article.cssselect("a")) == 1, "a link without anything in it is none"


def test_only_images_are_changed() -> None:
    content = SafeHtml('<p title="a > b"><a href="https://a.example/" rel="nofollow">a</a><br><code>&lt;img&gt;</code></p>')
    assert content in page(make.edition(make.item(1, content=content))).decode()


@pytest.mark.parametrize("alt", ["<img src=x onerror=alert(1)", "<img onerror='alert(1)'", "a>b<img onload=x>"])
def test_an_image_inside_an_attribute_stays_words(alt: str) -> None:
    content = SafeHtml(f'<p><img alt="{alt}" src="https://a.example/a.png"></p>')
    images = parsed(page(make.edition(make.item(1, content=content)))).cssselect("article img")
    assert len(images) == 1
    assert images[0].get("alt") == alt
    assert set(images[0].attrib) == {"alt", "src", "loading", "decoding", "referrerpolicy"}


def test_nothing_that_a_feed_says_becomes_markup() -> None:
    evil = "</title></a><script>alert(1)</script>\"' onload=x"
    item = make.item(
        1,
        id=f"tag:x,2020:{evil}",
        title=Title(text=evil),
        authors=(Person(name=evil),),
        source=make.source(name=evil),
        via=(),
        language='en" onload="x',
    )
    edition = replace(
        make.edition(item), title=evil, subscriptions=(Subscription(name=evil, feed_url="https://a.example/f", description=evil),)
    )
    document = parsed(page(edition))
    assert not document.cssselect("script")
    assert not document.xpath("//@onload")
    assert document.cssselect("h3")[0].text_content() == evil
    assert document.cssselect("title")[0].text_content() == evil


def test_a_titles_markup_is_shown_where_it_is_words_only() -> None:
    shown = parsed(page(make.edition(make.item(1, title=Title(text="a b", html=SafeHtml("a <em>b</em>"))))))
    assert shown.cssselect("h3 em")
    linked = parsed(page(make.edition(make.item(1, title=Title(text="a b", html=SafeHtml('<a href="https://x.example/">a</a> b'))))))
    assert [link.get("href") for link in linked.cssselect("h3 a")] == ["https://orig.example/1"]


def test_an_untitled_item_without_link_or_text_still_stands() -> None:
    article = parsed(page(make.edition(make.bare_item()))).cssselect("article")[0]
    assert article.cssselect("h3")[0].text_content() == "Untitled"
    assert not article.cssselect("h3 a")


def test_the_line_stands_where_the_editor_wants_it() -> None:
    for place, expected in (("top", ["attribution", "text e-content"]), ("bottom", ["text e-content", "attribution"])):
        article = parsed(page(make.edition(make.item(1, place=place)))).cssselect("article")[0]
        assert [block.get("class") for block in article.cssselect("div")] == expected


def test_the_feeds_and_the_other_outputs_are_linked() -> None:
    document = parsed(page(make.edition(path="index.html")))
    assert [link.get("href") for link in document.cssselect("link[rel=alternate]")] == ["rss.xml", "feed.json"]
    assert [link.get("href") for link in document.cssselect(".formats a")] == ["rss.xml", "feed.json", "feeds.opml"]
    assert [link.get("href") for link in document.cssselect("aside li a")] == ["source/orig.html", "source/third.html"]
    assert [(tag.text_content(), tag.get("href")) for tag in document.cssselect(".tags a")] == [
        ("news", "tag/news.html"),
        ("python", "tag/python.html"),
    ]
    news = parsed(page(make.edition(path="news.html")))
    assert [link.get("href") for link in news.cssselect(".masthead nav:first-of-type > a")] == [
        "news/sources.html",
        "news/archive.html",
        "index.html",
    ]


def test_what_is_older_is_offered_only_where_there_may_be_some() -> None:
    whole = make.edition(path="index.html")
    full = replace(whole, spec=replace(whole.spec, max_entries=len(whole.items)))
    by_age = replace(whole, spec=replace(whole.spec, max_age=timedelta(days=1)))
    assert [bool(parsed(page(one)).cssselect("nav.pages a")) for one in (whole, full, by_age)] == [False, True, True]


def test_outputs_of_one_format_are_told_apart_by_their_files() -> None:
    paths = [
        ("atom", "atom.xml"),
        ("atom", "news/atom.xml"),
        ("rss", "podcast.xml"),
        ("html", "river/index.html"),
        ("html", "de/news.html"),
    ]
    document = parsed(page(replace(make.edition(path="index.html"), alternates=tuple(paths))))
    assert [link.text_content() for link in document.cssselect(".formats a")] == ["Atom", "Atom: news/atom", "RSS"]
    assert [link.text_content() for link in document.cssselect(".masthead nav:first-of-type > a")][2:] == ["river", "de/news"]


def test_a_list_of_titles_says_more_only_of_what_came_from_elsewhere() -> None:
    own = make.item(1, via=(), evidence=(), also_seen=())
    unknown = make.item(2, via=(), evidence=(), also_seen=(), chain_known=False)
    edition = make.edition(own, unknown, make.item(3))
    document = parsed(page(replace(edition, spec=replace(edition.spec, theme="river"))))
    assert [len(one.cssselect(".aggregator-origin")) for one in document.cssselect("article")] == [0, 1, 1]


def test_a_page_without_items_says_so() -> None:
    document = parsed(page(replace(make.edition(), items=())))
    assert document.cssselect(".empty")[0].text_content() == "Nothing has been published yet."


def test_text_from_right_to_left_is_set_so() -> None:
    document = parsed(page(replace(make.edition(make.item(1, language="ar")), language="he")))
    assert document.get("dir") == "rtl"
    texts = {"summary": SafeHtml("<p>نص عربي قصير عن الطماطم.</p>"), "content": None}
    arabic = make.item(1, language="ar", title=Title(text="كيف نزرع الطماطم مع Rust"), **texts)
    hebrew = make.item(2, language=None, title=Title(text="שלום עולם"), summary=SafeHtml("<p>שלום, שלום.</p>"), content=None)
    mixed = parsed(page(make.edition(arabic, hebrew, make.item(3))))
    for part in ("h3", ".text"):
        assert [one.get("dir") for one in mixed.cssselect(part)] == ["rtl", "rtl", None]
        assert [one.get("lang") for one in mixed.cssselect(part)] == ["ar", None, None]
    assert {words.get("dir") for words in mixed.cssselect(".byline, .attribution")} == {None}, "our words run as the page does"


def test_letters_tell_how_a_text_runs_where_its_feed_names_another_language() -> None:
    said_english = make.item(
        1, language="en", title=Title(text="نص عربي"), summary=SafeHtml("<p>نص عربي قصير عن الطماطم.</p>"), content=None
    )
    english = make.item(2, language="ar", title=Title(text="A title"), summary=SafeHtml("<p>An English text.</p>"), content=None)
    undecided = make.item(3, language="ar", title=Title(text="Rust 2.0"), summary=SafeHtml("<p>إصدار جديد</p>"), content=None)
    mixed = make.item(4, language="en", title=Title(text="Learn Arabic"), summary=SafeHtml("<p>كيف نزرع الطماطم</p>"), content=None)
    document = parsed(page(make.edition(said_english, english, undecided, mixed)))
    assert [one.get("dir") for one in document.cssselect("h3")] == ["rtl", None, "rtl", None]


@pytest.mark.parametrize(("count", "is_folded"), [(24, False), (25, True)])
def test_very_many_tags_are_folded_away_and_can_be_had_without_script(count: int, is_folded: bool) -> None:
    tags = tuple(f"tag {number}" for number in range(count))
    feeds = (Subscription(name="Blog", feed_url="https://blog.example/feed", id="blog", tags=tags),)
    document = parsed(page(replace(make.edition(), subscriptions=feeds)))
    assert len(document.cssselect("details > summary + nav.tags > a" if is_folded else "header > nav.tags > a")) == count


def test_a_long_list_of_sources_says_what_there_is_room_for() -> None:
    long = "What grows behind a terraced house, and what does not, week by week. " * 4
    feeds = tuple(
        Subscription(
            name=f"A blog called {n}",
            feed_url=f"https://blog-{n}.example.net/feed.xml",
            id=f"blog-{n}-example-net",
            home=Url(f"https://blog-{n}.example.net/"),
            tags=("one", "two"),
            description=long,
        )
        for n in range(700)
    )
    made = sources_page(replace(make.edition(), subscriptions=feeds))
    assert len(made) < 150_000
    notes = parsed(made).cssselect("li .p-note")
    assert len(notes) == 700
    assert all(note.text_content().endswith("…") for note in notes)


def test_links_credit_the_original_and_pass_no_trust_on_to_others() -> None:
    document = parsed(page(make.edition(make.item(1, content=SafeHtml("<p>x</p>"), line=SafeHtml("")))))
    assert document.cssselect("meta[name=referrer]")[0].get("content") == "no-referrer"
    trusted = [link.get("href") for link in document.cssselect("article a") if "nofollow" not in (link.get("rel") or "")]
    assert trusted == ["https://orig.example/1"]


def test_a_licence_is_called_by_its_name() -> None:
    licence = parsed(page(make.edition())).cssselect("a[rel~=license]")[0]
    assert (licence.text_content(), licence.get("href")) == ("CC BY 4.0", Url(make.BY))


def test_what_an_entry_of_a_link_blog_is_about_is_one_click_away() -> None:
    (link,) = parsed(page(make.edition(make.item(related=Url("https://about.example/this"))))).cssselect(".more a:first-child")
    assert (link.get("href"), link.text) == ("https://about.example/this", "about.example")
    linked = make.item(link=Url("https://about.example/this"), related=Url("https://about.example/this"))
    assert page(make.edition(linked)).count(b"https://about.example/this") == 1


def lines_of(number: int, **fields: object) -> Item:
    """An entry as planets have them: a long address, a long text, and every fourth by way of somebody else."""
    url = Url(f"https://writers-{number % 60}.example.org/2026/03/a-title-of-eight-words-or-so-{number}/")
    via = make.item(number).via if number % 4 == 0 else ()
    line = f'<p class="aggregator-origin">This article originally appeared at <a href="{url}">The writings of Jo Example</a>.</p>'
    made = make.item(
        number, id=url if number % 2 else f"urn:uuid:{number:036d}", link=url, original=url, via=via, also_seen=(), enclosures=()
    )
    made = replace(
        made, title=Title(text=f"A title of eight words or so, number {number}"), authors=(Person(name="Jo Example"),), license=None
    )
    text = SafeHtml(f"<p>{'A sentence that goes on for a while, as they do. ' * 80}</p>")
    told = {"content": text, "line": SafeHtml(line), "related": None, "feed": f"feed-{number % 60}", **fields}
    return replace(made, **told)  # type: ignore[arg-type]


def of_planet(count: int, theme: str = THEMES[0]) -> Edition:
    feeds = tuple(
        Subscription(name=f"The writings of {n}", feed_url=f"https://{n}.example/f", id=f"feed-{n}", tags=("a",)) for n in range(60)
    )
    items = [lines_of(number, sort_key=make.NOON - timedelta(hours=8 * number)) for number in range(count)]
    made = make.edition(*items, path="index.html", subscriptions=feeds)
    return replace(made, spec=replace(made.spec, max_entries=count, theme=theme))


@pytest.mark.parametrize("theme", THEMES)
def test_a_page_of_200_entries_weighs_less_than_150_kb(theme: str) -> None:
    body = page(of_planet(200, theme))
    assert len(body) < 150_000
    assert body.count(b"<article") == 200
    assert body.count(b"originally appeared") in {50, 200}, "who passed it on is always said"


def test_where_room_is_scarce_the_beginning_of_a_text_goes_before_a_second_link_to_it() -> None:
    made = of_planet(200)
    items = tuple(
        replace(one, id=f"urn:uuid:{number:036d}", link=Url(at), original=Url(at), title=Title(text="A post"), via=(), authors=())
        for number, one in enumerate(made.items)
        for at in [f"https://blog.example/2026/03/number-{number}.html"]
    )
    body = page(replace(made, items=items))
    assert len(body) < 150_000
    assert (body.count(b'class="text p-summary"'), body.count(b'class="on"')) == (200, 0)


def test_a_text_is_whole_if_it_is_short_and_begins_where_there_is_room() -> None:
    short, long = make.item(1), lines_of(2)
    document = parsed(page(make.edition(short, long, path="index.html")))
    whole, begun = document.cssselect(".text")
    assert whole.get("class") == "text e-content"
    assert begun.get("class") == "text p-summary"
    assert 300 < len(begun.text_content()) <= 420
    assert begun.text_content().endswith("as they do.")
    (on,) = document.cssselect(".on a")
    assert (on.text_content(), on.get("href")) == ("Continue reading", long.link)


def test_a_beginning_does_not_repeat_the_title() -> None:
    long = lines_of(2)
    title = long.title.text if long.title else ""
    document = parsed(page(make.edition(replace(long, content=SafeHtml(f"<h1>{title}</h1>{long.content}")))))
    assert document.cssselect(".text")[0].text_content().startswith("A sentence that goes on")


@pytest.mark.parametrize(
    ("said", "is_shown"), [("A  Title.", False), ("A title…", False), ('A title <img src="https://a.example/a.png">', True)]
)
def test_a_text_that_is_the_title_again_is_not_shown_below_it(said: str, is_shown: bool) -> None:
    item = make.bare_item(1, title=Title(text="A title"), summary=SafeHtml(f"<p>{said}</p>"))
    assert bool(parsed(page(make.edition(item))).cssselect(".text")) == is_shown


def test_an_entry_looks_the_same_whoever_joins_it() -> None:
    entry = re.compile(rb"<article.*?</article>", re.DOTALL)
    few, many = of_planet(3), of_planet(40)
    many = replace(many, spec=few.spec)
    assert entry.findall(page(few)) == entry.findall(page(many))[:3]


def test_nothing_is_cut_off_a_text_that_must_not_be_changed() -> None:
    item = lines_of(1, license=Url("https://creativecommons.org/licenses/by-nd/4.0/"))
    document = parsed(page(make.edition(replace(item, summary=None))))
    assert not document.cssselect(".text")
    (teaser,) = parsed(page(make.edition(replace(item, summary=SafeHtml("<p>What it is about.</p>"))))).cssselect(".text")
    assert teaser.text_content() == "What it is about."


def test_a_picture_stands_beside_a_text_that_begins_and_only_over_https() -> None:
    text = lines_of(1).content or SafeHtml("")
    shown = {
        "https://a.example/own.png": lines_of(1, thumbnail=Url("https://a.example/own.png")),
        "https://a.example/b.png": lines_of(
            1, thumbnail=Url("http://a.example/own.png"), content=SafeHtml(f'<img src="https://a.example/b.png">{text}')
        ),
        "": lines_of(1, thumbnail=None, content=SafeHtml(f'<img src="https://a.example/dot.png" width="1" height="1">{text}')),
    }
    for url, item in shown.items():
        pictures = parsed(page(make.edition(item))).cssselect("img.picture")
        assert "".join(one.get("src") or "" for one in pictures) == url
        assert all((one.get("loading"), one.get("referrerpolicy"), one.get("alt")) == ("lazy", "no-referrer", "") for one in pictures)


def test_a_photograph_that_came_as_a_file_is_shown_where_no_text_shows_one() -> None:
    photo = Enclosure(url=Url("https://pix.example/77.jpg"), type="image/jpeg")
    bare = make.item(1, content=None, summary=None, enclosures=(photo,))
    noted = make.item(1, content=None, summary=SafeHtml("<p>Morning on the slip</p>"), enclosures=(photo,))
    seen = make.item(1, content=SafeHtml('<p><img src="https://pix.example/77-m.jpg" alt=""></p>'), enclosures=(photo,))
    found = [[one.get("src") for one in parsed(page(make.edition(item))).cssselect("img.picture")] for item in (bare, noted, seen)]
    assert found == [["https://pix.example/77.jpg"], ["https://pix.example/77.jpg"], []]


def test_headings_of_a_text_stand_in_order_below_its_title() -> None:
    content = SafeHtml("<h1>a</h1><h4>b</h4><h2>c</h2><h3>d</h3>")
    article = parsed(page(make.edition(make.item(1, content=content)))).cssselect("article")[0]
    assert [one.tag for one in article.cssselect("h1, h2, h3, h4, h5, h6")] == ["h3", "h4", "h5", "h5", "h6"]


def test_readers_of_microformats_find_the_entries_with_author_date_and_original() -> None:
    import mf2py  # here, as each worker imports this module, and it takes long

    (feed,) = mf2py.parse(page(make.edition(make.item(1), make.bare_item(2), path="index.html")).decode())["items"]
    assert (feed["type"], feed["properties"]["name"]) == (["h-feed"], ["Planet Example"])
    first, second = (entry["properties"] for entry in feed["children"])
    assert (first["name"], first["url"], first["uid"]) == (["Post 1 & more"], ["https://orig.example/1"], ["tag:orig.example,2026:1"])
    assert [author["properties"]["name"] for author in first["author"]] == [["Ann"], ["Bob"]]
    assert first["published"] == ["2026-03-01T11:00Z"]
    assert first["content"][0]["value"].startswith("Content 1 &")
    assert second["uid"] == [make.bare_item(2).id]
    assert "name" not in second, "an entry without a title is a note"
