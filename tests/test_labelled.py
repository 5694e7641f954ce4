""" "Source: X" names where a text comes from or where its facts do: believed with a second sign only. What readers comment is no claim."""

import pytest

from aggregator.model import Entry, FeedSpec, RawEntry, RawFeed, RawText
from aggregator.refine import normalize
from aggregator.refine.lexicon import spelled
from aggregator.refine.phrasebook import languages

TITLE = "The woman who winds eleven clocks"
SAME = "https://orig.example/2020/woman-who-winds-eleven-clocks"
OTHER = "https://orig.example/2020/clocks-of-the-county"
LABELS = [(language.code, language.marker.lexicon.tables["label"]) for language in languages()]
TEXT = f"<p>{'A paragraph that says something. ' * 9}</p>" * 3


def refined(html: str, link: str = "https://copy.example/2021/4711", title: str = TITLE) -> Entry:
    raw = RawEntry(id="1", link=link, title=RawText(value=title), contents=(RawText(value=html, type="html"),))
    feed = RawFeed(version="atom10", title=RawText(value="Copy Digest"), link="https://copy.example/", entries=(raw,))
    spec = FeedSpec(id="copy", url="https://copy.example/feed", shown_url="https://copy.example/feed")
    return normalize.entry(raw, normalize.context(spec, "copy", normalize.head(feed, spec.url), spec.url))


def origin(html: str, link: str = "https://copy.example/2021/4711", title: str = TITLE) -> str | None:
    chain = refined(TEXT + html, link, title).origin.chain
    return chain[0].page if chain else None


@pytest.mark.parametrize(("code", "words"), LABELS)
def test_a_label_is_believed_where_its_page_bears_the_entrys_title(code: str, words: str) -> None:
    for label in (reading.strip() for entry in words.split(",") for reading in spelled(entry)):
        assert origin(f'<p>{label.capitalize()}: <a href="{SAME}">The Harbour Post</a></p>') == SAME, (code, label)
        assert origin(f'<p>{label.capitalize()}: <a href="{OTHER}">The Harbour Post</a></p>') is None, (code, label)


@pytest.mark.parametrize(
    "html",
    [
        f'<table><tr><td>Source</td><td><a href="{SAME}">The Harbour Post</a></td></tr></table>',
        f'<dl><dt>Source:</dt><dd><a href="{SAME}">The Harbour Post</a>, 4 March 2020</dd></dl>',
        f'<p><b>Source:</b></p><p><a href="{SAME}">The Harbour Post</a></p>',
        f"<p>(Source: {SAME})</p>",
        f'<p>Provided by <a href="{SAME}">Harbour University</a></p>',
    ],
)
def test_a_label_may_stand_in_a_cell_of_its_own(html: str) -> None:
    assert origin(html) == SAME


def test_a_label_may_name_the_title_itself() -> None:
    page = "https://orig.example/story/778"
    assert origin(f'<p>Source: <a href="{page}">The woman who winds eleven clocks</a></p>') == page
    assert origin(f'<p>Source: <a href="{page}">Eleven clocks</a></p>') is None


def test_an_address_that_both_pages_have_is_a_sign_in_scripts_that_addresses_do_not_use() -> None:
    page = "https://orig.example/2020/zhenshchina-i-chasy"
    html = f'<p>Источник: <a href="{page}">Портовая газета</a></p>'
    assert origin(html, "https://copy.example/zhenshchina-i-chasy/", "Женщина и часы") == page


@pytest.mark.parametrize(
    "html",
    [
        f'<p>Sources: <a href="{SAME}">The Harbour Post</a>; <a href="{OTHER}">County register</a></p>',
        f'<p>Source: <a href="{SAME}">The Harbour Post</a> and <a href="{OTHER}">the county</a></p>',
        f'<p>Image source: <a href="{SAME}">The Harbour Post</a></p>',
        f'<ul><li>Source: <a href="{SAME}">The Harbour Post</a></li></ul>',
        f'<p>[1] Source: <a href="{SAME}">The Harbour Post</a></p>',
        f'<figure><img src="a.png"><figcaption>Source: <a href="{SAME}">The Harbour Post</a></figcaption></figure>',
    ],
)
def test_what_lists_sources_or_credits_a_picture_is_no_label_of_the_text(html: str) -> None:
    assert origin(html) is None


def test_an_entry_that_links_elsewhere_itself_has_its_title_from_there() -> None:
    # A link blog names the page that it talks about by that page's title.
    assert origin(f'<p>Source: <a href="{SAME}">The Harbour Post</a></p>', link=SAME) is None


def test_two_titles_that_share_a_word_or_a_few_are_not_one() -> None:
    label = '<p>Source: <a href="https://orig.example/{}">The Harbour Post</a></p>'
    assert origin(label.format("clocks"), title="Clocks") is None
    assert origin(label.format("open-source"), title="Open source maintainers want to be paid") is None
    assert origin(label.format("the-clocks-of-the-county-in-1906"), title="The clocks of our town") is None


def test_the_category_in_which_a_blog_put_its_post_is_no_origin() -> None:
    said = '<p>Dieser Beitrag wurde am 4. März 2020 in <a href="{}">Hafenzeitung</a> veröffentlicht.</p>'
    assert origin(said.format("https://orig.example/category/allgemein/")) is None
    assert origin(said.format(SAME)) == SAME


@pytest.mark.parametrize(
    "container",
    [
        '<div class="comment-body">{}</div>',
        '<ol class="commentlist"><li id="c-1">{}</li></ol>',
        '<section class="Comments"><div>{}</div></section>',
    ],
)
def test_what_a_reader_comments_is_no_claim(container: str) -> None:
    said = f'<p>This article was originally published at <a href="{SAME}">The Harbour Post</a>.</p>'
    assert origin(container.format(said)) is None
    assert origin(said + container.format("<p>So it was.</p>")) == SAME
    assert origin(container.format("<p>A good read.</p>") + said) == SAME
