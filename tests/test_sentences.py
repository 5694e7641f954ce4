"""Sentences of origin: in every language, in the places where they count, and what must not be taken for one."""

import itertools
import re
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import pytest

from aggregator.model import FeedSpec, Origin, RawEntry, RawFeed, RawText
from aggregator.refine import normalize
from aggregator.refine.blocks import edges, read
from aggregator.refine.lexicon import fold, spelled
from aggregator.refine.phrasebook import Language, languages, phrasebook
from aggregator.refine.provenance import trace
from aggregator.refine.reading import Statement
from aggregator.refine.sentences import might_speak, statements
from tests.origin_sentences import Sentence, sentences
from tests.pace import LONGER, some, within

PAGE = "https://orig.example/2020/post"
ORIG = f'<a href="{PAGE}">Orig</a>'
PLAIN = "<p>One plain paragraph of a text.</p>"
REAL = f"<p>{'A paragraph that says something. ' * 9}</p>"
SENTENCES = tuple(sentences())
CODES = tuple(dict.fromkeys(sentence.language for sentence in SENTENCES))


def said(html: str, title: str | None = None) -> tuple[Statement, ...]:
    return statements(edges(html), title)


# ── every language ─────────────────────────────────────────────────────────────────────────────────────────────────────


SPEC = FeedSpec(id="copy", url="https://copy.example/feed", shown_url="https://copy.example/feed")
FEED = RawFeed(version="atom10", title=RawText(value="Copy Digest"), link="https://copy.example/")
CONTEXT = normalize.context(SPEC, "copy", normalize.head(FEED, SPEC.url), SPEC.url)


def origin(html: str) -> Origin:
    """The origin of an entry with this content, of a feed at copy.example."""
    raw = RawEntry(
        id="1", link="https://copy.example/2021/a-day", title=RawText(value="A day"), contents=(RawText(value=html, type="html"),)
    )
    return trace(raw, html, CONTEXT).origin


def is_understood(sentence: Sentence, found: Origin) -> bool:
    chain = found.chain
    if not sentence.is_claim:
        return not chain
    if not chain:
        return False
    if sentence.name:
        return chain[0].name == sentence.name
    return chain[0].site == "orig.example" and (chain[0].page == PAGE or not sentence.names_the_page)


@pytest.mark.parametrize("code", CODES)
def test_every_language_is_understood_above_and_below_a_text(code: str) -> None:
    mine = [sentence for sentence in SENTENCES if sentence.language == code]
    # Of each sentence one place is tried, by turns.
    tries = [(sentence, is_first) for number, sentence in enumerate(mine) for is_first in (number % 2 == 0, number % 2 == 1)]
    wrong = [
        sentence.text
        for sentence, is_first in some(tries, 2)
        if not is_understood(sentence, origin(sentence.html + REAL * 3 if is_first else REAL * 3 + sentence.html))
    ]
    assert wrong == []


@pytest.mark.parametrize("code", CODES)
def test_neither_case_nor_line_ends_nor_tags_within_it_hide_a_sentence(code: str) -> None:
    for sentence in some([one for one in SENTENCES if one.language == code and one.is_claim and "](P)" in one.text], 3):
        html = sentence.html
        assert might_speak(html), html
        spaced = re.sub(r"(?<=\w) (?=\w)", "&nbsp;\n  ", re.sub(r"<[^>]*>", lambda tag: tag[0].replace(" ", "\0"), html)).replace("\0", " ")
        nested = f"<table><tr><td><div><small>{html[3:-4]}</small></div></td></tr></table>"
        torn = re.sub(r"\A<p>(?:<em>)?([^\W\d_<])", r"<p><span class='initial'>\1</span>", html)
        for changed in (spaced, nested, torn):
            assert PAGE in {statement.page for statement in said(changed + REAL)}, changed


