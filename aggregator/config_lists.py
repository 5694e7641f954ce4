"""`lists:` → ListSpecs: how each list of feeds on the web is asked, and what its feeds inherit."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from aggregator.config_address import Address, AddressError, address, derived_ids
from aggregator.config_feeds import LONGEST, SHORTEST_LOCAL, SHORTEST_WEB, Layer, check_every, inherited, inherited_sources
from aggregator.config_includes import absolute, items, layer
from aggregator.config_model import ListForm
from aggregator.config_report import Report
from aggregator.config_yaml import MapNode, Node, line_of
from aggregator.model import FeedSpec, ListSpec

USUAL = timedelta(days=1)
SHORTEST = timedelta(hours=1)  # a list changes more rarely than a feed
_MAX_SLUG = 59


def list_specs(
    top: MapNode, above: Sequence[Layer], feeds: Sequence[FeedSpec], environ: Mapping[str, str], report: Report
) -> list[ListSpec]:
    """The lists in the order of the file. Whatever is wrong is told to `report`."""
    read = [(node, made) for node in items(top, "lists", report) if (made := _read(node, environ, report))]
    slugs = derived_ids([form.id for _, (form, _) in read], [where.shown for _, (_, where) in read])
    specs = [_spec(node, form, where, slug, above, report) for (node, (form, where)), slug in zip(read, slugs, strict=True)]
    _check_names(specs, feeds, report)
    return specs


def _read(node: Node, environ: Mapping[str, str], report: Report) -> tuple[ListForm, Address] | None:
    form = report.form(ListForm, node, "lists")
    if form is None:
        return None
    line = line_of(node, ("url",))
    try:
        where = address(form.url, absolute(report.path).parent, environ)
    except AddressError as error:
        report.problem(line, f"url: {error}")
        return None
    if where.path:
        report.problem(line, f"lists: '{where.shown}' is a file: one with 'feeds:' stands below 'include:', and 'import' reads all others")
        return None
    if where.secret_in_file:
        report.warning(line, "a user name, password or key stands in the address: put it in the environment and write ${NAME}")
    return form, where


def _spec(node: Node, form: ListForm, where: Address, slug: str, above: Sequence[Layer], report: Report) -> ListSpec:
    own = layer(form.defaults, node.get("defaults") if isinstance(node, MapNode) else None, report)
    place = report.place(node.line)
    asked = FeedSpec(
        id=form.id or f"list-{slug[:_MAX_SLUG].strip('-')}",
        url=where.url,
        shown_url=where.shown,
        every=form.every or USUAL,
        every_given=form.every is not None,
        allow_private=bool(form.allow_private),
        is_private=where.has_secret,
        line=node.line,
        file=absolute(report.path),
    )
    _check_own_every(asked, form, node, report)
    is_private = where.has_secret if form.public is None else not form.public
    return ListSpec(asked=asked, member=replace(_member(asked, form, [*above, *own], own, place), is_private=is_private))


def _member(asked: FeedSpec, form: ListForm, layers: Sequence[Layer], own: Sequence[Layer], place: str) -> FeedSpec:
    """What each feed of a list has. Whoever writes a list on the web is not trusted with what feeds.yaml allows its own feeds."""
    usual = inherited(layers)
    allow_private = bool(form.defaults and form.defaults.allow_private)
    for one in own:
        check_every(one, is_for_the_web=not allow_private)
    sources = inherited_sources(layers)
    if not allow_private:
        sources.pop("allow_private", None)
    here = dict.fromkeys(("url", "name", "tags"), f"{place}, list {asked.id}")
    return replace(
        usual,
        tags=tuple(dict.fromkeys(form.tags or ())),
        every=usual.every if allow_private else max(usual.every, SHORTEST_WEB),
        allow_private=allow_private,
        line=asked.line,
        file=asked.file,
        listed_by=asked.id,
        sources=tuple((sources | here).items()),
    )


def _check_own_every(asked: FeedSpec, form: ListForm, node: Node, report: Report) -> None:
    shortest = SHORTEST_LOCAL if asked.allow_private else SHORTEST
    if form.every and not shortest <= form.every <= LONGEST:
        least = "1s" if asked.allow_private else "1h, since lists change rarely,"
        report.problem(line_of(node, ("every",)), f"every: of a list at least {least} and at most 30d")


def _check_names(specs: Sequence[ListSpec], feeds: Sequence[FeedSpec], report: Report) -> None:
    """Commands find feeds and lists by one kind of name; no list is asked twice."""
    taken = {spec.id: spec for spec in feeds}
    addresses: dict[str, FeedSpec] = {}
    for spec in specs:
        line = spec.asked.line
        if (other := taken.setdefault(spec.id, spec.asked)) is not spec.asked:
            report.problem(line, f"id: '{spec.id}' is taken already (line {other.line}): give this list another 'id:'")
        if (twin := addresses.setdefault(spec.asked.shown_url, spec.asked)) is not spec.asked:
            report.problem(line, f"url: {spec.asked.shown_url} is the list of line {twin.line} again")
