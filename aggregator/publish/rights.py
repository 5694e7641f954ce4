"""How much of an entry is republished: full, excerpt or link, by the editor's choice and by the entry's licence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aggregator.model import Entry, Person, Republish, SafeHtml, Title, Url
from aggregator.publish.attribution import Linked, paragraph, wording
from aggregator.publish.beginnings import told_once
from aggregator.web.licences import Terms, reserves_all, terms
from aggregator.web.sentences import ends
from aggregator.web.text import one_line, visible_text

EXCERPT_CHARS: Final = 500
"""What quotation rights and news agreements commonly take for an excerpt: a paragraph, never the article."""

# Short enough to be its feed's own teaser; beyond it, feeds put the whole article into the summary.
_TEASER_CHARS: Final = EXCERPT_CHARS * 3 // 2
# How far behind a sentence one must see to know that it has ended.
_AHEAD: Final = 40
_CAPTION: Final = re.compile(r"<figcaption[^<>]*>.*?</figcaption>", re.DOTALL)

NOTICE_CLASS: Final = "aggregator-license"

UNCHANGED: Final = "the licence allows no changes"
ALLOWS_MORE: Final = "the licence allows more, but only where nothing is sold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What is republished of an entry's text. `cut` says why something was left out, None where nothing was."""

    summary: SafeHtml | None
    content: SafeHtml | None
    cut: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """What readers see above a text, so that an excerpt need not begin with it."""

    title: str
    names: Sequence[str]
    published: datetime | None

    @classmethod
    def of(cls, title: Title | None, authors: Sequence[Person], published: datetime | None) -> "Above":
        """What of an entry stands there."""
        return cls(title=title.text if title else "", names=[author.name for author in authors], published=published)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """How much may be shown. `unchanged`: nothing may be cut off, so it is all of a text or none. `why` is for whoever wonders."""

    policy: Republish
    unchanged: bool = False
    why: str = ""


def permission(entry: Entry, chosen: Republish, license_url: Url | None) -> Permission:
    """Tell how much may be shown: what the editor chose, raised from excerpt to full where the licence lets anybody republish.

    A no-derivatives licence permits the text only as it is: whole, or not at all if blocks were stripped from it. What a non-commercial
    one permits is not taken, since it is not known what an output is used for: `republish: full` says so.
    """
    asked = terms(license_url)
    if asked is None:
        return Permission(policy=chosen)
    policy: Republish = "full" if chosen == "excerpt" and asked.is_free else chosen
    if policy == "full" and asked.no_derivatives and entry.stripped:
        return Permission(policy="link", unchanged=True, why=f"{asked.name}: {UNCHANGED}, and blocks were stripped from it")
    return Permission(policy=policy, unchanged=asked.no_derivatives, why=_reason(asked, chosen, policy))


def inherited(entry: Entry, of_source: Url | None) -> Url | None:
    """The licence of an entry: its own, else that of the feed where it first appeared, unless the entry reserves all rights."""
    return entry.license or (None if reserves_all(entry.rights or "") else of_source)


def _reason(asked: Terms, chosen: Republish, policy: Republish) -> str:
    notes = [UNCHANGED] if asked.no_derivatives and policy == "excerpt" else []
    notes += [ALLOWS_MORE] if asked.non_commercial and policy == "excerpt" else []
    notes += ["the licence lets anybody republish the whole"] if policy != chosen else []
    return f"{asked.name}: {'; '.join(notes)}" if notes else ""


def text_of(entry: Entry, may: Permission, *, link: Url | None, language: str) -> Text:
    """Take from an entry what its permission allows."""
    if may.policy == "full":
        return Text(summary=entry.summary, content=entry.content)
    why = f"republish: {may.policy}" + (f" ({may.why})" if may.why else "")
    has_text = bool(entry.summary or entry.content)
    if may.policy == "link" or not has_text:
        return Text(summary=None, content=None, cut=why if has_text else None)
    if may.unchanged:
        return uncut(entry.summary, entry.content, why=why)
    above = Above.of(entry.title, entry.authors, entry.published)
    return shortened(entry.summary, entry.content, above=above, link=link, language=language, of=entry.language, why=why)


