"""Which stored feed is meant by a feed of feeds.yaml (pure): ids and addresses change, the ledger of a feed must not."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from aggregator.errors import StoreError
from aggregator.model import FeedSpec
from aggregator.web.host import operator, site
from aggregator.web.url import feed_address_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A stored feed, as far as it is needed to recognise it.

    `elsewhere` are the keys of addresses that it led to: the feed that a page named, the target of a redirect.
    """

    key: str
    id: str
    address_key: str
    is_active: bool = True
    elsewhere: tuple[str, ...] = ()


def address_key(shown_url: str) -> str:
    """The form under which an address is found again. One with a secret in it, or of a local file, is compared as it stands.

    >>> address_key("http://example.org/feed/"), address_key("https://example.org/${KEY}/")
    ('https://example.org/feed', 'https://example.org/${KEY}/')
    """
    return shown_url if "${" in shown_url or "://" not in shown_url else feed_address_key(shown_url)


def operator_of(shown_url: str) -> str | None:
    """Who runs the server of a feed; None for a local file.

    >>> operator_of("https://me.blog.example.org/feed"), operator_of("./feed.xml")
    ('example.org', None)
    """
    return (operator(shown_url) or None) if shown_url.startswith(("http://", "https://")) else None


def surrogate(shown_url: str, is_taken: Callable[[str], bool]) -> str:
    """A new feed's key: a UUID made of its first address. An address that was another feed's first one is counted on.

    >>> surrogate("https://example.org/", lambda key: False)
    '527dda32-a0de-5105-a042-cb475b5f7d11'
    """
    key = str(uuid5(NAMESPACE_URL, shown_url))
    count = 1
    while is_taken(key):
        count += 1
        key = str(uuid5(NAMESPACE_URL, f"{shown_url}#{count}"))
    return key


def match(specs: Sequence[FeedSpec], known: Sequence[Known], owners: Mapping[str, str]) -> dict[str, str]:
    """Find for each spec (by its id) the key of the stored feed that it means; new feeds are left out.

    `owners` maps the key of every address that a feed ever had to that feed's key. A given id goes before the address: the editor says
    that it is the same feed, which has moved. Not where the address that it had is asked for by another feed of feeds.yaml, or the new one
    was another feed's until now: then ids were swapped or passed on, and entries stay with the address that they came from. A derived id
    goes after it: it is made of the address. Of a feed that a list names, which nobody here wrote, it means a stored feed of the same site
    only. No stored feed is meant twice.

    Raises `StoreError` when two specs have the same id.
    """
    ids = [spec.id for spec in specs]
    if len(set(ids)) < len(ids):
        twice = sorted({name for name in ids if ids.count(name) > 1})
        raise StoreError(f"two feeds have the id {', '.join(twice)}")
    found: dict[str, str] = {}
    for rule in _rules(specs, known, owners):
        taken = set(found.values())
        for spec in specs:
            key = None if spec.id in found else rule(spec)
            if key is not None and key not in taken:
                found[spec.id] = key
                taken.add(key)
    return found


def _rules(specs: Sequence[FeedSpec], known: Sequence[Known], owners: Mapping[str, str]) -> Iterator[Callable[[FeedSpec], str | None]]:
    asked = {address_key(spec.shown_url) for spec in specs if not spec.listed_by}
    by_id = {row.id: row for row in known}
    current = {row.address_key: row.key for row in known if owners.get(row.address_key) == row.key}
    polled = {row.address_key: row.key for row in known if row.is_active}
    elsewhere = {address: row.key for row in sorted(known, key=lambda row: row.key) for address in row.elsewhere}

    def same_in_both(spec: FeedSpec) -> str | None:
        row = by_id.get(spec.id)
        return row.key if row and row.address_key == address_key(spec.shown_url) else None

    def by_any_id(spec: FeedSpec) -> str | None:
        row = by_id.get(spec.id)
        return row.key if row else None

    def moved_under_its_id(spec: FeedSpec) -> str | None:
        row = by_id.get(spec.id)
        is_passed_on = row is not None and (row.address_key in asked or polled.get(address_key(spec.shown_url), row.key) != row.key)
        return row.key if row and spec.id_given and not is_passed_on else None

    def is_of_its_site(spec: FeedSpec) -> bool:
        row = by_id.get(spec.id)
        return row is not None and site(row.address_key) == site(spec.shown_url)

    yield same_in_both
    yield moved_under_its_id
    yield lambda spec: current.get(address_key(spec.shown_url))
    yield lambda spec: owners.get(address_key(spec.shown_url))
    yield lambda spec: by_any_id(spec) if not spec.listed_by or is_of_its_site(spec) else None
    yield lambda spec: elsewhere.get(address_key(spec.shown_url))
