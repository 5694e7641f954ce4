"""The command that shows how the feeds are: status."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import click

from aggregator import lists
from aggregator.cli.main import cli
from aggregator.cli.show import Session, ahead, as_json, need_feed, need_list, plain, print_lines
from aggregator.model import JsonValue, ListStatus, Tally
from aggregator.model.status import QUIET, FeedStatus, Moving, Overview
from aggregator.status import DAYS, overview, spent, told
from aggregator.telling import Line, Tone
from aggregator.web.text import counted, due, sized

# So wide a terminal has room for what the polls of each feed cost.
_WIDE_COLUMNS = 110
# So many of a list's entries that cannot be polled are named.
_REFUSED = 5


@cli.command()
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@click.option("--json", "json_", is_flag=True, help="Print it as JSON.")
@click.option("--all", "everything", is_flag=True, help="Also feeds that are no longer in feeds.yaml.")
@click.pass_obj
def status(session: Session, feeds: Sequence[str], json_: bool, everything: bool) -> None:
    """Show each feed, trouble first: what is the matter and what to do, last success, last change, next poll and why.

    Named feeds are shown with all that is known: limits hit, redirects, what their polls cost.
    """
    from aggregator.app import LACKS_SPACE

    with session.app() as app:
        named = {one.id: name for name in feeds if (one := need_list(app.config, name))}
        ids = {need_feed(app.config, name) for name in feeds if name not in named.values()}
        found = overview(app.ports.store, app.config, app.ports.clock(), everything=everything, lacks_space=app.lacks_space)
        found = replace(found, lists=lists.statuses(app.config, app.ports.store.lists.states(), found.now))
        ids |= {spec.id for spec in app.config.feeds if spec.listed_by in named}
        # All tables are counted for programs only: that takes seconds in a large store.
        counts = app.ports.store.counts(*(() if json_ else ("entry", "story")))
    shown = [one for one in found.feeds if not feeds or one.state.id in ids]
    chosen = [one for one in found.lists if one.id in named or not feeds]
    if json_:
        click.echo(as_json({**_as_dict(found, shown, counts), "lists": [lists.told(one) for one in chosen]}))
        return
    print_lines([line for one in chosen for line in list_lines(one, found.now)])
    print_lines([line for one in shown if ids or one.trouble not in QUIET for line in feed_lines(one, found.now)])
    if rest := [one for one in shown if not ids and one.trouble in QUIET]:
        print_table(rest, found.now)
    _print_totals(found, counts)
    if found.lacks_space:
        click.secho(LACKS_SPACE, fg="red")


def _as_dict(found: Overview, shown: Sequence[FeedStatus], counts: dict[str, int]) -> dict[str, JsonValue]:
    return {
        "now": found.now.isoformat(timespec="seconds"),
        "feeds": [told(one) for one in shown],
        "spent": spent(found.spent),
        "counted_since": found.counted_since.isoformat() if found.counted_since else None,
        "counts": dict(counts),
        "lacks_space": found.lacks_space,
    }


# ── one feed ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def feed_lines(one: FeedStatus, now: datetime) -> list[Line]:
    """All that there is to say of one feed."""
    state = one.state
    tone: Tone = "bad" if one.trouble in {"failing", "held"} else "plain" if one.trouble not in QUIET else "good"
    lines = [Line(f"{state.id}  {state.shown_url}", tone="head"), Line(one.reason, "state", tone=tone)]
    lines += [Line(one.advice, "what to do")] if one.advice else []
    lines.append(Line(ahead(state.last_success_at, now), "last success"))
    lines.append(Line(ahead(state.last_change_at, now), "last change"))
    if state.active:
        lines.append(Line(f"{due(one.next_poll_at, now)}: {_why(one)}", "next poll"))
    lines += [Line(limit, "limit hit") for limit in one.limits if one.trouble != "cut"]
    lines += [Line(oddity, "odd") for oddity in one.oddities if one.trouble not in {"cut", "odd"}]
    if state.discovered:
        lines.append(Line(f"{state.discovered}, which the page at its address names", "asked instead"))
    lines += [Line(moving_words(one.moving), "redirect")] if one.moving else []
    lines += [Line(one.pushes, "pushes")] if one.pushes else []
    lines.append(Line(spent_words(one.spent), f"{DAYS} days"))
    return lines


def _why(one: FeedStatus) -> str:
    return f"its server asked for a pause ({one.paused_why})" if one.next_poll_at != one.state.next_poll_at else one.state.why


def moving_words(found: Moving) -> str:
    """How far a permanent redirect is proved, and what follows from it.

    >>> from datetime import UTC
    >>> since = datetime(2026, 3, 1, tzinfo=UTC)
    >>> moving_words(Moving(target="//b.example/", since=since, polls=3, polls_needed=5, days=2, days_needed=7, is_followed=False))
    'to //b.example/ since 2026-03-01: seen in 3 of 5 polls, for 2 of 7 days; then that address is asked directly'
    """
    begun = f"to {found.target} since {found.since:%Y-%m-%d}"
    if found.is_followed:
        return f"{begun}, which is asked directly; `aggregator check --fetch --fix` writes it into feeds.yaml"
    polls, days = min(found.polls, found.polls_needed), min(found.days, found.days_needed)
    seen = f"seen in {polls} of {found.polls_needed} polls, for {days} of {found.days_needed} days"
    return f"{begun}: {seen}; then that address is asked directly"


def spent_words(tally: Tally) -> str:
    """What polls cost and brought, in a sentence. Old is what was old when it came, as all that a feed had when it was added.

    >>> spent_words(Tally(polls=4, requests=4, not_modified=3, received_bytes=20_000, saved_bytes=60_000, entries=2, backlog=9))
    '4 polls, 4 requests (75 % not modified), 20 kB received, 60 kB saved by 304s, 2 new entries, 9 old ones'
    """
    share = tally.share_not_modified
    requests = counted(tally.requests, "request") + (f" ({share:.0%} not modified)".replace("%", " %") if share is not None else "")
    failed = f", {tally.failed} failed" if tally.failed else ""
    return (
        f"{counted(tally.polls, 'poll')}{failed}, {requests}, {sized(tally.received_bytes)} received, "
        f"{sized(tally.saved_bytes)} saved by 304s, {counted(tally.entries, 'new entry')}"
        + (f", {counted(tally.backlog, 'old one')}" if tally.backlog else "")
    )


# ── lists of feeds ─────────────────────────────────────────────────────────────────────────────────────────────────────


def list_lines(one: ListStatus, now: datetime) -> list[Line]:
    """All that there is to say of one list of feeds."""
    lines = [Line(f"{one.id}  {one.shown_url}", tone="head"), Line(counted(one.members, "feed"), "names")]
    if one.state is None:
        return [*lines, Line("not asked yet", "state")]
    lines.append(Line(one.trouble or "good", "state", tone="bad" if one.trouble else "good"))
    lines += [Line(one.advice, "what to do")] if one.advice else []
    if one.state.refused_count:
        refused, more = one.state.refused[:_REFUSED], one.state.refused_count - len(one.state.refused[:_REFUSED])
        lines += [Line(reason, "left out") for reason in refused] + ([Line(f"and {more} more", "left out")] if more else [])
    asked = one.state.asked
    lines.append(Line(ahead(asked.last_success_at, now), "last success"))
    return [*lines, Line(f"{due(asked.next_poll_at, now)}: {asked.why}", "asked next")]


# ── all feeds ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def print_table(feeds: Sequence[FeedStatus], now: datetime) -> None:
    """Print feeds that are well, one a row."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    is_wide = console.width >= _WIDE_COLUMNS
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("feed", overflow="fold", max_width=28 if is_wide else 20)
    for name in ("success", "change", "next poll"):
        table.add_column(name, no_wrap=True)
    for name in ("requests", "304", "received") if is_wide else ():
        table.add_column(name, no_wrap=True, justify="right")
    table.add_column("why", overflow="fold", style="dim")
    for one in feeds:
        times = [_ago(one.state.last_success_at, now), _ago(one.state.last_change_at, now), _next(one, now)]
        table.add_row(Text(plain(one.state.id)), *times, *(_costs(one.spent) if is_wide else ()), Text(plain(_why_here(one))))
    console.print(table)


