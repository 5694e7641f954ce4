"""Laws of provenance: no input breaks it, what is not our line stays, and a claim about ourselves never becomes an origin."""

import re
from unicodedata import normalize

from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.model import RawSource
from aggregator.refine.blocks import edges, read
from aggregator.web.text import clean, visible_text
from tests.test_provenance import BODY, PAGE, context, entry, trace

_MARKS = ("<p>", "</p>", "<div>", "</div>", "<blockquote>", "</blockquote>", "<br>", "<br/>", "<figure>", "<em>", "<!--", "-->", "<script>")
_WORDS = ("This article originally appeared at ", "The post ", " appeared first on ", "Republished from ", "First published ", "via ")
_LINKS = (f'<a href="{PAGE}">Orig</a>', '<a href="https://copy.example/">Copy Shop</a>', '<a href="mailto:a@b">x</a>', "<a href='", PAGE)
_PIECES = st.sampled_from([*_MARKS, *_WORDS, *_LINKS, "&#0;", "&amp;", ". ", ", ", "(", "[", "“", "\n", "2020", "投稿"])
_HTML = st.one_of(st.lists(st.one_of(_PIECES, st.text(max_size=8)), max_size=25).map("".join), st.text(max_size=200))
_ADDRESSES = st.one_of(st.none(), st.sampled_from([PAGE, "https://copy.example/x", "x", "http://[", "tag:a,2020:1"]), st.text(max_size=30))


@given(_HTML, _ADDRESSES, _ADDRESSES, _ADDRESSES)
def test_no_input_breaks_it_and_ourselves_are_never_the_origin(html: str, link: str | None, raw_id: str | None, source: str | None) -> None:
    raw = entry(link=link, id=raw_id, dc_source=source, source=RawSource(kind="atom", id=source, link=link))
    found = trace(raw, html, context())
    assert all(hop.site != "copy.example" for hop in found.origin.chain)
    assert 0.0 <= found.origin.confidence <= 1.0
    assert bool(found.origin.chain) == any(claim.standing == "chosen" for claim in found.claims)


@given(_HTML)
def test_blocks_lie_within_the_html_in_order(html: str) -> None:
    blocks = read(html)
    assert all(0 <= block.start <= block.end <= len(html) for block in blocks)
    assert [block.start for block in blocks] == sorted(block.start for block in blocks)
    assert all(0 <= link.start < link.end <= len(block.text) for block in blocks for link in block.links)
    assert edges(html).first == tuple(blocks[: len(edges(html).first)])


def letters(text: str) -> str:
    """What a name says, however it is spaced: marks and white space that is not seen belong to no name."""
    return re.sub(r"[\W_]", "", normalize("NFKC", text))


@given(_HTML.map(clean).filter(lambda html: "<" not in html))
@example("This article originally appeared at The Post ")
@example("This article originally appeared at The\u2028Post")
def test_text_without_links_is_taken_out_only_as_our_own_line_whose_name_is_said_again(html: str) -> None:
    found = trace(entry(), html + BODY, context())
    assert found.html == html + BODY or (found.html == BODY and letters(found.origin.chain[0].name) in letters(visible_text(html)))