def test_at_least_34_languages_are_tried_with_claims_and_with_what_only_sounds_like_one() -> None:
    counts = Counter((sentence.language, sentence.is_claim) for sentence in SENTENCES)
    assert set(CODES) == {language.code for language in languages()}
    assert len(CODES) >= 34
    claims, traps = 6, 4
    assert [code for code in CODES if counts[code, True] < claims or counts[code, False] < traps] == []
    asked = f"at least {claims} claims and {traps} that only sound like one"
    page = Path(__file__).parents[1] / "docs/provenance.md"
    assert asked in " ".join(page.read_text("utf-8").split()), "whoever adds a language is told"


def test_every_shape_is_needed_by_a_sentence_of_some_language() -> None:
    book = phrasebook()
    unused = {shape.name for shape in book.shapes.shapes if shape.role == "note"}
    claims = (sentence for sentence in SENTENCES if sentence.is_claim)
    while unused and (sentence := next(claims, None)):
        unused -= {found.rule.partition(":")[2] for found in said(sentence.html + REAL)}
    assert unused == set()


@pytest.mark.parametrize("language", languages(), ids=lambda language: language.code)
def test_every_word_stands_once_in_its_language(language: Language) -> None:
    """Of two classes that a word is at once, the key names both; otherwise which one counts would depend on their order."""
    places = Counter((word, classes) for classes, entries in language.marker.lexicon.tables.items() for word in _words(entries))
    twice = Counter(word for word, _ in places)
    assert [word for word, count in twice.items() if count > 1] == []


def _words(entries: str) -> set[str]:
    readings = (reading for entry in entries.split(",") for reading in spelled(entry))
    return {fold(" ".join(reading.replace("!", "").split())) for reading in readings if reading.strip()}


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
        f"<p>\u2067This article ori\u2060ginally appe\u00adared at\u2069 {ORIG}.</p>",
        f"<p>Cet article a e\u0301te\u0301 publie\u0301 a\u0300 l'origine sur {ORIG}.</p>",
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
    assert (statement.name, statement.page) == ("Orig", PAGE)


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


@pytest.mark.parametrize(
    "html",
    [
        f"<blockquote><p>Nobody spoke of the storm.</p></blockquote><p>Originally published in {ORIG}.</p>{REAL * 4}",
        f"{REAL * 4}<ol><li>Bell, A. Ten boats. First published in {ORIG}, 1934.</li></ol>",
        f"{REAL * 4}<p>Originally published in {ORIG}, the drawing hangs above his desk.</p>{REAL * 4}",
        f"{REAL * 4}<p>Show notes: the letter originally appeared in {ORIG}.</p>",
    ],
)
def test_who_says_not_what_first_appeared_is_believed_only_where_nothing_else_is_meant(html: str) -> None:
    assert said(html) == ()


def test_a_redirector_does_not_hide_that_the_link_leads_to_a_page() -> None:
    wrapped = f"https://l.facebook.com/l.php?u={quote(PAGE, safe='')}"
    assert [one.page for one in said(f'{REAL * 2}<p>Originally published in <a href="{wrapped}">Orig</a>.</p>')] == [PAGE]


def test_words_under_a_picture_are_about_the_picture() -> None:
    html = f"<figure><img src=x><figcaption>This story was originally published by {ORIG}.</figcaption></figure>{PLAIN}"
    assert said(html) == ()


def test_a_title_footer_needs_the_title() -> None:
    footer = '{} first appeared on <a href="https://orig.example/">Orig</a>.'
    assert said(f"<p>{footer.format('The gadget')}</p>", "A day") == ()
    assert len(said(f"<p>{footer.format('A day')}</p>", "A day")) == 1


