"""What an answer's header says about asking again: Retry-After, Cache-Control, Expires, Age (RFC 9110 section 10.2.3, RFC 9111)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

# Longer wishes are taken as this; shown with the next poll, never cut to less.
LONGEST: Final = timedelta(days=31)
_DIRECTIVE: Final = re.compile(r'([\w-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,;]*)))?')
_SECONDS: Final = re.compile(r"[0-9]+", re.ASCII)


def retry_after(fields: Mapping[str, str], came: datetime | None = None) -> timedelta | None:
    """How long the server asks to be left alone: seconds, or a date counted from its own Date. At most 31 days; None if it does not say.

    `came`: when the answer came by our clock, from which dates of a server without one are counted.

    >>> retry_after({"Retry-After": "120"}), retry_after({"Retry-After": "soon"})
    (datetime.timedelta(seconds=120), None)
    """
    value = fields.get("Retry-After", "").strip()
    if (span := _span(value)) is not None:
        return span
    until, said = http_date(value), http_date(fields.get("Date", ""))
    said = said or came
    return _within(until - said) if until and said else None


def fresh_for(fields: Mapping[str, str], came: datetime | None = None) -> timedelta | None:
    """How long the answer promises to stay fresh: max-age, else Expires minus Date; Age subtracted. At most 31 days.

    None if it promises nothing: no such field, none that can be read, no-cache, no-store, or nothing left of it.

    >>> fresh_for({"Cache-Control": 'public, max-age="7200"', "Age": "1200"})
    datetime.timedelta(seconds=6000)
    """
    said = _directives(fields.get("Cache-Control", ""))
    if "no-cache" in said or "no-store" in said:
        return None
    lifetime = _span(said["max-age"]) if "max-age" in said else _until_expiry(fields, came)
    if lifetime is None:
        return None
    left = lifetime - (_span(fields.get("Age", "").strip()) or timedelta())
    return left if left > timedelta() else None


def http_date(text: str) -> datetime | None:
    """Read an HTTP date, aware and UTC; None where it cannot be read.

    >>> http_date("Tue, 01 Sep 2026 10:00:00 GMT").isoformat()
    '2026-09-01T10:00:00+00:00'
    """
    try:
        read = parsedate_to_datetime(text.strip()[:64])
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _directives(text: str) -> dict[str, str]:
    """Cache-Control by name, in lower case; of a directive that stands twice the first counts (RFC 9111 section 4.2.1)."""
    said: dict[str, str] = {}
    for name, quoted, bare in _DIRECTIVE.findall(text):
        said.setdefault(name.lower(), (quoted or bare).strip())
    return said


def _until_expiry(fields: Mapping[str, str], came: datetime | None) -> timedelta | None:
    expires, said = http_date(fields.get("Expires", "")), http_date(fields.get("Date", "")) or came
    return _within(expires - said) if expires and said else None


def _span(text: str) -> timedelta | None:
    if not _SECONDS.fullmatch(text):
        return None
    return _within(timedelta(seconds=int(text))) if len(text) < 10 else LONGEST


def _within(span: timedelta) -> timedelta:
    return max(timedelta(), min(span, LONGEST))
