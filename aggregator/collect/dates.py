"""Reads the dates that feeds carry. The string is kept by whoever asks; here is only the reading of it."""

import calendar
import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files

from dateutil import parser as dateutil_parser
from feedparser.datetimes import _parse_date as feedparser_date

# Outside of these years a date says more about a bug (year 1, 9999, the zero of some clock) than about an article.
FIRST_YEAR, LAST_YEAR = 1970, 2100
# Guesses are given less room than dates in a standard form: feeds are not older than this.
FIRST_GUESSED_YEAR = 1990
MAX_CHARS = 100


def _elsewhere() -> Mapping[str, int]:
    """The names of months in other languages than English."""
    table = tomllib.loads(files("aggregator.collect").joinpath("months.toml").read_text(encoding="utf-8"))
    return {name: int(number) for number, names in table.items() for name in names.split()}


_MONTHS: Mapping[str, int] = {
    name: number
    for number, names in enumerate(zip(calendar.month_abbr, calendar.month_name, strict=True))
    for name in map(str.lower, names)
    if name
} | {"sept": 9, **_elsewhere()}

# RFC 822 section 5.1, and what senders write beside it.
_HOURS = """ut 0 utc 0 gmt 0 z 0 wet 0 bst 1 west 1 cet 1 met 1 mez 1 cest 2 mest 2 mesz 2 eet 2 eest 3 msk 3 est -5 edt -4 cst -6 cdt -5
    mst -7 mdt -6 pst -8 pdt -7 akst -9 akdt -8 hst -10 ast -4 adt -3 brt -3 art -3 jst 9 kst 9 hkt 8 sgt 8 awst 8 aest 10
    aedt 11 nzst 12 nzdt 13 wat 1 cat 2 sast 2 idt 3 eat 3 trt 3 gst 4 azt 4 pkt 5 yekt 5 bdt 6 omst 6 ict 7 wib 7 novt 7 krat 7
    wita 8 myt 8 pht 8 irkt 8 wit 9 yakt 9 vlat 10 uyt -3 clst -3 clt -4 bot -4 vet -4 cot -5 pet -5"""
_ZONES: Mapping[str, int] = {name: 60 * int(hours) for name, hours in zip(_HOURS.split()[::2], _HOURS.split()[1::2], strict=True)} | {
    "ist": 330,
    "nst": -210,
    "ndt": -150,
    "acst": 570,
    "acdt": 630,
}

_ISO = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:[Tt\s]+(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:[.,]\d+)?)?|(?<=[Tt]\d\d)(?=\s*(?:[Zz+-]|\Z))))?\s*(?P<zone>.*)",
    re.ASCII | re.DOTALL,
)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)  # what the W3C's profile of ISO 8601 allows: its first day is meant
_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
# As Chinese and Japanese write it, with or without the day of the week and the half of the day.
_EASTERN = re.compile(
    r"(?P<date>\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*[日号號])(?:\s*[(（]?(?:星期|[周週])?[一二三四五六日天月火水木金土](?:曜日?)?[)）]?)?\s*"
    r"(?:(?P<half>午後|下午|晚上|午前|上午|早上|凌晨)?\s*(?P<hour>\d{1,2})\s*[:：時时点點]\s*(?P<minute>\d{1,2})?\s*分?[^+-]*)?(?P<zone>.*)",
    re.DOTALL,
)
_AFTERNOON = frozenset({"午後", "下午", "晚上"})
_MAIL = re.compile(
    r"(?:[^\W\d]+\.?,?\s+)?(?P<day>\d{1,2})\.?[\s-]+(?:de\s+)?(?P<month>[^\W\d]+|\d{1,2}[月월])\.?,?[\s-]+(?:de\s+)?(?P<year>\d{4}|\d{2})"
    r"(?:,?\s+(?P<hour>\d{1,2})[:.](?P<minute>\d{1,2})(?:[:.](?P<second>\d{1,2})(?:\.\d+)?)?)?\s*(?P<zone>.*)",
    re.DOTALL,
)
_OFFSET = re.compile(r"(?:GMT|UTC)?\s*(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?", re.IGNORECASE | re.ASCII)
_NUMBERS_ONLY = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-]\d{2,4}\b", re.ASCII)
# dateutil reads "GMT+2" as POSIX does, west of Greenwich; JavaScript, which prints it, means east.
_GREENWICH = re.compile(r"\b(?:GMT|UTC)\s*(?=[+-]\d)", re.IGNORECASE)
_COMMENT = re.compile(r"\s*\([^()]*\)\s*\Z")
_HALF_DAY = re.compile(r"[ap]\.?m\b", re.IGNORECASE)


def seconds(text: str | None) -> int | None:
    """Read a date as seconds since 1970 UTC; None where it cannot be read, or names an instant that no article has.

    A date without a zone, or with one that nobody knows, counts as UTC. Never raises, and never depends on today.

    >>> seconds("Wed, 01 Jan 2025 10:00:00 +0100"), seconds("2025-01-01T24:00:00Z"), seconds("yesterday")
    (1735722000, 1735776000, None)
    """
    text = (text or "").strip()[:MAX_CHARS]
    return _instant(text) if text else None


