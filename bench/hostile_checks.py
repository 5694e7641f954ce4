"""What hostile feeds must not do, and what must come of them: checks on the reports, the store, the outputs and the requests.

`for_every_case` holds for whatever feed; `outcome` reads the index's column of that name. Every check gives sentences: what is wrong.
"""

import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import urlsplit

from lxml import etree

from aggregator.model import FeedState, JsonValue, StoredEntry
from bench.loopback import Asked

MAX_SECONDS = 30.0
MAX_BODY_BYTES = 10 * 1024 * 1024
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_ACTIVE = {
    "script",
    "iframe",
    "object",
    "embed",
    "applet",
    "form",
    "input",
    "button",
    "style",
    "link",
    "meta",
    "base",
    "svg",
    "math",
    "frame",
}
_VOID = {"area", "br", "col", "hr", "img", "wbr", "source", "track"}
_ADDRESSES = {"href", "src", "poster", "cite", "action", "formaction", "data", "srcset", "background", "longdesc"}
_SCHEMES = {"http", "https", "mailto", "tel", ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What two polls of one case left. `first` and `second` are their reports (None where there was none)."""

    file: str
    body: bytes = field(repr=False)
    first: Mapping[str, JsonValue] | None
    second: Mapping[str, JsonValue] | None
    stored_first: Sequence[StoredEntry]
    stored: Sequence[StoredEntry]
    state: FeedState | None
    outputs: Mapping[str, bytes]
    requests: Sequence[Asked]
    requests_first: Sequence[Asked]
    now: datetime
    said: str

    @property
    def error(self) -> str:
        return str((self.first or {}).get("error") or "")

    @property
    def titles(self) -> list[str]:
        """The stored titles, in the order in which the entries were stored."""
        return [entry.entry.title.text if entry.entry.title else "" for entry in sorted(self.stored, key=lambda entry: entry.pk)]

    @property
    def oddities(self) -> str:
        reported = (self.first or {}).get("oddities")
        notes = [str(note) for note in reported] if isinstance(reported, list) else []
        return "; ".join(notes + [note for entry in self.stored for note in entry.entry.oddities])

    @property
    def texts(self) -> str:
        """Everything stored that a reader may see, and every output."""
        entries = [f"{entry.entry.title} {entry.entry.content} {entry.entry.summary} {entry.entry.authors}" for entry in self.stored]
        return "\n".join([*entries, *(body.decode("utf-8", "replace") for body in self.outputs.values())])


# ── by outcome ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def outcome(evidence: Evidence, wanted: str) -> Iterator[str]:
    """Judge the first poll by the index's column `outcome`: `reject`, `keep:N`, `min:N` or `any`."""
    kind, _, number = wanted.partition(":")
    failed = (evidence.first or {}).get("outcome") == "failed"
    if kind == "min" and (evidence.first or {}).get("error_type") == "TooLarge" and inflated_size(evidence.body) > MAX_BODY_BYTES:
        return  # what a limit says of more entries than it lets in is its own check
    count = len(evidence.stored_first)
    if kind == "reject" and (not failed or count or not evidence.error):
        yield f"should be rejected with a reason; {count} entries kept, error: {evidence.error or 'none'}"
    if kind == "keep" and (failed or count != int(number)):
        yield f"{count} entries kept of {number}; error: {evidence.error or 'none'}"
    if kind == "min" and (failed or count < int(number)):
        yield f"{count} entries kept, at least {number} wanted; error: {evidence.error or 'none'}"
    if kind == "any" and failed and len(evidence.error) < 5:
        yield "rejected without a reason"


def inflated_size(body: bytes) -> int:
    """How many bytes a document has when its gzip is undone."""
    if body[:2] != b"\x1f\x8b":
        return len(body)
    try:
        return len(gzip.decompress(body))
    except (OSError, EOFError):
        return len(body)


# ── for every case ─────────────────────────────────────────────────────────────────────────────────────────────────────


def for_every_case(evidence: Evidence) -> Iterator[str]:
    """What no feed may do: stay unreported, take long, grow on a second poll, move its dates, or break or poison an output."""
    for name, report in (("first", evidence.first), ("second", evidence.second)):
        if report is None:
            yield f"the {name} poll has no report"
        elif float(str(report.get("seconds") or 0)) > MAX_SECONDS:
            yield f"the {name} poll took {report['seconds']} s"
    yield from _steady(evidence)
    for path, body in evidence.outputs.items():
        yield from (f"{path}: {what}" for what in poisoned(path, body))


def _steady(evidence: Evidence) -> Iterator[str]:
    before = {entry.pk: entry for entry in evidence.stored_first}
    after = {entry.pk: entry for entry in evidence.stored}
    if not evidence.file.endswith(("-a.xml", "-b.xml")) and len(after) != len(before):
        yield f"a second poll of the same entries makes {len(after)} of {len(before)}"
    if set(before) - set(after):
        yield f"{len(set(before) - set(after))} stored entries vanished"
    for pk in set(before) & set(after):
        if before[pk].sort_key != after[pk].sort_key or before[pk].entry.published_id != after[pk].entry.published_id:
            yield f"a second poll moved {after[pk].entry.published_id}"
    if any(entry.sort_key > evidence.now + timedelta(hours=1) for entry in evidence.stored):
        yield "an entry sorts into the future"


def poisoned(path: str, body: bytes) -> Iterator[str]:
    """What is active, unbalanced or not well-formed in an output."""
    try:
        if path.endswith(".json"):
            yield from _poisoned_json(body)
        elif path.endswith(".xml"):
            yield from _poisoned_xml(body)
    except (etree.XMLSyntaxError, ValueError) as error:
        yield f"not well-formed: {error}"


def _poisoned_xml(body: bytes) -> Iterator[str]:
    for element in etree.fromstring(body, etree.XMLParser(huge_tree=True, resolve_entities=False)).iter():
        if not isinstance(element.tag, str):
            yield "a comment or processing instruction"
            continue
        tag = str(element.tag)
        for name, value in element.attrib.items():
            if str(name).rpartition("}")[2] in {"href", "url", "src", "uri"} and urlsplit(str(value)).scheme not in {"http", "https"}:
                yield f"<{tag.rpartition('}')[2]} {name!s}={str(value)[:80]!r}>"
        if _is_html(element):
            yield from poisoned_html(element.text or "")


def _is_html(element: etree._Element) -> bool:
    return element.get("type") == "html" or element.tag in {_CONTENT, "description"}


def _poisoned_json(body: bytes) -> Iterator[str]:
    feed = json.loads(body, parse_constant=_refuse)
    for item in feed["items"]:
        yield from poisoned_html(str(item.get("content_html") or ""))
        for name in ("url", "external_url", "image", "banner_image"):
            if name in item and urlsplit(str(item[name])).scheme not in {"http", "https"}:
                yield f"{name}: {item[name]!r:.80}"


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def poisoned_html(html: str) -> list[str]:
    """Active elements, handlers and addresses, and unbalanced tags, in a piece of published HTML.

    >>> poisoned_html('<p><a href="https://ok.example/">x</a><br></p>')
    []
    >>> poisoned_html('<p onclick="x"><a href="java&#9;script:x">y</a>')
    ['onclick on <p>', "address 'javascript:x'", 'never closed: <p>']
    """
    reader = _Inspector()
    reader.feed(html)
    reader.close()
    return reader.found + [f"never closed: <{tag}>" for tag in reader.open[:3]]


class _Inspector(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self.open.append(tag)
        if tag in _ACTIVE:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            self._attribute(tag, name, value or "")

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on") or name in {"style", "srcdoc"}:
            self.found.append(f"{name} on <{tag}>")
        address = re.sub(r"[\x00-\x20]", "", value)
        scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", address)
        if name in _ADDRESSES and scheme and scheme[1].lower() not in _SCHEMES:
            self.found.append(f"address {address[:60]!r}")

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        elif tag not in _VOID:
            self.found.append(f"</{tag}> closes nothing")
