"""What editors leave out: repeated blocks of a text (`strip`), and entries (`keep`, `drop`, tags, opt-outs), judged by today's feeds.yaml.

Patterns come from people and texts from strangers, so each search has a time limit; one that runs out has not matched.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, cast

import regex
from lxml import etree
from lxml import html as lxml_html
from lxml.cssselect import CSSSelector, SelectorError

from aggregator.model import Entry, FeedSpec, Hop, Match, OutputSpec, StoredEntry
from aggregator.refine import blocks, leading
from aggregator.refine.optout import OptedOut, is_copy_of, taken_from
from aggregator.web.host import site
from aggregator.web.text import one_line, visible_text

TIMEOUT_S: Final = 0.05
_NOBODY: Final = OptedOut()

# A block that says more than this is no button, badge or plea.
_MAX_BLOCK_CHARS: Final = 2000
_MAX_AUTO_CHARS: Final = 600
_MAX_SEARCHED_CHARS: Final = 200_000
_SHOWN_CHARS: Final = 60

_ROOT: Final = "aggregator-text"
_DOCUMENT_TAG: Final = re.compile(r"</?(?:html|body)(?=[\s/>])[^<>]*>", re.IGNORECASE)
# Names that plugins and themes give to what is no part of the text: share buttons, pleas to subscribe, lists of other posts.
_AUTO_NAMES: Final = frozenset(
    """a2a_kit addthis_toolbox addtoany_content addtoany_share_save_container author-box-share entry-share entry-sharing essb_links
    feedflare follow-buttons heateor_sss_sharing_container jp-relatedposts mc4wp-form newsletter-form newsletter-signup post-share
    post-sharing post-share-buttons related-posts relatedposts share-bar share-box share-button share-buttons share-icons share-links
    share-post share-this sharebar sharebuttons sharedaddy sharethis shariff sharing-buttons simplesocialbuttons social-buttons
    social-icons social-links social-media-buttons social-share social-share-buttons social-sharing ssba subscribe-box subscribe-form
    subscription-widget subscription-widget-wrap support-box swp_social_panel yarpp yarpp-related""".split()  # noqa: SIM905
)


# ── parts of a text ────────────────────────────────────────────────────────────────────────────────────────────────────


def strip(html: str, rules: tuple[str, ...], is_owed: Callable[[str], bool] = lambda html: False) -> tuple[str, tuple[str, ...]]:
    """Take out of raw HTML what its feed's rules name; the second value lists what went, and by which rule, patterns first.

    A rule is a pattern that matches the whole visible text of one block that holds no other block; or `css:SELECTOR`; or `auto`: elements
    of at most 600 characters whose class or id is a well-known name of share buttons, sign-up forms or lists of related posts (what a
    document repeats is for `refine.repeated`), but not those whose HTML `is_owed` to somebody. HTML that no rule matches comes back byte
    for byte. Never raises: a rule that cannot be read matches nothing.

    >>> strip('<p>Text.</p><div class="share-buttons">Tweet</div><p>Support us.</p>', ("auto", "Support .*"))
    ('<p>Text.</p>', ('Support .*: Support us.', 'auto: share-buttons'))
    """
    if not rules or "<" not in html:
        return html, ()
    rest, by_words = _without_words(html, rules)
    rest, by_tree = _without_elements(rest, rules, is_owed)
    return rest, (*by_words, *by_tree)


def _without_words(html: str, rules: Sequence[str]) -> tuple[str, list[str]]:
    patterns = [(rule, pattern) for rule in rules if rule != "auto" and not rule.startswith("css:") and (pattern := _pattern(rule))]
    if not patterns:
        return html, []
    texts = [(block, one_line(block.text)) for block in blocks.read(html) if len(block.text) <= _MAX_BLOCK_CHARS]
    gone: dict[int, blocks.Block] = {}
    words: list[str] = []
    for rule, pattern in patterns:
        for block, text in _matching(pattern, texts):
            if gone.setdefault(block.start, block) is block:
                words.append(f"{rule}: {shown(text)}")
    return blocks.without(html, gone.values()), words


def _matching(pattern: regex.Pattern[str], texts: Sequence[tuple[blocks.Block, str]]) -> Iterator[tuple[blocks.Block, str]]:
    for block, text in texts:
        try:
            if pattern.fullmatch(text, timeout=TIMEOUT_S):
                yield block, text
        except TimeoutError:
            return  # It would not fare better on the next block, and there may be thousands.


def shown(text: str) -> str:
    """The words of a block as they are listed: enough to know it by."""
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"


# ── elements ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _without_elements(html: str, rules: Sequence[str], is_owed: Callable[[str], bool]) -> tuple[str, list[str]]:
    rules = [rule for rule in rules if rule == "auto" or rule.startswith("css:")]
    body = _parsed(html) if rules else None
    if body is None:
        return html, []
    stripped: list[str] = []
    for rule in rules:
        for element, words in [*(_by_name(body, is_owed) if rule == "auto" else _by_selector(body, rule))]:
            if _is_within(element, body) and element.tag != _ROOT:
                element.drop_tree()
                stripped.append(words)
    return (_written(body), stripped) if stripped else (html, [])


def without_elements(html: str, selector: str, is_meant: Callable[[lxml_html.HtmlElement], bool]) -> str:
    """Raw HTML without the elements that a CSS selector names and that are meant; as it is where there are none."""
    body = _parsed(html)
    found = [element for element, _ in _by_selector(body, selector) if is_meant(element)] if body is not None else []
    if body is None or not found:
        return html
    for element in found:
        if _is_within(element, body):
            element.drop_tree()
    return _written(body)


def _parsed(html: str) -> lxml_html.HtmlElement | None:
    """The body of a document that holds this HTML in an element which no rule can name."""
    parser = lxml_html.HTMLParser(encoding="utf-8", huge_tree=True)
    # Behind the end of a document libxml2 reads nothing more.
    rooted = f"<{_ROOT}>{_DOCUMENT_TAG.sub('', html)}</{_ROOT}>"
    try:
        found = lxml_html.document_fromstring(rooted.encode("utf-8", "replace"), parser=parser, ensure_head_body=True)
    except etree.LxmlError:
        return None
    return cast("lxml_html.HtmlElement | None", found.find("body"))


def _written(body: lxml_html.HtmlElement) -> str:
    """The content of the body, out of the element that was put around it (which a stray end tag may have closed early)."""
    return _escaped(body.text) + "".join(_outer(child) for child in body)


def _outer(element: lxml_html.HtmlElement) -> str:
    if element.tag != _ROOT:
        return etree.tostring(element, encoding="unicode", method="html")
    inner = "".join(etree.tostring(child, encoding="unicode", method="html") for child in element)
    return _escaped(element.text) + inner + _escaped(element.tail)


def _escaped(text: str | None) -> str:
    return (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _is_within(element: lxml_html.HtmlElement, root: lxml_html.HtmlElement) -> bool:
    """Whether it is still there: an element around it may have been taken out before."""
    return element is not root and any(above is root for above in element.iterancestors())


def _by_name(root: lxml_html.HtmlElement, is_owed: Callable[[str], bool]) -> Iterator[tuple[lxml_html.HtmlElement, str]]:
    for element in root.iterdescendants(etree.Element):
        names = f"{element.get('class') or ''} {element.get('id') or ''}".lower().split()
        name = next((name for name in names if name in _AUTO_NAMES), None)
        if name and len(one_line(element.text_content())) <= _MAX_AUTO_CHARS and not is_owed(_alone(element)):
            yield element, f"auto: {name}"


def _alone(element: lxml_html.HtmlElement) -> str:
    return etree.tostring(element, encoding="unicode", method="html", with_tail=False)


def _by_selector(root: lxml_html.HtmlElement, rule: str) -> Iterator[tuple[lxml_html.HtmlElement, str]]:
    selector, _ = _selector(rule.removeprefix("css:").strip())
    for element in cast("list[lxml_html.HtmlElement]", selector(root)) if selector else ():
        yield element, rule


@lru_cache(maxsize=256)
def _pattern(text: str) -> regex.Pattern[str] | None:
    try:
        return regex.compile(text)
    except regex.error:
        return None


def selector_trouble(text: str) -> str | None:
    """What is wrong with a CSS selector; None where elements can be chosen by it.

    >>> selector_trouble(".share > a"), selector_trouble(".share >")
    (None, 'Expected selector, got <EOF at 8>')
    """
    return _selector(text.strip())[1]


@lru_cache(maxsize=256)
def _selector(text: str) -> tuple[CSSSelector | None, str | None]:
    try:
        selector = CSSSelector(text, translator="html")
        selector(etree.Element(_ROOT))  # What stands for a namespace is missed only here.
    except (SelectorError, etree.XPathError, RecursionError) as error:
        return None, str(error)
    return selector, None


# ── entries ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def matches(entry: Entry, match: Match) -> str | None:
    """Name the first field of `match` that matches an entry; None if none does.

    Patterns are searched in the title, the visible text of summary and content, the authors' names, the links. Categories match whole and
    in any case; a language also matches its regional forms.
    """
    return next((name for name, wanted in match.fields if _matches_field(entry, name, wanted)), None)


def _matches_field(entry: Entry, name: str, wanted: tuple[str, ...]) -> bool:
    if name == "category":
        named = {text.casefold() for category in entry.categories for text in (category.term, category.label) if text}
        return any(one_line(text).casefold() in named for text in wanted)
    if name == "language":
        tag = (entry.language or "").lower()
        return bool(tag) and any(tag == text.lower() or tag.startswith(f"{text.lower()}-") for text in wanted)
    texts = [*_searched(entry, name)]
    return any(_is_in(pattern, text) for pattern in wanted for text in texts)


def _searched(entry: Entry, name: str) -> Iterator[str]:
    if name == "title":
        yield entry.title.text if entry.title else ""
    elif name == "link":
        yield from (page for page in (entry.link, entry.related) if page)
    elif name == "author":
        yield from (author.name for author in entry.authors)
    elif name == "text":
        yield from (visible_text(html)[:_MAX_SEARCHED_CHARS] for html in (entry.summary, entry.content) if html)


def _is_in(text_pattern: str, text: str) -> bool:
    pattern = _pattern(text_pattern)
    try:
        return pattern is not None and pattern.search(text, timeout=TIMEOUT_S) is not None
    except TimeoutError:
        return False


def eligible(
    members: Sequence[StoredEntry],
    specs: Mapping[str, FeedSpec],
    output: OutputSpec,
    out: OptedOut = _NOBODY,
) -> tuple[tuple[StoredEntry, ...], str]:
    """Choose the members of a story that may stand in an output under today's rules, and say why, in words.

    `specs` maps the keys of feeds that are in feeds.yaml; `out` are the publishers who opted out. A
    copy may not stand in for an original whose publisher opted out or withdrew it. For one member `drop` is stronger than `keep`, and what
    its feed says comes before what the output says.
    """
    gone = _gone(members, specs, out)
    verdicts = [(member, _objection(member, specs, output, gone)) for member in members]
    standing = tuple(member for member, objection in verdicts if objection is None)
    if standing:
        return standing, "listed: " + _joined(f"in feed {member.feed_id}" for member in standing)
    return (), "not listed: " + _joined(objection or "" for _, objection in verdicts)


def unheld(members: Sequence[StoredEntry]) -> tuple[StoredEntry, ...]:
    """The members of a story that did not come while their feed was held: nothing that the others say is published, or believed."""
    return tuple(member for member in members if member.hold is None)


def held_rule(members: Sequence[StoredEntry]) -> str:
    """Why a story of which nothing is left but what came under holds is not listed."""
    return "not listed: " + _joined(f"feed {member.feed_id} was held when it came, {member.hold}" for member in members)


def is_withdrawn(members: Sequence[StoredEntry], specs: Mapping[str, FeedSpec], out: OptedOut = _NOBODY) -> bool:
    """Whether a story is kept out, of every output, at the wish of a publisher or of whoever had it forgotten."""
    gone = _gone(members, specs, out)
    return any(_wish(member, gone) or ((spec := specs.get(member.feed_key)) and spec.opt_out) for member in members)


def _joined(words: Iterator[str]) -> str:
    return "; ".join(sorted(set(words))) or "no entry"


@dataclass(frozen=True, slots=True)
class _Gone:
    """Publishers whose words may not be republished, here: all they wrote (opted out), or this story (withdrawn).

    `taken_from` is the entry of one who opted out that the whole story is made of, `later` what came in the place of entries that have gone
    (by pk), and is withdrawn.
    """

    opted_out: OptedOut = _NOBODY
    withdrawn: frozenset[str] = field(default_factory=frozenset)
    taken_from: StoredEntry | None = None
    later: Mapping[int, StoredEntry] = field(default_factory=dict)


def _gone(members: Sequence[StoredEntry], specs: Mapping[str, FeedSpec], out: OptedOut) -> _Gone:
    own = [member for member in members if not member.entry.origin.chain]
    left = [member for member in own if (spec := specs.get(member.feed_key)) and spec.opt_out]
    return _Gone(
        opted_out=out.and_sites(member.entry.site for member in left),
        withdrawn=frozenset(member.entry.site for member in own if member.withdrawn) - {""},
        taken_from=taken_from(members, specs),
        later={one.pk: last for last in members if last.withdrawn for one in members if _has_gone_for(one, last)},
    )


def _has_gone_for(one: StoredEntry, last: StoredEntry) -> bool:
    """Whether the other took an entry's place, which was not seen any more by then: two that somebody joined may stand side by side."""
    return leading.replaces(last, one) and one.last_seen < last.first_seen


