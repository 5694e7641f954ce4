"""The walk of one entry, from the web to the outputs: `poll` and `publish`. Read this first.

`poll` fetches one feed, parses it and refines its entries into a `PollResult`; the caller records it. `publish` judges what the store
holds by today's feeds.yaml, composes one edition for each output and replaces the files that changed. The four folders `collect`,
`refine`, `store` and `publish` meet here; `reprocess` walks the same way from stored raw entries.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from time import monotonic

from aggregator import archives, composing, judging, pushes, storypages, writing
from aggregator.collect import address, polite, rhythm
from aggregator.collect.limits import CUT_OFF
from aggregator.collect.secrets import without_secrets
from aggregator.errors import BadStatus, FeedError, Gone, ParseError, PublishError
from aggregator.model import (
    Config,
    Document,
    Edition,
    FeedSpec,
    FeedState,
    Format,
    HubSubscription,
    OutputSpec,
    Pause,
    PollReport,
    PollResult,
    Printed,
    PublishReport,
    ReadFeed,
    SeenDocument,
    Surroundings,
    Tally,
    Unchanged,
    Validators,
)
from aggregator.ports import Clock, Fetcher, Publisher, Reader, Renderer, Store
from aggregator.publish.archive import page_path
from aggregator.publish.edition import MAX_DELETED
from aggregator.publish.opml import with_address
from aggregator.publish.sources import Directory
from aggregator.publish.trail import FOLDER
from aggregator.refine import rules
from aggregator.refine.publishers import Feeds, feeds_of
from aggregator.watching import watched
from aggregator.web.host import host_of
from aggregator.web.text import counted

# So many stored entries are compared with those of a document that has few.
COMPARED = 20
# What a document says is read whole once a week, whatever of it was seen before: names learnt since, and what else stands beside it, count.
ALL_AGAIN = timedelta(days=7)
# A page that names its feed is asked once; the feed itself a moment later, as a poll of its own, as far apart as requests to one operator.
DISCOVERY_DELAY = timedelta(seconds=2)

Found = tuple[PollResult, int, tuple[str, ...]]
"""What a document brought: the result to store, how many entries it holds, and what is odd about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything that the pipeline asks of the world, made by `app.build`. `surroundings` gives what refining a document needs to know."""

    config: Config
    clock: Clock
    fetcher: Fetcher
    reader: Reader
    store: Store
    publisher: Publisher
    renderers: Mapping[Format, Renderer]
    surroundings: Callable[[], Surroundings] = Surroundings


# ── poll ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def poll(spec: FeedSpec, state: FeedState, lease: str, ports: Ports) -> tuple[PollResult, PollReport]:
    """Fetch, parse and refine one feed. Whatever goes wrong with it becomes its own report; nothing is stored here.

    Validators and the body's hash are taken over only from a body that was read whole and parsed, so that a broken answer can never
    hide entries behind a later 304.
    """
    result, report = reported(spec, lambda: _polled(spec, state, lease, ports), lambda error: _failed(spec, state, lease, ports, error))
    return result, replace(report, is_as_before=report.error == state.last_error and report.outcome in ("unchanged", "failed"))


def reported(spec: FeedSpec, find: Callable[[], Found], fail: Callable[[FeedError], PollResult]) -> tuple[PollResult, PollReport]:
    """What `find` gives, or what `fail` makes of a feed's trouble, with its report."""
    started = monotonic()
    try:
        result, total, oddities = find()
        error: FeedError | None = None
    except FeedError as caught:
        result, total, oddities, error = fail(caught), 0, (), caught
    result = replace(result, asks=address.asked(spec, result.state, result.polled_at).shown_url)
    return result, PollReport(
        feed_id=spec.id,
        shown_url=spec.shown_url,
        outcome=result.outcome,
        total=total,
        error=error.message if error else None,
        error_type=type(error).__name__ if error else None,
        next_poll_at=result.state.next_poll_at,
        why=result.state.why,
        seconds=round(monotonic() - started, 3),
        hold=result.state.hold,
        oddities=oddities,
    )


