"""Write the status page: pictures first, then feeds with trouble first. No script, no request, and every button a form."""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from functools import cache
from importlib import resources
from typing import Final
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from aggregator.model import Tally
from aggregator.model.status import QUIET, FeedStatus, Overview, Trouble
from aggregator.publish.plots import Plot, Series, bars
from aggregator.web.text import ahead, clean, counted, due, sized

MAX_FEEDS: Final = 200
"""So many feeds of a kind are listed, unless all are asked for."""

_AHEAD: Final = timedelta(hours=24)
_BIN: Final = timedelta(minutes=30)
_NAMED: Final = 4
_DAY: Final = timedelta(hours=24)
_BOUNDS: Final[Mapping[int, str]] = {
    60: "1m",
    300: "5m",
    900: "15m",
    1800: "30m",
    3600: "1h",
    7200: "2h",
    14_400: "4h",
    28_800: "8h",
    86_400: "1d",
    604_800: "7d",
}
"""The spans in which delays are counted, as they stand below the picture."""

_LONGER: Final = "more"
_NAMES: Final[Mapping[Trouble, str]] = {"failing": "Failing:", "held": "Held:", "flood": "Held back:", "cut": "Limit hit:", "odd": "Odd:"}
"""How a trouble is called before its reason."""

_RULES: Final = "\n* {"
"""Where a theme's own rules begin, behind its variables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a request wants of the page: the secret that its forms carry, what was just done, and whether all feeds are listed."""

    secret: str
    notice: str = ""
    all_feeds: bool = False


def status_page(found: Overview, shown: Shown) -> bytes:
    """Write the page."""
    most = len(found.feeds) if shown.all_feeds else MAX_FEEDS
    troubled = found.troubled
    quiet = tuple(one for one in found.feeds if one.trouble in QUIET)
    css, _ = style()
    text = (
        _environment()
        .get_template("status.html.jinja")
        .render(
            found=found,
            shown=shown,
            style=Markup(css),  # noqa: S704  (our own file)
            verdict=verdict(found),
            tiles=tiles(found),
            plots=plots(found),
            troubled=troubled[:most],
            quiet=quiet[:most],
            left_out=max(0, len(troubled) - most) + max(0, len(quiet) - most),
            say=lambda moment: ahead(moment, found.now),
            due=lambda moment: due(moment, found.now),
            names=_NAMES,
        )
    )
    return (clean(text).rstrip("\n") + "\n").encode("utf-8")


def policy() -> str:
    """What the page may do (Content-Security-Policy): be styled by itself, and send its forms home."""
    return (
        f"default-src 'none'; style-src 'sha256-{style()[1]}'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


@cache
def style() -> tuple[str, str]:
    """The inline style, and the digest of what stands between its tags. Colours and fonts are those with which the usual theme begins."""
    folder = resources.files("aggregator.publish")
    shared = (folder / "themes" / "journal" / "style.css").read_text("utf-8").partition(_RULES)[0]
    css = f"{shared}\n{(folder / 'board' / 'status.css').read_text('utf-8').strip()}"
    return css, b64encode(hashlib.sha256(f"\n{css}\n".encode()).digest()).decode("ascii")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("aggregator.publish", "board"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., str]] = {
        "sized": sized,
        "counted": counted,
        "share": _share,
        "stamp": lambda moment: moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "iso": lambda moment: moment.astimezone(UTC).isoformat(timespec="seconds"),
        "commands": _commands,
        "anchor": lambda text: quote(text, safe=""),
    }
    environment.filters |= filters
    return environment


def _commands(text: str) -> Markup:
    """A sentence with what stands between backticks as code."""
    parts = (Markup("<code>{}</code>").format(part) if at % 2 else escape(part) for at, part in enumerate(text.split("`")))
    return Markup("").join(parts)


# ── in words and numbers ───────────────────────────────────────────────────────────────────────────────────────────────


def verdict(found: Overview) -> tuple[str, str]:
    """How things are, in a sentence, and its tone."""
    troubled = len(found.troubled)
    unread = sum(one.trouble == "unread" for one in found.feeds)
    if found.problems:
        return "Something is wrong: " + "; ".join(found.problems), "bad"
    if not found.feeds:
        return "feeds.yaml names no feed yet.", "soft"
    if unread == len(found.feeds):
        return f"{counted(unread, 'feed')}, none read yet. This page fills as they are.", "soft"
    if found.troubled_lists:
        lists, feeds = len(found.troubled_lists), f" and {counted(troubled, 'feed')}" if troubled else ""
        return f"{counted(lists, 'list')} of feeds{feeds} {'needs' if lists == 1 and not troubled else 'need'} a look.", "warn"
    if not troubled:
        return f"All is well with {counted(len(found.feeds), 'feed')}.", "good"
    return f"{troubled} of {counted(len(found.feeds), 'feed')} {'needs' if troubled == 1 else 'need'} a look.", "warn"


