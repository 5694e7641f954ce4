"""The HTML page: what a browser shows, and what it never does."""

import hashlib
import re
from base64 import b64encode
from dataclasses import replace

import pytest
from lxml import html

from aggregator.model import Person, SafeHtml, Subscription, Title, Url
from aggregator.publish.page import page
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


def test_a_page_without_items_says_so() -> None:
    document = parsed(page(replace(make.edition(), items=())))
    assert document.cssselect(".empty")[0].text_content() == "Nothing has been published yet."


def test_text_from_right_to_left_is_set_so() -> None:
    document = parsed(page(replace(make.edition(make.item(1, language="ar")), language="he")))
    assert document.get("dir") == "rtl"
    mixed = parsed(page(make.edition(make.item(1, language="ar"), make.item(2, language=None, title=Title(text="שלום")), make.item(3))))
    assert [article.get("dir") for article in mixed.cssselect("article")] == ["rtl", "rtl", None]
    assert [article.get("lang") for article in mixed.cssselect("article")] == ["ar", None, None]
    assert {words.get("dir") for words in mixed.cssselect("article[dir] .byline, article[dir] .attribution")} == {"ltr"}, "our words"


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
