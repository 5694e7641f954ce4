"""Laws of stories: who leads ignores order, sameness is mutual."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.model import Origin, StoredEntry, Url
from aggregator.refine.leading import lead
from aggregator.refine.stories import keys, same_story
from aggregator.store.sql import SqlStore
from tests.pace import examples
from tests.planet import JSON, Planet, Post, atom, post, subscription
from tests.test_stories import NOON, claimed, stored

_FEEDS = st.sampled_from(["orig.example", "copy.example", "planet.example", "evil.example"])
_LINKS = st.sampled_from(
    [None, "https://orig.example/2020/a-day", "https://copy.example/x", "https://planet.example/", "https://orig.example/b"]
)
_IDS = st.sampled_from([None, "12", "tag:orig.example,2020:1", "https://copy.example/?p=1", "urn:uuid:1"])
_CHAINS = st.sampled_from([(), claimed(), claimed("https://copy.example/x")])
_ENTRIES = st.builds(
    stored,
    pk=st.integers(1, 10**6),
    feed=_FEEDS,
    link=_LINKS,
    title=st.sampled_from([None, "A day", "Part two"]),
    text=st.sampled_from(["", "a" * 200, "b" * 60]),
    raw_id=_IDS,
    chain=_CHAINS,
    published=st.sampled_from([None, NOON, NOON.replace(hour=13)]),
)


@given(
    st.lists(_ENTRIES, min_size=1, max_size=6, unique_by=lambda member: member.pk).flatmap(
        lambda m: st.tuples(st.just(m), st.permutations(m))
    )
)
def test_who_leads_ignores_the_order_of_arrival(both: tuple[Sequence[StoredEntry], Sequence[StoredEntry]]) -> None:
    assert lead(both[0]) == lead(both[1])


@given(_ENTRIES, _ENTRIES, st.sampled_from(["link", "id", "twin", "path", "text", "title", "third", "alike"]))
def test_sameness_is_mutual(a: StoredEntry, b: StoredEntry, kind: str) -> None:
    assert same_story(a, b, kind) == same_story(b, a, kind)


@given(_LINKS, _CHAINS, _IDS)
def test_keys_are_never_repeated_and_depend_on_nothing_else(link: Url | None, chain: tuple, raw_id: str | None) -> None:
    made = keys(link, Origin(chain=chain), raw_id)
    assert len(set(made)) == len(made)
    assert made == keys(link, Origin(chain=chain), raw_id)


# What three feeds may say of two articles, rightly or not.
_REAL = {"one": post("one"), "two": post("two")}


def _said(feed: str, of: str) -> list[Post]:
    real = _REAL[of]
    line = f'<p>This article originally appeared at <a href="{real.link}">The {of.title()}</a>.</p>'
    return [
        post(feed, text=f"<p>Words of {feed}.</p>{line}", title=f"{feed} on {of}"),
        replace(real, source=of),
        replace(real, id=f"https://{feed}.example/?p=1"),
        replace(real, link=f"https://{feed}.example/1", source=of),
        replace(real, link=f"https://{feed}.example/2", title="Else", text="<p>Else.</p>"),
    ]


_DOCUMENTS = st.fixed_dictionaries(
    {
        feed: st.lists(st.sampled_from([*_said(feed, "one"), *_said(feed, "two")]), max_size=2, unique_by=lambda one: (one.id, one.link))
        for feed in ("copy", "evil")
    }
)


# Words join the second entry of copy to a story that evil, worded otherwise, is in by its link.
_WORDED_OTHERWISE = {
    "copy": [_said("copy", "two")[1], _said("copy", "two")[3]],
    "evil": [_said("evil", "one")[1], _said("evil", "two")[0]],
}


@example(_WORDED_OTHERWISE, ["one", "two", "evil", "copy"])
@given(_DOCUMENTS, st.permutations(["one", "two", "copy", "evil"]))
@examples(12)
def test_what_is_published_does_not_depend_on_who_was_polled_first(found: dict[str, list[Post]], order: Sequence[str]) -> None:
    documents = {feed: atom(feed, [one]) for feed, one in _REAL.items()} | {feed: atom(feed, posts) for feed, posts in found.items()}
    given_first, given_last = (_published(documents, names) for names in (documents, order))
    assert given_first == given_last
    assert {one.id for one in _REAL.values()} <= {item["id"] for item in given_first}


# Texts of which some are whole, some an excerpt, and some made of two others: none of these may connect the two.
_SYLLABLES = [
    one + other for one in ("har", "lan", "rid", "cop", "mea", "sig", "win", "or") for other in ("bour", "tern", "per", "dow", "nal", "ter")
]
_WHOLE = [" ".join(random.Random(seed).choices(_SYLLABLES, k=150)) for seed in range(3)]
_CUT = [" ".join(text.split()[:60]) for text in _WHOLE]
_TEXTS = [*_WHOLE, *_CUT, *map(" ".join, permutations(_WHOLE, 2)), *map(" ".join, permutations(_CUT, 2))]
_WORDS = st.fixed_dictionaries(
    {feed: st.lists(st.sampled_from(_TEXTS), min_size=1, max_size=2, unique=True) for feed in ("a", "b", "c", "d")}
)


@example({"a": [_CUT[0]], "b": [f"{_CUT[0]} {_CUT[1]}"], "c": [_CUT[1]], "d": [_WHOLE[2]]}, ["d", "c", "b", "a"])
@given(_WORDS, st.permutations(["a", "b", "c", "d"]))
@examples(12)
def test_texts_made_of_others_join_the_same_ones_whoever_was_polled_first(found: dict[str, list[str]], order: Sequence[str]) -> None:
    documents = {
        feed: atom(
            feed,
            [
                post(feed, number, title=f"{feed} " + " ".join(_SYLLABLES[ord(feed) % 4 * 9 + number * 4 :][:3]), text=f"<p>{text}</p>")
                for number, text in enumerate(texts)
            ],
        )
        for feed, texts in found.items()
    }
    assert _published(documents, sorted(documents)) == _published(documents, order)


def _published(documents: Mapping[str, bytes], order: Iterable[str]) -> list[dict[str, object]]:
    planet = Planet(*sorted(documents))
    planet.polls({feed: documents[feed] for feed in order})
    return planet.publishes()


# ── what people say of stories ─────────────────────────────────────────────────────────────────────────────────────────

_SAID = st.one_of(
    st.tuples(st.just("join"), st.sets(st.sampled_from(["one", "two", "three"]), min_size=2)),
    st.tuples(st.just("split"), st.sampled_from(["one", "two", "three"]).map(lambda feed: {feed})),
    st.just(("publish", set[str]())),
)
_BOTH = (JSON, replace(JSON, path="tagged.json", tags=("some",)))
_JOINED = [("join", {"one", "two", "three"}), ("publish", set[str]())]


@pytest.mark.parametrize("kind", ["fake", "sqlite"])
def test_what_was_joined_in_any_way_and_is_split_again_stands_as_it_stood_in_every_output(
    kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    posts = {feed: post(feed) for feed in ("one", "two", "three")}

    @examples(6)
    @example([*_JOINED, ("split", {"one"})])
    @example([("join", {"one", "two"}), *_JOINED, ("split", {"two"})])
    @given(st.lists(_SAID, max_size=6))
    def law(said: list[tuple[str, set[str]]]) -> None:
        store = SqlStore(str(tmp_path_factory.mktemp("law") / "planet.db")) if kind == "sqlite" else None
        tagged = (subscription("two", tags=("some",)), subscription("three", tags=("some",)))
        planet = Planet("one", *tagged, store=store, outputs=_BOTH)
        planet.polls({feed: atom(feed, [one]) for feed, one in posts.items()})
        planet.publishes()
        before = dict(planet.folder.files)
        for word, feeds in [*said, *(("split", {feed}) for feed in posts)]:
            found = {feed: planet.store.find(posts[feed].link)[0] for feed in sorted(feeds)}
            if word == "publish":
                planet.publishes()
            elif word == "join":
                planet.store.unite([pk for pk, _ in found.values()], planet.clock())
            else:
                ((feed, (_, members)),) = found.items()
                planet.store.split(next(one.pk for one in members if one.feed_id == feed), planet.clock())
        planet.publishes()
        assert planet.folder.files == before
        planet.store.close()

    law()
