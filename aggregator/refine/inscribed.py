"""What the HTML of an entry says to programs of where it comes from: rel=canonical, and schema.org's isBasedOn in three notations.

Microdata and RDFa are read at the edges of a text, as sentences are; JSON-LD wherever it stands. What stands within a quotation, a listing
or under a picture, or belongs to another thing that is described there (a picture, a comment, a product), is not said of the entry.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, Literal, NamedTuple

from aggregator.model import Claim
from aggregator.refine import claims
from aggregator.refine.blocks import EDGE_CHARS, without_tag_runs
from aggregator.refine.context import Context
from aggregator.refine.tokens import Tag, Text, decoded, tokens
from aggregator.web.url import link_key

_BASED_ON: Final = frozenset({"isBasedOn", "isBasedOnUrl"})
# Written in attributes or as a member; the bare words stand in many texts.
_MARKED: Final = re.compile(r"\b(?:rel|itemprop|property)\s*+=\s*+[\"']?+[^\"'<>]{0,60}(?:canonical|isBasedOn)", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r"([a-zA-Z][\w:-]*+)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++)))?+")
_TOLD_BY: Final = ("href", "content", "resource", "src", "itemid")

_ZONES: Final = frozenset({"blockquote", "q", "figure", "figcaption", "pre"})
_VOID: Final = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
# A thing that is described within another one is not that one, but for these.
_ITSELF: Final = ("mainEntity", "mainEntityOfPage")

_SCRIPT: Final = re.compile(r"<script\s[^<>]{0,200}>", re.IGNORECASE)
_DATA_TYPE: Final = "ld+json"
_WRAPPED: Final = re.compile(r"\A\s*(?://)?\s*<!(?:\[CDATA\[|--)|(?://\s*)?(?:\]\]>|-->)\s*\Z")
_MAX_SCRIPTS: Final = 4
_MAX_SCRIPT_CHARS: Final = 65_536
_MAX_NODES: Final = 64
_MAX_FOUND: Final = 16
# So many tags with such attributes stand in an edge of no text.
_MAX_LOOKED_AT: Final = 256
_EVIDENCE_CHARS: Final = 300

Relation = Literal["rel=canonical", "isBasedOn"]


class Inscription(NamedTuple):
    """One address that the markup of a text names as where it comes from, as written. `name` is the publisher's, where that is told."""

    relation: Relation
    href: str
    name: str | None
    evidence: str


def inscriptions(html: str) -> tuple[Inscription, ...]:
    """What the markup of a text says of where it comes from, in its order; markup that is broken says nothing.

    >>> [(one.relation, one.href) for one in inscriptions('<link itemprop="isBasedOn" href="/x"><p>A text.</p>')]
    [('isBasedOn', '/x')]
    """
    if "isBasedOn" not in html and "canonical" not in html:
        return ()
    found = [*_written(html)] if _MARKED.search(html) else []
    if "isBasedOn" in html:
        found += _linked_data(html)
    return tuple(dict.fromkeys(found))[:_MAX_FOUND]


def inscribed(html: str | None, context: Context) -> list[Claim]:
    """The claims that the markup of a text makes: of whoever printed it, as a footer's, so one hop behind those of the entry's elements.

    Markup that names several pages of others says of none of them that the entry is that page's text, nor does one that names a front.
    """
    made = [_claim(one, context) for one in inscriptions(html or "")]
    return [_doubted(claim, made) for claim in made if claim]


def _claim(one: Inscription, context: Context) -> Claim | None:
    page = claims.address(one.href, context)
    if page is None:
        return None
    return replace(claims.paged(one.relation, page, one.name, one.evidence, context), hop=1, where="the text's markup")


def _doubted(claim: Claim, made: Sequence[Claim | None]) -> Claim:
    if claim.standing != "outranked":
        return claim
    others = {link_key(one.page or one.home or "") for one in made if one and one.kind == claim.kind and one.standing == "outranked"}
    is_clear = len(others) == 1 and claim.page is not None
    return claim if is_clear else replace(claim, standing="weak", confidence=claims.HINTED)


# ── microdata, RDFa, link relations ────────────────────────────────────────────────────────────────────────────────────


def _written(html: str) -> Iterator[Inscription]:
    if len(html) <= 2 * EDGE_CHARS:
        yield from _read(html)
        return
    tail = html[-EDGE_CHARS:]
    yield from _read(html[:EDGE_CHARS])
    yield from _read(tail, after=tail.find(">") + 1)


def _read(html: str, after: int = 0) -> list[Inscription]:
    html = without_tag_runs(html)
    reader = _Reader(html)
    for token in tokens(html, after):
        if not isinstance(token, Text):
            reader.tag(token)
        if len(reader.found) >= _MAX_FOUND or reader.looked_at >= _MAX_LOOKED_AT:
            break
    return reader.found


@dataclass(slots=True)
class _Scope:
    """A thing that is described, and how many elements of its element's name are open. `is_source`: it is what the entry is based on."""

    element: str
    is_entry: bool
    is_source: bool
    depth: int = 1


