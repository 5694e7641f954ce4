"""What happens to feeds while nothing new is written: ids flip, sites move, formats and paths change, dates are lost."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final, cast
from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

import feedparser
from lxml import etree

DATES: Final = frozenset({"pubDate", "published", "updated", "date", "modified", "issued", "created"})
RDF_ABOUT: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"

Document = tuple[bytes, str]
"""A body and its content type."""


def ids_flipped(given: Document) -> Document:
    """Another generator numbers the entries; links, texts and dates stay."""
    return edited(given, _flip, _flip_json)


def host_moved(given: Document) -> Document:
    """The site has another host, in its links, its ids and its texts."""
    body, kind = given
    host = _main_host(body, kind)
    bare = re.escape(host.removeprefix("www.").encode())
    return re.sub(rb"(?<![\w.-])(?:www\.)?" + bare, new_host(host).encode(), body) if host else body, kind


def new_host(host: str) -> str:
    """Where a site moves to: to a host of its own, or several would be one publisher."""
    return f"moved-{hashlib.md5(host.encode()).hexdigest()[:8]}.example"


def dates_reset(given: Document) -> Document:
    """All was written just now, says an import."""
    return edited(given, _redate, _redate_json)


def dates_and_ids(given: Document) -> Document:
    return ids_flipped(dates_reset(given))


def paths_changed(given: Document) -> Document:
    """Another platform: /2019/05/slug.html became /posts/slug/, and that is the id, too."""
    return edited(given, _repath, _repath_json)


def format_changed(given: Document) -> Document:
    """RSS and RDF became Atom, Atom became JSON Feed, JSON Feed became RSS; ids are the links now."""
    body, kind = given
    if "json" in kind:
        return _as_rss(json.loads(body)), "application/rss+xml"
    read = feedparser.parse(body, response_headers={"content-type": kind}, sanitize_html=False, resolve_relative_uris=False)
    if read.version.startswith("atom"):
        return _as_json(read), "application/feed+json"
    return _as_atom(read), "application/atom+xml"


def all_at_once(given: Document) -> Document:
    """A new site: another host, another program with other paths, another format."""
    return format_changed(paths_changed(host_moved(given)))


# ── editing ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def edited(given: Document, element: Callable[[Any, int], None], item: Callable[[dict[str, Any], int], None]) -> Document:
    body, kind = given
    if "json" in kind:
        feed = json.loads(body)
        for number, one in enumerate(feed.get("items", ())):
            item(one, number)
        return json.dumps(feed).encode(), kind
    root = etree.fromstring(body, etree.XMLParser(recover=True, huge_tree=True, resolve_entities=False))
    for number, one in enumerate(list(entries(root))):
        element(one, number)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True), kind


def entries(root: Any) -> Iterator[Any]:
    return (one for one in root.iter() if isinstance(one.tag, str) and etree.QName(one).localname in ("item", "entry"))


def children(one: Any, *names: str) -> list[Any]:
    return [child for child in one if isinstance(child.tag, str) and etree.QName(child).localname in names]


def _number(text: str | None, number: int) -> str:
    return f"flipped:{number}:{hashlib.md5((text or '').encode()).hexdigest()[:12]}"


def _flip(one: Any, number: int) -> None:
    found = children(one, "guid", "id")
    for child in found:
        child.text = _number(child.text, number)
        if etree.QName(child).localname == "guid":
            child.set("isPermaLink", "false")
    if one.get(RDF_ABOUT):
        one.set(RDF_ABOUT, _number(one.get(RDF_ABOUT), number))
    elif not found:
        is_atom = etree.QName(one).localname == "entry"
        made = etree.SubElement(
            one, f"{{{etree.QName(one).namespace}}}id" if is_atom else "guid", {} if is_atom else {"isPermaLink": "false"}
        )
        made.text = _number("", number)


def _flip_json(item: dict[str, Any], number: int) -> None:
    item["id"] = _number(str(item.get("id")), number)


def _redate(one: Any, number: int) -> None:
    now = datetime.now(UTC)
    for child in children(one, *DATES):
        child.text = format_datetime(now) if etree.QName(child).localname == "pubDate" else now.isoformat(timespec="seconds")


def _redate_json(item: dict[str, Any], number: int) -> None:
    for name in ("date_published", "date_modified"):
        if name in item:
            item[name] = datetime.now(UTC).isoformat(timespec="seconds")


def _repath(one: Any, number: int) -> None:
    title = "".join("".join(child.itertext()) for child in children(one, "title")[:1])
    links = [child for child in children(one, "link") if child.get("rel", "alternate") == "alternate"]
    for child in links:
        where = child.get("href") or child.text or ""
        if page := _new_page(where, title):
            child.attrib.update({"href": page}) if child.get("href") else setattr(child, "text", page)
            for name in children(one, "guid", "id"):
                name.text = page
            if one.get(RDF_ABOUT):
                one.set(RDF_ABOUT, page)


def _repath_json(item: dict[str, Any], number: int) -> None:
    if page := _new_page(str(item.get("url", "")), str(item.get("title") or "")):
        item["url"] = item["id"] = page


def _new_page(where: str, title: str) -> str:
    parts = urlsplit(where.strip())
    if not parts.netloc or (parts.path in ("", "/") and not parts.query):
        return ""
    last = re.sub(r"\.\w{2,5}$", "", re.sub(r"/(?:index\.\w+)?$", "", parts.path).rpartition("/")[2])
    slug = last if re.search("[a-z]{3}", last) and not parts.query else re.sub(r"[\W_]+", "-", title.lower()).strip("-")
    return f"{parts.scheme}://{parts.netloc}/posts/{slug}/" if slug else ""


def _main_host(body: bytes, kind: str) -> str:
    """The host of most entries' pages."""
    if "json" in kind:
        links = [str(item.get("url") or "") for item in json.loads(body).get("items", ())]
    else:
        links = [entry.get("link", "") for entry in feedparser.parse(body, response_headers={"content-type": kind}).entries]
    hosts = Counter(host for link in links if (host := urlsplit(link).netloc))
    return hosts.most_common(1)[0][0] if hosts else ""


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _id(entry: Any) -> str:
    return str(entry.get("link") or f"urn:x-made:{hashlib.md5(repr(entry.get('id')).encode()).hexdigest()}")


