"""A feed that somebody else answers for is held until that is confirmed or over; what happens to honest feeds holds nobody."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.explain import explain
from aggregator.explanation import StoryHistory
from aggregator.model import FeedState, Redirect, Unchanged, Validators
from aggregator.pipeline import poll
from aggregator.refine.stories import same_story
from tests.fakes import FakeStore, document
from tests.ledger import sqlite_store
from tests.planet import NOON, Planet, Post, atom, post

CASINO = [
    Post(title=f"Spin number {n}", link=f"https://casino.example/spin/{n}", text=f"<p>Spin number {n} of the wheel pays out.</p>")
    for n in range(5)
]
BLOG = [post("blog", n, at=NOON - timedelta(days=n)) for n in range(1, 7)]
NAME = b"Walks along the river"


def blog(posts: Iterable[Post], **fields: str) -> bytes:
    return atom("blog", posts, **fields).replace(b"The Blog", NAME)


PARKED = (
    b"<rss version='2.0'><channel><title>blog.example</title><link>https://blog.example/</link><description>-</description>"
    b"<item><title>This domain is for sale</title><link>https://blog.example/offer</link></item></channel></rss>"
)


@pytest.fixture
def planet() -> Planet:
    """A planet that has read and published the blog."""
    made = Planet("blog")
    made.polls({"blog": by("Jane Example", blog(BLOG))})
    assert len(made.publishes()) == 6
    made.later(timedelta(hours=1))
    return made


def by(author: str, body: bytes) -> bytes:
    """A document with an author."""
    return body.replace(b"</title>", f"</title><author><name>{author}</name></author>".encode(), 1)


def state(planet: Planet, feed: str = "blog") -> FeedState:
    found = planet.store.feed(feed)
    assert found is not None
    return found


def comes(planet: Planet, body: bytes, url: str = "https://blog.example/feed.xml", feed: str = "blog") -> None:
    """A poll that ends at an address, by a permanent redirect if that is another one than the feed's."""
    own = f"https://{feed}.example/feed.xml"
    hops = () if url == own else (Redirect(status=301, target=url),)
    report = planet._poll(feed, document(body, url, redirects=hops))
    assert report.error is None, report.error


def titles(planet: Planet) -> list[object]:
    return [item["title"] for item in planet.publishes()]


# ── strangers ──


@pytest.mark.parametrize(
    ("body", "url"),
    [
        (atom("casino", CASINO), "https://blog.example/feed.xml"),
        (atom("casino", CASINO), "https://casino.example/feed.xml"),
        # A thief who keeps the name.
        (atom("casino", CASINO).replace(b"The Casino", NAME), "https://casino.example/feed.xml"),
        # A stranger whose links are relative: they look like the feed's own.
        (atom("casino", CASINO, home="/").replace(b"https://casino.example", b""), "https://blog.example/feed.xml"),
        # Another site's entries by another author, under the name and the home page that the feed had.
        (
            by("Spin Master", atom("casino", CASINO, home="https://blog.example/").replace(b"The Casino", NAME)),
            "https://blog.example/feed.xml",
        ),
        (PARKED, "https://blog.example/feed.xml"),
        (PARKED.replace(b"https://blog.example/", b"https://parking.example/"), "https://parking.example/"),
    ],
)
def test_nothing_of_a_stranger_is_published(planet: Planet, body: bytes, url: str) -> None:
    before = planet.folder.files["feed.json"]
    comes(planet, body, url)
    planet.publishes()
    assert planet.folder.files["feed.json"] == before, "what was published stays, under the name that it had"
    assert state(planet).hold
    assert planet.store.holds() == {"blog": state(planet).hold}


MANY_SPINS = [Post(title=f"Spin number {n}", link=f"https://casino.example/spin/{n}", text=f"<p>Wheel {n} pays.</p>") for n in range(20)]


