"""Forty feeds that are made up: ten kinds of sites, four forms each. The same ones every time, but for the day they count back from."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from itertools import product
from random import Random
from typing import Final

from bench.corpus import Given

Item = dict[str, str]
"""Title, page, id, HTML, an enclosure (if any) and the age in hours of an entry, as text."""

_TEXT: Final = """
harbour lantern ridge copper meadow signal window thread orchard paper marble canyon winter engine button ladder garden silver pocket
bridge candle river stone market basket compass feather island kettle mirror needle oyster pepper quarry ribbon saddle timber umbrella
"""
_CYRILLIC_TEXT: Final = """
гавань фонарь хребет медь луг сигнал окно нить сад бумага мрамор каньон зима двигатель пуговица лестница мост свеча река камень
"""
_WORDS: Final = _TEXT.split()
_CYRILLIC: Final = _CYRILLIC_TEXT.split()
_LISTS: Final = (("rss", 6), ("rss", 20), ("atom", 15), ("json", 30))


def made_feeds() -> list[Given]:
    """A document of each kind in each form."""
    found = []
    for number, ((kind, item), (form, size)) in enumerate(product(_KINDS.items(), _LISTS)):
        random, host = Random(number), f"{kind}-{number}.example"
        items = [item(random, host, at) for at in range(size)]
        body = _FORMS[form](f"{kind.title()} of the {random.choice(_WORDS)}", host, items)
        found.append(Given(f"{kind}-{form}-{size}", f"m{number:02}-{kind}", body, _TYPES[form]))
    return found


def _some(random: Random, count: int, words: list[str] = _WORDS) -> str:
    return " ".join(random.choice(words) for _ in range(count))


def _item(host: str, at: int, title: str, text: str, *, hours: float, page: str | None = None, file: str = "") -> Item:
    link = page or f"https://{host}/2026/{at % 12 + 1:02}/{'-'.join(title.lower().split()) or 'note'}-{at}.html"
    return {"title": title, "link": link, "id": f"https://{host}/?p={900 - at}", "text": text, "file": file, "hours": str(hours)}


def _blog(random: Random, host: str, at: int) -> Item:
    return _item(host, at, f"On the {_some(random, 4)}", f"<p>{_some(random, 120)}.</p><p>{_some(random, 40)}.</p>", hours=70 * at + 5)


def _notes(random: Random, host: str, at: int) -> Item:
    return _item(host, at, "", f"<p>{_some(random, 18)}.</p>", hours=7 * at + 1)


def _photos(random: Random, host: str, at: int) -> Item:
    return _item(host, at, "Photo", f'<p><img src="https://{host}/pictures/{random.randrange(10**8)}.jpg" alt=""/></p>', hours=26 * at + 3)


def _talks(random: Random, host: str, at: int) -> Item:
    title = f"Episode {99 - at}: the {_some(random, 2)}"
    return _item(host, at, title, f"<p>{_some(random, 60)}.</p>", hours=168 * at + 9, file=f"https://{host}/audio/{99 - at:03}.mp3")


def _series(random: Random, host: str, at: int) -> Item:
    return _item(host, at, "The week in review", f"<p>{_some(random, 120)}.</p>", hours=168 * at + 4)


def _releases(random: Random, host: str, at: int) -> Item:
    return _item(host, at, f"Release 1.{60 - at}", "<p>Bug fixes and improvements.</p>", hours=200 * at + 30)


def _newspaper(random: Random, host: str, at: int) -> Item:
    return _item(host, at, f"{_some(random, 6).capitalize()}", f"<p>{_some(random, 35)}.</p>", hours=0.6 * at + 0.5)


def _links(random: Random, host: str, at: int) -> Item:
    title = f"A {_some(random, 5)}"
    return _item(host, at, title, "", hours=31 * at + 2, page=f"https://elsewhere-{random.randrange(10**6)}.example/{at}")


def _diary(random: Random, host: str, at: int) -> Item:
    return _item(host, at, _some(random, 1).capitalize(), f"<p>{_some(random, 200)}.</p>", hours=50 * at + 8)


def _letters(random: Random, host: str, at: int) -> Item:
    return _item(host, at, _some(random, 4, _CYRILLIC), f"<p>{_some(random, 80, _CYRILLIC)}.</p>", hours=90 * at + 8)


_KINDS: Final[dict[str, Callable[[Random, str, int], Item]]] = {
    "blog": _blog,
    "notes": _notes,
    "photos": _photos,
    "talks": _talks,
    "series": _series,
    "releases": _releases,
    "newspaper": _newspaper,
    "links": _links,
    "diary": _diary,
    "letters": _letters,
}


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _at(item: Item) -> datetime:
    today = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    return today - timedelta(hours=float(item["hours"]))


def _rss(title: str, host: str, items: list[Item]) -> bytes:
    def one(item: Item) -> str:
        name = f"<title>{escape(item['title'])}</title>" if item["title"] else ""
        file = f"<enclosure url='{item['file']}' type='audio/mpeg' length='1000'/>" if item["file"] else ""
        text = f"<description>{escape(item['text'])}</description>" if item["text"] else ""
        return (
            f"<item>{name}<link>{item['link']}</link><guid isPermaLink='false'>{item['id']}</guid>"
            f"<pubDate>{format_datetime(_at(item))}</pubDate>{text}{file}</item>"
        )

    head = f"<title>{title}</title><link>https://{host}/</link><description>-</description>"
    return f"<rss version='2.0'><channel>{head}{''.join(map(one, items))}</channel></rss>".encode()


def _atom(title: str, host: str, items: list[Item]) -> bytes:
    def one(item: Item) -> str:
        at = _at(item).isoformat()
        file = f"<link rel='enclosure' href='{item['file']}' type='audio/mpeg'/>" if item["file"] else ""
        text = f"<content type='html'>{escape(item['text'])}</content>" if item["text"] else ""
        return (
            f"<entry><id>{item['id']}</id><title>{escape(item['title'])}</title><link href='{item['link']}'/>"
            f"<published>{at}</published><updated>{at}</updated>{text}{file}</entry>"
        )

    head = f"<id>https://{host}/feed</id><title>{title}</title><link href='https://{host}/'/><updated>2026-01-01T00:00:00Z</updated>"
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{head}{''.join(map(one, items))}</feed>".encode()


def _json(title: str, host: str, items: list[Item]) -> bytes:
    def one(item: Item) -> dict[str, object]:
        files = [{"url": item["file"], "mime_type": "audio/mpeg"}] if item["file"] else []
        said = {"id": item["id"], "url": item["link"], "title": item["title"], "content_html": item["text"], "attachments": files}
        return {key: value for key, value in said.items() if value} | {"date_published": _at(item).isoformat()}

    head = {"version": "https://jsonfeed.org/version/1.1", "title": title, "home_page_url": f"https://{host}/"}
    return json.dumps({**head, "items": list(map(one, items))}).encode()


_FORMS: Final = {"rss": _rss, "atom": _atom, "json": _json}
_TYPES: Final = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}
