"""What subscribers were given, by output: judge stories, settle who is listed, list them, hand over when stories join."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Connection, bindparam, delete, func, insert, or_, select, type_coerce, update

from aggregator.model import Placed, Publication, StoredEntry, Verdict
from aggregator.store import entries
from aggregator.store.columns import DAY
from aggregator.store.engine import AnyRow, Counters, chunks
from aggregator.store.parting import Parting, Row, Told, places
from aggregator.store.schema import entry, output, publication, story, story_member
from aggregator.store.settling import CHANGE
from aggregator.store.standing import EARLY, has_subscribers, was_passed_over

LOOKED_THROUGH: Final = 10_000
"""Where an output takes so many of each feed, it chooses among the latest so many that it ever listed: all would grow with the store."""

_OUTPUT: Final = select(output).where(output.c.path == bindparam("at"))
_PAGE: Final = "page:"
IS_PAGE: Final = func.coalesce(output.c.mark, "").startswith(_PAGE, autoescape=True)
"""Is this row that of a page beside an output, and of no output?"""
_WRITTEN: Final = select(output.c.path, output.c.written).where(output.c.written.is_not(None), ~IS_PAGE).order_by(output.c.path)
_PAGES: Final = select(output.c.path, output.c.mark, output.c.written).where(IS_PAGE).order_by(output.c.path)
_FORGET_PAGE: Final = delete(output).where(output.c.path == bindparam("of"), IS_PAGE)
_NOTE_PAGE: Final = update(output).where(output.c.path == bindparam("of")).values(mark=bindparam("made_from"), written=bindparam("digest"))
_LIVE: Final = (
    select(story.c.pk, publication)
    .join_from(story, publication, (publication.c.story == story.c.pk) & (publication.c.output == bindparam("of")), isouter=True)
    .where(story.c.pk.in_(bindparam("stories", expanding=True)), story.c.joined.is_(None))
)
_DATES: Final = (
    select(story_member.c.story, func.min(entry.c.sort_key), func.min(entry.c.published_id))
    .join(entry, entry.c.pk == story_member.c.entry)
    .where(story_member.c.story.in_(bindparam("stories", expanding=True)))
    .group_by(story_member.c.story)
)
# What a verdict may change of a row.
_JUDGED: Final = (
    "published_id", "sort_key", "public_updated", "listed", "pending", "held", "per_day", "rule",
    "lead", "feed_key", "original", "withdrawn", "withdrawn_at", "passed_over", "let_in"
)  # fmt: skip

SHOWN: Final = select(publication, output.c.path).join(output, output.c.pk == publication.c.output)
# By its index, without the rows of the stories' entries.
_STANDING: Final = (
    # Thousands are read at each publish, for where they stand only: making an instant of each date cost more than all else of it.
    select(
        publication.c.story,
        story.c.generation,
        publication.c.sequence,
        type_coerce(publication.c.sort_key, BigInteger),
        publication.c.feed_key,
        type_coerce(publication.c.first_listed, BigInteger),
        publication.c.published_id,
        type_coerce(publication.c.public_updated, BigInteger),
        publication.c.lead,
    )
    .join(output, output.c.pk == publication.c.output)
    .join(story, story.c.pk == publication.c.story)
    .where(output.c.path == bindparam("at"), publication.c.listed, publication.c.sequence.is_not(None))
    .limit(bindparam("most"))
)
_PLACED: Final = _STANDING.order_by(publication.c.sequence.desc())
_CHOSEN: Final = _STANDING.order_by(publication.c.first_listed.desc(), publication.c.sort_key.desc(), publication.c.published_id)
# By when it was listed the index is ordered: what is older is not read.
_SINCE: Final = _CHOSEN.where(publication.c.sort_key >= bindparam("not_before"), publication.c.first_listed >= bindparam("listed_after"))
_GIVEN: Final = SHOWN.where(
    output.c.path == bindparam("at"), publication.c.story.in_(bindparam("stories", expanding=True)), publication.c.listed
)
_WITHDRAWN: Final = (
    SHOWN.where(output.c.path == bindparam("at"), publication.c.withdrawn_at.is_not(None), ~publication.c.listed)
    .order_by(publication.c.withdrawn_at.desc(), publication.c.published_id)
    .limit(bindparam("most"))
)
_OF_STORY: Final = (
    SHOWN.join(story, story.c.pk == publication.c.story)
    .where(or_(story.c.pk == bindparam("of"), story.c.joined == bindparam("of")))
    .order_by(output.c.path, publication.c.sequence, publication.c.story)
)
_CHANGED: Final = select(story.c.pk).where(story.c.joined.is_(None), story.c.generation > bindparam("judged"))
_OF_STORIES: Final = select(publication).where(publication.c.story.in_(bindparam("stories", expanding=True)))
_LISTED_IN: Final = (
    select(output.c.path, func.count())
    .join(publication, publication.c.output == output.c.pk)
    .where(publication.c.story.in_(bindparam("stories", expanding=True)), publication.c.listed)
    .group_by(output.c.path)
)
_DROP: Final = delete(publication).where(publication.c.output == bindparam("of"), publication.c.story == bindparam("judged"))


def files(conn: Connection) -> dict[str, str]:
    """The outputs that have a file of ours, by path, with the digests of those files."""
    return {row.path: row.written for row in conn.execute(_WRITTEN)}


def file(conn: Connection, path: str) -> tuple[str, bytes] | None:
    """The digest of an output's file, and where in it each entry stands."""
    row = conn.execute(_OUTPUT, {"at": path}).first()
    return (row.written, row.places or b"") if row is not None and row.written else None


