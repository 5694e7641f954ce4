"""`feeds:` and `defaults:` → FeedSpecs: what one entry of feeds.yaml means once the defaults and the other feeds are known."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from string import Formatter

from aggregator.config_address import Address, AddressError, address, derived_ids, expand
from aggregator.config_model import AttributionForm, DefaultsForm, FeedForm, LimitForm, MatchForm, suggestion
from aggregator.config_report import Report
from aggregator.config_yaml import ListNode, MapNode, Node, line_of
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
class _Entry:
    """One item of `feeds:` that could be read."""

    form: FeedForm
    node: Node
    address: Address
    headers: tuple[tuple[str, str], ...]

    @property
    def line(self) -> int:
        return self.node.line


def feed_specs(
    node: Node | None, defaults: DefaultsForm, top: MapNode, folder: Path, environ: Mapping[str, str], report: Report
) -> list[FeedSpec]:
    """The feeds in the order of the file, each address once. Whatever is wrong is told to `report`."""
    if not isinstance(node, ListNode) or not node.items:
        _no_feeds(node, top, report)
        return []
    read = [_entry(item, folder, environ, report) for item in node.items]
    entries = _once([entry for entry in read if entry], report)
    _check_ids(entries, report)
    ids = derived_ids([entry.form.id for entry in entries], [entry.address.shown for entry in entries])
    specs = [_spec(entry, name, defaults, report) for entry, name in zip(entries, ids, strict=True)]
    _check_inherited_every(specs, top, defaults, report)
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


def _no_feeds(node: Node | None, top: MapNode, report: Report) -> None:
    key = top.key("feeds")
    line = key.line if key else 0
    if isinstance(node, MapNode) or (node is not None and not isinstance(node, ListNode) and node.value() is not None):
        report.problem(line, "feeds: a list is wanted: begin each line below it with '- '")
    else:
        report.problem(line, "no feeds: write 'feeds:' and below it one address a line, each after '  - '")


def _entry(node: Node, folder: Path, environ: Mapping[str, str], report: Report) -> _Entry | None:
    form = report.form(FeedForm, node, "feeds")
    if form is None:
        return None
    url_line = line_of(node, ("url",))
    headers = _headers(form, node, environ, report)
    check_attribution(form.attribution, _below(node, "attribution"), report)
    _check_credit(form.credit, node, report)
    try:
        found = address(form.url, folder, environ)
    except AddressError as error:
        report.problem(url_line, f"url: {error}")
        return None
    if found.secret_in_file:
        report.warning(url_line, "a user name or password stands in the address: put it in the environment and write ${NAME}")
    return _Entry(form, node, found, headers)


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


def _once(entries: list[_Entry], report: Report) -> list[_Entry]:
    """Each feed once: two spellings of one address (http/https, trailing slash) would be two requests for the same document."""
    seen: dict[tuple[str, object], _Entry] = {}
    for entry in entries:
        first = seen.setdefault((entry.address.key, tuple(sorted(entry.headers))), entry)
        if first is not entry:
            report.warning(entry.line, f"{entry.address.shown} is the feed of line {first.line} again: it is read once, as that line says")
    return list(seen.values())


def _check_ids(entries: list[_Entry], report: Report) -> None:
    seen: dict[str, _Entry] = {}
    for entry in entries:
        if entry.form.id and (first := seen.setdefault(entry.form.id, entry)) is not entry:
            report.problem(line_of(entry.node, ("id",)), f"id: '{entry.form.id}' is the id of the feed in line {first.line} already")


def _spec(entry: _Entry, name: str, defaults: DefaultsForm, report: Report) -> FeedSpec:
    form, where = entry.form, entry.address
    spec = FeedSpec(
        id=name,
        url=where.url,
        shown_url=where.shown,
        path=where.path,
        id_given=form.id is not None,
        name=form.name,
        tags=tuple(dict.fromkeys(form.tags or ())),
        every=form.every or defaults.every or _USUAL.every,
        every_given=form.every is not None,
        republish=form.republish or defaults.republish or _USUAL.republish,
        attribution=attribution(form.attribution, attribution(defaults.attribution, Attribution())),
        allow_private=_first(form.allow_private, defaults.allow_private),
        republisher=bool(form.republisher),
        origin=form.origin,
        language=form.language,
        aliases=tuple(host.lower() for host in form.aliases or ()),
        keep=match(form.keep),
        drop=match(form.drop),
        strip=form.strip if form.strip is not None else defaults.strip or (),
        limit=_limit(form.limit or defaults.limit),
        headers=entry.headers,
        is_private=(where.has_secret or bool(entry.headers)) if form.public is None else not form.public,
        opt_out=bool(form.opt_out),
        credit=form.credit,
        keep_counters=bool(form.keep_counters),
        line=entry.line,
    )
    return _checked_every(spec, form, entry.node, report)


def _first(*values: bool | None) -> bool:
    return next((value for value in values if value is not None), False)


def _limit(form: LimitForm | None) -> Limit:
    return Limit(per_day=form.per_day if form else None)


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


def _check_inherited_every(specs: list[FeedSpec], top: MapNode, defaults: DefaultsForm, report: Report) -> None:
    line = line_of(top, ("defaults", "every"))
    if defaults.every is None:
        return
    if defaults.every > LONGEST:
        report.problem(line, "every: at most 30d")
    elif defaults.every < SHORTEST_LOCAL:
        report.problem(line, "every: at least 1s")
    elif defaults.every < SHORTEST_WEB and any(_shortest(spec) == SHORTEST_WEB and spec.every == SHORTEST_WEB for spec in specs):
        report.problem(line, "every: at least 5m, so that no server is hammered (local files and feeds with allow_private may say less)")


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