@dataclass(slots=True)
class _Reader:
    """Gathers what is said of the entry itself."""

    html: str
    found: list[Inscription] = field(default_factory=list)
    scopes: list[_Scope] = field(default_factory=list)
    inside: int = 0
    looked_at: int = 0

    def tag(self, tag: Tag) -> None:
        if tag.name in _ZONES:
            self._pass_zone(tag)
        if tag.closes:
            self._close(tag.name)
        elif tag.name not in _VOID:
            self._open(tag)
        if not tag.closes and not self.inside and ("rel" in tag.attributes or "prop" in tag.attributes):
            self._say(tag, self._attributes(tag))

    def _pass_zone(self, tag: Tag) -> None:
        """Note that a quotation or a picture begins or ends; one that ends and never began held all that was read."""
        if tag.closes and not self.inside:
            self.found.clear()
        self.inside += -bool(self.inside) if tag.closes else 1

    def _open(self, tag: Tag) -> None:
        if "itemscope" in tag.attributes or "typeof" in tag.attributes:
            self.scopes.append(self._scope(tag.name, self._attributes(tag)))
        elif self.scopes and self.scopes[-1].element == tag.name:
            self.scopes[-1].depth += 1

    def _scope(self, element: str, given: Mapping[str, str]) -> _Scope:
        properties = _properties(given)
        is_told = not properties or bool(properties.intersection(_ITSELF))
        is_text = _is_text((given.get("itemtype") or given.get("typeof") or "").split())
        return _Scope(element, is_told and is_text and self._is_entry(), is_text and bool(properties & _BASED_ON) and self._is_entry())

    def _is_entry(self) -> bool:
        return not self.scopes or self.scopes[-1].is_entry

    def _close(self, element: str) -> None:
        if self.scopes and self.scopes[-1].element == element:
            self.scopes[-1].depth -= 1
            if not self.scopes[-1].depth:
                self.scopes.pop()

    def _attributes(self, tag: Tag) -> dict[str, str]:
        self.looked_at += 1
        return _attributes(tag)

    def _say(self, tag: Tag, given: Mapping[str, str]) -> None:
        href = next((given[name] for name in _TOLD_BY if given.get(name)), "")
        relation = self._relation(tag, given) if href else None
        if relation:
            self.found.append(Inscription(relation, href, None, self.html[tag.start : tag.end][:_EVIDENCE_CHARS]))

    def _relation(self, tag: Tag, given: Mapping[str, str]) -> Relation | None:
        if tag.name in ("a", "link") and "canonical" in given.get("rel", "").lower().split():
            return "rel=canonical" if self._is_entry() else None
        properties = _properties(given)
        if self.scopes and self.scopes[-1].is_source:
            return "isBasedOn" if "url" in properties or properties & _BASED_ON else None
        return "isBasedOn" if properties & _BASED_ON and self._is_entry() else None


def _attributes(tag: Tag) -> dict[str, str]:
    made: dict[str, str] = {}
    for found in _ATTRIBUTE.finditer(tag.attributes):
        made.setdefault(found[1].lower(), decoded(found[2] or found[3] or found[4] or "").strip())
    return made


def _properties(given: Mapping[str, str]) -> frozenset[str]:
    return frozenset(map(_bare, (given.get("itemprop", "") + " " + given.get("property", "")).split()))


def _bare(name: str) -> str:
    """A name without its vocabulary: "schema:isBasedOn", "https://schema.org/Article"."""
    return name.rpartition("/")[2].rpartition(":")[2]


def _is_text(types: list[str]) -> bool:
    """Whether a thing of such types is a text or may be one: an article, a posting. A recipe is based on others, a picture no article."""
    return not types or any(
        name.endswith(("Article", "Posting")) or name in ("CreativeWork", "WebPage", "Report") for name in map(_bare, types)
    )


# ── JSON-LD ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _linked_data(html: str) -> Iterator[Inscription]:
    for text in islice(_scripts(html), _MAX_SCRIPTS):
        if "isBasedOn" in text and len(text) <= _MAX_SCRIPT_CHARS:
            yield from _of_data(_data(text))


def _scripts(html: str) -> Iterator[str]:
    """What stands in the scripts that are data."""
    at = 0
    while (named := html.find(_DATA_TYPE, at)) >= 0:
        opened = _SCRIPT.match(html, html.rfind("<", at, named))
        at = named + len(_DATA_TYPE)
        if opened and opened.end() > at:
            end = html.find("</script", at)
            at, start = end if end >= 0 else len(html), opened.end()
            yield html[start:at]


def _data(text: str) -> object:
    try:
        return json.loads(_WRAPPED.sub("", text), parse_int=str)
    except (ValueError, RecursionError):
        return None


def _of_data(data: object) -> Iterator[Inscription]:
    for node in _nodes(data):
        if _is_text(_types(node)):
            for key, value in node.items():
                if _bare(key) in _BASED_ON:
                    yield from _sources(value)


def _nodes(data: object) -> list[Mapping[str, object]]:
    """The things that are described for themselves, not as a part of another."""
    nodes: list[Mapping[str, object]] = [one for one in _many(data) if isinstance(one, dict)]
    nodes += [one for node in nodes for key in ("@graph", *_ITSELF) for one in _many(node.get(key)) if isinstance(one, dict)]
    return nodes[:_MAX_NODES]


def _sources(value: object) -> Iterator[Inscription]:
    for one in _many(value)[:_MAX_FOUND]:
        if isinstance(one, str):
            yield _inscribed(one, None)
        elif isinstance(one, dict) and _is_text(_types(one)):
            written = one.get("url") or str(one.get("@id") or "").partition("#")[0]
            if written and isinstance(written, str):
                yield _inscribed(written, _publisher(one))


def _inscribed(href: str, name: str | None) -> Inscription:
    return Inscription("isBasedOn", href.strip(), name, f'"isBasedOn": "{href.strip()}"'[:_EVIDENCE_CHARS])


def _publisher(node: Mapping[str, object]) -> str | None:
    """Who published what is described, or of what it is a part; its own name is its title."""
    held = (one for key in ("publisher", "isPartOf") for one in _many(node.get(key)))
    return next((name for one in held if isinstance(one, dict) and isinstance(name := one.get("name"), str) and name.strip()), None)


def _types(node: Mapping[str, object]) -> list[str]:
    return [one for one in _many(node.get("@type")) if isinstance(one, str)]


def _many(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]
