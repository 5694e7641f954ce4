"""`strip: [auto]`: what a feed prints around every entry goes, and nothing that says something of one entry."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Entry, RawEntry, RawFeed, RawText
from aggregator.refine import normalize
from aggregator.refine.blocks import read
from aggregator.refine.repeated import marks, repeated, without_repeated
from aggregator.refine.sourcing import Own
from aggregator.web.text import visible_text
from tests.test_normalize import feed_context

PLEA = "<p><strong>Support this site: become a member.</strong></p>"
RULES = "<h3>Comments</h3><p>Comments are open. Be kind and sign with a name.</p>"


def body(number: int) -> str:
    return f"<p>Text {number} begins here and goes on for a while, as texts do.</p><p>It goes on, {number}, and ends here.</p>" * 2


def texts(count: int, above: str = PLEA, below: str = RULES) -> list[str]:
    return [above + body(number) + below for number in range(count)]


OWN = Own(feed_context())


def repeated_blocks(htmls: list[str]) -> frozenset[str]:
    return repeated([marks(html, OWN) for html in htmls])


def stripped(html: str, others: list[str]) -> str:
    return without_repeated(html, repeated_blocks([html, *others]), OWN)[0]


# ── what goes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("count", [3, 4, 20])
def test_what_stands_around_every_entry_goes(count: int) -> None:
    first, *others = texts(count)
    assert stripped(first, others) == body(0)


def test_what_went_is_told_in_words() -> None:
    _, words = without_repeated(texts(1)[0], repeated_blocks(texts(4)), OWN)
    assert words == ("Support this site: become a member.", "Comments", "Comments are open. Be kind and sign with a name.")


def test_markup_and_tracking_make_no_difference() -> None:
    pleas = [
        f'<div class="c{n}"><p>Support <a href="https://blog.example/join?utm_campaign=post-{n}">this\n site</a>.</p></div>'
        for n in range(4)
    ]
    htmls = [plea + body(number) for number, plea in enumerate(pleas)]
    assert stripped(htmls[0], htmls[1:]) == body(0)


def test_a_few_entries_without_it_do_not_save_it() -> None:
    first, *others = texts(7)
    assert stripped(first, [*others, body(8), body(9), body(10)]) == body(0)
    assert stripped(body(8), [first, *others]) == body(8)


# ── what stays ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_stands_in_fewer_entries_stays() -> None:
    first, *others = texts(3)
    assert stripped(first, [*others, body(3), body(4)]) == first  # 60 %, not more
    assert stripped(first, others[:1]) == first  # two of two
    assert stripped(first, [*others[:1], body(3)]) == first  # two of three


@pytest.mark.parametrize(
    "block",
    [
        '<p>This article originally appeared at <a href="https://orig.example/2020/post">Orig</a>.</p>',
        '<p>Republished with permission from <a href="https://orig.example/">Orig</a>.</p>',
        '<p>This work is under <a href="https://creativecommons.org/licenses/by/4.0/">these terms</a>.</p>',
        "<p>© Orig Media, all that stands here.</p>",
        "<p>Published under a CC BY licence.</p>",
        '<p>Thank you for reading.<img src="https://orig.example/count.gif" width="1" height="1"></p>',
        "<p>Short</p>",
        f"<p>{'So long that it may be a text. ' * 20}</p>",
        "<table><tr><td>Temperature</td><td>Wind and rain</td></tr></table>",
        "<ul><li>Fixes of small mistakes</li></ul>",
        "<ul><li> <p>Fixes of small mistakes</p></li></ul>",
        "<p>Host: Jane Roe</p>",
        "<pre>make all && make install</pre>",
        "<p>To upgrade, call:</p>",
        "<h2>What is new here</h2>",
        "<p>By Jane Roe</p>",
        "<p>Text: Jane Roe, Fotos: Jan Kowalski</p>",
        "<p>Foto Jan Kowalski</p>",
        "<p>写真：山田太郎、東京にて</p>",
    ],
)
def test_what_may_say_something_stays(block: str) -> None:
    htmls = [block + body(number) for number in range(5)]
    assert stripped(htmls[0], htmls[1:]) == htmls[0]


def test_what_is_announced_stays_with_what_announces_it() -> None:
    htmls = [f"{body(n)}<p>Get release {n} here:</p><p>See our page of downloads.</p>" for n in range(5)]
    assert stripped(htmls[0], htmls[1:]) == htmls[0]


def test_links_that_differ_are_not_the_same_block() -> None:
    htmls = [f'{body(n)}<p><a href="https://blog.example/{n}.mp3">Download this episode</a></p>' for n in range(5)]
    assert stripped(htmls[0], htmls[1:]) == htmls[0]


def test_what_is_repeated_in_the_middle_stays() -> None:
    htmls = [f"{body(n)}<p>Support this site.</p>{body(n + 10)}" for n in range(5)]
    assert stripped(htmls[0], htmls[1:]) == htmls[0]


def test_an_entry_that_is_mostly_what_the_others_say_stays_whole() -> None:
    htmls = ["<p>This incident has been resolved.</p><p>Fixed.</p>"] * 5
    assert stripped(htmls[0], htmls[1:]) == htmls[0]


_BLOCKS = st.sampled_from(["Support this site.", "Be kind and sign.", "One of many texts", "Another text of some length", "© Orig 2020"])
_HTMLS = st.lists(st.lists(_BLOCKS, max_size=7).map(lambda words: "".join(f"<p>{each}</p>" for each in words)), max_size=6)


@given(_HTMLS, st.randoms(use_true_random=False))
def test_only_repeated_blocks_go_never_half_of_a_text_and_order_does_not_matter(htmls, random) -> None:
    found = repeated_blocks(htmls)
    shuffled = list(htmls)
    random.shuffle(shuffled)
    assert repeated_blocks(shuffled) == found
    for html in htmls:
        rest, words = without_repeated(html, found, OWN)
        assert {mark for each in words for mark in marks(f"<p>{each}</p>", OWN)} <= found
        assert [b.text for b in read(html) if b.text not in words] == [b.text for b in read(rest) if b.text not in words]
        assert not words or 2 * len(visible_text(rest)) > len(visible_text(html)) - 8


def test_a_plea_that_begins_like_a_byline_goes() -> None:
    first, *others = texts(4, above="<p>By joining you keep this site alive.</p>")
    assert stripped(first, others) == body(0)


# ── in a document ──────────────────────────────────────────────────────────────────────────────────────────────────────


def raw(number: int, html: str) -> RawEntry:
    return RawEntry(id=str(number), title=RawText(value=f"Post {number}"), contents=(RawText(value=html, type="html"),))


def refined(*entries: RawEntry, strip: tuple[str, ...] = ("auto",)) -> list[Entry]:
    made = normalize.entries(RawFeed(version="rss20", entries=entries), feed_context(strip=strip))
    return [one for one in made if one]


def test_a_feed_that_asks_for_it_loses_what_its_document_repeats() -> None:
    made = refined(*(raw(number, html) for number, html in enumerate(texts(4))))
    assert [one.content for one in made] == [body(number) for number in range(4)]
    assert made[0].stripped[0] == "auto: repeated: Support this site: become a member."
    assert made[0].text_start.startswith("text 0 begins")


def test_a_feed_that_does_not_ask_keeps_everything() -> None:
    made = refined(*(raw(number, html) for number, html in enumerate(texts(4))), strip=("css:.x",))
    assert all("Support this site" in (one.content or "") for one in made)
    assert not any(one.stripped for one in made)


def test_summaries_are_compared_with_summaries() -> None:
    entries = [
        replace(raw(n, html), summary=RawText(value=f"<p>Brief {n}, of the text below.</p><p>Read more on our site.</p>", type="html"))
        for n, html in enumerate(texts(4))
    ]
    assert [one.summary for one in refined(*entries)] == [f"<p>Brief {n}, of the text below.</p>" for n in range(4)]


def test_an_entry_among_other_neighbours_has_not_changed() -> None:
    first, *others = (raw(number, html) for number, html in enumerate(texts(4)))
    among, alone = refined(first, *others)[0], refined(first)[0]
    assert among.content != alone.content
    assert among.content_hash == alone.content_hash
    edited = replace(first, contents=(RawText(value=PLEA + body(7) + RULES, type="html"),))
    assert refined(edited, *others)[0].content_hash != among.content_hash


def test_an_entry_that_stands_twice_in_a_document_counts_once() -> None:
    first, second = raw(0, PLEA + body(0)), raw(1, body(1))
    (one, _) = refined(first, first, first, first, second)
    assert "Support this site" in (one.content or "")


def test_what_a_claim_rests_on_is_read_before_anything_goes() -> None:
    note = '<p>This story was first published in <a href="https://orig.example/2020/post">Orig</a>.</p>'
    made = refined(*(raw(number, PLEA + note + body(number)) for number in range(4)))
    assert all(one.origin.chain[0].site == "orig.example" for one in made)
    assert all("Support this site" not in (one.content or "") and "first published" in (one.content or "") for one in made)
