"""Claims of origin in the store: which stories must be compared with what is held, what became of their claims, whom names mean."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Final

from sqlalchemy import Connection, bindparam, exists, func, select, update

from aggregator.model import Claim, Hop, Learnt, StoredEntry
from aggregator.store.engine import Counters, chunks, upsert
from aggregator.store.schema import claim, source_name, story, story_member
from aggregator.store.values import claim_mark
from aggregator.web.text import folded_name

MAX_NAMES_OF_A_TELLER: Final = 300
"""Nobody's entries can fill the table of names with inventions."""

# Only these say of an origin what another feed, or its own publisher, may confirm or contradict.
_OPEN: Final = ("chosen", "confirmed", "contradicted", "weak")
# Not in order: SQLite would read all stories by their keys rather than the few that changed, and sort these.
_UNCHECKED: Final = select(story.c.pk).where(
    story.c.joined.is_(None),
    story.c.generation > bindparam("checked"),
    # Asked story by story: few change between two publishes.
    exists().where(
        story_member.c.story == story.c.pk,
        claim.c.entry == story_member.c.entry,
        claim.c.gone.is_(None),
        claim.c.standing.in_(_OPEN),
    ),
)
_STANDING: Final = select(claim.c.entry, claim.c.mark, claim.c.standing, claim.c.confidence, claim.c.checked).where(
    claim.c.entry.in_(bindparam("pks", expanding=True)), claim.c.gone.is_(None)
)
_CHECKED: Final = update(claim).where(claim.c.entry == bindparam("of"), claim.c.mark == bindparam("said"))
_PAST: Final = select(claim).where(claim.c.entry == bindparam("of"), claim.c.gone.is_not(None)).order_by(claim.c.gone, claim.c.n)
_name = upsert(source_name)
_LEARN: Final = _name.on_conflict_do_nothing()
_TOLD: Final = (
    select(source_name.c.teller, func.count())
    .where(source_name.c.teller.in_(bindparam("tellers", expanding=True)))
    .group_by(source_name.c.teller)
)
_NAMES: Final = select(source_name).order_by(source_name.c.name_key, source_name.c.teller)


def unchecked(conn: Connection, mark: str) -> list[int]:
    counters = Counters(conn)
    checked = counters.now("checked") if counters.now("checked_under") == _number(mark) else 0
    return sorted(conn.execute(_UNCHECKED, {"checked": checked}).scalars())


def check(conn: Connection, entries: Sequence[StoredEntry]) -> None:
    """Write what became of the claims of these entries, where it is not what is stored."""
    found = {(one.pk, claim_mark(said)): said for one in entries for said in one.entry.claims}
    changes = []
    for pks in chunks(dict.fromkeys(one.pk for one in entries)):
        for row in conn.execute(_STANDING, {"pks": pks}):
            said = found.get((row.entry, row.mark))
            if said and (said.standing, said.confidence, said.checked) != (row.standing, row.confidence, row.checked):
                columns = {"standing": said.standing, "confidence": said.confidence, "checked": said.checked}
                changes.append({"of": row.entry, "said": row.mark} | columns)
    if changes:
        conn.execute(_CHECKED, changes)


def finish(counters: Counters, mark: str, generation: int) -> None:
    counters.note("checked", generation)
    counters.note("checked_under", _number(mark))


def _number(mark: str) -> int:
    return int.from_bytes(blake2b(mark.encode(), digest_size=7).digest(), "big")


def past(conn: Connection, entry_pk: int) -> list[tuple[Claim, datetime, datetime]]:
    return [
        (
            Claim(
                kind=row.kind,
                hop=row.hop,
                name=row.name,
                page=row.page,
                site=row.site,
                where=row.where,
                rule=row.rule,
                evidence=row.evidence,
                confidence=row.confidence,
                standing=row.standing,
                checked=row.checked,
            ),
            row.first_seen,
            row.gone,
        )
        for row in conn.execute(_PAST, {"of": entry_pk})
    ]


# ── names ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def learn(conn: Connection, told: Iterable[tuple[str, Hop]]) -> None:
    """Remember whom names mean; `told` are pairs of the publisher who said so and what it said."""
    by_teller: defaultdict[str, dict[tuple[str, str], Hop]] = defaultdict(dict)
    for teller, hop in told:
        by_teller[teller].setdefault((folded_name(hop.name), hop.site or ""), hop)
    rows: list[dict[str, object]] = []
    for tellers in chunks(sorted(by_teller)):
        have = Counter({row[0]: row[1] for row in conn.execute(_TOLD, {"tellers": tellers})})
        for teller in tellers:
            room = max(0, MAX_NAMES_OF_A_TELLER - have[teller])
            for (key, where), hop in sorted(by_teller[teller].items())[:room]:
                rows.append({"name_key": key, "site": where, "teller": teller, "name": hop.name, "home": hop.home})
    if rows:
        conn.execute(_LEARN, rows)


def names(conn: Connection) -> Mapping[str, Learnt]:
    """The names that mean one publisher, by the form in which they are compared."""
    found: defaultdict[str, list[tuple[str, Hop]]] = defaultdict(list)
    for row in conn.execute(_NAMES):
        found[row.name_key].append((row.teller, Hop(name=row.name, site=row.site, home=row.home)))
    return {
        key: Learnt(hop=max((hop for _, hop in told), key=lambda hop: (hop.home is not None, hop.name)), tellers=tuple(t for t, _ in told))
        for key, told in found.items()
        if len({hop.site for _, hop in told}) == 1
    }
