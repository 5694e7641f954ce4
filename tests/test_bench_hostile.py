"""The judge of hostile feeds: each of its checks must be able to fail."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.model import Entry, FeedState, JsonValue, StoredEntry, Title, Validators
from bench.hostile import stirred
from bench.hostile_checks import Evidence, for_every_case, outcome
from bench.hostile_required import ENCODINGS, SPECIFIC
from bench.loopback import Asked

NOW = datetime(2025, 6, 1, tzinfo=UTC)
GOOD: dict[str, JsonValue] = {"outcome": "new", "error": None, "error_type": None, "seconds": 0.1, "oddities": []}
REJECTED: dict[str, JsonValue] = {**GOOD, "outcome": "failed", "error": "an HTML page, not a feed", "error_type": "ParseError"}
DOCUMENT = '<?xml version="1.0" encoding="{0}"?><rss><item><title>wanted</title></item></rss>'


def _asked(agent: str) -> Asked:
    return Asked(at=0.0, host="h", path="/case", method="GET", headers={"user-agent": agent}, status=200)


def _stored(pk: int = 1, title: str = "x") -> StoredEntry:
    entry = Entry(raw_key="k", raw_id="1", id_from="id", published_id="urn:1", site="s", title=Title(text=title))
    then = NOW - timedelta(days=1)
    return StoredEntry(pk=pk, feed_key="f", feed_id="f", entry=entry, first_seen=then, last_seen=then, sort_key=then, public_updated=then)


def _evidence(**changes: object) -> Evidence:
    state = FeedState(key="f", id="f", shown_url="http://127.10.0.1/", next_poll_at=NOW + timedelta(hours=1))
    evidence = Evidence(
        file="any.xml",
        body=b"<rss/>",
        first=GOOD,
        second=GOOD,
        stored_first=[_stored()],
        stored=[_stored()],
        state=state,
        outputs={"own/h.json": b'{"items": []}'},
        requests=[_asked("a")],
        requests_first=[_asked("a")],
        now=NOW,
        said="",
    )
    return replace(evidence, **changes)  # type: ignore[arg-type]


def test_a_feed_that_behaves_is_not_complained_about() -> None:
    assert list(for_every_case(_evidence())) == []
    assert list(outcome(_evidence(), "keep:1")) == list(outcome(_evidence(), "min:1")) == list(outcome(_evidence(), "any")) == []
    assert list(outcome(_evidence(first=REJECTED, stored_first=[]), "reject")) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"first": None},
        {"second": None},
        {"second": {**GOOD, "seconds": 31.0}},
        {"stored": [_stored(), _stored(2)]},
        {"stored": []},
        {"stored": [replace(_stored(), sort_key=NOW)]},
        {
            "stored_first": [replace(_stored(), sort_key=NOW + timedelta(days=9))],
            "stored": [replace(_stored(), sort_key=NOW + timedelta(days=9))],
        },
        {"outputs": {"own/h.json": b"{"}},
        {"outputs": {"own/h.json": b'{"items": [{"url": "javascript:x"}]}'}},
        {"outputs": {"own/h.atom.xml": b"<feed>"}},
        {"outputs": {"own/h.atom.xml": b'<feed><link href="file:///x"/></feed>'}},
    ],
)
def test_what_no_feed_may_do_is_seen(changes: dict[str, object]) -> None:
    assert list(for_every_case(_evidence(**changes)))


@pytest.mark.parametrize("wanted", ["reject", "keep:2", "min:2"])
def test_a_missed_outcome_is_seen(wanted: str) -> None:
    assert list(outcome(_evidence(), wanted))
    assert list(outcome(_evidence(first={**REJECTED, "error": ""}), wanted))


@pytest.mark.parametrize("file", sorted(SPECIFIC))
def test_every_specific_check_can_fail(file: str) -> None:
    held = FeedState(
        key="f", id="f", shown_url="-", next_poll_at=NOW + timedelta(days=99), validators=Validators(etag='"x"')
    )  # polled too late, with validators that should be gone
    encoding = ENCODINGS.get(file, "utf-8")
    bad = _evidence(
        file=file,
        body=DOCUMENT.format(encoding).encode(encoding),
        first={**GOOD, "error": "?"},
        stored=[_stored(number, f"lol root:x: x.xsl {number}") for number in range(9)] + [_stored(99, "lol" * 400_000)],
        state=replace(held, next_poll_at=NOW) if "403" in file else held,
        requests=[_asked("a"), _asked("b")],
        requests_first=[],
        said="\x1b[2J\nlevel=ERROR msg=forged",
    )
    for check in SPECIFIC[file]:
        assert list(check(bad)), check


def test_a_stirred_document_reads_the_same() -> None:
    for encoding in ("utf-8", "utf-16", "utf-16-le", "utf-16-be"):
        document = DOCUMENT.format(encoding).encode(encoding)
        assert stirred(document) != document
        assert stirred(document).decode(encoding) == DOCUMENT.format(encoding) + "\n"