@pytest.mark.parametrize("kept", [4, 6])
def test_old_entries_that_stand_beside_many_of_another_site_vouch_for_none_of_them(planet: Planet, kept: int) -> None:
    for spins in (MANY_SPINS[:18], MANY_SPINS):
        comes(planet, by("Spin Master", blog([*spins, *BLOG[:kept]])))
        assert state(planet).hold
        assert not any(str(title).startswith("Spin") for title in titles(planet))
        planet.later(timedelta(hours=1))
    comes(planet, by("Jane Example", blog([NEW, *BLOG])))
    assert (state(planet).hold, len(titles(planet))) == (None, 7)


def _signed(author: str, posts: Iterable[Post]) -> bytes:
    """The blog's entries by Jane, and others by somebody else."""
    body = blog([*posts, *BLOG])
    return by("Jane Example", body).replace(
        b"</title><link href='https://casino", f"</title><author><name>{author}</name></author><link href='https://casino".encode()
    )


def _spins(count: int) -> list[Post]:
    made = [
        replace(CASINO[0], title=f"Spin {n}", link=f"https://casino.example/spin/{n}", at=NOON + timedelta(minutes=n)) for n in range(count)
    ]
    return [replace(one, text=f"<p>Spin {number} of the wheel pays out.</p>") for number, one in enumerate(made)][::-1]


@pytest.mark.parametrize("step", [1, 4, 12])
def test_who_lets_another_sites_entries_in_one_by_one_is_held_once_they_are_many(planet: Planet, step: int) -> None:
    for count in range(step, 13, step):
        comes(planet, _signed("Bob Dealer", _spins(count)))
        planet.later(timedelta(hours=3))
    assert "its entries are on casino.example" in str(state(planet).hold)
    assert sum("Spin" in str(title) for title in titles(planet)) == {1: 9, 4: 8, 12: 0}[step]
    comes(planet, _signed("Bob Dealer", _spins(12)).replace(b"2026/post-9", b"2026/post-19"))
    assert state(planet).hold is not None


@pytest.mark.parametrize(("author", "own"), [("Jane Example", []), ("Bob Dealer", [post("blog", 60, at=NOON + timedelta(hours=1))])])
def test_whose_own_author_goes_on_elsewhere_or_who_writes_on_beside_guests_is_not_held(
    planet: Planet, author: str, own: list[Post]
) -> None:
    comes(planet, _signed(author, [*own, *_spins(12)]))
    assert (state(planet).hold, len(titles(planet))) == (None, 18 + len(own))


def test_many_entries_of_one_other_site_are_a_strangers_where_nobody_is_named() -> None:
    for before, after, is_held in ((BLOG, MANY_SPINS, True), (BLOG, [post(f"shop{n}", n) for n in range(12)], False)):
        planet = Planet("blog")
        planet.polls({"blog": blog(before)})
        comes(planet, blog(after))
        assert bool(state(planet).hold) is is_held


@pytest.mark.parametrize("own", ["", "Jane Example"])
def test_many_of_another_site_that_nobody_has_signed_are_held_when_they_come_at_once(own: str) -> None:
    """Of a feed that never names authors, and of one whose every entry names its own."""

    def signed(posts: Iterable[Post]) -> bytes:
        author = f"</title><author><name>{own}</name></author><link href='https://blog" if own else "</title><link href='https://blog"
        return blog(posts).replace(b"</title><link href='https://blog.example/2026", f"{author}.example/2026".encode())

    held = []
    for step in (4, 12):
        planet = Planet("blog")
        planet.polls({"blog": signed(BLOG)})
        for count in range(step, 13, step):
            comes(planet, signed([*_spins(count), *BLOG]))
        held.append(state(planet).hold)
    assert held[0] is None, "whose own entries move to another site one by one are not"
    assert "its entries are on casino.example" in str(held[1])


