"""Apply today's rules to what is stored: an entry's walk from its kept raw form to the ledger, without asking anybody.

Each batch is one transaction and carries the name of the rules that it was refined by: a run that is broken off goes on where it was,
and what is refined by today's rules already is not even read.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from aggregator.model import FeedSpec, FeedState
from aggregator.pipeline import Ports
from aggregator.refine import normalize, rules
from aggregator.refine.again import again
from aggregator.refine.context import Context
from aggregator.refine.repeated import repeated
from aggregator.refine.stories import same_story
from aggregator.refine.texts import edges

# A text may have 1 MiB, and each is held thrice: raw, as it was, as it will be.
BATCH = 50
# As many entries as a document usually has, each compared with those around it: what a feed prints changes over the years.
WINDOW = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The entries of one feed whose raw form is kept (by pk, the oldest first), and those of them to refine again."""

    spec: FeedSpec
    state: FeedState
    kept: tuple[int, ...]
    stale: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reprocessed:
    """What became of a feed's entries: how many are kept raw, how many were refined again, said something else then, had another text."""

    feed: str
    entries: int
    refined: int
    changed: int
    texts: int


def work(ports: Ports, feeds: Sequence[str] | None = None, *, everything: bool = False) -> list[Work]:
    """What there is to do for these feeds of feeds.yaml (all, if None): what other rules refined, or everything that is kept raw."""
    states = {state.id: state for state in ports.store.feeds(active_only=False)}
    specs = [spec for spec in ports.config.feeds if spec.id in states and (feeds is None or spec.id in feeds)]
    return [_work(spec, states[spec.id], ports, everything=everything) for spec in specs]


def _work(spec: FeedSpec, state: FeedState, ports: Ports, *, everything: bool) -> Work:
    today = rules.mark(spec, state.printed)
    found = ports.store.refined(state.key)
    return Work(
        spec=spec,
        state=state,
        kept=tuple(pk for pk, _ in found),
        stale=tuple(pk for pk, refined_by in found if everything or refined_by != today),
    )


def reprocess(todo: Work, ports: Ports, progress: Callable[[int], None] = lambda count: None) -> Reprocessed:
    """Refine a feed's entries again, as a poll would; `progress` is told how many are done after each batch."""
    changed = texts = 0
    todo = _with_printed(todo, ports)
    if todo.stale:
        today, context = rules.mark(todo.spec, todo.state.printed), _context(todo, ports)
        for pks in _batches(todo.stale, BATCH):
            refined = [(stored.pk, raw, again(stored.entry, raw, context)) for stored, raw in ports.store.raw_entries(pks)]
            counts = ports.store.rewrite(refined, today, ports.clock(), same_story)
            changed, texts = changed + counts[0], texts + counts[1]
            progress(len(pks))
    return Reprocessed(feed=todo.spec.id, entries=len(todo.kept), refined=len(todo.stale), changed=changed, texts=texts)


def _with_printed(todo: Work, ports: Ports) -> Work:
    """The work, with what all stored entries teach of what the feed prints around them; anything new is a new rule for all of them."""
    if not todo.stale or "auto" not in todo.spec.strip:
        return todo
    context = _context(todo, ports)
    found: dict[str, None] = {}
    before: list[tuple[str, ...]] = []
    for pks in _batches(todo.kept, WINDOW // 2):
        now = [edges(raw, context) for _, raw in ports.store.raw_entries(pks)]
        found |= dict.fromkeys(sorted(repeated([*before, *now])))
        before = now
    state = ports.store.note_printed(todo.state.key, list(found)) or todo.state
    is_news = state.printed != todo.state.printed
    return replace(todo, state=state, stale=todo.kept if is_news else todo.stale)


def _context(todo: Work, ports: Ports) -> Context:
    """What a poll of the feed would know of it."""
    spec, head = todo.spec, todo.state.head
    made = normalize.context(spec, todo.state.key, head, head.base or spec.shown_url, ports.surroundings())
    return replace(made, repeated=frozenset(todo.state.printed)) if "auto" in spec.strip else made


def _batches(pks: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (pks[start : start + size] for start in range(0, len(pks), size))
