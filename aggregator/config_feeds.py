"""`feeds:` and `defaults:` → FeedSpecs: what one entry of feeds.yaml, or of a file that it includes, means once all others are known."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from string import Formatter
from typing import Any

from aggregator.config_address import Address, AddressError, address, derived_ids, expand
from aggregator.config_hints import suggestion
from aggregator.config_model import AttributionForm, DefaultsForm, FeedForm, MatchForm
from aggregator.config_report import Report
from aggregator.config_yaml import MapNode, Node, line_of
from aggregator.model import Attribution, FeedSpec, Limit, Match

SHORTEST_WEB = timedelta(minutes=5)  # nobody's server is asked more often than that, whatever feeds.yaml says
SHORTEST_LOCAL = timedelta(seconds=1)
LONGEST = timedelta(days=30)  # what is due later than 31 days counts as a clock gone wrong

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # RFC 9110 section 5.5: no CR, LF or NUL
# The fetcher writes these itself: another value would break framing, caching or the limits.
_OURS = {
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "accept-encoding",
    "if-none-match",
    "if-modified-since",
    "te",
    "upgrade",
}
_USUAL = FeedSpec(id="", url="", shown_url="")  # what holds where neither the feed nor defaults say anything
CREDIT_SLOTS = ("link", "title", "author")
_SLOT = re.compile(r"\{([a-z_]{1,20})\}")
_SLOTS = {"text": "origin", "via": "origin", "from": "via"}  # the link without which a wording would give no credit


@dataclass(frozen=True, slots=True)
class Layer:
    """Defaults that feeds inherit: what they say, the node that says it, and the report of its file."""

    form: DefaultsForm
    node: Node
    report: Report

    def place(self, key: str) -> str:
        return f"{self.report.place(line_of(self.node, (key,)))}, defaults"


@dataclass(frozen=True, slots=True)
class Group:
    """The feeds of one file: their nodes, the defaults that hold for them, the nearest last, and tags of all, each with its place."""

    items: Sequence[Node]
    layers: tuple[Layer, ...]
    tags: Mapping[str, str]
    report: Report


@dataclass(frozen=True, slots=True)
class _Entry:
    """One item of `feeds:` that could be read."""

    form: FeedForm
    node: Node
    address: Address
    headers: tuple[tuple[str, str], ...]
    group: Group

    @property
    def line(self) -> int:
        return self.node.line

    def seen_from(self, other: "_Entry") -> str:
        """Where this stands, in a message about the other one."""
        return f"line {self.line}" if self.group.report is other.group.report else self.group.report.place(self.line)


def feed_specs(groups: Sequence[Group], environ: Mapping[str, str]) -> list[FeedSpec]:
    """The feeds in the order of the groups, each address once. Whatever is wrong is told to the reports of their files."""
    read = [_entry(item, group, environ) for group in groups for item in group.items]
    entries = _once([entry for entry in read if entry])
    _check_ids(entries)
    ids = derived_ids([entry.form.id for entry in entries], [entry.address.shown for entry in entries])
    usual = {id(group): inherited(group.layers) for group in groups}
    specs = [_spec(entry, name, usual[id(entry.group)]) for entry, name in zip(entries, ids, strict=True)]
    _check_inherited_every(entries, specs)
    return specs


def match(form: MatchForm | None) -> Match | None:
    """`keep:` or `drop:` for the filters: names of categories and languages without case, patterns as written."""
    if form is None:
        return None
    named = ("category", "language")
    fields = tuple(
        (key, tuple(value.casefold() for value in values) if key in named else tuple(values))
        for key in MatchForm.model_fields
        if (values := getattr(form, key))
    )
    return Match(fields=fields) if fields else None


def attribution(form: AttributionForm | None, inherited: Attribution) -> Attribution:
    """The visible line, key by key over what is inherited."""
    if form is None:
        return inherited
    return Attribution(
        place=form.place or inherited.place,
        text=form.text or inherited.text,
        via=form.via or inherited.via,
        from_=form.from_ or inherited.from_,
    )


def check_attribution(form: AttributionForm | None, node: Node, report: Report) -> None:
    """Are the slots of the wordings known, and is there one, so that the credit is a link?"""
    for key, text in (("text", form.text), ("via", form.via), ("from", form.from_)) if form else ():
        problem = _wording(key, text) if text else None
        if problem:
            report.problem(line_of(node, (key,)), f"{key}: {problem}")


def _entry(node: Node, group: Group, environ: Mapping[str, str]) -> _Entry | None:
    report = group.report
    form = report.form(FeedForm, node, "feeds")
    if form is None:
        return None
    url_line = line_of(node, ("url",))
    headers = _headers(form, node, environ, report)
    check_attribution(form.attribution, _below(node, "attribution"), report)
    _check_credit(form.credit, node, report)
    try:
        found = address(form.url, Path(os.path.abspath(report.path)).parent, environ)  # noqa: PTH100 (resolve() would follow links)
    except AddressError as error:
        report.problem(url_line, f"url: {error}")
        return None
    if found.secret_in_file and form.public is not True:
        report.warning(url_line, "a user name, password or key stands in the address: put it in the environment and write ${NAME}")
    return _Entry(form, node, found, headers, group)


def _check_credit(credit: str | None, node: Node, report: Report) -> None:
    for slot in _SLOT.findall(credit or ""):
        if slot not in CREDIT_SLOTS:
            known = [f"{{{name}}}" for name in CREDIT_SLOTS]
            report.problem(line_of(node, ("credit",)), f"credit: unknown slot {{{slot}}} (there are {', '.join(known)})")
            return


def _below(node: Node, key: str) -> Node:
    return (node.get(key) if isinstance(node, MapNode) else None) or node


def _headers(form: FeedForm, node: Node, environ: Mapping[str, str], report: Report) -> tuple[tuple[str, str], ...]:
    made: dict[str, tuple[str, str]] = {}
    for name, written in (form.headers or {}).items():
        line = line_of(node, ("headers", name))
        try:
            value = expand(written, environ)
        except AddressError as error:
            report.problem(line, f"headers: {name}: {error}")
            continue
        problem = _header_problem(name, value, made)
        if problem:
            report.problem(line, f"headers: {problem}")
        made[name.lower()] = (name, value)
        if name.lower() in {"authorization", "cookie", "proxy-authorization"} and "${" not in written:
            report.warning(line, f"a secret stands in the header {name}: put it in the environment and write ${{NAME}}")
    return tuple(made.values())


def _header_problem(name: str, value: str, made: Mapping[str, object]) -> str | None:
    if not _TOKEN.fullmatch(name):
        return f"'{name}' cannot be the name of a header"
    if name.lower() in _OURS:
        return f"'{name}' is written by the program itself"
    if name.lower() in made:
        return f"'{name}' stands twice"
    if not _VALUE.fullmatch(value):
        return f"the value of '{name}' has a line break or another character that no header can carry"
    return None


def _once(entries: list[_Entry]) -> list[_Entry]:
    """Each feed once: two spellings of one address (http/https, trailing slash) would be two requests for the same document."""
    seen: dict[tuple[str, object], _Entry] = {}
    for entry in entries:
        first = seen.setdefault((entry.address.key, tuple(sorted(entry.headers))), entry)
        if first is not entry:
            there = first.seen_from(entry)
            entry.group.report.warning(
                entry.line, f"{entry.address.shown} is the feed of {there} again: it is read once, as that line says"
            )
    return list(seen.values())


def _check_ids(entries: list[_Entry]) -> None:
    seen: dict[str, _Entry] = {}
    for entry in entries:
        if entry.form.id and (first := seen.setdefault(entry.form.id, entry)) is not entry:
            line, there = line_of(entry.node, ("id",)), first.seen_from(entry)
            entry.group.report.problem(line, f"id: '{entry.form.id}' is the id of the feed in {there} already")


def _spec(entry: _Entry, name: str, usual: FeedSpec) -> FeedSpec:
    form, where, report = entry.form, entry.address, entry.group.report
    spec = FeedSpec(
        id=name,
        url=where.url,
        shown_url=where.shown,
        path=where.path,
        id_given=form.id is not None,
        name=form.name,
        tags=tuple(dict.fromkeys((*entry.group.tags, *(form.tags or ())))),
        every=form.every or usual.every,
        every_given=form.every is not None,
        republish=form.republish or usual.republish,
        attribution=attribution(form.attribution, usual.attribution),
        allow_private=usual.allow_private if form.allow_private is None else form.allow_private,
        republisher=bool(form.republisher),
        origin=form.origin,
        language=form.language,
        aliases=tuple(host.lower() for host in form.aliases or ()),
        keep=match(form.keep),
        drop=match(form.drop),
        strip=form.strip if form.strip is not None else usual.strip,
        limit=Limit(per_day=form.limit.per_day) if form.limit else usual.limit,
        headers=entry.headers,
        is_private=(where.has_secret or bool(entry.headers)) if form.public is None else not form.public,
        opt_out=bool(form.opt_out),
        credit=form.credit,
        keep_counters=bool(form.keep_counters),
        line=entry.line,
        file=Path(os.path.abspath(report.path)),  # noqa: PTH100 (as above)
        sources=tuple((dict(usual.sources) | _sources(entry)).items()),
    )
    return _checked_every(spec, form, entry.node, report)


def inherited(layers: Sequence[Layer]) -> FeedSpec:
    """What a feed is that says nothing itself: the nearest layer that says something decides, of the visible line key by key."""
    made = _USUAL
    for form in (layer.form for layer in layers):
        said = {key: value for key in ("every", "republish", "allow_private", "strip") if (value := getattr(form, key)) is not None}
        if form.limit:
            said["limit"] = Limit(per_day=form.limit.per_day)
        made = replace(made, attribution=attribution(form.attribution, made.attribution), **said)
    return replace(made, sources=tuple(inherited_sources(layers).items()))


def inherited_sources(layers: Sequence[Layer]) -> dict[str, str]:
    """Where each setting that these layers say stands; of the visible line, its parts (`attribution.place`)."""
    return {name: layer.place(key) for layer in layers for key, name in _written(layer.form)}


def _sources(entry: _Entry) -> dict[str, str]:
    """Where each setting stands that a feed's own entry says, or its tags."""
    report, node = entry.group.report, entry.node
    own = {name: report.place(line_of(node, (key,))) for key, name in _written(entry.form)}
    tags = list(dict.fromkeys([*entry.group.tags.values(), *([own["tags"]] if "tags" in own else [])]))
    return own | ({"tags": " and ".join(tags)} if tags else {})


