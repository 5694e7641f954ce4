"""JSON Feed: read whole, or refused in words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.collect.parse import read
from aggregator.errors import ParseError
from aggregator.model import RawCategory, RawEntry, RawFeed, RawLink, RawPerson
from tests.fakes import document

V11 = "https://jsonfeed.org/version/1.1"


def feed(*items: object, **members: object) -> RawFeed:
    return read(
        document(json.dumps({"version": V11, "title": "Notes", **members, "items": list(items)}), content_type="application/feed+json")
    )


def entry(**members: object) -> RawEntry:
    (made,) = feed({"id": "1", **members}).entries
    return made


def refusal(text: str) -> str:
    with pytest.raises(ParseError) as caught:
        read(document(text))
    return caught.value.message


def test_a_whole_item_ends_in_its_fields() -> None:
    made = entry(
        url="https://blog.example/1",
        external_url="https://other.example/",
        title="T",
        content_html="<p>h</p>",
        content_text="h",
        summary="s",
        image="https://blog.example/i.png",
        date_published="2025-01-06T10:00:00+01:00",
        date_modified="2025-01-07T10:00:00Z",
        authors=[{"name": "Ann", "url": "https://ann.example/"}, {"name": "Bo"}],
        tags=["a", "b", "a"],
        language="de",
        attachments=[{"url": "https://blog.example/1.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 12, "title": "M"}],
    )
    assert (made.id, made.id_is_link, made.link, made.external_url) == ("1", False, "https://blog.example/1", "https://other.example/")
    assert [(text.type, text.value) for text in made.contents] == [("html", "<p>h</p>"), ("text", "h")]
    assert made.title is not None
    assert made.summary is not None
    assert (made.title.value, made.summary.value, made.language) == ("T", "s", "de")
    assert (made.published, made.published_s, made.updated_s) == ("2025-01-06T10:00:00+01:00", 1736154000, 1736244000)
    assert made.authors == (RawPerson(name="Ann", uri="https://ann.example/"), RawPerson(name="Bo"))
    assert [category.term for category in made.categories] == ["a", "b"]
    assert made.enclosures == (RawLink(href="https://blog.example/1.mp3", rel="enclosure", type="audio/mpeg", length="12", title="M"),)
    assert made.thumbnail == "https://blog.example/i.png"


def test_the_head_of_a_feed_is_read() -> None:
    made = feed(
        home_page_url="https://blog.example/",
        feed_url="https://blog.example/feed.json",
        description="About",
        icon="https://blog.example/i.png",
        language="en",
        authors=[{"name": "Ann"}],
        hubs=[{"type": "rssCloud", "url": "https://x.example/"}, {"type": "WebSub", "url": "https://hub.example/"}],
    )
    assert (made.version, made.link, made.self_url, made.hubs) == (
        "json11",
        "https://blog.example/",
        "https://blog.example/feed.json",
        ("https://hub.example/",),
    )
    assert (made.language, made.icon, made.authors) == ("en", "https://blog.example/i.png", (RawPerson(name="Ann"),))


def test_version_1_names_one_author() -> None:
    made = read(document('{"version":"https://jsonfeed.org/version/1","items":[{"id":"1","author":{"name":"Ann"},"content_text":"x"}]}'))
    assert (made.version, made.entries[0].authors) == ("json1", (RawPerson(name="Ann"),))


def test_one_thing_instead_of_a_list_and_a_text_instead_of_an_object_are_taken_for_what_they_mean() -> None:
    (entry,) = feed(
        {
            "id": "1",
            "authors": ["Ann", {"name": "Bob"}],
            "tags": "news",
            "attachments": {"url": "https://blog.example/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": "123"},
            "date_published": 1736157600000,
        }
    ).entries
    assert (entry.authors, entry.categories) == ((RawPerson(name="Ann"), RawPerson(name="Bob")), (RawCategory(term="news"),))
    assert [(one.href, one.length) for one in entry.enclosures] == [("https://blog.example/a.mp3", "123")]
    assert entry.published_s == 1736157600
    assert feed({"id": "1"}, author="Ann").authors == feed({"id": "1"}, authors={"name": "Ann"}).authors == (RawPerson(name="Ann"),)


@pytest.mark.parametrize(
    ("given_id", "text"), [("7", "7"), ("1.50", "1.50"), ('"x"', "x"), ("1" * 6000, "1" * 6000), ("true", None), ("null", None)]
)
def test_an_id_becomes_text(given_id: str, text: str | None) -> None:
    made = read(document(f'{{"version":"{V11}","items":[{{"id":{given_id},"content_text":"x"}}]}}'))
    assert made.entries[0].id == text


def test_lone_surrogates_and_controls_are_made_harmless() -> None:
    made = read(document(f'{{"version":"{V11}","items":[{{"id":"a\\ud800\\u0000","title":"\\ud83d\\ude00\\u0007"}}]}}'))
    assert made.entries[0].id == "a\ufffd"
    assert made.entries[0].title is not None
    assert made.entries[0].title.value == "😀"


def test_our_own_provenance_comes_back_as_a_claim() -> None:
    original = {
        "url": "https://orig.example/1",
        "home_page_url": "https://orig.example/",
        "feed_url": "https://orig.example/feed",
        "title": "Orig",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "rights": "(c) Ann",
    }
    made = entry(_provenance={"original": original, "via": [{"url": "https://repub.example/9", "title": "Repub"}]})
    assert made.dcterms_source == "https://orig.example/1"
    assert made.source is not None
    assert (made.source.kind, made.source.title, made.source.self_url) == ("atom", "Orig", "https://orig.example/feed")
    assert (made.source.link, made.source.rights) == ("https://orig.example/", "(c) Ann")
    assert made.source.license == "https://creativecommons.org/licenses/by/4.0/"
    assert RawLink(href="https://repub.example/9", rel="via", title="Repub") in made.links
    assert made.license == "https://creativecommons.org/licenses/by/4.0/"


@pytest.mark.parametrize(
    "provenance", [None, 1, "x", [], {"original": 1, "via": {}}, {"original": {"url": 1, "title": []}, "via": [1, {"url": []}]}]
)
def test_a_provenance_of_another_shape_claims_nothing(provenance: object) -> None:
    made = entry(_provenance=provenance)
    assert (made.source, made.dcterms_source, made.links) == (None, None, ())


def test_items_that_are_no_objects_are_left_out_and_said_so() -> None:
    made = feed(1, {"id": "1", "content_text": "x"}, None)
    assert len(made.entries) == 1
    assert any("2 items" in oddity for oddity in made.oddities)


def test_of_many_items_the_newest_are_kept() -> None:
    made = feed(*({"id": str(n), "date_published": f"{1990 + n // 40}-01-01T00:00:00Z"} for n in range(1200)))
    assert len(made.entries) == 1000
    assert made.entries[-1].id == "1199"
    assert "200 entries beyond 1,000 were left out" in made.oddities


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not readable as JSON"),
        ('{"hello": 1}', "not a JSON Feed"),
        ("[]", "not a JSON Feed"),
        (f'{{"version":"{V11}"}}', "items are not a list"),
        (f'{{"version":"{V11}","items":{{}}}}', "items are not a list"),
        (f'{{"version":"{V11}","items":[],"items":[]}}', "'items' stands twice"),
        (f'{{"version":"{V11}","items":[NaN]}}', "NaN"),
        ("[" * 100_000, "nested too deeply"),
        (f'{{"version":"{V11}","items":[{{"id":"1","_x":{"[" * 50_000}{"]" * 50_000}}}]}}', "nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(text: str, words: str) -> None:
    assert words in refusal(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = ["id", "url", "title", "content_html", "authors", "author", "tags", "attachments", "date_published", "_provenance", "summary"]


@given(
    st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=6),
    st.dictionaries(st.sampled_from(["title", "hubs", "icon", "authors"]), JSON),
)
def test_members_of_any_shape_never_raise(item: dict[str, object], members: dict[str, object]) -> None:
    assert len(feed(item, **members).entries) == 1
