"""Laws of refining that hold for whatever comes in."""

import re
from dataclasses import replace
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import FeedSpec, RawCategory, RawEntry, RawFeed, RawLink, RawPerson, RawText
from aggregator.refine import filters, normalize
from aggregator.refine.blocks import read
from aggregator.refine.markup import clean_html, from_text, title
from aggregator.web.text import clean, one_line
from aggregator.web.url import link, resource

BASE = "https://blog.example/feed.xml"
KEY = "0b6c1d5e-54a5-4f3b-9a63-6d2a4f6f1c11"

_NAMES = """a b i p div span table tr td th ul li ol pre code object math mi svg style script iframe video source img br center details
    summary select option template noscript textarea form button h1 blockquote ruby rt nobr font main dialog title xmp plaintext
    frameset html body""".split()  # noqa: SIM905

_ATTRIBUTES = [
    "",
    ' href="/a?utm_source=x"',
    ' href="#x"',
    " href=javascript:x",
    ' src="i.png"',
    ' src="//c.example/x" width=1',
    ' title="a&quot;<b>"',
    " class=share-buttons",
    " data-src='/l.png'",
    ' id="x" onclick="y"',
    " poster=p.png",
    ' dir="rtl" lang="x y"',
]
_tags = st.builds(lambda name, attributes: f"<{name}{attributes}>", st.sampled_from(_NAMES), st.sampled_from(_ATTRIBUTES))
_ends = st.sampled_from(_NAMES).map(lambda name: f"</{name}>")
_words = st.sampled_from(
    [
        "word",
        " ",
        "\n",
        "\n\n",
        "A. B",
        "&amp;",
        "&",
        "&lt;b&gt;",
        "&#1;",
        "&#13;",
        "&nbsp;",
        "\xa0",
        "<",
        ">",
        "<!--",
        "-->",
        "]]>",
        "é",
        "\r\n",
        "\0",
    ]
)
markups = st.lists(st.one_of(_tags, _tags, _ends, _words, st.text(max_size=3)), max_size=24).map("".join)


@given(markups)
def test_cleaning_again_changes_nothing(html):
    once = clean_html(html, BASE, page="https://blog.example/post")
    assert clean_html(once) == once == clean_html(once, "https://other.example/")
    assert clean(once) == once


class _Balance(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "cite")]
        if tag not in ("br", "hr", "img", "wbr", "col"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@given(markups)
def test_what_is_published_is_balanced_and_its_addresses_are_ours(html):
    parser = _Balance()
    parser.feed(clean_html(html, BASE))
    parser.close()
    assert not parser.open
    assert all(address in (link(address), resource(address)) for address in parser.addresses)


@given(st.text())
def test_plain_text_is_never_markup(text):
    html = from_text(text)
    assert clean_html(html) == html
    assert {part.partition(">")[0] for part in html.split("<")[1:]} <= {"p", "/p", "br"}


@given(markups | st.text(), st.sampled_from(["text", "html", "xhtml"]), st.booleans())
def test_a_title_is_one_line_of_clean_text(value, kind, is_open):
    read = title(RawText(value=value, type=kind), is_open=is_open)
    if read:
        assert read.text == " ".join(clean(read.text).split())
        assert 0 < len(read.text) <= 1000
        assert read.html is None or clean_html(read.html) == read.html


@given(markups, st.lists(st.sampled_from(["auto", "css:p", "css:.x > a", "word", "(", "css:[", ".*"]), max_size=3))
def test_stripping_never_raises_and_leaves_alone_what_it_does_not_know(html, rules):
    rest, gone = filters.strip(html, tuple(rules))
    assert gone or rest == html


_LEAVES = st.sampled_from(
    ["Support us: now", "Support us", "One", "Two words", "us: now", "A <b>Support us: x</b> b", "<br>", "<img src=i>", ""]
)
_WRAPPERS = st.sampled_from(["p", "div", "li", "blockquote", "h2", "td", "section", "table"])


def _nested(children):
    return st.builds(lambda name, inner: f"<{name}>{''.join(inner)}</{name}>", _WRAPPERS, st.lists(children, max_size=4))


_trees = st.lists(
    st.recursive(st.builds(lambda name, text: f"<{name}>{text}</{name}>", _WRAPPERS, _LEAVES), _nested, max_leaves=8), max_size=6
)


@given(_trees.map("".join), st.sampled_from(["Support us.*", "Support .*now", "One", ".*us.*"]))
def test_a_pattern_takes_out_the_blocks_that_it_matches_and_no_other(html, rule):
    rest, _ = filters.strip(html, (rule,))
    lines = [text for text in (one_line(block.text) for block in read(html)) if text]
    kept = [text for text in lines if not re.fullmatch(rule, text)]
    assert [one_line(block.text) for block in read(rest)] == kept
    assert rest.count("<img") >= html.count("<img") - len(lines) + len(kept)


_texts = st.one_of(st.none(), st.builds(RawText, value=markups | st.text(max_size=9), type=st.sampled_from(["text", "html", "xhtml"])))
_some = (
    st.none()
    | st.sampled_from(["", "x", "https://blog.example/1", "javascript:x", "/r", "http://[", "\ud800", "1e999", "\0"])
    | st.text(max_size=6)
)
_seconds = st.none() | st.integers() | st.integers(0, 2**31)
_persons = st.lists(st.builds(RawPerson, name=_some, email=_some, uri=_some), max_size=2).map(tuple)
_links = st.lists(
    st.builds(
        RawLink, href=_some.map(lambda text: text or ""), rel=st.sampled_from(["alternate", "via", "enclosure", "canonical"]), length=_some
    ),
    max_size=2,
).map(tuple)
raw_entries = st.builds(
    RawEntry,
    id=_some,
    link=_some,
    links=_links,
    title=_texts,
    summary=_texts,
    contents=st.lists(_texts.filter(bool), max_size=2).map(tuple),
    authors=_persons,
    published=_some,
    published_s=_seconds,
    updated_s=_seconds,
    enclosures=_links,
    thumbnail=_some,
    categories=st.lists(st.builds(RawCategory, term=_some.map(lambda text: text or ""), scheme=_some), max_size=2).map(tuple),
    language=_some,
    rights=_some,
    license=_some,
    base=_some,
    dc_source=_some,
    external_url=_some,
)


@given(st.lists(raw_entries, max_size=4), st.sampled_from(["rss20", "atom10", "json11"]), _some, st.randoms(use_true_random=False))
def test_refining_never_raises_and_does_not_depend_on_the_order(document, version, home, random):
    raw = RawFeed(version=version, title=RawText(value="Blog"), link=home, entries=tuple(document))
    spec = FeedSpec(id="blog", url=BASE, shown_url=BASE, strip=("auto",))
    context = normalize.context(spec, KEY, normalize.head(raw, BASE), BASE)
    made = normalize.entries(raw, context)
    assert len(made) == len(document)
    kept = [entry for entry in made if entry]
    assert len({entry.raw_key for entry in kept}) == len(kept)
    assert not [entry for entry in kept if any(oddity.startswith("could not be refined") for oddity in entry.oddities)]
    shuffled = list(document)
    random.shuffle(shuffled)
    again = normalize.entries(replace(raw, entries=tuple(shuffled)), context)
    assert {entry.raw_key: entry for entry in again if entry} == {entry.raw_key: entry for entry in kept}
