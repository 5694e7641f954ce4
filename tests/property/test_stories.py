"""Laws of stories: who leads ignores order, sameness is mutual."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Origin, StoredEntry, Url
from aggregator.refine.stories import keys, lead, same_story
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
@settings(max_examples=60, deadline=None)
def test_who_leads_ignores_the_order_of_arrival(both: tuple[Sequence[StoredEntry], Sequence[StoredEntry]]) -> None:
    assert lead(both[0]) == lead(both[1])


@given(_ENTRIES, _ENTRIES, st.sampled_from(["link", "id"]))
@settings(max_examples=80, deadline=None)
def test_sameness_is_mutual(a: StoredEntry, b: StoredEntry, kind: str) -> None:
    assert same_story(a, b, kind) == same_story(b, a, kind)


@given(_LINKS, _CHAINS, _IDS)
@settings(max_examples=40, deadline=None)
def test_keys_are_never_repeated_and_depend_on_nothing_else(link: Url | None, chain: tuple, raw_id: str | None) -> None:
    made = keys(link, Origin(chain=chain), raw_id)
    assert len(set(made)) == len(made)
    assert made == keys(link, Origin(chain=chain), raw_id)