def note_file(conn: Connection, counters: Counters, path: str, digest: str | None, places: bytes) -> None:
    row = conn.execute(_OUTPUT, {"at": path}).first() or _new(conn, counters, path)
    conn.execute(update(output).where(output.c.pk == row.pk).values(written=digest, places=places or None))


def _new(conn: Connection, counters: Counters, path: str) -> AnyRow:
    conn.execute(insert(output), {"pk": counters.take("output"), "path": path, "judged_generation": 0})
    return conn.execute(_OUTPUT, {"at": path}).one()


def pages(conn: Connection) -> dict[str, tuple[str, str]]:
    """The pages beside outputs, by path: what each was made from, and the digest of what was written."""
    return {row.path: (row.mark.removeprefix(_PAGE), row.written or "") for row in conn.execute(_PAGES)}


def note_pages(conn: Connection, counters: Counters, notes: Mapping[str, tuple[str, str] | None]) -> None:
    gone = [{"of": path} for path, note in notes.items() if note is None]
    written = {path: note for path, note in notes.items() if note is not None}
    for path in written:
        if conn.execute(_OUTPUT, {"at": path}).first() is None:
            _new(conn, counters, path)
    if gone:
        conn.execute(_FORGET_PAGE, gone)
    if written:
        conn.execute(_NOTE_PAGE, [{"of": path, "made_from": _PAGE + made, "digest": digest} for path, (made, digest) in written.items()])


def changed(conn: Connection, path: str, mark: str) -> list[int]:
    """The stories that an output must judge again."""
    row = conn.execute(_OUTPUT, {"at": path}).first()
    judged = row.judged_generation if row is not None and row.mark == mark else 0
    return sorted(conn.execute(_CHANGED, {"judged": judged}).scalars())


# ── judge ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def judge(conn: Connection, counters: Counters, path: str, mark: str, verdicts: Sequence[Verdict], now: datetime) -> AnyRow:
    """Write verdicts; return the output's row. Who is listed for the first time is settled later, over the whole judgement."""
    row = conn.execute(_OUTPUT, {"at": path}).first()
    if row is None:
        row = _new(conn, counters, path)
    elif verdicts and row.mark is not None and row.mark != mark:
        # Should this judgement break off, the rows are neither the old rules' nor the new ones': all must be judged again.
        conn.execute(update(output).where(output.c.pk == row.pk).values(mark=None))
    for piece in chunks(verdicts):
        _write(conn, row, {verdict.story_pk: verdict for verdict in piece}, now)
    return row


def _write(conn: Connection, judged: AnyRow, verdicts: dict[int, Verdict], now: datetime) -> None:
    of, has_begun = judged.pk, has_subscribers(judged.first_published, now)
    found = {row.pk: row for row in conn.execute(_LIVE, {"of": of, "stories": list(verdicts)})}
    undated = [pk for pk in found if verdicts[pk].sort_key is None]
    dates = {pk: (at, name) for pk, at, name in conn.execute(_DATES, {"stories": undated})} if undated else {}
    news: list[dict[str, object]] = []
    changes: list[dict[str, object]] = []
    for pk, row in found.items():
        if row.output is None:
            at, name = dates.get(pk, (None, ""))
            news.append({"output": of, "story": pk} | _first(verdicts[pk], at, name))
            continue
        before = {name: getattr(row, name) for name in _JUDGED}
        was_listed = row.sequence is not None
        after = before | (_again(verdicts[pk].where_leads(row.lead), row, now) if was_listed else _still(verdicts[pk], row, now, has_begun))
        if after != before:
            changes.append({"of": of, "judged": pk} | after)
    if news:
        conn.execute(insert(publication), news)
    if changes:
        conn.execute(CHANGE, changes)


