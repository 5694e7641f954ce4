"""The sentences of phrases.toml: every form by its example, the places where they count, and what must not be taken for one."""

import re

import pytest

from aggregator.refine.blocks import edges, read
from aggregator.refine.cores import folded
from aggregator.refine.phrasebook import Form, keys_in, languages
from aggregator.refine.reading import Statement
from aggregator.refine.sentences import might_speak, statements
from tests.pace import within

PAGE = "https://orig.example/2020/post"
ORIG = f'<a href="{PAGE}">Orig</a>'
PLAIN = "<p>One plain paragraph of a text.</p>"
REAL = f"<p>{'A paragraph that says something. ' * 9}</p>"
FORMS = [form for language in languages() for form in language.forms]
_MARKED_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\](?!\())+?)\]\((\S+?)\)")


def said(html: str, title: str | None = None) -> tuple[Statement, ...]:
    return statements(edges(html), title)


def as_html(example: str) -> str:
    linked = _MARKED_LINK.sub(r'<a href="\2">\1</a>', example)
    return f"<p>{linked}</p>"


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.rule)
def test_every_form_reads_its_example(form: Form) -> None:
    html = PLAIN * 12 + as_html(form.example)
    assert might_speak(html)
    (statement, *others) = said(html, "A day")
    assert statement.page == PAGE
    assert not others


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.rule)
def test_every_form_is_read_at_the_top_too(form: Form) -> None:
    assert [statement.page for statement in said(as_html(form.example) + PLAIN * 12)] == [PAGE]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.rule)
def test_no_form_is_missed_for_its_case_its_line_ends_or_tags_within_it(form: Form) -> None:
    plain = _MARKED_LINK.sub(r"\1", form.example)
    linked = as_html(form.example)
    torn = re.sub(r"(?<=<p>)([^\W\d_])", r"<span class='initial'>\1</span>", linked)
    for html in (linked, torn, linked.replace(" ", "\n\n  "), linked.replace("<p>", "<section>Some words</section><section>")):
        assert might_speak(html), html
    assert form.cores
    for text in (plain, plain.upper(), plain.replace(" ", "\n")):
        assert all(core.is_linked or core.is_in(folded(text), keys_in(folded(text))) for core in form.cores), text


def test_every_language_has_a_form_and_words_to_be_recognised_by() -> None:
    assert len(languages()) >= 20
    for language in languages():
        assert language.forms, language.code
        assert language.triggers, language.code


# ── variants ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "html",
    [
        f"<p><em>This piece originally ran in {ORIG}.</em></p>",
        f"<p>[This review was originally posted at the {ORIG} on June 6, 2014.]</p>",
        f"<p>Editor’s Note: The following post was originally published by {ORIG}, our partner.</p>",
        f"<p>This is an edited version of an article that originally appeared on {ORIG}.</p>",
        f"<p>A version of this story ran first on {ORIG}.</p>",
        f"<p>This article was originally published by <a href='https://orig.example/author/ann'>Ann Bell</a> on {ORIG}.</p>",
        f'<p>This <a href="{PAGE}">article</a> first appeared on <a href="https://orig.example/">Orig</a> and is republished here.</p>',
        f'<p>This post <a href="{PAGE}"> originally appeared on the Orig blog </a>and was given to us.</p>',
        f"<p>Originally published at {PAGE}</p>",
        f"<p>This post first appeared on Orig: {PAGE}.</p>",
        f"<p>This article origin&#97;lly appe&#97;red at {ORIG}.</p>",
        f"<p>This article<br/>originally appeared at {ORIG}.</p>",
        f"<p>This\u00a0article originally\n appeared at {ORIG}.</p>",
        f"This article originally appeared at {ORIG}.",
    ],
)
def test_the_many_ways_to_say_it(html: str) -> None:
    for whole in (html + PLAIN * 9, PLAIN * 9 + html):
        assert PAGE in {statement.page for statement in said(whole)}


def test_the_link_that_says_original_gives_the_page_and_the_name_the_source() -> None:
    html = (
        f'<p>This article is republished from <a href="https://orig.example/">Orig</a>. Read the <a href="{PAGE}">original article</a>.</p>'
    )
    (statement,) = said(html)
    assert (statement.name, statement.page, statement.home) == ("Orig", PAGE, "https://orig.example/")


