"""Where one story was seen, and the place and the words of the page that tells of it: published facts only (pure)."""

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from hashlib import blake2b
from importlib import resources
from typing import Final

from aggregator.model import STORY_FOLDER, FeedSpec, Publication, Seen, StoredEntry, Story, Trail
from aggregator.publish.languages import direction, nearest
from aggregator.publish.sources import Directory
from aggregator.web.text import fingerprint

FOLDER: Final = STORY_FOLDER
"""The folder of these pages, below the folder of outputs."""
STORY_PAGE: Final = re.compile(rf"{FOLDER}/[0-9a-f]{{16}}\.html")

_APART: Final = re.compile(r"\{(?:name|title|date)\}")
# First strong isolate, pop directional isolate (Unicode's UAX #9).
_ISOLATED: Final = "\u2068\\g<0>\u2069"


def trail(publication: Publication, story: Story, directory: Directory, specs: Mapping[str, FeedSpec]) -> Trail | None:
    """What the page of a story tells of where it was seen; None for a story from a private feed, which has no page."""
    if directory[story.lead.feed_key].is_private:
        return None
    seen = _seen(story, directory, specs)
    naming = {one.feed_key for one in story.members if any(hop.site == story.lead.entry.site for hop in one.entry.origin.chain)}
    return Trail(
        path=path_of(publication.published_id),
        listed_since=_day(publication.first_listed),
        seen=tuple((found, day) for _, found, day in seen),
        named_by=tuple(found.name for key, found, _ in seen if key in naming),
    )


def path_of(published_id: str) -> str:
    """The path of a story's page: the same for ever, as the id is.

    >>> path_of("tag:orig.example,2026:1")
    'story/9a967de3915acb25.html'
    """
    return f"{FOLDER}/{blake2b(published_id.encode('utf-8', 'replace'), digest_size=8).hexdigest()}.html"


def is_out(member: StoredEntry, specs: Mapping[str, FeedSpec]) -> bool:
    """Whether a copy must not be named: withdrawn, of a publisher who opted out, or a copy of our own output."""
    return bool(member.withdrawn or member.entry.loop) or specs[member.feed_key].opt_out


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(UTC).date() if moment else None


def _seen(story: Story, directory: Directory, specs: Mapping[str, FeedSpec]) -> list[tuple[str, Seen, date]]:
    """The public feeds that have the story, each once: key, the copy, the day."""
    found: dict[str, tuple[str, Seen, date]] = {}
    days = sorted((one.first_seen.astimezone(UTC).date(), one.feed_id, one.entry.raw_key, one.pk) for one in story.members)
    members = {one.pk: one for one in story.members}
    for day, _, _, pk in days:
        member = members[pk]
        feed = directory.get(member.feed_key)
        if feed is not None and not feed.is_private and not is_out(member, specs):
            seen = Seen(name=feed.name, url=member.entry.link or feed.home, feed_url=feed.address)
            found.setdefault(member.feed_key, (member.feed_key, seen, day))
    return list(found.values())


# ── words ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def words_of(language: str) -> Mapping[str, str]:
    """The words of these pages (story.toml) in the language of a tag, else in English.

    Where a page runs from right to left, names and days are kept apart from the words around them: Arabic would turn a day about.
    """
    tables = _tables()
    words = tables["en"] | (nearest(tables, language) or {})
    return {key: _APART.sub(_ISOLATED, text) for key, text in words.items()} if direction(language) == "rtl" else words


@cache
def words_digest() -> str:
    """A digest of all words of our own that stand in pages."""
    folder = resources.files("aggregator.publish")
    return fingerprint(b"".join((folder / name).read_bytes() for name in ("lines.toml", "story.toml")))


@cache
def _tables() -> Mapping[str, dict[str, str]]:
    return tomllib.loads((resources.files("aggregator.publish") / "story.toml").read_text("utf-8"))


def filled(template: str, **values: str) -> str:
    """Put words into the slots of a template; anything else in braces stays as it is."""
    return re.sub(r"\{(\w+)\}", lambda slot: values.get(slot[1], slot[0]), template)
