"""Serialized entries are kept, in the file that holds them: writing it again takes them from there and makes only what is new (pure)."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from hashlib import blake2b
from importlib import metadata, resources
from platform import python_version
from typing import Final, NamedTuple

import msgspec
from lxml import etree

from aggregator.model import Edition, Item, Kept, Shelved, Written

_encode: Final = msgspec.msgpack.Encoder().encode

# The folders whose code decides what an entry looks like.
_MAKERS: Final = ("model", "publish", "refine", "web")
# Beside lxml, which tells by itself: how addresses are read, whose site they are of, what is cleaned and how, and who writes it down.
_LIBRARIES: Final = ("ada-url", "feedgen", "nh3", "tldextract")

Make = Callable[[Item], bytes | None]
"""Serialize one item; None where that cannot be done."""


class Place(NamedTuple):
    """A serialization in its file: the digest of what it was made of, where it begins, how long it is; and what stands for its item where
    that need not be composed again."""

    key: bytes
    start: int
    length: int
    item: Shelved | None = None


_decode: Final = msgspec.msgpack.Decoder(tuple[Place, ...]).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around the entries of a file, and between two of them."""

    head: bytes = field(repr=False)
    tail: bytes = field(repr=False)
    between: bytes = b""

    def around(self, pieces: list[bytes]) -> bytes:
        return b"".join((self.head, self.between.join(pieces), self.tail))


def joined(edition: Edition, kept: Kept | None, frame: Frame, make: Make) -> Written:
    """Join a file of its frame and the serialization of each item: the one that is kept, else what `make` gives.

    A serialization is known by all that it is made of: the item, what its writer takes from the edition, and the code that writes it. So
    the bytes are those of a file that is made as a whole.
    """
    shelf = {place.key: kept.file[place.start : place.start + place.length] for place in places(kept)} if kept else {}
    salt = blake2b(_encode((edition.spec.format, edition.language, edition.home, makers())), digest_size=16).digest()
    pieces: list[tuple[bytes, Shelved | None, bytes]] = []
    fresh: list[Item] = []
    made: list[bytes] = []
    for item in edition.listed:
        if isinstance(item, Shelved):
            pieces.append((item.key, item, shelf[item.key]))
            continue
        key = _key(item, salt)
        piece = shelf.get(key)
        if piece is None:
            fresh.append(item)
            if (piece := make(item)) is None:
                continue
            made.append(piece)
        noted = edition.to_shelve.get(item.id)
        pieces.append((key, noted._replace(key=key) if noted else None, piece))
    written = _written(frame, pieces)
    return replace(written, fresh=tuple(fresh), of_fresh=frame.around(made) if shelf else None)


def without(kept: Kept, gone: Collection[int]) -> Written:
    """A file without some of its entries, given by their places in it (from 0); every other byte stays. It must have kept one at least."""
    found = places(kept)
    last = found[-1]
    between = kept.file[found[0].start + found[0].length : found[1].start] if len(found) > 1 else b""
    frame = Frame(head=kept.file[: found[0].start], tail=kept.file[last.start + last.length :], between=between)
    left = [one for number, one in enumerate(found) if number not in gone]
    return _written(frame, [(one.key, one.item, kept.file[one.start : one.start + one.length]) for one in left])


def shelved(kept: Kept | None) -> dict[int, Shelved]:
    """What is kept of items that need not be composed again, by their stories (pk)."""
    found = [place.item for place in places(kept)] if kept else []
    return {item.story_pk: item for item in found if item}


def places(kept: Kept) -> tuple[Place, ...]:
    """The serialized entries of a file, in their order."""
    found = _noted(kept.index)
    return found if all(place.start + place.length <= len(kept.file) for place in found) else ()


@lru_cache(maxsize=1)
def _noted(index: bytes) -> tuple[Place, ...]:
    """Asked once before an edition is composed and once when it is written."""
    try:
        return _decode(index)
    except msgspec.DecodeError:
        # A store that was put back, or an earlier program's, may know another form of the index.
        return ()


def _key(item: Item, salt: bytes) -> bytes:
    try:
        said = _encode(item)
    except UnicodeEncodeError:  # half of a surrogate pair
        said = repr(item).encode()
    return blake2b(said, digest_size=16, key=salt).digest()


def _written(frame: Frame, pieces: Sequence[tuple[bytes, Shelved | None, bytes]]) -> Written:
    found, start = [], len(frame.head)
    for key, item, piece in pieces:
        found.append(Place(key, start, len(piece), item))
        start += len(piece) + len(frame.between)
    return Written(body=frame.around([piece for _, _, piece in pieces]), index=_encode(found) if found else b"")


@cache
def makers() -> bytes:
    """What differs when the code or the libraries that compose and serialize entries do."""
    folders = [resources.files(package) for package in ("aggregator", *(f"aggregator.{name}" for name in _MAKERS))]
    files = [file for folder in folders for file in folder.iterdir() if file.name.endswith((".py", ".toml"))]
    code = b"".join(file.read_bytes() for file in sorted(files, key=str))
    libraries = (python_version(), etree.LXML_VERSION, etree.LIBXML_VERSION, *map(metadata.version, _LIBRARIES))
    return blake2b(code + _encode(libraries), digest_size=16).digest()