def _polled(spec: FeedSpec, state: FeedState, lease: str, ports: Ports) -> Found:
    if polite.is_given_up(state, ports.clock()):
        raise Gone(spec.shown_url, state.last_error or "", status=HTTPStatus.GONE)
    asked = address.asked(spec, state, ports.clock())
    if other := address.asked_already(spec, asked, ports.config, ports.store.feed, ports.clock()):
        left = address.left_to(other, state, ports.clock())
        return PollResult(state=left, lease=lease, outcome="unchanged", polled_at=ports.clock(), tally=Tally()), 0, (left.why or "",)
    if asked is spec:
        state = replace(state, discovered=None)
    # Changed rules (a new `strip`, a new version) refine the same body again.
    seen_body = state.body_hash if state.refined_by == rules.mark(spec) else None
    got = ports.fetcher.fetch(asked, state.validators if seen_body else Validators(), seen_body, state.sent_hash if seen_body else None)
    try:
        result, total, oddities = _taken(spec, state, lease, got, ports)
    except ParseError as error:
        error.requests, error.received_bytes, error.server = got.traffic.requests, got.traffic.received_bytes, got.server
        raise
    return _paused(replace(result, server=got.server), spec, got.pause), total, oddities


def _taken(spec: FeedSpec, state: FeedState, lease: str, got: Document | Unchanged, ports: Ports) -> Found:
    hub = pushes.relied_on(state.key, ports.config, ports.store, ports.clock())
    if isinstance(got, Unchanged):
        read, fresh = None, replace(state, sent_hash=state.sent_hash if got.is_304 else got.sent_hash)
    else:
        read = read_document(spec, state, got, ports, _last_document(spec, state, ports))
        fresh = replace(state, body_hash=got.body_hash, sent_hash=got.sent_hash, document_bytes=got.traffic.received_bytes)
    now = ports.clock()
    if read is None:
        kept = _succeeded(spec, fresh, got, now, ports, hub)
        return PollResult(state=kept, lease=lease, outcome="unchanged", polled_at=now, tally=_tally(got, state)), 0, ()
    if isinstance(got, Document) and CUT_OFF in read.oddities and not got.has_known_end:
        # The connection may have ended before the document: what is whole of it is taken, and the same is asked for again.
        got, fresh = replace(got, validators=state.validators), replace(fresh, body_hash=state.body_hash, sent_hash=state.sent_hash)
    is_missed = hub is not None and pushes.is_missed(read, state.key, ports.store, now)
    fresh = noted(replace(fresh, head=read.head, refined_by=rules.mark(spec)), read, now)
    refined_by = rules.mark(spec, fresh.printed)
    fresh = _succeeded(spec, watched(state, fresh, read, ports.store, now), got, now, ports, None if is_missed else hub)
    result = replace(result_of(fresh, lease, read, refined_by, now), is_missed=is_missed, tally=_tally(got, state))
    return result, len(read.entries) + len(read.standing), read.oddities


def _paused(result: PollResult, spec: FeedSpec, pause: Pause | None) -> PollResult:
    """What was polled well, but for a server on the way that asks to be left alone."""
    if pause is None:
        return result
    until, why = result.polled_at + pause.span, f"{spec.id}: answered with Retry-After"
    return replace(result, operator_until=until, operator_at=pause.server, operator_why=why)


def read_document(spec: FeedSpec, state: FeedState, got: Document, ports: Ports, seen: SeenDocument | None) -> ReadFeed | None:
    """Read a document without its secrets; None where nothing of it is new since `seen`. Raises `ParseError`."""
    return ports.reader(without_secrets(got, spec), spec, state.key, ports.surroundings(), _printed(spec, state, ports), seen)


def noted(state: FeedState, read: ReadFeed, now: datetime) -> FeedState:
    """The state with what a document shows of its feed's habits: when it has new entries, and what it prints around them."""
    printed = Printed(marks=state.printed).and_also(read.printed).marks
    told = rhythm.seen(rhythm.decoded(state.rhythm), read.dates, now)
    return replace(state, last_change_at=now, printed=printed, rhythm=rhythm.encoded(told))


def result_of(fresh: FeedState, lease: str, read: ReadFeed, refined_by: str, now: datetime) -> PollResult:
    """What is to be stored of a document that was read."""
    return PollResult(
        state=fresh,
        lease=lease,
        outcome="new",
        polled_at=now,
        entries=read.entries,
        raw=read.raw,
        places=read.places,
        standing=read.standing,
        seen=replace(read.seen, read_at=read.seen.read_at or now) if read.seen else None,
        deleted=() if fresh.hold else read.deleted,
        refined_by=refined_by,
    )


