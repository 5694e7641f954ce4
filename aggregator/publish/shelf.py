"""Serialized entries are kept, in the file that holds them: writing it again takes them from there and makes only what is new (pure)."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import blake2b
from importlib import metadata, resources
from typing import Final

import msgspec
from lxml import etree

from aggregator.model import Edition, Item, Kept, Written

# The digest of what a serialization was made of, where it begins in the file, and how long it is.
_PLACE: Final = struct.Struct(">16sQI")
_encode: Final = msgspec.msgpack.Encoder().encode

Make = Callable[[Item], bytes | None]
"""Serialize one item; None where that cannot be done."""


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
    shelf = dict(_slices(kept)) if kept else {}
    salt = blake2b(_encode((edition.spec.format, edition.language, edition.home, _makers())), digest_size=16).digest()
    pieces: list[bytes] = []
    keys: list[bytes] = []
    fresh: list[Item] = []
    made: list[bytes] = []
    for item in edition.items:
        key = _key(item, salt)
        piece = shelf.get(key)
        if piece is None:
            fresh.append(item)
            if (piece := make(item)) is None:
                continue
            made.append(piece)
        pieces.append(piece)
        keys.append(key)
    written = reindexed(frame, keys, pieces)
    return replace(written, fresh=tuple(fresh), of_fresh=frame.around(made) if shelf else None)


def reindexed(frame: Frame, keys: list[bytes], pieces: list[bytes]) -> Written:
    """The file of these serializations, which are known by these keys."""
    return Written(body=frame.around(pieces), index=_index(frame, keys, pieces))


def _key(item: Item, salt: bytes) -> bytes:
    try:
        said = _encode(item)
    except UnicodeEncodeError:  # half of a surrogate pair
        said = repr(item).encode()
    return blake2b(said, digest_size=16, key=salt).digest()


def _index(frame: Frame, keys: list[bytes], pieces: list[bytes]) -> bytes:
    places, start = [], len(frame.head)
    for key, piece in zip(keys, pieces, strict=True):
        places.append(_PLACE.pack(key, start, len(piece)))
        start += len(piece) + len(frame.between)
    return b"".join(places)


def places(kept: Kept) -> list[tuple[bytes, int, int]]:
    """The key of each serialized entry, where it begins in the file, and how long it is, in their order."""
    # A store that was put back may know another form of the index.
    found = _PLACE.iter_unpack(kept.index) if len(kept.index) % _PLACE.size == 0 else ()
    return [(key, start, length) for key, start, length in found if start + length <= len(kept.file)]


def _slices(kept: Kept) -> Iterator[tuple[bytes, bytes]]:
    return ((key, kept.file[start : start + length]) for key, start, length in places(kept))


@cache
def _makers() -> bytes:
    """What differs when the code or the libraries that serialize entries do."""
    folders = [resources.files(package) for package in ("aggregator.publish", "aggregator.web", "aggregator.model")]
    files = [file for folder in folders for file in folder.iterdir() if file.name.endswith((".py", ".toml"))]
    code = b"".join(file.read_bytes() for file in sorted(files, key=str))
    libraries = (metadata.version("feedgen"), etree.LXML_VERSION, etree.LIBXML_VERSION)
    return blake2b(code + _encode(libraries), digest_size=16).digest()
