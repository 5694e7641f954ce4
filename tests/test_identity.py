"""Who an entry is: docs/identity.md, rule by rule."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Enclosure, Entry, RawEntry, RawText, SafeHtml, Title, Url
from aggregator.refine.identity import content_hash, identities, marks, noticed
from aggregator.web.url import is_absolute_iri, resource
from tests.planet import NOON, Planet, atom, post

FEED = "0b6c1d5e-54a5-4f3b-9a63-6d2a4f6f1c11"
OTHER = "7f2a3b90-1111-4222-8333-444455556666"


def entry(raw_id: str | None = None, link: str | None = None, title: str | None = None, text: str | None = None) -> RawEntry:
    return RawEntry(
        id=raw_id,
        link=link,
        title=RawText(value=title) if title is not None else None,
        summary=RawText(value=text, type="html") if text is not None else None,
    )


def one(raw: RawEntry, feed: str = FEED):
    return identities([raw], feed)[0]


def test_an_absolute_id_is_published_as_it_is():
    for raw_id in ("https://blog.example/?p=1", "tag:blog.example,2024:1", "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a"):
        assert one(entry(raw_id, "https://blog.example/1")).published_id == raw_id


def test_any_other_id_becomes_a_uuid_of_the_feed():
    mine = one(entry("12345", "https://blog.example/1"))
    assert mine.published_id.startswith("urn:uuid:")
    assert mine.id_from == "id"
    assert mine == one(entry("12345", "https://blog.example/moved"))
    assert mine.published_id != one(entry("12345"), OTHER).published_id


def test_the_uuid_of_an_id_is_the_one_that_others_would_compute():
    from uuid import UUID, uuid5

    assert one(entry("12345")).published_id == f"urn:uuid:{uuid5(UUID(FEED), '12345')}"


def test_an_id_longer_than_4_kib_is_hashed():
    mine = one(entry("https://blog.example/" + "x" * 5000))
    assert mine.published_id.startswith("urn:uuid:")
    assert len(mine.raw_key) == 32


def test_white_space_around_an_id_does_not_count():
    assert one(entry("\n  g-1 ")) == one(entry("g-1"))
    assert one(entry(" https://blog.example/1\n")).published_id == "https://blog.example/1"


def test_an_empty_id_is_none():
    for nothing in (None, "", "  \n"):
        mine = one(entry(nothing, "https://blog.example/1"))
        assert mine.id_from == "link"


def test_without_an_id_the_link_counts_however_it_is_written():
    mine = one(entry(None, "https://blog.example/post/"))
    assert mine == one(entry(None, "http://www.blog.example/post?utm_source=rss", "another title"))
    assert mine != one(entry(None, "https://blog.example/other"))


def test_without_id_and_link_title_and_first_text_count():
    mine = one(entry(None, None, "A title", "<p>Some text"))
    assert mine.id_from == "text"
    assert mine != one(entry(None, None, "A title", "<p>Other text"))
    assert mine == one(entry(None, None, "A  title ", "<div>Some <b>text</b></div>"))


def test_an_id_that_several_links_share_is_joined_by_the_link():
    found = identities([entry("same", f"https://blog.example/{n}") for n in (1, 2, 3)], FEED)
    assert len({mine.raw_key for mine in found}) == 3
    assert len({mine.published_id for mine in found}) == 3
    again = identities([entry("same", f"https://blog.example/{n}") for n in (4, 3, 2)], FEED)
    assert again[1] == found[2]
    assert again[2] == found[1]


def test_a_shared_id_never_becomes_the_published_id_even_if_it_is_absolute():
    found = identities([entry("https://blog.example/", f"https://blog.example/{n}") for n in (1, 2)], FEED)
    assert all(mine.published_id.startswith("urn:uuid:") for mine in found)


def test_entries_without_ids_that_all_link_to_the_home_page_stay_apart():
    found = identities([entry(None, "https://blog.example/", title) for title in ("One", "Two")], FEED)
    assert len({mine.raw_key for mine in found}) == 2


def test_one_id_with_one_link_is_one_entry():
    first, second = identities([entry("1", "https://blog.example/1", "Old"), entry("1", "http://www.blog.example/1", "New")], FEED)
    assert first == second


def test_ids_that_only_count_places_are_none():
    def counted(*numbers: int) -> list[RawEntry]:
        """The latest first."""
        days = range(len(numbers), 0, -1)
        return [
            RawEntry(id=f"item-{n}", link=f"https://blog.example/{day}", published_s=86_400 * day)
            for n, day in zip(numbers, days, strict=True)
        ]

    assert {mine.id_from for mine in identities(counted(0, 1, 2, 3), FEED)} == {"link"}
    assert {mine.id_from for mine in identities(counted(1, 2, 3), FEED)} == {"link"}
    # Counted from the first post on; too few to tell; some of them left out; no places, but numbers.
    for numbers in ((4, 3, 2, 1), (0, 1), (0, 1, 3), (7, 8, 9)):
        assert {mine.id_from for mine in identities(counted(*numbers), FEED)} == {"id"}


def test_what_comes_at_the_first_place_of_a_document_is_new():
    planet = Planet("blog")
    for day in range(3):
        latest = [post("blog", n, at=NOON - timedelta(days=9 - n)) for n in range(4 + day, day, -1)]
        planet.polls({"blog": atom("blog", [replace(one, id=f"item-{place}") for place, one in enumerate(latest)])})
        shown = planet.publishes()
        planet.later(timedelta(days=1))
    assert len(shown) == 6


def test_a_lone_surrogate_in_an_id_harms_nothing():
    assert one(entry("id-\ud800")).published_id.startswith("urn:uuid:")
    assert one(entry("https://blog.example/\ud800")).published_id.startswith("urn:uuid:")


ids = st.none() | st.sampled_from(["", " ", "a", " a", "b", "https://blog.example/x", "urn:x:1"]) | st.text(max_size=8)
links = st.none() | st.sampled_from(
    ["https://blog.example/1", "http://www.blog.example/1", "https://blog.example/2", "/3", "javascript:x", ""]
)
raws = st.builds(entry, ids, links, st.none() | st.sampled_from(["", "T", "U"]), st.none() | st.text(max_size=8))


@given(st.lists(raws, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_a_document_changes_no_identity(document, random):
    found = identities(document, FEED)
    places = list(range(len(document)))
    random.shuffle(places)
    assert identities([document[place] for place in places], FEED) == tuple(found[place] for place in places)


@given(st.lists(raws, max_size=6))
def test_keys_and_published_ids_tell_the_same_entries_apart(document):
    found = identities(document, FEED)
    assert all(is_absolute_iri(mine.published_id) for mine in found)
    # Only an id that is given as an absolute IRI and equals what another would derive could clash; a derived one never does.
    assert len({mine.raw_key for mine in found}) == len({mine.published_id for mine in found})
    assert all(marks(raw) for raw in document)


def _hash(entry: Entry) -> str:
    return content_hash(entry.title, entry.link, (noticed(entry.summary), noticed(entry.content)), entry.enclosures, entry.authors)


def test_the_content_hash_moves_for_what_a_reader_notices_and_for_nothing_else():
    base = Entry(raw_key="k", raw_id="1", id_from="id", published_id="urn:x:1", site="blog.example", title=Title(text="T"))
    base = replace(base, content=SafeHtml('<p>Some <b>words</b> and <a href="https://a.example/">a link</a></p>'))
    mine = _hash(base)
    same = SafeHtml('<div>Some\n<i>words</i> and <a href="https://a.example/" title="x">a link</a></div>')
    assert _hash(replace(base, content=same, stripped=("x",), text_start="x")) == mine
    url = resource("https://a.example/x.mp3")
    assert url
    others = [
        replace(base, title=Title(text="U")),
        replace(base, content=SafeHtml('<p>Some words and <a href="https://b.example/">a link</a></p>')),
        replace(base, content=SafeHtml("<p>Other words</p>")),
        replace(base, content=None, summary=base.content),
        replace(base, link=url),
        replace(base, enclosures=(Enclosure(url=url),)),
    ]
    assert len({mine, *map(_hash, others)}) == len(others) + 1


def test_a_site_that_moves_to_another_host_with_all_its_pages_says_nothing_new():
    def moved(home: str, path: str = "/a-post", shown: str = "/i/1.png") -> str:
        html = SafeHtml(f'<p>Some words <img src="{home}{shown}"></p>')
        entry = Entry(
            raw_key="k", raw_id="1", id_from="id", published_id="urn:x:1", site="blog.example", link=Url(home + path), content=html
        )
        return _hash(replace(entry, enclosures=(Enclosure(url=Url(f"{home}/1.mp3")),)))

    homes = ["https://blog.example", "http://blog.example", "https://new.example", "https://blog.new.example"]
    assert len(set(map(moved, homes))) == 1
    assert len({moved(homes[0]), moved(homes[0], "/b-post"), moved(homes[0], shown="/i/2.png")}) == 3