def tiles(found: Overview) -> list[tuple[str, str, str]]:
    """(name, number, what it means) of what people ask first."""
    last_day = sum((tally for hour, tally in found.hours if hour > found.now - _DAY), Tally())
    spent, middle = found.spent, within(found.seen_after, 0.5)
    days = len(found.days)
    return [
        ("New entries", f"{last_day.entries:,}", f"in 24 hours; {spent.entries:,} in {days} days"),
        ("Polls", f"{last_day.polls:,}", f"in 24 hours, {last_day.failed:,} failed"),
        ("Seen within", middle or "–", "of publication, half of the new entries" if middle else "nothing to tell yet"),
        ("Not modified", _share(spent.share_not_modified), f"of {counted(spent.requests, 'request')} in {days} days"),
        ("Received", sized(spent.received_bytes), f"in {days} days; {sized(spent.saved_bytes)} saved by 304s"),
        ("Copies joined", f"{spent.joined:,}", f"of {spent.entries + spent.backlog:,} entries in {days} days"),
    ]


def within(seen_after: Sequence[tuple[timedelta, int]], share: float) -> str | None:
    """Within which span a share of the new entries was seen; None where there are none.

    >>> within([(timedelta(minutes=5), 3), (timedelta(hours=1), 2)], 0.5), within([], 0.5)
    ('5 min', None)
    """
    wanted = sum(count for _, count in seen_after) * share
    reached = 0
    for span, count in seen_after:
        reached += count
        if count and reached >= wanted:
            return _bound(span)
    return None


def _bound(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    if seconds not in _BOUNDS:
        return "more than a week"
    return next(f"{seconds // length} {unit}" for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)) if seconds % length == 0)


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.0f} %"


# ── pictures ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def plots(found: Overview) -> list[Plot]:
    """The pictures of the page, in order."""
    return [entries_by_source(found), polls_by_hour(found), delays(found), next_polls(found), copies(found), traffic(found)]


def entries_by_source(found: Overview) -> Plot:
    """New entries a day, by the feeds that brought most."""
    named = [Series(name=one.name, tone=f"s{number}", values=one.entries) for number, one in enumerate(found.sources)]
    rest = [tally.entries - sum(one.entries[at] for one in found.sources) for at, tally in enumerate(found.by_day)]
    others = [Series(name="all others", tone="rest", values=rest)] if any(rest) or not named else []
    total, backlog = found.spent.entries, found.spent.backlog
    left_out = f" {counted(backlog, 'old entry')}, which feeds had when they were added, {'is' if backlog == 1 else 'are'} left out."
    most = f" Most came from {found.sources[0].name}." if found.sources else ""
    return _by_day(
        found,
        name="entries",
        title="New entries a day, by source",
        summary=f"{counted(total, 'new entry')} in {len(found.days)} days.{most}{left_out if backlog else ''}",
        series=[*named, *others],
    )


def polls_by_hour(found: Overview) -> Plot:
    """Polls an hour, by what came of them."""
    tallies = [tally for _, tally in found.hours]
    total = sum(tallies, Tally())
    series = [
        Series(name="failed", tone="bad", values=[one.failed for one in tallies]),
        Series(name="read", tone="s0", values=[one.read for one in tallies]),
        Series(name="same as before", tone="rest", values=[one.same for one in tallies]),
        Series(name="not modified", tone="soft", values=[one.not_modified for one in tallies]),
    ]
    hours = [hour for hour, _ in found.hours]
    return bars(
        name="polls",
        title="Polls and failures an hour",
        summary=f"{counted(total.polls, 'poll')} in {len(hours)} hours, {total.failed or 'none'} of them failed.",
        labels=[f"{hour:%a %d %b, %H:00}" for hour in hours],
        series=series,
        marks=[(at, f"{hour:%a}" if hour.hour == 0 else f"{hour:%H}h") for at, hour in enumerate(hours) if hour.hour % 12 == 0],
        column="hour (UTC)",
    )