@pytest.mark.parametrize(("had", "is_held"), [(2, True), (3, False)])
def test_a_second_site_that_a_feed_had_already_is_none_of_a_strangers(had: int, is_held: bool) -> None:
    planet = Planet("blog")
    for count in (had, had + 12):
        comes(planet, blog([*_spins(count), *(post("blog", n, at=NOON - timedelta(days=n)) for n in range(1, 21))]))
    assert bool(state(planet).hold) is is_held


def test_a_stranger_rewrites_nothing_that_was_published_and_deletes_nothing(planet: Planet) -> None:
    before = planet.folder.files["feed.json"]
    taken = [replace(one, id=BLOG[0].id) if n == 0 else one for n, one in enumerate(CASINO)]
    stone = f"<at:deleted-entry xmlns:at='http://purl.org/atompub/tombstones/1.0' ref='{BLOG[1].id}' when='2026-11-09T08:00:00Z'/></feed>"
    comes(planet, atom("casino", taken).replace(b"</feed>", stone.encode()))
    planet.publishes()
    assert state(planet).hold
    assert planet.folder.files["feed.json"] == before


def test_whom_a_stranger_copies_is_published_as_before() -> None:
    planet = Planet("blog", "casino")
    planet.polls({"blog": blog(BLOG), "casino": atom("casino", CASINO[:4])})
    planet.publishes()
    comes(planet, atom("casino", CASINO))
    assert "Spin number 4" not in titles(planet)
    planet.polls({"casino": atom("casino", CASINO)})
    (item,) = [item for item in planet.publishes() if item["title"] == "Spin number 4"]
    assert "blog" not in str(item).lower(), "nobody says that it also appeared there"


def test_a_held_feed_is_polled_at_its_own_address_and_stays_held(planet: Planet) -> None:
    comes(planet, atom("casino", CASINO), "https://casino.example/feed.xml")
    hold = state(planet).hold
    more = [Post(title="One more spin", link="https://casino.example/spin/9", text="<p>Another round.</p>"), *CASINO]
    for day in range(10):
        planet.later(timedelta(days=1))
        comes(planet, atom("casino", more) + b" " * day, "https://casino.example/feed.xml")
    assert planet.fetcher.asked[-1][0].url == "https://blog.example/feed.xml"
    assert state(planet).hold == hold
    assert "One more spin" not in titles(planet)


# ── how it ends ──


def test_a_feed_that_is_itself_again_is_published_and_the_stranger_never(planet: Planet) -> None:
    comes(planet, atom("casino", CASINO))
    planet.later()
    news = post("blog", 7, at=planet.clock())
    comes(planet, blog([news, *BLOG]))
    assert state(planet).hold is None
    assert titles(planet)[0] == news.title
    assert len(titles(planet)) == 7
    told = explain(CASINO[0].link, planet.store, planet.ports.config, planet.clock()).stories[0]
    assert isinstance(told, StoryHistory)
    assert "was held when it came" in told.places[0].rule
    assert "casino.example" in str(told.entries[0].hold)
    assert planet.store.confirm(state(planet).key, planet.clock(), same_story) is None, "there is nothing to confirm any more"


@pytest.mark.parametrize("kind", ["fake", "sqlite"])
def test_what_is_confirmed_is_published_under_its_own_name_and_dates(kind: str) -> None:
    with sqlite_store() as store:
        planet = Planet("blog", store=FakeStore() if kind == "fake" else store)
        planet.polls({"blog": blog(BLOG)})
        planet.publishes()
        old = [replace(one, at=NOON - timedelta(days=30 + n)) for n, one in enumerate(CASINO)]
        comes(planet, atom("casino", old))
        planet.publishes()
        assert planet.store.confirm(state(planet).key, planet.clock(), same_story) == len(CASINO)
        assert (state(planet).hold, state(planet).head.title) == (None, "The Casino")
        assert state(planet).next_poll_at <= planet.clock()
        planet.ports = replace(planet.ports, config=replace(planet.ports.config, newcomer_entries=2))
        assert titles(planet)[-2:] == [one.title for one in old[:2]], "in their own place, and no more at once than of a new feed"
        assert planet.store.release(state(planet).key) == 3
        assert titles(planet)[-5:] == [one.title for one in old]
        comes(planet, atom("casino", old))
        assert state(planet).hold is None
        comes(planet, blog(BLOG))
        assert state(planet).hold is None, "its old entries are its own, too"


