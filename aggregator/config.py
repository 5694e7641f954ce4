"""feeds.yaml → Config: all problems at once, each with its line and, where a word is unknown, the one that was meant.

The way of a file: bytes → nodes with lines (`config_yaml`) → forms (`config_model`, `config_values`) → what they mean together
(`config_feeds`, `config_outputs`, and the rest here). Nothing outside is asked but the file, those that it includes, and the environment
that is handed in.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from aggregator.config_address import FROM_HOME, is_from_home
from aggregator.config_feeds import feed_specs
from aggregator.config_hints import unknown_key
from aggregator.config_includes import Files, Unreadable, absolute, check_slots, groups
from aggregator.config_lists import list_specs
from aggregator.config_model import DefaultsForm, FileForm, HttpForm, RetainForm, SettingsForm, WebsubForm, keys_of
from aggregator.config_outputs import check_archives, output_specs, theme_of
from aggregator.config_report import Report
from aggregator.config_yaml import ListNode, MapNode, Node, ScalarNode, line_of
from aggregator.errors import ConfigError, Problem
from aggregator.model import Config, Retain, Url
from aggregator.web.host import is_loopback
from aggregator.web.url import resource

_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^:\s\[\]]*)):(?P<port>[0-9]{1,5})")
_CONTACT = re.compile(r"[\x21-\x27\x2a-\x7e]{3,200}")  # it stands within parentheses in the User-Agent
_SHORT_TOKEN = 16
_NO_FEEDS = "no feeds: write 'feeds:' and below it one address a line, each after '  - '"
_USUAL = Config(path=Path(), root=Path(), store="")


def load(path: Path, environ: Mapping[str, str], instead: Mapping[Path, str] | None = None) -> Config:
    """Read a configuration file and what it includes. `environ` has the values for `${NAME}`.

    `instead` are texts that would stand in some of the files (by absolute path), which are read in place of these.
    Raises: ConfigError with every problem that was found.
    """
    files = Files(instead or {})
    report = Report(path)
    try:
        reading = files.read(path)
    except Unreadable as error:
        hint = " ('aggregator init' writes one)" if error.is_missing else ""
        raise ConfigError(path, [Problem(0, f"{error}{hint}")], files.wanted) from error
    report.problems.extend(reading.problems)
    config = _config(reading.top, report, environ, files) if reading.top else None
    if report.problems or config is None:
        raise ConfigError(path, report.problems, files.wanted)
    return config


def load_text(text: str, path: Path, environ: Mapping[str, str]) -> Config:
    """Read a configuration that stands, or would stand, in the file `path`: relative paths count from its folder.

    Raises: ConfigError with every problem that was found.
    """
    return load(path, environ, {absolute(path): text})


def _config(top: MapNode, report: Report, environ: Mapping[str, str], files: Files) -> Config:
    _check_keys(top, report)
    check_slots(top, report)
    settings = report.form(SettingsForm, _only(top, keys_of(SettingsForm)), "feeds.yaml") or SettingsForm()
    defaults = settings.defaults or DefaultsForm()
    path = absolute(report.path)
    found = groups(top, settings.defaults, report, files)
    feeds = feed_specs(found, environ)
    lists = list_specs(top, found[0].layers, feeds, environ, report)
    if all(map(_is_empty, map(top.get, ("feeds", "include", "lists")))) or not (feeds or lists or report.problems):
        report.problem(line_of(top, ("feeds",)) if top.key("feeds") else 0, _NO_FEEDS)
    theme = theme_of(settings.theme, line_of(top, ("theme",)), path.parent, report)
    known = None if lists else feeds  # which feeds a list names, its server says
    outputs = output_specs(_present(top, "outputs"), defaults, known, report, theme=theme)
    check_archives(outputs, settings.link, line_of(top, ("outputs",)), report)
    host, port = _listen(settings.http or HttpForm(), top, report)
    retain, websub = settings.retain or RetainForm(), settings.websub or WebsubForm()
    root = _root(settings, path, top, report)
    _check_shown(files.wanted[1:], root, top, report)
    _warn(settings, websub, top, report)
    return Config(
        path=path,
        title=settings.title or _USUAL.title,
        link=_link(settings, top, report),
        root=root,
        contact=_contact(settings, top, report),
        language=settings.language or _USUAL.language,
        feeds=tuple(feeds),
        lists=tuple(lists),
        outputs=tuple(outputs),
        newcomer_entries=settings.newcomer_entries if settings.newcomer_entries is not None else _USUAL.newcomer_entries,
        retain=Retain(text=retain.text or _USUAL.retain.text, versions=retain.versions or _USUAL.retain.versions),
        store=_store(settings, path, root, top, report),
        listen_host=host,
        listen_port=port,
        token=settings.http.token if settings.http else None,
        proxy=_web(settings.proxy, "proxy", line_of(top, ("proxy",)), report),
        client=settings.client or _USUAL.client,
        hub=_web(websub.hub, "hub", line_of(top, ("websub", "hub")), report),
        websub_subscribe=bool(websub.subscribe),
        noindex=settings.noindex is not False,
        compress=settings.compress is not False,
        theme=theme,
        warnings=report.warnings(),
        files=tuple(files.wanted),
    )


def _present(top: MapNode, key: str) -> Node | None:
    node = top.get(key)
    return None if isinstance(node, ScalarNode) and node.value() is None else node


def _is_empty(node: Node | None) -> bool:
    return node is None or (isinstance(node, ListNode) and not node.items) or (isinstance(node, ScalarNode) and node.value() is None)


def _only(top: MapNode, known: list[str]) -> MapNode:
    return replace(top, pairs=tuple((key, value) for key, value in top.pairs if key.text in known))


def _check_keys(top: MapNode, report: Report) -> None:
    for key, _ in top.pairs:
        if key.text not in keys_of(FileForm):
            report.problem(key.line, unknown_key(key.text, keys_of(FileForm)))


def _check_shown(included: Sequence[Path], root: Path, top: MapNode, report: Report) -> None:
    """Whatever stands in root can be read by everybody."""
    for path in included:
        if root in path.parents and root not in report.path.parents:
            report.problem(line_of(top, ("include",)), f"include: {path.name} stands in the folder that is published: put it elsewhere")


def _root(settings: SettingsForm, path: Path, top: MapNode, report: Report) -> Path:
    root = absolute(path.parent / (settings.root or "public"))
    if is_from_home(settings.root or ""):
        report.problem(line_of(top, ("root",)), f"root: '{settings.root}' {FROM_HOME}")
    elif root == path.parent or root in path.parents:
        report.problem(
            line_of(top, ("root",)), f"root: '{settings.root}' holds this file, which would be published: name a folder of its own"
        )
    elif root.is_file():
        report.problem(line_of(top, ("root",)), f"root: '{settings.root}' is a file: name a folder")
    return root


def _store(settings: SettingsForm, path: Path, root: Path, top: MapNode, report: Report) -> str:
    text, line = settings.store or "aggregator.db", line_of(top, ("store",))
    if text.startswith(("postgresql:", "postgresql+", "postgres:")):
        report.problem(line, "store: PostgreSQL is not served by this version: name a SQLite file")
    elif "://" in text:
        report.problem(line, "store: a path is wanted, relative to this file, such as aggregator.db")
    elif is_from_home(text):
        report.problem(line, f"store: '{text}' {FROM_HOME}")
    store = absolute(path.parent / text)
    if "://" in text:
        return text
    if store.is_dir():
        report.problem(line, f"store: '{text}' is a folder: name a file")
    if (store == root or root in store.parents) and root not in path.parents:  # a root too wide is reported already
        report.problem(line, f"store: '{text}' stands in the folder that is published: put it elsewhere")
    return str(store)


def _link(settings: SettingsForm, top: MapNode, report: Report) -> Url | None:
    """Outputs stand below it, so it ends with a slash."""
    line = line_of(top, ("link",))
    made = _web(settings.link, "link", line, report)
    if made is None:
        return None
    if "?" in made or "#" in made:
        report.problem(line, f"link: '{settings.link}' has a query or a fragment: files cannot stand below it")
    return resource(made if made.endswith("/") else made + "/")


def _web(text: str | None, key: str, line: int, report: Report) -> str | None:
    """An http(s) address, as written."""
    if text is None:
        return None
    if resource(text) is None or re.search(r"\s", text):
        report.problem(line, f"{key}: an address that begins with https:// or http:// is wanted")
        return None
    return text


def _contact(settings: SettingsForm, top: MapNode, report: Report) -> str | None:
    text = settings.contact
    if text is None:
        return None
    if not _CONTACT.fullmatch(text) or not (resource(text) or re.fullmatch(r"(mailto:)?[^@\s]+@[^@\s]+", text)):
        in_ascii = resource(text) or ""
        more = f" in ASCII: {in_ascii}" if _CONTACT.fullmatch(in_ascii) else ""
        report.problem(line_of(top, ("contact",)), f"contact: the address of a page (https://…) or of a mailbox is wanted{more}")
    return text


def _listen(http: HttpForm, top: MapNode, report: Report) -> tuple[str, int]:
    text, line = http.listen or "127.0.0.1:8080", line_of(top, ("http", "listen"))
    found = _ADDRESS.fullmatch(text)
    if not found or int(found["port"]) > 65535:
        report.problem(line, f"listen: '{text}' is not an address and a port, such as 127.0.0.1:8080 or \"[::1]:8080\"")
        return "127.0.0.1", 8080
    host = found["six"] or found["host"] or "0.0.0.0"  # noqa: S104 (the next lines ask for a token then)
    if not is_loopback(host) and not http.token:
        report.problem(line, f"listen: '{text}' can be reached from other machines: it needs 'token:' beside it")
    elif not is_loopback(host) and len(http.token or "") < _SHORT_TOKEN:
        report.warning(line_of(top, ("http", "token")), f"token: shorter than {_SHORT_TOKEN} characters can be guessed")
    return host, int(found["port"])


def _warn(settings: SettingsForm, websub: WebsubForm, top: MapNode, report: Report) -> None:
    if settings.contact is None:
        report.warning(
            0, "no 'contact': no feed is polled more often than every 2 hours; name a page or a mailbox for those whose servers are asked"
        )
    if settings.link is None:
        report.warning(0, "no 'link': the outputs do not name their own address (rel=self)")
        if websub.hub:
            report.warning(line_of(top, ("websub", "hub")), "hub: it cannot be told of outputs whose address is not known: set 'link'")
        if websub.subscribe:
            report.warning(line_of(top, ("websub", "subscribe")), "subscribe: hubs cannot push to an address that is not known: set 'link'")