def _first(verdict: Verdict, at: datetime | None, name: str) -> dict[str, object]:
    """The row of a story that this output has never judged."""
    sort_key = verdict.sort_key or at
    return {
        "sequence": None,
        "published_id": verdict.published_id or name,
        "sort_key": sort_key,
        "first_listed": None,
        "public_updated": _updated(verdict, sort_key),
        "listed": False,
        "pending": verdict.listed,
        "per_day": verdict.per_day,
        "rule": verdict.rule,
        "lead": verdict.lead_pk,
        "feed_key": verdict.feed_key,
        "original": verdict.original_pk,
        "passed_over": None if verdict.listed else verdict.seen,
    }


def _still(verdict: Verdict, row: AnyRow, now: datetime, has_begun: bool) -> dict[str, object]:
    """The columns of a story that was never listed, judged again."""
    passed_over = _passed_over(verdict, row, now)
    is_old = verdict.listed and has_begun and was_passed_over(verdict.seen, passed_over, now)
    values: dict[str, object] = {"pending": verdict.listed, "held": False, "per_day": verdict.per_day, "rule": verdict.rule}
    values |= {"lead": verdict.lead_pk, "feed_key": verdict.feed_key, "original": verdict.original_pk}
    values |= {"passed_over": passed_over, "let_in": (row.let_in if row.held else now) if is_old else None}
    if verdict.sort_key is not None:
        values |= {"sort_key": verdict.sort_key, "published_id": verdict.published_id}
        values |= {"public_updated": _updated(verdict, verdict.sort_key)}
    return values


def _passed_over(verdict: Verdict, row: AnyRow, now: datetime) -> datetime | None:
    """Up to when the entries of a story were seen that the rules kept out last; None where none ever did."""
    if not verdict.listed:
        return verdict.seen
    # Let in before, and neither listed nor held: a `limit` kept it out, which is another one now.
    was_limited = row.passed_over is None and not (row.pending or row.held) and row.per_day != verdict.per_day
    return verdict.seen or now if was_limited else row.passed_over


def _updated(verdict: Verdict, sort_key: datetime | None) -> datetime | None:
    """What `updated` says first: no date before that of the publication, which a copy of the same words may give."""
    return max(verdict.public_updated, sort_key) if verdict.public_updated and sort_key else sort_key


def _again(verdict: Verdict, row: AnyRow, now: datetime) -> dict[str, object]:
    """The columns of a story that subscribers were given: its id, number, time and date stick.

    So does a withdrawal, whatever else keeps the story out by now, until it is listed again.
    """
    values: dict[str, object] = {"listed": verdict.listed, "rule": verdict.rule, "per_day": verdict.per_day}
    if verdict.listed:
        values |= {"lead": verdict.lead_pk, "feed_key": verdict.feed_key, "original": verdict.where_original_was(row.original)}
        values |= {"public_updated": max(row.public_updated, verdict.public_updated or row.public_updated)}
        values |= {"withdrawn": None, "withdrawn_at": None}
    elif verdict.withdrawn and row.withdrawn_at is None:
        values |= {"withdrawn": verdict.rule, "withdrawn_at": now}
    return values


# ── read ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def chosen(conn: Connection, path: str, limit: int, *, per_feed: int | None, not_before: datetime | None) -> list[Placed]:
    asked: dict[str, object] = {"at": path, "most": limit if per_feed is None else max(limit, LOOKED_THROUGH)}
    asked |= {} if not_before is None else {"not_before": not_before, "listed_after": not_before - EARLY}
    statement = _CHOSEN if not_before is None else _SINCE
    if per_feed is None:
        return _placed(conn.execute(statement, asked).all())
    found: list[Placed] = []
    by_feed: Counter[str | None] = Counter()
    with conn.execute(statement, asked) as rows:
        for row in rows:
            if len(found) >= limit:
                break
            if by_feed[row.feed_key] < per_feed:
                by_feed[row.feed_key] += 1
                found += _placed([row])
    return found


def listing(
    conn: Connection, path: str, limit: int, *, per_feed: int | None, not_before: datetime | None
) -> list[tuple[Publication, tuple[StoredEntry, ...]]]:
    stories = [place.story_pk for place in chosen(conn, path, limit, per_feed=per_feed, not_before=not_before)]
    return newest_first(conn, _given(conn, path, stories))


def newest_first(conn: Connection, listed: Sequence[Publication]) -> list[tuple[Publication, tuple[StoredEntry, ...]]]:
    """The chosen with all their members, newest sort key first."""
    members = dict(entries.of_stories(conn, [one.story_pk for one in listed]))
    by_id = sorted(listed, key=lambda one: one.published_id)
    return [(one, members[one.story_pk]) for one in sorted(by_id, key=lambda one: one.sort_key, reverse=True) if one.story_pk in members]


def placed(conn: Connection, path: str, limit: int) -> list[Placed]:
    return _placed(conn.execute(_PLACED, {"at": path, "most": limit}).all())


