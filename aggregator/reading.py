"""Document → entries, in child processes that can be stopped (`ReaderPool`); `rereading` does the work.

Refining is as exposed to hostile input as parsing is, and as heavy: in a child it has the same limits of time and memory, and threads that
fetch never wait for it. Children are handed everything, as all that refines is: they read no settings, no clock and no store.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from aggregator.collect.pool import ChildPool, Shared
from aggregator.model import Document, FeedSpec, Printed, ReadFeed, SeenDocument, Surroundings, Validators
from aggregator.web.text import fingerprint

CHILDREN: Final = 2
# A document of 1,000 long entries takes a second or two, and most of this on the smallest machines that people run at home.
CPU_S: Final = 10.0
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
    seen: SeenDocument | None = None


class ReaderPool:
    """`ports.Reader` in child processes, with a `ChildPool`'s limits of time and memory. Safe to use from several threads at once."""

    def __init__(self, children: int = CHILDREN) -> None:
        self._pool = ChildPool(f"{__name__}:ReadTask", children=children, cpu_s=CPU_S)
        self._encode = msgspec.msgpack.Encoder(enc_hook=str).encode
        self._decode: Callable[[bytes], ReadFeed | None] = msgspec.msgpack.Decoder(ReadFeed | None).decode
        self._shared: tuple[Surroundings, Shared] | None = None

    def __call__(
        self,
        document: Document,
        spec: FeedSpec,
        feed_key: str,
        surroundings: Surroundings,
        printed: Printed = NOTHING,
        seen: SeenDocument | None = None,
    ) -> ReadFeed | None:
        # What refines has no use for secrets.
        bare = replace(spec, url=spec.shown_url, headers=())
        request = self._encode(_Request(document=document, spec=bare, feed_key=feed_key, printed=printed, seen=seen))
        return self._decode(self._pool.ask(request, document.url, self._of(surroundings)))

    def _of(self, surroundings: Surroundings) -> Shared:
        """The same surroundings serve all polls of a round: they are packed once."""
        last = self._shared
        if last is None or last[0] is not surroundings:
            body = self._encode(surroundings)
            last = self._shared = (surroundings, Shared(fingerprint(body), body))
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
        from aggregator.rereading import reread

        asked = self._decode(request)
        return self._encode(reread(asked.document, asked.spec, asked.feed_key, self._surroundings, asked.printed, asked.seen))


def _warm_up() -> None:
    """Import and build what reading takes, so that it counts as a child's size at the start, not as memory that documents took."""
    # Here, because the process that only hands documents to children needs none of it.
    from aggregator.rereading import read

    url = "https://sample.invalid/"
    document = Document(url=url, body=_SAMPLE, content_type=None, validators=Validators(), body_hash="")
    read(document, FeedSpec(id="sample", url=url, shown_url=url, strip=("auto",)), "sample", Surroundings())


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(f"{kind} cannot be read")
