"""The bench that holds both ways of reading a document side by side finds what differs, and measures both."""

import random
from dataclasses import replace
from pathlib import Path

from aggregator.collect.parse import Opened
from aggregator.model import ReadFeed, SeenDocument
from aggregator.rereading import Reading, news_of
from bench.delta import Found, Ledger, compared, document, replayed, summed, timed
from tests.test_rereading import item, rss


def test_documents_and_versions_are_compared_and_timed(tmp_path: Path) -> None:
    body = rss(*map(item, range(1, 9))).encode()
    (tmp_path / "garden").mkdir()
    for number, items in enumerate(((1, 2, 3), (1, 2, 3), (4, 1, 2), (6, 7, 8)), start=1):
        (tmp_path / "garden" / f"{number:04}.xml").write_text(rss(*map(item, items)) + "\n" * number)
    found, chance = Found(), random.Random(1)
    replayed(tmp_path, found)
    (alone,) = compared({"a": body, "b": b"<html></html>"}, found, chance)
    counts = found.counts
    assert {name: counts[name] for name in ("documents", "refused", "polls", "same", "delta", "whole", "skipped", "read")} == {
        "documents": 9, "refused": 1, "polls": 5, "same": 1, "delta": 3, "whole": 1, "skipped": 2 + 7 + 5, "read": 1 + 1 + 3,
    }  # fmt: skip
    assert found.differing == {}
    costs = timed(*alone, rounds=1, chance=chance)
    assert costs.keys() == summed([costs]).keys() == {"feedparser", "all", "0", "1", "3"}


def test_what_is_read_otherwise_is_found() -> None:
    def wrong(source: Opened, reading: Reading, seen: SeenDocument) -> ReadFeed:
        news = news_of(source, reading, seen)
        assert news is not None
        (entry,) = news.entries
        return replace(news, entries=(replace(entry, language="xx"),), places=(1,), standing=news.standing[1:])

    found = Found()
    ledger = Ledger(found, again=wrong)
    ledger.takes(document(rss(item(1), item(2)).encode()))
    ledger.takes(document(rss(item(3), item(1), item(2)).encode()))
    assert found.differing == {"Entry.language": 1, "places": 1, "standing": 1}
