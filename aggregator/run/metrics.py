"""What Prometheus is told, in its text format. docs/operations.md says how to read it; examples/grafana draws it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, get_args

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from aggregator import __version__
from aggregator.ledgers import Tallies
from aggregator.model import ListStatus, Tally
from aggregator.model.status import FeedStatus, Trouble
from aggregator.store.tallies import BOUNDS_S, LONGER

_EVER: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is measured at one moment."""

    now: datetime
    feeds: Sequence[FeedStatus]
    lists: Sequence[ListStatus] = ()
    tallies: Tallies
    unready: Sequence[str]
    publish_errors: int
    config_problems: int
    last_publish: datetime | None


def exposition(facts: Facts) -> bytes:
    """All metrics, and those of the process, as text."""
    registry = CollectorRegistry()
    registry.register(_Facts(facts))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _Facts(Collector):
    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def collect(self) -> Iterator[Metric]:
        facts = self._facts
        yield GaugeMetricFamily("aggregator_ready", "1 while what is served is fresh (/readyz).", value=float(not facts.unready))
        build = GaugeMetricFamily("aggregator_build_info", "The version that runs.", labels=["version"])
        build.add_metric([__version__], 1)
        yield build
        yield GaugeMetricFamily("aggregator_publish_errors", "Outputs that cannot be written.", value=facts.publish_errors)
        yield GaugeMetricFamily("aggregator_config_problems", "Problems of feeds.yaml, which is not taken up.", value=facts.config_problems)
        if facts.last_publish:
            seconds = facts.last_publish.timestamp()
            yield GaugeMetricFamily("aggregator_last_publish_timestamp_seconds", "When outputs were last written.", value=seconds)
        yield from _feeds(facts)
        yield _lists(facts.lists)
        yield from _totals(facts.tallies.totals())
        yield _delays(facts.tallies)


def _feeds(facts: Facts) -> Iterator[Metric]:
    active = [one for one in facts.feeds if one.state.active]
    count = Counter(one.trouble for one in active)
    feeds = GaugeMetricFamily("aggregator_feeds", "Feeds, by what is the matter with them.", labels=["trouble"])
    for trouble in get_args(Trouble):
        if trouble != "gone":
            feeds.add_metric([trouble], count[trouble])
    yield feeds
    waiting = max((facts.now - one.next_poll_at for one in active), default=None)
    overdue = max(0.0, waiting.total_seconds()) if waiting else 0.0
    yield GaugeMetricFamily("aggregator_overdue_seconds", "For how long the feed that waits longest is due.", value=overdue)
    held_back = sum(one.held_back for one in active)
    yield GaugeMetricFamily("aggregator_held_back_entries", "Entries held back as backlog.", value=held_back)
    failing = GaugeMetricFamily("aggregator_feed_failing_since_timestamp_seconds", "Since when a feed cannot be read.", labels=["feed"])
    for one in active:
        if one.trouble == "failing" and one.state.failing_since:
            failing.add_metric([one.state.id], one.state.failing_since.timestamp())
    yield failing


def _lists(found: Sequence[ListStatus]) -> Metric:
    lists = GaugeMetricFamily("aggregator_lists", "Lists of feeds, by what is the matter with them.", labels=["trouble"])
    count = Counter("held" if one.state and one.state.held else "failing" if one.trouble else "none" for one in found)
    for trouble in ("held", "failing", "none"):
        lists.add_metric([trouble], count[trouble])
    return lists


def _totals(total: Tally) -> Iterator[Metric]:
    polls = CounterMetricFamily("aggregator_polls", "Polls, by what came of them.", labels=["outcome"])
    for outcome in ("read", "same", "not_modified", "failed"):
        polls.add_metric([outcome], getattr(total, outcome))
    yield polls
    entries = CounterMetricFamily("aggregator_entries", "Entries that came, new ones and such as were old then.", labels=["kind"])
    entries.add_metric(["new"], total.entries)
    entries.add_metric(["backlog"], total.backlog)
    yield entries
    yield CounterMetricFamily("aggregator_joined_entries", "Entries that are copies of a known story.", value=total.joined)
    yield CounterMetricFamily("aggregator_requests", "Requests sent.", value=total.requests)
    yield CounterMetricFamily("aggregator_received_bytes", "Bytes of bodies received, compressed.", value=total.received_bytes)
    yield CounterMetricFamily("aggregator_saved_bytes", "Bytes that answers 304 saved.", value=total.saved_bytes)


def _delays(tallies: Tallies) -> Metric:
    """From publication to sighting. How long each took is not kept, so there is no sum."""
    found: Counter[int] = Counter()
    for _, span, count in tallies.seen_after(_EVER):
        found[round(span.total_seconds())] += count
    buckets, reached = [], 0
    for bound in BOUNDS_S:
        reached += found[bound]
        buckets.append(("+Inf" if bound == LONGER else f"{bound}.0", reached))
    delays = HistogramMetricFamily("aggregator_sighting_delay_seconds", "From publication to sighting, of new entries.")
    delays.add_metric([], buckets, sum_value=None)
    return delays
