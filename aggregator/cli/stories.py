"""Commands that correct what was decided of stories: join, split, release."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from aggregator.cli.main import cli
from aggregator.cli.show import Query, Session, as_json, need_feed, plain, say
from aggregator.web.text import counted

if TYPE_CHECKING:
    from aggregator.model import StoredEntry
    from aggregator.ports import Store

_NEXT = "the next publish shows it (a running daemon does so within ten minutes)"


@cli.command()
@click.argument("queries", type=Query(), nargs=-1, required=True, metavar="URL|ID URL|ID...")
@click.option("--json", "json_", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def join(session: Session, queries: Sequence[str], json_: bool) -> None:
    """Make one story of the entries at these addresses or ids, for good.

    Subscribers keep what they were given first; the others stand under “also appeared at”. `split` takes one out again.
    """
    with session.app() as app:
        store = app.ports.store
        pks = [_story(store, query)[0] for query in queries]
        if len(set(pks)) < 2:
            raise click.UsageError("they are one story already" if len(pks) > 1 else "name at least two entries")
        store.unite(pks, app.ports.clock())
        members = next(members for pk, members in store.find(queries[0]))
    if json_:
        click.echo(as_json({"feeds": [member.feed_id for member in members], "published_ids": [m.entry.published_id for m in members]}))
    else:
        click.echo(plain(f"one story of {len(members)} entries, from {', '.join(dict.fromkeys(member.feed_id for member in members))}"))
    say(_NEXT)


@cli.command()
@click.argument("query", type=Query(), metavar="URL|ID")
@click.option("--feed", help="The feed whose entry is meant, where several have it.")
@click.option("--json", "json_", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def split(session: Session, query: str, feed: str | None, json_: bool) -> None:
    """Take the entry at an address or id out of its story, for good: it tells another one.

    It becomes a story of its own, and never joins the others again; `join` takes that back.
    """
    with session.app() as app:
        store = app.ports.store
        member = _member(query, _story(store, query)[1], feed)
        if store.split(member.pk, app.ports.clock()) is None:
            raise click.UsageError("it is the only entry of its story")
    title = member.entry.title.text if member.entry.title else member.entry.published_id
    if json_:
        click.echo(as_json({"feed": member.feed_id, "published_id": member.entry.published_id}))
    else:
        click.echo(plain(f"“{title}” of {member.feed_id} is a story of its own from now on"))
    say(_NEXT)


@cli.command()
@click.argument("feed", metavar="FEED")
@click.option("--json", "json_", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def release(session: Session, feed: str, json_: bool) -> None:
    """Publish what is held back of a feed's backlog, at the dates that it has.

    Of a feed that was added, and of many old entries that a feed brings at once, only `newcomer_entries` are published without it.
    """
    with session.app() as app:
        name = need_feed(app.config, feed)
        state = app.ports.store.feed(name)
        count = app.ports.store.release(state.key) if state else 0
    if json_:
        click.echo(as_json({"feed": name, "released": count}))
    elif count:
        click.echo(plain(f"{counted(count, 'entry')} of {name} held back no longer"))
    else:
        click.echo(plain(f"nothing of {name} is held back"))
    if count:
        say(_NEXT)


def _story(store: "Store", query: str) -> "tuple[int, tuple[StoredEntry, ...]]":
    found = store.find(query)
    if not found:
        raise click.UsageError(f"nothing that is stored is called {query!r}")
    if len(found) > 1:
        raise click.UsageError(f"{query!r} is an address of several stories; name one by an id (`aggregator explain` shows them)")
    return found[0]


def _member(query: str, members: "Sequence[StoredEntry]", feed: str | None) -> "StoredEntry":
    """The entry that is meant: of the named feed, else the one whose own page or id it is."""
    from aggregator.web.url import link_key

    chosen = [member for member in members if feed in (None, member.feed_id)]
    own = [
        member
        for member in chosen
        if query in (member.entry.published_id, member.entry.raw_id)
        or (member.entry.link and link_key(member.entry.link) == link_key(query))
    ]
    meant = own or chosen
    if len(meant) != 1:
        feeds = ", ".join(dict.fromkeys(member.feed_id for member in members))
        raise click.UsageError(f"which one is meant? Name its feed with --feed: {feeds}")
    return meant[0]