@lru_cache(maxsize=64)  # When an entry was written and when it was changed are often one date, and each is asked for more than once.
def _instant(text: str) -> int | None:
    text = text.replace("\u2212", "-")
    if text.isascii() and text.isdigit():
        return _day(text) if len(text) == 8 else _clock_count(text)
    if "年" in text:
        return _eastern(text)
    for form in (_ISO, _MAIL):
        if match := form.fullmatch(text):
            if (match["month"].isdigit() or match["month"].lower() in _MONTHS) and not _HALF_DAY.match(match["zone"]):
                return _standard(match)
            break
    return _guessed(text)


def _clock_count(digits: str) -> int | None:
    """Take ten digits for seconds and thirteen for milliseconds: what programs print that forget to format."""
    if len(digits) == 13:
        digits = digits[:10]
    return _within(int(digits), FIRST_GUESSED_YEAR) if len(digits) == 10 else None


def _day(text: str) -> int | None:
    """Take eight digits, or a year and its month, for the beginning of what they name."""
    match = _DAY.fullmatch(text) or _MONTH.fullmatch(text)
    try:
        year, month, day = (*map(int, match.groups() if match else ()), 1)[:3]
        named = datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
    return _within(calendar.timegm(named.timetuple()), FIRST_GUESSED_YEAR)


def _eastern(text: str) -> int | None:
    match = _EASTERN.fullmatch(text)
    if not match:
        return None
    year, month, day = re.findall(r"\d+", match["date"])
    hour = int(match["hour"] or 0) % 12 + 12 * (match["half"] in _AFTERNOON) if match["half"] else int(match["hour"] or 0)
    return seconds(f"{year}-{month}-{day} {hour}:{match['minute'] or 0} {match['zone']}")


def _standard(match: re.Match[str]) -> int | None:
    part = match.groupdict()
    month = int(part["month"]) if part["month"].isdigit() else _MONTHS[part["month"].lower()]
    year, hour, second = int(part["year"]), int(part["hour"] or 0), int(part["second"] or 0)
    if len(part["year"]) == 2:
        year += 2000 if year < 70 else 1900
    try:
        # 24:00 ends a day and :60 is a leap second: both are instants, though datetime refuses them.
        start = datetime(
            year, month, int(part["day"]), hour % 24 if hour <= 24 else hour, int(part["minute"] or 0), min(second, 60) % 60, tzinfo=UTC
        )
        start += timedelta(days=hour // 24, minutes=second // 60)
    except (ValueError, OverflowError):
        return None
    if second > 60:
        return None
    return _within(calendar.timegm(start.timetuple()) - 60 * _offset_minutes(part["zone"].strip()), FIRST_YEAR)


def _offset_minutes(zone: str) -> int:
    if match := _OFFSET.match(zone):
        minutes = int(match["hours"]) * 60 + int(match["minutes"] or 0)
        if minutes <= 14 * 60:
            return -minutes if match["sign"] == "-" else minutes
    return _ZONES.get(zone.split(" ")[0].strip("()").lower(), 0)


def _guessed(text: str) -> int | None:
    """Read a date in no standard form, only if year, month and day stand in it and cannot be confused."""
    numbers = _NUMBERS_ONLY.match(text)
    if numbers and int(numbers[1]) <= 12 and int(numbers[2]) <= 12 and numbers[1] != numbers[2]:
        return None
    if _MONTH.fullmatch(text):
        return _day(text)
    text = _COMMENT.sub("", _GREENWICH.sub("", text))
    if not text.isascii() and (parsed := feedparser_date(text)):  # its Korean, Greek and Hungarian readers
        return _within(calendar.timegm(parsed), FIRST_GUESSED_YEAR)
    midnights = (datetime(2000, 1, 1), datetime(2001, 2, 2))  # noqa: DTZ001 - what dateutil fills gaps from; the zone is added below
    try:
        one, two = (dateutil_parser.parse(text, default=default, tzinfos=_zone_seconds) for default in midnights)
    except Exception:  # noqa: BLE001 - dateutil raises more kinds than it documents (decimal.InvalidOperation, TypeError …)
        return None
    if one.replace(tzinfo=None) != two.replace(tzinfo=None):
        return None
    return _within(calendar.timegm(one.utctimetuple()), FIRST_GUESSED_YEAR)


def _zone_seconds(name: str | None, offset: int | None) -> int:
    if offset is not None:
        return offset if abs(offset) <= 14 * 3600 else 0
    return _ZONES.get((name or "").lower(), 0) * 60


def _within(instant: int, first_year: int) -> int | None:
    first, last = calendar.timegm((first_year, 1, 1, 0, 0, 0)), calendar.timegm((LAST_YEAR, 1, 1, 0, 0, 0))
    return instant if first < instant < last else None
