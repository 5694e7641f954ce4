"""Where feedparser's reading of an element loses something: two elements that overwrite one another, an id that is resolved or repaired.

What is collected beside feedparser's own keys begins with `x_`; only `parse_mapping` reads it.
"""

import re
from urllib.parse import urljoin

from feedparser.util import FeedParserDict

from aggregator.collect.limits import MAX_NAME_CHARS
from aggregator.collect.parse_carried import CarriedElements

# An entry may name any number of categories; feedparser compares each with each.
MAX_TAGS = 200
_ADDRESSES = frozenset({"href", "src", "cite", "poster", "data"})
# feedparser's own pattern takes time with the square of a name's length (64 kB take 15 s), and knows no domain longer than `.info`.
_EMAIL = re.compile(r"[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[\w-]{1,63}")


def _person(text: str) -> dict[str, str]:
    """Tell a name from an e-mail address.

    >>> _person("bo@blog.example (Bo)"), _person("Ann <ann@blog.example>")
    ({'email': 'bo@blog.example', 'name': 'Bo'}, {'email': 'ann@blog.example', 'name': 'Ann'})
    """
    found = _EMAIL.search(text)
    if found is None:
        return {"name": text} if text else {}
    rest = (text[: found.start()] + text[found.end() :]).replace("mailto:", "").replace("<>", "").replace("()", "").strip()
    name = rest[1:-1].strip() if rest.startswith("(") and rest.endswith(")") else rest
    return {"email": found[0], "name": name} if name else {"email": found[0]}


class _Params(FeedParserDict):  # type: ignore[misc]
    """The parameters of a text that is being read: a plain dictionary, asked several times for every piece of text."""

    get, __getitem__, __contains__, __setitem__ = dict.get, dict.__getitem__, dict.__contains__, dict.__setitem__

    def __deepcopy__(self, memo: object) -> "_Params":
        return _Params(self)


def _joined(base: str, value: str) -> str:
    """An address counted from a base; the name of a place on the same page stays one."""
    try:
        return value if value.startswith("#") else urljoin(base, value)
    except ValueError:
        return value


