"""Licences: one form for every way of naming one, and what each lets be done."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.collect.parse import read
from aggregator.model import RawFeed
from aggregator.refine import normalize
from aggregator.web.licences import examples, licence, reserves_all, stated, terms
from aggregator.web.url import link
from tests.fakes import document
from tests.makers import spec
from tests.pace import within

BY = "https://creativecommons.org/licenses/by/4.0/"


@pytest.mark.parametrize(("text", "url"), examples().items())
def test_every_example_is_read_as_it_says(text: str, url: str) -> None:
    assert (stated(text) or "") == url


@pytest.mark.parametrize("url", sorted({url for url in examples().values() if url}))
def test_the_canonical_form_is_its_own(url: str) -> None:
    assert licence(url, None) == url == link(url)
    assert terms(url) is not None


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("http://creativecommons.org/licenses/by/4.0", BY),
        ("//creativecommons.org/licenses/by/4.0/legalcode.de", BY),
        ("https://creativecommons.org/licenses/BY/4.0/deed.fr", BY),
        ("http://www.creativecommons.org/licenses/by-nc-sa/2.5/ca/", "https://creativecommons.org/licenses/by-nc-sa/2.5/ca/"),
        ("http://creativecommons.org/licenses/by-nd-nc/1.0/", "https://creativecommons.org/licenses/by-nd-nc/1.0/"),
        ("https://creativecommons.org/share-your-work/public-domain/cc0/", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("https://creativecommons.org/publicdomain/mark/1.0/deed.en", "https://creativecommons.org/publicdomain/mark/1.0/"),
        ("https://www.gnu.org/licenses/fdl-1.3.html", "https://www.gnu.org/licenses/fdl-1.3.html"),
        ("/imprint#licence", "https://blog.example/imprint#licence"),
    ],
)
def test_whatever_page_of_a_licence_is_linked_it_is_that_licence(written: str, canonical: str) -> None:
    assert licence(written, None, "https://blog.example/feed") == canonical


@pytest.mark.parametrize(
    ("code", "is_free", "no_derivatives", "non_commercial", "wants_credit"),
    [
        ("licenses/by/4.0", True, False, False, True),
        ("licenses/by-sa/3.0/de", True, False, False, True),
        ("licenses/by-nd/4.0", True, True, False, True),
        ("licenses/by-nc/4.0", False, False, True, True),
        ("licenses/by-nd-nc/1.0", False, True, True, True),
        ("publicdomain/zero/1.0", True, False, False, False),
        ("publicdomain/mark/1.0", True, False, False, False),
    ],
)
def test_what_a_licence_asks_for(code: str, is_free: bool, no_derivatives: bool, non_commercial: bool, wants_credit: bool) -> None:
    found = terms(f"https://creativecommons.org/{code}/")
    assert found is not None
    assert (found.is_free, found.no_derivatives, found.non_commercial, found.wants_credit) == (
        is_free,
        no_derivatives,
        non_commercial,
        wants_credit,
    )


@pytest.mark.parametrize(
    "url", [None, "", "https://creativecommons.org/licenses/bytes/4.0/", "https://evil.example/creativecommons.org/licenses/by/4.0/"]
)
def test_what_is_no_licence_that_is_known_allows_nothing(url: str | None) -> None:
    assert terms(url) is None


@pytest.mark.parametrize(
    "text", ["© Ann. All rights reserved", "ALLE RECHTE\xa0VORBEHALTEN", "Tous droits réservés", "版权所有", "Все права защищены."]
)
def test_who_reserves_all_rights_licenses_nothing(text: str) -> None:
    assert reserves_all(text)
    assert stated(f"{text} CC BY 4.0") is None


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    url = stated(text)
    assert url is None or licence(url, None) == url


@pytest.mark.parametrize(
    "worst", ["creative commons ", "CC BY-NC-", "cc-by-", "creativecommons.org/licenses/by-", "not ", "4.", "a.b/creativecommons.org/"]
)
def test_reading_a_statement_takes_linear_time(worst: str) -> None:
    with within(2.0):
        stated(worst * (100_000 // len(worst)))


# ── as feeds name them ──


def atom(feed: str, entry: str) -> RawFeed:
    head = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:cc="http://creativecommons.org/ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    )
    body = (
        f"{head}<id>urn:x:f</id><title>T</title>{feed}<entry><id>urn:x:1</id><title>E</title><content>Text</content>{entry}</entry></feed>"
    )
    return read(document(body))


LINK = f'<link rel="license" href="{BY}"/>'


@pytest.mark.parametrize(
    ("feed", "entry", "found"),
    [
        (LINK, "", (BY, None)),
        ("", LINK, (None, BY)),
        ("<rights>CC BY 4.0</rights>", "", (BY, None)),
        ("", "<rights type='html'>&lt;a href='http://creativecommons.org/licenses/by/4.0/'&gt;Some rights&lt;/a&gt;</rights>", (None, BY)),
        ("", "<dc:rights>Creative Commons Attribution 4.0</dc:rights>", (None, BY)),
        ("", f'<cc:license resource="{BY}"/>', (None, BY)),
        ("<rights>© Ann</rights>", "", (None, None)),
    ],
)
def test_a_feed_and_its_entries_say_their_licences_in_every_way_that_is_used(
    feed: str, entry: str, found: tuple[str | None, str | None]
) -> None:
    raw = atom(feed, entry)
    head = normalize.head(raw, "https://blog.example/feed.xml")
    made = normalize.entry(raw.entries[0], normalize.context(spec(), "key", head, "https://blog.example/feed.xml"))
    assert (head.license, made.license) == found


def test_rss_names_licences_by_module_and_by_copyright() -> None:
    body = """<rss version="2.0" xmlns:creativeCommons="http://backend.userland.com/creativeCommonsRssModule"><channel><title>T</title>
    <link>https://blog.example/</link><copyright>2026 Ann, CC BY-SA 4.0</copyright>
    <item><title>E</title><creativeCommons:license>http://creativecommons.org/licenses/by/4.0/</creativeCommons:license></item></channel></rss>"""
    raw = read(document(body))
    head = normalize.head(raw, "https://blog.example/feed.xml")
    assert head.license == "https://creativecommons.org/licenses/by-sa/4.0/"
    assert normalize.entry(raw.entries[0], normalize.context(spec(), "key", head, "https://blog.example/feed.xml")).license == BY
