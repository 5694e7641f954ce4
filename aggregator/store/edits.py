"""What is an edit of an entry that comes again, and what of it may stand as it stood (pure)."""

from collections.abc import Container
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from aggregator.model import Entry

# No cache keeps a document for longer; who puts an old one back for good is believed then.
_SOON: Final = timedelta(days=2)


def is_edit(*, is_same_content: bool, is_same_text: bool, is_same_raw: bool, is_same_rules: bool) -> bool:
    """Whether a reader notices what came.

    The digest of the content is made by rules of ours: where these are others, or the raw form is the same, only another text is an edit.
    """
    return not is_same_content and not (is_same_text and (is_same_raw or not is_same_rules))


def is_stale(value: Entry, before: Entry, said_before: Container[str], changed_at: datetime, now: datetime) -> bool:
    """Whether what came of an entry is from before its last edit (at `changed_at`), out of a cache that has the old document still.

    It says what it said before (`said_before`: digests of its earlier versions), and dates it no later than that was dated.
    """
    if value.content_hash not in said_before or now - changed_at > _SOON:
        return False
    return value.updated is not None and before.updated is not None and value.updated < before.updated


def as_it_stood(value: Entry, before: Entry) -> Entry:
    """An entry in the words in which it stands, where only what moves by itself has moved."""
    if not value.still or value.still != before.still:
        return value
    keys = [key for key in value.keys if key.kind != "text"] + [key for key in before.keys if key.kind == "text"]
    return replace(
        value,
        summary=before.summary,
        content=before.content,
        thumbnail=before.thumbnail,
        text_start=before.text_start,
        keys=tuple(keys),
    )
