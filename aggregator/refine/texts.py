"""The texts of one entry: traced to where they came from, stripped of what its feed prints around them, and cleaned.

Provenance is traced and blocks are stripped on the raw HTML, which still has its classes and frames; only then it is cleaned.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from aggregator.model import Printed, RawEntry, RawText, SafeHtml, Url
from aggregator.refine import filters, markup
from aggregator.refine.blocks import EDGE_CHARS
from aggregator.refine.closings import unclosed
from aggregator.refine.context import Context
from aggregator.refine.credit import counters
from aggregator.refine.embeds import MAX_DEPTH
from aggregator.refine.footers import without_own_footers
from aggregator.refine.identity import noticed, said_once
from aggregator.refine.passing import compared, marked
from aggregator.refine.plain import lined
from aggregator.refine.provenance import Trace, must_stay, trace
from aggregator.refine.proxied import moved
from aggregator.refine.repeated import marks, repeated, without_repeated
from aggregator.refine.sourcing import carries_a_source, own
from aggregator.refine.substance import settled, without_advertisements
from aggregator.refine.weight import lightened
from aggregator.web.host import site
from aggregator.web.text import unmarked
from aggregator.web.url import resource

# Text behind the first tags, where most entries have some.
_LETTER: Final = re.compile(r"(?:<[a-z][a-z0-9]*(?: [a-z-]+=\"[^\"]*+\")*+>\s{0,20}+)*+[^\s<>&]")


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one entry, refined, with what was found in them on the way.

    `seen` is the substance of both, wherever it stands, still with what the document repeats; `said` what is noticed of them before
    anything was stripped. `still` is what does not move by itself of summary and content, as they are shown; None where that is all.
    """

    summary: SafeHtml | None
    content: SafeHtml | None
    seen: tuple[str, str]
    said: tuple[str, str]
    still: tuple[str, str] | None
    trace: Trace
    counters: tuple[Url, ...]
    stripped: tuple[str, ...]
    lines: tuple[str, ...]
    oddities: tuple[str, ...]


def texts(raw: RawEntry, context: Context) -> Texts:
    """Refine the texts of an entry. Raises what `normalize.TROUBLE` names."""
    content, summary = _main_content(raw), _summary(raw)
    found = trace(raw, main_text(raw), context)
    traced, lines = {"content" if content else "summary": found.html}, found.lines
    if content and summary:
        second = trace(raw, _html(summary), context)
        traced["summary"], lines = second.html, (*lines, *second.lines)
        if (second.origin.chain and not found.origin.chain) or (second.loop and not found.loop):
            found = second
    rules = () if must_stay(raw, found.origin, context) else context.spec.strip
    parts = {
        name: _refined(name, text, html, rules, raw, found.link, context)
        for name, text in (("content", content), ("summary", summary))
        if text and (html := traced.get(name))
    }
    shown = _shown({name: part.made for name, part in parts.items()})
    all_said = _shown({name: part.given for name, part in parts.items()})
    real = _settled(_shown({name: part.plain for name, part in parts.items()}))
    said = _noticed(all_said)
    substance = {name: marked(compared(html)) for name, html in real.items()}
    is_real = all(part.bare == part.plain for part in parts.values())
    left = real if is_real else _settled({name: parts[name].bare for name in shown})
    move = None if context.spec.allow_private else moved(raw.link or "", context.head, context.base)
    return Texts(
        summary=_outward(shown.get("summary"), move),
        content=_outward(shown.get("content"), move),
        seen=_seen(substance, raw.title) if len(substance) > 1 or substance != all_said else said_once(*said),
        said=said,
        still=None if left == shown else (left.get("summary", ""), left.get("content", "")),
        trace=found,
        counters=_counters(raw, found.link, context) if context.spec.keep_counters else (),
        stripped=tuple(dict.fromkeys(words for part in parts.values() for words in part.stripped)),
        lines=tuple(dict.fromkeys(map(filters.shown, lines))),
        oddities=tuple(words for part in parts.values() for words in part.oddities),
    )


@dataclass(frozen=True, slots=True)
class _Refined:
    """One text of an entry, made safe: `given` as it came, `made` as it is shown, without what `strip` names and what its feed repeats.

    `plain` lacks the former only, `bare` both; neither has advertisements.
    """

    given: SafeHtml
    plain: SafeHtml
    made: SafeHtml
    bare: SafeHtml
    stripped: tuple[str, ...]
    oddities: tuple[str, ...]


def _refined(name: str, text: RawText, html: str, rules: tuple[str, ...], raw: RawEntry, page: Url | None, context: Context) -> _Refined:
    """Refine one text, `html` being what is left of it without our own line."""
    base = _base(text, raw, page, context)
    rest, gone = filters.strip(html, rules, lambda part: carries_a_source(part, own(raw, context)))
    rest, footers = without_own_footers(rest, raw.title.value if raw.title else None, context) if "auto" in rules else (rest, ())
    whole, is_cut = markup.fitted(rest, base, page=page)
    plain = _plain(rest, whole, base, page)
    is_deep = markup.is_too_deep(rest)
    given = whole if rest == _html(text) else markup.fitted(_html(text) or "", base, page=page)[0]
    rest, repeats = without_repeated(rest, context.repeated, own(raw, context)) if rules and context.repeated else (rest, ())
    made = markup.fitted(rest, base, page=page)[0] if repeats else whole
    own_footers = (f"auto: own footer: {filters.shown(words)}" for words in footers)
    return _Refined(
        given=given,
        plain=plain,
        made=made,
        bare=_plain(rest, made, base, page) if repeats else plain,
        stripped=(*gone, *own_footers, *(f"auto: repeated: {filters.shown(words)}" for words in repeats)),
        oddities=(
            *((f"{name} of {len(text.value):,} characters cut to 1 MiB",) if is_cut else ()),
            *((f"{name} nested deeper than {MAX_DEPTH}: its innermost tags are taken out",) if is_deep else ()),
        ),
    )