def _last_document(spec: FeedSpec, state: FeedState, ports: Ports) -> SeenDocument | None:
    """What is remembered of the last document, unless all of this one must be read: by other rules, as another's feed, or in time."""
    if state.hold or state.identity is None or not state.body_hash or state.refined_by != rules.mark(spec):
        return None
    seen = ports.store.last_document(state.key)
    return seen if seen and seen.read_at and ports.clock() - seen.read_at < ALL_AGAIN else None


def _tally(got: Document | Unchanged, before: FeedState) -> Tally:
    """What a poll cost that did not fail."""
    is_304 = isinstance(got, Unchanged) and got.is_304
    return Tally(
        polls=1,
        not_modified=int(is_304),
        same=int(isinstance(got, Unchanged) and not is_304),
        requests=got.traffic.requests,
        received_bytes=got.traffic.received_bytes,
        saved_bytes=(before.document_bytes or 0) if is_304 else 0,
    )


def _printed(spec: FeedSpec, state: FeedState, ports: Ports) -> Printed:
    """What is known of what a feed prints around its entries, where it asks to have that stripped."""
    if "auto" not in spec.strip:
        return Printed()
    return Printed(marks=state.printed, recent=tuple(ports.store.recent_edges(state.key, COMPARED)))


def _succeeded(
    spec: FeedSpec, state: FeedState, got: Document | Unchanged, now: datetime, ports: Ports, hub: HubSubscription | None
) -> FeedState:
    # A stranger's redirect is not to be proved, nor its hub asked: the feed's own address is asked on.
    if not state.hold:
        state = replace(polite.redirected(state, got.redirects, now), hub_links=pushes.hub_links(state, got))
    state = polite.succeeded(state, got.validators, now)
    retry_after = got.pause.span if got.pause else None
    return planned(spec, state, now, ports, fresh_for=got.fresh_for, retry_after=retry_after, hub=hub)


def _failed(spec: FeedSpec, state: FeedState, lease: str, ports: Ports, error: FeedError) -> PollResult:
    now = ports.clock()
    tally = Tally(polls=1, failed=1, requests=error.requests, received_bytes=error.received_bytes)
    found = address.named_instead(spec, state, error)
    if found and isinstance(error, ParseError):
        state = _led_on(state, error, found, now)
        return PollResult(state=state, lease=lease, outcome="failed", polled_at=now, tally=tally, server=error.server)
    state = polite.failed(state, error, now)
    status, retry_after = (error.status, error.retry_after) if isinstance(error, BadStatus) else (None, None)
    wish, of, what = polite.operator_wish(status, retry_after), error.server, error.message
    if error.pause and (wish is None or error.pause[0] > wish):
        (wish, of), what = error.pause, "answered with Retry-After"
        retry_after = wish
    state = planned(spec, state, now, ports, status=status, retry_after=retry_after)
    return PollResult(
        state=state,
        lease=lease,
        outcome="failed",
        polled_at=now,
        operator_until=now + wish if wish and not spec.path else None,
        operator_why=f"{spec.id}: {what}" if wish else "",
        operator_at=of,
        server=error.server,
        tally=tally,
    )


def _led_on(state: FeedState, error: ParseError, found: str, now: datetime) -> FeedState:
    """The state after a page that named its feed: nothing failed, and that feed is next."""
    state = replace(state, last_poll_at=now, last_error=None, last_error_kind=None, discovered=found)
    why = f"the page names its feed {found}, which is asked next"
    return replace(state, hub_links=pushes.hub_links_of_page(error, found), next_poll_at=now + DISCOVERY_DELAY, why=why)


def planned(
    spec: FeedSpec,
    state: FeedState,
    now: datetime,
    ports: Ports,
    *,
    fresh_for: timedelta | None = None,
    status: int | None = None,
    retry_after: timedelta | None = None,
    hub: HubSubscription | None = None,
) -> FeedState:
    """The state as a poll leaves it, with the time of the next one, and why; through `hub`'s subscription comes what is new."""
    at, why = polite.plan(
        spec=spec,
        state=state,
        now=now,
        has_contact=ports.config.contact is not None,
        fresh_for=fresh_for,
        status=status,
        retry_after=retry_after,
        pushed_by=host_of(hub.hub) if hub else None,
    )
    return replace(state, next_poll_at=at, why=why, not_before=polite.not_before(spec, state, at, now, fresh_for, retry_after))


