"""What the columns of all tables are made of: instants, surrogate keys."""

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Dialect, Integer, MetaData
from sqlalchemy.types import TypeDecorator

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DAY: Final = 86_400_000_000
"""A day of `microseconds`."""


def microseconds(moment: datetime) -> int:
    """Count an aware instant in microseconds since 1970 UTC, exactly.

    >>> microseconds(datetime(1970, 1, 1, 0, 0, 1, 2, tzinfo=UTC))
    1000002
    """
    span = moment - _EPOCH
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds


def instant(count: int) -> datetime:
    """The instant that `microseconds` counted."""
    return _EPOCH + timedelta(microseconds=count)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept as integer microseconds UTC: SQLite's own datetimes lose their offset."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else instant(value)


metadata = MetaData()

# SQLite finds a row fastest by an INTEGER key, which has 64 bits there; elsewhere INTEGER has 32.
KEY = BigInteger().with_variant(Integer(), "sqlite")