def test_a_poll_under_way_does_not_undo_a_confirmation(planet: Planet) -> None:
    comes(planet, atom("casino", CASINO))
    planet.later()
    planet.fetcher.answers["blog"] = document(atom("casino", CASINO) + b" ", "https://blog.example/feed.xml")
    ((leased, token),) = planet.store.lease(planet.clock(), timedelta(minutes=3), 1, feeds=["blog"], ignore_holds=True)
    result, _ = poll(planet._spec("blog"), leased, token, planet.ports)
    planet.store.confirm(leased.key, planet.clock(), same_story)
    assert planet.store.record([result], same_story) == [(0, 0)]
    assert state(planet).hold is None


def test_another_address_in_feeds_yaml_is_a_word_of_its_editor(planet: Planet) -> None:
    comes(planet, atom("casino", CASINO))
    spec = planet._spec("blog")
    moved = replace(spec, url="https://new.example/feed", shown_url="https://new.example/feed", id_given=True)
    planet.store.sync([moved], planet.clock())
    assert (state(planet).hold, state(planet).identity) == (None, None)


def test_answers_without_entries_say_nothing(planet: Planet) -> None:
    comes(planet, atom("casino", []))
    assert state(planet).hold is None
    comes(planet, atom("casino", CASINO))
    hold = state(planet).hold
    comes(planet, blog([]))
    planet._poll("blog", Unchanged(validators=Validators()))
    assert state(planet).hold == hold


# ── honest feeds ──


def moved(posts: Iterable[Post], host: str) -> list[Post]:
    """The same posts on another host."""
    return [replace(one, link=one.link.replace("blog.example", host), id=f"https://{host}/?p={n}") for n, one in enumerate(posts)]


NEW = post("blog", 8, at=NOON)
HONEST = {
    "a new name": (blog([NEW, *BLOG]).replace(NAME, b"Quite Another Name"), "https://blog.example/feed.xml"),
    "a new name, and all entries new": (
        by("Jane Example", blog([post("blog", n) for n in range(20, 26)]).replace(NAME, b"Quite Another Name")),
        "https://blog.example/feed.xml",
    ),
    "another author": (by("Joe Sample", blog([post("blog", n) for n in range(20, 26)])), "https://blog.example/feed.xml"),
    "a domain of its own": (blog(moved([NEW, *BLOG], "self.example"), home="https://self.example/"), "https://self.example/feed"),
    "a domain and a name of its own": (
        blog(moved([NEW, *BLOG], "self.example"), home="https://self.example/").replace(NAME, b"Quite Another Name"),
        "https://self.example/feed",
    ),
    "served by somebody who serves feeds": (blog([NEW, *BLOG]), "https://feeds.example.net/blog"),
    "other entries, served by them": (blog([post("blog", n) for n in range(20, 26)]), "https://feeds.example.net/blog"),
    "a domain of its own, and all entries new": (
        by("Jane Example", blog(moved([post("blog", n) for n in range(20, 26)], "self.example"), home="https://self.example/")).replace(
            b"https://blog.example/feed.xml", b"https://self.example/feed"
        ),
        "https://self.example/feed",
    ),
    "another platform on a domain of its own, with how the texts begin": (
        blog(
            [replace(one, link=f"https://self.example/?p={n}", id=f"post-{n}", text=one.text[:60] + "…") for n, one in enumerate(BLOG)],
            home="https://self.example/",
        ),
        "https://self.example/feed",
    ),
    "a new name, all entries new, and more of the author's": (
        by("Jane M. Example", blog([post("blog", n) for n in range(20, 26)]).replace(NAME, b"Quite Another Name")),
        "https://blog.example/feed.xml",
    ),
    "posts about another site": (
        blog([replace(one, link=f"{one.link}?x") for one in CASINO] + BLOG[:2]),
        "https://blog.example/feed.xml",
    ),
}