def _ago(instant: datetime | None, now: datetime) -> str:
    return ahead(instant, now).removesuffix(" ago")


def _next(one: FeedStatus, now: datetime) -> str:
    if not one.state.active:
        return "–"
    return ahead(one.next_poll_at, now) if one.next_poll_at > now else "due"


def _why_here(one: FeedStatus) -> str:
    if not one.state.active:
        return one.reason
    return _why(one) + (f"; moves {moving_words(one.moving)}" if one.moving else "")


def _costs(tally: Tally) -> tuple[str, str, str]:
    share = tally.share_not_modified
    return str(tally.requests), "–" if share is None else f"{share:.0%}", sized(tally.received_bytes)


def _print_totals(found: Overview, counts: dict[str, int]) -> None:
    trouble, lists_trouble = len(found.troubled), len(found.troubled_lists)
    listed = f"{counted(len(found.lists), 'list')} of feeds, {lists_trouble or 'none'} in trouble; " if found.lists else ""
    click.secho(
        f"{counted(len(found.feeds), 'feed')}, {trouble or 'none'} in trouble; {listed}"
        f"{counted(counts.get('entry', 0), 'entry')} in {counted(counts.get('story', 0), 'story')}",
        fg="yellow" if trouble or lists_trouble else None,
    )
    if found.spent.polls:
        click.echo(f"{DAYS} days: {spent_words(found.spent)}")
