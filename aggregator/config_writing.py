"""The settings that are in force as text of feeds.yaml: every key, defaults filled in, that could be pasted there; secrets are masked."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import zip_longest

from aggregator.config_address import shown
from aggregator.config_yaml import ScalarNode
from aggregator.model import Attribution, Config, FeedSpec, JsonValue, ListSpec, Match, OutputSpec

HIDDEN = "(not shown: a secret)"
BUILT_IN = "built in"
_UNWRITTEN = {"id": "made from the address"}
_COMMENT_COLUMN = 60

# Text that stays itself without quotes, in a block and in a flow; anything else is quoted.
_PLAIN = re.compile(r"[A-Za-z0-9./_](?:[A-Za-z0-9./_~!$%&()*+;=?@^-]|:(?=[^\s,\]}])|#(?<=\S#)| (?=[A-Za-z0-9(./_]))*")

Settings = Mapping[str, JsonValue]


# ── values ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def settings(config: Config) -> Settings:
    """Everything of feeds.yaml and what it includes, but `defaults`, which stand in the feeds that inherit them."""
    host = f"[{config.listen_host}]" if ":" in config.listen_host else config.listen_host
    return _present(
        {
            "title": config.title,
            "link": config.link,
            "root": str(config.root),
            "contact": config.contact,
            "language": config.language,
            "newcomer_entries": config.newcomer_entries,
            "retain": {"text": span(config.retain.text), "versions": config.retain.versions},
            "store": shown(config.store),
            "http": _present({"listen": f"{host}:{config.listen_port}", "token": HIDDEN if config.token else None}),
            "websub": _present({"hub": config.hub, "subscribe": config.websub_subscribe}),
            "proxy": shown(config.proxy) if config.proxy else None,
            "client": config.client,
            "noindex": config.noindex,
            "theme": config.theme,
            "compress": config.compress,
            "feeds": [feed(spec) for spec in config.feeds],
            "lists": [_list(spec) for spec in config.lists],
            "outputs": [_output(spec) for spec in config.outputs],
        }
    )


def feed(spec: FeedSpec) -> dict[str, JsonValue]:
    """One feed with all that it inherits."""
    return _present(
        {
            "url": spec.shown_url,
            "id": spec.id,
            "name": spec.name,
            "tags": [*spec.tags],
            "every": span(spec.every),
            "republish": spec.republish,
            "attribution": _attribution(spec.attribution),
            "allow_private": spec.allow_private,
            "republisher": spec.republisher,
            "origin": spec.origin,
            "language": spec.language,
            "aliases": [*spec.aliases],
            "keep": _match(spec.keep),
            "drop": _match(spec.drop),
            "strip": [*spec.strip],
            "limit": {"per_day": spec.limit.per_day} if spec.limit.per_day else None,
            "headers": {name: HIDDEN for name, _ in spec.headers},
            "public": not spec.is_private,
            "opt_out": spec.opt_out,
            "credit": spec.credit,
            "keep_counters": spec.keep_counters,
        }
    )


def sources(spec: FeedSpec) -> dict[str, str]:
    """Where each setting of `feed` comes from; of the visible line, each of its parts (`attribution.place`)."""
    written = dict(spec.sources)
    made: dict[str, str] = {}
    for key, value in feed(spec).items():
        parts = [f"{key}.{part}" for part in value] if key == "attribution" and isinstance(value, Mapping) else [key]
        made |= {part: written.get(part) or _UNWRITTEN.get(part, BUILT_IN) for part in parts}
    return made


def feed_lines(spec: FeedSpec) -> list[str]:
    """A feed as an item of `feeds:`, and behind each setting, as a comment, where it comes from."""
    where = sources(spec)
    told: list[tuple[str, str]] = []
    for key, value in feed(spec).items():
        first, *others = lines({key: value}, "    ")
        told.append((first, where.get(key, "")))
        parts = [*value] if isinstance(value, Mapping) and key not in where else []
        told += [(line, where[f"{key}.{part}"] if part else "") for line, part in zip_longest(others, parts)]
    width = min(_COMMENT_COLUMN, max(len(line) for line, _ in told))
    marked = [f"{line:<{width}}  # {source}" if source else line for line, source in told]
    return ["feeds:", f"  - {marked[0].lstrip()}", *marked[1:]]


def _list(spec: ListSpec) -> dict[str, JsonValue]:
    """A list of feeds on the web, with all that its feeds inherit."""
    asked, member = feed(spec.asked), feed(spec.member)
    inherited = ("every", "republish", "attribution", "allow_private", "strip", "limit")
    return _present(
        {
            "url": asked["url"],
            "id": asked["id"],
            "tags": [*spec.member.tags],
            "every": asked["every"],
            "allow_private": asked["allow_private"],
            "public": member["public"],
            "defaults": {key: member[key] for key in inherited if key in member},
        }
    )


def _output(spec: OutputSpec) -> dict[str, JsonValue]:
    return _present(
        {
            "path": spec.path,
            "format": spec.format,
            "title": spec.title,
            "tags": [*spec.tags],
            "feeds": [*spec.feeds],
            "max_entries": spec.max_entries,
            "max_bytes": spec.max_bytes,
            "max_age": span(spec.max_age) if spec.max_age else None,
            "per_feed": spec.per_feed,
            "archive": spec.archive,
            "language": spec.language,
            "keep": _match(spec.keep),
            "drop": _match(spec.drop),
            "attribution": _attribution(spec.attribution) if spec.attribution else None,
            "image": spec.image,
            "theme": spec.theme if spec.format == "html" else None,
        }
    )


def _attribution(style: Attribution) -> dict[str, JsonValue]:
    return _present({"place": style.place, "text": style.text, "via": style.via, "from": style.from_})


def _match(match: Match | None) -> dict[str, JsonValue] | None:
    return {name: [*wanted] for name, wanted in match.fields} if match else None


def _present(values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Only what is set: a key without a value means nothing else than no key."""
    return {key: value for key, value in values.items() if value not in (None, [], {})}