def test_a_meeting_that_others_hold_each_year_is_itself_under_the_name_of_the_next() -> None:
    planet, titled = Planet("meeting"), [b"LampCon 2026", b"LampCon 2027"]
    documents = [
        by(name, atom("meeting", [post("meeting", 9 * n + k) for k in range(6)])) for n, name in enumerate(("Ann Larch", "Bob Hay"))
    ]
    for body, title in zip(documents, titled, strict=True):
        planet.polls({"meeting": body.replace(b"The Meeting", title)})
        planet.later(timedelta(days=300))
    assert state(planet, "meeting").head.title == titled[1].decode()
    assert state(planet, "meeting").hold is None


@pytest.mark.parametrize("change", HONEST)
def test_honest_changes_hold_nobody(planet: Planet, change: str) -> None:
    comes(planet, *HONEST[change])
    assert state(planet).hold is None


CASINO_TEXT = "Spin the wheel tonight and win twice what you bring, no deposit needed for new players of our five best houses"
ENGLISH = "The path along the river was under water, and the keeper of the mill said that it would be so until the end of the month. {}"
GERMAN = "Der Weg am Fluss stand unter Wasser, und der Müller sagte, dass es bis zum Ende des Monats so bleiben werde und nicht anders. {}"


def essays(text: str, path: str, first: int) -> list[Post]:
    titles = [f"Number {n} of the walks" for n in range(first, first + 6)]
    return [
        Post(title=title, link=f"https://blog.example/{path}{first + n}", id=f"{path}{first + n}", text=f"<p>{text.format(n)}</p>")
        for n, title in enumerate(titles)
    ]


def told_in(language: str, author: str | None, posts: Iterable[Post]) -> bytes:
    body = blog(posts).replace(b"<feed ", f"<feed xml:lang='{language}' ".encode(), 1)
    return by(author, body) if author else body


@pytest.mark.parametrize(
    ("author", "after", "is_held"),
    [
        # The other half of a feed in two languages: another author, the same program.
        ("Jane Example", told_in("de", "Marie Muster", essays(GERMAN, "post/", 50)), False),
        # What the feed said of its language was wrong.
        ("Jane Example", told_in("de", "Marie Muster", essays(ENGLISH, "?id=", 50)), False),
        # The domain has another owner.
        ("Jane Example", told_in("de", "Marie Muster", essays(GERMAN, "?id=", 50)), True),
        (None, told_in("de", None, essays(GERMAN, "?id=", 50)), True),
        # It names its author for the first time under its new name.
        (None, told_in("en", "Jane Example", essays(ENGLISH, "post/", 50)).replace(NAME, b"Quite Another Name"), False),
        (None, told_in("de", "Jane Example", essays(GERMAN, "?id=", 50)).replace(NAME, b"Quite Another Name"), True),
    ],
)
def test_other_authors_in_another_language_are_strangers_only_in_a_place_built_anew(
    author: str | None, after: bytes, is_held: bool
) -> None:
    planet = Planet("blog")
    planet.polls({"blog": told_in("en", author, essays(ENGLISH, "post/", 1))})
    comes(planet, after)
    assert bool(state(planet).hold) is is_held


def test_a_guest_with_a_page_of_his_own_is_no_stranger_nor_are_the_feeds_own_videos(planet: Planet) -> None:
    guest = by("Spin Master", blog(CASINO[:1]))
    comes(planet, guest)
    assert (state(planet).hold, len(planet.publishes())) == (None, 7)
    comes(planet, by("River Walks TV", blog(replace(one, link=f"{one.link}/video", title=f"Film {n}") for n, one in enumerate(CASINO))))
    assert state(planet).hold is None


