"""How values become columns and come back: JSON for what is read often, compressed forms for what is read rarely."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from aggregator.model import Claim, Entry, RawEntry, StoredEntry, StoryKey
from aggregator.store.dates import without_source_dates
from aggregator.web.text import digest

# Above level 1 the gain on texts of a few kilobytes is small, the time three times as long.
_LEVEL: Final = 1

_encode_json = msgspec.json.Encoder().encode
_encode_raw = msgspec.msgpack.Encoder().encode
_decode_entry = msgspec.json.Decoder(Entry).decode
_decode_raw = msgspec.msgpack.Decoder(RawEntry).decode


def entry_body(entry: Entry) -> bytes:
    """An entry as JSON. Half of a surrogate pair, which no encoding can carry, becomes U+FFFD."""
    try:
        return _encode_json(entry)
    except UnicodeEncodeError:
        return _encode_json(_whole(msgspec.to_builtins(entry)))


def mark(entry: Entry, body: bytes) -> bytes:
    """What differs when an entry, written as `body`, says something else than before."""
    undated = without_source_dates(entry)
    return digest(body if undated is entry else entry_body(undated))


def raw_body(raw: RawEntry) -> bytes:
    """A raw entry as MessagePack, not yet compressed; surrogates as in `entry_body`."""
    try:
        return _encode_raw(raw)
    except UnicodeEncodeError:
        return _encode_raw(_whole(msgspec.to_builtins(raw)))


def packed(body: bytes | str) -> bytes:
    return zlib.compress(body.encode() if isinstance(body, str) else body, _LEVEL)


def entry_of(body: str) -> Entry:
    return _decode_entry(body)


def version_of(data: bytes) -> Entry:
    """What an entry said before it changed."""
    return _decode_entry(zlib.decompress(data))


@dataclass(frozen=True, slots=True)
class Kept:
    """What is asked of a stored entry when it is written anew."""

    keys: tuple[StoryKey, ...] = ()
    text_hash: str = ""
    claims: tuple[Claim, ...] = ()


_decode_kept = msgspec.json.Decoder(Kept).decode


def kept_of(body: str) -> Kept:
    """The keys, the text's digest and the claims of a stored entry, without making the rest of it."""
    return _decode_kept(body)


def claim_mark(claim: Claim) -> str:
    """What a claim says, where, and by which rule; how far it is believed is not part of it."""
    said = (claim.hop, claim.kind, claim.name, claim.page, claim.site, claim.where, claim.rule, claim.evidence)
    return digest(whole_text(repr(said)).encode()).hex()


@dataclass(frozen=True, slots=True)
class _Edges:
    edges: tuple[str, ...] | None = None


_decode_edges = msgspec.json.Decoder(_Edges).decode


def edges_of(body: str) -> tuple[str, ...] | None:
    """The marks of a stored entry's first and last blocks, without making the rest of it."""
    return _decode_edges(body).edges


def raw_of(data: bytes) -> RawEntry:
    return _decode_raw(zlib.decompress(data))


def stored_entry(row: Sequence[Any]) -> StoredEntry:
    """Build the value from a row of `entries.STORED`."""
    pk, feed_key, feed_id, first_seen, last_seen, sort_key, public_updated, backlog, withdrawn, hold, unread_since, body = row
    return StoredEntry(
        pk=pk,
        feed_key=feed_key,
        feed_id=feed_id,
        entry=_decode_entry(body),
        first_seen=first_seen,
        last_seen=last_seen,
        sort_key=sort_key,
        public_updated=public_updated,
        is_backlog=backlog,
        withdrawn=withdrawn,
        hold=hold,
        unread_since=unread_since,
    )


def whole_text(text: str) -> str:
    """The text without halves of surrogate pairs.

    >>> whole_text("a\\ud800b") == "a\\ufffdb"
    True
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _whole(value: Any) -> Any:
    match value:
        case str():
            return whole_text(value)
        case dict():
            return {key: _whole(item) for key, item in value.items()}
        case list() | tuple():
            return [_whole(item) for item in value]
    return value


def member_order(member: StoredEntry) -> tuple[datetime, str, str]:
    """Members of a story in an order that does not depend on who was polled first."""
    return member.sort_key, member.feed_key, member.entry.raw_key
