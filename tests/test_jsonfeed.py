"""JSON Feed as subscribers get it, and the provenance that only it carries in one object."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from aggregator.model import Category, Item, SafeHtml, Source, Title
from aggregator.publish.jsonfeed import json_feed
from tests import makers as make
from tests.validation import json_complaints


def item_of(item: Item) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json_feed(make.edition(item)))["items"][0]
    return made


def test_a_json_feed_is_valid(shared: Path) -> None:
    edition = make.edition(make.item(1), make.item(2), make.bare_item(3))
    assert json_complaints(json_feed(edition), self_url=edition.self_url, schemas=shared / "corpus" / "schemas") == []
    bare = replace(edition, items=(), self_url=None, home=None, hub=None)
    assert json_complaints(json_feed(bare), schemas=shared / "corpus" / "schemas") == []


def test_an_item_has_what_its_story_has() -> None:
    made = item_of(make.item(1))
    assert made["id"] == "tag:orig.example,2026:1"
    assert made["url"] == "https://orig.example/1"
    assert made["external_url"] == "https://about.example/this"
    assert made["title"] == "Post 1 & more"
    assert made["summary"] == "Summary 1"
    assert made["content_html"].startswith(make.item(1).line)
    assert made["authors"] == [{"name": "Ann", "url": "https://orig.example/ann"}, {"name": "Bob"}]
    assert made["tags"] == ["News", "python"]
    assert made["date_published"] == "2026-03-01T11:00:00+00:00"
    assert made["date_modified"] == "2026-03-01T11:05:00+00:00"
    assert made["image"] == "https://orig.example/thumb.png"
    assert made["attachments"] == [
        {"url": "https://orig.example/1.mp3", "mime_type": "audio/mpeg", "title": "Sound", "size_in_bytes": 1234},
        {"url": "https://orig.example/1.webm", "mime_type": "video/webm"},
    ]


def test_provenance_names_the_original_the_way_and_the_evidence() -> None:
    assert item_of(make.item(1, raw_id="1"))["_provenance"] == {
        "about": "https://planet.example.org/",
        "id": "1",
        "original": {
            "url": "https://orig.example/1",
            "home_page_url": "https://orig.example/",
            "title": "Orig",
            "license": make.BY,
            "rights": "(c) Ann",
        },
        "via": [
            {"url": "https://orig.example/1", "home_page_url": "https://orig.example/", "title": "Orig"},
            {"url": "https://repub.example/1", "feed_url": "https://repub.example/feed", "title": "Repub"},
        ],
        "also_seen": [{"url": "https://third.example/1", "feed_url": "https://third.example/feed", "title": "Third"}],
        "evidence": ["atom:source", "phrase"],
        "confidence": 0.9,
    }


def test_a_feed_that_is_the_origin_is_the_original() -> None:
    assert item_of(make.item(1, via=()))["_provenance"]["original"]["feed_url"] == "https://orig.example/feed"


def test_a_republisher_is_not_called_the_original_where_the_origin_is_unknown() -> None:
    made = item_of(make.item(1, via=(), chain_known=False, original=None))["_provenance"]
    assert "original" not in made
    assert made["via"] == [{"home_page_url": "https://orig.example/", "feed_url": "https://orig.example/feed", "title": "Orig"}]


def test_what_is_not_there_is_absent_never_null() -> None:
    body = json_feed(make.edition(make.bare_item()))
    assert b"null" not in body
    made = item_of(make.bare_item())
    assert made["content_html"] == ""
    assert "title" not in made
    assert "url" not in made


def test_text_is_readable_utf8_without_what_no_encoder_takes() -> None:
    body = json_feed(
        make.edition(make.item(1, title=Title(text="ü\ud800\x00"), content=SafeHtml("<p>ß\ud800</p>"), source=Source(name="ö\ud800")))
    )
    assert "ü\ufffd".encode() in body
    assert body.endswith(b"}\n")


def test_tags_stand_once() -> None:
    assert item_of(make.item(1, categories=(Category(term="a"), Category(term="b", label="a"), Category(term=" "))))["tags"] == ["a"]