def _placed(rows: Sequence[AnyRow]) -> list[Placed]:
    return [
        Placed(pk, generation, sequence, moment // DAY, feed_key, (since, moment), published_id, updated, lead)
        for pk, generation, sequence, moment, feed_key, since, published_id, updated, lead in rows
    ]


def given(conn: Connection, path: str, stories: Sequence[int]) -> list[tuple[Publication, tuple[StoredEntry, ...]]]:
    return newest_first(conn, _given(conn, path, stories))


def _given(conn: Connection, path: str, stories: Sequence[int]) -> list[Publication]:
    return [shown(row) for piece in chunks(stories) for row in conn.execute(_GIVEN, {"at": path, "stories": piece})]


def withdrawn(conn: Connection, path: str, limit: int) -> list[Publication]:
    return [shown(row) for row in conn.execute(_WITHDRAWN, {"at": path, "most": limit})]


def of_story(conn: Connection, story_pk: int) -> list[Publication]:
    """A story's rows in all outputs, and those of stories that joined it."""
    return [shown(row) for row in conn.execute(_OF_STORY, {"of": story_pk})]


def listed_in(conn: Connection, stories: Sequence[int]) -> Counter[str]:
    """How many of these stories each output lists."""
    found: Counter[str] = Counter()
    for piece in chunks(stories):
        for path, count in conn.execute(_LISTED_IN, {"stories": piece}):
            found[path] += count
    return found


def shown(row: AnyRow) -> Publication:
    """Build the value from a row of `SHOWN`."""
    return Publication(
        output=row.path,
        story_pk=row.story,
        sequence=row.sequence,
        published_id=row.published_id,
        sort_key=row.sort_key,
        first_listed=row.first_listed,
        public_updated=row.public_updated,
        listed=row.listed,
        rule=row.rule,
        lead_pk=row.lead,
        feed_key=row.feed_key,
        original_pk=row.original,
        withdrawn_at=row.withdrawn_at,
    )


# ── join ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def hand_over(conn: Connection, gone: Sequence[int], survivor: int) -> None:
    """Stories became one: in each output it stands where one of them stood; the others are listed no more, and say why."""
    rows: dict[int, list[AnyRow]] = {}
    for row in conn.execute(_OF_STORIES, {"stories": [*gone, survivor]}):
        rows.setdefault(row.output, []).append(row)
    news: list[dict[str, object]] = []
    for of, found in sorted(rows.items()):
        keeper = min(found, key=_precedence)
        if len(found) == 1 and keeper.story == survivor:
            continue
        conn.execute(_DROP, [{"of": of, "judged": row.story} for row in found])
        news.append({**keeper._mapping, "story": survivor})
        for row in found:
            if row is not keeper and row.sequence is not None:
                # The survivor's own row takes the place that the keeper left.
                place = row.story if row.story != survivor else keeper.story
                news.append({**row._mapping, "story": place, "listed": False, "rule": f"joined with {keeper.published_id}"})
    if news:
        conn.execute(insert(publication), news)


def give_back(conn: Connection, told: Told, parting: Parting, into: int) -> None:
    """A story was parted: in each output, what subscribers were given goes with the entries that it was given as; and what is not given is
    held back on both sides for the same reason as before.
    """
    rows: dict[int, list[AnyRow]] = {}
    for row in conn.execute(_OF_STORIES, {"stories": [told.of, into, *told.joined]}):
        rows.setdefault(row.output, []).append(row)
    for of, found in sorted(rows.items()):
        given = [row for row in found if row.sequence is not None]
        by_rank = [Row(row.published_id, row.story, (row.first_listed, row.sort_key, row.published_id)) for row in given]
        stand = places(by_rank, told, parting, into)
        kept_out = next((row for row in found if row.sequence is None), None)
        bare = sorted({told.of, into}.difference(stand)) if kept_out is not None else []
        news = [_standing_at(row, place, {told.of, into}) for row, place in zip(given, stand, strict=True)]
        news += [{**kept_out._mapping, "story": place} for place in bare if kept_out is not None]
        conn.execute(_DROP, [{"of": of, "judged": row.story} for row in found])
        if news:
            conn.execute(insert(publication), news)


def _standing_at(row: AnyRow, place: int, alive: Container[int]) -> dict[str, object]:
    moved = {**row._mapping, "story": place}
    return moved if place in alive or not row.listed else moved | {"listed": False, "rule": "joined with another"}


def _precedence(row: AnyRow) -> tuple[object, ...]:
    """What is listed goes before what was, what was before what never was; then the earlier, whatever came into the store first."""
    return not row.listed, row.sequence is None, row.first_listed or row.sort_key, row.sort_key, row.published_id
