"""From bytes to text to well-formed XML, and from words to dates: what comes before a feed can be read."""

import tomllib
from datetime import UTC, datetime
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.collect.charset import decoded
from aggregator.collect.dates import seconds
from aggregator.collect.spans import newest, without_oldest
from aggregator.collect.wellformed import Bare, bare, expanded, mended

# ── encodings ────────────────────────────────────────────────────────────────────────────────────────────────────────────

MONTHS = files("aggregator.collect") / "months.toml"
JAPANESE, RUSSIAN = "日本語の長い文章", "Привет, мир"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (JAPANESE, "utf-8"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "iso-2022-jp"),
        (JAPANESE, "utf-16"),
        ("中文", "gb2312"),
        ("模", "gb2312"),
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "windows-1251"),
        ("café", "iso-8859-1"),
    ],
)
def test_a_declared_encoding_is_read_to_the_letter(text: str, encoding: str) -> None:
    document = f'<?xml version="1.0" encoding="{encoding}"?><a>{text}</a>'
    assert text in decoded(document.encode(encoding), "text/xml").text


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [(JAPANESE, "cp932", "x-sjis"), (JAPANESE, "cp932", "Windows-31J"), (JAPANESE, "euc_jp", "x-euc-jp"), (RUSSIAN, "cp1251", "x-cp1251")],
)
def test_names_of_encodings_that_only_browsers_know_are_known(text: str, encoding: str, name: str) -> None:
    result = decoded(f'<?xml version="1.0" encoding="{name}"?><a>{text}</a>'.encode(encoding), None)
    assert (text in result.text, result.oddities) == (True, ())


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_encodings_need_no_mark(encoding: str) -> None:
    assert decoded(f"<?xml version='1.0'?><a>{JAPANESE}</a>".encode(encoding), None).text.endswith(f"{JAPANESE}</a>")


def test_utf_8_is_utf_8_whatever_its_server_or_declaration_says() -> None:
    body = f'<?xml version="1.0" encoding="iso-8859-1"?><a>{RUSSIAN}</a>'.encode()
    result = decoded(body, "text/xml; charset=koi8-r")
    assert RUSSIAN in result.text
    assert result.oddities


def test_the_server_helps_where_the_document_declares_nothing() -> None:
    assert decoded(f"<a>{RUSSIAN}</a>".encode("koi8-r"), 'text/xml; charset="KOI8-R"').text == f"<a>{RUSSIAN}</a>"


@pytest.mark.parametrize("name", ["x-no-such", "punycode", "idna", "zlib_codec", "rot13", "unicode_escape", "utf-7"])
def test_an_encoding_that_is_none_is_an_oddity(name: str) -> None:
    result = decoded(f'<?xml version="1.0" encoding="{name}"?><a>café</a>'.encode(), None)
    assert "café" in result.text
    assert any(name in oddity for oddity in result.oddities)


def test_a_few_bad_bytes_do_not_spoil_the_others() -> None:
    assert decoded(RUSSIAN.encode() + b" caf\xe9", None).text == RUSSIAN + " café"


@given(st.binary(max_size=80), st.none() | st.text(max_size=30))
def test_no_bytes_are_undecodable(body: bytes, content_type: str | None) -> None:
    assert isinstance(decoded(body, content_type).text, str)


# ── well-formedness ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_sections_and_comments_are_not_mended() -> None:
    text = "<a><![CDATA[x & y < z &nope;]]><!-- & < --></a>"
    assert mended(text) == (text, ())


def test_what_is_mended_is_named_once() -> None:
    text, notes = mended("<a>& & &nope; 1 < 2</a>")
    assert text == "<a>&amp; &amp; &amp;nope; 1 &lt; 2</a>"
    assert notes == ("bare ampersands", "undefined entities", "bare less-than signs")


@given(st.text(alphabet="<>&;#x0123ab []-CDAT?:=\"' \ud800\x01", max_size=60))
def test_mending_twice_is_mending_once(text: str) -> None:
    once = mended(text)[0]
    assert mended(once)[0] == once


def test_a_document_type_is_gone_and_only_plain_entities_stay() -> None:
    document = bare(
        '<?xml version="1.0"?><!-- c --><!DOCTYPE r [<!ENTITY a "b"><!ENTITY c "&a;"><!ENTITY d SYSTEM "x"><!ENTITY e "<f/>">]><r/>'
    )
    assert (document.text, document.entities) == ("<!-- c --><r/>", (("a", "b"),))


def test_expansion_stops_at_a_mebibyte() -> None:
    document = Bare("<a>" + "&b;" * 100_000 + "</a>", entities=(("b", "x" * 900),))
    assert len(expanded(document)) < (1 << 20) + 400_000


# ── spans ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.none() | st.integers(0, 9), max_size=12), st.integers(1, 12))
def test_the_newest_stay_in_their_order(dates: list[int | None], most: int) -> None:
    kept = newest(range(len(dates)), dates, most)
    assert list(kept) == sorted(kept)
    assert len(kept) == min(most, len(dates))
    if sum(date is not None for date in dates) * 2 >= len(dates) > most:
        oldest = min((dates[place] if dates[place] is not None else -1) for place in kept)
        assert all((date if date is not None else -1) <= oldest for place, date in enumerate(dates) if place not in kept)


