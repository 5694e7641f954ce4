"""The configuration of a planet (Planet, Venus, Planet 2, Pluto) → feeds, settings of feeds.yaml, and what is left behind.

All four write sections of `key = value`. A feed's section is called by its address (Planet and its kin), or has it under `feed` (Pluto);
what stands in `[Planet]`, or before the first section, is about the whole.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from aggregator.web.text import one_line
from aggregator.web.url import resource

# With a remark behind it, or a bracket in the address; Python 2 passed over whatever else stood behind.
_SECTION: Final = re.compile(r"\[([^\]]+)\](?:\s*|\s+[;#].*)|\[(.+)\](?:\s*|\s+[;#].*)|\[([^\]]+)\].*")
_UNCLOSED: Final = re.compile(r"\[([^\]]+)")
_REFERENCE: Final = re.compile(r"%(?:\((\w+)\)s|%)")
# More of them, and longer ones, are made to keep somebody busy.
_MAX_REFERENCES: Final = 20
_MAX_VALUE_CHARS: Final = 4096
# `http://…` on a line of its own goes on with the value above.
_SETTING: Final = re.compile(r"([\w.-]+)\s*[=:](?!//)\s*(.*)")
_REMARK: Final = re.compile(r"\s+;.*$")
_TEMPLATE: Final = re.compile(r"\.(tmpl|xslt?|genshi|html?|xml|dj|erb|rss|atom|opml)$", re.IGNORECASE)
_FILTER: Final = re.compile(r"\.(py|plugin|sed|xslt|tmpl|sh|rb|pl)(\?.*)?$", re.IGNORECASE)
_LISTS: Final = ("opml", "foaf", "csv", "config")
_WHOLE: Final = "planet"
_DEFAULT: Final = "default"
# What feeds.yaml calls it.
_KEPT: Final = {
    "name": "title",
    "title": "title",
    "link": "link",
    "url": "link",
    "owner_email": "contact",
    "new_feed_items": "newcomer_entries",
}
_ADDRESSES: Final = ("feed", "feed_url", "feeds")
_NAMES: Final = ("name", "title")
_TAGS: Final = ("tags", "tag", "category", "categories")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section: its name, its line, its settings (key in lower case → value, line), and the lines that set nothing."""

    name: str
    line: int
    settings: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    strays: Sequence[int] = ()

    def first(self, keys: Sequence[str]) -> str:
        return next((one_line(self.settings[key][0]) for key in keys if key in self.settings), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A feed: its address as written, its name, its tags, and its page, for one without an address."""

    address: str
    name: str = ""
    tags: tuple[str, ...] = ()
    page: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Planet:
    """A planet's configuration.

    `settings` are keys of feeds.yaml. `left` are settings that become nothing: where (`whole` or `feed`), key, and the lines that set
    it. `passed_over` are whole sections that are no feed, each with its reason.
    """

    feeds: tuple[Named, ...]
    settings: Mapping[str, str]
    left: Mapping[tuple[str, str], Sequence[int]]
    passed_over: tuple[str, ...]


def is_ini(text: str) -> bool:
    """Does a text have sections with settings in them?"""
    found = list(sections(text))
    return any(section.name for section in found) and any(section.settings for section in found)


def read_planet(text: str) -> Planet:
    """Read a configuration. Whatever it says is in the answer: as a feed, as a setting, or as something left behind."""
    feeds: list[Named] = []
    settings: dict[str, str] = {}
    left: dict[tuple[str, str], list[int]] = {}
    passed_over: list[str] = []
    found = list(sections(text))
    defaults = {key: value for one in found if one.name.lower() == _DEFAULT for key, value in one.settings.items()}
    for section in (_filled(one, defaults) for one in found):
        passed_over += [f"line {line}: it sets nothing, and is no heading" for line in section.strays]
        if section.name.lower() in ("", _WHOLE):
            kept, others = _of_the_whole(section)
            settings |= kept
            _leave(left, "whole", others)
        elif section.name.lower() == _DEFAULT:
            _leave(left, "feed", section.settings)
        elif reason := _no_feed(section):
            passed_over.append(f"line {section.line}: [{one_line(section.name)}]: {reason}")
        else:
            feeds.append(_feed(section))
            own = {*_NAMES, *_TAGS, *_ADDRESSES}
            _leave(left, "feed", {key: value for key, value in section.settings.items() if key not in own})
    return Planet(feeds=tuple(feeds), settings=settings, left=left, passed_over=tuple(passed_over))


def sections(text: str) -> Iterator[Section]:
    """The sections of a file, the one before the first heading without a name. A line that is indented goes on with the value above it,
    unless it sets a key itself (Pluto indents those)."""
    name, begun = "", 1
    settings: dict[str, tuple[str, int]] = {}
    strays: list[int] = []
    key = ""
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if not bare or bare.startswith(("#", ";")) or bare.lower().startswith("rem "):
            continue
        if heading := _heading(line):
            yield Section(name=name, line=begun, settings=settings, strays=strays)
            name, begun, settings, strays, key = heading, number, {}, [], ""
        elif setting := _SETTING.match(bare):
            key = setting[1].lower()
            settings[key] = (_REMARK.sub("", setting[2]).strip(), number)
        elif key and line[0].isspace():
            settings[key] = (f"{settings[key][0]} {bare}".strip(), settings[key][1])
        else:
            strays.append(number)
    yield Section(name=name, line=begun, settings=settings, strays=strays)


def _heading(line: str) -> str:
    """What a line heads; empty if it is no heading. One that lacks its closing bracket heads what follows all the same."""
    found = _SECTION.fullmatch(line.strip()) or _UNCLOSED.fullmatch(line.rstrip())
    return next((part.strip() for part in found.groups() if part), "") if found else ""


def _filled(section: Section, defaults: Mapping[str, tuple[str, int]]) -> Section:
    """A section with `%%` as `%`, and `%(key)s` replaced by what it says of that key, or `[DEFAULT]` does; unknown ones stay."""
    known = {**defaults, **section.settings}

    def said(found: re.Match[str]) -> str:
        if found[1] is None:
            return "%"
        return known[found[1].lower()][0][:_MAX_VALUE_CHARS] if found[1].lower() in known else found[0]

    settings = {key: (_REFERENCE.sub(said, value, count=_MAX_REFERENCES), line) for key, (value, line) in section.settings.items()}
    return replace(section, settings=settings)


def _of_the_whole(section: Section) -> tuple[dict[str, str], dict[str, tuple[str, int]]]:
    kept = {_KEPT[key]: one_line(value) for key, (value, _) in section.settings.items() if key in _KEPT and value}
    return kept, {key: value for key, value in section.settings.items() if key not in _KEPT}


def _leave(left: dict[tuple[str, str], list[int]], where: str, settings: Mapping[str, tuple[str, int]]) -> None:
    for key, (_, line) in settings.items():
        left.setdefault((where, key), []).append(line)


def _no_feed(section: Section) -> str:
    """Why a section is no feed; empty if it is one."""
    name, kind = section.name, section.first(("content_type",)).lower()
    if any(word in kind for word in _LISTS):
        return "a list of feeds: an OPML file or a plain list on the web goes below 'lists:', others are to be fetched and imported"
    if section.first(_ADDRESSES) or resource(name) or "://" in name:
        return ""
    if _TEMPLATE.search(name) and section.first(_NAMES):
        return "a file on the machine where the list was written"
    if _TEMPLATE.search(name) and not section.first(("link",)):
        return "settings of a template, and those of other programs are not read"
    if _FILTER.search(name):
        return "settings of a filter, a program of the other planet"
    # A section of Pluto that only names a page, or a feed that somebody's version knew how to find.
    return "" if section.first((*_NAMES, "link")) else "it names no feed"


def _feed(section: Section) -> Named:
    address = section.first(_ADDRESSES)
    if not address and (resource(section.name) or "://" in section.name):
        address = section.name
    words = re.split(r"[,\s]+" if "," not in section.first(_TAGS) else r"\s*,\s*", section.first(_TAGS))
    # A heading of several words is a name; one of a single word is what the planet calls the feed.
    name = section.first(_NAMES) or (section.name if address != section.name and " " in section.name else "")
    return Named(address=address, name=name, tags=tuple(words), page=section.first(("link",)), line=section.line)
