"""Plain stand-ins for what the pipeline asks of the world (`aggregator.ports`): objects that do as they are told and remember it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from aggregator.errors import FetchError, PublishError, Unreachable
from aggregator.model import Document, FeedSpec, Posted, Unchanged, Validators
from aggregator.web.text import fingerprint
from tests.fake_store import FakeStore

__all__ = ["Answer", "FakeClock", "FakeFetcher", "FakeFolder", "FakeStore", "document"]

Answer = bytes | str | Document | Unchanged | FetchError | Callable[[FeedSpec], "Answer"]
"""What a feed answers: a body, a whole document, "unchanged", an error to raise, or a function that makes one of these."""


class FakeClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, span: timedelta) -> datetime:
        """Move on by `span` (or back, where it is negative) and tell the time."""
        self.now += span
        return self.now


def document(body: bytes | str, url: str = "https://blog.example/feed.xml", **fields: object) -> Document:
    """A document as the fetcher would hand it over."""
    data = body.encode() if isinstance(body, str) else body
    given: dict[str, object] = {"content_type": None, "validators": Validators(), **fields}
    return Document(url=url, body=data, body_hash=blake2b(data, digest_size=16).hexdigest(), **given)  # type: ignore[arg-type]


class FakeFetcher:
    """Answers by feed id or address. `asked` remembers every request: the spec, the validators and the body hash sent along."""

    def __init__(self, answers: Mapping[str, Answer] | None = None) -> None:
        self.answers: dict[str, Answer] = dict(answers or {})
        self.asked: list[tuple[FeedSpec, Validators, str | None]] = []
        self.posted: list[tuple[str, dict[str, str]]] = []
        self.hub: Callable[[str, Mapping[str, str]], Posted] = lambda address, form: Posted(status=202, words="answered 202 Accepted")
        self.is_closed = False

    def fetch(self, spec: FeedSpec, validators: Validators, body_hash: str | None, sent_hash: str | None = None) -> Document | Unchanged:
        self.asked.append((spec, validators, body_hash))
        answer = self.answers.get(spec.url, self.answers.get(spec.id, Unreachable(spec.shown_url, "no such name")))
        while callable(answer):
            answer = answer(spec)
        if isinstance(answer, FetchError):
            raise answer
        if isinstance(answer, (bytes, str)):
            answer = document(answer, spec.shown_url)
        if isinstance(answer, Document) and answer.body_hash == body_hash:
            return Unchanged(validators=answer.validators)
        return answer

    def post(self, address: str, form: Mapping[str, str], *, allow_private: bool) -> Posted:
        self.posted.append((address, dict(form)))
        return self.hub(address, form)

    def close(self) -> None:
        self.is_closed = True


class FakeFolder:
    """The outputs, in memory. `writes` lists every change in order; paths in `broken` refuse to be written."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.writes: list[str] = []
        self.broken: set[str] = set()

    def put(self, path: str, body: bytes) -> bool:
        if path in self.broken:
            raise PublishError(path, "the disk is full")
        if self.files.get(path) == body:
            return False
        self.files[path] = body
        self.writes.append(path)
        return True

    def remove(self, path: str, digest: str) -> bool:
        if path in self.broken:
            raise PublishError(path, "the disk is full")
        is_ours = path in self.files and fingerprint(self.files[path]) == digest
        if is_ours:
            del self.files[path]
        return is_ours

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)

    def names(self, folder: str) -> list[str]:
        return sorted(path for path in self.files if path.startswith(f"{folder}/"))