def test_the_original_may_be_linked_from_the_next_block() -> None:
    (statement, *_) = said(f'<p>This story was originally published by Orig.</p><p>Read the <a href="{PAGE}">original</a>.</p>{PLAIN * 9}')
    assert statement.name == "Orig"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("the U.S. Garden Club", "U.S. Garden Club"),
        ("the Orig on May 3", "Orig"),
        ("The Orig on May 3", "The Orig"),
        (f'The <a href="{PAGE}">Orig</a>', "Orig"),
        (f'the <a href="{PAGE}">The Orig</a>', "The Orig"),
        (f'<a href="{PAGE}">the Orig</a>', "Orig"),
        ("“Orig & Sons” under a licence", "Orig & Sons"),
        ("Orig.net", "Orig.net"),
        (f'<a href="{PAGE}">my blog</a>', None),
        (f'<a href="{PAGE}">My Blog</a>', None),
        (f'<a href="{PAGE}">here</a>', None),
    ],
)
def test_a_name_is_what_people_would_call_the_source(words: str, name: str | None) -> None:
    (statement,) = said(f"<p>This story was originally published at {words}.</p>{PLAIN}")
    assert statement.name == name


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        (f'Dieser Artikel erschien zuerst in <a href="{PAGE}">Die Woche</a>.', "Die Woche"),
        ("Dieser Artikel erschien zuerst in Die Woche.", "Die Woche"),
        (f'Dieser Artikel erschien zuerst in der <a href="{PAGE}">Woche</a>.', "Woche"),
        (f'Cet article a été publié à l\'origine par <a href="{PAGE}">Le matin</a>.', "Le matin"),
        (f'Este artículo se publicó originalmente en <a href="{PAGE}">El Faro</a>.', "El Faro"),
        (f'Questo articolo è stato pubblicato originariamente su <a href="{PAGE}">Il Foglietto</a>.', "Il Foglietto"),
        (f'Este artigo foi publicado originalmente em <a href="{PAGE}">O Bairro</a>.', "O Bairro"),
        (f'Dit artikel verscheen eerder in <a href="{PAGE}">Het Blad</a>.', "Het Blad"),
        (f'Den här artikeln publicerades ursprungligen i <a href="{PAGE}">Den Nya</a>.', "Den Nya"),
    ],
)
def test_an_article_that_belongs_to_a_name_stays(sentence: str, name: str) -> None:
    (statement,) = said(f"<p>{sentence}</p>{PLAIN}")
    assert statement.name == name


def test_two_hops_in_one_sentence_are_both_read() -> None:
    html = f"<p>This article originally appeared on {ORIG} and is republished with permission. via: https://copy.example/2020/p</p>"
    (statement,) = said(html)
    assert statement.vias == (("copy.example", "https://copy.example/2020/p"),)


# ── traps ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

TRAPS = [
    f"This post is a response to an article originally published on {ORIG}.",
    f"This post is about a story that first appeared on {ORIG}.",
    f"I once wrote a column that first appeared on {ORIG}; this is not that column.",
    f"An interview with the maker, which originally appeared at {ORIG}, tells more.",
    f"The best overview was first published by {ORIG} some years ago.",
    f"The photo above was originally published by {ORIG}.",
    f"This video originally appeared on {ORIG}.",
    f"My book was first published by {ORIG} in 2010.",
    "This article was originally published in 2015 and has been updated.",
    "This story was originally published March 23, 2024, 7:00 AM.",
    "Editor’s note: this guide was originally published in February 2021 and has been updated.",
    "This article was originally written in German.",
    "Originally published in 2012.",
    "The gadget first appeared in 1906, long before anyone had a use for it.",
    "The paper was originally published at a symposium; here I only look at one table.",
    f"Via {ORIG}.",
    f"Posted via {ORIG}.",
    f"Cross-posted at {ORIG}.",
    f"This post is also cross-posted on {ORIG}.",
    f"This story also ran on {ORIG}.",
    f"This story was later republished by {ORIG}.",
    f"This essay is adapted from my book, published by {ORIG}.",
    "The clip was cross-posted from TikTok so often that nobody knows who filmed it.",
    "I have turned off cross-posting to other networks.",
    "Reprinted with permission.",
    f"Originally from the coast, I moved to {ORIG}.",
    "Dieser Beitrag wurde zuerst am 3. Mai 2021 veröffentlicht und seither aktualisiert.",
    "Entrada publicada originalmente el 3 de mayo de 2021 y actualizada hoy.",
    "Texto publicado originalmente em 3 de maio de 2021 e atualizado hoje.",
]


@pytest.mark.parametrize("trap", TRAPS)
def test_what_only_sounds_like_a_claim_is_none(trap: str) -> None:
    for html in (f"<p>{trap}</p>{PLAIN * 9}", f"{PLAIN * 9}<p>{trap}</p>", f"<p>{trap} And on it goes.</p>"):
        assert [statement for statement in said(html) if statement.role != "hint"] == []