def _outward(html: SafeHtml | None, move: tuple[str, str] | None) -> SafeHtml | None:
    """What is only published otherwise is made so after all that is compared: for a stored entry, these rules are no edit."""
    return markup.outward(html, move) if html else None


def main_text(raw: RawEntry) -> str | None:
    """The HTML in which an entry's origin is looked for first: its content, else its summary."""
    return _html(_main_content(raw) or _summary(raw))


def _plain(html: str, made: SafeHtml, base: str, page: Url | None) -> SafeHtml:
    """The text that was made of some HTML, without the advertisements in that."""
    rest = without_advertisements(html)
    return made if rest == html else markup.fitted(rest, base, page=page)[0]


def _settled(texts: Mapping[str, SafeHtml]) -> dict[str, str]:
    return {name: settled(html) for name, html in texts.items()}


def _seen(texts: Mapping[str, str], title: RawText | None) -> tuple[str, str]:
    """What is noticed of the texts, wherever it stands; how a summary says that it goes on is nothing beside the content."""
    if len(texts) > 1:
        texts = {**texts, "summary": unclosed(texts["summary"], title.value if title else "")}
    return said_once(*_noticed(texts))


def _noticed(texts: Mapping[str, str]) -> tuple[str, str]:
    return noticed(texts.get("summary")), noticed(texts.get("content"))


def _counters(raw: RawEntry, page: Url | None, context: Context) -> tuple[Url, ...]:
    """The images that count the readers of an entry, wherever they stand in it: no rule of what to strip takes them away."""
    text = _main_content(raw) or _summary(raw)
    return counters(_html(text) or "", _base(text, raw, page, context)) if text else ()


def _shown(texts: Mapping[str, SafeHtml]) -> dict[str, SafeHtml]:
    """What shows nothing is no text; what only repeats the content is no summary."""
    shown = {name: html for name, html in texts.items() if _shows(html)}
    return {name: html for name, html in shown.items() if name == "content" or html != shown.get("content")}


def _summary(raw: RawEntry) -> RawText | None:
    return raw.summary if raw.summary and raw.summary.value.strip() else None


def _main_content(raw: RawEntry) -> RawText | None:
    """The content, where an entry carries several: marked-up before plain, then the longest."""
    filled = [text for text in raw.contents if text.value.strip()]
    return max(filled, key=lambda text: (text.type != "text", len(text.value), text.value), default=None)


def _html(text: RawText | None) -> str | None:
    if text is None:
        return None
    return markup.from_text(text.value) if text.type == "text" else lined(_light(unmarked(text.value)))


@lru_cache(maxsize=8)
def _light(html: str) -> str:
    return lightened(html) if len(html) > EDGE_CHARS else html


def _shows(html: SafeHtml) -> bool:
    return "<img" in html or _LETTER.match(html) is not None or bool(markup.opening(html, 1))


def _base(text: RawText, raw: RawEntry, page: Url | None, context: Context) -> str:
    """The address that relative links in a text count from: xml:base; else, where the format has none, the page that it was written for.

    RFC 4287 counts from the document; where that is served elsewhere (a feed proxy), and in RSS, which says nothing, the entry's own page
    or the feed's home page is what the author wrote for.
    """
    if given := resource(text.base, context.base) or resource(raw.base, context.base):
        return given
    if (context.head.version or "").startswith("atom") and site(context.base) == context.site:
        return context.base
    return page if page and site(page) in context.own_sites else context.head.home or context.base


# ── what a feed prints around its entries ──────────────────────────────────────────────────────────────────────────────


def edges(raw: RawEntry, context: Context) -> tuple[str, ...]:
    """The marks of the first and last blocks of an entry's main text, as `Entry.edges` keeps them."""
    return marks(main_text(raw) or "", own(raw, context))


def found_printed(by_key: Mapping[str, Sequence[str]], printed: Printed) -> frozenset[str]:
    """What is found to be printed around the entries of a feed: what was found before, and what these entries (their edges by key) have
    in common with one another and with the latest stored ones.
    """
    others = (found for key, found in printed.recent if key not in by_key)
    return repeated([*by_key.values(), *others]) | frozenset(printed.marks)


def repeated_summaries(entries: Sequence[RawEntry], context: Context) -> frozenset[str]:
    """What the summaries of a document's entries have in common, where these have a content besides."""
    summaries = [(one, _html(_summary(one))) for one in entries if _main_content(one)]
    return repeated([marks(html, own(one, context)) for one, html in summaries if html])
