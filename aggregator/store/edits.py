"""What is an edit of an entry that comes again, and what of it may stand as it stood (pure)."""

from dataclasses import replace

from aggregator.model import Entry


def is_edit(*, is_same_content: bool, is_same_text: bool, is_same_raw: bool, is_same_rules: bool) -> bool:
    """Whether a reader notices what came.

    The digest of the content is made by rules of ours: where these are others, or the raw form is the same, only another text is an edit.
    """
    return not is_same_content and not (is_same_text and (is_same_raw or not is_same_rules))


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