def test_a_cut_leaves_all_other_bytes_alone() -> None:
    items = [f"<item>\n<x y='>'/><pubDate>{n} Jan 2020</pubDate><![CDATA[<item>]]></item>\n" for n in (1, 3, 2)]
    for end in ("</r>", "<br></r>"):  # well-formed and not
        assert (
            without_oldest("<r><c>é" + "".join(items) + "</c>" + end, 2) == ("<r><c>é" + "\n" + items[1] + items[2] + "</c>" + end, 1)
            or end != "</r>"
        )


# ── dates ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Mon, 06 Jan 2025 10:00:00 GMT", "2025-01-06T10:00"),
        ("Mon, 6 January 2025 10:00 EST", "2025-01-06T15:00"),
        ("06-Jan-25 10:00:00 +0100", "2025-01-06T09:00"),
        ("2025-01-06T10:00:00.123Z", "2025-01-06T10:00"),
        ("2025-01-06T10:00:00-03:30", "2025-01-06T13:30"),
        ("2025-01-06 10:00", "2025-01-06T10:00"),
        ("2025-01-06", "2025-01-06T00:00"),
        ("2025-01-06T24:00:00Z", "2025-01-07T00:00"),
        ("Tue, 31 Dec 2024 23:59:60 GMT", "2025-01-01T00:00"),
        ("Mon, 06 Jan 2025 10:00:00 +9999", "2025-01-06T10:00"),
        ("Mon, 06 Jan 2025 10:00:00 Nowhere/Land", "2025-01-06T10:00"),
        ("January 6, 2025 10:00 pm", "2025-01-06T22:00"),
        ("Mon Jan  6 10:00:00 2025", "2025-01-06T10:00"),
        ("2025/01/06 10:11:00", "2025-01-06T10:11"),
        ("20250106T100000Z", "2025-01-06T10:00"),
        ("1736157600", "2025-01-06T10:00"),
        ("20250106", "2025-01-06T00:00"),
        ("2025-02", "2025-02-01T00:00"),
        ("2025-01-06T10Z", "2025-01-06T10:00"),
        ("2025-1-6T1:2:3Z", "2025-01-06T01:02"),
        ("2025-01-06T10:00:00\u221205:00", "2025-01-06T15:00"),
        ("Mon, 06 Jan 2025 10.05.00 GMT", "2025-01-06T10:05"),
        ("Mon, 6 Jan 2025 9:5:7 GMT", "2025-01-06T09:05"),
        ("Mon Jan 06 2025 10:00:00 GMT+0100 (Central European Standard Time)", "2025-01-06T09:00"),
        ("Mo., 06 Jän 2025 10:00:00 +0100", "2025-01-06T09:00"),
        ("6. März 2025", "2025-03-06T00:00"),
        ("mar., 06 août 2024 10:00:00 +0200", "2024-08-06T08:00"),
        ("Lun, 6 de enero de 2025 10:00:00 -0300", "2025-01-06T13:00"),
        ("Пн, 06 янв 2025 10:00:00 +0300", "2025-01-06T07:00"),
        ("الإثنين, 06 يناير 2025 10:00:00 +0400", "2025-01-06T06:00"),
        ("יום, 06 ינואר 2025 10:00:00 +0200", "2025-01-06T08:00"),
        ("월, 06 1월 2025 10:00:00 +0900", "2025-01-06T01:00"),
        ("月, 06 1月 2025 10:00:00 +0900", "2025-01-06T01:00"),
        ("6 ianuarie 2025", "2025-01-06T00:00"),
        ("2025年1月6日", "2025-01-06T00:00"),
        ("2025年01月06日(月) 午後3時05分", "2025-01-06T15:05"),
        ("2025年1月6日 星期一 下午 12:30 +0800", "2025-01-06T04:30"),
        ("1736157600000", "2025-01-06T10:00"),
    ],
)
def test_a_date_is_read_in_the_forms_that_feeds_use(text: str, read: str) -> None:
    instant = seconds(text)
    assert instant is not None
    assert datetime.fromtimestamp(instant, UTC).isoformat()[:16] == read


def test_the_name_of_a_month_means_one_month() -> None:
    names = [name for line in tomllib.loads(MONTHS.read_text(encoding="utf-8")).values() for name in line.split()]
    assert len(names) == len(set(names)) > 200


@pytest.mark.parametrize(
    "text",
    [
        None, "", "yesterday", "-1", "2025", "10:00", "Monday", "06/01/2025", "2025-W01-3", "0000-00-00 00:00:00", "2025-13-45T99:99:99Z",
        "Sun, 30 Feb 2025 10:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 10000 00:00:00 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT", "2025-13", "20251301", "2025年", "2025年1月", "9" * 20, "9" * 5000,
    ],
)  # fmt: skip
def test_a_date_that_is_none_or_in_doubt_is_not_guessed(text: str | None) -> None:
    assert seconds(text) is None


@given(st.text(max_size=40) | st.text(alphabet="0123456789-/:T .+ZJanMonGMT,", max_size=40))
def test_no_words_raise(text: str) -> None:
    assert seconds(text) is None or 0 < (seconds(text) or 0) < 4_102_444_800