def notice(authors: Sequence[str], license_url: Url | None) -> SafeHtml:
    """Name the authors and the licence of a text that is given whole under it, where it asks for that.

    >>> notice(["Ann"], Url("https://creativecommons.org/licenses/by/4.0/"))
    '<p class="aggregator-license">Ann · <a href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a></p>'
    """
    asked = terms(license_url)
    if asked is None or not asked.wants_credit:
        return SafeHtml("")
    names = ", ".join(dict.fromkeys(name for author in authors if (name := one_line(author))))
    return paragraph([*([Linked(f"{names} · ")] if names else []), Linked(asked.name, license_url)], css_class=NOTICE_CLASS)


def unless_said(html: SafeHtml, text: Text) -> SafeHtml:
    """A line to print, unless the text says it already, as our own output does when it is read again."""
    said = _folded(text.content or text.summary or "") if html else ""
    return SafeHtml("") if html and _folded(html) in said else html


def _folded(html: str) -> str:
    return one_line(visible_text(html)).casefold()


def uncut(summary: SafeHtml | None, content: SafeHtml | None, *, why: str) -> Text:
    """What may stand in for a text of which no part may be taken: the feed's own summary, where it is short; else nothing."""
    teaser = summary if _is_teaser(summary) else None
    return Text(summary=teaser, content=None, cut=why if content or not teaser else None)


def shortened(
    summary: SafeHtml | None, content: SafeHtml | None, *, above: Above, link: Url | None, language: str, of: str | None = None, why: str
) -> Text:
    """Shorten a text to an excerpt: the feed's own summary where it is short and begins with the text, else the first sentences,
    without what stands above it.

    `language` is that of the "Continue reading" link to `link`, which stands only behind sentences that were cut; `of` is the text's.
    """
    if _is_teaser(summary) and not _begins_above(summary or "", above):
        return Text(summary=summary, content=None, cut=why if content else None)
    html = summary if _is_teaser(summary) and summary else content or summary or ""
    whole = visible_text(_CAPTION.sub("", html)) or visible_text(html)  # without its picture a caption begins no text
    whole = _told_once(whole, above)
    start = first_sentences(whole, EXCERPT_CHARS, of)
    if not start:
        return Text(summary=None, content=None, cut=why)
    pieces = [Linked(start.replace("\n", " "))]
    if len(start) < len(whole) and link:
        pieces += [Linked(" "), Linked(wording(language).more, link)]
    # Even an uncut text has lost its markup and images here.
    return Text(summary=paragraph(pieces), content=None, cut=why)


def _begins_above(html: str, above: Above) -> bool:
    text = visible_text(html)
    return _told_once(text, above) != text


def _told_once(text: str, above: Above) -> str:
    return told_once(text, above.title, above.names, above.published)


def _is_teaser(summary: SafeHtml | None) -> bool:
    return summary is not None and len(visible_text(summary)) <= _TEASER_CHARS


def first_sentences(text: str, max_chars: int, language: str | None = None) -> str:
    """Cut plain text at the end of a sentence, else at a word with an ellipsis; never longer than `max_chars`.

    >>> first_sentences("One here. Two there. Three anywhere.", 22)
    'One here. Two there.'
    >>> first_sentences("A single sentence that goes on and on", 20)
    'A single sentence…'
    """
    if len(text) <= max_chars:
        return text
    # An end in the first third would leave too little to read.
    found = [end for end in ends(text[: max_chars + _AHEAD], language) if max_chars // 3 <= end <= max_chars]
    if found:
        return text[: found[-1]].rstrip()
    start = text[: max_chars - 1]
    at_word = start[: max(start.rfind(" "), start.rfind("\n"))] if re.search(r"\s", start) else start
    return f"{at_word.rstrip()}…"