def test_a_guest_does_not_let_his_site_in(planet: Planet) -> None:
    comes(planet, by("Spin Master", blog(CASINO[:1])))
    comes(planet, by("Spin Master", blog(CASINO[1:])))
    assert state(planet).hold


def test_a_name_and_an_author_that_are_copied_take_no_feed_to_another_domain(planet: Planet) -> None:
    spins = [replace(one, id=f"spin-{n}", link=f"https://casino.example/?spin={n}") for n, one in enumerate(CASINO)]
    comes(planet, by("Jane Example", atom("casino", spins).replace(b"The Casino", NAME)), "https://casino.example/feed.xml")
    assert state(planet).hold


@pytest.mark.parametrize(("hours", "days", "is_held"), [(0, 20, False), (30, 20, True), (0, 90, True)])
def test_a_feed_of_three_entries_is_only_being_set_up_where_all_are_of_one_day_and_it_was_added_lately(
    hours: int, days: int, is_held: bool
) -> None:
    planet = Planet("blog")
    first = [post("blog", n, at=NOON - timedelta(hours=n * hours)) for n in range(3)]
    planet.polls({"blog": by("Jane Example", blog(first))})
    planet.clock.forward(timedelta(days=days))
    comes(planet, by("Spin Master", blog(post("blog", n) for n in range(20, 30)).replace(NAME, b"Casino Deals")))
    assert bool(state(planet).hold) is is_held


def test_a_blog_that_moves_to_a_platform_without_texts_is_known_by_its_titles() -> None:
    planet = Planet("blog")
    posts = [replace(one, title=f"Which way the river went, {n}") for n, one in enumerate(BLOG)]
    planet.polls({"blog": blog(posts)})
    came = [replace(one, link=f"https://self.example/?p={n}", id=f"post-{n}", text="", at=NOON) for n, one in enumerate(posts)]
    planet.publishes()
    comes(planet, blog(came, home="https://self.example/"), "https://self.example/feed")
    assert (state(planet).hold, len(planet.publishes())) == (None, 6)


def test_titles_that_are_copied_over_other_texts_are_nobodys() -> None:
    planet = Planet("blog")
    posts = [replace(one, title=f"Which way the river went, {n}", text=f"<p>{ENGLISH.format(n)}</p>") for n, one in enumerate(BLOG)]
    planet.polls({"blog": blog(posts)})
    spins = [Post(title=one.title, link=f"https://casino.example/{n}", text=f"<p>{CASINO_TEXT} {n}</p>") for n, one in enumerate(posts)]
    comes(planet, atom("casino", spins), "https://casino.example/feed.xml")
    assert state(planet).hold


def test_a_planet_that_brings_other_hosts_is_itself() -> None:
    planet = Planet("round")
    for week in range(3):
        posts = [post(f"member{week}{n}", n) for n in range(8)]
        planet.polls({"round": atom("round", posts)})
        planet.later(timedelta(days=7))
        assert state(planet, "round").hold is None
    comes(planet, atom("casino", CASINO), feed="round")
    assert state(planet, "round").hold


def test_a_feed_is_taken_as_it_is_when_it_is_first_read() -> None:
    planet = Planet("blog")
    comes(planet, atom("casino", CASINO), "https://casino.example/feed.xml")
    assert len(planet.publishes()) == 5


def test_no_honest_sequence_of_versions_is_held() -> None:
    """The shortest ones; `python -m bench.hijack REAL --history FOLDER` takes all."""
    folder = Path(__file__).resolve().parents[1] / "../shared/corpus/history"
    if not folder.is_dir():
        pytest.skip("the real feeds over time are not here")
    from bench.hijack import replayed
    from bench.history import sequences

    short = sorted(sequences(folder), key=lambda one: sum(len(body) for _, body in one.versions))[:3]
    assert replayed(short)["held_sequences"] == []
