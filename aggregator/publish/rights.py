"""How much of an entry is republished: full, excerpt or link, by the editor's choice and by the entry's licence."""

import re
from dataclasses import dataclass
from typing import Final

from aggregator.model import Entry, Republish, SafeHtml, Url
from aggregator.publish.attribution import Linked, paragraph, wording
from aggregator.web.text import visible_text

EXCERPT_CHARS: Final = 500
"""What quotation rights and news agreements commonly take for an excerpt: a paragraph, never the article."""

# Short enough to be its feed's own teaser; beyond it, feeds put the whole article into the summary.
_TEASER_CHARS: Final = EXCERPT_CHARS * 3 // 2

# Licences that let anybody republish the whole, commercially too. NC ones are not here: what an output is used for is not known.
_FREE: Final = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/(?:licenses/(?:by|by-sa|by-nd|publicdomain|zero)|publicdomain/(?:zero|mark))(?:/|\Z)", re.I
)
_NO_DERIVATIVES: Final = re.compile(r"/licenses/by-nd(?:/|\Z)", re.I)

# Where a sentence ends: its mark with closing quotes, before white space; East Asian marks need none.
_SENTENCE_END: Final = re.compile(r"[.!?…][\"'”’»)\]]{0,3}(?=\s)|[。！？][」』）]{0,3}|\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What is republished of an entry's text. `cut` says why something was left out, None where nothing was."""

    summary: SafeHtml | None
    content: SafeHtml | None
    cut: str | None = None


def republished(entry: Entry, chosen: Republish, license_url: Url | None) -> Republish:
    """Tell how much may be shown: what the editor chose, raised from excerpt to full where the licence lets anybody republish.

    A no-derivatives licence permits the whole only unchanged, so an entry of which blocks were stripped stays an excerpt.
    """
    if chosen != "excerpt" or license_url is None or not _FREE.match(license_url):
        return chosen
    is_changed = bool(entry.stripped) and _NO_DERIVATIVES.search(license_url) is not None
    return "excerpt" if is_changed else "full"


def text_of(entry: Entry, policy: Republish, *, link: Url | None, language: str) -> Text:
    """Take from an entry what its policy allows."""
    if policy == "full":
        return Text(summary=entry.summary, content=entry.content)
    has_text = bool(entry.summary or entry.content)
    if policy == "link" or not has_text:
        return Text(summary=None, content=None, cut="republish: link" if has_text else None)
    return shortened(entry.summary, entry.content, link=link, language=language, why="republish: excerpt")


def shortened(summary: SafeHtml | None, content: SafeHtml | None, *, link: Url | None, language: str, why: str) -> Text:
    """Shorten a text to an excerpt: the feed's own summary where it is short, else the first sentences of the text.

    `language` is that of the "Continue reading" link to `link`, which stands only behind sentences that were cut.
    """
    if summary and len(visible_text(summary)) <= _TEASER_CHARS:
        return Text(summary=summary, content=None, cut=why if content else None)
    whole = visible_text(content or summary or "")
    start = first_sentences(whole, EXCERPT_CHARS)
    if not start:
        return Text(summary=None, content=None, cut=why)
    pieces = [Linked(start.replace("\n", " "))]
    if len(start) < len(whole) and link:
        pieces += [Linked(" "), Linked(wording(language).more, link)]
    # Even an uncut text has lost its markup and images here.
    return Text(summary=paragraph(pieces), content=None, cut=why)


def first_sentences(text: str, max_chars: int) -> str:
    """Cut plain text at the end of a sentence, else at a word with an ellipsis; never longer than `max_chars`.

    >>> first_sentences("One here. Two there. Three anywhere.", 22)
    'One here. Two there.'
    >>> first_sentences("A single sentence that goes on and on", 20)
    'A single sentence…'
    """
    if len(text) <= max_chars:
        return text
    # One more character shows whether white space follows; an end in the first third would leave too little to read.
    ends = [end.end() for end in _SENTENCE_END.finditer(text, 0, max_chars + 1) if max_chars // 3 <= end.end() <= max_chars]
    if ends:
        return text[: ends[-1]].rstrip()
    start = text[: max_chars - 1]
    at_word = start[: max(start.rfind(" "), start.rfind("\n"))] if re.search(r"\s", start) else start
    return f"{at_word.rstrip()}…"