def _html(entry: Any) -> str:
    return str(entry.content[0].value if entry.get("content") else entry.get("summary", ""))


def _when(entry: Any) -> str:
    at = entry.get("published_parsed") or entry.get("updated_parsed")
    return datetime(*at[:6], tzinfo=UTC).isoformat() if at else ""


def _as_atom(read: Any) -> bytes:
    made = [
        f"<entry><id>{escape(_id(one))}</id><title type='html'>{escape(one.get('title', ''))}</title>"
        + (f"<link href={quoteattr(one.link)}/>" if one.get("link") else "")
        + (f"<published>{_when(one)}</published><updated>{_when(one)}</updated>" if _when(one) else "")
        + "".join(f"<link rel='enclosure' href={quoteattr(media.get('href', ''))}/>" for media in one.get("enclosures", ()))
        + f"<content type='html'>{escape(_html(one))}</content></entry>"
        for one in read.entries
    ]
    head = f"<id>urn:x-made:feed</id><title>{escape(read.feed.get('title', ''))}</title><link href={quoteattr(read.feed.get('link', ''))}/>"
    return _xml(f"<feed xmlns='http://www.w3.org/2005/Atom'>{head}{''.join(made)}</feed>")


def _as_json(read: Any) -> bytes:
    items = [
        {
            "id": _id(one),
            "url": one.get("link"),
            "title": one.get("title"),
            "content_html": _html(one),
            "date_published": _when(one) or None,
            "attachments": [{"url": media.get("href", ""), "mime_type": media.get("type", "")} for media in one.get("enclosures", ())],
        }
        for one in read.entries
    ]
    head = {"version": "https://jsonfeed.org/version/1.1", "title": read.feed.get("title", ""), "home_page_url": read.feed.get("link")}
    made = [{name: value for name, value in item.items() if value} for item in items]
    return json.dumps({**head, "items": made}).encode()


def _as_rss(feed: Mapping[str, Any]) -> bytes:
    items = [
        f"<item><guid isPermaLink='false'>{escape(str(one.get('url') or one.get('id')))}</guid>"
        + (f"<link>{escape(one['url'])}</link>" if one.get("url") else "")
        + (f"<title>{escape(one['title'])}</title>" if one.get("title") else "")
        + (f"<pubDate>{_rfc822(one['date_published'])}</pubDate>" if one.get("date_published") else "")
        + f"<description>{escape(one.get('content_html') or escape(one.get('content_text') or ''))}</description></item>"
        for one in cast("list[dict[str, Any]]", feed.get("items", []))
    ]
    head = f"<title>{escape(feed.get('title', ''))}</title><link>{escape(feed.get('home_page_url', ''))}</link>"
    return _xml(f"<rss version='2.0'><channel>{head}{''.join(items)}</channel></rss>")


def _rfc822(when: str) -> str:
    try:
        return format_datetime(datetime.fromisoformat(when.replace("Z", "+00:00")))
    except ValueError:
        return when


def _xml(text: str) -> bytes:
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text).encode()
