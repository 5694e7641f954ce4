"""Reads platforms.toml: hosts that serve many publishers, and addresses that only lead elsewhere."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final, cast

_NAME: Final = r"[\w.+~:-]+"


@dataclass(frozen=True, slots=True)
class Platforms:
    """The tables of platforms.toml; hosts are without `www.`.

    Who is whose publisher:
        `below`: domains that give each account a name below theirs, except the names in `platform`.
        `accounts`: domain → a pattern for a path that begins with an account, its group 1; `parts` are beginnings that are none, `numbered`
        the domains where a number is none.
        `same`: patterns of publishers that have another name, and that name.
        `id_makers`: sites whose name in an id says nothing of whose it is.
        `inside`: ends of host names that mean nothing outside of one network.
    Where an address leads:
        `redirectors`: (end of a host, path or "", parameters that carry the address).
        `carriers`: (end of a host, pattern of a path that holds an address).
        `shorteners`: hosts whose addresses lead to a place that only they know; `shortening`: such parts of hosts (host, start of path).
        `resolvers`: hosts of names that last, which lead to whoever has the page today.
        `translator`, `cache`: hosts that show a page of another host.
    `sections`: words that name a part of any site.
    """

    below: tuple[str, ...]
    platform: frozenset[str]
    parts: frozenset[str]
    accounts: Mapping[str, re.Pattern[str]]
    same: tuple[tuple[re.Pattern[str], str], ...]
    redirectors: tuple[tuple[str, str, tuple[str, ...]], ...]
    shorteners: frozenset[str]
    shortening: tuple[tuple[str, str], ...]
    translator: str
    cache: str
    resolvers: frozenset[str]
    inside: tuple[str, ...]
    numbered: frozenset[str]
    carriers: tuple[tuple[str, re.Pattern[str]], ...]
    id_makers: frozenset[str]
    sections: frozenset[str]


def _read() -> Platforms:
    table = tomllib.loads(files("aggregator.web").joinpath("platforms.toml").read_text(encoding="utf-8"))
    kinds = ("accounts", "same", "redirectors", "carriers")
    accounts, same, redirectors, carriers = (cast("Mapping[str, str]", table[key]) for key in kinds)
    elsewhere = {domain: endings.split() for domain, endings in cast("Mapping[str, str]", table["elsewhere"]).items()}
    return Platforms(
        below=(*table["below"].split(), *(f"{_label(domain)}.{end}" for domain, ends in elsewhere.items() for end in ends)),
        platform=frozenset(table["platform"].split()),
        parts=frozenset(table["parts"].split()),
        accounts={domain: _beginning(templates) for domain, templates in accounts.items()},
        same=(
            *((re.compile(_pattern(template, "([^./]+)")), name) for template, name in same.items()),
            *((_below_others(domain, ends), f"{{}}.{domain}") for domain, ends in elsewhere.items()),
        ),
        redirectors=tuple(_redirector(place, names) for place, names in redirectors.items()),
        shorteners=frozenset(table["shorteners"]["hosts"].split()),
        shortening=tuple(_place(place) for place in table["shorteners"]["below"].split()),
        translator=table["mirrors"]["translator"],
        cache=table["mirrors"]["cache"],
        resolvers=frozenset(table["resolvers"].split()),
        inside=tuple(table["inside"].split()),
        numbered=frozenset(table["numbered"].split()),
        carriers=tuple((host, re.compile(rf"{path}\Z")) for hosts, path in carriers.items() for host in hosts.split()),
        id_makers=frozenset(table["id_makers"].split()),
        sections=frozenset(table["sections"].split()),
    )


def _label(domain: str) -> str:
    return domain.partition(".")[0]


def _below_others(domain: str, endings: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"([^./]+)\.{re.escape(_label(domain))}\.(?:{'|'.join(map(re.escape, endings))})")


def _beginning(templates: str) -> re.Pattern[str]:
    return re.compile(rf"(?:/feed|/rss)?/({'|'.join(_pattern(template, _NAME) for template in templates.split())})")


def _pattern(template: str, name: str) -> str:
    return name.join(map(re.escape, template.split("{}")))


def _place(written: str) -> tuple[str, str]:
    host, slash, path = written.partition("/")
    return host, slash + path


def _redirector(place: str, names: str) -> tuple[str, str, tuple[str, ...]]:
    host, path = place.split()
    return host, "" if path == "*" else path, tuple(names.split())


PLATFORMS: Final = _read()
