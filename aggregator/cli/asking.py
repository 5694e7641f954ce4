"""Commands that answer: explain, version. (`status` has a module of its own.)"""

import click

from aggregator import __version__
from aggregator.cli.main import cli
from aggregator.cli.show import Query, Session, as_json, print_lines


@cli.command()
@click.argument("query", type=Query(), metavar="URL|ID")
@click.option("--json", "json_", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def explain(session: Session, query: str, json_: bool) -> None:
    """Tell where an entry came from, which claims and rules decided, and in which outputs it stands or why not."""
    from aggregator.explain import explain as explained
    from aggregator.telling import tell

    with session.app() as app:
        told = explained(query, app.ports.store, app.config, app.ports.clock())
    if json_:
        click.echo(as_json(told))
    else:
        print_lines(tell(told))


@cli.command()
@click.option("--json", "json_", is_flag=True, help="Print it as JSON.")
def version(json_: bool) -> None:
    """Print the version of the program and of the libraries that matter for bug reports."""
    import platform
    from importlib.metadata import version as installed

    names = ("requests", "urllib3", "feedparser", "feedgen", "apscheduler", "lxml", "nh3", "sqlalchemy")
    parts = {"aggregator": __version__, "python": platform.python_version(), **{name: installed(name) for name in names}}
    click.echo(as_json(parts) if json_ else "\n".join(f"{name} {number}" for name, number in parts.items()))
