"""Document → entries: parsed and refined in one go, in this process (`read`) or in children that can be stopped (`ReaderPool`).

Refining is as exposed to hostile input as parsing is, and as heavy: in a child it has the same limits of time and memory, and threads that
fetch never wait for it. Children are handed everything, as all that refines is: they read no settings, no clock and no store.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from aggregator.collect.pool import ChildPool, Shared
from aggregator.model import Document, Entry, FeedSpec, Printed, ReadFeed, Surroundings, Validators

CHILDREN: Final = 2
# With the 20 s of a fetch, what one feed may take: a document of 1,000 long entries needs most of it on a machine under load.
DEADLINE_S: Final = 10.0
NOTHING: Final = Printed()
# One entry that says where it comes from: whatever is built when it is first needed is needed for it.
_SAMPLE: Final = b"""<rss version="2.0"><channel><title>Sample</title><item><title>Sample</title>
<description>&lt;p&gt;This was first published at &lt;a href="https://origin.example/"&gt;Origin&lt;/a&gt;.&lt;/p&gt;
&lt;p&gt;Thanks for reading.&lt;/p&gt;</description>
</item></channel></rss>"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    document: Document
    spec: FeedSpec
    feed_key: str
    printed: Printed = Printed()


def read(document: Document, spec: FeedSpec, feed_key: str, surroundings: Surroundings, printed: Printed = NOTHING) -> ReadFeed:
    """Parse a feed's document and refine its entries. Raises `ParseError`."""
    # Here, because the process that only hands documents to children needs none of it.
    from aggregator.collect.parse import read as parsed
    from aggregator.refine import normalize
    from aggregator.refine.tombstones import deleted

    raw = parsed(document)
    head = replace(normalize.head(raw, document.url), base=document.url)
    context = replace(normalize.context(spec, feed_key, head, document.url, surroundings), printed=printed)
    pairs = [(entry, source) for entry, source in zip(normalize.entries(raw, context), raw.entries, strict=True) if entry is not None]
    return ReadFeed(
        head=head,
        entries=tuple(entry for entry, _ in pairs),
        raw=tuple(source for _, source in pairs),
        deleted=deleted(raw, feed_key),
        printed=_printed([entry for entry, _ in pairs], spec, printed),
        oddities=raw.oddities,
    )


def _printed(entries: Sequence[Entry], spec: FeedSpec, printed: Printed) -> tuple[str, ...]:
    from aggregator.refine.texts import found_printed

    if "auto" not in spec.strip:
        return ()
    return tuple(sorted(found_printed({entry.raw_key: entry.edges or () for entry in entries}, printed)))


class ReaderPool:
    """`ports.Reader` in child processes, with a `ChildPool`'s limits of time and memory. Safe to use from several threads at once."""

    def __init__(self, children: int = CHILDREN) -> None:
        self._pool = ChildPool(f"{__name__}:ReadTask", children=children, deadline_s=DEADLINE_S)
        self._encode = msgspec.msgpack.Encoder(enc_hook=str).encode
        self._decode = msgspec.msgpack.Decoder(ReadFeed).decode
        self._shared: tuple[Surroundings, Shared] | None = None

    def __call__(
        self, document: Document, spec: FeedSpec, feed_key: str, surroundings: Surroundings, printed: Printed = NOTHING
    ) -> ReadFeed:
        # What refines has no use for secrets.
        bare = replace(spec, url=spec.shown_url, headers=())
        request = self._encode(_Request(document=document, spec=bare, feed_key=feed_key, printed=printed))
        return self._decode(self._pool.ask(request, document.url, self._of(surroundings)))

    def _of(self, surroundings: Surroundings) -> Shared:
        """The same surroundings serve all polls of a round: they are packed once."""
        last = self._shared
        if last is None or last[0] is not surroundings:
            body = self._encode(surroundings)
            last = self._shared = (surroundings, Shared(hashlib.blake2b(body, digest_size=16).hexdigest(), body))
        return last[1]

    def close(self) -> None:
        """Stop all children at once, for good."""
        self._pool.close()


class ReadTask:
    """What the children of a `ReaderPool` do (`collect.worker.Task`)."""

    def __init__(self) -> None:
        self._surroundings = Surroundings()
        self._decode = msgspec.msgpack.Decoder(_Request, dec_hook=_path).decode
        self._encode = msgspec.msgpack.Encoder().encode
        _warm_up()

    def share(self, body: bytes) -> None:
        self._surroundings = msgspec.msgpack.decode(body, type=Surroundings)

    def __call__(self, request: bytes) -> bytes:
        asked = self._decode(request)
        return self._encode(read(asked.document, asked.spec, asked.feed_key, self._surroundings, asked.printed))


def _warm_up() -> None:
    """Import and build what reading takes, so that it counts as a child's size at the start, not as memory that documents took."""
    url = "https://sample.invalid/"
    document = Document(url=url, body=_SAMPLE, content_type=None, validators=Validators(), body_hash="")
    read(document, FeedSpec(id="sample", url=url, shown_url=url, strip=("auto",)), "sample", Surroundings())


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(f"{kind} cannot be read")
