"""What becomes of a feed on another platform: texts are cut or left off, titles are set anew, lists turn round, shrink or grow."""

import copy
import hashlib
import html
import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import urlsplit

from lxml import etree

from bench.mutations import DATES, RDF_ABOUT, Document, children, edited, entries

NEWS: Final = 3
"""So many entries that nobody has seen come along where news do."""

_MEDIA: Final = "http://search.yahoo.com/mrss/"
_TEXTS: Final = ("description", "encoded", "summary", "content", "body", "subtitle")
_JSON_TEXTS: Final = ("content_html", "content_text", "summary")
_CUT: Final = 10
_WINDOW: Final = 5
_MARKS: Final = (("'", "\u2019"), (" - ", " \u2013 "), ("...", "\u2026"))
_NEW_TITLES: Final = ("What the ferry brought", "A lamp in the boathouse", "Nobody mends the weir")


def renumbered(given: Document) -> Document:
    """Pages are counted: /2019/05/slug became /node/5007, and so are ids."""
    return edited(given, _renumber, _renumber_json)


def texts_cut(given: Document) -> Document:
    """The first words of each text are left."""
    return edited(given, lambda one, _: _say(one, _first_words(one)), _cut_json)


def texts_dropped(given: Document) -> Document:
    return edited(given, lambda one, _: _say(one, ""), _without(*_JSON_TEXTS))


def dates_dropped(given: Document) -> Document:
    def drop(one: Any, _: int) -> None:
        for child in children(one, *DATES):
            one.remove(child)

    return edited(given, drop, _without("date_published", "date_modified"))


def titles_retouched(given: Document) -> Document:
    """Titles are in capitals, with typographic marks."""

    def retouch(one: Any, _: int) -> None:
        for child in children(one, "title"):
            if child.text and not len(child):
                child.text = _retouched(child.text)

    def retouch_json(item: dict[str, Any], _: int) -> None:
        item.update({"title": _retouched(str(item["title"]))} if item.get("title") else {})

    return edited(given, retouch, retouch_json)


def turned_round(given: Document) -> Document:
    """The oldest comes first."""
    return _listed(given, lambda found: found[::-1])


def window(given: Document) -> Document:
    """A quarter of the entries, the first ones, but five at least."""
    return _listed(given, lambda found: found[: max(_WINDOW, len(found) // 4)])


def with_news(given: Document) -> Document:
    """Entries that nobody has seen stand above the others."""
    made = _listed(given, lambda found: [*(copy.deepcopy(found[0]) for _ in range(NEWS)), *found])

    def renew(one: Any, number: int) -> None:
        if number < NEWS:
            _renew(one, number)

    def renew_json(item: dict[str, Any], number: int) -> None:
        if number < NEWS:
            words, page = news_text(number), f"{_site(str(item.get('url') or ''))}/new/{number}"
            item |= {"id": f"new:{number}", "url": page, "title": news_title(number), "content_html": words}
            item["date_published"] = datetime.now(UTC).isoformat(timespec="seconds")

    return edited(made, renew, renew_json)


def news_title(number: int) -> str:
    return _NEW_TITLES[number]


def news_text(number: int) -> str:
    """A text that has nothing in common with any other."""
    return " ".join(hashlib.md5(f"{number} {at}".encode()).hexdigest()[:7].translate(_AS_LETTERS) for at in range(40))


_AS_LETTERS: Final = str.maketrans("0123456789", "ghijklmnop")


# ── elements ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _listed(given: Document, arrange: Callable[[list[Any]], Sequence[Any]]) -> Document:
    body, kind = given
    if "json" in kind:
        feed = json.loads(body)
        return json.dumps({**feed, "items": list(arrange(feed.get("items", [])))}).encode(), kind
    root = etree.fromstring(body, etree.XMLParser(recover=True, huge_tree=True, resolve_entities=False))
    found = list(entries(root))
    into = found[0].getparent()
    made = arrange(found)
    for one in found:
        one.getparent().remove(one)
    into.extend(made)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True), kind


def _texts(one: Any) -> list[Any]:
    return [child for child in children(one, *_TEXTS) if etree.QName(child).namespace != _MEDIA]


def _say(one: Any, words: str) -> None:
    """Have the entry say so in its first text, and nothing in the others."""
    first, *others = _texts(one) or [None]
    for child in others if words else [first, *others]:
        if child is not None:
            one.remove(child)
    if words and first is not None:
        for part in list(first):
            first.remove(part)
        first.attrib.pop("src", None)
        first.text = words
        if first.get("type"):
            first.set("type", "text")


def _first_words(one: Any) -> str:
    texts = ["".join(child.itertext()) for child in _texts(one)]
    return _beginning(max(texts, key=len, default=""))


def _beginning(text: str) -> str:
    words = html.unescape(re.sub(r"<[^>]*>", " ", text)).split()
    return " ".join(words[:_CUT]) + ("\u2026" if len(words) > _CUT else "")


def _without(*names: str) -> Callable[[dict[str, Any], int], None]:
    def drop(item: dict[str, Any], _: int) -> None:
        for name in names:
            item.pop(name, None)

    return drop


def _cut_json(item: dict[str, Any], _: int) -> None:
    text = max((str(item.pop(name)) for name in _JSON_TEXTS if name in item), key=len, default="")
    item["content_text"] = _beginning(text)


def _retouched(title: str) -> str:
    for plain, typographic in _MARKS:
        title = title.replace(plain, typographic)
    return title if re.search("[&<]", title) else title.upper()


def _site(page: str) -> str:
    parts = urlsplit(page.strip())
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else "https://nowhere.example"


def _links(one: Any) -> list[Any]:
    return [child for child in children(one, "link") if child.get("rel", "alternate") == "alternate"]


def _name(one: Any, page: str, id_: str) -> None:
    """Give an entry a page and an id."""
    for child in _links(one):
        child.attrib.update({"href": page}) if child.get("href") else setattr(child, "text", page)
    for child in children(one, "guid", "id"):
        child.text = id_
        if etree.QName(child).localname == "guid":
            child.set("isPermaLink", "false")
    for child in children(one, "origLink"):
        one.remove(child)
    if one.get(RDF_ABOUT):
        one.set(RDF_ABOUT, page)


def _page(one: Any) -> str:
    return next((where for child in _links(one) if (where := child.get("href") or child.text)), "")


def _renumber(one: Any, number: int) -> None:
    site = _site(_page(one))
    _name(one, f"{site}/node/{5000 + number}", f"{5000 + number} at {site}")


def _renumber_json(item: dict[str, Any], number: int) -> None:
    site = _site(str(item.get("url") or ""))
    item |= {"url": f"{site}/node/{5000 + number}", "id": f"{5000 + number} at {site}"}


def _renew(one: Any, number: int) -> None:
    kept = {"title", "link", "guid", "id", *DATES, *_TEXTS}
    for child in [child for child in one if isinstance(child.tag, str) and etree.QName(child).localname not in kept]:
        one.remove(child)
    for child in children(one, "title"):
        for part in list(child):
            child.remove(part)
        child.text = news_title(number)
    _name(one, f"{_site(_page(one))}/new/{number}", f"new:{number}")
    _say(one, news_text(number))
    at = datetime.now(UTC) - timedelta(minutes=number)
    for child in children(one, *DATES):
        child.text = format_datetime(at) if etree.QName(child).localname == "pubDate" else at.isoformat(timespec="seconds")
