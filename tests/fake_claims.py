"""What `FakeStore` remembers of claims and of names."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.model import Claim, Hop, Learnt
from aggregator.store.claims import MAX_NAMES_OF_A_TELLER
from aggregator.store.values import claim_mark
from aggregator.store.wording import MAX_PAST_CLAIMS
from aggregator.web.text import folded_name


@dataclass
class _Said:
    claim: Claim
    first_seen: datetime
    gone: datetime | None = None


class FakeClaims:
    """The claims of one entry, those that it makes no more included."""

    def __init__(self) -> None:
        self.said: dict[str, _Said] = {}

    def write(self, made: Sequence[Claim], at: datetime) -> None:
        """From now on the entry makes these claims and no others."""
        marks = {claim_mark(claim): claim for claim in reversed(made)}
        for mark, said in self.said.items():
            said.gone = None if mark in marks else said.gone or at
        for mark, claim in marks.items():
            self.said[mark] = _Said(claim, self.said[mark].first_seen if mark in self.said else at)
        for claim, _, _ in self.past()[:-MAX_PAST_CLAIMS]:
            del self.said[claim_mark(claim)]

    def check(self, checked: Sequence[Claim]) -> None:
        for claim in checked:
            said = self.said.get(claim_mark(claim))
            if said and said.gone is None:
                said.claim = replace(said.claim, standing=claim.standing, confidence=claim.confidence, checked=claim.checked)

    def past(self) -> list[tuple[Claim, datetime, datetime]]:
        gone = [(said.claim, said.first_seen, said.gone) for said in self.said.values() if said.gone]
        return sorted(gone, key=lambda one: one[2])

    def are_open(self) -> bool:
        open_ = ("chosen", "confirmed", "contradicted", "weak")
        return any(said.gone is None and said.claim.standing in open_ for said in self.said.values())


class FakeNames:
    """Whom names mean."""

    def __init__(self) -> None:
        self.told: dict[tuple[str, str, str], Hop] = {}

    def learn(self, names: Iterable[tuple[str, Hop]]) -> None:
        for teller, hop in names:
            if Counter(teller for _, _, teller in self.told)[teller] < MAX_NAMES_OF_A_TELLER:
                self.told.setdefault((folded_name(hop.name), hop.site or "", teller), hop)

    def found(self) -> Mapping[str, Learnt]:
        keys = {key for key, _, _ in self.told}
        sites = {key: {site for name, site, _ in self.told if name == key} for key in keys}
        return {key: self._learnt(key) for key in keys if len(sites[key]) == 1}

    def _learnt(self, key: str) -> Learnt:
        told = sorted(((teller, hop) for (name, _, teller), hop in self.told.items() if name == key), key=lambda one: one[0])
        return Learnt(
            hop=max((hop for _, hop in told), key=lambda hop: (hop.home is not None, hop.name)), tellers=tuple(t for t, _ in told)
        )