def span(length: timedelta) -> str:
    """A span as feeds.yaml writes it.

    >>> span(timedelta(hours=2)), span(timedelta(minutes=90))
    ('2h', '90m')
    """
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


# ── text ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def lines(values: Settings, indent: str = "") -> list[str]:
    """A mapping as lines of YAML."""
    made: list[str] = []
    for key, value in values.items():
        name = f"{indent}{scalar(key)}:"
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            made += [name, *_items(value, indent)]
        elif isinstance(value, Mapping):
            made += [name, *lines(value, f"{indent}  ")]
        else:
            made.append(f"{name} {_flow(value)}")
    return made


def _items(values: Sequence[JsonValue], indent: str) -> list[str]:
    """Mappings as the items of a list."""
    made: list[str] = []
    for value in values:
        first, *others = lines(value, f"{indent}    ") if isinstance(value, Mapping) else [f"{indent}    {_flow(value)}"]
        made += [f"{indent}  - {first.lstrip()}", *others]
    return made


def _flow(value: JsonValue) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return scalar(value) if isinstance(value, str) else json.dumps(value)


def scalar(text: str) -> str:
    r"""The text as it can stand anywhere: as it is, or in double quotes.

    >>> scalar("https://a.example/feed?x=1"), scalar("no: way")
    ('https://a.example/feed?x=1', '"no: way"')
    """
    safe = _PLAIN.fullmatch(text) and isinstance(ScalarNode(text=text, line=1, start=0, end=0).value(), str)
    return text if safe else quoted(text)


def quoted(text: str) -> str:
    r"""In double quotes; what must not stand in a file, or looks different there, is escaped. JSON's escapes are YAML's."""
    odd = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
    return odd.sub(lambda found: f"\\u{ord(found.group()):04x}", json.dumps(text, ensure_ascii=False))
