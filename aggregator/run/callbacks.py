"""What hubs ask and send at our address: whether we meant what we asked for, and the documents of feeds. The routes stand in `server`."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from aggregator.app import App
from aggregator.collect import websub
from aggregator.collect.inflate import CutShort, Damaged, Oversized, UnknownCoding, inflated
from aggregator.collect.signature import is_genuine
from aggregator.errors import StoreError
from aggregator.model import Document, FeedSpec, FeedState, HubSubscription, Validators
from aggregator.ports import Report
from aggregator.pushing import push
from aggregator.refine.stories import same_story
from aggregator.refine.succession import successors
from aggregator.run.poller import LEASE
from aggregator.web.text import fingerprint

log = logging.getLogger(__name__)

MAX_BYTES: Final = 10 * 1024 * 1024
"""As much as a fetch may bring."""

# A feed that is being polled is free again within half a minute; hubs wait about ten seconds for an answer, and deliver again later.
_TRIES: Final = 16
_BETWEEN_TRIES_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Reply:
    """What a hub is answered; `text` is plain text."""

    status: HTTPStatus
    text: str = ""


_UNKNOWN: Final = Reply(HTTPStatus.NOT_FOUND)
_TAKEN: Final = Reply(HTTPStatus.ACCEPTED)
_OVER: Final = Reply(HTTPStatus.GONE)
_LATER: Final = Reply(HTTPStatus.SERVICE_UNAVAILABLE)


class Callbacks:
    """Answers hubs, from any thread. `report` is told of each push once it is stored, `stored` of the count of new and changed entries.

    `wait` waits for so many seconds.
    """

    def __init__(
        self,
        current: Callable[[], App],
        *,
        report: Report = lambda report: None,
        stored: Callable[[int], None] = lambda changes: None,
        wait: Callable[[float], object],
    ) -> None:
        self._current = current
        self._report = report
        self._stored = stored
        self._wait = wait
        self._forged: Counter[str] = Counter()
        self._lock = threading.Lock()

    def knows(self, path: str) -> bool:
        """Is there anything at this path that a hub may push to, or could a while ago?"""
        return self._current().ports.store.hubs.subscription(path) is not None

    def verify(self, path: str, asked: Mapping[str, str]) -> Reply:
        """A hub asks whether we meant it (W3C WebSub section 5.3), or says that it refuses (5.2)."""
        ports = self._current().ports
        one, now = ports.store.hubs.subscription(path), ports.clock()
        mode, topic, challenge = (asked.get(f"hub.{name}", "") for name in ("mode", "topic", "challenge"))
        if one is None:
            return _UNKNOWN
        if (mode, topic, one.mode) == ("denied", one.topic, "subscribe"):
            ports.store.hubs.revise(path, lambda it: it and websub.denied(it, asked.get("hub.reason", ""), now))
            return Reply(HTTPStatus.OK)
        if not websub.is_meant(one, mode, topic, now) or not websub.is_safe(challenge):
            return _UNKNOWN
        lease = asked.get("hub.lease_seconds", "")
        ports.store.hubs.revise(path, (lambda it: it and websub.verified(it, lease, now)) if mode == "subscribe" else (lambda it: None))
        return Reply(HTTPStatus.OK, challenge)

    def deliver(self, path: str, fields: Mapping[str, str], body: bytes) -> Reply:
        """A hub, or somebody who says so, sends a document; `fields` is the header, by names in lower case.

        It is read and stored before the answer, so that a hub delivers again whatever was lost. What nobody signed is answered like
        what was taken, and has no effect.
        """
        app = self._current()
        one = app.ports.store.hubs.subscription(path)
        if one is None or one.verified_at is None:
            return _UNKNOWN
        if one.mode == "unsubscribe":
            return _OVER
        if not is_genuine(fields.get("x-hub-signature"), one.secret, body):
            with self._lock:
                self._forged[path] += 1
            return _TAKEN
        digest = fingerprint(body)
        if digest in one.seen:
            return _TAKEN
        try:
            return self._taken(app, one, fields, body, digest)
        except StoreError as error:
            log.error("%s: what was pushed is not stored: %s", one.topic, error)
            return _LATER

    def note_forged(self) -> None:
        """Write down how many pushes were forged: not at each, since anybody can send one."""
        with self._lock:
            forged, self._forged = self._forged, Counter()
        for path, count in forged.items():
            self._note(path, count)

    def _note(self, path: str, count: int) -> None:
        self._current().ports.store.hubs.revise(path, lambda it: it and websub.forged(it, count))

    # ── a document ──

    def _taken(self, app: App, one: HubSubscription, fields: Mapping[str, str], body: bytes, digest: str) -> Reply:
        if app.lacks_space:
            return _LATER
        plain = _inflated(body, fields.get("content-encoding", ""))
        if plain is None:
            return Reply(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        leased = self._lease(app, one)
        if leased is None:
            return _LATER
        state, lease = leased
        spec = app.spec(state.id)
        if spec is None:
            return _OVER
        self._recorded(app, spec, state, lease, _document(one, state, plain, fields.get("content-type"), digest), one)
        return _TAKEN

    def _lease(self, app: App, one: HubSubscription) -> tuple[FeedState, str] | None:
        """The feed, once nobody polls it."""
        for turn in range(_TRIES):
            if turn:
                self._wait(_BETWEEN_TRIES_S)
            if (leased := app.ports.store.hubs.take(one.feed_key, app.ports.clock(), LEASE)) is not None:
                return leased
        return None

    def _recorded(self, app: App, spec: FeedSpec, state: FeedState, lease: str, document: Document, one: HubSubscription) -> None:
        result, report = push(spec, state, lease, document, one, app.ports)
        ((new, changed),) = app.ports.store.record([result], same_story, successors)
        self._report(replace(report, new=new, changed=changed))
        if new or changed:
            self._stored(new + changed)


def _inflated(body: bytes, codings: str) -> bytes | None:
    try:
        return inflated([body], codings, max_bytes=MAX_BYTES)
    except (UnknownCoding, Oversized, CutShort, Damaged):
        return None


def _document(one: HubSubscription, state: FeedState, body: bytes, content_type: str | None, digest: str) -> Document:
    """What was pushed, as if it had been fetched: relative addresses count from where the feed's own document stands."""
    return Document(url=state.head.base or one.topic, body=body, content_type=content_type, validators=Validators(), body_hash=digest)