class Elements(CarriedElements):
    """What both of feedparser's parsers do otherwise than feedparser. The methods are called by the names of elements."""

    resolve_relative_uris = False
    sanitize_html = False
    _resource: str | None = None
    _aside: int | None = None
    _is_picture = False
    _described = "media_description"

    def __init__(self, base: str, *details: object) -> None:
        super().__init__(base, *details)
        self.contentparams = _Params()

    def push_content(self, tag: str, attrs_d: dict[str, str], default_content_type: str, expecting_text: int) -> None:
        super().push_content(tag, attrs_d, default_content_type, expecting_text)
        self.contentparams = _Params(self.contentparams)

    def strattrs(self, attrs: list[tuple[str, str]]) -> str:
        """The attributes of an element within XHTML, whose addresses count from an xml:base that stands there, too (RFC 4287 section 2)."""
        if self.baseuri != dict.get(self.contentparams, "base"):
            attrs = [(name, _joined(self.baseuri, value) if name in _ADDRESSES else value) for name, value in attrs]
        return str(super().strattrs(attrs))

    # -- the feed and its entries ----------------------------------------------------------------------------------------------------------

    def _start_channel(self, attrs_d: dict[str, str]) -> None:
        super()._start_channel(attrs_d)
        self.feeddata["x_base"] = self.baseuri

    def _start_feed(self, attrs_d: dict[str, str]) -> None:
        super()._start_feed(attrs_d)
        self.feeddata["x_base"] = self.baseuri

    def _start_item(self, attrs_d: dict[str, str]) -> None:
        self.insource = self.inauthor = self.incontributor = self.inpublisher = 0  # whatever the last entry left open
        self._aside, self._is_picture = None, False
        super()._start_item(attrs_d)
        entry = self.entries[-1]
        entry["x_base"] = self.baseuri
        # Its own, not the feed's: its texts may say that they are in another one.
        entry["x_language"] = attrs_d.get("xml:lang") or attrs_d.get("lang")
        if "id" in entry:
            entry["x_id"] = entry["id"]

    _start_entry = _start_item

    def _end_item(self) -> None:
        super()._end_item()
        if self.entries:
            self.entries[-1]["x_whole"] = True

    _end_entry = _end_item

    def _start_guid(self, attrs_d: dict[str, str]) -> None:
        super()._start_guid(attrs_d)
        self._get_context()["x_permalink"] = attrs_d.get("ispermalink", "true").strip().lower() == "true"

    def _start_id(self, attrs_d: dict[str, str]) -> None:
        super()._start_guid(attrs_d)

    def _end_guid(self) -> None:
        """Keep the id before feedparser resolves it against the base and repairs its characters: it must stay as it was sent."""
        if self.elementstack and self.elementstack[-1][0] == "id" and not (self.inauthor or self.incontributor):
            context, depth = self._get_context(), self.depth
            raw = self._plain(self.elementstack[-1][2]).strip()
            if raw and depth <= context.get("x_id_depth", depth):
                context["x_id"], context["x_id_depth"] = raw, depth
        super()._end_guid()

    _end_id = _end_guid

    # -- dates: read by collect.dates, not by feedparser --------------------------------------------------------------------

    def _end_published(self) -> None:
        self.pop("published")

    _end_issued = _end_pubdate = _end_dcterms_issued = _end_published

    def _end_updated(self) -> None:
        self.pop("updated")

    _end_modified = _end_lastbuilddate = _end_dcterms_modified = _end_updated

    def _end_created(self) -> None:
        self.pop("created")

    _end_dcterms_created = _end_created

    def _end_expirationdate(self) -> None:
        self.pop("expired")

    # -- links, names, categories -------------------------------------------------------------------------------------------

    def _start_link(self, attrs_d: dict[str, str]) -> None:
        typed = "type" in attrs_d
        super()._start_link(attrs_d)
        links = self._get_context().get("links")
        if links:
            links[-1]["x_depth"] = self.depth
        if links and not typed:
            links[-1].pop("type", None)  # feedparser makes one up

    def _sync_author_detail(self, key: str = "author") -> None:
        """Split a name that stands with an address (RSS 2.0: `bo@blog.example (Bo)`)."""
        context = self._get_context()
        persons = context.get(f"{key}s")
        if persons and not persons[-1] and isinstance(text := context.get(key), str):
            persons[-1].update(_person(text[: MAX_NAME_CHARS + 1]))

    def _add_tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        context = self._get_context()
        if len(context.get("tags", ())) < MAX_TAGS:
            super()._add_tag(term, scheme, label)
        elif term or scheme or label:
            context["x_more_tags"] = context.get("x_more_tags", 0) + 1

    def _start_cc_license(self, attrs_d: dict[str, str]) -> None:
        self._resource = attrs_d.get("rdf:resource") or attrs_d.get("resource") or attrs_d.get("href")
        self.push("license", 1)

    def _end_cc_license(self) -> None:
        href = self._popped("license")
        if href:
            self._get_context().setdefault("links", []).append({"rel": "license", "href": href})

    _start_dcterms_license, _end_dcterms_license = _start_cc_license, _end_cc_license
    _start_creativecommons_license, _end_creativecommons_license = _start_cc_license, _end_cc_license

    # -- elements that would overwrite another ------------------------------------------------------------------------------

    def _start_source(self, attrs_d: dict[str, str]) -> None:
        self.sourcedata.clear()
        self.push("source", 1)
        self.insource = 1
        self.title_depth = -1
        if "url" in attrs_d:
            self.sourcedata["x_url"] = attrs_d["url"]

    def _end_source(self) -> None:
        """Keep an RSS `<source url>` and an atom:source of the same entry apart."""
        self.insource = 0
        text = self.pop("source")
        found = dict(self.sourcedata)
        self.sourcedata.clear()
        if "x_url" in found or not found:
            found = {"x_url": found.get("x_url"), "title": text}
        if any(found.values()):
            self._get_context().setdefault("x_sources", []).append(found)

    def _start_image(self, attrs_d: dict[str, str]) -> None:
        title_depth = self.title_depth
        super()._start_image(attrs_d)
        self._set_aside(title_depth)

    def _end_image(self) -> None:
        self._go_on()
        super()._end_image()

    def _start_textinput(self, attrs_d: dict[str, str]) -> None:
        title_depth = self.title_depth
        super()._start_textinput(attrs_d)
        self._set_aside(title_depth)

    def _end_textinput(self) -> None:
        self._go_on()
        super()._end_textinput()

    def _set_aside(self, title_depth: int) -> None:
        """Read what follows as a source's: title, link and description of an entry's picture are not the entry's."""
        if self.inentry and not self.insource:
            self._aside = title_depth
            self.insource, self.inimage = 1, 0

    def _go_on(self) -> None:
        if self._aside is not None:
            self.insource, self.title_depth, self._aside = 0, self._aside, None
            self.sourcedata.clear()

    def _start_itunes_summary(self, attrs_d: dict[str, str]) -> None:
        self.push_content("itunes_summary", attrs_d, "text/plain", 1)

    def _end_itunes_summary(self) -> None:
        self.pop_content("itunes_summary")

    def _start_itunes_subtitle(self, attrs_d: dict[str, str]) -> None:
        self.push_content("itunes_subtitle", attrs_d, "text/plain", 1)

    def _end_itunes_subtitle(self) -> None:
        self.pop_content("itunes_subtitle")

    def _start_media_content(self, attrs_d: dict[str, str]) -> None:
        super()._start_media_content(attrs_d)
        self._is_picture = attrs_d.get("medium") == "image" or attrs_d.get("type", "").startswith("image/")

    def _end_media_content(self) -> None:
        self._is_picture = False

    def _start_media_description(self, attrs_d: dict[str, str]) -> None:
        """Tell what a video or the entry is about from the caption of one of its pictures."""
        self._described = "media_caption" if self._is_picture else "media_description"
        self.push_content(self._described, attrs_d, "text/plain", 1)

    def _end_media_description(self) -> None:
        self.pop_content(self._described)

    def _start_dc_description(self, attrs_d: dict[str, str]) -> None:
        self.push_content("dc_description", attrs_d, "text/html", 1)

    def _end_dc_description(self) -> None:
        self.pop_content("dc_description")

    def _start_dc_date(self, attrs_d: dict[str, str]) -> None:
        self.push("dc_date", 1)

    def _end_dc_date(self) -> None:
        self.pop("dc_date")

    def _start_itunes_author(self, attrs_d: dict[str, str]) -> None:
        self.push("itunes_author", 1)

    def _end_itunes_author(self) -> None:
        self.pop("itunes_author")

    # -- elements whose address may stand in an attribute -----------------------------------------------------------------------

    def _start_dc_source(self, attrs_d: dict[str, str]) -> None:
        self._resource = attrs_d.get("rdf:resource") or attrs_d.get("resource") or attrs_d.get("href")
        self.push("dc_source", 1)

    def _end_dc_source(self) -> None:
        self._keep_first("dc_source")

    def _start_dcterms_source(self, attrs_d: dict[str, str]) -> None:
        self._resource = attrs_d.get("rdf:resource") or attrs_d.get("resource") or attrs_d.get("href")
        self.push("dcterms_source", 1)

    def _end_dcterms_source(self) -> None:
        self._keep_first("dcterms_source")

    def _start_feedburner_origlink(self, attrs_d: dict[str, str]) -> None:
        self._resource = attrs_d.get("href")
        self.push("feedburner_origlink", 1)

    def _end_feedburner_origlink(self) -> None:
        self._keep_first("feedburner_origlink")

    # -- the publisher's wishes about polling ---------------------------------------------------------------------------------------

    def _start_hour(self, attrs_d: dict[str, str]) -> None:
        self.push("hour", 1)

    def _end_hour(self) -> None:
        self._collect("hour", "x_hours")

    def _start_day(self, attrs_d: dict[str, str]) -> None:
        self.push("day", 1)

    def _end_day(self) -> None:
        self._collect("day", "x_days")

    # -- how the above is done ------------------------------------------------------------------------------------------------------

    def _plain(self, pieces: list[str | bytes]) -> str:
        return "".join(piece.decode("utf-8", "replace") if isinstance(piece, bytes) else piece for piece in pieces)

    def _popped(self, element: str) -> str | None:
        value, resource, self._resource = self.pop(element), self._resource, None
        self._get_context().pop(element, None)
        return value or resource

    def _keep_first(self, element: str) -> None:
        if value := self._popped(element):
            self._get_context().setdefault(f"x_{element}", value)

    def _collect(self, element: str, key: str) -> None:
        value = self._popped(element)
        values = self._get_context().setdefault(key, [])
        if value and len(values) < 100:
            values.append(value)
