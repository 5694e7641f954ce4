"""Text that XML allows, and what a reader sees of HTML."""

import pytest

from aggregator.web.text import clean, looks_like_html, one_line, start_tags, visible_text
from tests.pace import LONGER, within


def test_only_what_xml_allows_is_left() -> None:
    assert clean("a\0b\x08c\x0b\x0c\x1b[31m\x7f\u0085") == "abc[31m\x7f\u0085"
    assert clean("\ud800x\udfff") == "\ufffdx\ufffd"
    assert clean("\ufffe\uffff\U0001ffff\U0001f600") == "\U0001ffff\U0001f600"
    assert clean("tab\tline\r\n") == "tab\tline\r\n"


def test_one_line_has_single_spaces() -> None:
    assert one_line(" a \n\n b\u00a0\tc\0 ") == "a b c"


@pytest.mark.parametrize("opened", ["\u202e", "\u202b", "\u2067", "\u202c\u202e", "\u2067\u202c"])
def test_no_name_turns_what_stands_behind_it(opened: str) -> None:
    assert one_line(f"The {opened}Herald") == "The Herald"


@pytest.mark.parametrize("name", ["\u202bصحيفة\u202c 24", "\u2068The \u2067صحيفة\u2069\u2069"])
def test_a_direction_that_ends_with_its_word_stays(name: str) -> None:
    assert one_line(name) == name


@pytest.mark.parametrize(
    ("html", "seen"),
    [
        ("<p>One</p><p>two</p>", "One\ntwo"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("a\nb\n\n  c", "a b c"),
        ("<b>bo</b>ld", "bold"),
        ("<td>a</td><td>b</td>", "a b"),
        ("AT&amp;T &copy; &#8211; &#x1F600; &nbsp;x", "AT&T © – 😀 x"),
        ("&lt;b&gt;", "<b>"),
        ("&#0; &#xD800; &#1114112; &#x110000; &bogus; &amp", "\ufffd \ufffd \ufffd \ufffd &bogus; &"),
        ("a<!-- b --><!--> c <!-->d", "a c d"),
        ("a<script>if (a<b) { x('</p>') }</script >b", "ab"),
        ("a<STYLE type=x>p { }</Style>b<title>t</title>", "ab"),
        ("<a title=\"a>b\" href='x>y'>c</a>", "c"),
        ("<p title=it's>one</p><p title='>'>two</p>", "one\ntwo"),
        ("5 < 6 and 7 <3", "5 < 6 and 7 <3"),
        ("a <?php x ?> b <!DOCTYPE html> c", "a b c"),
        ("open <b", "open"),
        ("open <!-- for ever <b>x</b>", "open"),
        ("open <script> for ever", "open"),
        ("", ""),
        ("<noscript>no script</noscript>", "no script"),
    ],
)
def test_a_reader_sees(html: str, seen: str) -> None:
    assert visible_text(html) == seen


HOSTILE = {
    "nested": "<div>" * (67_000 * LONGER),
    "less": "<" * (333_000 * LONGER),
    "names": "<a " * (100_000 * LONGER),
    "quotes": "<a b=\"'" * (47_000 * LONGER),
    "comments": "<!--" * (83_000 * LONGER),
    "whole comments": "<!-- -->" * (42_000 * LONGER),
    "scripts": "<script>" * (42_000 * LONGER),
    "script ends": "<script></script " * (20_000 * LONGER),
    "references": "&#" * (167_000 * LONGER),
    "endless reference": "&#" + "9" * (333_000 * LONGER) + ";",
    "equals": "<a " + "=" * (333_000 * LONGER),
    "spaces": "<a b=" + " " * (333_000 * LONGER),
    "slashes": "</" * (167_000 * LONGER),
    "declarations": "<!" * (167_000 * LONGER),
    "post": "<p class='x'>hello <b>w</b> &amp; others</p>\n" * (7_000 * LONGER),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_megabyte_made_to_be_slow_is_not(kind: str) -> None:
    with within(0.7 * LONGER):
        visible_text(HOSTILE[kind])
        looks_like_html(HOSTILE[kind])


@pytest.mark.parametrize("text", ["<p>x", "a<br/>b", "x</DIV>", "Tom &amp; Jerry", "&#8217;", "&#x27;", "a <!-- b", "<img src=x>"])
def test_markup_is_recognised(text: str) -> None:
    assert looks_like_html(text)


@pytest.mark.parametrize(
    "text", ["", "plain", "a < b > c", "vector<int>", "<3", "AT&T", "R&D; x", "x & y", "<Generic T>", "&bogus;", "1<a2"]
)
def test_plain_text_is_not_taken_for_markup(text: str) -> None:
    assert not looks_like_html(text)


def test_start_tags_are_those_of_the_markup() -> None:
    assert list(start_tags("<A x='>'>b</a><!--<i>--><script>'<b>'</script><br/>5 < 6")) == ["<A x='>'>", "<script>", "<br/>"]


def test_what_is_printable_may_stand_in_xml() -> None:
    # `clean` does not look at printable text any closer.
    printable = "".join(char for char in map(chr, range(0x110000)) if char.isprintable())
    is_same = clean(f"{printable}\x00") == printable  # the difference of such texts would take minutes to tell
    assert is_same