def _objection(member: StoredEntry, specs: Mapping[str, FeedSpec], output: OutputSpec, gone: _Gone) -> str | None:
    """Why a member may not stand in the output; None if it may."""
    spec = specs.get(member.feed_key)
    if spec is None:
        return f"feed {member.feed_id} is no longer in feeds.yaml"
    if spec.opt_out:
        return f"feed {spec.id} has opted out"
    if not output.asks_for(spec):
        return f"feed {spec.id} is not one of those that {output.path} asks for"
    return _own_objection(member, gone) or _filtered(member.entry, spec, output)


def _own_objection(member: StoredEntry, gone: _Gone) -> str | None:
    if member.entry.loop:
        return f"a copy of our own output: {member.entry.loop}"
    return _wish(member, gone)


def _wish(member: StoredEntry, gone: _Gone) -> str | None:
    """Why somebody does not want an entry to be published; None if nobody minds."""
    if withdrawn := member.withdrawn or (gone.later[member.pk].withdrawn if member.pk in gone.later else None):
        return f"withdrawn: {withdrawn}"
    original = _original(member.entry)
    if original and gone.opted_out.means(original):
        return f"its original publisher {original.site or original.name} has opted out"
    if original and original.site in gone.withdrawn:
        return f"its original publisher {original.site} has withdrawn it"
    if gone.taken_from and is_copy_of(member, gone.taken_from):
        return f"it is a copy of what feed {gone.taken_from.feed_id} has, which has opted out"
    return None


def _original(entry: Entry) -> Hop | None:
    """Whose words an entry has, if they are another's: as its chain says, else as its link does, which may be a remark's, too."""
    if entry.origin.chain:
        return entry.origin.chain[0]
    where = site(entry.link) if entry.link else ""
    return Hop(name=where, site=where) if where not in ("", entry.site) else None


def _filtered(entry: Entry, spec: FeedSpec, output: OutputSpec) -> str | None:
    for of, drop, keep in ((f"feed {spec.id}", spec.drop, spec.keep), (f"output {output.path}", output.drop, output.keep)):
        if drop and (name := matches(entry, drop)):
            return f"dropped by `drop: {name}` of {of}"
        if keep and not matches(entry, keep):
            return f"not kept: nothing in `keep` of {of} matches"
    return None