# ── publish ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def publish(ports: Ports, *, today: datetime | None = None, progress: Callable[[str], None] = lambda path: None) -> list[PublishReport]:
    """Bring every output up to date. One output's trouble is its own report; its last good file stays.

    Files that we wrote for outputs which are gone from feeds.yaml are removed; what they listed is kept, so that an output which comes back
    floods nobody.
    """
    now = today or ports.clock()
    feeds = feeds_of({state.key: state for state in ports.store.feeds(active_only=False)}, ports.config, ports.store.partners())
    # First, since a new output may want the name of an old one for a folder, or in another case.
    removed = writing.remove_gone(ports.config.outputs, ports.store, ports.publisher)
    judging.check_claims(ports.store, feeds)
    reports: list[PublishReport] = []
    pages: list[Edition] = []
    directory = Directory(feeds.states, feeds.specs)
    for output in ports.config.outputs:
        progress(output.path)
        made, edition = _publish_one(output, ports, feeds, directory, now)
        reports += made
        pages += [edition] if edition and output.format == "html" else []
    is_whole = len(pages) == sum(output.format == "html" for output in ports.config.outputs)
    reports += _brought_up("pages", lambda: _side_pages(pages, ports, feeds, directory, is_whole=is_whole))
    reports += _brought_up(f"{FOLDER}/", lambda: storypages.bring_up(pages, ports.publisher, kept=ports.store.pages(), is_whole=is_whole))
    reports += _brought_up("stylesheets", lambda: writing.bring_up_stylesheets(ports.config.outputs, ports.publisher), "file")
    reports += _brought_up("archive/", lambda: (0, archives.remove_stale(ports.config, ports.store, ports.publisher)))
    return [*reports, *removed]


def _side_pages(pages: Sequence[Edition], ports: Ports, feeds: Feeds, directory: Directory, *, is_whole: bool) -> tuple[int, int]:
    """Bring the pages beside HTML outputs up to date."""
    if not pages and not ports.store.pages():
        return 0, 0
    # Here, because whoever only polls needs no format.
    from aggregator import sidepages

    def output(edition: Edition) -> sidepages.Output:
        def composed(stories: Sequence[int]) -> Edition:
            return composing.whole(edition.spec, stories, ports.config, ports.store, feeds, directory)

        return sidepages.Output(edition=edition, feeds=feeds, composed=composed, rules=judging.mark(edition.spec, ports.config, feeds))

    taken = frozenset(output.path for output in ports.config.outputs)
    return sidepages.bring_up([output(edition) for edition in pages], ports.store, ports.publisher, taken=taken, is_whole=is_whole)


def _brought_up(path: str, bring_up: Callable[[], tuple[int, int]], what: str = "page") -> list[PublishReport]:
    """Bring files of one kind up to date; a report only where something changed or failed."""
    try:
        written, gone = bring_up()
    except PublishError as error:
        return [PublishReport(path=path if error.path in path else error.path, changed=False, error=error.message)]
    return [PublishReport(path=path, changed=True, listed=f"{counted(written, what)} written, {gone} removed")] if written or gone else []


def _publish_one(
    output: OutputSpec, ports: Ports, feeds: Feeds, known: Directory, now: datetime
) -> tuple[list[PublishReport], Edition | None]:
    """Bring an output and its archive up to date; the archive first, since the output leads to it."""
    try:
        chosen = judging.chosen(output, ports.config, ports.store, feeds, now)
        withdrawn = ports.store.withdrawn(output.path, MAX_DELETED) if output.format == "atom" else []
        stories = {place.story_pk for place in chosen}
        archive, archived = archives.bring_up(output, stories, ports.config, feeds, ports.store, ports.publisher, ports.renderers)
        old = writing.before(output.path, ports.store, ports.publisher)
        edition = composing.edition(output, chosen, old.kept, ports.config, ports.store, feeds, known, withdrawn, archive)
        changed = writing.bring_up(edition, old, ports.renderers, ports.store, ports.publisher)
    except PublishError as error:
        return [PublishReport(path=output.path, changed=False, error=error.message)], None
    report = PublishReport(path=output.path, changed=changed, entries=edition.count, listed=_listed(edition), notes=edition.notes)
    pages = PublishReport(path=page_path(output.path, "*"), changed=True, listed=f"{counted(archived, 'page')} written")
    return [report, pages] if archived else [report], edition


def _listed(edition: Edition) -> str:
    return counted(len(with_address(edition)), "feed") if edition.spec.format == "opml" else counted(edition.count, "entry")