def test_a_footer_under_another_title_is_about_another_text() -> None:
    """A list of other texts reads like a row of footers; the title of this one may be printed cut, or with more to it."""
    footer = '<p><a href="{}">{}</a> first appeared in <a href="https://orig.example/">Orig</a>.</p>'
    for title in ("A day at the mill", "Ann Bell: A day at the mill"):
        assert len(said(footer.format("https://r.example/1", "A day at the mi…"), title)) == 1
        assert said(footer.format("https://r.example/1", "Rain at last"), title) == ()
        assert len(said(footer.format("https://orig.example/1", "Rain at last"), title)) == 1


@pytest.mark.parametrize(
    ("line", "is_believed"),
    [
        ("First published in The Harbour Courier, 4 May 2022.", True),
        ("(First printed in The Harbour Courier, no. 12, p. 4.)", True),
        ("Reprinted from The Harbour Courier, no. 12 (2019), with permission.", True),
        ("First published in The Harbour Courier under a CC BY 4.0 licence.", True),
        ("First published in Great Britain in 1998.", False),
        ("First published in Great Britain, 1998.", False),
        ("First published in The Harbour Courier, whose 4 men wind clocks.", False),
    ],
)
def test_a_credit_needs_no_link_where_it_gives_the_issue(line: str, is_believed: bool) -> None:
    assert bool(origin(f"<p>{line}</p>" + REAL * 4).chain) is is_believed


# ── blocks ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_blocks_know_their_place_in_the_html() -> None:
    html = '<div>\n<p class="a b">One <a href="/x">two</a></p>three<br><br>four</div>'
    blocks = read(html)
    assert [block.text for block in blocks] == ["One two", "three", "four"]
    assert html[blocks[0].start : blocks[0].end] == '<p class="a b">One <a href="/x">two</a></p>'
    assert blocks[0].classes == "a b"
    assert [html[block.start : block.end] for block in blocks[1:]] == ["three<br>", "<br>four"]


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
    many = 10_000 * LONGER
    with within(0.7 * LONGER):
        (block,) = read("first posted on <a href='x'>y</a> " * many)
    assert len(block.links) == many


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
        "本文首发于",
        "a first. ",
        "“first published ",
        "a.b-",
        "&#9",
    ],
)
def test_the_worst_prefixes_cost_linear_time(unit: str) -> None:
    html = unit * (35_000 * LONGER // len(unit))
    with within(0.5 * LONGER):
        said(html, "A day")
        said(f"<p>{html[:20_000]}</p>", "A day")


@pytest.mark.parametrize("language", languages(), ids=lambda language: language.code)
def test_a_text_made_of_a_languages_own_key_words_costs_linear_time(language: Language) -> None:
    tables = language.marker.lexicon.tables
    words = [re.sub(r"[()\[\]*!]|\|[^)\]]*", "", tables[key].split(",")[0]) for key in ("first", "published", "at") if key in tables]
    unit = f"{' '.join(words)} <a href='https://a.example/1'>A</a> "
    with within(0.5 * LONGER):
        said(unit * (35_000 * LONGER // len(unit)), "A day")


def test_no_shape_and_no_chunk_looks_again_and_again_at_what_does_not_fit() -> None:
    """Each is tried on rows that repeat any two words; the slowest may not take much longer than such things do."""
    shapes = phrasebook().shapes
    letters = [letter for letter in shapes.alphabet.named if not shapes.alphabet.is_linked(letter)]
    for pattern in (*(shape.pattern for shape in shapes.shapes), *(level.pattern for level in shapes.levels)):
        with within(0.0005 * len(letters) ** 2 + 1):
            for one, other in itertools.product(letters, letters):
                pattern.match((one + other) * 36)


def test_thousands_of_tags_in_a_row_neither_hide_nor_move_what_is_said() -> None:
    sentence = f"<p>This article was originally published at {ORIG}.</p>"
    for tags in ("<div>" * 4_000, "<em><b>" * 15_000, "</div>" * 20_000):
        html = tags + sentence
        assert [statement.page for statement in said(html)] == [PAGE]
        block = edges(html).last[-1]
        assert html[block.start : block.end].endswith(sentence)