def _written(form: DefaultsForm | FeedForm) -> Iterator[tuple[str, str]]:
    """(key, name of the setting) of what a mapping says."""
    for key in type(form).model_fields:
        value: Any = getattr(form, key)
        if isinstance(value, AttributionForm):
            yield from ((key, f"{key}.{field.alias or part}") for part, field in _parts(value))
        elif value is not None:
            yield key, key


def _parts(form: AttributionForm) -> Iterator[tuple[str, Any]]:
    return ((name, field) for name, field in type(form).model_fields.items() if getattr(form, name) is not None)


def _shortest(spec: FeedSpec) -> timedelta:
    return SHORTEST_LOCAL if spec.allow_private or spec.path else SHORTEST_WEB


def _checked_every(spec: FeedSpec, form: FeedForm, node: Node, report: Report) -> FeedSpec:
    line = line_of(node, ("every",))
    if form.every is not None and form.every > LONGEST:
        report.problem(line, "every: at most 30d")
    elif form.every is not None and form.every < _shortest(spec):
        report.problem(line, f"every: at least {'1s' if _shortest(spec) == SHORTEST_LOCAL else '5m, so that no server is hammered'}")
    elif spec.every < _shortest(spec):  # inherited, and said once, in the line of the default
        return replace(spec, every=_shortest(spec))
    return spec


