"""What the column `required` of the index says of single files in words, as checks by file name."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from lxml import etree

from bench.hostile_checks import Evidence
from bench.oracle import letters

Check = Callable[[Evidence], Iterable[str]]

_ATOM = "{http://www.w3.org/2005/Atom}"
_RAW_ESCAPES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")


def _titles_are(*wanted: str) -> Check:
    def check(evidence: Evidence) -> Iterator[str]:
        if evidence.titles != list(wanted):
            yield f"titles {evidence.titles} for {list(wanted)}"

    return check


def _right_to_the_letter(encoding: str) -> Check:
    def check(evidence: Evidence) -> Iterator[str]:
        wanted = re.findall(r"<item><title>(.*?)</title>", evidence.body.decode(encoding))
        if sorted(evidence.titles) != sorted(wanted):
            yield f"titles {evidence.titles} for {wanted}"
        atom = next((body.decode() for path, body in evidence.outputs.items() if path.endswith(".atom.xml")), "")
        if any(title not in atom for title in wanted):
            yield "a title is not in the output as it was written"

    return check


def _says(*words: str) -> Check:
    def check(evidence: Evidence) -> Iterator[str]:
        if not any(word.lower() in evidence.error.lower() for word in words):
            yield f"the error names none of {list(words)}: {evidence.error}"

    return check


def _records_damage(evidence: Evidence) -> Iterator[str]:
    if not evidence.oddities:
        yield "nothing is said of the damage"


def _asked_once(evidence: Evidence) -> Iterator[str]:
    if len(evidence.requests_first) != 1:
        yield f"{len(evidence.requests_first)} requests in one poll: {[asked.path for asked in evidence.requests_first]}"


def _same_agent(evidence: Evidence) -> Iterator[str]:
    if len({asked.headers.get("user-agent") for asked in evidence.requests}) > 1:
        yield "the User-Agent changed"
    if evidence.state and evidence.state.next_poll_at < evidence.now + timedelta(minutes=30):
        yield f"polled again at {evidence.state.next_poll_at}: no backing off"


def _shows_nothing_of(text: str) -> Check:
    def check(evidence: Evidence) -> Iterator[str]:
        if text in evidence.texts:
            yield f"{text!r} is published or stored"

    return check


def _no_expansion(evidence: Evidence) -> Iterator[str]:
    if any(len(title) > 1_000_000 for title in evidence.titles) or evidence.texts.count("lol") > 100_000:
        yield "the entities were expanded"


def _mentions_a_cut(evidence: Evidence) -> Iterator[str]:
    if (evidence.first or {}).get("outcome") != "failed" and not evidence.oddities:
        yield "nothing is said of what was cut"


def _too_large_or_newest(evidence: Evidence) -> Iterator[str]:
    if (evidence.first or {}).get("error_type") != "TooLarge" and not re.search(r"\d", evidence.oddities):
        yield f"neither too large nor read with a word on how many were cut: {evidence.error}"


def _keeps_no_validators(evidence: Evidence) -> Iterator[str]:
    if evidence.state and (evidence.state.validators.etag or evidence.state.validators.last_modified):
        yield "the validators of a broken body were kept"


def _whole_or_nothing(count: int) -> Check:
    def check(evidence: Evidence) -> Iterator[str]:
        if len(evidence.stored) not in (0, count) or (not evidence.stored and not evidence.error):
            yield f"{len(evidence.stored)} of {count} entries, silently"

    return check


def _links_are(*wanted: str) -> Check:
    def check(evidence: Evidence) -> Iterator[str]:
        links = {str(entry.entry.link) for entry in evidence.stored}
        if not set(wanted) <= links:
            yield f"links {sorted(set(wanted) - links)} are missing"

    return check


def _in_the_feeds_order(evidence: Evidence) -> Iterator[str]:
    atom = next((body for path, body in evidence.outputs.items() if path.endswith(".atom.xml")), None)
    wanted = re.findall(r"<item><title>(.*?)</title>", evidence.body.decode())
    shown = [element.text for element in etree.fromstring(atom).iterfind(f"{_ATOM}entry/{_ATOM}title")] if atom else []
    if shown != wanted:
        yield f"shown as {shown}"


def _polled_within(least: timedelta, most: timedelta) -> Check:
    def check(evidence: Evidence) -> Iterator[str]:
        if evidence.state and not least <= evidence.state.next_poll_at - evidence.now <= most:
            yield f"next poll in {evidence.state.next_poll_at - evidence.now}: {evidence.state.why}"

    return check


def _holds_text(text: str) -> Check:
    def check(evidence: Evidence) -> Iterator[str]:
        if letters(text) not in letters(evidence.texts):
            yield f"{text!r} is not kept"

    return check


def _quiet_log(evidence: Evidence) -> Iterator[str]:
    if _RAW_ESCAPES.search(evidence.said):
        yield "raw control characters were printed"
    if re.search(r"(?m)^\s*level=ERROR msg=forged", evidence.said):
        yield "a forged line was printed"


def _entries_after_both(count: int) -> Check:
    def check(evidence: Evidence) -> Iterator[str]:
        if len(evidence.stored) != count:
            yield f"{len(evidence.stored)} entries after both states, {count} wanted"

    return check


ENCODINGS = {
    "enc-euc_jp.xml": "euc_jp",
    "enc-koi8.xml": "koi8-r",
    "enc-shift_jis.xml": "shift_jis",
    "enc-unknown.xml": "utf-8",
    "enc-utf-16-be.xml": "utf-16-be",
    "enc-utf-16-le.xml": "utf-16",
    "enc-utf-8-sig.xml": "utf-8-sig",
}

SPECIFIC: Mapping[str, Sequence[Check]] = {
    **{file: (_right_to_the_letter(encoding),) for file, encoding in ENCODINGS.items() if file != "enc-unknown.xml"},
    "enc-unknown.xml": (_right_to_the_letter("utf-8"), _records_damage),
    "enc-header-conflict.xml": (_titles_are("café"),),
    "ansi.xml": (_quiet_log,),
    "bare-ampersand.xml": (_links_are("https://ok.example/?a=1&b=2"),),
    "bare-items.xml": (_holds_text("only text"),),
    "base-zoo.xml": (_links_are("https://ok.example/1", "https://ok.example/2", "https://ok.example/3"),),
    "challenge-200.html": (_says("html"),),
    "challenge-403.html": (_asked_once, _same_agent),
    "cut-in-tag.xml": (_records_damage,),
    "date-none.xml": (_in_the_feeds_order,),
    "enclosures.xml": (_mentions_a_cut,),
    "entity-attr.xml": (_no_expansion,),
    "entries-100000.xml.gz": (_too_large_or_newest,),
    "entry-20mb.xml.gz": (_mentions_a_cut,),
    "format-b.xml": (_entries_after_both(3),),
    "gzip-cut.xml.gz": (_says("truncated", "cut", "ended", "incomplete"), _keeps_no_validators),
    "gzip-members.xml.gz": (_whole_or_nothing(5),),
    "html-entities.xml": (_holds_text("Café — ok"),),
    "html-with-alternate.html": (_says("/feed.xml"), _asked_once),
    "laughs-10x10.xml": (_no_expansion,),
    "laughs-7x30.xml": (_no_expansion,),
    "laughs-atom-content.xml": (_no_expansion,),
    "laughs-illformed.xml": (_no_expansion,),
    "link-zoo.xml": (_links_are("https://ok.example/6"),),
    "opml.xml": (_says("not a feed", "no feed", "opml"),),
    "redirect-element.xml": (_asked_once,),
    "skip-always.xml": (_polled_within(timedelta(minutes=30), timedelta(days=8)),),
    "stylesheet-pi.xml": (_asked_once, _shows_nothing_of("x.xsl")),
    "sy-fast.xml": (_polled_within(timedelta(minutes=50), timedelta(days=8)),),
    "title-types.xml": (_titles_are("<b>not bold</b>", "bold & co", "x y", "A &lt; B"),),
    "two-documents.xml": (_records_damage,),
    "vanish-b.xml": (_entries_after_both(5),),
    "xinclude.xml": (_asked_once, _shows_nothing_of("root:x:")),
    "xss-atom-types.xml": (_holds_text("alert(1)"),),
    "xss-everywhere.xml": (_holds_text("alert(1)"),),
    "xxe-file.xml": (_asked_once, _shows_nothing_of("root:x:")),
}