def delays(found: Overview) -> Plot:
    """How long after their publication new entries were seen."""
    known = {round(span.total_seconds()): count for span, count in found.seen_after}
    values = [*(known.get(bound, 0) for bound in _BOUNDS), sum(count for bound, count in known.items() if bound not in _BOUNDS)]
    labels = [*_BOUNDS.values(), _LONGER]
    half, most = within(found.seen_after, 0.5), within(found.seen_after, 0.95)
    told = f"Half of {counted(sum(values), 'new entry')} were seen within {half} of their publication, 95 in 100 within {most}."
    return bars(
        name="delays",
        title="From publication to sighting",
        summary=told if half else "No new entry with a date of its own has come yet.",
        labels=[f"within {_bound(timedelta(seconds=bound))}" for bound in _BOUNDS] + ["later"],
        series=[Series(name="new entries", tone="s0", values=values)],
        marks=list(enumerate(labels)),
        column="seen",
    )


def next_polls(found: Overview) -> Plot:
    """When feeds are asked next."""
    count = _AHEAD // _BIN
    due: list[list[FeedStatus]] = [[] for _ in range(count)]
    later = 0
    for one in found.feeds:
        place = max(timedelta(0), one.next_poll_at - found.now) // _BIN
        if one.state.active and place < count:
            due[place].append(one)
        elif one.state.active:
            later += 1
    starts = [found.now + place * _BIN for place in range(count)]
    plot = bars(
        name="next",
        title="Next polls",
        summary=f"{counted(sum(map(len, due)), 'feed')} {'is' if sum(map(len, due)) == 1 else 'are'} asked within 24 hours"
        f"{f', {later:,} later' if later else ''}.",
        labels=[f"{start.astimezone(UTC):%H:%M}" for start in starts],
        series=[
            Series(name="well", tone="s0", values=[sum(one.trouble != "failing" for one in some) for some in due]),
            Series(name="failing", tone="bad", values=[sum(one.trouble == "failing" for one in some) for some in due]),
        ],
        marks=[(place, f"{place * _BIN // timedelta(hours=1)} h" if place else "now") for place in range(0, count, 8)],
        column="from (UTC)",
    )
    return replace(plot, bars=tuple(replace(bar, hint=bar.hint + _names(some)) for bar, some in zip(plot.bars, due, strict=True)))


def _names(feeds: Sequence[FeedStatus]) -> str:
    if not feeds:
        return ""
    more = f" and {len(feeds) - _NAMED} more" if len(feeds) > _NAMED else ""
    return f" ({', '.join(one.state.id for one in feeds[:_NAMED])}{more})"


def copies(found: Overview) -> Plot:
    """Entries that turned out to be copies of a known story."""
    came = found.spent.entries + found.spent.backlog
    return _by_day(
        found,
        name="copies",
        title="Copies joined to a story",
        summary=f"{found.spent.joined:,} of {counted(came, 'entry')} were copies of a story that was known, or came with it.",
        series=[Series(name="copies", tone="s2", values=[one.joined for one in found.by_day])],
    )


def traffic(found: Overview) -> Plot:
    """Bytes that came, and bytes that 304s saved."""
    spent = found.spent
    return _by_day(
        found,
        name="traffic",
        title="Bytes received, and saved by 304s",
        summary=f"{sized(spent.received_bytes)} received in {len(found.days)} days, {sized(spent.saved_bytes)} saved: "
        f"{_share(spent.share_not_modified)} of {counted(spent.requests, 'request')} were answered “not modified”.",
        series=[
            Series(name="received", tone="s0", values=[one.received_bytes for one in found.by_day]),
            Series(name="saved", tone="soft", values=[one.saved_bytes for one in found.by_day]),
        ],
        unit=lambda value: sized(round(value)),
    )


def _by_day(
    found: Overview, *, name: str, title: str, summary: str, series: Sequence[Series], unit: Callable[[float], str] | None = None
) -> Plot:
    # A day of the week at each mark: the last one is today.
    last = len(found.days) - 1
    marks = [(at, f"{day.day} {day:%b}") for at, day in enumerate(found.days) if (last - at) % 7 == 0]
    return bars(
        name=name,
        title=title,
        summary=summary,
        labels=[f"{day:%a} {day.day} {day:%b}" for day in found.days],
        series=series,
        marks=marks,
        unit=unit or (lambda value: f"{value:,.0f}"),
        column="day (UTC)",
    )