def _check_inherited_every(entries: Sequence[_Entry], specs: Sequence[FeedSpec]) -> None:
    """Once for each `defaults`, in its own line."""
    layers = {id(layer): layer for entry in entries for layer in entry.group.layers if layer.form.every is not None}
    for layer in layers.values():
        heirs = [spec for entry, spec in zip(entries, specs, strict=True) if _inherits_every(entry, layer)]
        check_every(layer, any(_shortest(spec) == SHORTEST_WEB for spec in heirs))


def _inherits_every(entry: _Entry, layer: Layer) -> bool:
    if entry.form.every is not None:
        return False
    return next((one for one in reversed(entry.group.layers) if one.form.every is not None), None) is layer


def check_every(layer: Layer, is_for_the_web: bool) -> None:
    """Are the bounds of `every` kept by these defaults?"""
    every, line = layer.form.every, line_of(layer.node, ("every",))
    if every is None:
        return
    if every > LONGEST:
        layer.report.problem(line, "every: at most 30d")
    elif every < SHORTEST_LOCAL:
        layer.report.problem(line, "every: at least 1s")
    elif every < SHORTEST_WEB and is_for_the_web:
        message = "every: at least 5m, so that no server is hammered (local files and feeds with allow_private may say less)"
        layer.report.problem(line, message)


def _wording(key: str, text: str) -> str | None:
    try:
        slots = {slot for _, slot, _, _ in Formatter().parse(text) if slot is not None}
    except ValueError:
        return "a brace that is not closed; the slots are {origin} and {via}"
    unknown = sorted(slots - {"origin", "via"})
    if unknown:
        return f"unknown slot {{{unknown[0]}}}{suggestion(unknown[0], ['origin', 'via'])}"
    if _SLOTS[key] not in slots:
        return f"needs the slot {{{_SLOTS[key]}}}, so that the credit is a link"
    return None
