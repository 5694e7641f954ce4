"""What may be published of foreign HTML, and how it begins."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from html import escape
from importlib import util
from pathlib import Path

import pytest

from aggregator.model import RawText, SafeHtml
from aggregator.refine.markup import MAX_CONTENT, clean_html, fitted, from_text, opening, title
from aggregator.web.text import visible_text
from tests.pace import IS_LONG, LONGER, within

BASE = "https://blog.example/feed.xml"
REL = 'rel="noopener noreferrer"'


# ── clean_html ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("html", ['<a href="javascript:1"><table><a></table>', "<a><a><table><a></a></table></a>", "<p><a><p></p></a></p>"])
def test_links_without_an_address_within_each_other_leave_nothing_to_clean(html: str) -> None:
    assert clean_html(clean_html(html, BASE), BASE) == clean_html(html, BASE)


def test_an_ordinary_post_keeps_what_makes_it_one():
    post = (
        '<h2>Head</h2><p>Text with <em>stress</em>, <code>code</code> and <a href="https://a.example/x?id=1#y" title="t">a link</a>.</p>'
        '<ul><li>one</li><li>two</li></ul><ol start="3"><li>three</li></ol><pre><code>if a &lt; b:\n    pass</code></pre>'
        '<figure><img src="https://a.example/i.png" alt="i" width="20" height="10"><figcaption>cap</figcaption></figure>'
        '<blockquote cite="https://a.example/q">q</blockquote><table><thead><tr><th scope="col">h</th></tr></thead>'
        '<tbody><tr><td colspan="2">d</td></tr></tbody></table><p>x<sup>2</sup> <del>a</del> <ins datetime="2024-01-01">b</ins></p>'
    )
    assert clean_html(post, BASE) == post.replace(' title="t">', f' title="t" {REL}>')


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>x()</script>",
        "<style>*{}</style>",
        '<a href="javascript:x()">',
        '<a href="jav&#x09;ascript:x()">',
        '<a href="data:text/html,x">',
        '<img src="data:image/png;base64,AAAA">',
        '<img src="x" onerror="x()">',
        "<svg><script>x()</script></svg>",
        '<form action="/x"><input name="y"></form>',
        '<p style="position:fixed" class="x" id="y">',
        '<base href="https://evil.example/">',
        '<meta http-equiv="refresh" content="0">',
        "<template><p>x</template>",
        '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    ],
)
def test_nothing_active_survives(hostile):
    cleaned = clean_html(f"<p>before</p>{hostile}", BASE).lower()
    for word in (
        "<script",
        "<style",
        "javascript:",
        "data:",
        " onerror=",
        "<svg",
        "<form",
        "<input",
        " class=",
        " id=",
        " style=",
        "<base",
        "<meta",
    ):
        assert word not in cleaned
    assert "<p>before</p>" in cleaned


def test_addresses_become_absolute_and_lose_what_tracks():
    html = '<a href="../b?utm_source=rss&p=1">b</a><img src="/i.png?utm_source=x"><a href="//c.example/">c</a>'
    assert clean_html(html, "https://blog.example/x/feed") == (
        f'<a href="https://blog.example/b?p=1" {REL}>b</a><img src="https://blog.example/i.png?utm_source=x">'
        f'<a href="https://c.example/" {REL}>c</a>'
    )


def test_without_a_base_what_is_relative_is_no_link():
    assert clean_html('<a href="/b">b</a><img src="i.png">') == "b"


def test_a_footnote_counts_from_its_page_and_not_from_the_feed():
    assert (
        clean_html('<a href="#fn1">1</a>', BASE, page="https://blog.example/post") == f'<a href="https://blog.example/post#fn1" {REL}>1</a>'
    )
    assert clean_html('<a href="#fn1">1</a>', BASE) == "1"


def test_mail_may_be_linked():
    assert clean_html('<a href="mailto:me@blog.example?subject=Hi">m</a>') == f'<a href="mailto:me@blog.example?subject=Hi" {REL}>m</a>'


def test_a_counter_of_one_pixel_vanishes_and_a_picture_stays():
    html = '<p>a<img src="/c.gif" width="1" height="1"><img src="/d.gif" height=0><img src="/p.png" width="100"></p>'
    assert clean_html(html, BASE) == '<p>a<img src="https://blog.example/p.png" width="100"></p>'


@pytest.mark.parametrize(
    ("attributes", "shown"),
    [
        ('style="width:1px; height:1px"', None),
        ('style="border:0;width:0"', None),
        ('width="1px" height="1px"', None),
        ('style="height: 1em; max-height: 1em;"', 'height="16"'),
        ('style="width:1.5em;height:20px"', 'width="24" height="20"'),
        ('width="600px" height="400"', 'width="600" height="400"'),
        ('style="width:50%;height:auto;border-width:1px"', ""),
        ('style="width:1px;min-width:100%"', ""),
        ('style="max-width:10px;width:90px"', ""),
        ('width="20" style="width:1px"', 'width="20"'),
    ],
)
def test_a_picture_has_the_size_that_its_style_gives_if_that_is_a_small_one(attributes: str, shown: str | None) -> None:
    picture = "" if shown is None else f'<img src="https://a.example/p.png"{f" {shown}" if shown else ""}>'
    assert clean_html(f'<p>a <img src="https://a.example/p.png" {attributes}></p>') == f"<p>a {picture}</p>"


def test_players_become_plain_links():
    html = (
        '<p>see</p><iframe src="//video.example/embed/1" title="A talk"></iframe>'
        '<video poster="/p.png"><source src="/v.mp4">Your browser cannot.</video><audio src="https://a.example/s.mp3"></audio>'
    )
    assert clean_html(html, BASE) == (
        f'<p>see</p><p><a href="https://video.example/embed/1" {REL}>A talk</a></p>'
        f'<p><a href="https://blog.example/v.mp4" {REL}><img src="https://blog.example/p.png" alt=""><br>https://blog.example/v.mp4</a></p>'
        f'<p><a href="https://a.example/s.mp3" {REL}>https://a.example/s.mp3</a></p>'
    )


def test_a_picture_that_a_script_would_load_is_shown():
    html = '<img class="lazy" src="data:image/gif;base64,R0" data-src="/real.png" alt="r">'
    assert clean_html(html, BASE) == '<img src="https://blog.example/real.png" alt="r">'


@pytest.mark.parametrize("name", ["data-original", "data-opt-src", "data-cfsrc", "nitro-lazy-src", "data-lazyload"])
def test_a_picture_that_holds_the_place_of_one_gives_way_to_it_whatever_names_that(name: str) -> None:
    assert clean_html(f'<img src="data:image/svg+xml;base64,R0" {name}="/real.png">', BASE) == '<img src="https://blog.example/real.png">'
    assert clean_html(f'<img {name}="/real.png">', BASE) == '<img src="https://blog.example/real.png">'


def test_a_bigger_picture_to_zoom_into_takes_no_place() -> None:
    assert clean_html('<img src="/a.png" data-zoom-src="/a-4000.png">', BASE) == '<img src="https://blog.example/a.png">'


def test_a_player_within_the_frame_of_a_service_is_linked_itself() -> None:
    query = "src=https%3A%2F%2Fvideo.example%2Fembed%2F1&amp;url=https%3A%2F%2Fvideo.example%2F1"
    assert (
        clean_html(f'<iframe src="https://cdn.embedly.com/widgets/media.html?{query}"></iframe>')
        == f'<p><a href="https://video.example/1" {REL}>https://video.example/1</a></p>'
    )


PICTURE = '<img src="https://a.example/r.png" alt="r">'


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>a <noscript>plain <b>words</b></noscript></p>", "<p>a plain <b>words</b></p>"),
        (
            '<noscript><a href="https://a.example/poll">Take the poll</a></noscript>',
            f'<a href="https://a.example/poll" {REL}>Take the poll</a>',
        ),
        (
            f'<img class="lazy" src="/dot.gif" data-src="https://a.example/r.png?w=9">\n<noscript>{PICTURE}</noscript><p>t</p>',
            f"\n{PICTURE}<p>t</p>",
        ),
        (
            f'<noscript>{PICTURE}</noscript> <img src="data:image/gif;base64,R0" data-src="https://a.example/r.png"><p>t</p>',
            f"{PICTURE} <p>t</p>",
        ),
        (
            f'<img data-src="/1.png" src="/dot.gif"><p>t</p><noscript>{PICTURE}</noscript>',
            f'<img src="https://blog.example/1.png"><p>t</p>{PICTURE}',
        ),
        ('<video src="/v.mp4"><img data-src="/1.png"></video><p>t</p><noscript>' + PICTURE + "</noscript>", None),
        ('<noscript><iframe src="https://count.example/ns" width="0" height="0"></iframe></noscript><p>t</p>', "<p>t</p>"),
        ('<noscript><p title="</noscript><img src=x onerror=alert(1)>">t</p></noscript>', None),
    ],
)
def test_what_stands_there_for_readers_without_scripts_is_shown_and_no_picture_twice(html: str, shown: str | None) -> None:
    cleaned = clean_html(html, BASE)
    assert shown is None or cleaned == shown
    assert not {"<", "&"} & set(visible_text(cleaned))
    assert cleaned.count("<img") <= 2
    assert clean_html(cleaned, BASE) == cleaned


@pytest.mark.parametrize(
    ("html", "source"),
    [
        ('<img srcset="/b.jpg 1x, /c.jpg 2x" alt="b">', "/b.jpg"),
        ('<img src="data:image/gif;base64,R0" data-srcset="/b.jpg, /c.jpg 2x">', "/b.jpg"),
        ('<img src="/a.jpg" srcset="/b.jpg 2x">', "/a.jpg"),
    ],
)
def test_a_picture_of_several_sizes_alone_is_shown_in_the_first(html: str, source: str) -> None:
    assert f'src="https://blog.example{source}"' in clean_html(html, BASE)


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ('<div style="display:none;max-height:0px;overflow:hidden">Open me &zwnj;&nbsp;&#847;</div><p>Dear all</p>', "<p>Dear all</p>"),
        ('<span style="mso-hide:all;display: none !important"><b>Open</b> me<br></span><p>Dear all</p>', "<p>Dear all</p>"),
        ('<DIV style="DISPLAY: none; MAX-HEIGHT: 0px">Open me</DIV><p>Dear all</p>', "<p>Dear all</p>"),
        ('<div style="display:none">An answer that folds out</div><p>Dear all</p>', "<div>An answer that folds out</div><p>Dear all</p>"),
        ('<div style="font-size:1px">fine print</div><p>Dear all</p>', "<div>fine print</div><p>Dear all</p>"),
        ('<p style="display:none;line-height:1.5">folds out</p>', "<p>folds out</p>"),
    ],
)
def test_what_a_letter_shows_in_a_list_of_unread_mail_only_is_not_shown(html: str, shown: str) -> None:
    assert clean_html(html) == shown


def test_a_tag_that_hides_and_is_closed_nowhere_hides_no_text() -> None:
    text = "The ferry left at six with nobody aboard. " * 20
    assert visible_text(clean_html(f'<div style="display:none;max-height:0">Open me<p>{text}</p>')) == f"Open me\n{text.strip()}"


def test_a_picture_of_an_amp_page_stands_once() -> None:
    html = f'<amp-img src="https://a.example/r.png" alt="r"><noscript>{PICTURE}</noscript></amp-img><p>t</p>'
    assert clean_html(html) == f"{PICTURE}<p>t</p>"


def test_a_formula_keeps_its_characters():
    html = '<p>So <math alttext="a^2"><mi>a</mi></math> and <math><mi>b</mi><mo>=</mo><mn>3</mn></math>.</p>'
    assert clean_html(html) == "<p>So <code>a^2</code> and b=3.</p>"


def test_a_formula_that_a_page_sets_twice_is_shown_once() -> None:
    math = '<math><semantics><msup><mi>x</mi><mn>2</mn></msup><annotation encoding="application/x-tex">x^2</annotation></semantics></math>'
    again = '<span class="katex-html" aria-hidden="true"><span>x</span><span>2</span></span>'
    assert clean_html(f"<p>So <span><span>{math}</span>{again}</span> grows <b aria-hidden='true'>fast</b>.</p>") == (
        "<p>So <code>x^2</code> grows <b>fast</b>.</p>"
    )
    picture = '<img src="https://a.example/x2.svg" aria-hidden="true" alt="x^2">'
    assert clean_html(f'<p><span><math alttext="x^2"><mi>x</mi></math></span>{picture} {picture}</p>').count("<img") == 1
    assert clean_html('<math><mi>x</mi><annotation encoding="StarMath">x sup 2</annotation></math>') == "x"


def test_neighbours_do_not_run_together_where_their_element_may_not_stay():
    assert clean_html("<center>a</center><center>b</center><details><summary>s</summary>t</details>") == (
        "<div>a</div><div>b</div><div><div>s</div>t</div>"
    )


def test_text_without_markup_stays_as_it_is():
    assert clean_html("a > b, c") == "a &gt; b, c"
    assert clean_html("fish & chips &copy; 1") == "fish &amp; chips © 1"


def test_characters_that_xml_forbids_vanish_however_they_are_written():
    assert clean_html("<p>a\x01&#2;&#xFFFE;b\ud800</p>") == "<p>ab\ufffd</p>"


def test_the_output_is_balanced_whatever_was_left_open():
    assert clean_html("</div><ul><li><b>a<p>b</ul>c") == "<ul><li><b>a<p>b</p></b></li></ul><b>c</b>"


_MANY = 7_000 * LONGER
_BODIES = {
    "nested divs": "<div>" * _MANY + "x" + "</div>" * _MANY,
    "unclosed divs": "<div>" * 2 * _MANY + "x",
    "inline elements that each block repeats": "".join(f"<i x={n}><p>" for n in range(_MANY // 2)) + "x",
    "few of them": "".join(f"<i x={n}><p>" for n in range(450)) + "x",
    "well nested, and still repeated": "<p>" + "".join(f"<i x={n}><p>" for n in range(90)) + "<p>x</p>" * (_MANY // 2),
    "nested links": '<a href="x">' * (_MANY // 2) + "x",
    "nested tables": "<table><td>" * (_MANY // 2) + "x",
    "ampersands": "x" + "&" * 3 * _MANY,
    "ampersands and letters": "<b>x" + "&x" * 2 * _MANY,
    "less-than signs": "x" + "<" * 10 * _MANY,
    "an endless tag": "x<img " + "a " * 5 * _MANY,
    "comments": "x<!--" * _MANY,
    "players": '<iframe src="x"></iframe>' * (_MANY // 4) + "x",
    "late pictures": '<noscript><img src="x"></noscript>' + ' <img data-src="x">' * _MANY + "x",
    "noscripts": "<noscript>" * 2_000 + "x<b>x</b>" * _MANY,
    "letters of a formula": '<math alttext="x"></math>x' + '<b aria-hidden="true">x</b>' * 4 * _MANY,
    "hidden elements": '<div style="display:none;max-height:0">' * 190 + "word " * 12 * _MANY,
    "rows": "<table>" + "<tr><td>x" * (_MANY // 2),
    "words in a table": "<table>" + "<p>x" * (_MANY // 2),
    "words": "<p>word and word " * (60_000 if IS_LONG else _MANY),
}


@pytest.mark.parametrize("name", _BODIES)
def test_no_body_is_slow_deep_or_large(name):
    # A tenth of that where nothing else runs; without the limits many times that.
    with within(3.0 if name == "few of them" else LONGER):
        cleaned = clean_html(_BODIES[name], BASE)
    assert len(cleaned) <= MAX_CONTENT
    assert _depth(cleaned) <= 200
    assert visible_text(cleaned).startswith(("x", "h", "w"))


def _depth(html: str) -> int:
    depth = deepest = 0
    for piece in html.split("<")[1:]:
        if piece.startswith("/"):
            depth -= 1
        elif not piece.startswith(("br", "hr", "img", "wbr", "col")):
            depth += 1
        deepest = max(deepest, depth)
    assert depth == 0
    return deepest


def test_what_is_cut_to_fit_says_so():
    assert fitted("<p>short</p>") == ("<p>short</p>", False)
    assert fitted("<p>" + "long " * 300_000)[1] is True
    assert fitted(">" * MAX_CONTENT)[1] is True


def test_hostile_inputs_pass_as_browsers_read_them(shared: Path):
    pytest.importorskip("html5lib")
    spec = util.spec_from_file_location("check_html", shared / "corpus" / "check_html.py")
    assert spec
    assert spec.loader
    oracle = util.module_from_spec(spec)
    spec.loader.exec_module(oracle)
    cases = [json.loads(line) for line in (shared / "corpus" / "hostile-html.jsonl").read_text(encoding="utf-8").splitlines() if line]
    bad = []
    for case in cases:
        if case["context"] == "text":
            read = title(RawText(value=case["input"], type="html"))
            output = escape(read.text) if read else ""
        else:
            output = clean_html(case["input"])
            assert clean_html(output) == output
        if found := oracle.judge(case, output):
            bad.append((case["id"], found))
    assert not bad
    assert len(cases) > 500
    assert "html5lib" in sys.modules


# ── text, titles, openings ─────────────────────────────────────────────────────────────────────────────────────────────


def test_plain_text_shows_its_own_line_ends_and_no_markup():
    assert from_text("a <b>\r\nc\n\n\n d & e\n") == "<p>a &lt;b&gt;<br>c</p><p>d &amp; e</p>"
    assert from_text(" \n ") == ""


@pytest.mark.parametrize(
    ("raw", "text", "html"),
    [
        (RawText(value="<b>not bold</b>", type="text"), "<b>not bold</b>", None),
        (RawText(value="<b>bold</b> &amp; co", type="html"), "bold & co", "<b>bold</b> &amp; co"),
        (RawText(value="x <em>y</em>", type="xhtml"), "x y", "x <em>y</em>"),
        (RawText(value="A &lt; B", type="text"), "A &lt; B", None),
        (RawText(value="L&#39;État &quot;sobre&quot; &amp; nous &#x2019;", type="text"), 'L\'État "sobre" & nous ’', None),
        (RawText(value="What &amp;lt; and &amp;nbsp; mean", type="text"), "What &lt; and &nbsp; mean", None),
        (RawText(value="&amp; beside &lt;b&gt;", type="text"), "&amp; beside &lt;b&gt;", None),
        (RawText(value="A &lt; B", type="html"), "A < B", None),
        (RawText(value='<a href="/x">linked</a>', type="html"), "linked", None),
        (RawText(value="<script>x</script>a\n\tb", type="html"), "a b", None),
    ],
)
def test_a_title_reads_as_its_type_says(raw, text, html):
    read = title(raw)
    assert read
    assert (read.text, read.html) == (text, html)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Fish &amp; Chips", "Fish & Chips"),
        ("Fish & Chips", "Fish & Chips"),
        ("a <i>b</i> c", "a b c"),
        ("The <title> element", "The <title> element"),
        ("std::vector<int> in C++", "std::vector<int> in C++"),
        ("1 < 2", "1 < 2"),
    ],
)
def test_a_title_of_unknown_type_is_html_only_where_it_must_be(value, text):
    read = title(RawText(value=value), is_open=True)
    assert read
    assert read.text == text


def test_a_title_of_nothing_is_none_and_a_long_one_is_cut():
    assert title(RawText(value=" \n ")) is None
    assert title(RawText(value="<img src='x'>", type="html")) is None
    long = title(RawText(value="word " * 1000))
    assert long
    assert len(long.text) <= 1000


def test_the_opening_is_what_a_reader_sees_first():
    assert opening(SafeHtml("<p>One <b>two</b></p><p>three &amp; four</p>"), 15) == "One two three &"


@pytest.mark.parametrize("space", [" ", "\n\t", "&nbsp;", " &nbsp;"])
def test_the_opening_begins_behind_any_white_space(space: str) -> None:
    assert opening(SafeHtml(f"<p>{space * 60}One{space * 60}</p>"), 1) == "O"
    assert opening(SafeHtml(f"<p>{space * 60}</p>"), 1) == ""


@pytest.mark.parametrize(
    ("html", "words"), [("<p>run <root> now</p><p>then</p>", ["run", "now", "then"]), ("a <ROOT x=1>b</Root> c", ["a", "b", "c"])]
)
def test_a_placeholder_called_root_loses_no_text(html: str, words: list[str]) -> None:
    assert visible_text(clean_html(html)).split() == words


def test_texts_that_are_cleaned_at_the_same_time_keep_their_own_addresses() -> None:
    bases = [f"https://{number}.example/" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda base: clean_html('<a href="/x">x</a>' * 50, base), bases))
    assert all(html.count(f'href="{base}x"') == 50 for base, html in zip(bases, made, strict=True))


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        # What is pasted from a well-known editor stands in an element for bold words that its style takes back.
        ('<b style="font-weight:normal;" id="docs-internal-guid-1"><p>A</p><p>b</p></b>', "<p>A</p><p>b</p>"),
        ('<strong style="font-weight: 400">A</strong> <em style="font-style:normal">b</em>', "A b"),
        ('<span style="font-weight: 700; font-style: italic">A</span> b', "<b><i>A</i></b> b"),
        ('Now 30, <span style="text-decoration: line-through;">was 50</span>', "Now 30, <s>was 50</s>"),
        ("10<span style='font-size: 0.6em; vertical-align: super'>2</span>", "10<sup>2</sup>"),
        ("H<span style=\"font-family: 'Calibri'; vertical-align:sub\">2</span>O", "H<sub>2</sub>O"),
        ('<span style="font-weight: 400; color: red">A</span>', "A"),
        ('<b style="color: red">A</b> <p style="font-weight:bold">b</p>', "<b>A</b> <p>b</p>"),
        ('<pre><span style="font-weight:bold">def</span> f</pre>', "<pre>def f</pre>"),
        ('<span style="font-weight:bold">A <span>b</span> c</span> d', "<b>A b c</b> d"),
    ],
)
def test_words_are_bold_slanted_or_struck_out_as_their_style_says(html: str, shown: str) -> None:
    assert clean_html(html) == shown


@pytest.mark.parametrize(
    ("html", "page"),
    [
        ('<script src="https://gist.github.com/ann/1a2b3c.js?file=x.py"></script>', "https://gist.github.com/ann/1a2b3c"),
        ('<script src="//gist.github.com/50549.js"></script>', "https://gist.github.com/50549"),
        (
            '<script async src="https://telegram.org/js/telegram-widget.js?22" data-telegram-post="harbour/12" data-width="100%"></script>',
            "https://t.me/harbour/12",
        ),
        ('<script id="asciicast-1" src="https://asciinema.org/a/ab12.js"></script>', "https://asciinema.org/a/ab12"),
        ('<div class="fb-post" data-href="https://www.facebook.com/harbour/posts/1"></div>', "https://www.facebook.com/harbour/posts/1"),
        (
            '<div class="flourish-embed flourish-chart" data-src="story/12"><script src="https://chart.example/embed.js"></script></div>',
            "https://public.flourish.studio/story/12",
        ),
        ('<lite-youtube videoid="aqz-KE_bpKQ"></lite-youtube>', "https://www.youtube.com/watch?v=aqz-KE_bpKQ"),
        ('<amp-twitter data-tweetid="12" width="1"></amp-twitter>', "https://twitter.com/i/status/12"),
        ('<amp-iframe src="https://map.example/1"></amp-iframe>', "https://map.example/1"),
    ],
)
def test_what_a_script_would_write_is_linked(html: str, page: str) -> None:
    shown = clean_html(f"<p>See</p>{html}")
    assert f'<p><a href="{page}" {REL}>{page}</a></p>' in shown
    assert clean_html(shown) == shown


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://code.example/gist.github.com/1.js"></script>',
        '<script>var x = "https://gist.github.com/50549.js"</script>',
        '<script data-telegram-post="../x" src="https://telegram.org/js/telegram-widget.js"></script>',
        '<div class="fb-post" data-href="javascript:x()"></div>',
        '<div data-href="https://a.example/"></div>',
        '<lite-youtube videoid="a b"></lite-youtube>',
    ],
)
def test_other_scripts_and_empty_elements_say_nothing(html: str) -> None:
    assert "<a " not in clean_html(f"<p>See</p>{html}")


def test_a_frame_that_holds_a_player_is_linked_once() -> None:
    frame = '<div class="fb-video" data-href="https://a.example/1"><span></span><iframe src="https://a.example/plays/1"></iframe></div>'
    assert clean_html(frame).count("<a ") == 1
    assert clean_html(f"<div>{frame}</div><div class='fb-post' data-href='https://a.example/2'> </div>").count("<a ") == 2


def test_a_frame_that_holds_words_is_shown_as_they_are() -> None:
    html = '<div class="fb-post" data-href="https://a.example/1"><blockquote><p>High tide</p></blockquote></div>'
    assert clean_html(html) == "<div><blockquote><p>High tide</p></blockquote></div>"


def test_a_frame_that_only_a_script_fills_says_what_stands_there() -> None:
    def framed(told: str, inside: str = "") -> str:
        return clean_html(f'<div class="embed" data-attrs="{escape(told)}">{inside}</div>')

    note = '{"url": "https://notes.example/gull/1", "name": "Gull", "full_text": "High <tide>\\ntoday", "photos": []}'
    assert framed(note) == (
        '<div><p><a href="https://notes.example/gull/1" rel="noopener noreferrer">Gull: High &lt;tide&gt; today</a></p></div>'
    )
    assert framed('{"persistentExpression": "E = mc^2", "id": "A"}') == "<div><p><code>E = mc^2</code></p></div>"
    hidden = '<script src="https://gist.github.com/ann/1a2b.js"></script>'
    assert clean_html(f'<math alttext="E = mc^2"><mi>E</mi>{hidden}</math>') == "<code>E = mc^2</code>", "nothing stands within a formula"
    assert framed(note, "<p>High tide</p>") == "<div><p>High tide</p></div>", "what is filled stays as it is"
    picture = '<img src="https://a.example/a.jpg">'
    assert framed(note, picture) == f"<div>{picture}</div>"
    long = f"https://notes.example/{'a' * 800}"
    assert f'<a href="{long}"' in framed(f'{{"url": "{long}", "title": "Tides"}}'), "only words are cut"
    formula = " + ".join(f"x_{{{number}}}" for number in range(200))
    assert framed(f'{{"persistentExpression": "{formula}"}}') == f"<div><p><code>{formula}</code></p></div>"
    for nothing in ('{"id": 12}', '{"url": "javascript:x()"}', '{"url": 1}', "[1]", "{", "", "[" * 5000):
        assert framed(nothing) == "<div></div>"


def test_a_style_as_long_as_a_text_costs_its_length() -> None:
    style = "text-decoration:" * 60_000
    assert clean_html(f'<span style="font-weight:bold">High</span> <span style="{style}">tide</span>') == "<b>High</b> tide"