def test_a_sentence_in_the_middle_is_not_read() -> None:
    note = f"<p>This article originally appeared at {ORIG}.</p>"
    for before, after in ((REAL * 4, REAL * 5), (PLAIN + REAL * 3, REAL * 4 + PLAIN), (PLAIN * 10, PLAIN * 10)):
        assert said(before + note + after) == ()


def test_what_a_site_prints_around_a_text_does_not_hide_the_sentence() -> None:
    above = (
        "<p><strong>Support us.</strong></p><p>PEOPLE</p><h1>A day</h1><p>What happened on one.</p><p>By Ann Bell</p><p>3 May</p>"
        "<p><em>Editor's note: we liked it.</em></p>"
    )
    below = "<p>Like it? Support us.</p><p>Share</p><p>Tell a friend</p><h3>Comments</h3><p>Be kind.</p><p>Sign with a name.</p>"
    note = f"<p><em>This article originally appeared at {ORIG}.</em></p>"
    for html in (above + note + REAL * 9 + below, above + REAL * 9 + note + below):
        assert [statement.page for statement in said(html)] == [PAGE]


def test_one_long_note_may_stand_before_the_sentence() -> None:
    note = f"<p>This article originally appeared at {ORIG}.</p>"
    assert len(said(f"<p>Support us.</p><p>PEOPLE</p><p>A line.</p>{REAL}{note}{REAL * 9}")) == 1


def test_a_quotation_speaks_for_somebody_else_unless_it_opens_the_text() -> None:
    quoted = f"<blockquote><p>This article originally appeared at {ORIG}.</p></blockquote>"
    assert said(PLAIN + quoted + PLAIN) == ()
    assert len(said(f"<h1>A day</h1>{quoted}{PLAIN}")) == 1


def test_words_under_a_picture_are_about_the_picture() -> None:
    html = f"<figure><img src=x><figcaption>This story was originally published by {ORIG}.</figcaption></figure>{PLAIN}"
    assert said(html) == ()


def test_a_title_footer_needs_the_title() -> None:
    footer = '{} first appeared on <a href="https://orig.example/">Orig</a>.'
    assert said(f"<p>{footer.format('The gadget')}</p>", "A day") == ()
    assert len(said(f"<p>{footer.format('A day')}</p>", "A day")) == 1


# ── blocks ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_blocks_know_their_place_in_the_html() -> None:
    html = '<div>\n<p class="a b">One <a href="/x">two</a></p>three<br><br>four</div>'
    blocks = read(html)
    assert [block.text for block in blocks] == ["One two", "three", "four"]
    assert html[blocks[0].start : blocks[0].end] == '<p class="a b">One <a href="/x">two</a></p>'
    assert blocks[0].classes == "a b"
    assert [html[block.start : block.end] for block in blocks[1:]] == ["three", "<br>four"] or html[blocks[1].start :].startswith("three")


def test_a_quotation_that_is_never_closed_does_not_swallow_the_rest() -> None:
    assert [block.kind for block in read("<figure><img><p>One.</p><p>Two.</p>")] == ["text", "text"]


def test_a_quotation_that_began_before_the_tail_is_still_one() -> None:
    assert [block.kind for block in read("<p>One.</p></blockquote><p>Two.</p>", is_tail=True)] == ["quote", "text"]


def test_a_number_without_end_is_no_trouble() -> None:
    html = f"<p>&#{'9' * 5000}; first published</p><a href='&#{'9' * 5000};'>x</a>"
    assert might_speak(html)
    assert len(read(html)) == 2


def test_scripts_and_comments_are_not_read() -> None:
    assert [block.text for block in read("<script>a<b</script><!-- no --><p>One</p><style>x")] == ["One"]


# ── time ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_many_links_in_one_block_cost_linear_time() -> None:
    with within(2.0):
        (block,) = read("first posted on <a href='x'>y</a> " * 30_000)
    assert len(block.links) == 30_000


@pytest.mark.parametrize(
    "unit",
    [
        "the post ",
        "this article originally ",
        "originally published by a b c ",
        "this is a version of this article ",
        "[(first posted in ",
        "<blockquote>",
        "<p>this <a href='x'>article</a>",
        "<!--",
        "<a href=\"'",
        "<figure><p>first",
        "投稿 は",
        "a first. ",
    ],
)
def test_the_worst_prefixes_cost_linear_time(unit: str) -> None:
    html = unit * (100_000 // len(unit))
    with within(1.0):
        said(html, "A day")
        said(f"<p>{html[:20_000]}</p>", "A day")
