"""What every store promises of claims of origin: their history, what became of them, and whom names mean."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from aggregator.model import Claim, Hop, Learnt, Url
from aggregator.ports import Store
from aggregator.store.claims import MAX_NAMES_OF_A_TELLER
from aggregator.store.wording import MAX_PAST_CLAIMS
from tests.ledger import HOUR, blogs, poll, post
from tests.makers import NOON

CLAIM = Claim(kind="phrase", name="Orig", page=Url("https://orig.example/1"), site="orig.example", evidence="from Orig", standing="chosen")
OTHER = replace(CLAIM, name="Else", site="else.example", evidence="from Else")
SELF = replace(CLAIM, site="blog.example", standing="self")


@pytest.fixture(autouse=True)
def _feeds(store: Store) -> None:
    store.sync(blogs("blog", "orig"), NOON)


def polled(store: Store, *claims: Claim, number: int = 1, hours: int = 0, feed: str = "blog") -> int:
    """Poll a feed whose one entry makes these claims now; return the entry's key."""
    poll(store, [(feed, [post(number, feed, claims=claims)])], NOON + hours * HOUR)
    ((_, (member,)),) = store.find(f"https://{feed}.example/{number}")
    return member.pk


def unchecked(store: Store, mark: str = "1") -> list[str]:
    return sorted(member.entry.published_id for batch in store.unchecked_stories(mark) for _, members in batch for member in members)


def past(store: Store, pk: int) -> list[tuple[str, int, int]]:
    return [(claim.evidence, (first - NOON) // HOUR, (gone - NOON) // HOUR) for claim, first, gone in store.past_claims(pk)]


# ── history ──


def test_a_claim_that_is_not_made_any_more_is_kept_with_its_time(store: Store) -> None:
    polled(store, CLAIM)
    pk = polled(store, OTHER, hours=2)
    assert past(store, pk) == [("from Orig", 0, 2)]
    assert polled(store, OTHER, CLAIM, hours=3) == pk
    assert past(store, pk) == [], "it is made again"
    polled(store, hours=5)
    assert sorted(past(store, pk)) == [("from Else", 2, 5), ("from Orig", 0, 5)]


def test_how_far_a_claim_is_believed_makes_no_other_claim_of_it(store: Store) -> None:
    polled(store, CLAIM)
    pk = polled(store, replace(CLAIM, standing="outranked", confidence=0.1), hours=1)
    assert store.past_claims(pk) == []


def test_past_claims_of_an_entry_are_limited(store: Store) -> None:
    for number in range(MAX_PAST_CLAIMS + 5):
        pk = polled(store, replace(CLAIM, evidence=f"word {number}"), hours=number)
    found = [claim.evidence for claim, _, _ in store.past_claims(pk)]
    assert found == [f"word {number}" for number in range(4, MAX_PAST_CLAIMS + 4)]


def test_a_claim_that_is_made_twice_is_one(store: Store) -> None:
    polled(store, CLAIM, CLAIM)
    assert store.counts()["claim"] == 1


# ── checking ──


def test_stories_that_claim_an_origin_are_checked_once(store: Store) -> None:
    polled(store, CLAIM, number=1)
    polled(store, SELF, number=2, hours=1)
    polled(store, number=3, hours=2)
    assert unchecked(store) == ["https://blog.example/1"]
    store.check("1", (), (), done=True)
    assert unchecked(store) == []
    polled(store, CLAIM, number=4, hours=3)
    assert unchecked(store) == ["https://blog.example/4"]


def test_what_changes_while_claims_are_checked_is_checked_next_time(store: Store) -> None:
    polled(store, CLAIM)
    unchecked(store)
    polled(store, CLAIM, number=2, hours=1)
    store.check("1", (), (), done=True)
    assert unchecked(store) == ["https://blog.example/2"]


def test_other_publishers_have_everything_checked(store: Store) -> None:
    polled(store, CLAIM)
    unchecked(store)
    store.check("1", (), (), done=True)
    assert unchecked(store, "2") == ["https://blog.example/1"]


def test_what_became_of_a_claim_is_stored_and_told_of_it_when_it_is_gone(store: Store) -> None:
    pk = polled(store, CLAIM)
    ((_, (member,)),) = store.find("https://blog.example/1")
    found = replace(CLAIM, standing="contradicted", confidence=0.1, checked="the feed orig has it not")
    store.check("1", [replace(member, entry=replace(member.entry, claims=(found,)))], (), done=True)
    polled(store, hours=1)
    ((claim, _, _),) = store.past_claims(pk)
    assert (claim.standing, claim.confidence, claim.checked) == ("contradicted", 0.1, "the feed orig has it not")


# ── names ──


def learn(store: Store, *told: tuple[str, str, str]) -> None:
    store.check("1", (), [(teller, Hop(name=name, site=site, home=Url(f"https://{site}/"))) for teller, name, site in told], done=False)


def meant(store: Store) -> dict[str, tuple[str | None, Sequence[str]]]:
    return {key: (one.hop.site, one.tellers) for key, one in store.names().items()}


def test_a_name_means_the_one_publisher_that_all_links_lead_to(store: Store) -> None:
    learn(store, ("b.example", "The Courier", "courier.example"), ("a.example", "the COURIER", "courier.example"))
    learn(store, ("a.example", "Here", "one.example"), ("a.example", "here", "two.example"))
    assert meant(store) == {"courier": ("courier.example", ("a.example", "b.example"))}
    assert store.names()["courier"] == Learnt(
        hop=Hop(name=store.names()["courier"].hop.name, site="courier.example", home=Url("https://courier.example/")),
        tellers=("a.example", "b.example"),
    )


def test_nobody_fills_the_table_of_names(store: Store) -> None:
    for start in (0, 200, 400):
        learn(store, *(("evil.example", f"Name {number}", "x.example") for number in range(start, start + 200)))
    learn(store, ("good.example", "Courier", "courier.example"))
    assert store.counts()["source_name"] == MAX_NAMES_OF_A_TELLER + 1
    assert "courier" in store.names()
